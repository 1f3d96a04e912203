//! The same answers, more slowly: scans instead of look-ups, work done again in every turn of a loop, growing copies.

use ruff_python_ast::{CmpOp, Expr, Stmt};
use ruff_text_size::Ranged as _;

use super::{Scene, blocks, bytes, expressions, method, name_of};
use crate::fault::{Edit, Fault};
use crate::plan::Capability;

pub(super) fn plant(scene: &Scene, found: &mut Vec<Fault>) {
    for expr in scene.expressions() {
        membership(scene, expr, found);
    }
    for statement in scene.loops() {
        growing_copies(scene, statement, found);
        repeated_copies(scene, statement, found);
    }
    sets_to_lists(scene, found);
    into_the_loop(scene, found);
    memo_decorator(scene, found);
    memo_guard(scene, found);
}

fn push(scene: &Scene, rule: &'static str, edits: Vec<Edit>, what: String, found: &mut Vec<Fault>) {
    found.push(scene.fault(Capability::Performance, rule, edits, what));
}

/// `k in table` becomes `k in list(table)`.
fn membership(scene: &Scene, expr: &Expr, found: &mut Vec<Fault>) {
    let Expr::Compare(compare) = expr else { return };
    let (Some(op), [of]) = (compare.ops.first(), &compare.comparators[..]) else { return };
    if matches!(op, CmpOp::In | CmpOp::NotIn) && matches!(of, Expr::Name(_) | Expr::Attribute(_)) {
        let text = format!("list({})", scene.src(of));
        let what = format!("`{}` scans a list", scene.src(expr));
        push(scene, "scanned-membership", vec![Edit::new(bytes(of), text)], what, found);
    }
}

/// `out.append(x)` in a loop becomes `out = out + [x]`.
fn growing_copies(scene: &Scene, statement: &Stmt, found: &mut Vec<Fault>) {
    for inner in inside(statement) {
        let Stmt::Expr(only) = inner else { continue };
        let grown = [("append", "["), ("extend", "list(")].into_iter().find_map(|(name, open)| {
            let (of, arguments) = method(&only.value, name, 1)?;
            let close = if open == "[" { "]" } else { ")" };
            let own = name_of(of).filter(|name| is_local(scene, name))?;
            Some((own, format!("{own} = {own} + {open}{}{close}", scene.src(&arguments[0]))))
        });
        if let Some((name, text)) = grown {
            let what = format!("`{name}` is copied in every turn to grow by one");
            push(scene, "growing-copy", vec![Edit::new(bytes(inner), text)], what, found);
        }
    }
}

/// Made in this function, and not seen by functions within.
fn is_local(scene: &Scene, name: &str) -> bool {
    scene.statements().into_iter().any(|statement| match statement {
        Stmt::Assign(assign) => {
            assign.targets.iter().any(|target| name_of(target) == Some(name)) && matches!(*assign.value, Expr::List(_))
        }
        Stmt::AnnAssign(assign) => {
            name_of(&assign.target) == Some(name) && matches!(assign.value.as_deref(), Some(Expr::List(_)))
        }
        _ => false,
    })
}

/// In a loop, `table[k]` becomes `dict(table)[k]`, `len(x)` becomes `len(list(x))`.
fn repeated_copies(scene: &Scene, statement: &Stmt, found: &mut Vec<Fault>) {
    let body: &[Stmt] = match statement {
        Stmt::For(it) => &it.body,
        Stmt::While(it) => &it.body,
        _ => return,
    };
    for expr in expressions(body) {
        match expr {
            Expr::Call(call) if name_of(&call.func) == Some("len") => {
                let [of] = &call.arguments.args[..] else { continue };
                if matches!(of, Expr::Name(_) | Expr::Attribute(_)) {
                    let what = format!("`{}` is copied in every turn to be counted", scene.src(of));
                    let edit = Edit::new(bytes(of), format!("list({})", scene.src(of)));
                    push(scene, "copied-in-loop", vec![edit], what, found);
                }
            }
            Expr::Subscript(it) if it.ctx.is_load() && !it.slice.is_slice_expr() => {
                if matches!(*it.value, Expr::Name(_) | Expr::Attribute(_)) {
                    let of = scene.src(&*it.value);
                    let copy = if matches!(*it.slice, Expr::NumberLiteral(_)) { "list" } else { "dict" };
                    let what = format!("`{of}` is copied in every turn to look something up");
                    let edit = Edit::new(bytes(&*it.value), format!("{copy}({of})"));
                    push(scene, "copied-in-loop", vec![edit], what, found);
                }
            }
            _ => {}
        }
    }
}

fn inside(statement: &Stmt) -> Vec<&Stmt> {
    let mut found: Vec<&Stmt> = blocks(statement).into_iter().flatten().collect();
    let mut next = 0;
    while next < found.len() {
        found.extend(blocks(found[next]).into_iter().flatten());
        next += 1;
    }
    found
}

