//! The places of a function that change a watched value: assignments to its entries, methods that work in place,
//! `delete`, `Object.assign`, and calls of the project's own functions that do any of it.

use oxc::ast::AstKind;
use oxc::ast::ast::{AssignmentTarget, CallExpression, Expression, SimpleAssignmentTarget, UnaryOperator};
use oxc::semantic::NodeId;
use oxc::span::{GetSpan as _, Span};
use thymus_javascript::code::{Code, Func, bare};

use super::aliases::{Alias, Aliases};
use crate::differences::Place;

/// Methods that change the list they are called on.
const IN_LISTS: [&str; 9] = ["sort", "reverse", "push", "pop", "shift", "unshift", "splice", "fill", "copyWithin"];
/// Methods that change a `Map` or a `Set`.
const IN_MAPS: [&str; 4] = ["set", "add", "delete", "clear"];

/// One place that writes.
#[derive(Clone)]
pub struct Site<'a> {
    pub node: NodeId,
    /// The whole expression that writes.
    pub span: Span,
    /// The expression whose value is changed.
    pub container: &'a Expression<'a>,
    pub alias: Alias,
    pub kind: Kind,
}

/// How it writes.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `x.sort()`, `x.push(1)`
    Method(String),
    /// `x.a = 1`, `x.a += 1`, `x.a++`
    Assign,
    /// `delete x.a`
    Delete,
    /// `Object.assign(x, …)`
    ObjectAssign,
    /// A function of the project, which writes.
    Call,
}

impl Site<'_> {
    /// What it does, for a person.
    pub fn how(&self, code: &Code<'_>) -> String {
        let of = code.slice(self.container.span());
        match &self.kind {
            Kind::Method(name) => format!("`{of}.{name}(…)` changes `{of}` in place"),
            Kind::Assign => format!("`{}` assigns into `{of}`", first_line(code.slice(self.span))),
            Kind::Delete => format!("`{}` takes something out of `{of}`", first_line(code.slice(self.span))),
            Kind::ObjectAssign => format!("`Object.assign({of}, …)` writes into `{of}`"),
            Kind::Call => format!("`{}` is handed `{of}` and changes it", first_line(code.slice(self.span))),
        }
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(120).collect()
}

/// Who writes in a function, in the order of the text. `writes` says of a call whether it changes its argument of that
/// number, and in which containers.
pub fn sites<'a>(
    code: &Code<'a>,
    within: Span,
    aliases: &Aliases,
    maps: bool,
    writes: &mut dyn FnMut(&CallExpression<'a>, usize) -> Option<Place>,
) -> Vec<Site<'a>> {
    let mut found = Vec::new();
    for kind in code.inside(within) {
        let node = kind.node_id();
        match kind {
            AstKind::CallExpression(call) => {
                of_call(code, node, call, aliases, maps, &mut found);
                for (at, argument) in call.arguments.iter().enumerate() {
                    let Some(given) = argument.as_expression() else { continue };
                    let Some(alias) = aliases.of(code, given).filter(|alias| !alias.fresh) else { continue };
                    if let Some(inner) = writes(call, at) {
                        let place = Place(alias.place.0.iter().chain(&inner.0).cloned().collect());
                        let alias = Alias { place, fresh: false };
                        found.push(Site { node, span: call.span, container: given, alias, kind: Kind::Call });
                    }
                }
            }
            AstKind::AssignmentExpression(assignment) => {
                let container = match &assignment.left {
                    AssignmentTarget::StaticMemberExpression(member) => &member.object,
                    AssignmentTarget::ComputedMemberExpression(member) => &member.object,
                    _ => continue,
                };
                push(code, node, assignment.span, container, aliases, Kind::Assign, &mut found);
            }
            AstKind::UpdateExpression(update) => {
                let container = match &update.argument {
                    SimpleAssignmentTarget::StaticMemberExpression(member) => &member.object,
                    SimpleAssignmentTarget::ComputedMemberExpression(member) => &member.object,
                    _ => continue,
                };
                push(code, node, update.span, container, aliases, Kind::Assign, &mut found);
            }
            AstKind::UnaryExpression(unary) if unary.operator == UnaryOperator::Delete => {
                let container = match bare(&unary.argument) {
                    Expression::StaticMemberExpression(member) => &member.object,
                    Expression::ComputedMemberExpression(member) => &member.object,
                    _ => continue,
                };
                push(code, node, unary.span, container, aliases, Kind::Delete, &mut found);
            }
            _ => {}
        }
    }
    found.sort_by_key(|site: &Site<'_>| (site.span.start, site.span.end));
    found
}

fn of_call<'a>(
    code: &Code<'a>,
    node: NodeId,
    call: &'a CallExpression<'a>,
    aliases: &Aliases,
    maps: bool,
    found: &mut Vec<Site<'a>>,
) {
    let Expression::StaticMemberExpression(callee) = bare(&call.callee) else { return };
    let method = callee.property.name.as_str();
    if let Expression::Identifier(name) = bare(&callee.object)
        && name.name == "Object"
    {
        if matches!(method, "assign" | "defineProperty")
            && let Some(first) = call.arguments.first().and_then(|argument| argument.as_expression())
        {
            push(code, node, call.span, first, aliases, Kind::ObjectAssign, found);
        }
        return;
    }
    if IN_LISTS.contains(&method) || (maps && IN_MAPS.contains(&method)) {
        push(code, node, call.span, &callee.object, aliases, Kind::Method(method.to_owned()), found);
    }
}

fn push<'a>(
    code: &Code<'a>,
    node: NodeId,
    span: Span,
    container: &'a Expression<'a>,
    aliases: &Aliases,
    kind: Kind,
    found: &mut Vec<Site<'a>>,
) {
    if let Some(alias) = aliases.of(code, container).filter(|alias| !alias.fresh) {
        found.push(Site { node, span, container, alias, kind });
    }
}

/// Whether a function gives back any value.
pub fn returns_something(code: &Code<'_>, function: &Func<'_>) -> bool {
    use thymus_javascript::code::Body;
    match function.body {
        Body::Expression(_) => true,
        Body::None => false,
        Body::Block(body) => code.inside(body.span).any(|kind| match kind {
            AstKind::ReturnStatement(it) => {
                it.argument.is_some() && code.function_of(it.node_id()).is_some_and(|around| around.id == function.id)
            }
            _ => false,
        }),
    }
}
