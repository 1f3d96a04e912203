//! What the code says of handlers and tests. Each language has one file; whatever asks comes through here.

use serde::{Deserialize, Serialize};
use thymus_sdk::source::Source;

use crate::gap::Gap;
use crate::reach::{Mentions, Tests};
use crate::{javascript, python};

/// The language of a handler's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// JavaScript and TypeScript.
    Javascript,
    /// Python.
    Python,
}

impl Language {
    /// By the file's name; none for tests.
    pub fn of(path: &str) -> Option<Self> {
        match path.rsplit_once('.')?.1 {
            "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" => {
                (!thymus_javascript::project::is_test(path)).then_some(Self::Javascript)
            }
            "py" => (!thymus_python::project::is_test(path)).then_some(Self::Python),
            _ => None,
        }
    }
}

/// A handler as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// First and last byte.
    pub range: (usize, usize),
    /// First and last line.
    pub lines: (u32, u32),
    /// Where its way parts.
    pub branches: usize,
    /// What it reads that another run may answer otherwise: clock, randomness, network.
    pub reads: Option<String>,
}

/// Everything that tests and functions of one language mention.
pub fn mentions(language: Language, source: &Source) -> (Tests, Mentions) {
    match language {
        Language::Javascript => javascript::mentions(source),
        Language::Python => python::mentions(source),
    }
}

/// The handler's code; none where it can't be told.
pub fn written(language: Language, handler: &str, path: &str, line: Option<u32>, source: &Source) -> Option<Written> {
    match language {
        Language::Javascript => javascript::written(handler, path, line, source),
        Language::Python => python::written(handler, path, line, source),
    }
}

/// The file of tests; none where the handler can't be called with what was captured.
pub fn test(gap: &Gap, source: &Source) -> Option<thymus_sdk::Change> {
    match gap.language {
        Language::Javascript => javascript::test(gap, source),
        Language::Python => python::test(gap, source),
    }
}
