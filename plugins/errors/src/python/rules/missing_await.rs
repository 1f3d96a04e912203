//! A coroutine that was used instead of awaited.

use ruff_python_ast::{Expr, Stmt};

use crate::python::draft::Draft;
use crate::python::failing::{Failing, asyncness, generators};
use crate::repair::Promise;
use thymus_python::origin::{one_line, reaching};
use thymus_python::syntax::{Node, bytes, callee_name, dotted, parts};

pub fn drafts(failing: &Failing) -> Vec<Draft> {
    let Some(function) = failing.function.filter(|function| function.def.is_async) else { return Vec::new() };
    if in_lambda(failing) {
        return Vec::new();
    }
    if failing.exception.message.contains("async_generator") {
        return over_async_generator(failing).into_iter().collect();
    }
    let mut calls = vec![made(failing, failing.subject)];
    // `a() + b()` lacks two.
    if let Some(Expr::BinOp(node)) = failing.parent() {
        for side in [&*node.left, &*node.right] {
            if asyncness(failing.project, failing.module, Some(function), side) >= 5 {
                calls.push(made(failing, side));
            }
        }
    }
    let mut edits: Vec<(std::ops::Range<usize>, String)> = Vec::new();
    for call in calls.into_iter().flatten() {
        let range = bytes(call);
        if edits.iter().any(|(done, _)| done.start == range.start) {
            continue;
        }
        if needs_parentheses(failing, call) {
            edits.push((range, format!("(await {})", failing.src(call))));
        } else {
            edits.push((range.start..range.start, "await ".to_owned()));
        }
    }
    let Some(call) = made(failing, failing.subject) else { return Vec::new() };
    let likely = asyncness(failing.project, failing.module, Some(function), call);
    let name = call.as_call_expr().and_then(|call| dotted(&call.func)).unwrap_or_default();
    vec![Draft {
        title: format!("Await {}", one_line(&name)),
        explanation: format!(
            "`{name}` is async: calling it gives a coroutine, and its result only when that is awaited."
        ),
        edits,
        confidence: if likely >= 9 {
            0.95
        } else if likely >= 3 {
            0.8
        } else {
            0.4
        },
        promise: Promise::ReturnsSomething,
    }]
}

/// The call that made the coroutine.
pub fn made<'a>(failing: &Failing<'a>, subject: &'a Expr) -> Option<&'a Expr> {
    match subject {
        Expr::Call(_) => Some(subject),
        Expr::Name(name) => reaching(failing.function, name.id.as_str(), bytes(subject).start)
            .into_iter()
            .filter(|value| value.is_call_expr())
            .max_by_key(|value| asyncness(failing.project, failing.module, failing.function, value)),
        _ => None,
    }
}

fn in_lambda(failing: &Failing) -> bool {
    failing.chain.iter().any(|node| matches!(node, Node::Expr(Expr::Lambda(_))))
}

/// `await` binds less tightly than what follows a dot or a bracket.
fn needs_parentheses(failing: &Failing, call: &Expr) -> bool {
    let range = bytes(call);
    let chain = failing.module.chain(range.clone());
    let parent = chain.iter().rev().filter_map(|node| match node {
        Node::Expr(expr) if bytes(*expr) != range => Some(*expr),
        _ => None,
    });
    match parent.into_iter().next() {
        Some(Expr::Attribute(node)) => bytes(&*node.value) == range,
        Some(Expr::Subscript(node)) => bytes(&*node.value) == range,
        Some(Expr::Call(node)) => bytes(&*node.func) == range,
        Some(Expr::BinOp(node)) => node.op == ruff_python_ast::Operator::Pow && bytes(&*node.left) == range,
        _ => false,
    }
}

/// `for x in rows()` of an asynchronous generator.
fn over_async_generator(failing: &Failing) -> Option<Draft> {
    let range = bytes(failing.expr);
    let at = match failing.statement()? {
        Stmt::For(node) if bytes(&*node.iter) == range && !node.is_async => bytes(failing.statement()?).start,
        statement => {
            let all = crate::python::failing::header(statement);
            let found = all
                .into_iter()
                .flat_map(parts)
                .flat_map(generators)
                .find(|generator| bytes(&generator.iter) == range)?;
            bytes(found).start
        }
    };
    let name = callee_name(failing.expr).unwrap_or("it").to_owned();
    Some(Draft {
        title: format!("Iterate over {name} with async for"),
        explanation: format!("`{name}` is an asynchronous generator: only `async for` iterates over it."),
        edits: vec![(at..at, "async ".to_owned())],
        confidence: 0.93,
        promise: Promise::ReturnsSomething,
    })
}
