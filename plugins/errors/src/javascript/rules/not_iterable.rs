//! `not-iterable`: a loop, a spread or a constructor was given no list. Where a missing list means nothing to do, it is
//! one without elements.

use oxc::ast::AstKind;
use oxc::ast::ast::Expression;
use oxc::span::GetSpan as _;

use super::Rule;
use super::missing_await::iterated;
use crate::javascript::draft::Draft;
use crate::javascript::fallback::{fallback, is_lookup, node_id, sibling_default, was_absent};
use crate::javascript::guards::{at_start, exits_for_bad_input, guard_text};
use crate::javascript::message::Fault;
use crate::javascript::scene::{Known, Scene};
use crate::repair::Promise;
use thymus_javascript::code::bare;
use thymus_javascript::origin::{Origin, describe, origin};

pub const RULE: Rule = Rule { name: "not-iterable", recognise, repairs };

/// What was iterated, and whether each of its elements has a name that is then missing.
fn failed<'a>(scene: &Scene<'_, 'a>) -> Option<(&'a Expression<'a>, bool)> {
    if !scene.is_innermost() || !matches!(scene.fault, Fault::NotIterable { .. }) {
        return None;
    }
    let code = scene.code;
    let pattern = |expression: &Expression| matches!(code.parent(node_id(expression)), AstKind::VariableDeclarator(_));
    if let Some(found) = scene.pick(iterated(code)) {
        return Some((found, pattern(found)));
    }
    scene.pick(scene.calls().filter_map(|(at, kind)| {
        let (callee, arguments) = match kind {
            AstKind::CallExpression(call) => (&call.callee, &call.arguments),
            AstKind::NewExpression(new) => (&new.callee, &new.arguments),
            _ => return None,
        };
        // `f(...list)` fails at the call.
        let spread = arguments.iter().find_map(|argument| match argument {
            oxc::ast::ast::Argument::SpreadElement(spread) => Some(&spread.argument),
            _ => None,
        });
        // `new Set(undefined)` is an empty set: constructors don't fail on what is missing.
        let takes_list = ["Object.fromEntries", "Promise.all", "Promise.allSettled", "Promise.race", "Promise.any"];
        let list =
            takes_list.contains(&code.slice(callee.span())).then(|| arguments.first()?.as_expression()).flatten();
        Some((at, (spread.or(list)?, false)))
    }))
}

fn recognise(scene: &Scene) -> Option<Known> {
    let (list, _) = failed(scene)?;
    let why = format!(
        "{} is iterated in line {} but is no list ({}): it {}.",
        scene.says(list.span()),
        scene.code.line(list.span().start),
        scene.exception.message,
        describe(scene.code, &origin(scene.code, list)),
    );
    Some(Known { span: list.span(), why, confidence: 0.9, related: Vec::new() })
}

fn repairs(scene: &Scene, known: &Known) -> Vec<Draft> {
    let Some((list, is_pattern)) = failed(scene) else { return Vec::new() };
    let code = scene.code;
    let absent = was_absent(scene, list);
    if absent == Some(false) || matches!(bare(list), Expression::ObjectExpression(_) | Expression::NumericLiteral(_)) {
        return Vec::new();
    }
    let mut drafts = Vec::new();
    let sibling = sibling_default(code, list).filter(|(default, _)| default == "[]");
    let confidence = match () {
        () if is_pattern => 0.5,
        () if sibling.is_some() => 0.88,
        () if absent == Some(true) => 0.78,
        () if is_lookup(list) || matches!(origin(code, list), Origin::Value { .. }) => 0.66,
        () => 0.6,
    };
    let why = sibling
        .map_or("without a list there is nothing to do".to_owned(), |(_, line)| format!("line {line} does the same"));
    drafts.push(scene.draft(
        format!("Take {} as empty when it is missing", scene.says(list.span())),
        format!("{} Now {why}.", known.why),
        confidence,
        Promise::ReturnsSomething,
        fallback(code, list, "[]"),
    ));
    if let (Origin::Parameter(parameter), Some(function)) = (origin(code, list), code.function_of(node_id(list))) {
        let name = code.slice(parameter.name);
        for exit in exits_for_bad_input(scene, Some(function), &format!("{name} must be a list")) {
            let guard = |indent: &str| guard_text(&scene.style(), indent, &format!("!Array.isArray({name})"), &exit);
            let Some(edit) = at_start(code, &scene.style(), &function, guard) else { continue };
            let edits = std::iter::once(edit).chain(exit.import.clone()).collect();
            let why = format!("{} It is refused: {}.", known.why, exit.why);
            drafts.push(scene.draft(
                format!("Refuse `{name}` that is no list"),
                why,
                exit.confidence - 0.02,
                exit.promise,
                edits,
            ));
        }
    }
    drafts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::javascript::rules::examples::{Example, MODULE, NODE};

    fn iterating(message: &str, args: serde_json::Value, source: &str) -> Example {
        let example = Example::new("TypeError", message, "f", args, &[("src/f.js", source), NODE, MODULE]);
        assert_eq!(example.rule().as_deref(), Some("not-iterable"), "{source}");
        example
    }

    #[test]
    fn a_missing_list_is_empty() {
        iterating(
            "order.lines is not iterable",
            json!([{ "id": 1 }]),
            "export function f(order) {\n  let sum = 0;\n  for (const line of order.⟦lines) {\n    sum += line.n;\n  }\n  return sum;\n}\n",
        )
        .returned(json!([{ "lines": [] }]), json!(0))
        .heals("src/f.js", "for (const line of order.lines ?? []) {");
        iterating(
            "Spread syntax requires ...iterable[Symbol.iterator] to be a function",
            json!([{ "a": [1] }]),
            "export function f({ a, b }) {\n  return Math.⟦max(...a, ...b);\n}\n",
        );
        iterating(
            "tags is not iterable",
            json!([{ "name": "x" }]),
            "export function f({ name, tags }) {\n  return { name, tags: [...⟦tags, name] };\n}\n",
        )
        .heals("src/f.js", "[...(tags ?? []), name]");
        iterating(
            "undefined is not iterable (cannot read property Symbol(Symbol.iterator))",
            json!(["x"]),
            "const index = new Map();\n\nexport function count(key) {\n  return (index.get(key) ?? []).length;\n}\n\nexport function f(key) \
             {\n  const seen = Object.⟦fromEntries(index.get(key));\n  return Object.keys(seen).length;\n}\n",
        )
        .heals("src/f.js", "Object.fromEntries(index.get(key) ?? [])");
    }

    #[test]
    fn what_is_there_but_no_list_is_left_alone() {
        iterating(
            "ids is not iterable",
            json!([{ "ids": 5 }]),
            "export function f({ ids }) {\n  return [...⟦ids];\n}\n",
        )
        .stays_unhealed();
    }
}
