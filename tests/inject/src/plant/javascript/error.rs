//! Removed guards: what was checked before is used unchecked.

use oxc::ast::AstKind;
use oxc::ast::ast::{BinaryOperator, Expression, IfStatement, LogicalOperator, Statement, UnaryOperator};
use oxc::span::GetSpan as _;

use super::{Scene, is_literal, is_place, range, span};
use crate::fault::{Edit, Fault};
use crate::plan::Capability;

pub(super) fn plant(scene: &Scene, found: &mut Vec<Fault>) {
    let mut push = |rule, edits, what: String| scene.push(Capability::Error, rule, edits, what, found);
    for kind in scene.code.kinds() {
        match kind {
            AstKind::IfStatement(guard) if guard.alternate.is_none() && is_guard(&guard.test) => {
                if let Some((rule, edit)) = without(scene, guard) {
                    push(rule, vec![edit], format!("`if ({})` is gone", scene.src(guard.test.span())));
                }
            }
            AstKind::ConditionalExpression(choice) if is_guard(&choice.test) => {
                let asked = tested(scene, &choice.test);
                let uses = |side: &Expression| {
                    let text = scene.src(side.span());
                    text != asked && text.contains(asked)
                };
                let side = [&choice.consequent, &choice.alternate].into_iter().find(|side| uses(side));
                if let Some(side) = side {
                    let text = scene.src(side.span());
                    let what = format!("`{text}` is taken without asking `{}`", scene.src(choice.test.span()));
                    push("removed-choice", vec![Edit::new(range(choice.span), text)], what);
                }
            }
            AstKind::LogicalExpression(both) => {
                let (left, right) = (scene.src(both.left.span()), scene.src(both.right.span()));
                let first = Edit::new(both.left.span().start as usize..both.right.span().start as usize, "");
                match both.operator {
                    LogicalOperator::Or | LogicalOperator::Coalesce if is_literal(&both.right) => {
                        let edit = Edit::new(both.left.span().end as usize..both.span.end as usize, "");
                        push("removed-default", vec![edit], format!("the default `{right}` is gone"));
                    }
                    LogicalOperator::And | LogicalOperator::Or if is_guard(&both.left) => {
                        push("removed-condition", vec![first], format!("`{left}` is no longer asked first"));
                    }
                    _ => {}
                }
            }
            AstKind::StaticMemberExpression(member) if member.optional => {
                let gap = member.object.span().end as usize..member.property.span.start as usize;
                push(
                    "removed-optional",
                    vec![Edit::new(gap, ".")],
                    format!("`{}` is taken for granted", scene.src(member.span)),
                );
            }
            AstKind::AwaitExpression(it) => {
                let edit = Edit::new(it.span.start as usize..it.argument.span().start as usize, "");
                push("removed-await", vec![edit], format!("`{}` is not awaited", scene.src(it.argument.span())));
            }
            AstKind::FormalParameter(it) => {
                if let Some(default) = &it.initializer {
                    let edit = Edit::new(it.pattern.span().end as usize..default.span().end as usize, "");
                    push("removed-default", vec![edit], format!("`{}` has no default", scene.src(it.pattern.span())));
                }
            }
            AstKind::TryStatement(attempt) if attempt.finalizer.is_none() => {
                let short = attempt.block.body.len() <= 2 && !scene.src(attempt.block.span).contains('`');
                if let (true, Some(lines), [first, ..]) =
                    (short, scene.whole_lines(attempt.span), &attempt.block.body[..])
                {
                    let body = outdented(scene, first, &attempt.block.body, attempt.span);
                    push(
                        "removed-try",
                        vec![Edit::new(lines, body)],
                        format!("`{}` may throw", scene.src(first.span())),
                    );
                }
            }
            _ => {}
        }
    }
}

