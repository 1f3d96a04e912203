//! A default right where a value is used: `items ?? []`.

use std::ops::Range;

use oxc::ast::AstKind;
use oxc::ast::ast::{Expression, LogicalOperator};
use oxc::semantic::NodeId;
use oxc::span::GetSpan as _;
use serde_json::Value;

use super::guards::is_portable;
use super::refusals::last_name;
use super::scene::Scene;
use thymus_javascript::code::{Code, bare, range};
use thymus_javascript::evaluate::evaluate;
use thymus_javascript::origin::lookup;

/// The edits that put a default behind an expression, with the parentheses that the place needs.
pub fn fallback(code: &Code, expression: &Expression, default: &str) -> Vec<(Range<usize>, String)> {
    let inner = bare(expression);
    let span = range(expression.span());
    let parent = code.parent(node_id(expression));
    let tight = matches!(
        parent,
        AstKind::SpreadElement(_) | AstKind::StaticMemberExpression(_) | AstKind::ComputedMemberExpression(_)
    );
    let is_plain = matches!(
        inner,
        Expression::Identifier(_)
            | Expression::CallExpression(_)
            | Expression::ChainExpression(_)
            | Expression::AwaitExpression(_)
    ) || inner.get_member_expr().is_some();
    let (open, close) = match (tight, is_plain) {
        (true, true) => ("(", format!(" ?? {default})")),
        (false, true) => ("", format!(" ?? {default}")),
        (true, false) => ("((", format!(") ?? {default})")),
        (false, false) => ("(", format!(") ?? {default}")),
    };
    let mut edits = vec![(span.end..span.end, close)];
    if !open.is_empty() {
        edits.push((span.start..span.start, open.to_owned()));
    }
    edits
}

/// The node of an expression.
pub fn node_id(expression: &Expression) -> NodeId {
    expression.node_id()
}

/// Whether the captured call had nothing there; none when that can't be told.
pub fn was_absent(scene: &Scene, expression: &Expression) -> Option<bool> {
    let function = scene.code.function_of(node_id(expression))?;
    if !scene.is_handler(&function) {
        return None;
    }
    let values = scene.values(Some(function));
    match evaluate(scene.code, expression, &values) {
        Some(Value::Null) => Some(true),
        Some(_) => Some(false),
        // A name of the captured arguments that isn't among them was not given.
        None => root_is_parameter(scene.code, expression).then_some(true),
    }
}

/// The captured value of an expression.
pub fn captured(scene: &Scene, expression: &Expression) -> Option<Value> {
    let function = scene.code.function_of(node_id(expression))?;
    evaluate(scene.code, expression, &scene.values(Some(function)))
}

fn root_is_parameter(code: &Code, expression: &Expression) -> bool {
    let mut inner = bare(expression);
    while let Some(member) = inner.get_member_expr() {
        inner = bare(member.object());
    }
    match inner {
        Expression::Identifier(name) => matches!(code.declaration_of(name), Some(AstKind::FormalParameter(_))),
        _ => false,
    }
}

/// The default that the same lookup, or the same property, has at another place of the file.
pub fn sibling_default(code: &Code, expression: &Expression) -> Option<(String, u32)> {
    let wanted = searched(code, expression)?;
    code.kinds().find_map(|kind| match kind {
        AstKind::LogicalExpression(logical)
            if logical.operator != LogicalOperator::And && is_portable(&logical.right) =>
        {
            let here = searched(code, &logical.left)?;
            (here == wanted).then(|| (code.slice(logical.right.span()).to_owned(), code.line(logical.span.start)))
        }
        _ => None,
    })
}

/// What is asked for something: the receiver of a lookup, or the name of a property.
fn searched<'a>(code: &Code<'a>, expression: &Expression) -> Option<&'a str> {
    // Only the text matters, so the expression may come from anywhere in this file.
    let span = bare(expression).span();
    let found = code.kinds().find(|kind| kind.span() == span)?;
    let name = match found {
        AstKind::StaticMemberExpression(member) => member.property.name.as_str(),
        AstKind::CallExpression(call) => {
            let member = bare(&call.callee).get_member_expr()?;
            last_name(code.slice(member.object().span()))
        }
        AstKind::ComputedMemberExpression(member) => last_name(code.slice(member.object.span())),
        AstKind::ChainExpression(chain) => code.slice(chain.span).rsplit('.').next().unwrap_or_default(),
        _ => return None,
    };
    (!name.is_empty()).then_some(name)
}

/// Whether an expression is a lookup.
pub fn is_lookup<'a>(expression: &'a Expression<'a>) -> bool {
    lookup(expression).is_some()
}
