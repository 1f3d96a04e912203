//! A method that works in place, or `Object.assign`, whose result is what is wanted: it works on a copy instead.
//! `return lines.sort(byPrice)` becomes `return [...lines].sort(byPrice)`.

use oxc::ast::AstKind;
use oxc::ast::ast::{Expression, Statement};
use oxc::span::{GetSpan as _, Span};
use thymus_javascript::code::{bare, range};

use crate::javascript::copies::{Copies, Shape};
use crate::javascript::scene::Scene;
use crate::javascript::sites::{Kind, Site};
use crate::repair::Draft;

pub fn draft(scene: &Scene<'_, '_>) -> Option<Draft> {
    // Whoever writes into what it gives writes into the copy then.
    let site = scene.sites.first()?;
    if !is_used(scene, site) || is_read_later(scene, site) {
        return None;
    }
    let (path, of) = (scene.change.path.clone(), scene.code.slice(site.container.span()));
    let at = range(site.container.span());
    let (edit, how) = match &site.kind {
        Kind::Method(name) if matches!(name.as_str(), "sort" | "reverse") => {
            let copy = Copies::of(scene.code).shallow(of, Shape::List);
            ((path, at, copy.clone()), format!("`{name}` works in place; on `{copy}` it leaves `{of}` as it is"))
        }
        Kind::ObjectAssign => (
            (path, at.start..at.start, "{}, ".to_owned()),
            format!("`Object.assign` writes into its first argument; a new object leaves `{of}` as it is"),
        ),
        _ => return None,
    };
    let called = if matches!(site.kind, Kind::ObjectAssign) { "Assign" } else { "Work" };
    let title = if called == "Assign" {
        format!("Assign into a new object instead of into {of}")
    } else {
        format!("Copy {of} before it is reordered")
    };
    Some(Draft { title, explanation: format!("{how}."), edits: vec![edit], confidence: 0.95 })
}

/// What the expression gives is not dropped.
fn is_used(scene: &Scene<'_, '_>, site: &Site<'_>) -> bool {
    !matches!(scene.code.parent(site.node), AstKind::ExpressionStatement(_))
}

/// What was changed is read again behind the change, where the change's way leads: then its order there may be the point.
fn is_read_later(scene: &Scene<'_, '_>, site: &Site<'_>) -> bool {
    let code = scene.code;
    let mut root = bare(site.container);
    while let Expression::StaticMemberExpression(member) = root {
        root = bare(&member.object);
    }
    let Expression::Identifier(name) = root else { return true };
    let Some(symbol) = code.resolve(name) else { return true };
    let way = way_of(scene, site);
    code.references(symbol).any(|used| {
        let used = used.span();
        used.start >= site.span.end && used.end <= way.end && reads_the_same(scene, site, used.start)
    })
}

/// The innermost block around a site that ends by leaving the function, else the function.
fn way_of(scene: &Scene<'_, '_>, site: &Site<'_>) -> Span {
    let blocks = scene.code.ancestors(site.node).filter_map(|kind| match kind {
        AstKind::BlockStatement(block) => Some(block),
        _ => None,
    });
    let leaves =
        |statement: &Statement<'_>| matches!(statement, Statement::ReturnStatement(_) | Statement::ThrowStatement(_));
    let leaving = blocks.filter(|block| scene.function.span.start < block.span.start);
    let mut leaving = leaving.filter(|block| block.body.last().is_some_and(leaves));
    leaving.next().map_or(scene.function.span, |block| block.span)
}

/// Whether what stands at a place begins with the very expression that was changed.
fn reads_the_same(scene: &Scene<'_, '_>, site: &Site<'_>, at: u32) -> bool {
    let of = scene.code.slice(site.container.span());
    scene.code.text.content.get(at as usize..).is_some_and(|rest| rest.starts_with(of))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::examples::*;

    #[test]
    fn a_sorted_copy_is_returned() {
        let after = repaired(
            r"const f = (rows) => rows.sort((a, b) => a - b).map(String);
",
            &json!([[3, 1]]),
            &json!([[1, 3]]),
        );
        assert_eq!(
            after.as_deref(),
            Some(
                r"const f = (rows) => [...rows].sort((a, b) => a - b).map(String);
"
            )
        );
    }

    #[test]
    fn a_new_object_is_assigned_into() {
        let after = repaired(
            r"function f(base, more) {
  return Object.assign(base, more);
}
",
            &json!([{ "a": 1 }, { "b": 2 }]),
            &json!([{ "a": 1, "b": 2 }, { "b": 2 }]),
        );
        assert_eq!(
            after.as_deref(),
            Some(
                r"function f(base, more) {
  return Object.assign({}, base, more);
}
"
            )
        );
    }

    #[test]
    fn old_code_is_copied_in_old_words() {
        let after = repaired(
            r"function f(rows) {
  var out = rows.reverse();
  return out;
}
",
            &json!([[3, 1]]),
            &json!([[1, 3]]),
        );
        assert_eq!(
            after.as_deref(),
            Some(
                r"function f(rows) {
  var out = rows.slice().reverse();
  return out;
}
"
            )
        );
    }

    #[test]
    fn whoever_writes_into_the_copy_may() {
        let after = repaired(
            "function f(base, more) {\n  const out = Object.assign(base, more);\n  out.done = true;\n  return out;\n}\n",
            &json!([{ "a": 1 }, { "b": 2 }]),
            &json!([{ "a": 1, "b": 2, "done": true }, { "b": 2 }]),
        );
        assert_eq!(
            after.as_deref(),
            Some(
                "function f(base, more) {\n  const out = Object.assign({}, base, more);\n  out.done = true;\n  return out;\n}\n"
            )
        );
    }
}
