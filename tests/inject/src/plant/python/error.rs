//! Removed guards: what was checked before is used unchecked.

use ruff_python_ast::{BoolOp, ExceptHandler, Expr, Stmt};

use super::{Scene, bytes, is_none, method, name_of, parts};
use crate::fault::{Edit, Fault};
use crate::plan::Capability;

pub(super) fn plant(scene: &Scene, found: &mut Vec<Fault>) {
    leaving_guards(scene, found);
    wrapped_guards(scene, found);
    narrowed_handlers(scene, found);
    for expr in scene.expressions() {
        conditional(scene, expr, found);
        short_circuit(scene, expr, found);
        lookup(scene, expr, found);
        awaited(scene, expr, found);
    }
    defaults(scene, found);
}

fn push(scene: &Scene, rule: &'static str, edits: Vec<Edit>, what: String, found: &mut Vec<Fault>) {
    found.push(scene.fault(Capability::Error, rule, edits, what));
}

/// `if x is None: return …` is gone.
fn leaving_guards(scene: &Scene, found: &mut Vec<Fault>) {
    for block in scene.blocks() {
        for statement in block.iter().take(block.len().saturating_sub(1)) {
            let Stmt::If(guard) = statement else { continue };
            let leaves = matches!(guard.body.last(), Some(Stmt::Return(_) | Stmt::Continue(_) | Stmt::Raise(_)));
            let short = guard.body.len() <= 2 && guard.elif_else_clauses.is_empty();
            if leaves
                && short
                && is_guard(&guard.test)
                && let Some(lines) = scene.whole_lines(guard)
            {
                let what = format!("the guard `if {}` is gone", scene.src(&*guard.test));
                push(scene, "removed-guard", vec![Edit::new(lines, "")], what, found);
            }
        }
    }
}

/// `if x is not None:` around statements is gone; they run always.
fn wrapped_guards(scene: &Scene, found: &mut Vec<Fault>) {
    for statement in scene.statements() {
        let Stmt::If(guard) = statement else { continue };
        if !guard.elif_else_clauses.is_empty() || !is_guard(&guard.test) || guard.body.len() > 6 {
            continue;
        }
        let (Some(first), Some(last)) = (guard.body.first(), guard.body.last()) else { continue };
        // What leaves would leave always.
        if matches!(last, Stmt::Return(_) | Stmt::Continue(_) | Stmt::Raise(_) | Stmt::Break(_)) {
            continue;
        }
        let (outer, inner) = (scene.indent(guard), scene.indent(first));
        let Some(lines) = scene.whole_lines(guard) else { continue };
        let from = scene.file.text[..bytes(first).start].rfind('\n').map_or(0, |at| at + 1);
        if from <= bytes(&*guard.test).end || inner.len() <= outer.len() {
            continue;
        }
        let body = &scene.file.text[from..lines.end.max(bytes(last).end)];
        if body.contains("\"\"\"") || body.contains("'''") {
            continue;
        }
        let moved: String = body
            .split_inclusive('\n')
            .map(|line| line.strip_prefix(inner).map_or_else(|| line.to_owned(), |rest| format!("{outer}{rest}")))
            .collect();
        let what = format!("the check `if {}` around its block is gone", scene.src(&*guard.test));
        push(scene, "removed-check", vec![Edit::new(lines, moved)], what, found);
    }
}

/// Asks whether something is there, empty, zero or of a type.
fn is_guard(test: &Expr) -> bool {
    match test {
        Expr::Compare(compare) => {
            let plain = compare.comparators.len() == 1;
            let small = |expr: &Expr| is_none(expr) || matches!(expr, Expr::NumberLiteral(_) | Expr::StringLiteral(_));
            plain
                && (compare.comparators.iter().any(small)
                    || compare.ops.iter().any(|op| matches!(op.as_str(), "in" | "not in")))
        }
        Expr::UnaryOp(unary) => unary.op.as_str() == "not" && is_value(&unary.operand),
        Expr::BoolOp(both) => both.values.iter().any(is_guard),
        Expr::Call(call) => {
            matches!(name_of(&call.func), Some("isinstance" | "hasattr" | "callable" | "len"))
        }
        other => is_value(other),
    }
}

fn is_value(expr: &Expr) -> bool {
    matches!(expr, Expr::Name(_) | Expr::Attribute(_) | Expr::Subscript(_)) || is_check_call(expr)
}

