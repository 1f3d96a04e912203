//! What a rule gives: one possible repair, before it becomes a proposal.

use serde_json::Value;
use thymus_sdk::Change;

use crate::exception::{Exception, Outcome};

/// The most repairs of one exception.
const MOST: usize = 4;

/// One possible repair.
#[derive(Clone, Debug, PartialEq)]
pub struct Repair {
    /// In the imperative, as a commit's first line.
    pub title: String,
    /// Why this is the right repair, for the reviewer.
    pub explanation: String,
    /// Changes of source only; the regression test comes on top.
    pub changes: Vec<Change>,
    /// From 0 to 1.
    pub confidence: f64,
    /// What the regression test asserts.
    pub promise: Promise,
}

impl Repair {
    /// Whether what it promises can be, given what the failed calls did in better times.
    pub fn agrees_with(&self, exception: &Exception) -> bool {
        exception.known_calls().enumerate().all(|(at, (call, outcome))| {
            // The promise was made for the first call.
            let is_first = at == 0 && exception.failed.first() == Some(call);
            match (&self.promise, outcome) {
                (Promise::Returns(value), Outcome::Returned(was)) => !is_first || value == was,
                (Promise::ReturnsSomething, Outcome::Returned(_)) => true,
                (Promise::Throws { kind, message }, Outcome::Threw { kind: was, message: said }) => {
                    !is_first || kind == was && message.as_ref().is_none_or(|message| message == said)
                }
                _ => false,
            }
        })
    }
}

/// Of a rule's repairs those that can be right, the best first. Where it is known what the failed calls did in better
/// times, the test asks for exactly that, so that a guess costs a test run and nothing else, and what stands the test is
/// surer than its rule; where it isn't, guesses are left out.
pub fn credible(mut repairs: Vec<Repair>, least: f64, exception: &Exception) -> Vec<Repair> {
    if exception.known_calls().next().is_none() {
        repairs.retain(|repair| repair.confidence >= least);
    } else {
        repairs.retain(|repair| repair.agrees_with(exception));
        for repair in &mut repairs {
            repair.confidence = 0.6 + 0.38 * repair.confidence;
        }
    }
    repairs.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let mut kept: Vec<Repair> = Vec::new();
    for repair in repairs {
        if kept.len() < MOST && !kept.iter().any(|other| other.changes == repair.changes) {
            kept.push(repair);
        }
    }
    kept
}

/// What the failed call does after the repair.
#[derive(Clone, Debug, PartialEq)]
pub enum Promise {
    /// It returns exactly this.
    Returns(Value),
    /// It returns, and what it returns has the shape of what healthy calls returned.
    ReturnsSomething,
    /// It refuses, in the way in which the surrounding code refuses.
    Throws {
        /// The error's class.
        kind: String,
        /// The whole message, where it can be told.
        message: Option<String>,
    },
}
