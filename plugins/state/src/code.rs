//! What the code says of a change: where it is written, and what the function promises of it. Each language has one
//! folder; whatever asks comes through here.

use serde::{Deserialize, Serialize};
use thymus_sdk::source::Source;

use crate::change::{Change, Language};
use crate::{javascript, python};

/// What the syntax tree tells of a change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look {
    /// First and last byte of the function in the handler's file.
    pub function: (usize, usize),
    /// The statements that make the change, the likeliest first.
    pub writers: Vec<Writer>,
    /// Why the function should not, in a sentence each.
    pub against: Vec<String>,
    /// Why it should: changing is what it is there for.
    pub purpose: Option<String>,
}

/// A statement that changes something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Writer {
    /// A file of `/source`.
    pub path: String,
    /// Its first byte in that file.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
    /// What it does, as in "`lines.sort(…)` sorts in place".
    pub how: String,
}

impl Writer {
    /// What makes it the same as another.
    pub fn place(&self) -> (String, usize) {
        (self.path.clone(), self.start)
    }
}

impl Look {
    /// Whether a writer of the handler's file stands in the handler itself.
    pub fn holds(&self, writer: &Writer) -> bool {
        self.function.0 <= writer.start && writer.end <= self.function.1
    }
}

/// What the code says; none where the function can't be told.
pub fn look(change: &Change, source: &Source) -> Option<Look> {
    match change.language {
        Language::Javascript => javascript::look(change, source),
        Language::Python => python::look(change, source),
    }
}
