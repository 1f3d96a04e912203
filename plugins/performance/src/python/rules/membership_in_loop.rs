//! `membership-in-loop`: a list is asked again and again whether it holds a value, and looks through itself each time. Where
//! what is asked can be put into a set, a set answers the same: both compare by equality.
//!
//! A list that only grows by `append` and is otherwise only asked becomes a set; one that is also used as a list gets a set
//! beside it; one that stays the same in the loop gets a set before it.

use std::ops::Range;

use ruff_python_ast::{CmpOp, Expr, ExprCall, ExprCompare, Stmt};
use thymus_python::origin::{Origin, origin};
use thymus_python::syntax::{Node, bytes, callee_name};

use super::Rule;
use crate::python::captured;
use crate::python::kinds::{Kind, is_hashable, kind};
use crate::python::scene::{Draft, Known, Scene, crop, last_name, within};
use crate::python::uses::{Use, is_harmless};

pub const RULE: Rule = Rule { name: "membership-in-loop", find };

fn find(scene: &Scene) -> Vec<Known> {
    let mut known = Vec::new();
    for (compare, list) in questions(scene) {
        let range = bytes(compare);
        let loops = scene.loops(&range);
        if loops.is_empty() || kind(scene, list) != Some(Kind::Sequence) || is_short(scene, list) {
            continue;
        }
        let explanation = format!(
            "`{}` in line {} looks through `{}` from its beginning, and it is asked in {} loop(s), so the time grows with both \
             lengths multiplied.",
            crop(scene.module.src(compare)),
            scene.line(&range),
            crop(scene.src(list)),
            loops.len()
        );
        let repair = steady(scene, compare, list).or_else(|| growing(scene, compare, list));
        known.push(Known { range, heaviness: if loops.len() > 1 { 0.95 } else { 0.9 }, explanation, repair });
    }
    known
}

/// `value in list`
fn questions<'p>(scene: &Scene<'p>) -> Vec<(&'p ExprCompare, &'p Expr)> {
    let compares = scene.expressions().into_iter().filter_map(Expr::as_compare_expr);
    let asked = compares.filter_map(|it| match (&it.ops[..], &it.comparators[..]) {
        ([CmpOp::In | CmpOp::NotIn], [of @ (Expr::Name(_) | Expr::Attribute(_))]) => Some((it, of)),
        _ => None,
    });
    asked.collect()
}

/// A constant list is as fast as a set.
fn is_short(scene: &Scene, list: &Expr) -> bool {
    let Expr::Name(name) = list else { return false };
    match origin(Some(scene.function), name.id.as_str(), bytes(list).start) {
        Origin::Assigned { value: Expr::List(it), .. } => !it.elts.is_empty() && !grows(scene, name.id.as_str()),
        Origin::Assigned { value: Expr::Tuple(_), .. } | Origin::Unknown => true,
        _ => false,
    }
}

fn grows(scene: &Scene, name: &str) -> bool {
    scene.uses(name).iter().any(|(_, one)| matches!(one, Use::Method(_, "append" | "extend")))
}

/// Whether all that is in a list, and what it is asked for, can be put into a set; `None` where nothing says so.
fn fits_a_set(scene: &Scene, compare: &ExprCompare, list: &Expr) -> Option<bool> {
    let elements = captured::values(scene, list).map(|values| {
        values
            .iter()
            .filter_map(serde_json::Value::as_array)
            .flatten()
            .all(|item| !item.is_array() && !item.is_object())
    });
    match (is_hashable(scene, &compare.left), elements) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), _) => Some(true),
        (None, _) => None,
    }
}

/// A list that stays the same in the loop.
fn steady(scene: &Scene, compare: &ExprCompare, list: &Expr) -> Option<Draft> {
    // What else is in the list can't be seen here, so what is asked for must be plain.
    if fits_a_set(scene, compare, list) != Some(true) {
        return None;
    }
    let loops = scene.loops(&bytes(compare));
    let (_, statement) = scene.outermost_invariant(list, &loops)?;
    let source = scene.src(list);
    let name = scene.free_name(&format!("{}_set", last_name(source)))?;
    let mut edits = vec![scene.before(statement, &[format!("{name} = set({source})")])];
    for (other, of) in questions(scene) {
        if scene.src(of) == source && within(&bytes(other), &bytes(statement)) {
            edits.push((bytes(of), name.clone()));
        }
    }
    Some(draft(source, edits, "is built once, before the loop", 0.9))
}

