//! What a body raises itself and lets out.

use ruff_python_ast::{Expr, Stmt, StmtFunctionDef, StmtRaise};
use thymus_python::syntax::{blocks, bytes, callee_name, string};

use crate::signature::Raise;

/// In the order of the code. What stands in a `try` with handlers may be caught, and is left out.
pub(super) fn raises(def: &StmtFunctionDef) -> Vec<Raise> {
    let mut found = Vec::new();
    gather(&def.body, &mut found);
    found
}

/// Blocks nest at most as deep as the parser allows.
fn gather(body: &[Stmt], found: &mut Vec<Raise>) {
    for statement in body {
        match statement {
            Stmt::Raise(raise) => found.extend(thrown(raise)),
            Stmt::Try(node) if !node.handlers.is_empty() => {
                for handler in &node.handlers {
                    let ruff_python_ast::ExceptHandler::ExceptHandler(handler) = handler;
                    gather(&handler.body, found);
                }
                gather(&node.orelse, found);
                gather(&node.finalbody, found);
            }
            // A context manager may swallow it.
            Stmt::With(node) if node.items.iter().any(|item| may_suppress(&item.context_expr)) => {}
            _ => blocks(statement).into_iter().for_each(|inner| gather(inner, found)),
        }
    }
}

fn may_suppress(context: &Expr) -> bool {
    callee_name(context).is_some_and(|name| matches!(name, "suppress" | "raises" | "assertRaises"))
}

fn thrown(raise: &StmtRaise) -> Option<Raise> {
    let expr = raise.exc.as_deref()?;
    let name = callee_name(expr)?;
    let call = expr.as_call_expr();
    let is_method = call.is_some_and(|call| call.func.as_call_expr().is_some());
    let is_class = name.starts_with(|c: char| c.is_uppercase()) && !is_method && name != "NotImplementedError";
    let first = call.and_then(|call| call.arguments.args.first());
    let message = first.and_then(string).map(str::to_owned);
    is_class.then(|| Raise { name: name.to_owned(), message, at: bytes(raise) })
}
