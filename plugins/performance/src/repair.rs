//! One possible repair, before its test is written.

use thymus_sdk::Change;

/// A change that keeps the meaning and takes the cost out.
#[derive(Clone, Debug)]
pub struct Repair {
    /// The first line of a commit message.
    pub title: String,
    /// What changes, and why the meaning stays.
    pub explanation: String,
    /// Of source only.
    pub changes: Vec<Change>,
    /// From 0 to 1.
    pub confidence: f64,
}
