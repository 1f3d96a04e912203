//! A local name for what belongs to somebody else, which is then written into: it becomes the name of a copy.
//! `const rows = report.rows;` becomes `const rows = [...report.rows];`.

use oxc::ast::AstKind;
use oxc::ast::ast::{BindingPattern, Expression};
use oxc::span::GetSpan as _;
use thymus_javascript::code::{bare, range};

use crate::javascript::copies::{Copies, Shape};
use crate::javascript::scene::{Scene, Watched};
use crate::javascript::sites::Kind;
use crate::repair::Draft;

pub fn draft(scene: &Scene<'_, '_>) -> Option<Draft> {
    let code = scene.code;
    let mut names = scene.sites.iter().map(|site| match bare(site.container) {
        Expression::Identifier(name) => code.resolve(name),
        _ => None,
    });
    let symbol = names.next()??;
    if names.any(|other| other != Some(symbol)) {
        return None;
    }
    let AstKind::VariableDeclarator(declarator) = code.declaration(symbol) else { return None };
    let within = |outer: oxc::span::Span, inner: oxc::span::Span| outer.start <= inner.start && inner.end <= outer.end;
    let is_plain = matches!(declarator.id, BindingPattern::BindingIdentifier(_));
    if !is_plain || !within(scene.function.span, declarator.span) {
        return None;
    }
    let init = declarator.init.as_ref()?;
    let shape = shape(scene)?;
    let copy = Copies::of(code).shallow(code.slice(init.span()), shape);
    let name = code.semantic.scoping().symbol_name(symbol);
    Some(Draft {
        title: format!("Copy {name} before it is changed"),
        explanation: format!(
            "`{name}` is only another name for `{}`, so what is written into it is written there. As a copy it is the \
             function's own.",
            code.slice(init.span())
        ),
        edits: vec![(scene.change.path.clone(), range(init.span()), copy)],
        confidence: 0.9,
    })
}

/// What is written into: as the captured calls show it, else as it is written.
fn shape(scene: &Scene<'_, '_>) -> Option<Shape> {
    if let Watched::Parameter(_) = scene.watched {
        return Shape::of(scene.value_at(&scene.sites.first()?.alias.place)?);
    }
    scene.sites.iter().find_map(|site| match &site.kind {
        Kind::Method(_) => Some(Shape::List),
        Kind::Assign | Kind::Delete | Kind::ObjectAssign => Some(Shape::Object),
        Kind::Call => None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::examples::*;

    #[test]
    fn another_name_becomes_a_copy() {
        let after = repaired(
            r"function f(order) {
  const rows = order.rows;
  rows.push(1);
  return rows.length;
}
",
            &json!([{ "rows": [] }]),
            &json!([{ "rows": [1] }]),
        );
        assert_eq!(
            after.as_deref(),
            Some(
                r"function f(order) {
  const rows = [...order.rows];
  rows.push(1);
  return rows.length;
}
"
            )
        );
    }

    #[test]
    fn defaults_of_the_module_are_copied() {
        let after = forgotten(
            r"const DEFAULTS = { a: 1 };
export { DEFAULTS };
function f(given) {
  const out = DEFAULTS;
  out.b = given;
  return out;
}
",
        );
        assert_eq!(
            after.as_deref(),
            Some(
                r"const DEFAULTS = { a: 1 };
export { DEFAULTS };
function f(given) {
  const out = { ...DEFAULTS };
  out.b = given;
  return out;
}
"
            )
        );
    }
}
