//! From a finding to the statement that writes, in the contract's terms.

use std::fmt::Write as _;

use thymus_sdk::host::{Level, log};
use thymus_sdk::source::Source;
use thymus_sdk::wording::{EXPLANATION, cut};
use thymus_sdk::{Diagnosis, Failure, Finding, Location};

use crate::code::{self, Writer};
use crate::notes;

/// The most related places that the contract allows.
const MOST_RELATED: usize = 16;

/// The writer; none when the syntax tree doesn't show one.
pub fn diagnose(finding: &Finding, source: &Source) -> Result<Option<Diagnosis>, Failure> {
    let change = notes::change(finding)?;
    let look = code::look(&change, source);
    let Some((look, first)) = look.as_ref().and_then(|look| Some((look, look.writers.first()?))) else {
        log(Level::Info, &format!("{}: no statement is seen that writes", finding.title));
        return Ok(None);
    };
    let Some(location) = place(first, source) else {
        return Err(Failure::Failed(format!("a writer stands at no place of {:?}", first.path)));
    };
    let others = look.writers.iter().skip(1);
    let mut explanation = format!("{} {}: {}.", change.handler, crate::detect::does(&change.what), first.how);
    if others.len() > 0 {
        explanation.push_str(" It is written in other places too:");
        for other in others.clone().take(4) {
            let _ = write!(explanation, "\n- {}", other.how);
        }
    }
    Ok(Some(Diagnosis {
        location,
        explanation: cut(&explanation, EXPLANATION),
        // Of several statements any may be the one; all of them write.
        confidence: if look.writers.len() == 1 { 0.95 } else { 0.8 },
        related: others.filter_map(|writer| place(writer, source)).take(MOST_RELATED).collect(),
        notes: String::new(),
    }))
}

fn place(writer: &Writer, source: &Source) -> Option<Location> {
    let text = source.text(&writer.path).ok()?;
    text.content.get(writer.start..writer.end).map(|_| text.location(writer.start..writer.end))
}
