//! `filter-duplicates`: `list.filter((one, at) => list.indexOf(one) === at)` searches the list for each of its elements. A
//! set keeps the first of each in the same order. `NaN`, which `indexOf` never finds, is refused.

use oxc::ast::AstKind;
use oxc::ast::ast::{BinaryOperator, BindingPattern, CallExpression, Expression};
use oxc::span::GetSpan as _;
use thymus_javascript::code::{bare, range};

use super::Rule;
use crate::javascript::kinds::{holds_no_nan, is_list};
use crate::javascript::scene::{Draft, Known, Scene};

pub const RULE: Rule = Rule { name: "filter-duplicates", find };

fn find(scene: &Scene) -> Vec<Known> {
    let calls = scene.nodes().filter_map(|kind| match kind {
        AstKind::CallExpression(call) => Some(call),
        _ => None,
    });
    calls.filter_map(|call| known(scene, call)).collect()
}

fn known<'a>(scene: &Scene<'_, 'a>, call: &'a CallExpression<'a>) -> Option<Known> {
    let member = bare(&call.callee).get_member_expr()?;
    let list = member.object();
    let [argument] = &call.arguments[..] else { return None };
    if member.static_property_name()? != "filter" {
        return None;
    }
    let Expression::ArrowFunctionExpression(arrow) = bare(argument.as_expression()?) else { return None };
    let names: Vec<&str> = arrow
        .params
        .items
        .iter()
        .filter_map(|it| match &it.pattern {
            BindingPattern::BindingIdentifier(id) => Some(id.name.as_str()),
            _ => None,
        })
        .collect();
    let (element, place) = (names.first()?, names.get(1)?);
    let Expression::BinaryExpression(comparison) = bare(arrow.body.as_expression()?) else { return None };
    if comparison.operator != BinaryOperator::StrictEquality {
        return None;
    }
    let (left, right) = (bare(&comparison.left), bare(&comparison.right));
    let search = if scene.slice(right.span()) == *place {
        left
    } else if scene.slice(left.span()) == *place {
        right
    } else {
        return None;
    };
    let Expression::CallExpression(search) = search else { return None };
    let searched = bare(&search.callee).get_member_expr()?;
    let [wanted] = &search.arguments[..] else { return None };
    let same = scene.slice(searched.object().span());
    let in_itself = same == scene.slice(list.span()) || names.get(2) == Some(&same);
    if searched.static_property_name()? != "indexOf" || !in_itself || scene.slice(wanted.span()) != *element {
        return None;
    }
    let source = scene.slice(list.span());
    let sure = scene.is_plain(list.span()) && is_list(scene, list) && holds_no_nan(scene, list);
    let repair = sure.then(|| Draft {
        title: "Keep the first of each through a set instead of searching the list".to_owned(),
        explanation: format!(
            "A set of `{source}` holds each value once, in the order in which it first appears: what the filter keeps, \
             without looking through the list for each element. None of the values is `NaN`."
        ),
        edits: vec![(range(call.span), format!("[...new Set({source})]"))],
        confidence: 0.93,
    });
    Some(Known {
        span: call.span,
        heaviness: 0.95,
        explanation: format!(
            "The filter in line {} looks through `{source}` for each of its elements: the time grows with the square of their \
             number.",
            scene.line(call.span)
        ),
        repair,
    })
}

#[cfg(test)]
mod tests {
    use super::super::examples::Example;
    use serde_json::json;

    #[test]
    fn a_set_keeps_the_first_of_each() {
        Example::of(
            "export function tags(list) {\n  return list.filter((tag, at) => list.indexOf(tag) === at).sort();\n}\n",
        )
        .called(json!([["a", "b", "a"]]))
        .repaired("filter-duplicates", "export function tags(list) {\n  return [...new Set(list)].sort();\n}\n");
        Example::of(
            "export function tags(list) {\n  return list.filter((tag, at, all) => all.indexOf(tag) === at);\n}\n",
        )
        .called(json!([[1, null]]))
        .refused("filter-duplicates");
    }
}
