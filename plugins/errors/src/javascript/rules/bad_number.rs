//! `bad-number`: something that is no number, or none that fits, got as far as where the engine refuses it: an array's
//! length, a repeat count, digits, a date, a `BigInt`. It is refused where it comes in, as the code around refuses bad input.

use oxc::ast::AstKind;
use oxc::ast::ast::{BinaryOperator, Expression};
use oxc::span::GetSpan as _;

use super::Rule;
use crate::javascript::draft::Draft;
use crate::javascript::fallback::{captured, node_id};
use crate::javascript::guards::{after, at_start, exits_for_bad_input, guard_text};
use crate::javascript::message::{Fault, Number};
use crate::javascript::scene::{Known, Scene};
use crate::repair::Promise;
use thymus_javascript::code::{bare, range};
use thymus_javascript::origin::{Origin, describe, origin};

pub const RULE: Rule = Rule { name: "bad-number", recognise, repairs };

/// The value that was refused.
fn failed<'a>(scene: &Scene<'_, 'a>) -> Option<(&'a Expression<'a>, Number)> {
    let Fault::BadNumber(number) = scene.fault else { return None };
    if !scene.is_innermost() {
        return None;
    }
    let code = scene.code;
    let value = scene.pick(scene.calls().filter_map(|(at, kind)| {
        let (callee, arguments) = match kind {
            AstKind::CallExpression(call) => (bare(&call.callee), &call.arguments),
            AstKind::NewExpression(new) => (bare(&new.callee), &new.arguments),
            _ => return None,
        };
        let first = arguments.first().and_then(|argument| argument.as_expression());
        let method = callee.get_member_expr().and_then(oxc::ast::ast::MemberExpression::static_property_name);
        if number == Number::Time && matches!(method, Some("toISOString" | "toJSON")) {
            return Some((at, callee.get_member_expr()?.object()));
        }
        let takes_it = match number {
            Number::ArrayLength => code.slice(callee.span()).ends_with("Array"),
            Number::Count => matches!(method, Some("repeat" | "padStart" | "padEnd")),
            Number::Digits => matches!(method, Some("toFixed" | "toPrecision" | "toString")),
            Number::Time => matches!(method, Some("format" | "formatToParts")),
            Number::CodePoint => method == Some("fromCodePoint"),
            Number::ToBigInt => callee.is_specific_id("BigInt"),
        };
        let value = first.filter(|_| takes_it)?;
        Some((at, value))
    }))?;
    Some((value, number))
}

fn recognise(scene: &Scene) -> Option<Known> {
    let (value, _) = failed(scene)?;
    let why = format!(
        "{} in line {} is not a number that can be used there ({}): it {}.",
        scene.says(value.span()),
        scene.code.line(value.span().start),
        scene.exception.message,
        describe(scene.code, &origin(scene.code, value)).replace("has no value there", "is computed there"),
    );
    Some(Known { span: value.span(), why, confidence: 0.92, related: Vec::new() })
}

/// The condition under which a number is bad, and what is said of it.
fn condition(number: Number, name: &str, text: bool) -> (String, String) {
    match number {
        Number::ArrayLength | Number::Count => {
            (format!("!Number.isInteger({name}) || {name} < 0"), "must be a non-negative whole number".to_owned())
        }
        Number::Digits => {
            (format!("!Number.isInteger({name}) || {name} < 0 || {name} > 100"), "must be between 0 and 100".to_owned())
        }
        Number::Time => (format!("Number.isNaN(new Date({name}).getTime())"), "must be a valid date".to_owned()),
        Number::CodePoint => {
            let test = format!("!Number.isInteger({name}) || {name} < 0 || {name} > 0x10ffff");
            (test, "must be a code point".to_owned())
        }
        Number::ToBigInt if text => (format!("!/^-?\\d+$/.test({name})"), "must be a whole number".to_owned()),
        Number::ToBigInt => (format!("!Number.isInteger({name})"), "must be a whole number".to_owned()),
    }
}

