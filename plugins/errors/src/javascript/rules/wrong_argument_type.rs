//! `wrong-argument-type`: a value of the wrong type was handed on. What types and neighbours allow is converted; what has
//! to be a text or a list and isn't is refused as other bad input is.

use oxc::ast::AstKind;
use oxc::ast::ast::{BinaryExpression, Expression};
use oxc::span::GetSpan as _;
use serde_json::Value;

use super::Rule;
use super::not_a_function;
use crate::javascript::draft::Draft;
use crate::javascript::fallback::{captured, fallback, node_id, sibling_default, was_absent};
use crate::javascript::guards::{at_start, exits_for_bad_input, guard_text};
use crate::javascript::message::Fault;
use crate::javascript::scene::{Known, Scene};
use crate::repair::Promise;
use thymus_javascript::code::{Code, bare, range};
use thymus_javascript::origin::{Origin, describe, origin};

pub const RULE: Rule = Rule { name: "wrong-argument-type", recognise, repairs };

const OF_TEXT: [&str; 18] = [
    "trim",
    "toLowerCase",
    "toUpperCase",
    "split",
    "replace",
    "replaceAll",
    "startsWith",
    "endsWith",
    "padStart",
    "padEnd",
    "charAt",
    "charCodeAt",
    "match",
    "substring",
    "substr",
    "localeCompare",
    "trimStart",
    "trimEnd",
];
const OF_LIST: [&str; 10] = ["map", "filter", "forEach", "reduce", "join", "some", "every", "find", "flatMap", "sort"];

/// What was handed on wrongly.
enum Wrong<'a> {
    /// `Object.keys(nothing)`
    Nothing(&'a Expression<'a>),
    /// `5.trim()`: the value, the method's name.
    Receiver(&'a Expression<'a>, &'a str),
    /// A `BigInt` and a number.
    Mixed(&'a BinaryExpression<'a>),
    /// An argument that Node.js refuses.
    Argument(&'a Expression<'a>),
}

fn failed<'a>(scene: &Scene<'_, 'a>) -> Option<Wrong<'a>> {
    if !scene.is_innermost() {
        return None;
    }
    let code = scene.code;
    let first = |kind: AstKind<'a>| match kind {
        AstKind::CallExpression(call) => call.arguments.first().and_then(|argument| argument.as_expression()),
        _ => None,
    };
    match &scene.fault {
        Fault::NullToObject => scene
            .pick(scene.calls().filter(|(_, kind)| matches!(kind, AstKind::CallExpression(call) if code.slice(call.callee.span()).starts_with("Object."))))
            .and_then(first)
            .map(Wrong::Nothing),
        Fault::NotFunction { .. } => {
            let call = not_a_function::failed(scene)?;
            let member = bare(&call.callee).get_member_expr()?;
            let name = member.static_property_name()?;
            (OF_TEXT.contains(&name) || OF_LIST.contains(&name) || name == "toFixed").then_some(Wrong::Receiver(member.object(), name))
        }
        Fault::MixedBigInt => scene.pick(code.kinds().filter_map(|kind| match kind {
            AstKind::BinaryExpression(binary) if binary.operator.is_arithmetic() => {
                let after = binary.left.span().end as usize;
                let between = code.text.content.get(after..binary.right.span().start as usize)?;
                Some((after + between.find(|c: char| !c.is_whitespace())?, Wrong::Mixed(binary)))
            }
            _ => None,
        })),
        Fault::WrongArgument { .. } => scene.pick(scene.calls().filter_map(|(at, kind)| match kind {
            AstKind::CallExpression(_) => Some((at, Wrong::Argument(first(kind)?))),
            _ => None,
        })),
        _ => None,
    }
}

