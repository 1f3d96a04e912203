//! `nested-match`: a loop in a loop that only does something where two keys are equal. Grouped by its key once, the inner
//! list is visited only where they are, in the same order.

use oxc::ast::AstKind;
use oxc::ast::ast::{BinaryOperator, BindingPattern, Expression, ForOfStatement, ForStatementLeft, Statement};
use oxc::span::GetSpan as _;
use thymus_javascript::code::{bare, range};

use super::Rule;
use crate::javascript::kinds::{is_list, is_no_nan};
use crate::javascript::scene::{Draft, Known, Scene, camel};

pub const RULE: Rule = Rule { name: "nested-match", find };

fn find(scene: &Scene) -> Vec<Known> {
    let loops = scene.nodes().filter_map(|kind| match kind {
        AstKind::ForOfStatement(inner) if !inner.r#await => Some(inner),
        _ => None,
    });
    loops.filter_map(|inner| known(scene, inner)).collect()
}

fn known<'a>(scene: &Scene<'_, 'a>, inner: &'a ForOfStatement<'a>) -> Option<Known> {
    let around = scene.loops(inner.node_id.get());
    if around.is_empty() {
        return None;
    }
    let Statement::BlockStatement(block) = &inner.body else { return None };
    let [Statement::IfStatement(only)] = &block.body[..] else { return None };
    let Expression::BinaryExpression(test) = bare(&only.test) else { return None };
    if test.operator != BinaryOperator::StrictEquality || only.alternate.is_some() {
        return None;
    }
    let ForStatementLeft::VariableDeclaration(declaration) = &inner.left else { return None };
    let BindingPattern::BindingIdentifier(element) = &declaration.declarations.first()?.id else { return None };
    let symbol = element.symbol_id.get()?;
    let mentions = |expression: &Expression| scene.mentions(expression.span(), &[symbol]);
    let (key, value) = match (mentions(&test.left), mentions(&test.right)) {
        (true, false) => (&test.left, &test.right),
        (false, true) => (&test.right, &test.left),
        _ => return None,
    };
    let list = scene.slice(inner.right.span());
    let explanation = format!(
        "The loop over `{list}` in line {} runs in another loop, and does something only where `{}`: all others are visited in \
         vain.",
        scene.line(inner.span),
        scene.slice(test.span)
    );
    let repair = repair(scene, inner, only, element.name.as_str(), key, value);
    Some(Known { span: inner.span, heaviness: 0.95, explanation, repair })
}

fn repair<'a>(
    scene: &Scene<'_, 'a>,
    inner: &'a ForOfStatement<'a>,
    only: &'a oxc::ast::ast::IfStatement<'a>,
    element: &str,
    key: &'a Expression<'a>,
    value: &'a Expression<'a>,
) -> Option<Draft> {
    let list = inner.right.span();
    let around = scene.loops(inner.node_id.get());
    let (_, statement) = scene.outermost_invariant(list, &around)?;
    let plain = scene.is_plain(list) && scene.is_plain(key.span()) && scene.is_plain(value.span());
    let alone = scene.slice(key.span()).strip_prefix(element).is_some_and(|rest| rest.starts_with('.'));
    let sure = is_no_nan(scene, key) || is_no_nan(scene, value);
    let key_name = scene.slice(key.span()).rsplit('.').next()?.to_owned();
    // What the body assigns might be the key.
    let changes = scene.code.inside(statement).any(|kind| match kind {
        AstKind::AssignmentExpression(it) => scene.slice(it.left.span()).ends_with(&format!(".{key_name}")),
        _ => false,
    });
    if !plain || !alone || !sure || changes || !is_list(scene, &inner.right) {
        return None;
    }
    let source = scene.slice(list);
    let last = source.rsplit('.').next().unwrap_or(source);
    let name = scene.free_name(&camel(&[last, "by", &key_name]))?;
    let style = scene.style();
    let (unit, end) = (style.indent.as_str(), style.semicolon);
    let own = scene.slice(key.span());
    let lines = [
        format!("const {name} = new Map(){end}"),
        format!("for (const {element} of {source}) {{"),
        format!("{unit}if ({name}.has({own})) {name}.get({own}).push({element}){end}"),
        format!("{unit}else {name}.set({own}, [{element}]){end}"),
        "}".to_owned(),
    ];
    let mut edits = vec![scene.before(statement, &lines)?];
    edits.push((range(list), format!("{name}.get({}) ?? []", scene.slice(value.span()))));
    // The body moves one step out; its condition always holds now.
    let body = match &only.consequent {
        Statement::BlockStatement(block) => {
            let content = scene.slice(block.span);
            content[1..content.len() - 1].trim_matches(['\r', '\n']).trim_end().to_owned()
        }
        other => format!("{unit}{}{}", scene.code.text.indent_at(range(only.span).start), scene.slice(other.span())),
    };
    if body.contains('`') {
        return None;
    }
    let newline = scene.code.text.newline();
    let moved: Vec<&str> = body.lines().map(|line| line.strip_prefix(unit).unwrap_or(line)).collect();
    let outer = scene.code.text.indent_at(range(inner.span).start);
    edits.push((range(inner.body.span()), format!("{{{newline}{}{newline}{outer}}}", moved.join(newline))));
    Some(Draft {
        title: format!("Visit only those of {last} whose {key_name} matches"),
        explanation: format!(
            "`{source}` is grouped by `{key_name}` once, before the loops, in its own order; the inner loop then visits the \
             elements for which the condition held, in the same order, and no others."
        ),
        edits,
        confidence: 0.9,
    })
}

#[cfg(test)]
mod tests {
    use super::super::examples::Example;
    use serde_json::json;

    #[test]
    fn the_inner_list_is_grouped() {
        Example::of(
            "export function join(as, bs) {\n  const out = [];\n  for (const a of as) {\n    for (const b of bs) {\n      if (a.id === \
             b.owner) {\n        out.push([a.id, b.id]);\n      }\n    }\n  }\n  return out;\n}\n",
        )
        .called(json!([[{ "id": 1 }], [{ "id": 2, "owner": 1 }]]))
        .repaired(
            "nested-match",
            "export function join(as, bs) {\n  const out = [];\n  const bsByOwner = new Map();\n  for (const b of bs) {\n    if \
             (bsByOwner.has(b.owner)) bsByOwner.get(b.owner).push(b);\n    else bsByOwner.set(b.owner, [b]);\n  }\n  for (const a of as) \
             {\n    for (const b of bsByOwner.get(a.id) ?? []) {\n      out.push([a.id, b.id]);\n    }\n  }\n  return out;\n}\n",
        );
    }

    #[test]
    fn what_changes_meanwhile_is_left_alone() {
        Example::of(
            "export function join(as, bs) {\n  for (const a of as) {\n    for (const b of bs) {\n      if (a.id === b.owner) {\n        \
             b.owner = 0;\n      }\n    }\n  }\n}\n",
        )
        .called(json!([[{ "id": 1 }], [{ "id": 2, "owner": 1 }]]))
        .refused("nested-match");
    }
}
