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