fn recognise(scene: &Scene) -> Option<Known> {
    let code = scene.code;
    let (span, what) = match failed(scene)? {
        Wrong::Nothing(value) | Wrong::Argument(value) => {
            (value.span(), format!("{} {}", scene.says(value.span()), describe(code, &origin(code, value))))
        }
        Wrong::Receiver(value, name) => {
            let is = captured(scene, value).map_or("something else", |value| type_of(&value));
            (value.span(), format!("{} is {is} and has no method `{name}`", scene.says(value.span())))
        }
        Wrong::Mixed(binary) => (binary.span, format!("{} mixes a BigInt and a number", scene.says(binary.span))),
    };
    let why = format!("{what} (line {}): {}.", code.line(span.start), scene.exception.message.trim_end_matches('.'));
    Some(Known { span, why, confidence: 0.85, related: Vec::new() })
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn repairs(scene: &Scene, known: &Known) -> Vec<Draft> {
    let code = scene.code;
    match failed(scene) {
        Some(Wrong::Nothing(value)) if was_absent(scene, value) != Some(false) => {
            let confidence =
                if sibling_default(code, value).is_some_and(|(default, _)| default == "{}") { 0.88 } else { 0.72 };
            vec![scene.draft(
                format!("Take {} as empty when it is missing", scene.says(value.span())),
                format!("{} Nothing has no properties.", known.why),
                confidence,
                Promise::ReturnsSomething,
                fallback(code, value, "{}"),
            )]
        }
        Some(Wrong::Receiver(value, name)) => receiver_drafts(scene, known, value, name),
        Some(Wrong::Mixed(binary)) => mixed(scene, known, binary).into_iter().collect(),
        Some(Wrong::Argument(value)) => refused(scene, known, value, "string", "must be a string"),
        _ => Vec::new(),
    }
}

fn receiver_drafts<'a>(scene: &Scene<'_, 'a>, known: &Known, value: &'a Expression<'a>, name: &str) -> Vec<Draft> {
    let code = scene.code;
    let span = range(value.span());
    let text = code.slice(value.span());
    let given = captured(scene, value);
    let mut drafts = Vec::new();
    let wrap = |open: &str, close: &str| {
        vec![(span.start..span.start, open.to_owned()), (span.end..span.end, close.to_owned())]
    };
    let mut convert = |open: &str, close: &str, confidence: f64, why: &str| {
        let title = format!("Convert `{text}` with `{open}…{close}`");
        drafts.push(scene.draft(
            title,
            format!("{} {why}.", known.why),
            confidence,
            Promise::ReturnsSomething,
            wrap(open, close),
        ));
    };
    match given {
        Some(Value::Number(_) | Value::Bool(_)) if OF_TEXT.contains(&name) => {
            let sibling = code.text.content.contains(&format!("String({text})"));
            convert("String(", ")", if sibling { 0.86 } else { 0.7 }, "As a text it says the same");
        }
        Some(Value::String(_)) if name == "toFixed" => convert("Number(", ")", 0.74, "As a number it says the same"),
        Some(Value::String(_) | Value::Number(_)) if OF_LIST.contains(&name) => {
            let sibling = code.text.content.contains(&format!("Array.isArray({text})")) || allows_one(code, value);
            convert("[", "].flat()", if sibling { 0.8 } else { 0.56 }, "One is a list of one");
        }
        _ => return drafts,
    }
    let (wanted, wrong) = if OF_TEXT.contains(&name) { ("string", "must be a string") } else { ("", "must be a list") };
    if name != "toFixed" {
        drafts.extend(refused(scene, known, value, wanted, wrong));
    }
    drafts
}

/// Whether a parameter's type allows one as well as a list.
fn allows_one(code: &Code, value: &Expression) -> bool {
    let name = code.slice(value.span());
    ["string | string[]", "string|string[]", "number | number[]"].iter().any(|union| {
        code.text.content.contains(&format!("{name}: {union}"))
            || code.text.content.contains(&format!("{{{union}}} {name}"))
    })
}

