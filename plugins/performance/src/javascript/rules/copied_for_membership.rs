//! `copied-for-membership`: a set or a map is copied into a list, to ask the list whether it holds a value.

use oxc::ast::AstKind;
use oxc::ast::ast::{ArrayExpressionElement, CallExpression, Expression};
use oxc::span::GetSpan as _;
use thymus_javascript::code::{bare, range};
use thymus_javascript::origin::{Origin, origin};

use super::Rule;
use crate::javascript::scene::{Draft, Known, Scene};

pub const RULE: Rule = Rule { name: "copied-for-membership", find };

fn find(scene: &Scene) -> Vec<Known> {
    let calls = scene.nodes().filter_map(|kind| match kind {
        AstKind::CallExpression(call) => Some(call),
        _ => None,
    });
    calls.filter_map(|call| known(scene, call)).collect()
}

fn known<'a>(scene: &Scene<'_, 'a>, call: &'a CallExpression<'a>) -> Option<Known> {
    let member = bare(&call.callee).get_member_expr()?;
    let [value] = &call.arguments[..] else { return None };
    let value = value.as_expression()?;
    if member.static_property_name()? != "includes" {
        return None;
    }
    let copied = copied(scene, member.object())?;
    let (collection, wanted) = match bare(copied) {
        Expression::CallExpression(keys) => {
            let member = bare(&keys.callee).get_member_expr()?;
            let kind = match member.static_property_name()? {
                "keys" => "Map",
                "values" => "Set",
                _ => return None,
            };
            (member.object(), kind)
        }
        other => (other, "Set"),
    };
    let source = scene.slice(collection.span());
    let repair = is_made_as(scene, collection, wanted).then(|| Draft {
        title: format!("Ask {source} itself instead of a copy of it"),
        explanation: format!(
            "`{source}` is a {wanted}, which answers at once what its copy as a list is searched for; `includes` and `has` \
             compare alike."
        ),
        edits: vec![(range(call.span), format!("{source}.has({})", scene.slice(value.span())))],
        confidence: 0.95,
    });
    repair.as_ref()?;
    let in_loop = !scene.loops(call.node_id.get()).is_empty();
    Some(Known {
        span: call.span,
        heaviness: if in_loop { 0.95 } else { 0.8 },
        explanation: format!(
            "`{}` in line {} copies all of `{source}` to look for one value.",
            scene.slice(call.span),
            scene.line(call.span)
        ),
        repair,
    })
}

/// What `[...x]` or `Array.from(x)` copies.
fn copied<'a>(scene: &Scene<'_, 'a>, expression: &'a Expression<'a>) -> Option<&'a Expression<'a>> {
    match bare(expression) {
        Expression::ArrayExpression(list) => match &list.elements[..] {
            [ArrayExpressionElement::SpreadElement(all)] => Some(&all.argument),
            _ => None,
        },
        Expression::CallExpression(call) if scene.slice(call.callee.span()) == "Array.from" => {
            match &call.arguments[..] {
                [only] => only.as_expression(),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Whether a value is made by `new Set(…)`, wherever the file gives it one.
fn is_made_as<'a>(scene: &Scene<'_, 'a>, expression: &'a Expression<'a>, kind: &str) -> bool {
    let makes = |value: &Expression| match bare(value) {
        Expression::NewExpression(new) => scene.slice(new.callee.span()) == kind,
        _ => false,
    };
    match bare(expression) {
        Expression::Identifier(name) => {
            let once = scene.code.resolve(name).is_some_and(|symbol| !scene.code.is_reassigned(symbol));
            match origin(scene.code, expression) {
                Origin::Value { expression, .. } => once && makes(expression),
                Origin::Parameter(parameter) => parameter.declared.type_annotation.as_ref().is_some_and(|annotation| {
                    let kinds = [format!("{kind}<"), format!("Readonly{kind}<")];
                    let written = scene.slice(annotation.span).trim_start_matches(':').trim().to_owned();
                    kinds.iter().any(|start| written.starts_with(start.as_str())) && written.matches('|').count() == 0
                }),
                _ => false,
            }
        }
        other => {
            let Some(name) = other.get_member_expr().and_then(oxc::ast::ast::MemberExpression::static_property_name)
            else {
                return false;
            };
            let source = scene.slice(expression.span());
            if !source.starts_with("this.") {
                return false;
            }
            let mut given = 0;
            let all = scene.code.kinds().all(|kind| match kind {
                AstKind::AssignmentExpression(it) if scene.slice(it.left.span()) == source => {
                    given += 1;
                    makes(&it.right)
                }
                AstKind::PropertyDefinition(it) if it.key.static_name().is_some_and(|key| key == name) => {
                    given += 1;
                    it.value.as_ref().is_some_and(&makes)
                }
                _ => true,
            });
            all && given > 0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples::Example;

    #[test]
    fn the_set_is_asked_itself() {
        Example::of(
            "const known = new Set(['a']);\nexport function f(list) {\n  return list.filter((x) => [...known].includes(x));\n}\n",
        )
        .repaired(
            "copied-for-membership",
            "const known = new Set(['a']);\nexport function f(list) {\n  return list.filter((x) => known.has(x));\n}\n",
        );
        Example::of(
            "export function f(list) {\n  const counts = new Map();\n  for (const x of list) {\n    if \
             (!Array.from(counts.keys()).includes(x)) counts.set(x, 0);\n  }\n  return counts;\n}\n",
        )
        .repaired(
            "copied-for-membership",
            "export function f(list) {\n  const counts = new Map();\n  for (const x of list) {\n    if (!counts.has(x)) counts.set(x, \
             0);\n  }\n  return counts;\n}\n",
        );
    }

    #[test]
    fn what_is_no_set_is_left_alone() {
        Example::of("export function f(known, x) {\n  return [...known].includes(x);\n}\n")
            .refused("copied-for-membership");
    }
}
