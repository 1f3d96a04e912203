//! A local name for what belongs to somebody else, which is then written into: it becomes the name of a copy.
//! `rows = report["rows"]` becomes `rows = list(report["rows"])`.

use ruff_python_ast::{Expr, Stmt};
use serde_json::{Value, json};
use thymus_python::syntax::{bytes, statements};

use crate::python::copies::shallow;
use crate::python::scene::{Scene, Watched};
use crate::python::sites::Kind;
use crate::repair::Draft;

pub fn draft(scene: &Scene<'_>) -> Option<Draft> {
    let mut names = scene.sites.iter().map(|site| site.container.as_name_expr().map(|name| name.id.as_str()));
    let name = names.next()??;
    if names.any(|other| other != Some(name)) {
        return None;
    }
    let first = scene.sites.first()?.range.start;
    let bound = statements(&scene.function.def.body).into_iter().filter_map(|statement| match statement {
        Stmt::Assign(node) => match node.targets.as_slice() {
            [Expr::Name(target)] if target.id.as_str() == name => Some(&*node.value),
            _ => None,
        },
        _ => None,
    });
    let bound: Vec<&Expr> = bound.collect();
    let [value] = bound.as_slice() else { return None };
    let is_alias = scene.aliases.alias(value).is_some_and(|alias| !alias.fresh);
    if !is_alias || bytes(*value).end > first {
        return None;
    }
    let like = match scene.watched {
        Watched::Parameter(_) => scene.value_at(&scene.sites.first()?.alias.place)?.clone(),
        _ => written_as(scene)?,
    };
    let text = scene.module.src(*value);
    Some(Draft {
        title: format!("Copy {name} before it is changed"),
        explanation: format!(
            "`{name}` is only another name for `{text}`, so what is written into it is written there. As a copy it is the \
             function's own."
        ),
        edits: vec![(scene.change.path.clone(), bytes(*value), shallow(text, &like)?)],
        confidence: 0.9,
    })
}

/// A list or a dictionary, by how it is written into.
fn written_as(scene: &Scene<'_>) -> Option<Value> {
    scene.sites.iter().find_map(|site| match site.kind {
        Kind::Method("append" | "extend" | "insert" | "sort" | "reverse" | "remove", _) | Kind::Extend => {
            Some(json!([]))
        }
        Kind::Method("update" | "setdefault" | "popitem", _) => Some(json!({})),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::examples::*;

    #[test]
    fn another_name_becomes_a_copy() {
        let after = repaired(
            r#"def f(report):
    rows = report["rows"]
    rows.append(1)
    return rows
"#,
            &json!([{ "rows": [] }]),
            &json!([{ "rows": [1] }]),
        );
        assert_eq!(
            after.as_deref(),
            Some(
                r#"def f(report):
    rows = list(report["rows"])
    rows.append(1)
    return rows
"#
            )
        );
    }
}
