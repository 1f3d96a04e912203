//! From a finding to the expression that failed, in the contract's terms.

use thymus_sdk::host::{Level, log};
use thymus_sdk::source::Source;
use thymus_sdk::wording::{EXPLANATION, cut};
use thymus_sdk::{Diagnosis, Failure, Finding, Location};

use crate::cause::Cause;
use crate::exception::{Exception, Language};
use crate::{javascript, notes, python};

/// The most related places that the contract allows.
const MOST_RELATED: usize = 16;

/// The root cause of a finding of this plugin; none when the syntax tree doesn't tell.
pub fn diagnose(finding: &Finding, source: &Source) -> Result<Option<Diagnosis>, Failure> {
    let exception = notes::exception(finding)?;
    let Some(cause) = cause_of(&exception, source) else {
        log(Level::Info, &format!("{}: no rule tells which expression failed", finding.title));
        return Ok(None);
    };
    let Some(location) = place(&cause.path, cause.start, cause.end, source) else {
        return Err(Failure::Failed(format!("rule {} names a place that is not in {:?}", cause.rule, cause.path)));
    };
    let related = cause.related.iter().filter_map(|(path, start, end)| place(path, *start, *end, source));
    Ok(Some(Diagnosis {
        location,
        explanation: cut(&cause.explanation, EXPLANATION),
        confidence: cause.confidence.clamp(0.0, 1.0),
        related: related.take(MOST_RELATED).collect(),
        notes: notes::of_cause(cause),
    }))
}

fn cause_of(exception: &Exception, source: &Source) -> Option<Cause> {
    match exception.language {
        Language::Javascript => javascript::diagnose(exception, source),
        Language::Python => python::diagnose(exception, source),
    }
}

fn place(path: &str, start: usize, end: usize, source: &Source) -> Option<Location> {
    let text = source.text(path).ok()?;
    text.content.get(start..end).map(|_| text.location(start..end))
}
