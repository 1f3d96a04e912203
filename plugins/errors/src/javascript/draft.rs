//! A repair while it is being written: edits of files, checked before anybody sees them.

use std::ops::Range;

use thymus_javascript::edits::sound;
use thymus_javascript::project::Project;

use crate::repair::{Promise, Repair};

/// What is less sure than this is not proposed.
pub const LEAST_CONFIDENCE: f64 = 0.45;

/// What a rule writes.
#[derive(Debug)]
pub struct Draft {
    pub title: String,
    pub explanation: String,
    pub confidence: f64,
    pub promise: Promise,
    pub edits: Vec<(String, Range<usize>, String)>,
}

impl Draft {
    /// The repair; none when its edits leave no sound program.
    pub fn finish(self, project: &Project) -> Option<Repair> {
        let changes = sound(&self.edits, project)?;
        let Self { title, explanation, confidence, promise, .. } = self;
        Some(Repair { title, explanation, changes, confidence, promise })
    }
}
