//! What was copied is shared, what was made anew is changed in place.

use ruff_python_ast::{Expr, Operator, Stmt};

use super::{Scene, bytes, is_none, method, name_of, only_argument};
use crate::fault::{Edit, Fault};
use crate::plan::Capability;

pub(super) fn plant(scene: &Scene, found: &mut Vec<Fault>) {
    for expr in scene.expressions() {
        copy(scene, expr, found);
    }
    for statement in scene.statements() {
        sorted_in_place(scene, statement, found);
        added_in_place(scene, statement, found);
    }
    mutable_defaults(scene, found);
}

fn push(scene: &Scene, rule: &'static str, edits: Vec<Edit>, what: String, found: &mut Vec<Fault>) {
    found.push(scene.fault(Capability::State, rule, edits, what));
}

fn is_plain(expr: &Expr) -> bool {
    matches!(expr, Expr::Name(_) | Expr::Attribute(_) | Expr::Subscript(_))
}

/// `list(x)`, `x.copy()`, `x[:]`, `{**x}`, `deepcopy(x)` become `x`.
fn copy(scene: &Scene, expr: &Expr, found: &mut Vec<Fault>) {
    let of = copied(expr).filter(|of| is_plain(of));
    if let Some(of) = of {
        let what = format!("`{}` is no copy any more", scene.src(expr));
        push(scene, "removed-copy", vec![Edit::new(bytes(expr), scene.src(of))], what, found);
    }
}

fn copied(expr: &Expr) -> Option<&Expr> {
    for function in ["list", "dict", "set", "deepcopy", "copy", "OrderedDict"] {
        if let Some(of) = only_argument(expr, function) {
            return Some(of);
        }
    }
    if let Some((of, _)) = method(expr, "copy", 0) {
        return Some(of);
    }
    for function in ["copy", "deepcopy"] {
        if let Some((module, [of])) = method(expr, function, 1)
            && name_of(module) == Some("copy")
        {
            return Some(of);
        }
    }
    match expr {
        Expr::Subscript(it) => {
            let slice = it.slice.as_slice_expr()?;
            (slice.lower.is_none() && slice.upper.is_none() && slice.step.is_none()).then_some(&*it.value)
        }
        Expr::Dict(it) => match &it.items[..] {
            [only] if only.key.is_none() => Some(&only.value),
            _ => None,
        },
        Expr::List(it) => match &it.elts[..] {
            [Expr::Starred(only)] => Some(&*only.value),
            _ => None,
        },
        _ => None,
    }
}

/// `y = sorted(x)` becomes `x.sort()` and `y = x`; `return sorted(x)` likewise.
fn sorted_in_place(scene: &Scene, statement: &Stmt, found: &mut Vec<Fault>) {
    let value = match statement {
        Stmt::Assign(it) => &it.value,
        Stmt::Return(it) => match &it.value {
            Some(value) => value,
            None => return,
        },
        _ => return,
    };
    let Expr::Call(call) = &**value else { return };
    let [of] = &call.arguments.args[..] else { return };
    let way = match name_of(&call.func) {
        Some("sorted") => "sort",
        _ => return,
    };
    if !is_plain(of) {
        return;
    }
    let keywords: Vec<&str> = call.arguments.keywords.iter().map(|it| scene.src(it)).collect();
    let first = format!("{}.{way}({})\n{}", scene.src(of), keywords.join(", "), scene.indent(statement));
    let start = bytes(statement).start;
    let edits = vec![Edit::new(start..start, first), Edit::new(bytes(&**value), scene.src(of))];
    push(scene, "sorted-in-place", edits, format!("`{}` is sorted in place", scene.src(of)), found);
}

