//! A parameter that is written into: from there on its name stands for a copy, with copies of those containers within it
//! that are written into. `lines.push(gift)` gets `lines = [...lines];` in front.

use std::collections::BTreeSet;

use oxc::ast::AstKind;
use oxc::ast::ast::{Expression, Statement};
use oxc::semantic::SymbolId;
use oxc::span::{GetSpan as _, Span};
use thymus_javascript::code::{Body, bare};
use thymus_javascript::style::Style;

use crate::differences::{Place, Step};
use crate::javascript::copies::Copies;
use crate::javascript::scene::{Scene, Watched};
use crate::javascript::sites::returns_something;
use crate::repair::Draft;

pub fn draft(scene: &Scene<'_, '_>) -> Option<Draft> {
    let Watched::Parameter(_) = scene.watched else { return None };
    let code = scene.code;
    let Body::Block(body) = scene.function.body else { return None };
    // Who gives nothing back, or is called for nothing else, is there to change what it gets.
    if !returns_something(code, &scene.function) || scene.is_called_for_its_change() {
        return None;
    }
    let (symbol, base) = scene.parameter_of_all_sites()?;
    let name = code.semantic.scoping().symbol_name(symbol);
    let places: BTreeSet<&[Step]> =
        scene.sites.iter().map(|site| site.alias.place.0.get(base.0.len()..)).collect::<Option<_>>()?;
    let places: Vec<&[Step]> = places.into_iter().collect();
    let copy = Copies::of(code).deep(name, scene.value_at(&base)?, &places)?;
    let statements = innermost(&body.statements, &scene.sites.iter().map(|site| site.span).collect::<Vec<_>>());
    let statement = statements.iter().map(oxc::span::GetSpan::span).find(|span| uses(scene, *span, symbol))?;
    let at = statement.start as usize;
    let indent = code.text.indent_at(at);
    let Style { semicolon, newline, .. } = Style::of_code(code);
    Some(Draft {
        title: format!("Copy {name} before it is changed"),
        explanation: format!(
            "{} belongs to whoever called. From here on `{name}` is the function's own copy{}.",
            if base.0.is_empty() { "The argument" } else { "What was taken out of the argument" },
            if places.iter().any(|place| !place.is_empty()) { ", as deep as it is written into" } else { "" },
        ),
        edits: vec![(scene.change.path.clone(), at..at, format!("{name} = {copy}{semicolon}{newline}{indent}"))],
        confidence: if places.iter().all(|place| place.is_empty()) { 0.85 } else { 0.75 },
    })
}

/// The innermost block that holds all of these without a loop or a function in between.
fn innermost<'s, 'a>(mut statements: &'s [Statement<'a>], sites: &[Span]) -> &'s [Statement<'a>] {
    let holds = |span: Span| sites.iter().all(|site| span.start <= site.start && site.end <= span.end);
    loop {
        let around = statements.iter().find(|statement| holds(statement.span()));
        let block = match around {
            Some(Statement::IfStatement(it)) => {
                [Some(&it.consequent), it.alternate.as_ref()].into_iter().flatten().find(|branch| holds(branch.span()))
            }
            _ => None,
        };
        match block {
            Some(Statement::BlockStatement(block)) => statements = &block.body,
            _ => return statements,
        }
    }
}

/// Whether a statement writes, or takes out of the parameter what is written into later.
fn uses(scene: &Scene<'_, '_>, statement: Span, symbol: SymbolId) -> bool {
    let code = scene.code;
    let inside = |span: Span| statement.start <= span.start && span.end <= statement.end;
    scene.sites.iter().any(|site| inside(site.span))
        || code.inside(statement).any(|kind| match kind {
            AstKind::VariableDeclarator(declarator) => declarator.init.as_ref().is_some_and(|init| {
                let mut init = bare(init);
                while let Expression::StaticMemberExpression(member) = init {
                    init = bare(&member.object);
                }
                matches!(init, Expression::Identifier(name) if code.resolve(name) == Some(symbol))
            }),
            _ => false,
        })
}

impl Scene<'_, '_> {
    /// The name in the parameter list from which every site's container is reached, and the way to it.
    fn parameter_of_all_sites(&self) -> Option<(SymbolId, Place)> {
        let Watched::Parameter(at) = self.watched else { return None };
        let bound = self.code.inside(self.function.params.items.get(at)?.pattern.span());
        let names = bound.filter_map(|kind| match kind {
            AstKind::BindingIdentifier(name) => name.symbol_id.get(),
            _ => None,
        });
        names
            .filter_map(|symbol| Some((symbol, self.aliases.named(symbol)?)))
            .filter(|(_, alias)| !alias.fresh)
            .find(|(_, alias)| {
                let base = &alias.place.0;
                self.sites.iter().all(|site| site.alias.place.0.starts_with(base))
            })
            .map(|(symbol, alias)| (symbol, alias.place.clone()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::examples::*;

    #[test]
    fn a_parameter_becomes_a_copy() {
        let after = repaired(
            r"function f(rows) {
  if (!rows) {
    return 0;
  }
  rows.push(1);
  return rows.length;
}
",
            &json!([[]]),
            &json!([[1]]),
        );
        assert_eq!(
            after.as_deref(),
            Some(
                r"function f(rows) {
  if (!rows) {
    return 0;
  }
  rows = [...rows];
  rows.push(1);
  return rows.length;
}
"
            )
        );
    }

    #[test]
    fn entries_are_copied_where_they_are_written_into() {
        let after = repaired(
            r"function f({ lines }) {
  let sum = 0;
  for (const line of lines) {
    line.total = line.price * 2;
    sum += line.total;
  }
  return sum;
}
",
            &json!([{ "lines": [{ "price": 1 }] }]),
            &json!([{ "lines": [{ "price": 1, "total": 2 }] }]),
        );
        assert_eq!(
            after.as_deref(),
            Some(
                r"function f({ lines }) {
  let sum = 0;
  lines = lines.map((item) => ({ ...item }));
  for (const line of lines) {
    line.total = line.price * 2;
    sum += line.total;
  }
  return sum;
}
"
            )
        );
    }

    #[test]
    fn who_is_there_to_change_it_is_left_alone() {
        assert_eq!(
            repaired(
                r"function f(rows) {
  rows.push(1);
}
",
                &json!([[]]),
                &json!([[1]])
            ),
            None
        );
    }

    #[test]
    fn who_is_called_for_its_change_is_left_alone() {
        assert_eq!(
            repaired(
                r"function f(rows) {
  rows.push(1);
  return rows;
}
export function g(rows) {
  f(rows);
  return rows;
}
",
                &json!([[]]),
                &json!([[1]])
            ),
            None
        );
    }
}
