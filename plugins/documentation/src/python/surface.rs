//! What a Python module offers to who imports it.

use ruff_python_ast::{Expr, Stmt};
use thymus_python::syntax::{Module, statements};

use crate::index::Surface;

/// Its top-level names, those of `if` and `try` blocks too.
pub fn surface(module: &Module) -> Surface {
    let mut surface = Surface::default();
    for statement in statements(&module.tree.body) {
        match statement {
            Stmt::FunctionDef(def) => {
                // Whoever defines it makes names up as they are asked for.
                surface.is_open |= def.name.as_str() == "__getattr__";
                surface.functions.insert(def.name.to_string(), super::functions::plain_signature(module, def));
                surface.names.insert(def.name.to_string());
            }
            Stmt::ClassDef(class) => drop(surface.names.insert(class.name.to_string())),
            Stmt::Assign(assign) => assign.targets.iter().for_each(|target| bind(target, &mut surface)),
            Stmt::AnnAssign(assign) => bind(&assign.target, &mut surface),
            Stmt::AugAssign(assign) => bind(&assign.target, &mut surface),
            Stmt::For(node) => bind(&node.target, &mut surface),
            Stmt::With(node) => {
                node.items.iter().flat_map(|item| &item.optional_vars).for_each(|v| bind(v, &mut surface));
            }
            Stmt::TypeAlias(alias) => bind(&alias.name, &mut surface),
            Stmt::Import(import) => {
                for alias in &import.names {
                    let local = alias.asname.as_ref().map_or_else(
                        || alias.name.split('.').next().unwrap_or_default().to_owned(),
                        ToString::to_string,
                    );
                    surface.names.insert(local);
                }
            }
            Stmt::ImportFrom(import) => {
                for alias in &import.names {
                    let local = alias.asname.as_ref().unwrap_or(&alias.name);
                    surface.is_open |= local.as_str() == "*";
                    surface.names.insert(local.to_string());
                }
            }
            Stmt::Expr(expr) => {
                // `globals().update(…)`, `lazy_loader.attach(…)`, `setattr(sys.modules[…])`
                let text = module.src(&*expr.value);
                surface.is_open |= text.contains("globals()") || text.contains("sys.modules");
            }
            _ => {}
        }
    }
    surface.is_open |=
        module.text.content.contains("globals()[") || module.text.content.contains("sys.modules[__name__]");
    surface
}

fn bind(target: &Expr, surface: &mut Surface) {
    match target {
        Expr::Name(name) => drop(surface.names.insert(name.id.to_string())),
        Expr::Tuple(tuple) => tuple.elts.iter().for_each(|one| bind(one, surface)),
        Expr::List(list) => list.elts.iter().for_each(|one| bind(one, surface)),
        Expr::Starred(starred) => bind(&starred.value, surface),
        _ => {}
    }
}
