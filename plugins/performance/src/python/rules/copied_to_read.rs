//! `copied-to-read`: all of a collection is copied to look at one thing of it: `x in list(table)`, `dict(table)[key]`,
//! `len(list(items))`. What is copied can be asked itself, where it is known to answer the same.

use ruff_python_ast::{CmpOp, Expr};
use thymus_python::syntax::{bytes, callee_name};

use super::Rule;
use crate::python::kinds::{Kind, is_hashable, kind};
use crate::python::scene::{Draft, Known, Scene, crop};

pub const RULE: Rule = Rule { name: "copied-to-read", find };

fn find(scene: &Scene) -> Vec<Known> {
    let found = scene.expressions().into_iter().filter_map(|expr| {
        let (copy, confidence) = match expr {
            Expr::Compare(it) => {
                let [of] = &it.comparators[..] else { return None };
                if !matches!(it.ops[..], [CmpOp::In | CmpOp::NotIn]) {
                    return None;
                }
                (of, membership(scene, &it.left, of))
            }
            Expr::Subscript(it) if it.ctx.is_load() => (&*it.value, subscript(scene, &it.slice, &it.value)),
            Expr::Call(call) if call.func.is_name_expr() && callee_name(&call.func) == Some("len") => {
                let [of] = &call.arguments.args[..] else { return None };
                (of, copied(of).and_then(|(_, inner)| kind(scene, inner).map(|_| 0.93)))
            }
            _ => return None,
        };
        let (_, inner) = copied(copy)?;
        Some(known(scene, expr, copy, inner, confidence))
    });
    found.collect()
}

fn known(scene: &Scene, expr: &Expr, copy: &Expr, inner: &Expr, confidence: Option<f64>) -> Known {
    let depth = scene.loops(&bytes(expr)).len();
    let source = scene.src(inner);
    let repair = confidence.map(|confidence| Draft {
        title: format!("Ask {} itself instead of a copy of it", crop(source)),
        explanation: format!(
            "`{source}` answers what its copy is made for, without the copy, and answers the same: its elements and how they \
             are compared are those of the copy."
        ),
        edits: vec![(bytes(copy), source.to_owned())],
        confidence,
    });
    Known {
        range: bytes(expr),
        heaviness: if depth > 0 { 1.0 } else { 0.95 },
        explanation: format!(
            "`{}` in line {} copies all of `{}` to look at one thing of it{}.",
            crop(scene.src(expr)),
            scene.line(&bytes(expr)),
            crop(source),
            if depth > 0 { ", in each round of a loop" } else { "" }
        ),
        repair,
    }
}

/// `list(inner)` and the like.
fn copied(expr: &Expr) -> Option<(&str, &Expr)> {
    let call = expr.as_call_expr().filter(|call| call.func.is_name_expr() && call.arguments.keywords.is_empty())?;
    let name = callee_name(&call.func)
        .filter(|name| matches!(*name, "list" | "tuple" | "dict" | "sorted" | "set" | "frozenset"))?;
    match &call.arguments.args[..] {
        [inner @ (Expr::Name(_) | Expr::Attribute(_) | Expr::Subscript(_))] => Some((name, inner)),
        // `list(table.keys())`
        [Expr::Call(keys)] if keys.arguments.is_empty() => match &*keys.func {
            Expr::Attribute(method) if method.attr.as_str() == "keys" => Some((name, &method.value)),
            _ => None,
        },
        _ => None,
    }
}

/// Lists and tuples are searched either way; dictionaries and sets look up by hash what a list finds by comparing. A text
/// is asked for a part of it, and not for a letter.
fn membership(scene: &Scene, value: &Expr, of: &Expr) -> Option<f64> {
    let (name, inner) = copied(of)?;
    if matches!(name, "set" | "frozenset" | "dict") {
        return None;
    }
    match kind(scene, inner)? {
        Kind::Sequence => Some(0.95),
        Kind::Mapping | Kind::Set => match is_hashable(scene, value) {
            Some(true) => Some(0.95),
            // What is looked for among keys is a key.
            None => Some(0.85),
            Some(false) => None,
        },
        Kind::Text | Kind::Plain => None,
    }
}

fn subscript(scene: &Scene, key: &Expr, of: &Expr) -> Option<f64> {
    let (name, inner) = copied(of)?;
    match (name, kind(scene, inner)?) {
        ("dict", Kind::Mapping) if !is_default(scene, inner) => Some(0.92),
        ("list" | "tuple", Kind::Sequence) if !key.is_slice_expr() => Some(0.95),
        _ => None,
    }
}

/// A dictionary that makes what it lacks would be changed by being asked.
fn is_default(scene: &Scene, expr: &Expr) -> bool {
    let name = scene.src(expr).rsplit('.').next().unwrap_or_default();
    scene.module.text.content.lines().any(|line| line.contains("defaultdict(") && line.contains(name))
}

#[cfg(test)]
mod tests {
    use super::super::examples::Example;
    use serde_json::json;

    #[test]
    fn the_collection_answers_itself() {
        Example::of("def f(rows, table: dict):\n    return [row for row in rows if row in list(table)]\n")
            .called(json!([["a"], { "a": 1 }]))
            .repaired(
                "copied-to-read",
                "def f(rows, table: dict):\n    return [row for row in rows if row in table]\n",
            );
        Example::of("def f(rows):\n    by_id = {}\n    for row in rows:\n        by_id[row] = dict(by_id)[row]\n    return by_id\n")
            .repaired(
                "copied-to-read",
                "def f(rows):\n    by_id = {}\n    for row in rows:\n        by_id[row] = by_id[row]\n    return by_id\n",
            );
        Example::of("class A:\n    def f(self, key):\n        return key in list(self._data)\n\n    def __init__(self):\n        self._data = {}\n")
            .repaired(
                "copied-to-read",
                "class A:\n    def f(self, key):\n        return key in self._data\n\n    def __init__(self):\n        self._data = {}\n",
            );
        Example::of("def f(rows):\n    out = []\n    for row in rows:\n        if len(list(out)) < 9:\n            out.append(row)\n    return out\n")
            .repaired(
                "copied-to-read",
                "def f(rows):\n    out = []\n    for row in rows:\n        if len(out) < 9:\n            out.append(row)\n    return out\n",
            );
    }

    #[test]
    fn what_may_answer_otherwise_is_left_alone() {
        Example::of("def f(word, text):\n    return word in list(text)\n")
            .called(json!(["a", "abc"]))
            .refused("copied-to-read");
        Example::of("def f(word, text):\n    return word in list(text)\n").refused("copied-to-read");
        Example::of("def f(rows, pairs):\n    return [dict(pairs)[row] for row in rows]\n")
            .called(json!([["a"], [["a", 1]]]))
            .refused("copied-to-read");
        Example::of("from collections import defaultdict\n\ndef f(rows):\n    seen = defaultdict(list)\n    for row in rows:\n        \
                     seen[row].append(1)\n    return dict(seen)[0]\n")
            .refused("copied-to-read");
    }
}
