//! `costly-construct`: constructs that cost and that no rule can repair without knowing more: what is found here ends as a
//! diagnosis.

use oxc::ast::AstKind;
use oxc::ast::ast::Expression;
use oxc::span::GetSpan as _;
use thymus_javascript::code::bare;

use super::Rule;
use crate::javascript::scene::{Known, Scene};

pub const RULE: Rule = Rule { name: "costly-construct", find };

fn find(scene: &Scene) -> Vec<Known> {
    scene.nodes().filter_map(|kind| known(scene, kind)).collect()
}

fn known(scene: &Scene, kind: AstKind) -> Option<Known> {
    let AstKind::CallExpression(call) = kind else { return None };
    let callee = scene.slice(call.callee.span());
    let depth = scene.loops(kind.node_id()).len();
    let in_loop = depth > 0;
    let method = bare(&call.callee)
        .get_member_expr()
        .and_then(oxc::ast::ast::MemberExpression::static_property_name)
        .unwrap_or(callee);
    let waits = scene.function.is_async;
    let (heaviness, why) = match method {
        name if waits && name.ends_with("Sync") => (0.8, "blocks every other request while it waits for the system"),
        // By whatever name: `$sort` of a copied prototype, `sortBy`, `objectKeys`.
        name if in_loop && name.to_ascii_lowercase().contains("sort") => (0.7, "sorts again each time the loop runs"),
        "shift" if in_loop => (0.55, "moves all other elements of the list to take the first one out"),
        "unshift" if in_loop => (0.6, "moves all elements of the list to put one in front of them"),
        "splice" if in_loop => (0.55, "moves the elements behind it each time the loop runs"),
        name if in_loop && name.to_ascii_lowercase().ends_with("keys") && !call.arguments.is_empty() => {
            (0.6, "lists all keys each time the loop runs")
        }
        "parse" if callee == "JSON.parse" => (
            if in_loop { 0.7 } else { 0.45 },
            if is_clone(call) { "copies a whole structure by way of its text" } else { "reads a whole text" },
        ),
        "structuredClone" => (if in_loop { 0.7 } else { 0.45 }, "copies a whole structure"),
        "includes" | "indexOf" | "find" | "findIndex" | "some" | "filter" | "reduce" if in_loop => {
            (0.4, "looks through all elements each time the loop runs")
        }
        _ => return None,
    };
    Some(Known {
        span: call.span,
        heaviness: heaviness + 0.05 * f64::from(u8::try_from(depth.min(3)).unwrap_or(3)),
        explanation: format!("`{}` in line {} {why}.", crop(scene.slice(call.span)), scene.line(call.span)),
        repair: None,
    })
}

fn is_clone(call: &oxc::ast::ast::CallExpression) -> bool {
    call.arguments.first().and_then(|it| it.as_expression()).is_some_and(|it| match bare(it) {
        Expression::CallExpression(inner) => bare(&inner.callee)
            .get_member_expr()
            .and_then(oxc::ast::ast::MemberExpression::static_property_name)
            .is_some_and(|name| name == "stringify"),
        _ => false,
    })
}

fn crop(source: &str) -> String {
    let line = source.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.len() > 100 { format!("{}…", &line[..line.floor_char_boundary(97)]) } else { line }
}
