//! `constant-rebuilt`: a function makes the same constant thing each time it is called: a pattern out of a literal, a
//! formatter, a set of literals. It moves to the top of the file, where it is made once; it is only read.

use oxc::ast::AstKind;
use oxc::ast::ast::{Argument, Expression, NewExpression};
use oxc::span::GetSpan as _;
use thymus_javascript::code::{bare, range};

use super::Rule;
use crate::javascript::scene::{Draft, Known, Scene};
use crate::javascript::uses::{Use, is_harmless};

pub const RULE: Rule = Rule { name: "constant-rebuilt", find };

fn find(scene: &Scene) -> Vec<Known> {
    let made = scene.nodes().filter_map(|kind| match kind {
        AstKind::NewExpression(new) => Some(new),
        _ => None,
    });
    made.filter_map(|new| known(scene, new)).collect()
}

fn known<'a>(scene: &Scene<'_, 'a>, new: &'a NewExpression<'a>) -> Option<Known> {
    let callee = scene.slice(new.callee.span());
    let kind = callee.strip_prefix("Intl.").map_or(callee, |_| "Intl");
    let heaviness = match kind {
        "Intl" => 0.85,
        "RegExp" => 0.6,
        "Set" | "Map" => 0.5,
        _ => return None,
    };
    if new.arguments.is_empty() && kind != "Intl" || !new.arguments.iter().all(|it| is_constant(it)) {
        return None;
    }
    let flags = new.arguments.get(1).map_or("", |it| scene.slice(it.span()));
    if kind == "RegExp" && flags.contains(['g', 'y']) {
        return None;
    }
    Some(Known {
        span: new.span,
        heaviness: heaviness + if scene.loops(new.node_id.get()).is_empty() { 0.0 } else { 0.1 },
        explanation: format!(
            "`new {callee}(…)` in line {} makes the same thing each time the function is called.",
            scene.line(new.span)
        ),
        repair: repair(scene, new, kind),
    })
}

fn is_constant(argument: &Argument) -> bool {
    fn literal(expression: &Expression, depth: usize) -> bool {
        if depth == 0 {
            return false;
        }
        match bare(expression) {
            Expression::StringLiteral(_)
            | Expression::NumericLiteral(_)
            | Expression::BooleanLiteral(_)
            | Expression::NullLiteral(_) => true,
            Expression::ArrayExpression(list) => {
                list.elements.iter().all(|it| it.as_expression().is_some_and(|it| literal(it, depth - 1)))
            }
            Expression::ObjectExpression(object) => object
                .properties
                .iter()
                .all(|property| property.as_property().is_some_and(|it| !it.computed && literal(&it.value, depth - 1))),
            _ => false,
        }
    }
    argument.as_expression().is_some_and(|it| literal(it, 4))
}

fn repair(scene: &Scene, new: &NewExpression, kind: &str) -> Option<Draft> {
    // The function's own statement at the top of the file.
    let mut top = None;
    for node in scene.code.ancestors(new.node_id.get()) {
        if matches!(node, AstKind::Program(_)) {
            break;
        }
        top = Some(node.span());
    }
    let top = top?;
    let declarator = match scene.code.parent(new.node_id.get()) {
        AstKind::VariableDeclarator(declarator) => Some(declarator),
        _ => None,
    };
    let methods: &[&str] = match kind {
        "Intl" => &["format", "formatToParts", "compare", "resolvedOptions", "select", "of", "segment"],
        "RegExp" => &["test", "exec"],
        _ => &["has", "get", "size", "keys", "values", "entries", "forEach"],
    };
    match declarator {
        Some(declarator) => {
            let symbol = declarator.id.get_binding_identifier()?.symbol_id.get()?;
            let read = scene.uses(symbol).iter().all(|(kind, one)| match one {
                Use::Method(_, name) => methods.contains(name) || is_harmless(one),
                Use::Part | Use::Read => true,
                _ => is_pattern_argument(scene, *kind),
            });
            if !read {
                return None;
            }
        }
        None => match scene.code.parent(new.node_id.get()) {
            AstKind::StaticMemberExpression(member) if methods.contains(&member.property.name.as_str()) => {}
            _ if kind == "RegExp" && is_pattern_argument(scene, scene.code.kind(new.node_id.get())) => {}
            _ => return None,
        },
    }
    let word = match kind {
        "Intl" => "FORMATTER",
        "RegExp" => "PATTERN",
        _ => "KNOWN",
    };
    let name = scene.free_name(word)?;
    let style = scene.style();
    let end = style.semicolon;
    let newline = scene.code.text.newline();
    let source = scene.slice(new.span);
    let at = scene.code.doc_before(top.start).map_or(range(top).start, |doc| {
        scene.code.text.content[..range(top).start].rfind(doc).unwrap_or(range(top).start)
    });
    let edits =
        vec![(at..at, format!("const {name} = {source}{end}{newline}{newline}")), (range(new.span), name.clone())];
    Some(Draft {
        title: format!("Make {} once, at the top of the file", scene.slice(new.callee.span())),
        explanation: format!(
            "`{source}` depends on nothing and is only read, so one for all calls gives what one for each gave."
        ),
        edits,
        confidence: 0.9,
    })
}

fn is_pattern_argument(scene: &Scene, kind: AstKind) -> bool {
    match scene.code.parent(kind.node_id()) {
        AstKind::CallExpression(call) => bare(&call.callee)
            .get_member_expr()
            .and_then(oxc::ast::ast::MemberExpression::static_property_name)
            .is_some_and(|name| matches!(name, "replace" | "split" | "match" | "search")),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples::Example;

    #[test]
    fn a_formatter_moves_to_the_top() {
        Example::of(
            "import { x } from './x.js';\n\n/** Price. */\nexport function price(cents) {\n  const money = new Intl.NumberFormat('en', { style: \
             'currency', currency: 'EUR' });\n  return money.format(cents / 100);\n}\n",
        )
        .repaired(
            "constant-rebuilt",
            "import { x } from './x.js';\n\nconst FORMATTER = new Intl.NumberFormat('en', { style: 'currency', currency: 'EUR' \
             });\n\n/** Price. */\nexport function price(cents) {\n  const money = FORMATTER;\n  return money.format(cents / 100);\n}\n",
        );
    }

    #[test]
    fn what_is_changed_or_given_away_is_left_alone() {
        for source in [
            "export function f(x) {\n  const known = new Set(['a']);\n  known.add(x);\n  return known;\n}\n",
            "export function f(x) {\n  return new Set(['a']);\n}\n",
            "export function f(x) {\n  const p = new RegExp('a', 'g');\n  return p.test(x);\n}\n",
        ] {
            Example::of(source).refused("constant-rebuilt");
        }
    }
}
