//! What captured calls say of a function's parameters: which JSON they are.

use oxc::ast::AstKind;
use oxc::ast::ast::{BindingPattern, Expression};
use serde_json::Value;
use thymus_javascript::code::bare;

use super::scene::Scene;

/// The values that an expression had in the captured calls, where it is a parameter of the handler, a part of one, or an
/// element of such a list; none where that can't be told.
pub fn values(scene: &Scene, expression: &Expression) -> Option<Vec<Value>> {
    values_within(scene, expression, 8)
}

fn values_within(scene: &Scene, expression: &Expression, depth: usize) -> Option<Vec<Value>> {
    let depth = depth.checked_sub(1)?;
    match bare(expression) {
        Expression::Identifier(name) => {
            let symbol = scene.code.resolve(name)?;
            let declared = scene.code.semantic.scoping().symbol_span(symbol);
            if let Some(values) = parameter(scene, declared, name.name.as_str()) {
                return Some(values);
            }
            match scene.code.declaration(symbol) {
                AstKind::VariableDeclarator(declarator) => match (&declarator.id, &declarator.init) {
                    (BindingPattern::BindingIdentifier(_), Some(init)) => values_within(scene, init, depth),
                    (BindingPattern::ObjectPattern(_), Some(init)) => {
                        Some(parts(&values_within(scene, init, depth)?, name.name.as_str()))
                    }
                    (_, None) => iterated(scene, declarator.node_id.get(), depth),
                    _ => None,
                },
                AstKind::FormalParameter(parameter) => {
                    // Of a callback: the elements of what it is called for.
                    let function = scene.code.function_of(parameter.node_id.get())?;
                    let first = function.params.items.first()?;
                    if first.span != parameter.span {
                        return None;
                    }
                    let AstKind::CallExpression(call) = scene.code.parent(function.id) else { return None };
                    let list = bare(&call.callee).get_member_expr()?.object();
                    let items = elements(&values_within(scene, list, depth)?);
                    match &parameter.pattern {
                        BindingPattern::BindingIdentifier(_) => Some(items),
                        BindingPattern::ObjectPattern(_) => Some(parts(&items, name.name.as_str())),
                        _ => None,
                    }
                }
                _ => None,
            }
        }
        other => {
            let member = other.get_member_expr()?;
            let of = values_within(scene, member.object(), depth)?;
            match member.static_property_name() {
                Some(name) => Some(parts(&of, name)),
                None => Some(elements(&of)),
            }
        }
    }
}

fn iterated(scene: &Scene, declarator: oxc::semantic::NodeId, depth: usize) -> Option<Vec<Value>> {
    let right = scene.code.ancestors(declarator).take(2).find_map(|kind| match kind {
        AstKind::ForOfStatement(it) => Some(&it.right),
        _ => None,
    })?;
    Some(elements(&values_within(scene, right, depth)?))
}

fn elements(values: &[Value]) -> Vec<Value> {
    values.iter().filter_map(Value::as_array).flatten().cloned().collect()
}

fn parts(values: &[Value], name: &str) -> Vec<Value> {
    values.iter().filter_map(|value| value.get(name)).cloned().collect()
}

/// Of a parameter of the handler, or a part that its pattern names.
fn parameter(scene: &Scene, declared: oxc::span::Span, name: &str) -> Option<Vec<Value>> {
    if !scene.is_handler {
        return None;
    }
    let parameters = &scene.function.params.items;
    let (at, parameter) = parameters.iter().enumerate().find(|(_, it)| super::scene::inside(declared, it.span))?;
    let whole = scene.slowdown.calls.iter().filter_map(|call| match &call.args {
        Value::Array(items) => items.get(at),
        Value::Object(by_name) => match &parameter.pattern {
            BindingPattern::BindingIdentifier(id) => by_name.get(id.name.as_str()),
            _ => None,
        },
        _ => None,
    });
    let whole: Vec<Value> = whole.cloned().collect();
    match &parameter.pattern {
        BindingPattern::BindingIdentifier(_) => Some(whole),
        BindingPattern::ObjectPattern(pattern) => {
            let property = pattern.properties.iter().find(|it| super::scene::inside(declared, it.span))?;
            let key = property.key.static_name()?;
            let direct = property.value.get_binding_identifier().is_some_and(|id| id.name == name);
            direct.then(|| parts(&whole, &key))
        }
        _ => None,
    }
}
