//! Edits of several files that together leave sound programs.

use std::collections::BTreeMap;
use std::ops::Range;

use thymus_sdk::edit::Edits;
use thymus_sdk::{Change, Role};

use crate::code::is_sound;
use crate::project::Project;

/// The changes that replace these ranges of these files; none when an edit fits nothing, or when a file would be no sound
/// program any more.
pub fn sound(edits: &[(String, Range<usize>, String)], project: &Project) -> Option<Vec<Change>> {
    let mut files: BTreeMap<&str, Vec<(&Range<usize>, &str)>> = BTreeMap::new();
    for (path, range, text) in edits {
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
    (!changes.is_empty()).then_some(changes)
}
