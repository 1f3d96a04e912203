//! What a diagnosis says to the fixer: which expression failed, and by which rule that is known.

use serde::{Deserialize, Serialize};

/// The expression that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// A file of `/source`.
    pub path: String,
    /// Its first byte in that file.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
    /// The rule that knows it, as in `null-property-read`.
    pub rule: String,
    /// What goes wrong and why, for a person.
    pub explanation: String,
    /// From 0 to 1.
    pub confidence: f64,
    /// Other places worth a look: path, first byte, byte after the last.
    pub related: Vec<(String, usize, usize)>,
}
