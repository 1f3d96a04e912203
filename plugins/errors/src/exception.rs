//! What the detector hands to the diagnoser and the fixer: one group of exceptions that are the same problem.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The language that threw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// JavaScript and TypeScript.
    Javascript,
    /// Python.
    Python,
}

/// One group of exceptions. All of it was written by the healed system, so all of it is hostile; paths are checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exception {
    /// Told by the stack trace and `telemetry.sdk.language`.
    pub language: Language,
    /// The last segment of `exception.type`, as in `TypeError` or `KeyError`.
    pub kind: String,
    /// One example, as recorded.
    pub message: String,
    /// Those frames that lie in the project, the innermost first; every path is a file of `/source`.
    pub frames: Vec<Frame>,
    /// `code.function.name` of the innermost span that carries it, else the innermost frame's function.
    pub handler: String,
    /// `code.file.path` where it is a file of `/source`.
    pub handler_path: Option<String>,
    /// `code.line.number`.
    pub handler_line: Option<u32>,
    /// Captured calls of the handler that ended with it: distinct, small ones first, at most 8.
    pub failed: Vec<Call>,
    /// Captured calls of the same handler that returned: distinct, small ones first, at most 16.
    pub returned: Vec<Call>,
    /// What the very calls of `failed` did in better times, as far as the sample of the baseline tells.
    #[serde(default)]
    pub before: Vec<Before>,
}

/// A call and what it did before things went wrong: what a repair must bring back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Before {
    /// As in [`Call`].
    pub args: Value,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It returned what is written down as this.
    Returned(Value),
    /// It was refused.
    Threw {
        /// The last segment of `exception.type`.
        kind: String,
        /// The whole message.
        message: String,
    },
}

impl Exception {
    /// The failed calls of which it is known what they did before, the small ones first.
    pub fn known_calls(&self) -> impl Iterator<Item = (&Call, &Outcome)> {
        self.failed.iter().filter_map(|call| {
            let before = self.before.iter().find(|before| before.args == call.args)?;
            Some((call, &before.outcome))
        })
    }

    /// Whether a value may be what a function says instead of an answer: nothing, or the same for different calls.
    pub fn is_quiet(&self, value: &Value) -> bool {
        match value {
            Value::Null | Value::Bool(_) => true,
            Value::Number(number) => matches!(number.as_i64(), Some(0 | -1)) || number.as_f64() == Some(0.0),
            Value::String(text) => text.is_empty() || (text.len() < 40 && self.known_calls().count() > 1),
            Value::Array(items) => items.is_empty(),
            Value::Object(entries) => entries.is_empty(),
        }
    }

    /// What all of them did alike, as far as it is known.
    pub fn outcome(&self) -> Option<&Outcome> {
        let mut outcomes = self.known_calls().map(|(_, outcome)| outcome);
        let first = outcomes.next()?;
        outcomes.all(|outcome| outcome == first).then_some(first)
    }
}

/// A place in the project that a stack trace names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Relative to `/source`.
    pub path: String,
    /// Counted from 1.
    pub line: u32,
    /// Counted from 1, in what the runtime counts (UTF-16 code units in V8); absent where it names none.
    pub column: Option<u32>,
    /// As the runtime names it, without `async` and `new`; absent at the top level and in anonymous functions.
    pub function: Option<String>,
}

/// A captured call: `thymus.args` and `thymus.result`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// A list is positional, an object is by parameter name.
    pub args: Value,
    /// What it returned; absent when it threw, or returned nothing that JSON can say.
    pub result: Option<Value>,
}
