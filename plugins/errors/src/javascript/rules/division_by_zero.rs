//! `division-by-zero`: a `BigInt` was divided by `0n`.

use oxc::ast::AstKind;
use oxc::ast::ast::{BinaryExpression, BinaryOperator, Expression};
use oxc::span::GetSpan as _;

use super::Rule;
use crate::javascript::draft::Draft;
use crate::javascript::guards::{at_start, before, exits_for_bad_input, guard_text};
use crate::javascript::message::Fault;
use crate::javascript::scene::{Known, Scene};
use crate::repair::Promise;
use thymus_javascript::code::{bare, range};
use thymus_javascript::origin::{Origin, describe, origin};

pub const RULE: Rule = Rule { name: "division-by-zero", recognise, repairs };

fn failed<'a>(scene: &Scene<'_, 'a>) -> Option<&'a BinaryExpression<'a>> {
    if scene.fault != Fault::DivisionByZero || !scene.is_innermost() {
        return None;
    }
    scene.pick(scene.code.kinds().filter_map(|kind| match kind {
        AstKind::BinaryExpression(binary)
            if matches!(binary.operator, BinaryOperator::Division | BinaryOperator::Remainder) =>
        {
            let after = binary.left.span().end as usize;
            let between = scene.code.text.content.get(after..binary.right.span().start as usize)?;
            Some((after + between.find(['/', '%'])?, binary))
        }
        _ => None,
    }))
}

fn recognise(scene: &Scene) -> Option<Known> {
    let division = failed(scene)?;
    let why = format!(
        "{} is zero when {} is divided by it in line {}: it {}.",
        scene.says(division.right.span()),
        scene.says(division.left.span()),
        scene.code.line(division.span.start),
        describe(scene.code, &origin(scene.code, &division.right))
            .replace("has no value there", "comes out as zero there"),
    );
    Some(Known { span: division.span, why, confidence: 0.97, related: Vec::new() })
}

fn repairs(scene: &Scene, known: &Known) -> Vec<Draft> {
    let Some(division) = failed(scene) else { return Vec::new() };
    let code = scene.code;
    let divisor = bare(&division.right);
    let text = code.slice(divisor.span());
    let mut drafts = Vec::new();
    let function = code.function_of(division.node_id());
    if let Expression::Identifier(name) = divisor {
        let from_outside = matches!(origin(code, divisor), Origin::Parameter(_));
        let lower = if from_outside { 0.0 } else { 0.12 };
        for exit in exits_for_bad_input(scene, function, &format!("{} must not be zero", name.name)) {
            let guard = |indent: &str| guard_text(&scene.style(), indent, &format!("{text} === 0n"), &exit);
            let edit = match (from_outside, &function, code.statement_of(division.node_id())) {
                (true, Some(function), _) => at_start(code, &scene.style(), function, guard),
                (false, _, Some(statement)) => Some(before(code, &scene.style(), statement.span(), guard)),
                _ => None,
            };
            let Some(edit) = edit else { continue };
            let edits = std::iter::once(edit).chain(exit.import.clone()).collect();
            let why = format!("{} `{}` answers that; {}.", known.why, exit.statement.trim_end_matches(';'), exit.why);
            drafts.push(scene.draft(
                format!("Leave early when `{text}` is zero"),
                why,
                exit.confidence - lower,
                exit.promise,
                edits,
            ));
        }
    }
    if is_repeatable(divisor) {
        let span = range(division.span);
        let parenthesised = matches!(code.parent(division.node_id()), AstKind::ParenthesizedExpression(_));
        let plain = matches!(
            code.parent(division.node_id()),
            AstKind::VariableDeclarator(_) | AstKind::ReturnStatement(_) | AstKind::ObjectProperty(_)
        );
        let (open, close) = if parenthesised || plain { ("", "") } else { ("(", ")") };
        let edits = vec![
            (span.start..span.start, format!("{open}{text} === 0n ? 0n : ")),
            (span.end..span.end, close.to_owned()),
        ];
        let why = format!("{} Of nothing, the share is nothing.", known.why);
        drafts.push(scene.draft(
            format!("Take the share as `0n` when `{text}` is zero"),
            why,
            0.66,
            Promise::ReturnsSomething,
            edits,
        ));
    }
    drafts
}

/// Names, properties, and their conversion to `BigInt`: what gives the same when it is asked twice.
fn is_repeatable(expression: &Expression) -> bool {
    let mut inner = bare(expression);
    loop {
        match inner {
            Expression::Identifier(_) | Expression::ThisExpression(_) => return true,
            Expression::CallExpression(call) if bare(&call.callee).is_specific_id("BigInt") => {
                let Some(argument) = call.arguments.first().and_then(|it| it.as_expression()) else { return false };
                inner = bare(argument);
            }
            other => match other.get_member_expr() {
                Some(member) if !member.is_computed() => inner = bare(member.object()),
                _ => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::javascript::rules::examples::{Example, MODULE, NODE};

    fn dividing(args: serde_json::Value, source: &str) -> Example {
        let example = Example::new("RangeError", "Division by zero", "f", args, &[("src/f.js", source), NODE, MODULE]);
        assert_eq!(example.rule().as_deref(), Some("division-by-zero"), "{source}");
        example
    }

    #[test]
    fn a_share_of_nothing_is_nothing() {
        dividing(
            json!([[]]),
            "export function f(amounts) {\n  const total = amounts.reduce((sum, it) => sum + BigInt(it), 0n);\n  const mean = total ⟦/ \
             BigInt(amounts.length);\n  return String(mean);\n}\n",
        )
        .heals("src/f.js", "const mean = BigInt(amounts.length) === 0n ? 0n : total / BigInt(amounts.length);");
    }

    #[test]
    fn a_zero_that_comes_in_is_refused_like_other_bad_input() {
        dividing(
            json!(["5", "0"]),
            "const invalid = (message) => new RangeError(message);\n\nexport function f(amount, parts) {\n  if (amount === '') {\n    throw \
             invalid('amount must be a number');\n  }\n  const n = BigInt(parts);\n  return (BigInt(amount) ⟦/ n).toString();\n}\n",
        )
        .heals("src/f.js", "  if (n === 0n) {\n    throw invalid('n must not be zero');\n  }\n  return (BigInt(amount) / n)");
    }
}
