//! Python: functions with their docstrings, and the classes of a file.

pub mod docstring;
mod functions;
mod raises;
mod surface;

use ruff_python_ast::{ExceptHandler, Expr, Stmt};
use thymus_python::project::imports;
use thymus_python::syntax::{Module, Node, callee_name, walk};

pub use surface::surface;

use crate::classes::Classes;
use crate::documented::Documented;

/// Whether a docstring could say anything that code contradicts; cheaper than parsing.
pub fn is_worth_reading(content: &str) -> bool {
    const MARKS: [&str; 8] = ["Args:", "Arguments:", "Parameters", "Params:", ":param", "Raises", ":raises", "Returns"];
    MARKS.iter().any(|mark| content.contains(mark))
}

/// Every documented function of a file.
pub fn functions(module: &Module) -> Vec<Documented> {
    functions::documented(module)
}

/// What a file adds to the project's classes.
pub fn classes(module: &Module, classes: &mut Classes) {
    for import in imports(module) {
        classes.mention(&import.local);
        classes.mention(&import.name);
    }
    walk(&module.tree.body, &mut |node| {
        match node {
            Node::Stmt(Stmt::ClassDef(class)) => {
                let bases = class.bases().iter().filter_map(callee_name).map(str::to_owned);
                classes.define(class.name.as_str(), bases);
            }
            Node::Stmt(Stmt::Raise(raise)) => {
                raise.exc.as_deref().and_then(callee_name).into_iter().for_each(|name| classes.mention(name));
            }
            Node::Stmt(Stmt::Assign(assign)) => {
                assign.targets.iter().filter_map(callee_name).for_each(|name| classes.mention(name));
            }
            Node::Handler(ExceptHandler::ExceptHandler(handler)) => match handler.type_.as_deref() {
                Some(Expr::Tuple(tuple)) => {
                    tuple.elts.iter().filter_map(callee_name).for_each(|name| classes.mention(name));
                }
                Some(one) => callee_name(one).into_iter().for_each(|name| classes.mention(name)),
                None => {}
            },
            _ => {}
        }
        !matches!(node, Node::Expr(_))
    });
}

/// The texts that no code depends on, which a repair may touch: what stands between a docstring's quotes.
pub fn docstrings(module: &Module) -> Vec<std::ops::Range<usize>> {
    functions::docstrings(module)
}
