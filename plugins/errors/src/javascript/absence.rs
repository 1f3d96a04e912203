//! What the code around a missing value makes of it: where `undefined` is welcome, and which default fits.

use std::ops::Range;

use oxc::ast::AstKind;
use oxc::ast::ast::{
    BindingPattern, ChainElement, Expression, LogicalOperator, MemberExpression, ObjectPropertyKind, UnaryOperator,
};
use oxc::semantic::NodeId;
use oxc::span::{GetSpan as _, Span};
use serde_json::Value;

use super::guards::is_portable;
use super::scene::Scene;
use thymus_javascript::code::{Code, bare, range};

/// What comes of reading past a missing value with `?.`
#[derive(Clone, Debug)]
pub struct Tolerance {
    pub confidence: f64,
    /// What must stand behind `??`.
    pub default: Option<String>,
    pub why: String,
}

/// A chain of reads and calls, from the read that failed to its outermost link.
#[derive(Clone, Copy)]
pub struct Chain<'a> {
    /// The outermost link.
    pub top: AstKind<'a>,
    /// The last property that is read or called in it.
    pub last: Option<&'a str>,
    /// Whether the outermost link is a call.
    pub called: bool,
    /// Whether the failed read itself is called right away.
    pub called_at_once: bool,
}

/// The chain that goes on from a read.
pub fn chain<'a>(code: &Code<'a>, id: NodeId) -> Chain<'a> {
    let mut top = code.kind(id);
    let mut last = property_of(top);
    let mut called = false;
    let mut called_at_once = false;
    for outer in code.ancestors(id) {
        match outer {
            AstKind::StaticMemberExpression(member) if member.object.span() == top.span() => {
                last = Some(member.property.name.as_str());
                called = false;
            }
            AstKind::ComputedMemberExpression(member) if member.object.span() == top.span() => {
                last = None;
                called = false;
            }
            AstKind::CallExpression(call) if call.callee.span() == top.span() => {
                called = true;
                called_at_once |= top.node_id() == id;
            }
            AstKind::ChainExpression(_) | AstKind::TSNonNullExpression(_) => {}
            _ => break,
        }
        top = outer;
    }
    Chain { top, last, called, called_at_once }
}

fn property_of(kind: AstKind<'_>) -> Option<&str> {
    match kind {
        AstKind::StaticMemberExpression(member) => Some(member.property.name.as_str()),
        _ => None,
    }
}

/// The edits that make a read optional.
pub fn optional(code: &Code, object: Span, member_end: u32) -> Option<Vec<(Range<usize>, String)>> {
    let end = range(object).end;
    let rest = code.text.content.get(end..member_end as usize)?;
    let at = end + rest.find(['.', '['])?;
    let between = code.text.content.get(end..at)?;
    if !between.trim().is_empty() {
        return None;
    }
    let mark = if code.text.content[at..].starts_with('[') { "?." } else { "?" };
    let mut edits = vec![(at..at, mark.to_owned())];
    // `a!.b` claims that it is there.
    if code.slice(object).ends_with('!') {
        edits = vec![(end - 1..end, String::new()), (at..at, mark.to_owned())];
    }
    Some(edits)
}

/// The edits that put a default behind an expression.
pub fn defaulted(code: &Code, top: AstKind, default: &str) -> Vec<(Range<usize>, String)> {
    let span = range(top.span());
    let tight = match code.parent(top.node_id()) {
        AstKind::BinaryExpression(_)
        | AstKind::UnaryExpression(_)
        | AstKind::AwaitExpression(_)
        | AstKind::StaticMemberExpression(_)
        | AstKind::ComputedMemberExpression(_) => true,
        AstKind::LogicalExpression(logical) => logical.operator != LogicalOperator::Coalesce,
        AstKind::CallExpression(call) => call.callee.span() == top.span(),
        _ => false,
    };
    if tight {
        vec![(span.start..span.start, "(".to_owned()), (span.end..span.end, format!(" ?? {default})"))]
    } else {
        vec![(span.end..span.end, format!(" ?? {default}"))]
    }
}

