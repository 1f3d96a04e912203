//! What a body throws itself and lets out.

use oxc::ast::AstKind;
use oxc::ast::ast::{Argument, Expression};
use oxc::span::GetSpan as _;
use thymus_javascript::code::{Code, Func, bare, is_name, range};

use super::functions::inside;
use crate::signature::Raise;

/// `throw new X(…)`, in the order of the code. What stands in a `try` with a handler may be caught, and is left out.
pub(super) fn throws(code: &Code, function: &Func) -> Vec<Raise> {
    let found = inside(code, function).filter_map(|kind| {
        let AstKind::ThrowStatement(statement) = kind else { return None };
        let is_own = code.function_of(kind.node_id()).is_some_and(|inner| inner.id == function.id);
        let may_be_caught = code.ancestors(kind.node_id()).any(|outer| match outer {
            AstKind::TryStatement(tried) => {
                tried.handler.is_some() && tried.block.span.contains_inclusive(statement.span)
            }
            _ => false,
        });
        let Expression::NewExpression(new) = bare(&statement.argument) else { return None };
        let name = code.slice(new.callee.span()).rsplit('.').next().filter(|name| is_name(name))?;
        let message = match new.arguments.first() {
            Some(Argument::StringLiteral(text)) => Some(text.value.to_string()),
            _ => None,
        };
        (is_own && !may_be_caught).then(|| Raise { name: name.to_owned(), message, at: range(statement.span) })
    });
    found.collect()
}
