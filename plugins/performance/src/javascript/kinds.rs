//! What kind of value an expression is, as far as the code and captured calls show it: whether it is a list, whether it
//! can be `NaN`, for which `===` and a set disagree.

use oxc::ast::AstKind;
use oxc::ast::ast::{BindingPattern, Expression};
use oxc::span::GetSpan as _;
use serde_json::Value;
use thymus_javascript::code::bare;
use thymus_javascript::origin::{Origin, origin};

use super::captured;
use super::scene::Scene;
use super::uses::Use;

/// Methods that of all built-in things only lists have.
const OF_LISTS: [&str; 17] = [
    "push",
    "pop",
    "shift",
    "unshift",
    "splice",
    "map",
    "filter",
    "some",
    "every",
    "find",
    "findIndex",
    "reduce",
    "reduceRight",
    "flatMap",
    "flat",
    "sort",
    "reverse",
];
/// Methods that give a list.
const GIVING_LISTS: [&str; 11] =
    ["map", "filter", "split", "flatMap", "flat", "sort", "toSorted", "reverse", "toReversed", "splice", "slice"];
/// Names of things that tell others apart; nobody gives `NaN` as one.
const KEYS: [&str; 14] =
    ["id", "key", "name", "code", "sku", "slug", "type", "uuid", "email", "label", "tag", "path", "symbol", "token"];

/// Whether an expression is surely an array.
pub fn is_list<'a>(scene: &Scene<'_, 'a>, expression: &'a Expression<'a>) -> bool {
    if let Some(values) = captured::values(scene, expression) {
        let lists = values.iter().filter(|value| value.is_array()).count();
        if lists > 0 && lists == values.len() {
            return true;
        }
    }
    match origin(scene.code, expression) {
        Origin::Value { expression: value, .. } => gives_list(scene, value) || used_as_list(scene, expression),
        Origin::Parameter(parameter) => {
            let annotated =
                parameter.declared.type_annotation.as_ref().is_some_and(|it| is_list_type(scene.slice(it.span)));
            let default = parameter
                .declared
                .initializer
                .as_ref()
                .is_some_and(|it| matches!(bare(it), Expression::ArrayExpression(_)));
            annotated || default || is_documented(scene, parameter.name) || used_as_list(scene, expression)
        }
        _ => used_as_list(scene, expression),
    }
}

fn gives_list(scene: &Scene, expression: &Expression) -> bool {
    match bare(expression) {
        Expression::ArrayExpression(_) => true,
        Expression::NewExpression(new) => scene.slice(new.callee.span()) == "Array",
        Expression::CallExpression(call) => {
            let callee = scene.slice(call.callee.span());
            if ["Array.from", "Array.of", "Object.keys", "Object.values", "Object.entries"].contains(&callee) {
                return true;
            }
            let method =
                bare(&call.callee).get_member_expr().and_then(oxc::ast::ast::MemberExpression::static_property_name);
            // `slice` of a string is a string.
            method.is_some_and(|name| name != "slice" && GIVING_LISTS.contains(&name))
        }
        _ => false,
    }
}

fn is_list_type(annotation: &str) -> bool {
    let kind = annotation.trim_start_matches(':').trim();
    kind.ends_with("[]") || ["Array<", "ReadonlyArray<"].iter().any(|start| kind.starts_with(start))
}

/// `@param {string[]} names`
fn is_documented(scene: &Scene, name: oxc::span::Span) -> bool {
    let name = scene.slice(name);
    let Some(doc) = scene.code.doc_of(&scene.function) else { return false };
    doc.lines().filter_map(|line| line.split_once("@param")).any(|(_, rest)| {
        let Some((kind, after)) = rest.trim().strip_prefix('{').and_then(|rest| rest.split_once('}')) else {
            return false;
        };
        let own = after.trim_start().trim_start_matches('[');
        own.split(|c: char| c.is_whitespace() || matches!(c, ']' | '=')).next() == Some(name) && is_list_type(kind)
    })
}

