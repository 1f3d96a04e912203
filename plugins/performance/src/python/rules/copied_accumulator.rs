//! `copied-accumulator`: what is collected is copied for each element that is added, so the time grows with the square of
//! the number of elements. The collection is the function's own, made by it and seen by nobody else before it is done, so
//! adding to it in place is the same.

use std::ops::Range;

use ruff_python_ast::{Expr, Operator, Stmt, StmtAssign};
use thymus_python::origin::{Origin, origin};
use thymus_python::syntax::{bytes, callee_name};

use super::Rule;
use crate::python::kinds::{Kind, kind};
use crate::python::scene::{Draft, Known, Scene, crop, within};
use crate::python::uses::{Use, is_harmless};

pub const RULE: Rule = Rule { name: "copied-accumulator", find };

fn find(scene: &Scene) -> Vec<Known> {
    let assigns = scene.statements().into_iter().filter_map(Stmt::as_assign_stmt);
    assigns.filter_map(|assign| known(scene, assign)).collect()
}

fn known(scene: &Scene, assign: &StmtAssign) -> Option<Known> {
    let [Expr::Name(target)] = &assign.targets[..] else { return None };
    let name = target.id.as_str();
    let range = bytes(assign);
    if scene.loops(&range).is_empty() {
        return None;
    }
    let lines = in_place(scene, name, &assign.value)?;
    let explanation = format!(
        "`{}` in line {} copies `{name}` for each element that is added, in a loop: the time grows with the square of their \
         number.",
        crop(scene.module.src(assign)),
        scene.line(&range)
    );
    let repair = lines.and_then(|line| {
        is_unseen(scene, name, &range)?;
        Some(Draft {
            title: format!("Add to {name} in place instead of copying it each time"),
            explanation: format!(
                "`{name}` is made in this function, and nobody else sees it before it is done; so adding to it gives the same \
                 content in the same order as copying it with one element more, without the copies."
            ),
            edits: vec![(range.clone(), line)],
            confidence: 0.94,
        })
    });
    Some(Known { range, heaviness: 0.97, explanation, repair })
}

/// The statement that adds in place: none where the value is no copy of `name`, none inside where it can't be told.
#[allow(clippy::option_option)]
fn in_place(scene: &Scene, name: &str, value: &Expr) -> Option<Option<String>> {
    let is_it = |expr: &Expr| matches!(expr, Expr::Name(it) if it.id.as_str() == name);
    match value {
        // `out + [x]`
        Expr::BinOp(it) if it.op == Operator::Add && is_it(&it.left) => match &*it.right {
            Expr::List(added) => Some(appended(scene, name, &added.elts)),
            Expr::Call(call) if call.func.is_name_expr() && callee_name(&call.func) == Some("list") => {
                let [all] = &call.arguments.args[..] else { return None };
                Some(Some(format!("{name}.extend({})", scene.src(all))))
            }
            other if kind(scene, other) == Some(Kind::Sequence) && !other.is_tuple_expr() => {
                Some(Some(format!("{name}.extend({})", scene.src(other))))
            }
            _ => None,
        },
        // `[*out, x]`
        Expr::List(it) => match &it.elts[..] {
            [Expr::Starred(first), added @ ..] if is_it(&first.value) && !added.is_empty() => match added {
                [Expr::Starred(all)] => Some(Some(format!("{name}.extend({})", scene.src(&all.value)))),
                _ => Some(appended(scene, name, added)),
            },
            _ => None,
        },
        // `{**table, key: value}`
        Expr::Dict(it) => match &it.items[..] {
            [first, added] if first.key.is_none() && is_it(&first.value) => {
                let key = added.key.as_ref()?;
                Some(Some(format!("{name}[{}] = {}", scene.src(key), scene.src(&added.value))))
            }
            _ => None,
        },
        // `seen | {x}`
        Expr::BinOp(it) if it.op == Operator::BitOr && is_it(&it.left) => match &*it.right {
            Expr::Set(added) => match &added.elts[..] {
                [one] => Some(Some(format!("{name}.add({})", scene.src(one)))),
                _ => Some(None),
            },
            Expr::Dict(added) => match &added.items[..] {
                [one] => {
                    let key = one.key.as_ref()?;
                    Some(Some(format!("{name}[{}] = {}", scene.src(key), scene.src(&one.value))))
                }
                _ => Some(None),
            },
            _ => None,
        },
        _ => None,
    }
}

fn appended(scene: &Scene, name: &str, added: &[Expr]) -> Option<String> {
    match added {
        [Expr::Starred(_)] | [] => None,
        [one] => Some(format!("{name}.append({})", scene.src(one))),
        all => {
            let all: Vec<&str> = all.iter().map(|one| scene.src(one)).collect();
            Some(format!("{name}.extend([{}])", all.join(", ")))
        }
    }
}

