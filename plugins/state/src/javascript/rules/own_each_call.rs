//! A list or map of the module that only one function uses, empty at first, and that function fills: what one call put
//! there is seen by the next. It becomes the call's own.

use oxc::ast::AstKind;
use oxc::ast::ast::Expression;
use oxc::span::GetSpan as _;
use thymus_javascript::code::{Body, bare, range};
use thymus_javascript::style::Style;

use crate::javascript::scene::{Scene, Watched};
use crate::repair::Draft;

/// What names of state that is meant to stay say.
const MEANT: [&str; 12] =
    ["cache", "memo", "seen", "registry", "store", "pool", "stat", "count", "queue", "listener", "handler", "state"];

pub fn draft(scene: &Scene<'_, '_>) -> Option<Draft> {
    let Watched::Constant(symbol, declarator) = scene.watched else { return None };
    let code = scene.code;
    let Body::Block(body) = scene.function.body else { return None };
    let name = code.semantic.scoping().symbol_name(symbol);
    let lower = name.to_lowercase();
    if MEANT.iter().any(|word| lower.contains(word)) || !is_empty(declarator.init.as_ref()?) {
        return None;
    }
    let own = scene.function.span;
    if !code.references(symbol).all(|used| own.start <= used.span().start && used.span().end <= own.end) {
        return None;
    }
    let AstKind::VariableDeclaration(declaration) = code.parent(declarator.node_id()) else { return None };
    if declaration.declarations.len() != 1 || !matches!(code.parent(declaration.node_id()), AstKind::Program(_)) {
        return None;
    }
    let first = body.statements.first()?.span().start as usize;
    let indent = code.text.indent_at(first);
    let Style { newline, .. } = Style::of_code(code);
    let line = code.slice(declaration.span);
    let path = scene.change.path.clone();
    Some(Draft {
        title: format!("Give each call its own {name}"),
        explanation: format!(
            "`{name}` outlives the call, so what one call puts there is seen by the next. Nothing else uses it, so it can \
             begin empty in each call."
        ),
        edits: vec![
            (path.clone(), whole_lines(scene, range(declaration.span)), String::new()),
            (path, first..first, format!("{line}{newline}{indent}")),
        ],
        confidence: 0.85,
    })
}

fn is_empty(init: &Expression<'_>) -> bool {
    match bare(init) {
        Expression::ArrayExpression(list) => list.elements.is_empty(),
        Expression::ObjectExpression(object) => object.properties.is_empty(),
        Expression::NewExpression(made) => made.arguments.is_empty(),
        _ => false,
    }
}

/// With the line's end, and with the empty lines before it where others follow.
fn whole_lines(scene: &Scene<'_, '_>, span: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let content = &scene.code.text.content;
    let rest = &content[span.end..];
    let end = span.end + rest.find('\n').map_or(rest.len(), |at| at + 1);
    let followed = content[end..].starts_with(['\n', '\r']);
    let before = &content[..span.start];
    let start = if followed && !before.trim().is_empty() {
        before.trim_end().len() + before[before.trim_end().len()..].find('\n').map_or(0, |at| at + 1)
    } else {
        span.start
    };
    start..end
}

#[cfg(test)]
mod tests {
    use super::super::examples::*;

    #[test]
    fn a_list_of_the_module_becomes_the_calls_own() {
        let after = forgotten(
            r"import x from 'x';

const found = [];

export function f(text) {
  found.push(x(text));
  return found;
}
",
        );
        assert_eq!(
            after.as_deref(),
            Some(
                r"import x from 'x';

export function f(text) {
  const found = [];
  found.push(x(text));
  return found;
}
"
            )
        );
    }

    #[test]
    fn what_is_meant_to_stay_stays() {
        assert_eq!(
            forgotten(
                r"const cache = {};
export function f(text) {
  cache[text] = 1;
  return cache;
}
"
            ),
            None
        );
    }
}
