//! `find-in-loop`: a list is searched again and again for the element whose key equals a value. A map from key to element,
//! built once, gives the same first match: the first element of a key stays, as `find` would give it. Keys that a map and
//! `===` compare differently (`NaN`) are refused.

use oxc::ast::AstKind;
use oxc::ast::ast::{BinaryExpression, BinaryOperator, BindingPattern, CallExpression, Expression};
use oxc::semantic::SymbolId;
use oxc::span::{GetSpan as _, Span};
use thymus_javascript::code::{Body, bare, range};

use super::Rule;
use crate::javascript::captured;
use crate::javascript::kinds::{is_list, is_no_nan};
use crate::javascript::scene::{Draft, Known, Scene, camel};

pub const RULE: Rule = Rule { name: "find-in-loop", find };

/// `list.find((element) => element.key === value)`
pub struct Search<'a> {
    call: &'a CallExpression<'a>,
    list: &'a Expression<'a>,
    method: &'a str,
    /// What an element is called, or how it is taken apart.
    element: Span,
    element_names: Vec<SymbolId>,
    key: &'a Expression<'a>,
    value: &'a Expression<'a>,
}

fn find(scene: &Scene) -> Vec<Known> {
    let searches = scene.nodes().filter_map(|kind| match kind {
        AstKind::CallExpression(call) => search(scene, call),
        _ => None,
    });
    let mut known = Vec::new();
    for search in searches {
        let loops = scene.loops(search.call.node_id.get());
        if loops.is_empty() {
            continue;
        }
        let explanation = format!(
            "`{}` in line {} looks through `{}` in a loop, so the time grows with both lengths multiplied.",
            scene.slice(search.call.span),
            scene.line(search.call.span),
            scene.slice(search.list.span())
        );
        let heaviness = if loops.len() > 1 { 0.95 } else { 0.9 };
        known.push(Known { span: search.call.span, heaviness, explanation, repair: repair(scene, &search) });
    }
    known
}

fn search<'a>(scene: &Scene<'_, 'a>, call: &'a CallExpression<'a>) -> Option<Search<'a>> {
    let member = bare(&call.callee).get_member_expr()?;
    let method = member.static_property_name().filter(|name| matches!(*name, "find" | "some"))?;
    let [argument] = &call.arguments[..] else { return None };
    if call.optional || member.optional() {
        return None;
    }
    let Expression::ArrowFunctionExpression(arrow) = bare(argument.as_expression()?) else { return None };
    let [parameter] = &arrow.params.items[..] else { return None };
    let function = thymus_javascript::code::as_function(scene.code.kind(arrow.node_id.get()))?;
    let comparison = match function.body {
        Body::Expression(body) => comparison(bare(body))?,
        Body::Block(body) => match &body.statements[..] {
            [oxc::ast::ast::Statement::ReturnStatement(only)] => comparison(bare(only.argument.as_ref()?))?,
            _ => return None,
        },
        Body::None => return None,
    };
    let names: Vec<SymbolId> =
        parameter.pattern.get_binding_identifiers().iter().filter_map(|id| id.symbol_id.get()).collect();
    let (left, right) = (&comparison.left, &comparison.right);
    let mentions = |expression: &Expression| scene.mentions(expression.span(), &names);
    let (key, value) = match (mentions(left), mentions(right)) {
        (true, false) => (left, right),
        (false, true) => (right, left),
        _ => return None,
    };
    Some(Search {
        call,
        list: member.object(),
        method,
        element: parameter.pattern.span(),
        element_names: names,
        key,
        value,
    })
}

fn comparison<'e, 'a>(expression: &'e Expression<'a>) -> Option<&'e BinaryExpression<'a>> {
    match expression {
        Expression::BinaryExpression(it) if it.operator == BinaryOperator::StrictEquality => Some(it),
        _ => None,
    }
}

fn repair(scene: &Scene, search: &Search) -> Option<Draft> {
    let list = search.list.span();
    let loops = scene.loops(search.call.node_id.get());
    let (_, statement) = scene.outermost_invariant(list, &loops)?;
    let plain = scene.is_plain(list) && scene.is_plain(search.key.span()) && scene.is_plain(search.value.span());
    if !plain || !is_list(scene, search.list) || !holds_objects(scene, search) {
        return None;
    }
    // The key must be of the element alone: what else it mentions could change in the loop.
    let alone = scene.code.inside(search.key.span()).all(|kind| match kind {
        AstKind::IdentifierReference(name) => {
            scene.code.resolve(name).is_some_and(|symbol| search.element_names.contains(&symbol))
        }
        _ => true,
    });
    let sure = is_no_nan(scene, search.key) || is_no_nan(scene, search.value);
    if !alone || !sure || changes_keys(scene, search, statement) {
        return None;
    }
    let element = scene.slice(search.element);
    let key = scene.slice(search.key.span());
    let value = scene.slice(search.value.span());
    let list_name = scene.slice(list);
    let end = scene.style().semicolon;
    let last = last_name(list_name);
    let key_name = last_name(key);
    let (lines, answer, what) = if search.method == "some" {
        let name = scene.free_name(&camel(&[last, key_name, "set"]))?;
        let line = format!("const {name} = new Set({list_name}.map(({element}) => {key})){end}");
        (vec![line], format!("{name}.has({value})"), "set of keys")
    } else {
        let name = scene.free_name(&camel(&[last, "by", key_name]))?;
        let unit = scene.style().indent;
        // A pattern is no value: the element needs a name of its own.
        let (variable, key) = if search.is_named() {
            (element.to_owned(), key.to_owned())
        } else {
            (scene.free_name("entry")?, format!("{}.{key}", scene.free_name("entry")?))
        };
        if !search.is_named() && !is_shorthand(scene, search) {
            return None;
        }
        let lines = vec![
            format!("const {name} = new Map(){end}"),
            format!("for (const {variable} of {list_name}) {{"),
            format!("{unit}if (!{name}.has({key})) {name}.set({key}, {variable}){end}"),
            "}".to_owned(),
        ];
        (lines, format!("{name}.get({value})"), "map")
    };
    let edits = vec![scene.before(statement, &lines)?, (range(search.call.span), answer)];
    Some(Draft {
        title: format!("Find {last} by {key_name} in a {} instead of searching the list", what.split(' ').next()?),
        explanation: format!(
            "A {what} is built once, before the loop; each search is then one look. The meaning stays: of elements with the \
             same key the first one is kept, as `{}` gives it; nothing found is `{}` both ways; keys are compared as `===` \
             does, since none is `NaN`; the list does not change in the loop.",
            search.method,
            if search.method == "some" { "false" } else { "undefined" }
        ),
        edits,
        confidence: 0.9,
    })
}

