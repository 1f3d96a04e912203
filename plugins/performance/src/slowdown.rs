//! What the detector hands to the diagnoser and the fixer: one handler that became slower, and calls that show it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A handler that is slower than it was, or than it may be. All names and values were written by the healed system, so
/// all of it is hostile; paths are checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slowdown {
    /// `code.function.name`, or the span's name.
    pub handler: String,
    /// `code.file.path` where it is a file of `/source`.
    pub path: Option<String>,
    /// `code.line.number`.
    pub line: Option<u32>,
    /// The typical time of a call now.
    pub now_ns: f64,
    /// And in better times, where they are known.
    pub before_ns: Option<f64>,
    /// Whether the handler itself runs more calls of others than it did, and these are as fast as ever.
    pub more_calls: bool,
    /// Captured calls that returned: distinct, the slowest first, at most 6.
    pub calls: Vec<Call>,
}

impl Slowdown {
    /// Which share of a call's time is new, from 0 to 1; a cautious guess where better times are not known.
    pub fn gain(&self) -> f64 {
        match self.before_ns {
            Some(before) if self.now_ns > 0.0 => (1.0 - before / self.now_ns).clamp(0.0, 1.0),
            _ => 0.4,
        }
    }
}

/// A captured call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// A JSON list is positional, an object by parameter name.
    pub args: Value,
    /// What it returned, each time it was called like this; none where that differed.
    pub result: Option<Value>,
    /// How long such a call takes, in the middle of those that were seen.
    pub nanos: f64,
}
