//! A repair while it is being written: edits of files, checked before anybody sees them.

use std::collections::BTreeMap;
use std::ops::Range;

use thymus_sdk::Role;
use thymus_sdk::edit::Edits;

use super::code::is_sound;
use super::project::Project;
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
    /// The repair; none when an edit fits nothing, or when a file would be no sound program any more.
    pub fn finish(self, project: &Project) -> Option<Repair> {
        let mut files: BTreeMap<&str, Vec<(&Range<usize>, &str)>> = BTreeMap::new();
        for (path, range, text) in &self.edits {
            files.entry(path).or_default().push((range, text));
        }
        let mut changes = Vec::new();
        for (path, edits) in files {
            let text = project.text(path)?;
            let edits = edits.into_iter().fold(Edits::of(&text), |all, (range, new)| all.replace(range.clone(), new));
            if !is_sound(path, &edits.preview().ok()?) {
                return None;
            }
            changes.push(edits.finish(Role::Source).ok()?);
        }
        let Self { title, explanation, confidence, promise, .. } = self;
        (!changes.is_empty()).then_some(Repair { title, explanation, changes, confidence, promise })
    }
}