fn is_check_call(expr: &Expr) -> bool {
    expr.as_call_expr().is_some_and(|call| matches!(name_of(&call.func), Some("isinstance" | "hasattr" | "len")))
}

/// `a if a is not None else b` becomes the side that needs it.
fn conditional(scene: &Scene, expr: &Expr, found: &mut Vec<Fault>) {
    let Expr::If(choice) = expr else { return };
    if !is_guard(&choice.test) {
        return;
    }
    let uses = |side: &Expr| {
        let tested = parts(&choice.test).into_iter().filter(|it| is_value(it)).map(|it| scene.src(it));
        tested.into_iter().any(|text| side.as_name_expr().is_none() && scene.src(side).contains(text))
    };
    let side = if uses(&choice.body) {
        &choice.body
    } else if uses(&choice.orelse) {
        &choice.orelse
    } else {
        return;
    };
    let what = format!("`{}` is taken without asking `{}`", scene.src(&**side), scene.src(&*choice.test));
    let mut text = scene.src(&**side).to_owned();
    if matches!(**side, Expr::BoolOp(_) | Expr::BinOp(_) | Expr::Compare(_) | Expr::UnaryOp(_)) {
        text = format!("({text})");
    }
    push(scene, "removed-choice", vec![Edit::new(bytes(expr), text)], what, found);
}

/// `x and x.y` becomes `x.y`, `x or default` becomes `x`.
fn short_circuit(scene: &Scene, expr: &Expr, found: &mut Vec<Fault>) {
    let Expr::BoolOp(both) = expr else { return };
    let [first, second, ..] = &both.values[..] else { return };
    match both.op {
        BoolOp::Or if both.values.len() == 2 && is_literal(second) && is_value(first) => {
            let what = format!("the default `{}` is gone", scene.src(second));
            push(scene, "removed-default", vec![Edit::new(bytes(first).end..bytes(second).end, "")], what, found);
        }
        BoolOp::And | BoolOp::Or if is_guard(first) => {
            let what = format!("`{}` is no longer asked first", scene.src(first));
            push(scene, "removed-condition", vec![Edit::new(bytes(first).start..bytes(second).start, "")], what, found);
        }
        _ => {}
    }
}

fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Dict(_) | Expr::List(_) | Expr::Tuple(_) | Expr::NumberLiteral(_) | Expr::StringLiteral(_) => true,
        Expr::Call(call) => {
            call.arguments.args.is_empty() && matches!(name_of(&call.func), Some("dict" | "list" | "set" | "tuple"))
        }
        _ => false,
    }
}

/// `d.get(k)` becomes `d[k]`; defaults of `pop`, `next`, `getattr`, `max` are gone.
fn lookup(scene: &Scene, expr: &Expr, found: &mut Vec<Fault>) {
    let Expr::Call(call) = expr else { return };
    for count in [1, 2] {
        if let Some((of, [key, ..])) = method(expr, "get", count) {
            let text = format!("{}[{}]", scene.src(of), scene.src(key));
            let what = format!("`{}` takes a key for granted", scene.src(of));
            push(scene, "removed-get", vec![Edit::new(bytes(expr), text)], what, found);
        }
    }
    let mut shorter = |first: &Expr, second: &Expr, name: &str| {
        let what = format!("{name} has no default any more");
        push(scene, "removed-default", vec![Edit::new(bytes(first).end..bytes(second).end, "")], what, found);
    };
    if let Some((_, [key, default])) = method(expr, "pop", 2) {
        shorter(key, default, "`pop`");
    }
    match (name_of(&call.func), &call.arguments.args[..]) {
        (Some("next"), [it, default]) => shorter(it, default, "`next`"),
        (Some("getattr"), [_, name, default]) => shorter(name, default, "`getattr`"),
        (Some(name @ ("max" | "min")), [values]) => {
            let default = call.arguments.keywords.iter().find(|it| it.arg.as_ref().is_some_and(|it| it == "default"));
            if let Some(keyword) = default.filter(|_| call.arguments.keywords.len() == 1) {
                let what = format!("`{name}` has no default any more");
                let edit = Edit::new(bytes(values).end..bytes(keyword).end, "");
                push(scene, "removed-default", vec![edit], what, found);
            }
        }
        _ => {}
    }
}