/// How `undefined` would fare where a chain's value goes.
pub fn tolerance(scene: &Scene, chain: &Chain) -> Vec<Tolerance> {
    let code = scene.code;
    let plain = |confidence: f64, why: &str| vec![Tolerance { confidence, default: None, why: why.to_owned() }];
    let with = |confidence: f64, default: &str, why: String| {
        vec![Tolerance { confidence, default: Some(default.to_owned()), why }]
    };
    let top = chain.top;
    let span = top.span();
    let outer = significant_parent(code, top.node_id());
    let used_before = default_elsewhere(scene, chain);
    let found = match outer {
        AstKind::LogicalExpression(logical) if logical.left.span().contains_inclusive(span) => match logical.operator {
            LogicalOperator::And => plain(0.82, "what follows `&&` is only for when it is there"),
            LogicalOperator::Or | LogicalOperator::Coalesce => {
                plain(0.9, "a default for when it is missing stands right behind it")
            }
        },
        AstKind::LogicalExpression(logical) if logical.operator == LogicalOperator::And && is_test(code, outer) => {
            plain(0.8, "the condition asks whether it is there")
        }
        AstKind::IfStatement(statement) if statement.test.span() == span => {
            plain(0.86, "the condition asks whether it is there")
        }
        AstKind::ConditionalExpression(conditional) if conditional.test.span() == span => {
            plain(0.86, "the condition asks whether it is there")
        }
        AstKind::UnaryExpression(unary)
            if matches!(unary.operator, UnaryOperator::LogicalNot | UnaryOperator::Typeof) =>
        {
            plain(0.84, "the condition asks whether it is there")
        }
        AstKind::BinaryExpression(binary) if binary.operator.is_equality() => {
            plain(0.8, "a comparison knows what to do with `undefined`")
        }
        AstKind::BinaryExpression(binary) if binary.operator.is_compare() => plain(
            if chain.last == Some("length") { 0.72 } else { 0.56 },
            "compared with a number, what is missing counts as no",
        ),
        AstKind::BinaryExpression(binary)
            if binary.operator.is_arithmetic() && !is_text(&binary.left) && !is_text(&binary.right) =>
        {
            with(0.62, "0", "where sums are made, what is missing counts as nothing".to_owned())
        }
        AstKind::AssignmentExpression(assignment)
            if assignment.operator.is_arithmetic() && assignment.right.span() == span =>
        {
            with(0.62, "0", "where sums are made, what is missing counts as nothing".to_owned())
        }
        AstKind::ObjectProperty(property) if property.value.span() == span => {
            in_object(scene, property.node_id(), chain)
        }
        AstKind::ReturnStatement(_) | AstKind::ArrowFunctionExpression(_) => returned(scene, top.node_id()),
        AstKind::VariableDeclarator(declarator) => match &declarator.id {
            BindingPattern::BindingIdentifier(id) if uses_tolerate(code, id.symbol_id()) => {
                plain(0.84, "what is made of it afterwards asks whether it is there")
            }
            _ => Vec::new(),
        },
        AstKind::ExpressionStatement(_) if chain.called => plain(0.5, "nothing is made of what it gives"),
        _ => Vec::new(),
    };
    let mut found: Vec<_> = used_before.into_iter().chain(found).collect();
    if let Some(default) =
        by_method(chain).filter(|_| found.iter().all(|it| it.default.is_some() || it.confidence < 0.7))
    {
        found.push(Tolerance {
            confidence: 0.58,
            default: Some(default.to_owned()),
            why: "that is what it gives for nothing".to_owned(),
        });
    }
    found
}

/// The parent, without parentheses and what TypeScript adds.
fn significant_parent<'a>(code: &Code<'a>, id: NodeId) -> AstKind<'a> {
    code.ancestors(id)
        .find(|kind| {
            !matches!(
                kind,
                AstKind::ParenthesizedExpression(_)
                    | AstKind::ChainExpression(_)
                    | AstKind::TSNonNullExpression(_)
                    | AstKind::TSAsExpression(_)
            )
        })
        .unwrap_or_else(|| code.parent(id))
}

fn is_test(code: &Code, kind: AstKind) -> bool {
    code.ancestors(kind.node_id())
        .find(|outer| !matches!(outer, AstKind::LogicalExpression(_) | AstKind::ParenthesizedExpression(_)))
        .is_some_and(|outer| match outer {
            AstKind::IfStatement(statement) => statement.test.span().contains_inclusive(kind.span()),
            AstKind::ConditionalExpression(conditional) => conditional.test.span().contains_inclusive(kind.span()),
            _ => false,
        })
}

fn is_text(expression: &Expression) -> bool {
    matches!(bare(expression), Expression::StringLiteral(_) | Expression::TemplateLiteral(_))
}

/// What a method of arrays or texts gives when there is nothing.
fn by_method(chain: &Chain) -> Option<&'static str> {
    if !chain.called {
        return (chain.last == Some("length")).then_some("0");
    }
    match chain.last? {
        "map" | "filter" | "flatMap" | "sort" | "concat" | "reverse" | "split" | "flat" => Some("[]"),
        "trim" | "toLowerCase" | "toUpperCase" | "join" | "padStart" | "padEnd" | "replace" | "replaceAll"
        | "toFixed" | "toString" => Some("''"),
        "includes" | "some" | "startsWith" | "endsWith" | "has" => Some("false"),
        _ => None,
    }
}