/// What is left of the file without a guard.
fn without(scene: &Scene, guard: &IfStatement) -> Option<(&'static str, Edit)> {
    let lines = scene.whole_lines(guard.span)?;
    let statements: &[Statement] = match &guard.consequent {
        Statement::BlockStatement(block) => &block.body,
        _ => std::slice::from_ref(&guard.consequent),
    };
    let last = statements.last()?;
    let leaves = matches!(
        last,
        Statement::ReturnStatement(_)
            | Statement::ThrowStatement(_)
            | Statement::ContinueStatement(_)
            | Statement::BreakStatement(_)
    );
    if leaves {
        return (statements.len() <= 2).then(|| ("removed-guard", Edit::new(lines, "")));
    }
    let first = statements.first()?;
    let plain = statements.len() <= 6 && !scene.src(guard.span).contains('`');
    plain.then(|| ("removed-check", Edit::new(lines, outdented(scene, first, statements, guard.span))))
}

/// Statements as they stand one level further out.
fn outdented(scene: &Scene, first: &Statement, statements: &[Statement], outer: oxc::span::Span) -> String {
    let (inner, outer) = (scene.indent(first.span()), scene.indent(outer));
    let end = statements.last().map_or(first.span().end, |last| last.span().end);
    let body = scene.text().get(first.span().start as usize..end as usize).unwrap_or_default();
    let lines = body
        .split('\n')
        .map(|line| line.strip_prefix(inner).map_or_else(|| line.to_owned(), |rest| format!("{outer}{rest}")));
    let text: Vec<String> = lines.collect();
    format!("{outer}{}\n", text.join("\n"))
}

/// Asks whether something is there, empty, zero or of a type.
fn is_guard(test: &Expression) -> bool {
    match test {
        Expression::BinaryExpression(it) => {
            let asks_type =
                matches!(&it.left, Expression::UnaryExpression(unary) if unary.operator == UnaryOperator::Typeof);
            asks_type
                || is_literal(&it.left)
                || is_literal(&it.right)
                || matches!(it.operator, BinaryOperator::In | BinaryOperator::Instanceof)
        }
        Expression::UnaryExpression(it) => it.operator == UnaryOperator::LogicalNot && is_value(&it.argument),
        Expression::LogicalExpression(it) => is_guard(&it.left) || is_guard(&it.right),
        Expression::ParenthesizedExpression(it) => is_guard(&it.expression),
        other => is_value(other),
    }
}

fn is_value(expression: &Expression) -> bool {
    match expression {
        Expression::CallExpression(call) => matches!(
            &call.callee,
            Expression::StaticMemberExpression(it)
                if matches!(it.property.name.as_str(), "isArray" | "hasOwnProperty" | "has" | "call" | "isBuffer" | "isInteger")
        ),
        other => is_place(other),
    }
}

/// The text that a test is about.
fn tested<'a>(scene: &Scene<'a>, test: &Expression<'a>) -> &'a str {
    let about = match test {
        Expression::BinaryExpression(it) => match &it.left {
            Expression::UnaryExpression(unary) => unary.argument.span(),
            left => left.span(),
        },
        Expression::UnaryExpression(it) => it.argument.span(),
        Expression::LogicalExpression(it) => return tested(scene, &it.left),
        Expression::CallExpression(call) => call.arguments.first().map_or(call.span, oxc::span::GetSpan::span),
        other => other.span(),
    };
    &scene.text()[span(&about)]
}

#[cfg(test)]
mod tests {
    use super::super::planted;
    use crate::plan::Capability;

    #[test]
    fn guards_are_removed() {
        let of = |body: &str| {
            let made = planted(Capability::Error, &format!("function f(a, b) {{\n{body}}}\n"));
            made.into_iter().map(|(_, text)| text[19..text.len() - 2].to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(of("  if (!a) return 0;\n  return a.b;\n"), ["  return a.b;\n"]);
        assert_eq!(of("  if (a === null) {\n    throw new Error('no');\n  }\n  return a.b;\n"), ["  return a.b;\n"]);
        assert_eq!(of("  if (a) {\n    b.push(a.c);\n  }\n  return b;\n"), ["  b.push(a.c);\n  return b;\n"]);
        assert_eq!(of("  return a ? a.b : null;\n"), ["  return a.b;\n"]);
        assert_eq!(of("  return a && a.b;\n"), ["  return a.b;\n"]);
        assert_eq!(of("  return a || [];\n"), ["  return a;\n"]);
        assert_eq!(of("  return a?.b;\n"), ["  return a.b;\n"]);
        assert_eq!(of("  try {\n    return b(a);\n  } catch {\n    return 0;\n  }\n"), ["  return b(a);\n"]);
    }
}
