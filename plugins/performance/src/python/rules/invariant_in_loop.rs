//! `invariant-in-loop`: something is computed anew in each round of a loop that is the same each time. It is computed once,
//! before the loop, where computing it does nothing else, can't fail where it was not computed before, and gives what the
//! loop only reads.

use ruff_python_ast::{Expr, Stmt};
use thymus_python::syntax::{Node, bytes, callee_name};

use super::Rule;
use crate::python::pure::{gives_constant, is_pure, may_fail};
use crate::python::scene::{Draft, Known, Loop, Scene, crop, within};
use crate::python::uses::{Use, is_harmless, use_of};

pub const RULE: Rule = Rule { name: "invariant-in-loop", find };

fn find(scene: &Scene) -> Vec<Known> {
    let mut known: Vec<Known> = Vec::new();
    for expr in scene.expressions() {
        let Some(heaviness) = heaviness(expr) else { continue };
        let range = bytes(expr);
        // A part of something that is itself computed once comes along with it.
        if known.iter().any(|outer| within(&range, &outer.range)) {
            continue;
        }
        let loops = scene.loops(&range);
        let rounds = loops.iter().take_while(|one| scene.is_invariant(expr, one)).count();
        if rounds == 0 || !is_pure(scene, expr) {
            continue;
        }
        let explanation = format!(
            "`{}` in line {} is the same in each round of {rounds} loop(s) around it, and is computed anew in each.",
            crop(scene.src(expr)),
            scene.line(&range)
        );
        let repair = repair(scene, expr, &loops);
        known.push(Known { range, heaviness, explanation, repair });
    }
    known
}

/// What is worth it.
fn heaviness(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) => Some(0.9),
        Expr::Call(call) => match callee_name(&call.func)? {
            "len" | "isinstance" | "str" | "int" | "float" | "bool" | "type" | "hash" | "range" | "enumerate"
            | "zip" | "get" | "abs" | "round" | "ord" | "chr" | "repr" | "format" | "id" | "getattr" => None,
            "compile" | "deepcopy" | "loads" | "dumps" | "sorted" => Some(0.95),
            "list" | "dict" | "set" | "tuple" | "frozenset" | "sum" | "min" | "max" | "copy" => Some(0.9),
            _ => Some(0.75),
        },
        _ => None,
    }
}

fn repair(scene: &Scene, expr: &Expr, loops: &[Loop]) -> Option<Draft> {
    let (rounds, statement) = scene.outermost_invariant(expr, loops)?;
    let range = bytes(expr);
    // Before the loop it is computed even where the loop would not have come to it.
    let sure = always_reached(scene, &range, &loops[0]) && rounds == 1;
    if may_fail(expr) && !sure && !is_collection_literal(expr) {
        return None;
    }
    let caught = scene.around(&range).into_iter().take_while(|node| bytes(*node) != bytes(statement));
    if caught.into_iter().any(|node| matches!(node, Node::Stmt(Stmt::Try(_)))) {
        return None;
    }
    let source = scene.src(expr);
    if source.contains('\n') {
        return None;
    }
    let confidence = if may_fail(expr) { 0.8 } else { 0.92 };
    // A name that the loop gives it moves out with it.
    if let Some(Stmt::Assign(assign)) = scene.statement_of(&range)
        && bytes(&*assign.value) == range
        && let [Expr::Name(target)] = &assign.targets[..]
    {
        let name = target.id.as_str();
        let uses = scene.uses(name);
        let own = bytes(assign);
        let once = uses.iter().filter(|(_, one)| matches!(one, Use::Assigned)).count() == 1;
        let inside = |at: &std::ops::Range<usize>| within(at, &bytes(statement));
        let read = uses.iter().all(|(at, one)| {
            within(at, &own) || gives_constant(expr) || is_harmless(one) && !matches!(one, Use::Returned)
        });
        let first = uses.iter().all(|(at, _)| at.start >= own.start);
        if once && read && first && uses.iter().all(|(at, _)| inside(at)) {
            let line = scene.module.src(assign).to_owned();
            let edits = vec![scene.before(statement, &[line]), without_line(scene, &own)?];
            return Some(draft(source, edits, confidence));
        }
        return None;
    }
    if !gives_constant(expr) && !is_harmless(&use_of(scene, expr)) {
        return None;
    }
    if matches!(use_of(scene, expr), Use::Returned) && !gives_constant(expr) {
        return None;
    }
    let name = scene.free_name(&name_for(expr))?;
    let mut edits = vec![scene.before(statement, &[format!("{name} = {source}")])];
    // The same, written again, is the same.
    for other in scene.expressions() {
        let at = bytes(other);
        if scene.src(other) == source && within(&at, &bytes(statement)) {
            let alike = at == range || is_harmless(&use_of(scene, other)) || gives_constant(expr);
            if !alike {
                return None;
            }
            edits.push((at, name.clone()));
        }
    }
    Some(draft(source, edits, confidence))
}

/// Whether every round that is begun comes to it, and there is one: then it fails where it would have failed.
fn always_reached(scene: &Scene, range: &std::ops::Range<usize>, innermost: &Loop) -> bool {
    // An empty loop does not come to it, and what fails before the loop would fail anew.
    let Some(Stmt::For(it)) = innermost.statement else { return false };
    let first = it.body.first().map(bytes);
    let _ = scene;
    first.is_some_and(|first| within(range, &first))
}