fn repairs(scene: &Scene, known: &Known) -> Vec<Draft> {
    let Some((value, number)) = failed(scene) else { return Vec::new() };
    let code = scene.code;
    let mut drafts = Vec::new();
    // `new Date(text)`: what counts is what it was made of.
    let source = converted(value, number);
    let Some(function) = code.function_of(node_id(value)) else { return drafts };
    let style = scene.style();
    let mut guarded = |name: &str, test: &str, wrong: &str, declared: Option<oxc::span::Span>| {
        for exit in exits_for_bad_input(scene, Some(function), &format!("{name} {wrong}")) {
            let guard = |indent: &str| guard_text(&style, indent, test, &exit);
            let edit = match declared {
                Some(statement) => Some(after(code, &style, statement, guard)),
                None => at_start(code, &style, &function, guard),
            };
            let Some(edit) = edit else { continue };
            let edits = std::iter::once(edit).chain(exit.import.clone()).collect();
            let why = format!("{} `{}` answers that; {}.", known.why, exit.statement.trim_end_matches(';'), exit.why);
            drafts.push(scene.draft(
                format!("Refuse a `{name}` that is no usable number"),
                why,
                exit.confidence,
                exit.promise,
                edits,
            ));
        }
    };
    match origin(code, source) {
        Origin::Parameter(parameter) => {
            let name = code.slice(parameter.name);
            let text = captured(scene, source).is_some_and(|it| it.is_string());
            let (test, wrong) = condition(number, name, text);
            guarded(name, &test, &wrong, None);
        }
        Origin::Value { expression, variable: Some(variable) } => {
            let name = code.slice(bare(source).span());
            let own = code.function_of(variable.declared).is_some_and(|it| it.id == function.id);
            let statement =
                code.statement_of(variable.declared).filter(|_| own && !code.is_reassigned(variable.symbol));
            let test = match (number, bare(expression)) {
                (Number::Time, Expression::NewExpression(_)) => format!("Number.isNaN({name}.getTime())"),
                _ => condition(number, name, false).0,
            };
            let (_, wrong) = condition(number, name, false);
            if let Some(statement) = statement {
                guarded(name, &test, &wrong, Some(statement.span()));
            }
        }
        _ => {}
    }
    drafts.extend(share(scene, known, value));
    drafts
}

/// What a value was converted from, where the conversion stands right there.
fn converted<'a>(value: &'a Expression<'a>, number: Number) -> &'a Expression<'a> {
    match bare(value) {
        Expression::NewExpression(new) if bare(&new.callee).is_specific_id("Date") && number == Number::Time => {
            new.arguments.first().and_then(|argument| argument.as_expression()).unwrap_or(value)
        }
        _ => value,
    }
}

