//! The function that runs a sequence's beats, in JavaScript and TypeScript.

use std::collections::BTreeSet;

use oxc::ast::AstKind;
use oxc::ast::ast::{CallExpression, Expression, Statement as Syntax};
use oxc::span::{GetSpan as _, Span};
use thymus_javascript::code::{Body, Code, Func, bare, is_name, range};
use thymus_javascript::project::{Project, is_test};

use crate::disorder::Disorder;
use crate::flow::{Flow, Statement};
use crate::sequence::last_name;

/// Calls that change neither what they are called on nor what they are given.
const HARMLESS: [&str; 36] = [
    "get",
    "has",
    "map",
    "filter",
    "slice",
    "includes",
    "indexOf",
    "trim",
    "split",
    "toLowerCase",
    "toUpperCase",
    "join",
    "concat",
    "keys",
    "values",
    "entries",
    "toString",
    "find",
    "some",
    "every",
    "reduce",
    "startsWith",
    "endsWith",
    "replace",
    "stringify",
    "isArray",
    "String",
    "Number",
    "Boolean",
    "parseInt",
    "parseFloat",
    "log",
    "min",
    "max",
    "round",
    "floor",
];
/// Larger functions are generated.
const MOST_STATEMENTS: usize = 400;

/// The function that calls the beats, and what it is made of.
pub fn find(disorder: &Disorder, project: &Project) -> Option<Flow> {
    let observed: BTreeSet<&str> = disorder.observed.iter().map(|beat| last_name(&beat.handler)).collect();
    if let Some(caller) = &disorder.caller
        && let Some(path) = &caller.path
    {
        return project.ask(path, |code| {
            let mut own = code.functions_named(last_name(&caller.handler));
            if own.len() > 1 {
                own.retain(|one| called(code, one).iter().any(|name| observed.contains(*name)));
            }
            if let [function] = own.as_slice() { flow(code, function, disorder) } else { None }
        })?;
    }
    if observed.len() < 2 {
        return None;
    }
    let mut found = Vec::new();
    for path in project.scripts().iter().filter(|path| !is_test(path)) {
        let mentions = project.text(path).is_some_and(|text| observed.iter().all(|name| text.content.contains(name)));
        if mentions {
            found.extend(project.ask(path, |code| innermost(code, &observed, disorder)).flatten());
        }
    }
    // Two functions that run the same beats can't be told apart.
    if found.len() == 1 { found.pop() } else { None }
}

/// The innermost function that calls all of these; none where there are two.
fn innermost(code: &Code, names: &BTreeSet<&str>, disorder: &Disorder) -> Option<Flow> {
    let all: Vec<Func> = code
        .functions()
        .filter(|function| {
            let called = called(code, function);
            names.iter().all(|name| called.contains(name))
        })
        .collect();
    let inner = all.iter().min_by_key(|function| function.span.size())?;
    let around = |outer: &Func| outer.span.start <= inner.span.start && inner.span.end <= outer.span.end;
    if all.iter().all(around) { flow(code, inner, disorder) } else { None }
}

fn called<'a>(code: &Code<'a>, function: &Func<'a>) -> BTreeSet<&'a str> {
    let calls = code.inside(function.span).filter_map(|kind| match kind {
        AstKind::CallExpression(call) => callee_name(call),
        _ => None,
    });
    calls.collect()
}

/// The last name of what is called.
pub fn callee_name<'a>(call: &'a CallExpression<'a>) -> Option<&'a str> {
    match bare(&call.callee) {
        Expression::Identifier(name) => Some(name.name.as_str()),
        other => other.get_member_expr()?.static_property_name(),
    }
}

fn flow<'a>(code: &Code<'a>, function: &Func<'a>, disorder: &Disorder) -> Option<Flow> {
    let Body::Block(body) = function.body else { return None };
    let beats: BTreeSet<&str> =
        disorder.expected.iter().chain(&disorder.observed).map(|beat| last_name(&beat.handler)).collect();
    let mut spans: Vec<Vec<(Span, Kind)>> = vec![body.statements.iter().map(|one| (one.span(), kind(one))).collect()];
    for node in code.inside(function.span) {
        if let AstKind::BlockStatement(block) = node {
            spans.push(block.body.iter().map(|one| (one.span(), kind(one))).collect());
        }
    }
    if spans.iter().map(Vec::len).sum::<usize>() > MOST_STATEMENTS {
        return None;
    }
    let blocks = spans
        .into_iter()
        .map(|block| block.into_iter().map(|(span, kind)| statement(code, span, kind, &beats)).collect());
    Some(Flow {
        path: code.text.path.clone(),
        name: code.function_name(function).map(str::to_owned),
        range: range(function.span),
        blocks: blocks.collect(),
    })
}

/// What a statement is, as far as moving it goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Call,
    Plain,
    Other,
}

fn kind(statement: &Syntax) -> Kind {
    match statement {
        Syntax::VariableDeclaration(_) => Kind::Plain,
        Syntax::ExpressionStatement(alone) => match bare(&alone.expression) {
            Expression::CallExpression(_) => Kind::Call,
            Expression::AwaitExpression(waits) if matches!(bare(&waits.argument), Expression::CallExpression(_)) => {
                Kind::Call
            }
            _ => Kind::Plain,
        },
        _ => Kind::Other,
    }
}

fn statement(code: &Code, span: Span, kind: Kind, beats: &BTreeSet<&str>) -> Statement {
    let (mut calls, mut reads, mut writes) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    let mut is_plain = kind != Kind::Other;
    for node in code.inside(span) {
        match node {
            AstKind::CallExpression(call) => {
                let name = callee_name(call).unwrap_or_default();
                calls.push((name.to_owned(), range(call.span)));
                if !beats.contains(name) && !HARMLESS.contains(&name) {
                    if let Some(method) = bare(&call.callee).get_member_expr() {
                        writes.extend(root(code, method.object().span()));
                    }
                    let given = call.arguments.iter().filter_map(|one| one.as_expression());
                    writes.extend(
                        given.filter_map(|one| one.get_identifier_reference()).map(|name| name.name.to_string()),
                    );
                }
            }
            AstKind::BindingIdentifier(name) => {
                writes.insert(name.name.to_string());
            }
            AstKind::IdentifierReference(name) => {
                reads.insert(name.name.to_string());
            }
            AstKind::ThisExpression(_) => {
                reads.insert("this".to_owned());
            }
            AstKind::AssignmentExpression(assigns) => {
                writes.extend(root(code, assigns.left.span()));
                // Of a pattern that is taken apart every name.
                writes.extend(code.inside(assigns.left.span()).filter_map(|part| match part {
                    AstKind::IdentifierReference(name) => Some(name.name.to_string()),
                    _ => None,
                }));
            }
            AstKind::UpdateExpression(counts) => writes.extend(root(code, counts.argument.span())),
            AstKind::UnaryExpression(one) if one.operator.is_delete() => writes.extend(root(code, one.argument.span())),
            AstKind::YieldExpression(_) => is_plain = false,
            _ => {}
        }
    }
    Statement { range: range(span), is_plain, is_call: kind == Kind::Call, calls, reads, writes }
}

/// The name at the beginning of `a.b[c].d`.
fn root(code: &Code, span: Span) -> Option<String> {
    let words = code.slice(span);
    let name = words.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$'))).next()?;
    is_name(name).then(|| name.to_owned())
}
