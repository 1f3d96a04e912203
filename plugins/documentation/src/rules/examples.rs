//! How rules show examples: a whole file in, drifts out.
#![allow(clippy::missing_panics_doc, clippy::unwrap_used)]

use std::collections::BTreeMap;

use thymus_sdk::source::Source;

use crate::drift::Drift;
use crate::survey::survey;

/// The drifts of a Python file.
pub fn python(code: &str) -> Vec<Drift> {
    drifts("module.py", code)
}

/// The drifts of a JavaScript file.
pub fn javascript(code: &str) -> Vec<Drift> {
    drifts("module.js", code)
}

fn drifts(path: &str, code: &str) -> Vec<Drift> {
    project(&[(path, code)])
}

/// The drifts of a project.
pub fn project(files: &[(&str, &str)]) -> Vec<Drift> {
    let dir = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    survey(&Source::at(dir.path()))
}

/// The file as the drift's repair leaves it; there must be one.
pub fn repaired(content: &str, drift: &Drift) -> String {
    let repair = drift.repair.as_ref().unwrap_or_else(|| panic!("no repair: {drift:#?}"));
    let edits: BTreeMap<usize, _> = repair.edits.iter().map(|edit| (edit.start, edit)).collect();
    let mut text = content.to_owned();
    for edit in edits.into_values().rev() {
        text.replace_range(edit.range(content).unwrap(), &edit.becomes);
    }
    text
}