/// A list that the function makes and that grows by `append`.
fn growing(scene: &Scene, compare: &ExprCompare, list: &Expr) -> Option<Draft> {
    let Expr::Name(name) = list else { return None };
    let name = name.id.as_str();
    let Origin::Assigned { value, statement } = origin(Some(scene.function), name, bytes(list).start) else {
        return None;
    };
    let fits = fits_a_set(scene, compare, list);
    if fits == Some(false) {
        return None;
    }
    let confidence = if fits == Some(true) { 0.93 } else { 0.75 };
    let start = set_of(scene, value)?;
    let uses = scene.uses(name);
    let appends: Vec<&ExprCall> = uses
        .iter()
        .filter_map(|(_, one)| match one {
            Use::Method(call, "append") => Some(*call),
            _ => None,
        })
        .collect();
    let region = scene.loops(&bytes(compare)).last().map(|one| one.whole.clone())?;
    let declares = |range: &Range<usize>| within(range, &bytes(statement));
    let fine = |(range, one): &(Range<usize>, Use)| match one {
        Use::Method(_, "append") => true,
        Use::Assigned => declares(range),
        // Handed on when the loops are done it does no harm any more.
        Use::Given => range.start >= region.end,
        other => is_harmless(other),
    };
    let plain = |call: &&ExprCall| {
        let [value] = &call.arguments.args[..] else { return false };
        let alone = scene
            .statement_of(&bytes(*call))
            .is_some_and(|it| matches!(it, Stmt::Expr(only) if bytes(&*only.value) == bytes(*call)));
        alone && is_plain(value) && is_hashable(scene, value) != Some(false)
    };
    if !uses.iter().all(fine) || !appends.iter().all(plain) || !same_block(scene, statement, &region) {
        return None;
    }
    let only_asked = uses.iter().all(|(range, one)| match one {
        Use::Method(_, "append") | Use::Asked => true,
        Use::Assigned => declares(range),
        _ => false,
    });
    if only_asked && !matches!(statement, Stmt::AnnAssign(_)) {
        let mut edits = vec![(bytes(value), start)];
        for call in appends {
            let Expr::Attribute(method) = &*call.func else { return None };
            edits.push((bytes(&method.attr), "add".to_owned()));
        }
        return Some(draft(name, edits, "takes the list's place, which is only added to and asked", confidence));
    }
    let set = scene.free_name(&format!("{name}_set"))?;
    let content = if matches!(value, Expr::List(it) if it.elts.is_empty()) { String::new() } else { name.to_owned() };
    let mut edits = vec![scene.behind(statement, &[format!("{set} = set({content})")])];
    for call in appends {
        let statement = scene.statement_of(&bytes(call))?;
        if !scene.stands_alone(statement) {
            return None;
        }
        edits.push(scene.behind(statement, &[format!("{set}.add({})", scene.src(call.arguments.args.first()?))]));
    }
    for (_, of) in questions(scene).into_iter().filter(|(_, of)| scene.src(of) == name) {
        edits.push((bytes(of), set.clone()));
    }
    Some(draft(name, edits, "grows beside it", confidence))
}

/// The list is made right before the loops, and not in some branch.
fn same_block(scene: &Scene, statement: &Stmt, region: &Range<usize>) -> bool {
    let own = bytes(statement);
    let around = |range: &Range<usize>| {
        scene.around(range).into_iter().skip(1).find_map(|node| match node {
            Node::Stmt(outer) if bytes(outer) != *range => Some(bytes(outer)),
            Node::Elif(outer) => Some(bytes(outer)),
            _ => None,
        })
    };
    let outer = around(&own);
    own.end <= region.start && outer.is_none_or(|outer| within(region, &outer))
}

/// The set with the same content as the list that is made here.
fn set_of(scene: &Scene, value: &Expr) -> Option<String> {
    match value {
        Expr::List(it) if it.elts.is_empty() => Some("set()".to_owned()),
        Expr::List(it) if it.elts.iter().all(is_plain) => {
            let source = scene.src(value);
            Some(format!("{{{}}}", &source[1..source.len() - 1]))
        }
        Expr::Call(call) if callee_name(&call.func) == Some("list") && call.func.is_name_expr() => {
            match &call.arguments.args[..] {
                [] => Some("set()".to_owned()),
                [of] => Some(format!("set({})", scene.src(of))),
                _ => None,
            }
        }
        Expr::ListComp(_) => {
            let source = scene.src(value);
            Some(format!("{{{}}}", &source[1..source.len() - 1]))
        }
        _ => None,
    }
}

