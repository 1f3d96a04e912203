//! What a rule gives: one possible repair, before it becomes a proposal.

use serde_json::Value;
use thymus_sdk::Change;

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