impl Search<'_> {
    fn is_named(&self) -> bool {
        self.element_names.len() == 1 && !matches!(bare(self.key), Expression::Identifier(_))
    }
}

/// `({ id }) => id === value`
fn is_shorthand(scene: &Scene, search: &Search) -> bool {
    let AstKind::FormalParameter(parameter) = scene.code.declaration(search.element_names[0]) else { return false };
    let Expression::Identifier(key) = bare(search.key) else { return false };
    match &parameter.pattern {
        BindingPattern::ObjectPattern(pattern) => pattern.properties.iter().any(|property| {
            property.shorthand && property.key.static_name().is_some_and(|name| name == key.name.as_str())
        }),
        _ => false,
    }
}

/// `null` among the elements would throw where `find` never came to it.
fn holds_objects<'a>(scene: &Scene<'_, 'a>, search: &Search<'a>) -> bool {
    match captured::values(scene, search.list) {
        Some(values) => values.iter().filter_map(serde_json::Value::as_array).flatten().all(|item| !item.is_null()),
        None => true,
    }
}

/// Whether the statement gives some element another key.
fn changes_keys(scene: &Scene, search: &Search, statement: Span) -> bool {
    let key = last_name(scene.slice(search.key.span()));
    scene.code.inside(statement).any(|kind| match kind {
        AstKind::AssignmentExpression(assignment) => {
            let left = scene.slice(assignment.left.span());
            left.rsplit_once('.').is_some_and(|(_, name)| name == key)
        }
        _ => false,
    })
}

fn last_name(source: &str) -> &str {
    source
        .rsplit(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$')))
        .find(|word| !word.is_empty())
        .unwrap_or("it")
}

#[cfg(test)]
mod tests {
    use super::super::examples::Example;
    use serde_json::json;

    #[test]
    fn the_first_match_stays_the_first() {
        Example::of(
            "export function priced(lines, products) {\n  return lines.map((line) => {\n    const product = products.find((candidate) \
             => candidate.id === line.productId);\n    return { ...line, price: product.price };\n  });\n}\n",
        )
        .called(json!([[{ "productId": "a" }], [{ "id": "a", "price": 3 }]]))
        .repaired(
            "find-in-loop",
            "export function priced(lines, products) {\n  const productsById = new Map();\n  for (const candidate of products) {\n    \
             if (!productsById.has(candidate.id)) productsById.set(candidate.id, candidate);\n  }\n  return lines.map((line) => \
             {\n    const product = productsById.get(line.productId);\n    return { ...line, price: product.price };\n  \
             });\n}\n",
        );
    }

    #[test]
    fn whether_some_has_it_is_a_set_of_keys() {
        Example::of(
            "export function open(lines, paid) {\n  const left = [];\n  for (const line of lines) {\n    if (!paid.some(({ id }) => id \
             === line.id)) {\n      left.push(line);\n    }\n  }\n  return left;\n}\n",
        )
        .called(json!([[{ "id": 1 }], [{ "id": 1 }]]))
        .repaired(
            "find-in-loop",
            "export function open(lines, paid) {\n  const left = [];\n  const paidIdSet = new Set(paid.map(({ id }) => id));\n  for \
             (const line of lines) {\n    if (!paidIdSet.has(line.id)) {\n      left.push(line);\n    }\n  }\n  return left;\n}\n",
        );
    }

    #[test]
    fn what_might_mean_something_else_is_left_alone() {
        for source in [
            // Any number, so maybe `NaN`.
            "export function f(a, b) {\n  return a.map((x) => b.find((y) => y.size === x.size * 2));\n}\n",
            // Compared otherwise.
            "export function f(a, b) {\n  return a.map((x) => b.find((y) => y.id == x.id));\n}\n",
            // The list changes.
            "export function f(a, b) {\n  for (const x of a) {\n    if (!b.find((y) => y.id === x.id)) b.push(x);\n  }\n  return b;\n}\n",
            // The keys change.
            "export function f(a, b) {\n  for (const x of a) {\n    const found = b.find((y) => y.id === x.id);\n    if (found) found.id = \
             x.other;\n  }\n  return b;\n}\n",
            // Depends on more than the element.
            "export function f(a, b) {\n  return a.map((x) => b.find((y) => y[x.kind] === x.id));\n}\n",
        ] {
            Example::of(source).called(json!([[{ "id": null }], []])).refused("find-in-loop");
        }
    }
}