/// The collection is made here, and in the loop nobody gets hold of it, or iterates it while it grows.
fn is_unseen(scene: &Scene, name: &str, assign: &Range<usize>) -> Option<()> {
    let loops = scene.loops(assign);
    let Origin::Assigned { statement, value } = first_origin(scene, name, &loops.last()?.whole) else { return None };
    if !is_fresh(value) {
        return None;
    }
    let declared = bytes(statement);
    let region = loops.iter().map(|one| &one.whole).rfind(|whole| !within(&declared, whole))?.clone();
    let uses = scene.uses(name);
    let copied = uses.iter().map(|(range, _)| range).filter(|it| within(it, assign)).nth(1).cloned();
    for (range, one) in uses {
        let in_region = within(&range, &region);
        let fine = match one {
            Use::Assigned => within(&range, assign) || is_other_copy(scene, name, &range) || starts_anew(scene, &range),
            Use::Method(_, "append" | "extend" | "add") | Use::Returned => true,
            // It is handed on when it is done.
            Use::Given => !in_region || Some(&range) == copied.as_ref(),
            ref other => is_harmless(other) || !in_region,
        };
        let iterated = scene.loops(assign).iter().any(|around| {
            let head = around.statement.and_then(Stmt::as_for_stmt).map(|it| bytes(&*it.iter));
            head.is_some_and(|head| within(&range, &head))
        });
        // What is added may look at the collection, and not be it.
        let of_itself = within(&range, assign) && matches!(one, Use::Given) && Some(&range) != copied.as_ref();
        if !fine || iterated || of_itself {
            return None;
        }
    }
    Some(())
}

/// What the name is before the loops; where an inner loop starts anew, that.
fn first_origin<'p>(scene: &Scene<'p>, name: &str, outermost: &Range<usize>) -> Origin<'p> {
    match origin(Some(scene.function), name, outermost.start) {
        Origin::Unknown => {
            let fresh = scene.statements().into_iter().find(|statement| match statement {
                Stmt::Assign(it) => {
                    matches!(&it.targets[..], [Expr::Name(target)] if target.id.as_str() == name) && is_fresh(&it.value)
                }
                _ => false,
            });
            match fresh {
                Some(statement @ Stmt::Assign(it)) => Origin::Assigned { value: &it.value, statement },
                _ => Origin::Unknown,
            }
        }
        found => found,
    }
}

fn is_fresh(value: &Expr) -> bool {
    match value {
        Expr::List(_) | Expr::ListComp(_) | Expr::Dict(_) | Expr::DictComp(_) | Expr::Set(_) | Expr::SetComp(_) => true,
        Expr::Call(call) => {
            call.func.is_name_expr() && matches!(callee_name(&call.func), Some("list" | "dict" | "set" | "sorted"))
        }
        _ => false,
    }
}

fn is_other_copy(scene: &Scene, name: &str, range: &Range<usize>) -> bool {
    match scene.statement_of(range) {
        Some(Stmt::Assign(it)) => in_place(scene, name, &it.value).is_some(),
        _ => false,
    }
}

fn starts_anew(scene: &Scene, range: &Range<usize>) -> bool {
    match scene.statement_of(range) {
        Some(Stmt::Assign(it)) => it.targets.len() == 1 && is_fresh(&it.value),
        Some(Stmt::AnnAssign(it)) => it.value.as_deref().is_some_and(is_fresh),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples::Example;

    #[test]
    fn collections_grow_in_place() {
        for (copies, adds) in [
            ("out = out + [one.name]", "out.append(one.name)"),
            ("out = [*out, one, 2]", "out.extend([one, 2])"),
            ("out = out + list(one)", "out.extend(one)"),
        ] {
            let source = |line: &str| {
                format!("def f(many):\n    out = []\n    for one in many:\n        {line}\n    return out\n")
            };
            Example::of(&source(copies)).repaired("copied-accumulator", &source(adds));
        }
        let source = |line: &str| {
            format!("def f(many):\n    table = {{}}\n    for one in many:\n        {line}\n    return table\n")
        };
        Example::of(&source("table = {**table, one.id: one}"))
            .repaired("copied-accumulator", &source("table[one.id] = one"));
    }

    #[test]
    fn what_others_saw_is_left_alone() {
        for source in [
            // It came from outside.
            "def f(out, many):\n    for one in many:\n        out = out + [one]\n    return out\n",
            // Each state is kept.
            "def f(many):\n    out = []\n    states = []\n    for one in many:\n        out = out + [one]\n        states.append(out)\n    return \
             states\n",
            // It is iterated meanwhile.
            "def f(many):\n    out = [1]\n    for one in out:\n        out = out + [one]\n        if one > 3:\n            break\n    return out\n",
            // It is somebody else's too.
            "def f(many, first):\n    out = first\n    for one in many:\n        out = out + [one]\n    return out\n",
        ] {
            Example::of(source).refused("copied-accumulator");
        }
    }
}
