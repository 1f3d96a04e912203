//! What the detector hands to the diagnoser and the fixer: a handler that production uses and no test reaches.

use serde::{Deserialize, Serialize};

use crate::code::Language;
use crate::example::Example;

/// One handler without tests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// The language.
    pub language: Language,
    /// `code.function.name`.
    pub handler: String,
    /// Its file in `/source`.
    pub path: String,
    /// `code.line.number`.
    pub line: Option<u32>,
    /// Calls to write tests from; none where no call is sure to give the same tomorrow.
    pub examples: Vec<Example>,
}
