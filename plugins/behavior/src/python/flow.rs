//! The function that runs a sequence's beats, in Python.

use std::collections::BTreeSet;

use ruff_python_ast::{Expr, ExprContext, Stmt};
use thymus_python::project::Project;
use thymus_python::syntax::{Function, Module, Node, blocks, bytes, callee_name, walk};

use crate::disorder::Disorder;
use crate::flow::{Flow, Statement};
use crate::sequence::last_name;

/// Calls that change neither what they are called on nor what they are given.
const HARMLESS: [&str; 34] = [
    "get",
    "keys",
    "values",
    "items",
    "strip",
    "split",
    "lower",
    "upper",
    "startswith",
    "endswith",
    "format",
    "copy",
    "join",
    "replace",
    "len",
    "str",
    "int",
    "float",
    "bool",
    "repr",
    "list",
    "dict",
    "set",
    "tuple",
    "sorted",
    "min",
    "max",
    "sum",
    "print",
    "isinstance",
    "round",
    "abs",
    "range",
    "enumerate",
];

/// The function that calls the beats, and what it is made of.
pub fn find<'p>(disorder: &Disorder, project: &'p Project) -> Option<(&'p Module, Function<'p>, Flow)> {
    let observed: BTreeSet<&str> = disorder.observed.iter().map(|beat| last_name(&beat.handler)).collect();
    if let Some(caller) = &disorder.caller
        && let Some(module) = caller.path.as_deref().and_then(|path| project.module(path))
    {
        let name = last_name(&caller.handler);
        let named = module.functions().into_iter().filter(|one| one.def.name.as_str() == name);
        let mut own: Vec<Function> = named.filter(|function| qualifies(function, &caller.handler)).collect();
        if own.len() > 1 {
            own.retain(|function| calls_any(function, &observed));
        }
        let [function] = own.as_slice() else { return None };
        return Some((module, *function, flow(module, function, disorder)));
    }
    if observed.len() < 2 {
        return None;
    }
    let mut found: Vec<(&Module, Function)> = Vec::new();
    for module in project.sources() {
        if observed.iter().any(|name| !module.text.content.contains(name)) {
            continue;
        }
        found.extend(module.functions().into_iter().filter(|one| calls_all(one, &observed)).map(|one| (module, one)));
    }
    // The innermost, where one lies in the other; two that don't can't be told apart.
    let (module, function) = *found.iter().min_by_key(|(_, function)| bytes(function.def).len())?;
    let inner = bytes(function.def);
    let around = |(other, outer): &(&Module, Function)| {
        let outer = bytes(outer.def);
        other.text.path == module.text.path && outer.start <= inner.start && inner.end <= outer.end
    };
    found.iter().all(around).then(|| (module, function, flow(module, &function, disorder)))
}

/// Whether a function may be the handler of this qualified name: `Class.method` is no other class's.
fn qualifies(function: &Function, handler: &str) -> bool {
    let mut parts = handler.rsplit('.').skip(1);
    match (function.class, parts.next()) {
        (Some(class), Some(owner)) => class.name.as_str() == owner,
        _ => true,
    }
}

fn called(function: &Function) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    walk(&function.def.body, &mut |node| {
        if let Node::Expr(Expr::Call(call)) = node
            && let Some(name) = callee_name(&call.func)
        {
            names.insert(name.to_owned());
        }
        true
    });
    names
}

fn calls_any(function: &Function, names: &BTreeSet<&str>) -> bool {
    let called = called(function);
    names.iter().any(|name| called.contains(*name))
}

fn calls_all(function: &Function, names: &BTreeSet<&str>) -> bool {
    let called = called(function);
    names.iter().all(|name| called.contains(*name))
}

fn flow(module: &Module, function: &Function, disorder: &Disorder) -> Flow {
    let beats: BTreeSet<&str> =
        disorder.expected.iter().chain(&disorder.observed).map(|beat| last_name(&beat.handler)).collect();
    let mut all = Vec::new();
    let mut open: Vec<&[Stmt]> = vec![&function.def.body];
    while let Some(block) = open.pop() {
        all.push(block.iter().map(|one| statement(one, &beats)).collect());
        open.extend(block.iter().flat_map(|one| blocks(one)));
    }
    Flow {
        path: module.text.path.clone(),
        name: Some(function.def.name.to_string()),
        range: bytes(function.def),
        blocks: all,
    }
}

fn statement(of: &Stmt, beats: &BTreeSet<&str>) -> Statement {
    let (mut calls, mut reads, mut writes) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    let mut is_plain = matches!(of, Stmt::Expr(_) | Stmt::Assign(_) | Stmt::AnnAssign(_) | Stmt::AugAssign(_));
    walk(std::slice::from_ref(of), &mut |node| {
        match node {
            Node::Expr(Expr::Call(call)) => {
                let name = callee_name(&call.func).unwrap_or_default();
                calls.push((name.to_owned(), bytes(call)));
                if !beats.contains(name) && !HARMLESS.contains(&name) {
                    writes.extend(call.func.as_attribute_expr().and_then(|method| root(&method.value)));
                    let given = call.arguments.args.iter().chain(call.arguments.keywords.iter().map(|one| &one.value));
                    writes.extend(given.filter_map(|one| one.as_name_expr()).map(|name| name.id.to_string()));
                }
            }
            Node::Expr(Expr::Name(name)) => {
                let names = if matches!(name.ctx, ExprContext::Load) { &mut reads } else { &mut writes };
                names.insert(name.id.to_string());
            }
            Node::Expr(Expr::Attribute(part)) if !matches!(part.ctx, ExprContext::Load) => {
                writes.extend(root(&part.value));
            }
            Node::Expr(Expr::Subscript(part)) if !matches!(part.ctx, ExprContext::Load) => {
                writes.extend(root(&part.value));
            }
            Node::Expr(Expr::Yield(_) | Expr::YieldFrom(_)) => is_plain = false,
            _ => {}
        }
        true
    });
    // What a statement adds to is read too.
    if let Stmt::AugAssign(adds) = of {
        reads.extend(root(&adds.target));
    }
    Statement { range: bytes(of), is_plain, is_call: is_call(of), calls, reads, writes }
}

fn is_call(statement: &Stmt) -> bool {
    let Stmt::Expr(alone) = statement else { return false };
    match &*alone.value {
        Expr::Call(_) => true,
        Expr::Await(waits) => waits.value.is_call_expr(),
        _ => false,
    }
}

/// The name at the beginning of `a.b[c].d`.
fn root(expr: &Expr) -> Option<String> {
    let mut inner = expr;
    loop {
        inner = match inner {
            Expr::Name(name) => return Some(name.id.to_string()),
            Expr::Attribute(part) => &part.value,
            Expr::Subscript(part) => &part.value,
            Expr::Call(call) => &call.func,
            _ => return None,
        };
    }
}