fn awaited(scene: &Scene, expr: &Expr, found: &mut Vec<Fault>) {
    let Expr::Await(it) = expr else { return };
    let edit = Edit::new(bytes(expr).start..bytes(&*it.value).start, "");
    push(scene, "removed-await", vec![edit], format!("`{}` is not awaited", scene.src(&*it.value)), found);
}

/// `try: a; except KeyError: b` catches less than it has to.
fn narrowed_handlers(scene: &Scene, found: &mut Vec<Fault>) {
    for statement in scene.statements() {
        let Stmt::Try(attempt) = statement else { continue };
        for ExceptHandler::ExceptHandler(handler) in &attempt.handlers {
            let Some(Expr::Tuple(kinds)) = handler.type_.as_deref() else { continue };
            for (index, kind) in kinds.elts.iter().enumerate() {
                let kept: Vec<&str> =
                    kinds.elts.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, it)| scene.src(it)).collect();
                let text = if let [only] = kept[..] { only.to_owned() } else { format!("({})", kept.join(", ")) };
                let what = format!("`{}` is no longer caught", scene.src(kind));
                push(scene, "narrowed-except", vec![Edit::new(bytes(kinds), text)], what, found);
            }
        }
        if let ([ExceptHandler::ExceptHandler(_)], true, true, [only]) =
            (&attempt.handlers[..], attempt.orelse.is_empty(), attempt.finalbody.is_empty(), &attempt.body[..])
            && let Some(lines) = scene.whole_lines(attempt)
            && !scene.src(only).contains('\n')
        {
            let text = format!("{}{}\n", scene.indent(attempt), scene.src(only));
            let what = format!("`{}` is no longer tried, but taken for granted", scene.src(only));
            push(scene, "removed-try", vec![Edit::new(lines, text)], what, found);
        }
    }
}

/// An argument that callers leave out has no default any more.
fn defaults(scene: &Scene, found: &mut Vec<Fault>) {
    let parameters = &scene.function.def.parameters;
    let last = parameters.args.iter().filter(|it| it.default.is_some()).take(1);
    for parameter in last {
        let Some(default) = &parameter.default else { continue };
        let edit = Edit::new(bytes(&parameter.parameter).end..bytes(&**default).end, "");
        let what = format!("`{}` has no default any more", parameter.name());
        push(scene, "removed-default", vec![edit], what, found);
    }
}

#[cfg(test)]
mod tests {
    use super::super::planted;
    use crate::plan::Capability;

    fn all(text: &str) -> Vec<(&'static str, String)> {
        planted(Capability::Error, text)
    }

    #[test]
    fn a_guard_that_leaves_is_removed_with_its_lines() {
        let text = "def f(a):\n    if a is None:\n        return 0\n    return a.b\n";
        assert_eq!(all(text), [("removed-guard", "def f(a):\n    return a.b\n".to_owned())]);
    }

    #[test]
    fn a_guarded_block_moves_out() {
        let text = "def f(a, b):\n    if a:\n        b.add(a[0])\n    return b\n";
        assert_eq!(all(text), [("removed-check", "def f(a, b):\n    b.add(a[0])\n    return b\n".to_owned())]);
    }

    #[test]
    fn lookups_lose_their_defaults() {
        let of = |body: &str| {
            let made = all(&format!("def f(a, b):\n    return {body}\n"));
            made.into_iter()
                .map(|(_, text)| text["def f(a, b):\n    return ".len()..].trim().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(of("a.get(b)"), ["a[b]"]);
        assert_eq!(of("a.pop(b, None)"), ["a.pop(b)"]);
        assert_eq!(of("next(a, None)"), ["next(a)"]);
        assert_eq!(of("max(a, default=0)"), ["max(a)"]);
        assert_eq!(of("a and a.b"), ["a.b"]);
        assert_eq!(of("a or []"), ["a"]);
        assert_eq!(of("a.b if a is not None else b"), ["a.b"]);
    }

    #[test]
    fn what_is_caught_may_become_less() {
        let text = "def f(a):\n    try:\n        return int(a)\n    except (KeyError, ValueError):\n        return 0\n";
        let made = all(text);
        assert_eq!(made.len(), 3);
        assert!(made[0].1.contains("except ValueError:"));
        assert_eq!(made[2], ("removed-try", "def f(a):\n    return int(a)\n".to_owned()));
    }
}
