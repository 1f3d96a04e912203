//! Whether a change is a fault, and how sure that is.
//!
//! A contract that the project declares decides alone. Otherwise history does: calls that never changed it, and now do.
//! Without a history the code's own words must say that it should not. Where none of it speaks, nobody knows.

use thymus_sdk::Severity;

use super::Candidate;
use crate::change::What;
use crate::code::Look;
use crate::declared::Ruling;

/// Why a change is a finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub rule: &'static str,
    pub severity: Severity,
    pub confidence: f64,
    /// How likely the baseline would look as it does, if calls then had done the same.
    pub chance: Option<f64>,
}

/// The verdict, or why there is none.
pub fn judge(candidate: &Candidate, look: Option<&Look>) -> Result<Verdict, String> {
    let what = &candidate.change.what;
    let written = look.is_some_and(|look| !look.writers.is_empty());
    let against = look.map_or(0, |look| look.against.len());
    let purpose = look.and_then(|look| look.purpose.as_ref());
    let chance = candidate.counts.chance();
    // Other results have many reasons; only a statement that shows one is a finding.
    if *what == What::Results && !written {
        return Err("calls give other results, and no shared state is seen that explains it".to_owned());
    }
    let confidence = match (&candidate.counts.declared, chance) {
        (Ruling::Forbidden(_), _) => 0.95,
        (_, Some(_)) if against > 0 => 0.95,
        (_, Some(_)) if purpose.is_none() => 0.9,
        (_, Some(_)) => 0.6,
        // Nobody means a default that remembers; the code shows it, and production that it matters.
        (_, None) if *what == What::Results && against > 0 => 0.8,
        (_, None) if candidate.counts.then.is_some_and(|(_, of)| of > 0) => {
            return Err("it is too rare to be told from better times".to_owned());
        }
        (_, None) if against > 0 && purpose.is_none() => 0.7,
        (_, None) => return Err("neither history nor the code says that it should not".to_owned()),
    };
    // Where no statement is seen to write, it may be the recorder that is mistaken.
    let confidence = if written { confidence } else { confidence * 0.7 };
    let rule = match what {
        What::Argument(_) => "argument-mutation",
        What::State(_) => "state-mutation",
        What::Results => "shared-state",
    };
    let share = share(candidate.counts.now, candidate.counts.of);
    let severity = match what {
        // One call's data is seen by the next.
        What::Results => Severity::High,
        _ if share >= 0.5 => Severity::Medium,
        _ => Severity::Low,
    };
    Ok(Verdict { rule, severity, confidence, chance })
}

/// Which share of the calls.
#[allow(clippy::cast_precision_loss)] // counts
pub fn share(now: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { (now as f64 / of as f64).min(1.0) }
}
