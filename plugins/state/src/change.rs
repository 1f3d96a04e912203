//! What the detector hands to the diagnoser and the fixer: a handler whose calls change what they must not change.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::differences::Place;

/// The language of the handler's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// JavaScript and TypeScript.
    Javascript,
    /// Python.
    Python,
}

impl Language {
    /// By the file's name.
    pub fn of(path: &str) -> Option<Self> {
        match path.rsplit_once('.')?.1 {
            "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" => Some(Self::Javascript),
            "py" => Some(Self::Python),
            _ => None,
        }
    }
}

/// What is changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// An argument: its index in a list of arguments, or its name.
    Argument(String),
    /// State outside of the arguments, as the event names it.
    State(String),
    /// Something that later calls see: the same call gives another result than before.
    Results,
}

/// One handler and what its calls change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The language.
    pub language: Language,
    /// `code.function.name`.
    pub handler: String,
    /// Its file in `/source`.
    pub path: String,
    /// `code.line.number`.
    pub line: Option<u32>,
    /// What is changed.
    pub what: What,
    /// Which containers inside of the argument; empty for anything else.
    pub places: Vec<Place>,
    /// Captured calls that changed it: distinct, small ones first, at most 8.
    pub calls: Vec<Call>,
}

/// A captured call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// A list is positional, an object is by parameter name.
    pub args: Value,
    /// The same at the end, where that was captured.
    pub after: Option<Value>,
    /// What it returned, where that was captured.
    pub result: Option<Value>,
}

/// An argument by its index or its name.
pub fn argument<'a>(args: &'a Value, name: &str) -> Option<&'a Value> {
    match args {
        Value::Array(args) => args.get(name.parse::<usize>().ok()?),
        Value::Object(args) => args.get(name),
        _ => None,
    }
}
