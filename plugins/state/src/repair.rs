//! What a rule gives: one possible repair, before it becomes a proposal.

use std::ops::Range;

/// A repair whose edits were checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Repair {
    /// In the imperative, as a commit's first line.
    pub title: String,
    /// Why this is the right repair, for the reviewer.
    pub explanation: String,
    /// Changes of source only; the test comes on top.
    pub changes: Vec<thymus_sdk::Change>,
    /// From 0 to 1.
    pub confidence: f64,
}

/// What a rule writes.
#[derive(Clone, Debug)]
pub struct Draft {
    /// In the imperative.
    pub title: String,
    /// Why.
    pub explanation: String,
    /// File, bytes, what stands there instead.
    pub edits: Vec<(String, Range<usize>, String)>,
    /// From 0 to 1.
    pub confidence: f64,
}