/// `done / total` in a count, when the message says that it came out as no number: of nothing, the share is nothing.
fn share(scene: &Scene, known: &Known, value: &Expression) -> Option<Draft> {
    let code = scene.code;
    let message = &scene.exception.message;
    if !(message.contains("NaN") || message.contains("Infinity")) {
        return None;
    }
    let mut divisions = code.inside(value.span()).filter_map(|kind| match kind {
        AstKind::BinaryExpression(binary) if binary.operator == BinaryOperator::Division => Some(binary),
        _ => None,
    });
    let division = divisions.next().filter(|_| divisions.next().is_none())?;
    let divisor = bare(&division.right);
    let plain = matches!(divisor, Expression::Identifier(_))
        || divisor
            .get_member_expr()
            .is_some_and(|member| !member.is_computed() && matches!(bare(member.object()), Expression::Identifier(_)));
    let span = range(division.span);
    let text = code.slice(divisor.span());
    let inside =
        matches!(code.parent(division.node_id()), AstKind::ParenthesizedExpression(_) | AstKind::CallExpression(_));
    let (open, close) = if inside { ("", "") } else { ("(", ")") };
    let edits =
        vec![(span.start..span.start, format!("{open}{text} === 0 ? 0 : ")), (span.end..span.end, close.to_owned())];
    plain.then(|| {
        let why = format!("{} It is divided by zero; of nothing, the share is nothing.", known.why);
        scene.draft(format!("Take the share as 0 when `{text}` is 0"), why, 0.72, Promise::ReturnsSomething, edits)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::javascript::rules::examples::{Example, MODULE, NODE};

    const ERRORS: (&str, &str) = (
        "src/errors.js",
        "export class BadRequest extends Error {}\nexport const badRequest = (message) => new BadRequest(message);\n",
    );

    fn counting(kind: &str, message: &str, args: serde_json::Value, source: &str) -> Example {
        let source = format!(
            "import {{ badRequest }} from './errors.js';\n\nexport function g(x) {{\n  if (!x) {{\n    throw badRequest('x must be \
             there');\n  }}\n  return x;\n}}\n\n{source}"
        );
        let example = Example::new(kind, message, "f", args, &[("src/f.js", &source), ERRORS, NODE, MODULE]);
        assert_eq!(example.rule().as_deref(), Some("bad-number"), "{source}");
        example
    }

    #[test]
    fn a_bad_number_is_refused_where_it_comes_in() {
        counting(
            "RangeError",
            "Invalid array length",
            json!([{ "pages": -1 }]),
            "export function f({ pages }) {\n  return ⟦new Array(pages).fill(0);\n}\n",
        )
        .heals(
            "src/f.js",
            "  if (!Number.isInteger(pages) || pages < 0) {\n    throw badRequest('pages must be a non-negative whole number');\n  }\n",
        );
        counting(
            "SyntaxError",
            "Cannot convert 1,50 to a BigInt",
            json!(["1,50"]),
            "export function f(cents) {\n  return String(⟦BigInt(cents) * 2n);\n}\n",
        )
        .heals("src/f.js", "if (!/^-?\\d+$/.test(cents)) {\n    throw badRequest('cents must be a whole number');");
        counting(
            "RangeError",
            "The number NaN cannot be converted to a BigInt because it is not an integer",
            json!(["x"]),
            "export function f(text) {\n  const cents = Number(text) * 100;\n  return String(⟦BigInt(cents));\n}\n",
        )
        .heals(
            "src/f.js",
            "* 100;\n  if (!Number.isInteger(cents)) {\n    throw badRequest('cents must be a whole number');",
        );
    }

    #[test]
    fn a_date_is_asked_whether_it_is_one() {
        counting(
            "RangeError",
            "Invalid time value",
            json!(["soon"]),
            "export function f(when) {\n  const date = new Date(when);\n  return date.⟦toISOString();\n}\n",
        )
        .heals("src/f.js", "  if (Number.isNaN(date.getTime())) {\n    throw badRequest('date must be a valid date');");
        counting(
            "RangeError",
            "Invalid time value",
            json!(["soon"]),
            "export function f(when) {\n  return new Date(when).⟦toISOString();\n}\n",
        )
        .heals(
            "src/f.js",
            "  if (Number.isNaN(new Date(when).getTime())) {\n    throw badRequest('when must be a valid date');",
        );
    }

    #[test]
    fn a_share_of_nothing_is_nothing() {
        counting(
            "RangeError",
            "Invalid count value: Infinity",
            json!([3, 0]),
            "export function f(done, total) {\n  return '#'.⟦repeat(Math.round((done / total) * 10));\n}\n",
        );
    }

    #[test]
    fn without_an_example_of_a_refusal_there_is_none() {
        let source = "export function f(n) {\n  return ⟦new Array(n).fill(0);\n}\n";
        let example =
            Example::new("RangeError", "Invalid array length", "f", json!([-1]), &[("src/f.js", source), NODE, MODULE]);
        assert_eq!(example.rule().as_deref(), Some("bad-number"));
        example.stays_unhealed();
    }
}