/// `a = a + b` becomes `a += b`, `c = {**a, **b}` becomes `a.update(b)`.
fn added_in_place(scene: &Scene, statement: &Stmt, found: &mut Vec<Fault>) {
    let Stmt::Assign(assign) = statement else { return };
    let ([target], true) = (&assign.targets[..], assign.targets.len() == 1) else { return };
    match &*assign.value {
        Expr::BinOp(sum) if sum.op == Operator::Add && is_plain(&sum.left) => {
            let (target, left, right) = (scene.src(target), scene.src(&*sum.left), scene.src(&*sum.right));
            let text = if target == left {
                format!("{left} += {right}")
            } else {
                format!("{left} += {right}\n{}{target} = {left}", scene.indent(statement))
            };
            let what = format!("`{left}` is extended in place");
            push(scene, "extended-in-place", vec![Edit::new(bytes(statement), text)], what, found);
        }
        Expr::Dict(merged) => {
            let [first, second] = &merged.items[..] else { return };
            if first.key.is_none() && second.key.is_none() && is_plain(&first.value) {
                let (left, right) = (scene.src(&first.value), scene.src(&second.value));
                let text = format!("{left}.update({right})\n{}{} = {left}", scene.indent(statement), scene.src(target));
                let what = format!("`{left}` is updated in place");
                push(scene, "updated-in-place", vec![Edit::new(bytes(statement), text)], what, found);
            }
        }
        _ => {}
    }
}

/// `x=None` with `if x is None: x = []` becomes `x=[]`.
fn mutable_defaults(scene: &Scene, found: &mut Vec<Fault>) {
    for parameter in scene.function.def.parameters.args.iter().chain(&scene.function.def.parameters.kwonlyargs) {
        let Some(default) = parameter.default.as_deref().filter(|it| is_none(it)) else { continue };
        let name = parameter.name().as_str();
        for statement in scene.body() {
            let Some((fresh, lines)) = fresh_for(scene, statement, name) else { continue };
            let edits = vec![Edit::new(bytes(default), fresh), Edit::new(lines, "")];
            let what = format!("all calls share the default of `{name}`");
            push(scene, "mutable-default", edits, what, found);
        }
    }
}

/// The new list or dict that a statement makes where the argument was left out.
fn fresh_for<'s>(scene: &Scene<'s, '_>, statement: &'s Stmt, name: &str) -> Option<(&'s str, std::ops::Range<usize>)> {
    let fresh = |expr: &'s Expr| {
        let empty = matches!(expr, Expr::List(it) if it.elts.is_empty())
            || matches!(expr, Expr::Dict(it) if it.items.is_empty())
            || expr.as_call_expr().is_some_and(|call| {
                call.arguments.is_empty() && matches!(name_of(&call.func), Some("dict" | "list" | "set"))
            });
        empty.then(|| scene.src(expr))
    };
    match statement {
        Stmt::If(guard)
            if guard.elif_else_clauses.is_empty() && scene.src(&*guard.test) == format!("{name} is None") =>
        {
            let [Stmt::Assign(only)] = &guard.body[..] else { return None };
            let same = only.targets.len() == 1 && name_of(&only.targets[0]) == Some(name);
            Some((fresh(&only.value).filter(|_| same)?, scene.whole_lines(guard)?))
        }
        Stmt::Assign(assign) if assign.targets.len() == 1 && name_of(&assign.targets[0]) == Some(name) => {
            let both = assign.value.as_bool_op_expr()?;
            let [first, second] = &both.values[..] else { return None };
            Some((fresh(second).filter(|_| name_of(first) == Some(name))?, scene.whole_lines(assign)?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::planted;
    use crate::plan::Capability;

    #[test]
    fn copies_become_what_they_were_of() {
        for (healthy, faulty) in [
            ("    return list(a)\n", "    return a\n"),
            ("    return a.copy()\n", "    return a\n"),
            ("    return a[:]\n", "    return a\n"),
            ("    return {**a}\n", "    return a\n"),
            ("    return copy.deepcopy(a)\n", "    return a\n"),
            ("    b = sorted(a, key=len)\n", "    a.sort(key=len)\n    b = a\n"),
            ("    a = a + [1]\n", "    a += [1]\n"),
            ("    b = {**a, **c}\n", "    a.update(c)\n    b = a\n"),
        ] {
            let made = planted(Capability::State, &format!("def f(a, c):\n{healthy}"));
            assert_eq!(made[0].1, format!("def f(a, c):\n{faulty}"));
        }
    }

    #[test]
    fn a_default_is_shared() {
        let text = "def f(a, b=None):\n    if b is None:\n        b = []\n    b.append(a)\n    return b\n";
        let made = planted(Capability::State, text);
        assert_eq!(made, [("mutable-default", "def f(a, b=[]):\n    b.append(a)\n    return b\n".to_owned())]);
    }
}
