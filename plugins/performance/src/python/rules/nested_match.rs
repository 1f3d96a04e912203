//! `nested-match`: a loop in a loop that only does something where two keys are equal. Grouped by its key once, the inner
//! list is visited only where they are, in the same order.

use ruff_python_ast::{CmpOp, Expr, Stmt, StmtFor};
use thymus_python::syntax::bytes;

use super::Rule;
use super::find_in_loop::{is_element_key, is_key_like, is_plain, mentions};
use crate::python::kinds::{Kind, is_hashable, kind};
use crate::python::scene::{Draft, Known, Scene, crop, last_name};

pub const RULE: Rule = Rule { name: "nested-match", find };

fn find(scene: &Scene) -> Vec<Known> {
    let loops = scene.statements().into_iter().filter_map(Stmt::as_for_stmt);
    loops.filter_map(|inner| known(scene, inner)).collect()
}

fn known(scene: &Scene, inner: &StmtFor) -> Option<Known> {
    let range = bytes(inner);
    let (Expr::Name(element), [Stmt::If(only)]) = (&*inner.target, &inner.body[..]) else { return None };
    let Expr::Compare(test) = &*only.test else { return None };
    let ([CmpOp::Eq], [right]) = (&test.ops[..], &test.comparators[..]) else { return None };
    if scene.loops(&range).is_empty()
        || !only.elif_else_clauses.is_empty()
        || !inner.orelse.is_empty()
        || inner.is_async
    {
        return None;
    }
    let element = element.id.as_str();
    let (key, value) = match (mentions(&test.left, element), mentions(right, element)) {
        (true, false) => (&*test.left, right),
        (false, true) => (right, &*test.left),
        _ => return None,
    };
    let explanation = format!(
        "The loop over `{}` in line {} runs in another loop, and does something only where `{}`: all others are visited in vain.",
        crop(scene.src(&inner.iter)),
        scene.line(&range),
        crop(scene.src(&only.test))
    );
    let repair = repair(scene, inner, &only.body, element, key, value);
    Some(Known { range, heaviness: 0.97, explanation, repair })
}

fn repair(scene: &Scene, inner: &StmtFor, body: &[Stmt], element: &str, key: &Expr, value: &Expr) -> Option<Draft> {
    let list = &*inner.iter;
    let loops = scene.loops(&bytes(inner));
    let (_, statement) = scene.outermost_invariant(list, &loops)?;
    let hashable = is_hashable(scene, value) == Some(true) || is_key_like(key);
    let plain = is_plain(list) && is_plain(value) && is_element_key(key, element);
    if !plain || !hashable || kind(scene, list) != Some(Kind::Sequence) || changes_key(scene, statement, key) {
        return None;
    }
    let source = scene.src(list);
    let key_name = last_name(scene.src(key)).to_owned();
    let name = scene.free_name(&format!("{}_by_{key_name}", last_name(source)))?;
    let unit = scene.module.indent_unit();
    let lines = [
        format!("{name} = {{}}"),
        format!("for {element} in {source}:"),
        format!("{unit}{name}.setdefault({}, []).append({element})", scene.src(key)),
    ];
    let mut edits = vec![scene.before(statement, &lines)];
    edits.push((bytes(list), format!("{name}.get({}, [])", scene.src(value))));
    // The body moves one step out; its condition always holds now.
    let (first, last) = (bytes(body.first()?), bytes(body.last()?));
    let only = bytes(inner.body.first()?);
    let content = scene.module.text.content.get(first.start..last.end)?;
    if content.contains("\"\"\"") || content.contains("'''") || !scene.stands_alone(body.first()?) {
        return None;
    }
    let moved: Vec<&str> = content.split('\n').map(|line| line.strip_prefix(&*unit).unwrap_or(line)).collect();
    edits.push((only.start..last.end, moved.join("\n")));
    Some(Draft {
        title: format!("Visit only those of {} whose {key_name} matches", last_name(source)),
        explanation: format!(
            "`{source}` is grouped by `{key_name}` once, before the loops, in its own order; the inner loop then visits the \
             elements for which the condition held, in the same order, and no others."
        ),
        edits,
        confidence: 0.88,
    })
}

/// Whether the statement gives some element another key.
fn changes_key(scene: &Scene, statement: &Stmt, key: &Expr) -> bool {
    let name = last_name(scene.src(key));
    let outer = bytes(statement);
    scene.expressions().into_iter().any(|expr| {
        let written = match expr {
            Expr::Attribute(it) => !it.ctx.is_load(),
            Expr::Subscript(it) => !it.ctx.is_load(),
            _ => false,
        };
        written && crate::python::scene::within(&bytes(expr), &outer) && last_name(scene.src(expr)) == name
    })
}

#[cfg(test)]
mod tests {
    use super::super::examples::Example;
    use serde_json::json;

    #[test]
    fn the_inner_list_is_grouped() {
        Example::of("def join(many, others):\n    out = []\n    for one in many:\n        for other in others:\n            if other[\"owner\"] \
                     == one[\"id\"]:\n                out.append((one, other))\n    return out\n")
            .called(json!([[{ "id": 1 }], [{ "owner": 1 }]]))
            .repaired(
                "nested-match",
                "def join(many, others):\n    out = []\n    others_by_owner = {}\n    for other in others:\n        \
                 others_by_owner.setdefault(other[\"owner\"], []).append(other)\n    for one in many:\n        for other in \
                 others_by_owner.get(one[\"id\"], []):\n            out.append((one, other))\n    return out\n",
            );
    }

    #[test]
    fn what_changes_meanwhile_is_left_alone() {
        Example::of("def join(many, others):\n    for one in many:\n        for other in others:\n            if other[\"owner\"] == \
                     one[\"id\"]:\n                other[\"owner\"] = 0\n")
            .called(json!([[{ "id": 1 }], [{ "owner": 1 }]]))
            .refused("nested-match");
    }
}
