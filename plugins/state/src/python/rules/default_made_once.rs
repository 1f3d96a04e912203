//! A default value that can be changed is made once, when the function is defined, and shared by all calls that don't
//! give one. The idiom is `None`, and a new one in each call.

use thymus_python::syntax::{bytes, docstring};

use crate::python::scene::{Scene, Watched};
use crate::repair::Draft;

pub fn draft(scene: &Scene<'_>) -> Option<Draft> {
    let Watched::Default(parameter) = scene.watched else { return None };
    let module = scene.module;
    let name = parameter.parameter.name.as_str();
    let default = parameter.default.as_deref()?;
    let value = module.src(default);
    let body = &scene.function.def.body;
    let first = body.get(usize::from(docstring(body).is_some()))?;
    let at = bytes(first).start;
    let content = &module.text.content;
    let line = content[..at].rfind('\n').map_or(0, |at| at + 1);
    // A body on the line of its head has no place for more lines.
    if !content[line..at].trim().is_empty() || value.contains('\n') {
        return None;
    }
    let (indent, unit, newline) = (module.text.indent_at(at), module.indent_unit(), module.text.newline());
    let path = &scene.change.path;
    let guard = format!("if {name} is None:{newline}{indent}{unit}{name} = {value}{newline}{indent}");
    let mut edits = vec![(path.clone(), bytes(default), "None".to_owned()), (path.clone(), at..at, guard)];
    if let Some(annotation) = parameter.parameter.annotation.as_deref() {
        let words = module.src(annotation);
        let range = bytes(annotation);
        if !words.contains("None") && !words.contains("Optional") && !words.starts_with(['"', '\'']) {
            if content.contains("from __future__ import annotations") {
                edits.push((path.clone(), range.end..range.end, " | None".to_owned()));
            } else if thymus_python::project::is_global(module, "Optional") {
                edits.push((path.clone(), range, format!("Optional[{words}]")));
            }
        }
    }
    Some(Draft {
        title: format!("Make a new {name} in each call"),
        explanation: format!(
            "The default of `{name}` is made once and shared by all calls that give none, so what one call puts into it is \
             seen by the next. `None` stands for it now, and each call makes its own."
        ),
        edits,
        confidence: 0.95,
    })
}

#[cfg(test)]
mod tests {
    use super::super::examples::*;

    #[test]
    fn none_stands_for_a_new_one() {
        let after = forgotten(
            r#"from __future__ import annotations


def f(text, found: list[str] = []):
    """Doc."""
    found.append(text)
    return found
"#,
        );
        assert_eq!(
            after.as_deref(),
            Some(
                r#"from __future__ import annotations


def f(text, found: list[str] | None = None):
    """Doc."""
    if found is None:
        found = []
    found.append(text)
    return found
"#
            )
        );
    }
}