/// A comprehension over what is a list fails only where its parts do; the code shows that they are read all the same.
fn is_collection_literal(expr: &Expr) -> bool {
    match expr {
        Expr::ListComp(it) => is_simple(&it.elt) && it.generators.iter().all(|one| one.ifs.iter().all(is_simple)),
        Expr::SetComp(it) => is_simple(&it.elt) && it.generators.iter().all(|one| one.ifs.iter().all(is_simple)),
        _ => false,
    }
}

fn is_simple(expr: &Expr) -> bool {
    match expr {
        Expr::Name(_) | Expr::StringLiteral(_) | Expr::NumberLiteral(_) => true,
        Expr::Attribute(it) => is_simple(&it.value),
        _ => false,
    }
}

fn name_for(expr: &Expr) -> String {
    let word = match expr {
        Expr::ListComp(_) => "items",
        Expr::SetComp(_) => "known",
        Expr::DictComp(_) => "table",
        Expr::Call(call) => match callee_name(&call.func).unwrap_or_default() {
            "compile" => "pattern",
            "loads" => "loaded",
            "dumps" | "join" => "text",
            "sorted" => "ordered",
            "deepcopy" | "copy" => "copied",
            "sum" => "total",
            "min" => "least",
            "max" => "most",
            "split" | "splitlines" => "parts",
            "list" | "tuple" => "items",
            "dict" => "table",
            "set" | "frozenset" => "known",
            other => return format!("{}_result", other.trim_matches('_')),
        },
        _ => "value",
    };
    word.to_owned()
}

/// The whole line of a statement goes.
fn without_line(scene: &Scene, range: &std::ops::Range<usize>) -> Option<(std::ops::Range<usize>, String)> {
    let content = &scene.module.text.content;
    let start = content[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let rest = &content[range.end..];
    let length = rest.find('\n').map_or(rest.len(), |at| at + 1);
    // A block needs a statement, and a comment behind it says something of it.
    let alone = rest[..length].trim().is_empty() && content[start..range.start].trim().is_empty();
    let only = scene.around(range).into_iter().skip(1).any(|node| match node {
        Node::Stmt(Stmt::For(it)) => it.body.len() == 1 && bytes(&it.body[0]) == *range,
        Node::Stmt(Stmt::While(it)) => it.body.len() == 1 && bytes(&it.body[0]) == *range,
        Node::Stmt(Stmt::If(it)) => it.body.len() == 1 && bytes(&it.body[0]) == *range,
        _ => false,
    });
    (alone && !only).then(|| (start..range.end + length, String::new()))
}

fn draft(source: &str, edits: Vec<(std::ops::Range<usize>, String)>, confidence: f64) -> Draft {
    let head: String = source.chars().take_while(|c| *c != '(' && *c != '\n').collect();
    let head = if head.trim().is_empty() || head.len() > 30 { "it" } else { head.trim() };
    Draft {
        title: format!("Compute {} once instead of in each round", head.trim_start_matches(['[', '{'])),
        explanation: format!(
            "`{}` depends on nothing that the loop changes, and the loop only reads what it gives; so it is computed once, \
             before the loop, and each round sees the same as before.",
            crop(source)
        ),
        edits,
        confidence,
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples::Example;

    #[test]
    fn what_stays_the_same_is_computed_before_the_loop() {
        Example::of("import re\n\ndef f(lines):\n    count = 0\n    for line in lines:\n        if re.compile('a+b').match(line):\n            \
                     count += 1\n    return count\n")
            .repaired(
                "invariant-in-loop",
                "import re\n\ndef f(lines):\n    count = 0\n    pattern = re.compile('a+b')\n    for line in lines:\n        if \
                 pattern.match(line):\n            count += 1\n    return count\n",
            );
        Example::of("def f(rows, table):\n    return [row for row in rows if row in set(table)]\n").repaired(
            "invariant-in-loop",
            "def f(rows, table):\n    known = set(table)\n    return [row for row in rows if row in known]\n",
        );
        Example::of(
            "def f(rows):\n    out = []\n    for row in rows:\n        ordered = sorted(rows)\n        \
                     out.append(ordered.index(row))\n    return out\n",
        )
        .repaired(
            "invariant-in-loop",
            "def f(rows):\n    out = []\n    ordered = sorted(rows)\n    for row in rows:\n        \
                 out.append(ordered.index(row))\n    return out\n",
        );
        Example::of("def f(rows, names):\n    out = 0\n    for row in rows:\n        if row in names_of(names):\n            out += 1\n    return \
                     out\n\ndef names_of(names):\n    out = []\n    for name in names:\n        out.append(name.lower())\n    return out\n")
            .repaired(
                "invariant-in-loop",
                "def f(rows, names):\n    out = 0\n    names_of_result = names_of(names)\n    for row in rows:\n        if row in \
                 names_of_result:\n            out += 1\n    return out\n\ndef names_of(names):\n    out = []\n    for name in names:\n        \
                 out.append(name.lower())\n    return out\n",
            );
    }

    #[test]
    fn what_the_loop_changes_or_gives_away_is_left_alone() {
        for source in [
            "import copy\n\ndef f(rows, o):\n    for row in rows:\n        save(copy.deepcopy(o), row)\n",
            "def f(rows):\n    for row in rows:\n        if row in set(rows):\n            rows.remove(row)\n",
            "def f(rows, o):\n    for row in rows:\n        if row in set(o.take()):\n            row.x = 1\n",
            "def f(rows, o):\n    return [sorted(o) for row in rows]\n",
        ] {
            Example::of(source).refused("invariant-in-loop");
        }
    }
}