/// Evaluating it twice does nothing: names, attributes, literals, tuples and elements of them.
fn is_plain(expr: &Expr) -> bool {
    match expr {
        Expr::Name(_)
        | Expr::StringLiteral(_)
        | Expr::NumberLiteral(_)
        | Expr::NoneLiteral(_)
        | Expr::BooleanLiteral(_) => true,
        Expr::Attribute(it) => is_plain(&it.value),
        Expr::Subscript(it) => is_plain(&it.value) && is_plain(&it.slice),
        Expr::Tuple(it) => it.elts.iter().all(is_plain),
        _ => false,
    }
}

fn draft(source: &str, edits: Vec<(Range<usize>, String)>, how: &str, confidence: f64) -> Draft {
    Draft {
        title: format!("Look {} up in a set instead of searching the list", last_name(source)),
        explanation: format!(
            "A set {how}, and each question is answered at once instead of by looking through `{}`. What is asked for can be \
             put into a set, and both compare by equality, so the answers are the same.",
            crop(source)
        ),
        edits,
        confidence,
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples::Example;
    use serde_json::json;

    #[test]
    fn a_list_from_outside_gets_a_set_before_the_loop() {
        Example::of("def known(ids, everything):\n    found = []\n    for id in ids:\n        if id in everything:\n            \
                     found.append(id)\n    return found\n")
            .called(json!([["a"], ["a", "b"]]))
            .repaired(
                "membership-in-loop",
                "def known(ids, everything):\n    found = []\n    everything_set = set(everything)\n    for id in ids:\n        if id in \
                 everything_set:\n            found.append(id)\n    return found\n",
            );
        Example::of("def known(ids, everything):\n    return [id for id in ids if id not in everything]\n")
            .called(json!([["a"], ["a", "b"]]))
            .repaired(
                "membership-in-loop",
                "def known(ids, everything):\n    everything_set = set(everything)\n    return [id for id in ids if id not in \
                 everything_set]\n",
            );
    }

    #[test]
    fn a_list_that_is_only_asked_becomes_a_set() {
        Example::of("def twice(words):\n    seen = []\n    count = 0\n    for word in words:\n        if word in seen:\n            count += \
                     1\n        seen.append(word)\n    return count\n")
            .called(json!([["a", "a"]]))
            .repaired(
                "membership-in-loop",
                "def twice(words):\n    seen = set()\n    count = 0\n    for word in words:\n        if word in seen:\n            count += \
                 1\n        seen.add(word)\n    return count\n",
            );
    }

    #[test]
    fn a_list_that_is_returned_gets_a_set_beside_it() {
        Example::of("def unique(words):\n    seen = []\n    for word in words.split():\n        if word not in seen:\n            \
                     seen.append(word)\n    return seen\n")
            .repaired(
                "membership-in-loop",
                "def unique(words):\n    seen = []\n    seen_set = set()\n    for word in words.split():\n        if word not in \
                 seen_set:\n            seen.append(word)\n            seen_set.add(word)\n    return seen\n",
            );
    }

    #[test]
    fn what_might_mean_something_else_is_left_alone() {
        // Lists in the list can't be put into a set.
        Example::of("def f(rows):\n    seen = []\n    for row in rows:\n        if row not in seen:\n            seen.append(row)\n    return \
                     seen\n")
            .called(json!([[["a"], ["a"]]]))
            .refused("membership-in-loop");
        // Changed in the loop.
        Example::of(
            "def f(ids, all):\n    for id in ids:\n        if id in all:\n            all.remove(id)\n    return all\n",
        )
        .called(json!([["a"], ["a", "b"]]))
        .refused("membership-in-loop");
        // Handed to somebody who may change it.
        Example::of(
            "def f(ids, all):\n    for id in ids:\n        if id in all:\n            change(all)\n    return all\n",
        )
        .called(json!([["a"], ["a", "b"]]))
        .refused("membership-in-loop");
        // A text is asked for a part of it.
        Example::of("def f(ids, text):\n    return [id for id in ids if id in text]\n")
            .called(json!([["a"], "ab"]))
            .refused("membership-in-loop");
    }
}
