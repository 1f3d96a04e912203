//! What a rule recognised: a construct that makes its function slow.

use serde::{Deserialize, Serialize};

/// A construct and where it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// The file.
    pub path: String,
    /// Bytes in that file.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// The rule, as in `scan-in-loop`.
    pub rule: String,
    /// What costs there and why, for a person.
    pub explanation: String,
    /// How likely this is what made the handler slower: by the construct's weight, the loops around it, and how close
    /// it stands to the handler.
    pub weight: f64,
}