/// `seen = set()` with `seen.add` becomes a list with `append`.
fn sets_to_lists(scene: &Scene, found: &mut Vec<Fault>) {
    for statement in scene.statements() {
        let (target, value) = match statement {
            Stmt::Assign(it) if it.targets.len() == 1 => (&it.targets[0], &*it.value),
            Stmt::AnnAssign(it) => match &it.value {
                Some(value) => (&*it.target, &**value),
                None => continue,
            },
            _ => continue,
        };
        let Some(name) = name_of(target) else { continue };
        let list = match value {
            Expr::Call(call) if matches!(name_of(&call.func), Some("set" | "frozenset")) => {
                match &call.arguments.args[..] {
                    [] => "[]".to_owned(),
                    [of] => format!("list({})", scene.src(of)),
                    _ => continue,
                }
            }
            Expr::SetComp(_) | Expr::Set(_) => {
                let text = scene.src(value);
                format!("[{}]", &text[1..text.len() - 1])
            }
            _ => continue,
        };
        let mut edits = vec![Edit::new(bytes(value), list)];
        for expr in scene.expressions() {
            if let Some((of, _)) = method(expr, "add", 1)
                && name_of(of) == Some(name)
                && let Some(call) = expr.as_call_expr()
            {
                edits.push(Edit::new(bytes(of).end..usize::from(call.arguments.start()), ".append"));
            }
        }
        edits.sort_by_key(|edit| edit.range.start);
        push(scene, "list-for-set", edits, format!("`{name}` is a list now, and scanned"), found);
    }
}

/// What was computed before a loop is computed in every turn.
fn into_the_loop(scene: &Scene, found: &mut Vec<Fault>) {
    for block in scene.blocks() {
        for (index, statement) in block.iter().enumerate() {
            let Stmt::Assign(assign) = statement else { continue };
            let ([target], Expr::Call(_) | Expr::ListComp(_) | Expr::DictComp(_) | Expr::SetComp(_)) =
                (&assign.targets[..], &*assign.value)
            else {
                continue;
            };
            let Some(name) = name_of(target) else { continue };
            let Some(lines) = scene.whole_lines(statement) else { continue };
            let Some(around) = block[index + 1..].iter().find(|it| matches!(it, Stmt::For(_) | Stmt::While(_))) else {
                continue;
            };
            let uses: Vec<&Expr> =
                expressions(&block[index + 1..]).into_iter().filter(|it| name_of(it) == Some(name)).collect();
            let within = inside(around);
            let in_loop = |it: &&&Expr| within.iter().any(|inner| inner.range().contains_range(it.range()));
            let all_read = uses.iter().all(|it| it.as_name_expr().is_some_and(|it| it.ctx.is_load()));
            if uses.is_empty() || !all_read || uses.iter().filter(in_loop).count() != uses.len() || uses.len() > 3 {
                continue;
            }
            let mut edits = vec![Edit::new(lines, "")];
            edits.extend(uses.iter().map(|it| Edit::new(bytes(*it), scene.src(&*assign.value))));
            push(scene, "moved-into-loop", edits, format!("`{name}` is computed anew in every turn"), found);
        }
    }
}

fn memo_decorator(scene: &Scene, found: &mut Vec<Fault>) {
    for decorator in &scene.function.def.decorator_list {
        let text = scene.src(&decorator.expression);
        let remembers = text.contains("lru_cache") || text.rsplit('.').next() == Some("cache");
        if remembers && let Some(lines) = scene.whole_lines(decorator) {
            push(scene, "removed-memo", vec![Edit::new(lines, "")], format!("`@{text}` is gone"), found);
        }
    }
}

/// `if key in cache: return cache[key]` is gone.
fn memo_guard(scene: &Scene, found: &mut Vec<Fault>) {
    for block in scene.blocks() {
        for statement in block.iter().take(block.len().saturating_sub(1)) {
            let Stmt::If(guard) = statement else { continue };
            let ([Stmt::Return(back)], []) = (&guard.body[..], &guard.elif_else_clauses[..]) else { continue };
            let remembered =
                back.value.as_deref().is_some_and(|it| matches!(it, Expr::Subscript(_) | Expr::Attribute(_)));
            if remembered && let Some(lines) = scene.whole_lines(guard) {
                let what = format!("what was found before (`{}`) is computed again", scene.src(guard).trim());
                push(scene, "removed-memo", vec![Edit::new(lines, "")], what, found);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::planted;
    use crate::plan::Capability;

    #[test]
    fn loops_get_slower_and_keep_their_meaning() {
        for (healthy, faulty) in [
            ("seen = set()\nfor x in a:\n    seen.add(x)\n", "seen = []\nfor x in a:\n    seen.append(x)\n"),
            ("out = []\nfor x in a:\n    out.append(x)\n", "out = []\nfor x in a:\n    out = out + [x]\n"),
            ("for x in a:\n    y = b[x]\n", "for x in a:\n    y = dict(b)[x]\n"),
            ("k = make(b)\nfor x in a:\n    use(k, x)\n", "for x in a:\n    use(make(b), x)\n"),
            ("return a in b\n", "return a in list(b)\n"),
        ] {
            let within = |text: &str| {
                let lines: Vec<String> = text.lines().map(|line| format!("    {line}\n")).collect();
                format!("def f(a, b):\n{}", lines.concat())
            };
            let made = planted(Capability::Performance, &within(healthy));
            assert!(made.iter().any(|(_, text)| *text == within(faulty)), "{healthy}: {made:?}");
        }
    }
}