fn used_as_list<'a>(scene: &Scene<'_, 'a>, expression: &'a Expression<'a>) -> bool {
    let Some(symbol) = scene.symbol(expression) else { return false };
    scene.uses(symbol).iter().any(|(_, one)| matches!(one, Use::Method(_, name) if OF_LISTS.contains(name)))
}

/// Whether an expression is surely not `NaN`.
pub fn is_no_nan<'a>(scene: &Scene<'_, 'a>, expression: &'a Expression<'a>) -> bool {
    if let Some(values) = captured::values(scene, expression).filter(|values| !values.is_empty()) {
        return values.iter().all(|value| !value.is_null());
    }
    match bare(expression) {
        Expression::StringLiteral(_)
        | Expression::TemplateLiteral(_)
        | Expression::NumericLiteral(_)
        | Expression::BooleanLiteral(_)
        | Expression::NullLiteral(_)
        | Expression::ObjectExpression(_)
        | Expression::ArrayExpression(_) => true,
        Expression::CallExpression(call) => {
            let callee = scene.slice(call.callee.span());
            let method = callee.rsplit('.').next().unwrap_or(callee);
            let of_text =
                ["toLowerCase", "toUpperCase", "trim", "toString", "join", "slice", "replace", "substring", "charAt"];
            callee == "String" || of_text.contains(&method)
        }
        Expression::Identifier(name) => {
            is_key(name.name.as_str()) || scene.code.declaration_of(name).is_some_and(|kind| is_text(scene, kind, name))
        }
        other => {
            other.get_member_expr().and_then(oxc::ast::ast::MemberExpression::static_property_name).is_some_and(is_key)
        }
    }
}

fn is_text(scene: &Scene, kind: AstKind, name: &oxc::ast::ast::IdentifierReference) -> bool {
    match kind {
        AstKind::FormalParameter(parameter) => parameter
            .type_annotation
            .as_ref()
            .is_some_and(|it| scene.slice(it.span).trim_start_matches(':').trim() == "string"),
        // `for (const word of text.split(' '))`, `for (const key of Object.keys(o))`, `for (const key in o)`
        AstKind::VariableDeclarator(declarator) => {
            let BindingPattern::BindingIdentifier(_) = &declarator.id else { return false };
            let _ = name;
            scene.code.ancestors(declarator.node_id.get()).take(2).any(|kind| match kind {
                AstKind::ForInStatement(_) => true,
                AstKind::ForOfStatement(it) => gives_texts(scene, &it.right),
                _ => false,
            })
        }
        _ => false,
    }
}

/// Whether a list holds only strings.
pub fn gives_texts(scene: &Scene, expression: &Expression) -> bool {
    match bare(expression) {
        Expression::CallExpression(call) => {
            let callee = scene.slice(call.callee.span());
            callee == "Object.keys" || callee.ends_with(".split")
        }
        Expression::ArrayExpression(list) => {
            !list.elements.is_empty()
                && list
                    .elements
                    .iter()
                    .all(|element| matches!(element.as_expression(), Some(Expression::StringLiteral(_))))
        }
        _ => false,
    }
}

/// Whether a list has no `NaN` in it, by captured calls or by what it is made of.
pub fn holds_no_nan<'a>(scene: &Scene<'_, 'a>, list: &'a Expression<'a>) -> bool {
    if let Some(values) = captured::values(scene, list) {
        let items: Vec<&Value> = values.iter().filter_map(Value::as_array).flatten().collect();
        if !items.is_empty() {
            return items.iter().all(|item| !item.is_null());
        }
    }
    match origin(scene.code, list) {
        Origin::Value { expression, .. } => gives_texts(scene, expression),
        _ => false,
    }
}

fn is_key(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    KEYS.contains(&lower.as_str()) || ["Id", "ID", "_id", "Key", "Name", "Code"].iter().any(|end| name.ends_with(end))
}
