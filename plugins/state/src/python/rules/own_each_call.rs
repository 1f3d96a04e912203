//! A list or dictionary of the module that only one function uses, empty at first, and that function fills: what one call
//! put there is seen by the next. It becomes the call's own.

use ruff_python_ast::{Expr, Stmt};
use thymus_python::syntax::{Node, bytes, docstring, walk};

use crate::python::scene::{Scene, Watched};
use crate::repair::Draft;

/// What names of state that is meant to stay say.
const MEANT: [&str; 12] =
    ["cache", "memo", "seen", "registry", "store", "pool", "stat", "count", "queue", "listener", "handler", "state"];

pub fn draft(scene: &Scene<'_>) -> Option<Draft> {
    let Watched::Constant(name, statement) = scene.watched else { return None };
    let lower = name.to_lowercase();
    if MEANT.iter().any(|word| lower.contains(word)) || !is_empty(statement) || is_used_elsewhere(scene, name) {
        return None;
    }
    let module = scene.module;
    let content = &module.text.content;
    let body = &scene.function.def.body;
    let first = body.get(usize::from(docstring(body).is_some()))?;
    let at = bytes(first).start;
    let line = content[..at].rfind('\n').map_or(0, |at| at + 1);
    if !content[line..at].trim().is_empty() {
        return None;
    }
    let (indent, newline) = (module.text.indent_at(at), module.text.newline());
    let range = bytes(statement);
    let rest = &content[range.end..];
    let after = rest.find('\n').map_or(rest.len(), |at| at + 1);
    if !rest[..after].trim().is_empty() {
        return None;
    }
    // With the empty lines before it where others follow.
    let before = content[..range.start].trim_end();
    let followed = rest[after..].starts_with(['\n', '\r']) && !before.is_empty();
    let start = content[before.len()..].find('\n').filter(|_| followed).map_or(range.start, |at| before.len() + at + 1);
    let path = scene.change.path.clone();
    let local = format!("{}{newline}{indent}", module.src(statement));
    Some(Draft {
        title: format!("Give each call its own {name}"),
        explanation: format!(
            "`{name}` outlives the call, so what one call puts there is seen by the next. Nothing else uses it, so it can \
             begin empty in each call."
        ),
        edits: vec![(path.clone(), start..range.end + after, String::new()), (path, at..at, local)],
        confidence: 0.8,
    })
}

fn is_empty(statement: &Stmt) -> bool {
    let value = match statement {
        Stmt::Assign(node) => &*node.value,
        Stmt::AnnAssign(node) => match node.value.as_deref() {
            Some(value) => value,
            None => return false,
        },
        _ => return false,
    };
    match value {
        Expr::List(node) => node.elts.is_empty(),
        Expr::Dict(node) => node.items.is_empty(),
        Expr::Call(call) => call.arguments.args.is_empty() && call.arguments.keywords.is_empty(),
        _ => false,
    }
}

/// Whether anything but the function names it, here or by import.
fn is_used_elsewhere(scene: &Scene<'_>, name: &str) -> bool {
    let own = bytes(scene.function.def);
    let mut uses = 0;
    walk(&scene.module.tree.body, &mut |node| {
        if let Node::Expr(Expr::Name(used)) = node {
            uses += usize::from(used.id.as_str() == name && !own.contains(&bytes(used).start));
        }
        true
    });
    // Once where it is set.
    uses > 1
        || scene
            .project
            .modules
            .iter()
            .any(|other| other.text.path != scene.module.text.path && other.text.content.contains(name))
}

#[cfg(test)]
mod tests {
    use super::super::examples::*;

    #[test]
    fn a_list_of_the_module_becomes_the_calls_own() {
        let after = forgotten(
            r"import re

found = []


def f(text):
    found.append(text)
    return found
",
        );
        assert_eq!(
            after.as_deref(),
            Some(
                r"import re


def f(text):
    found = []
    found.append(text)
    return found
"
            )
        );
    }
}
