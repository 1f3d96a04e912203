//! From a finding to the words that drifted, and the code that contradicts them.

use std::ops::Range;

use thymus_sdk::source::Source;
use thymus_sdk::wording::{EXPLANATION, cut};
use thymus_sdk::{Diagnosis, Failure, Finding, Location};

use crate::notes;

/// The place of a drift; none when the file is another one by now.
pub fn diagnose(finding: &Finding, source: &Source) -> Result<Option<Diagnosis>, Failure> {
    let drift = notes::read(&finding.notes)?;
    let Some(location) = place(&drift.path, drift.place.clone(), source) else { return Ok(None) };
    let rest = match &drift.repair {
        Some(repair) => repair.why.as_str(),
        None => "Nothing says what it should say instead: a person has to write it.",
    };
    let explanation = format!("{}.\n\n{rest}", drift.statement);
    let related = drift.against.as_ref().and_then(|(path, at)| place(path, at.clone(), source));
    Ok(Some(Diagnosis {
        location,
        explanation: cut(&explanation, EXPLANATION),
        confidence: drift.confidence,
        related: related.into_iter().collect(),
        notes: notes::of(&drift),
    }))
}

fn place(path: &str, at: Range<usize>, source: &Source) -> Option<Location> {
    let text = source.text(path).ok()?;
    text.content.get(at.clone())?;
    Some(text.location(at))
}