/// A guard where the value comes in.
fn refused<'a>(
    scene: &Scene<'_, 'a>,
    known: &Known,
    value: &'a Expression<'a>,
    wanted: &str,
    wrong: &str,
) -> Vec<Draft> {
    let code = scene.code;
    let (Origin::Parameter(parameter), Some(function)) = (origin(code, value), code.function_of(node_id(value))) else {
        return Vec::new();
    };
    let name = code.slice(parameter.name);
    let test = if wanted.is_empty() {
        format!("!Array.isArray({name})")
    } else {
        format!("typeof {name} !== {}", scene.style().string(wanted))
    };
    let exits = exits_for_bad_input(scene, Some(function), &format!("{name} {wrong}"));
    exits
        .into_iter()
        .filter_map(|exit| {
            let guard = |indent: &str| guard_text(&scene.style(), indent, &test, &exit);
            let edits =
                std::iter::once(at_start(code, &scene.style(), &function, guard)?).chain(exit.import.clone()).collect();
            let why = format!("{} `{}` answers that; {}.", known.why, exit.statement.trim_end_matches(';'), exit.why);
            Some(scene.draft(format!("Refuse a `{name}` of the wrong type"), why, exit.confidence, exit.promise, edits))
        })
        .collect()
}

/// A number beside a `BigInt` becomes one.
fn mixed(scene: &Scene, known: &Known, binary: &BinaryExpression) -> Option<Draft> {
    let code = scene.code;
    let sides = [bare(&binary.left), bare(&binary.right)];
    let edits = if let Some(Expression::NumericLiteral(number)) =
        sides.iter().find(|side| matches!(side, Expression::NumericLiteral(_)))
    {
        let whole = code.slice(number.span).bytes().all(|byte| byte.is_ascii_digit());
        whole.then(|| vec![(range(number.span).end..range(number.span).end, "n".to_owned())])?
    } else {
        let number =
            sides.iter().find(|side| captured(scene, side).is_some_and(|value| value.is_i64() || value.is_u64()))?;
        let span = range(number.span());
        vec![(span.start..span.start, "BigInt(".to_owned()), (span.end..span.end, ")".to_owned())]
    };
    Some(scene.draft(
        "Count with BigInts on both sides".to_owned(),
        known.why.clone(),
        0.76,
        Promise::ReturnsSomething,
        edits,
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::javascript::rules::examples::{Example, MODULE, NODE};

    fn handing(message: &str, args: serde_json::Value, source: &str) -> Example {
        let example = Example::new("TypeError", message, "f", args, &[("src/f.js", source), NODE, MODULE]);
        assert_eq!(example.rule().as_deref(), Some("wrong-argument-type"), "{source}");
        example
    }

    #[test]
    fn what_says_the_same_as_another_type_is_converted() {
        handing(
            "Cannot convert undefined or null to object",
            json!([{ "name": "x" }]),
            "export function f({ labels }) {\n  return Object.⟦keys(labels).sort();\n}\n",
        )
        .returned(json!([{ "labels": {} }]), json!([]))
        .heals("src/f.js", "Object.keys(labels ?? {}).sort()");
        handing(
            "zip.padStart is not a function",
            json!([501]),
            "export function f(zip) {\n  return zip.⟦padStart(5, '0');\n}\n",
        )
        .returned(json!(["12345"]), json!("12345"))
        .heals("src/f.js", "String(zip).padStart(5, '0')");
        handing(
            "ids.map is not a function",
            json!(["a"]),
            "/**\n * @param {string | string[]} ids\n */\nexport function f(ids) {\n  return ids.⟦map((id) => id.toUpperCase());\n}\n",
        )
        .heals("src/f.js", "[ids].flat().map(");
        handing(
            "Cannot mix BigInt and other types, use explicit conversions",
            json!(["12"]),
            "export function f(cents) {\n  return String(BigInt(cents) ⟦* 100);\n}\n",
        )
        .heals("src/f.js", "BigInt(cents) * 100n");
    }

    #[test]
    fn what_must_be_a_text_is_refused_otherwise() {
        handing(
            "The \"path\" argument must be of type string. Received undefined",
            json!([{}]),
            "import { join } from 'node:path';\n\nexport function f({ name, ext = '.txt' }) {\n  if (!ext.startsWith('.')) {\n    throw new \
             RangeError('ext must begin with a dot');\n  }\n  return ⟦join(name, ext);\n}\n",
        )
        .heals("src/f.js", "  if (typeof name !== 'string') {\n    throw new RangeError('name must be a string');\n  }\n");
    }
}
