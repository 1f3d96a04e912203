//! A parameter that is written into: from there on its name stands for a copy, with copies of those containers within it
//! that are written into. `rows.append(total)` gets `rows = list(rows)` in front.

use std::collections::BTreeSet;

use ruff_python_ast::Stmt;
use thymus_python::project::is_global;
use thymus_python::syntax::{Node, blocks, bytes, docstring, walk};

use crate::differences::{Place, Step};
use crate::python::copies::deep;
use crate::python::scene::{Scene, Watched};
use crate::repair::Draft;

pub fn draft(scene: &Scene<'_>) -> Option<Draft> {
    let Watched::Parameter(parameter) = scene.watched else { return None };
    // Who gives nothing back, or is called for nothing else, is there to change what it gets.
    if !scene.returns_something() || scene.is_called_for_its_change() {
        return None;
    }
    let name = parameter.parameter.name.as_str();
    let places: BTreeSet<&[Step]> = scene.sites.iter().map(|site| site.alias.place.0.as_slice()).collect();
    let places: Vec<&[Step]> = places.into_iter().collect();
    let module = scene.module;
    let copy = deep(name, scene.value_at(&Place::default())?, &places, module);
    let body = &scene.function.def.body;
    let body = innermost(&body[usize::from(docstring(body).is_some())..], scene);
    let statement = body.iter().find(|it| uses(scene, it, name))?;
    let at = bytes(statement).start;
    let indent = module.text.indent_at(at);
    let newline = module.text.newline();
    let path = &scene.change.path;
    let mut edits = vec![(path.clone(), at..at, format!("{name} = {}{newline}{indent}", copy.code))];
    if copy.needs_copy_module && !is_global(module, "copy") {
        let first = module.tree.body.iter().find(|it| it.is_import_stmt() || is_plain_from(it))?;
        let at = bytes(first).start;
        edits.push((path.clone(), at..at, format!("import copy{newline}")));
    }
    Some(Draft {
        title: format!("Copy {name} before it is changed"),
        explanation: format!(
            "The argument belongs to whoever called. From here on `{name}` is the function's own copy{}.",
            if places.iter().any(|place| !place.is_empty()) { ", as deep as it is written into" } else { "" },
        ),
        edits,
        confidence: if places.iter().all(|place| place.is_empty()) { 0.85 } else { 0.75 },
    })
}

/// The innermost block that holds all that write without a loop or a function in between.
fn innermost<'s>(mut body: &'s [Stmt], scene: &Scene<'_>) -> &'s [Stmt] {
    let holds = |statements: &[Stmt]| {
        let (Some(first), Some(last)) = (statements.first(), statements.last()) else { return false };
        let range = bytes(first).start..bytes(last).end;
        scene.sites.iter().all(|site| range.start <= site.range.start && site.range.end <= range.end)
    };
    while let Some(Stmt::If(_)) = body.iter().find(|it| holds(std::slice::from_ref(*it))) {
        let inner = body.iter().flat_map(blocks).find(|block| holds(block));
        let Some(inner) = inner else { break };
        body = inner;
    }
    body
}

fn is_plain_from(statement: &Stmt) -> bool {
    statement
        .as_import_from_stmt()
        .is_some_and(|it| it.module.as_ref().is_none_or(|name| name.as_str() != "__future__"))
}

/// Whether a statement writes, or names the parameter in what it sets a name to.
fn uses(scene: &Scene<'_>, statement: &Stmt, name: &str) -> bool {
    let range = bytes(statement);
    if scene.sites.iter().any(|site| range.start <= site.range.start && site.range.end <= range.end) {
        return true;
    }
    let mut takes = false;
    walk(std::slice::from_ref(statement), &mut |node| {
        if let Node::Stmt(Stmt::Assign(node)) = node {
            takes |= scene.aliases.alias(&node.value).is_some_and(|alias| !alias.fresh)
                && scene.module.src(&*node.value).starts_with(name);
        }
        !takes
    });
    takes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::examples::*;

    #[test]
    fn a_parameter_becomes_a_copy() {
        let after = repaired(
            r#"def f(rows):
    """Doc."""
    rows.append(1)
    return rows
"#,
            &json!([[]]),
            &json!([[1]]),
        );
        assert_eq!(
            after.as_deref(),
            Some(
                r#"def f(rows):
    """Doc."""
    rows = list(rows)
    rows.append(1)
    return rows
"#
            )
        );
    }

    #[test]
    fn entries_are_copied_where_they_are_written_into() {
        let after = repaired(
            r#"def f(lines):
    total = 0
    for line in lines:
        line["sum"] = line["price"] * 2
        total += line["sum"]
    return total
"#,
            &json!([[{ "price": 1 }]]),
            &json!([[{ "price": 1, "sum": 2 }]]),
        );
        assert_eq!(
            after.as_deref(),
            Some(
                r#"def f(lines):
    total = 0
    lines = [dict(item) for item in lines]
    for line in lines:
        line["sum"] = line["price"] * 2
        total += line["sum"]
    return total
"#
            )
        );
    }

    #[test]
    fn who_is_there_to_change_it_is_left_alone() {
        assert_eq!(
            repaired(
                r"def f(rows):
    rows.append(1)
",
                &json!([[]]),
                &json!([[1]])
            ),
            None
        );
    }

    #[test]
    fn what_lies_deeper_is_copied_as_deep() {
        let after = repaired(
            "def f(config):\n    out = config\n    out[\"a\"][\"b\"] = 1\n    return out\n",
            &json!([{ "a": {} }]),
            &json!([{ "a": { "b": 1 } }]),
        );
        let wanted = "def f(config):\n    config = {**config, \"a\": dict(config[\"a\"])}\n    out = config\n    out[\"a\"][\"b\"] = 1\n    return out\n";
        assert_eq!(after.as_deref(), Some(wanted));
    }
}
