//! A circle of imports, broken where that changes nothing else: a name that only functions use is imported in them, one
//! that only annotations use is imported for types only.

use std::ops::Range;

use ruff_python_ast::{Expr, Stmt};
use thymus_python::syntax::{Module, Node, bytes, walk};

use super::proof;
use crate::fault::Fault;
use crate::python::survey::Survey;
use crate::repair::Repair;

/// The most functions that get the import.
const MOST_FUNCTIONS: usize = 3;

/// The import, moved.
pub fn repair(fault: &Fault, survey: &Survey) -> Option<Repair> {
    let [site] = fault.sites.as_slice() else { return None };
    let facts = survey.facts.get(&site.path)?;
    let import = facts.imports.iter().find(|import| import.range == site.range && import.count == 1)?;
    let module = survey.module(&site.path)?;
    // One among the file's other statements, not within `if` or `try`.
    let statement = module.tree.body.iter().find(|it| bytes(*it) == import.statement)?;
    let functions = users(&module, &import.local)?;
    if functions.is_empty() || functions.len() > MOST_FUNCTIONS {
        return None;
    }
    let newline = module.text.newline();
    let line = module.src(statement).to_owned();
    let mut edits = vec![(site.path.clone(), line_of(&module, &import.statement)?, String::new())];
    for start in functions {
        let indent = module.text.indent_at(start);
        edits.push((site.path.clone(), start..start, format!("{line}{newline}{newline}{indent}")));
    }
    let changes = survey.sound(&edits)?;
    let target = survey.tree.name(&fault.key.target)?;
    Some(Repair {
        title: format!("Import {} of {target} where it is used", import.local),
        explanation: format!(
            "`{}` imports `{}` from `{}`, which in turn needs `{}`: whichever is loaded first finds the other not ready. Only \
             functions use the name, so they import it when they run, and by then both are ready.",
            site.path, fault.key.name, fault.key.target, site.path,
        ),
        changes,
        confidence: 0.88,
        proof: proof(fault, survey),
    })
}

/// Where the bodies of those outermost functions begin that use a name; none where something else uses it.
fn users(module: &Module, name: &str) -> Option<Vec<usize>> {
    let mut bodies: Vec<(Range<usize>, usize)> = Vec::new();
    let mut uses: Vec<usize> = Vec::new();
    walk(&module.tree.body, &mut |node| {
        if let Node::Stmt(Stmt::FunctionDef(def)) = node {
            let is_doc = |it: &&Stmt| it.as_expr_stmt().is_some_and(|it| it.value.is_string_literal_expr());
            let first = def.body.iter().find(|it| !is_doc(it));
            if let (Some(first), Some(last)) = (first, def.body.last()) {
                let range = bytes(first).start..bytes(last).end;
                if !bodies.iter().any(|(outer, _)| outer.start <= range.start && range.end <= outer.end) {
                    bodies.push((range.clone(), range.start));
                }
            }
        }
        if let Node::Expr(Expr::Name(it)) = node
            && it.id.as_str() == name
        {
            uses.push(bytes(it).start);
        }
        true
    });
    let mut found = Vec::new();
    for at in uses {
        let (_, start) = bodies.iter().find(|(body, _)| body.contains(&at))?;
        if !found.contains(start) {
            found.push(*start);
        }
    }
    // A name in a text may be an annotation, or one of `__all__`.
    let quoted = ["\"", "'"].iter().any(|quote| module.text.content.contains(&format!("{quote}{name}{quote}")));
    (!quoted).then_some(found)
}

/// A statement's whole lines.
fn line_of(module: &Module, statement: &Range<usize>) -> Option<Range<usize>> {
    let content = &module.text.content;
    let start = content[..statement.start].rfind('\n').map_or(0, |at| at + 1);
    let end = statement.end + content[statement.end..].find('\n')? + 1;
    let alone = content[start..statement.start].trim().is_empty() && content[statement.end..end].trim().is_empty();
    alone.then_some(start..end)
}

#[cfg(test)]
mod tests {
    use crate::python::rules::examples::Example;

    #[test]
    fn the_import_goes_where_it_is_used() {
        Example::of(&[
            ("shop/__init__.py", ""),
            ("shop/cart.py", "from .order import Order\n\n\nclass Cart:\n    def place(self):\n        \"\"\"Doc.\"\"\"\n        return Order(self)\n"),
            ("shop/order.py", "from .cart import Cart\n\n\nclass Order(Cart):\n    pass\n"),
        ])
        .repairs(
            "shop/cart.py",
            "from .order import Order\n\n\nclass Cart:\n    def place(self):\n        \"\"\"Doc.\"\"\"\n        return",
            "\n\nclass Cart:\n    def place(self):\n        \"\"\"Doc.\"\"\"\n        from .order import Order\n\n        return",
        )
        .is_sure(0);
    }

    #[test]
    fn what_loading_needs_stays() {
        Example::of(&[
            ("shop/__init__.py", ""),
            ("shop/a.py", "from .b import B\n\n\nclass A(B):\n    pass\n"),
            ("shop/b.py", "from .a import A\n\n\nclass B:\n    other = A\n"),
        ])
        .has_no_repair();
    }
}
