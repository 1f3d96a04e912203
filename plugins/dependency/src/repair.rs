//! What a rule gives: one possible repair, before it becomes a proposal.

use thymus_sdk::Change;

/// One possible repair.
#[derive(Clone, Debug, PartialEq)]
pub struct Repair {
    /// In the imperative, as a commit's first line.
    pub title: String,
    /// Why this is the right repair, for the reviewer.
    pub explanation: String,
    /// Changes of source, or of a manifest.
    pub changes: Vec<Change>,
    /// From 0 to 1.
    pub confidence: f64,
    /// What shows that it is one.
    pub proof: Proof,
}

/// What shows that a repair is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// This file can be loaded afterwards, and has this name where one is given.
    Loads {
        /// The file.
        path: String,
        /// One of its names.
        name: Option<String>,
    },
    /// A call that failed in production does what it did in better times.
    Call,
    /// Nothing that a test could show: a manifest is data, and tests run with the snapshot's own.
    Reading,
}
