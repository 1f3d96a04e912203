//! From a finding to the handler that lacks tests, in the contract's terms.

use thymus_sdk::source::Source;
use thymus_sdk::{Diagnosis, Failure, Finding};

use crate::{code, notes};

/// Where the handler stands.
pub fn diagnose(finding: &Finding, source: &Source) -> Result<Option<Diagnosis>, Failure> {
    let gap = notes::gap(finding)?;
    let Some(written) = code::written(gap.language, &gap.handler, &gap.path, gap.line, source) else { return Ok(None) };
    let text = source.text(&gap.path)?;
    let (start, end) = written.range;
    let reads = written.reads.map(|reads| format!(" It reads {reads}, so captured calls don't repeat themselves."));
    Ok(Some(Diagnosis {
        location: text.location(start..end),
        explanation: format!(
            "No test reaches {}: a change that breaks it is noticed in production first.{}",
            gap.handler,
            reads.unwrap_or_default()
        ),
        confidence: 0.95,
        related: Vec::new(),
        notes: String::new(),
    }))
}
