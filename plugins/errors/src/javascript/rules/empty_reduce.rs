//! `empty-reduce`: `reduce` of an empty array without an initial value. The callback tells which value changes nothing.

use oxc::ast::AstKind;
use oxc::ast::ast::{
    ArrayExpressionElement, BinaryOperator, CallExpression, Expression, LogicalOperator, ObjectPropertyKind,
};
use oxc::span::GetSpan as _;
use serde_json::Value;

use super::Rule;
use crate::javascript::draft::Draft;
use crate::javascript::guards::{Missing, before, exits_for_missing, guard_text};
use crate::javascript::message::Fault;
use crate::javascript::scene::{Known, Scene};
use crate::repair::Promise;
use thymus_javascript::code::{Body, as_function, bare, range};

pub const RULE: Rule = Rule { name: "empty-reduce", recognise, repairs };

fn failed<'a>(scene: &Scene<'_, 'a>) -> Option<&'a CallExpression<'a>> {
    if scene.fault != Fault::EmptyReduce || !scene.is_innermost() {
        return None;
    }
    scene.pick(scene.calls().filter_map(|(at, kind)| match kind {
        AstKind::CallExpression(call) => {
            let name = bare(&call.callee).get_member_expr()?.static_property_name()?;
            (name.starts_with("reduce") && call.arguments.len() == 1).then_some((at, call))
        }
        _ => None,
    }))
}

fn recognise(scene: &Scene) -> Option<Known> {
    let call = failed(scene)?;
    let list = bare(&call.callee).get_member_expr()?.object().span();
    let why = format!(
        "{} is empty when it is reduced in line {}, and there is no initial value to return instead.",
        scene.says(list),
        scene.code.line(call.span.start),
    );
    Some(Known { span: call.span, why, confidence: 0.96, related: Vec::new() })
}

fn repairs(scene: &Scene, known: &Known) -> Vec<Draft> {
    let Some(call) = failed(scene) else { return Vec::new() };
    let code = scene.code;
    let mut drafts = Vec::new();
    if let Some(neutral) = neutral(scene, call) {
        let end = call.arguments.last().map_or(0, |argument| range(argument.span()).end);
        drafts.push(scene.draft(
            format!("Start the reduction with `{neutral}`"),
            format!("{} `{neutral}` changes nothing in what the callback makes.", known.why),
            0.9,
            Promise::ReturnsSomething,
            vec![(end..end, format!(", {neutral}"))],
        ));
    }
    // What picks one of the elements has nothing to pick: the function leaves as it does elsewhere.
    let list = bare(&call.callee).get_member_expr().map(|member| bare(member.object()));
    if drafts.is_empty()
        && let Some(list @ Expression::Identifier(_)) = list
        && let Some(statement) = code.statement_of(call.node_id())
    {
        let list = code.slice(list.span());
        let missing = Missing { variable: list, receiver: "", key: None };
        for exit in exits_for_missing(scene, code.function_of(call.node_id()), missing) {
            let guard = |indent: &str| guard_text(&scene.style(), indent, &format!("{list}.length === 0"), &exit);
            let edits = std::iter::once(before(code, &scene.style(), statement.span(), guard))
                .chain(exit.import.clone())
                .collect();
            let why = format!("{} {}.", known.why, exit.why);
            drafts.push(scene.draft(
                format!("Leave early when `{list}` is empty"),
                why,
                exit.confidence - 0.02,
                exit.promise,
                edits,
            ));
        }
    }
    drafts
}

/// The value that changes nothing in what the callback makes.
fn neutral(scene: &Scene, call: &CallExpression) -> Option<&'static str> {
    let callback = call.arguments.first()?.as_expression()?;
    let function = as_function(scene.code.kind(callback.node_id()))?;
    let Body::Expression(body) = function.body else { return None };
    match bare(body) {
        Expression::BinaryExpression(binary) => {
            // Elements that have to be picked apart are no sums of their own: `a.n + b.n`.
            let names = [bare(&binary.left), bare(&binary.right)];
            if names.iter().any(|name| name.get_member_expr().is_some()) && names[0].get_member_expr().is_some() {
                return None;
            }
            match binary.operator {
                BinaryOperator::Addition if texts(scene) => Some("''"),
                BinaryOperator::Addition => Some("0"),
                BinaryOperator::Multiplication => Some("1"),
                _ => None,
            }
        }
        Expression::LogicalExpression(logical) => match logical.operator {
            LogicalOperator::And => Some("true"),
            LogicalOperator::Or => Some("false"),
            LogicalOperator::Coalesce => None,
        },
        Expression::ArrayExpression(array) => array
            .elements
            .iter()
            .any(|element| matches!(element, ArrayExpressionElement::SpreadElement(_)))
            .then_some("[]"),
        Expression::ObjectExpression(object) => object
            .properties
            .iter()
            .all(|property| matches!(property, ObjectPropertyKind::SpreadProperty(_)))
            .then_some("{}"),
        Expression::CallExpression(call) => {
            (bare(&call.callee).get_member_expr()?.static_property_name()? == "concat").then_some("[]")
        }
        _ => None,
    }
}

/// Whether healthy calls returned a text.
fn texts(scene: &Scene) -> bool {
    scene.exception.returned.iter().any(|call| matches!(call.result, Some(Value::String(_))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::javascript::rules::examples::{Example, MODULE, NODE};

    fn reducing(source: &str) -> Example {
        let message = "Reduce of empty array with no initial value";
        let example = Example::new("TypeError", message, "f", json!([[]]), &[("src/f.js", source), NODE, MODULE]);
        assert_eq!(example.rule().as_deref(), Some("empty-reduce"), "{source}");
        example
    }

    #[test]
    fn the_callback_tells_the_initial_value() {
        reducing("export function f(items) {\n  return items.map((it) => it.n).⟦reduce((sum, n) => sum + n);\n}\n")
            .returned(json!([[{ "n": 1 }]]), json!(1))
            .heals("src/f.js", "reduce((sum, n) => sum + n, 0);");
        reducing("export const f = (lists) => lists.⟦reduce((all, list) => [...all, ...list]);\n")
            .heals("src/f.js", "[...all, ...list], []);");
        reducing("export const f = (words) => words.⟦reduce((a, b) => a + b);\n")
            .returned(json!([["a"]]), json!("a"))
            .heals("src/f.js", "a + b, '');");
    }

    #[test]
    fn where_one_is_picked_the_function_leaves_as_it_does_elsewhere() {
        reducing(
            "export function f(items) {\n  if (!items) {\n    return null;\n  }\n  const best = items.⟦reduce((a, b) => (a.n > b.n ? a : \
             b));\n  return best.n;\n}\n",
        )
        .heals("src/f.js", "  if (items.length === 0) {\n    return null;\n  }\n");
        reducing("export function f(items) {\n  return items.⟦reduce((a, b) => (a.n > b.n ? a : b)).n;\n}\n")
            .stays_unhealed();
    }
}
