//! `not-a-function`: a callback that nobody gave was called. A call whose result nobody uses is made only when there is
//! something to call.

use oxc::ast::AstKind;
use oxc::ast::ast::{CallExpression, Expression};
use oxc::span::GetSpan as _;

use super::Rule;
use crate::javascript::draft::Draft;
use crate::javascript::fallback::was_absent;
use crate::javascript::message::Fault;
use crate::javascript::scene::{Known, Scene};
use crate::repair::Promise;
use thymus_javascript::code::{bare, range};

pub const RULE: Rule = Rule { name: "not-a-function", recognise, repairs };

pub fn failed<'a>(scene: &Scene<'_, 'a>) -> Option<&'a CallExpression<'a>> {
    let Fault::NotFunction { what } = &scene.fault else { return None };
    if !scene.is_innermost() {
        return None;
    }
    scene.pick(scene.calls().filter_map(|(at, kind)| match kind {
        AstKind::CallExpression(call) if !call.optional => {
            let callee: String = scene.code.slice(call.callee.span()).split_whitespace().collect();
            let last = what.rsplit('.').next().unwrap_or(what);
            (callee == *what || callee.rsplit('.').next() == Some(last)).then_some((at, call))
        }
        _ => None,
    }))
}

fn recognise(scene: &Scene) -> Option<Known> {
    let call = failed(scene)?;
    let why = format!(
        "{} is called in line {} but is no function.",
        scene.says(call.callee.span()),
        scene.code.line(call.span.start),
    );
    Some(Known { span: call.span, why, confidence: 0.85, related: Vec::new() })
}

fn repairs(scene: &Scene, known: &Known) -> Vec<Draft> {
    let Some(call) = failed(scene) else { return Vec::new() };
    let code = scene.code;
    let callee = bare(&call.callee);
    let unused = matches!(code.parent(call.node_id()), AstKind::ExpressionStatement(_))
        || matches!(code.parent(call.node_id()), AstKind::AwaitExpression(awaited) if matches!(code.parent(awaited.node_id()), AstKind::ExpressionStatement(_)));
    let text = code.slice(callee.span());
    let elsewhere = code.kinds().any(|kind| match kind {
        AstKind::CallExpression(other) => other.optional && code.slice(other.callee.span()) == text,
        _ => false,
    });
    // What JSON can say is no function, so a captured argument tells only that something else was given.
    let named = match callee {
        Expression::Identifier(_) => true,
        other => other.get_member_expr().is_some_and(|member| !member.is_computed()),
    };
    if !named || was_absent(scene, callee) == Some(false) {
        return Vec::new();
    }
    let confidence = match (elsewhere, unused, was_absent(scene, callee)) {
        (true, ..) => 0.88,
        (false, true, Some(true)) => 0.78,
        (false, true, _) => 0.5,
        (false, false, _) => return Vec::new(),
    };
    let end = range(call.callee.span()).end;
    vec![scene.draft(
        format!("Call {} only when it is there", scene.says(callee.span())),
        format!("{} Nobody has to give it, and nothing is made of what it returns.", known.why),
        confidence,
        Promise::ReturnsSomething,
        vec![(end..end, "?.".to_owned())],
    )]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::javascript::rules::examples::{Example, MODULE, NODE};

    #[test]
    fn a_callback_that_nobody_gave_is_not_called() {
        let source = "export function f(items, { onDone, label }) {\n  const n = items.length;\n  ⟦onDone(n);\n  return `${label} ${n}`;\n}\n";
        Example::new(
            "TypeError",
            "onDone is not a function",
            "f",
            json!([[1], { "label": "x" }]),
            &[("src/f.js", source), NODE, MODULE],
        )
        .returned(json!([[], { "label": "y" }]), json!("y 0"))
        .heals("src/f.js", "  onDone?.(n);\n");
    }

    #[test]
    fn what_is_made_of_a_result_needs_a_function() {
        let source = "export function f(items, { by }) {\n  return items.map((it) => ⟦by(it));\n}\n";
        Example::new("TypeError", "by is not a function", "f", json!([[1], {}]), &[("src/f.js", source), NODE, MODULE])
            .stays_unhealed();
    }
}
