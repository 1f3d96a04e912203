//! What the rules' own examples share: a file, a handler's captured call, and the file as the first repair leaves it.

use serde_json::Value;
use thymus_sdk::source::Source;

use crate::change::{Call, Change, Language, What};
use crate::differences::differing;

/// What the best repair makes of `before`, when its handler `f` is called with these arguments and leaves them so.
pub fn repaired(before: &str, args: &Value, after: &Value) -> Option<String> {
    let changed = args.as_array()?.iter().zip(after.as_array()?).position(|(one, other)| one != other)?;
    let places = differing(&args[changed], &after[changed]);
    change(before, What::Argument(changed.to_string()), places, args)
}

/// The same for a handler whose calls leave something behind.
pub fn forgotten(before: &str) -> Option<String> {
    change(before, What::Results, Vec::new(), &serde_json::json!([]))
}

fn change(before: &str, what: What, places: Vec<crate::differences::Place>, args: &Value) -> Option<String> {
    let dir = tempfile::tempdir().ok()?;
    std::fs::write(dir.path().join("a.js"), before).ok()?;
    let calls = vec![Call { args: args.clone(), after: None, result: None }];
    let (handler, path) = ("f".to_owned(), "a.js".to_owned());
    let change = Change { language: Language::Javascript, handler, path, line: None, what, places, calls };
    let repair = super::super::repairs(&change, &Source::at(dir.path())).into_iter().next()?;
    let thymus_sdk::Change::Edit(edit) = &repair.changes[0] else { return None };
    let mut text = before.to_owned();
    for edit in edit.edits.iter().rev() {
        let range = usize::try_from(edit.start).ok()?..usize::try_from(edit.end).ok()?;
        text.replace_range(range, &edit.replacement);
    }
    Some(text)
}