/// What the neighbours in an object literal do about missing values, and what healthy calls had there.
fn in_object(scene: &Scene, property: NodeId, chain: &Chain) -> Vec<Tolerance> {
    let code = scene.code;
    let AstKind::ObjectProperty(own) = code.kind(property) else { return Vec::new() };
    let AstKind::ObjectExpression(object) = code.parent(property) else { return Vec::new() };
    let key = own.key.static_name().unwrap_or_default();
    if let Some(default) = default_in_results(scene, &key) {
        let why = format!("healthy calls return `{default}` for `{key}` where there is none");
        return vec![Tolerance { confidence: 0.84, default: Some(default), why }];
    }
    for sibling in &object.properties {
        let ObjectPropertyKind::ObjectProperty(sibling) = sibling else { continue };
        match bare(&sibling.value) {
            Expression::LogicalExpression(logical)
                if logical.operator != LogicalOperator::And && is_portable(&logical.right) =>
            {
                let default = code.slice(logical.right.span());
                let text_for_text = by_method(chain).is_none_or(|own| own == default) || default == "null";
                if text_for_text {
                    let why =
                        format!("`{}` beside it has `{default}` when it is missing", code.slice(sibling.key.span()));
                    return vec![Tolerance { confidence: 0.76, default: Some(default.to_owned()), why }];
                }
            }
            Expression::ChainExpression(_) => {
                let why = format!("`{}` beside it may be missing too", code.slice(sibling.key.span()));
                return vec![Tolerance { confidence: 0.7, default: None, why }];
            }
            _ => {}
        }
    }
    vec![Tolerance { confidence: 0.5, default: None, why: "the property is then left out".to_owned() }]
}

/// `null` or an empty list, where a healthy call returned that under the same key.
fn default_in_results(scene: &Scene, key: &str) -> Option<String> {
    scene.exception.returned.iter().find_map(|call| match call.result.as_ref()?.get(key)? {
        Value::Null => Some("null".to_owned()),
        _ => None,
    })
}

fn returned(scene: &Scene, id: NodeId) -> Vec<Tolerance> {
    let code = scene.code;
    let Some(function) = code.function_of(id) else { return Vec::new() };
    if let Some(nothing) = super::guards::nothing_by_type(code, &function) {
        let default = (nothing == "null").then(|| "null".to_owned());
        return vec![Tolerance { confidence: 0.78, default, why: "the function may return nothing".to_owned() }];
    }
    let callback = matches!(code.parent(function.id), AstKind::CallExpression(call) if call.callee.get_member_expr()
        .and_then(MemberExpression::static_property_name).is_some_and(|name| matches!(name, "filter" | "find" | "some" | "every" | "findIndex")));
    if callback {
        return vec![Tolerance { confidence: 0.8, default: None, why: "the callback only says yes or no".to_owned() }];
    }
    let nulls = code.inside(function.span).any(|kind| {
        matches!(kind, AstKind::ReturnStatement(returned) if returned.argument.as_ref().is_some_and(|it| bare(it).is_null()))
    });
    if nulls {
        let default = Some("null".to_owned());
        return vec![Tolerance { confidence: 0.7, default, why: "the function returns `null` elsewhere".to_owned() }];
    }
    Vec::new()
}

/// Whether every use of a variable asks first whether it is there.
fn uses_tolerate(code: &Code, symbol: oxc::semantic::SymbolId) -> bool {
    let mut uses = code.references(symbol).peekable();

    uses.peek().is_some_and(|first| match significant_parent(code, first.node_id()) {
        AstKind::IfStatement(statement) => statement.test.span().contains_inclusive(first.span()),
        AstKind::UnaryExpression(unary) => unary.operator == UnaryOperator::LogicalNot,
        AstKind::LogicalExpression(logical) => logical.left.span() == first.span(),
        AstKind::ConditionalExpression(conditional) => conditional.test.span() == first.span(),
        AstKind::BinaryExpression(binary) => binary.operator.is_equality(),
        _ => false,
    })
}

/// The default that other places give the same property.
fn default_elsewhere(scene: &Scene, chain: &Chain) -> Option<Tolerance> {
    let name = chain.last.filter(|_| !chain.called)?;
    if matches!(significant_parent(scene.code, chain.top.node_id()), AstKind::LogicalExpression(logical) if logical.operator != LogicalOperator::And)
    {
        return None;
    }
    let own = default_of(scene.code, name);
    let found = own.or_else(|| scene.project.ask_near(&scene.code.text.path, name, |other| default_of(other, name)))?;
    let (default, place) = found;
    Some(Tolerance {
        confidence: 0.82,
        default: Some(default),
        why: format!("{place} uses the same when there is no `{name}`"),
    })
}

/// `x.name ?? default`
fn default_of(code: &Code, name: &str) -> Option<(String, String)> {
    code.kinds().find_map(|kind| match kind {
        AstKind::LogicalExpression(logical)
            if logical.operator != LogicalOperator::And && is_portable(&logical.right) =>
        {
            let left = match bare(&logical.left) {
                Expression::ChainExpression(chain) => match &chain.expression {
                    ChainElement::StaticMemberExpression(member) => member.property.name.as_str(),
                    _ => return None,
                },
                other => other.get_member_expr()?.static_property_name()?,
            };
            let place = format!("line {} of {}", code.line(logical.span.start), code.text.path);
            (left == name).then(|| (code.slice(logical.right.span()).to_owned(), place))
        }
        _ => None,
    })
}
