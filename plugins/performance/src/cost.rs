//! What a rule recognised: a construct that makes its function slow.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use thymus_sdk::source::Text;

/// The rule of a cost that is nothing but the handler itself.
pub const UNKNOWN: &str = "unknown-cost";

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

impl Cost {
    /// The handler itself, where nothing in it is known to cost: the line on which it begins.
    pub fn unknown(text: &Text, function: Range<usize>) -> Self {
        let line = text.line(text.line_column(function.start).0);
        let end = line.map_or(function.end, |line| line.end.max(function.start)).min(function.end);
        Self {
            path: text.path.clone(),
            start: function.start,
            end,
            rule: UNKNOWN.to_owned(),
            explanation: "What is new is its own time, and nothing in it or in what it calls is known to cost."
                .to_owned(),
            weight: 0.05,
        }
    }
}
