//! How a value is copied in Python.

use serde_json::Value;
use thymus_python::syntax::Module;

use crate::differences::Step;

/// Deeper copies are `copy.deepcopy`'s.
const DEEPEST: usize = 2;

/// Code that copies, and the import that it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    pub code: String,
    pub needs_copy_module: bool,
}

/// A copy of one container; none for what is neither list nor dictionary.
pub fn shallow(text: &str, value: &Value) -> Option<String> {
    match value {
        Value::Array(_) => Some(format!("list({text})")),
        Value::Object(_) => Some(format!("dict({text})")),
        _ => None,
    }
}

/// A copy of a value and of those containers within it that are written into.
pub fn deep(text: &str, value: &Value, places: &[&[Step]], module: &Module) -> Copy {
    if let Some(code) = comprehended(text, value, places, module) {
        return Copy { code, needs_copy_module: false };
    }
    Copy { code: format!("copy.deepcopy({text})"), needs_copy_module: true }
}

fn comprehended(text: &str, value: &Value, places: &[&[Step]], module: &Module) -> Option<String> {
    let inner: Vec<&[Step]> = places.iter().copied().filter(|place| !place.is_empty()).collect();
    if inner.is_empty() {
        return shallow(text, value);
    }
    if inner.iter().any(|place| place.len() > DEEPEST) {
        return None;
    }
    let rest: Vec<&[Step]> = inner.iter().map(|place| &place[1..]).collect();
    match value {
        Value::Array(items) => {
            let name = if text == "item" { "inner" } else { "item" };
            let copy = comprehended(name, items.first()?, &rest, module)?;
            Some(format!("[{copy} for {name} in {text}]"))
        }
        Value::Object(entries) => {
            let Some(Step::Key(key)) = inner[0].first() else { return None };
            if !inner.iter().all(|place| place[0] == inner[0][0]) || key.contains(['"', '\'', '\\', '\n']) {
                return None;
            }
            let quote = module.quote();
            let of = format!("{text}[{quote}{key}{quote}]");
            let copy = comprehended(&of, entries.get(key)?, &rest, module)?;
            Some(format!("{{**{text}, {quote}{key}{quote}: {copy}}}"))
        }
        _ => None,
    }
}
