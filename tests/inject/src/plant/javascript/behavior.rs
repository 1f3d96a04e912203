//! Steps that change places, are left out or done twice.

use oxc::ast::ast::{Expression, Statement};
use oxc::span::GetSpan as _;

use super::{Scene, range};
use crate::fault::{Edit, Fault};
use crate::plan::Capability;

pub(super) fn plant(scene: &Scene, found: &mut Vec<Fault>) {
    let mut push = |rule, edits, what: String| scene.push(Capability::Behavior, rule, edits, what, found);
    for block in scene.blocks() {
        for (index, statement) in block.iter().enumerate() {
            if !is_step(statement) {
                continue;
            }
            let Some(lines) = scene.whole_lines(statement.span()) else { continue };
            let shown = scene.src(statement.span());
            if let Some(next) = block.get(index + 1).filter(|it| is_step(it)) {
                let other = scene.src(next.span());
                let edits = vec![Edit::new(range(statement.span()), other), Edit::new(range(next.span()), shown)];
                push("swapped-steps", edits, format!("`{other}` comes before `{shown}`"));
            }
            if matches!(statement, Statement::ExpressionStatement(_)) {
                push("dropped-step", vec![Edit::new(lines.clone(), "")], format!("`{shown}` is left out"));
                let again = scene.text()[lines.clone()].to_owned();
                if again.ends_with('\n') {
                    push(
                        "doubled-step",
                        vec![Edit::new(lines.end..lines.end, again)],
                        format!("`{shown}` is done twice"),
                    );
                }
            }
        }
    }
}

/// A call that stands alone, or whose result is only kept.
fn is_step(statement: &Statement) -> bool {
    let call = |expression: &Expression| match expression {
        Expression::CallExpression(_) => true,
        Expression::AwaitExpression(it) => matches!(it.argument, Expression::CallExpression(_)),
        Expression::AssignmentExpression(it) => matches!(it.right, Expression::CallExpression(_)),
        _ => false,
    };
    match statement {
        Statement::ExpressionStatement(only) => call(&only.expression),
        Statement::VariableDeclaration(it) => match &it.declarations[..] {
            [only] => only.init.as_ref().is_some_and(call),
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::planted;
    use crate::plan::Capability;

    #[test]
    fn steps_are_swapped_dropped_and_doubled() {
        let made = planted(Capability::Behavior, "function f(a) {\n  b(a);\n  c(a);\n}\n");
        let of = |rule| made.iter().filter(move |it| it.0 == rule).map(|it| &it.1[16..]).collect::<Vec<_>>();
        assert_eq!(of("swapped-steps"), ["  c(a);\n  b(a);\n}\n"]);
        assert_eq!(of("dropped-step"), ["  c(a);\n}\n", "  b(a);\n}\n"]);
        assert_eq!(of("doubled-step").len(), 2);
    }
}
