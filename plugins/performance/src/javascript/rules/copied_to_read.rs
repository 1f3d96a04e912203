//! `copied-to-read`: a list is copied to look at its length or at one element, or all keys of an object are listed to look
//! for one. A list, like a text, gives the same as its copy; `propertyIsEnumerable` says of a text just what a search
//! through `Object.keys` says, and a key that is no text is never among them.

use oxc::ast::AstKind;
use oxc::ast::ast::{CallExpression, Expression};
use oxc::span::{GetSpan as _, Span};
use thymus_javascript::code::{bare, range};

use super::Rule;
use crate::javascript::captured;
use crate::javascript::scene::{Draft, Known, Scene};

pub const RULE: Rule = Rule { name: "copied-to-read", find };

fn find(scene: &Scene) -> Vec<Known> {
    let found = scene.nodes().filter_map(|kind| match kind {
        AstKind::StaticMemberExpression(it) if it.property.name == "length" => of_copy(scene, kind, &it.object),
        AstKind::ComputedMemberExpression(it) => of_copy(scene, kind, &it.object),
        AstKind::CallExpression(it) => of_keys(scene, it),
        _ => None,
    });
    found.collect()
}

/// `list.slice().length`, `list.slice()[at]`
fn of_copy<'a>(scene: &Scene<'_, 'a>, whole: AstKind<'a>, copy: &'a Expression<'a>) -> Option<Known> {
    let Expression::CallExpression(call) = bare(copy) else { return None };
    let member = bare(&call.callee).get_member_expr()?;
    if member.static_property_name()? != "slice" || !call.arguments.is_empty() || call.optional || member.optional() {
        return None;
    }
    let written = match scene.code.parent(whole.node_id()) {
        AstKind::AssignmentExpression(it) => it.left.span() == whole.span(),
        AstKind::UpdateExpression(_) => true,
        // Called as a method, it would see the copy.
        AstKind::CallExpression(it) => it.callee.span() == whole.span(),
        AstKind::UnaryExpression(it) => it.operator.is_delete(),
        _ => false,
    };
    let list = member.object();
    let source = scene.slice(list.span());
    let repair = (!written && scene.is_plain(list.span())).then(|| Draft {
        title: format!("Read {} itself instead of a copy of it", short(source)),
        explanation: format!(
            "A copy of `{source}` has its length and its elements, so `{source}` itself gives the same."
        ),
        edits: vec![(range(copy.span()), source.to_owned())],
        confidence: 0.95,
    });
    Some(known(scene, whole.span(), &format!("copies all of `{source}` to look at a part of it"), repair))
}

/// `Object.keys(table).includes(key)`
fn of_keys<'a>(scene: &Scene<'_, 'a>, call: &'a CallExpression<'a>) -> Option<Known> {
    let member = bare(&call.callee).get_member_expr()?;
    let [key] = &call.arguments[..] else { return None };
    let Expression::CallExpression(keys) = bare(member.object()) else { return None };
    let [table] = &keys.arguments[..] else { return None };
    if member.static_property_name()? != "includes" || scene.slice(keys.callee.span()) != "Object.keys" {
        return None;
    }
    let (key, table) = (key.as_expression()?, table.as_expression()?);
    let (key_source, source) = (scene.slice(key.span()), scene.slice(table.span()));
    let plain = scene.is_plain(key.span()) && scene.is_plain(table.span());
    let repair = plain.then(|| {
        let asked = format!("Object.prototype.propertyIsEnumerable.call({source}, {key_source})");
        let text = if is_text(scene, key) { asked } else { format!("(typeof {key_source} === 'string' && {asked})") };
        Draft {
            title: format!("Ask {} for a key instead of listing all of them", short(source)),
            explanation: format!(
                "`Object.keys` lists the own enumerable properties of `{source}`, and `propertyIsEnumerable` says of one \
                 whether it is such; keys are texts, so what is no text is not among them."
            ),
            edits: vec![(range(call.span), text)],
            confidence: 0.9,
        }
    });
    Some(known(scene, call.span, &format!("lists all keys of `{source}` to look for one"), repair))
}

fn known(scene: &Scene, span: Span, what: &str, repair: Option<Draft>) -> Known {
    let in_loop =
        scene.nodes().find(|kind| kind.span() == span).is_some_and(|kind| !scene.loops(kind.node_id()).is_empty());
    Known {
        span,
        heaviness: if in_loop { 1.0 } else { 0.9 },
        explanation: format!(
            "`{}` in line {} {what}{}.",
            short(scene.slice(span)),
            scene.line(span),
            if in_loop { ", in each round of a loop" } else { "" }
        ),
        repair,
    }
}

fn is_text<'a>(scene: &Scene<'_, 'a>, key: &'a Expression<'a>) -> bool {
    let captured = captured::values(scene, key).filter(|values| !values.is_empty());
    matches!(bare(key), Expression::StringLiteral(_) | Expression::TemplateLiteral(_))
        || captured.is_some_and(|values| values.iter().all(serde_json::Value::is_string))
}

fn short(source: &str) -> String {
    let line = source.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.len() > 60 { format!("{}…", &line[..line.floor_char_boundary(57)]) } else { line }
}

#[cfg(test)]
mod tests {
    use super::super::examples::Example;
    use serde_json::json;

    #[test]
    fn the_list_is_read_itself() {
        Example::of("export function f(a, b) {\n  let n = 0;\n  while (n < b.slice().length) n += a[b.slice()[n]];\n  return n;\n}\n")
            .repaired(
                "copied-to-read",
                "export function f(a, b) {\n  let n = 0;\n  while (n < b.length) n += a[b.slice()[n]];\n  return n;\n}\n",
            );
    }

    #[test]
    fn a_key_is_asked_for() {
        let f = |body: &str| format!("export function f(key, table) {{\n  return {body};\n}}\n");
        Example::of(&f("Object.keys(table).includes(key)"))
            .called(json!(["a", { "a": 1 }]))
            .repaired("copied-to-read", &f("Object.prototype.propertyIsEnumerable.call(table, key)"));
        Example::of(&f("Object.keys(table).includes(key)")).repaired(
            "copied-to-read",
            &f("(typeof key === 'string' && Object.prototype.propertyIsEnumerable.call(table, key))"),
        );
    }

    #[test]
    fn what_is_written_to_or_called_is_left_alone() {
        Example::of("export function f(b) {\n  b.slice()[0] = 1;\n  return b.slice()[0]();\n}\n")
            .refused("copied-to-read");
    }
}
