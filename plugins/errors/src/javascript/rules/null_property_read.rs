//! `null-property-read`: a property of `undefined` or `null` was read or assigned. Where a lookup found nothing, the
//! function leaves as others do; where the code around can live without the value, it is read with `?.` and the default
//! that its neighbours use.

use oxc::ast::AstKind;
use oxc::ast::ast::{BindingPattern, Expression};
use oxc::semantic::NodeId;
use oxc::span::{GetSpan as _, Span};

use super::Rule;
use crate::javascript::absence::{chain, defaulted, optional, tolerance};
use crate::javascript::draft::Draft;
use crate::javascript::guards::{
    Exit, Missing, after, at_start, before, exits_for_bad_input, exits_for_missing, guard_text, hoisted, name_for,
};
use crate::javascript::message::{Absent, Fault};
use crate::javascript::scene::{Known, Scene};
use crate::repair::Promise;
use thymus_javascript::code::{Func, bare};
use thymus_javascript::origin::{LookupKind, Origin, Parameter, Variable, describe, lookup, origin};

pub const RULE: Rule = Rule { name: "null-property-read", recognise, repairs };

/// The read or assignment that failed.
#[derive(Clone, Copy)]
pub struct Read<'a> {
    pub id: NodeId,
    pub span: Span,
    pub object: &'a Expression<'a>,
    pub property: Option<&'a str>,
    pub written: bool,
}

/// The read that the frame and the message name.
pub fn failed_read<'a>(scene: &Scene<'_, 'a>) -> Option<Read<'a>> {
    let (property, written) = match &scene.fault {
        Fault::Read { property, .. } => (property.as_deref(), false),
        Fault::Write { property, .. } => (property.as_deref(), true),
        _ => return None,
    };
    if !scene.is_innermost() {
        return None;
    }
    let code = scene.code;
    let fits = |name: Option<&str>| property.is_none_or(|wanted| name.is_none_or(|name| name == wanted));
    scene.pick(code.kinds().filter_map(|kind| {
        let (at, read) = match kind {
            AstKind::StaticMemberExpression(member) if !member.optional => {
                let name = member.property.name.as_str();
                let read = Read {
                    id: kind.node_id(),
                    span: member.span,
                    object: &member.object,
                    property: Some(name),
                    written,
                };
                (member.property.span.start, read)
            }
            AstKind::ComputedMemberExpression(member) if !member.optional => {
                let name = match bare(&member.expression) {
                    Expression::StringLiteral(name) => Some(name.value.as_str()),
                    Expression::NumericLiteral(number) => Some(code.slice(number.span)),
                    _ => None,
                };
                let read =
                    Read { id: kind.node_id(), span: member.span, object: &member.object, property: name, written };
                (member.object.span().end, read)
            }
            _ => return None,
        };
        if !fits(read.property) || written != is_assigned(scene, &read) {
            return None;
        }
        let at = if written { assignment_place(scene, &read).unwrap_or(at) } else { at };
        Some((at as usize, read))
    }))
}

fn is_assigned(scene: &Scene, read: &Read) -> bool {
    match scene.code.parent(read.id) {
        AstKind::AssignmentExpression(assignment) => {
            assignment.left.span() == read.span && assignment.operator.is_assign()
        }
        _ => false,
    }
}

/// V8 names the `=` of an assignment.
fn assignment_place(scene: &Scene, read: &Read) -> Option<u32> {
    let AstKind::AssignmentExpression(assignment) = scene.code.parent(read.id) else { return None };
    let between = scene.code.text.content.get(read.span.end as usize..assignment.right.span().start as usize)?;
    Some(read.span.end + u32::try_from(between.find('=')?).ok()?)
}

fn recognise(scene: &Scene) -> Option<Known> {
    let read = failed_read(scene)?;
    let (Fault::Read { of, .. } | Fault::Write { of, .. }) = scene.fault else { return None };
    let origin = origin(scene.code, read.object);
    let verb = if read.written { "assigned" } else { "read" };
    let property = read.property.map_or("a property".to_owned(), |name| format!("`{name}`"));
    let function = scene.code.function_of(read.id).and_then(|function| scene.code.function_name(&function));
    let place = function.map_or(String::new(), |name| format!(" in `{name}`"));
    let why = format!(
        "{} is {} when {property} of it is {verb}{place} in line {}: it {}.",
        scene.says(read.object.span()),
        of.word(),
        scene.code.line(read.span.start),
        describe(scene.code, &origin),
    );
    let related = match origin {
        Origin::Value { expression, variable: Some(_) } => vec![expression.span()],
        Origin::Part { of, .. } | Origin::Element { of, .. } => vec![of.span()],
        Origin::Parameter(parameter) => vec![parameter.name],
        _ => Vec::new(),
    };
    Some(Known { span: read.span, why, confidence: 0.92, related })
}

fn repairs(scene: &Scene, known: &Known) -> Vec<Draft> {
    let Some(read) = failed_read(scene) else { return Vec::new() };
    let function = scene.code.function_of(read.id);
    let mut drafts = Vec::new();
    match origin(scene.code, read.object) {
        Origin::Value { expression, variable: Some(variable) } => {
            drafts.extend(guard_variable(scene, known, &read, function, expression, variable));
        }
        Origin::Value { expression, variable: None } => {
            drafts.extend(guard_in_place(scene, known, &read, function, expression));
            drafts.extend(created(scene, known, &read, expression));
        }
        Origin::Parameter(parameter) => drafts.extend(parameter_drafts(scene, known, function, &parameter)),
        Origin::Part { .. } | Origin::Element { .. } | Origin::Unknown => {}
    }
    if !read.written {
        drafts.extend(optional_drafts(scene, known, &read));
    }
    drafts
}

/// A guard behind the declaration of the variable that holds nothing.
pub fn guard_variable<'a>(
    scene: &Scene<'_, 'a>,
    known: &Known,
    read: &Read<'a>,
    function: Option<Func<'a>>,
    value: &'a Expression<'a>,
    variable: Variable,
) -> Vec<Draft> {
    let code = scene.code;
    let name = code.slice(bare(read.object).span());
    let found = lookup(value);
    let missing = Missing {
        variable: name,
        receiver: found.map_or("", |found| code.slice(found.receiver)),
        key: found
            .and_then(|found| found.key)
            .map(|key| code.slice(key))
            .filter(|key| key.len() < 60 && !key.contains("=>")),
    };
    if found.is_none() && !matches!(bare(value), Expression::CallExpression(_) | Expression::AwaitExpression(_)) {
        return Vec::new();
    }
    let style = scene.style();
    // The guard goes behind the declaration, or, where that is another function's, before the statement that failed.
    let declared = code.statement_of(variable.declared).filter(|_| {
        code.function_of(variable.declared).map(|it| it.id) == function.map(|it| it.id)
            && !code.is_reassigned(variable.symbol)
    });
    let failed = code.statement_of(read.id);
    exits_for_missing(scene, function, missing)
        .into_iter()
        .filter_map(|exit| {
            let guard = |indent: &str| guard_text(&style, indent, &format!("!{name}"), &exit);
            let edit = match (declared, failed) {
                (Some(statement), _) => after(code, &style, statement.span(), guard),
                (None, Some(statement)) => before(code, &style, statement.span(), guard),
                (None, None) => return None,
            };
            Some(leaving(scene, known, exit, edit, name))
        })
        .collect()
}

pub fn leaving(scene: &Scene, known: &Known, exit: Exit, edit: (std::ops::Range<usize>, String), name: &str) -> Draft {
    let mut edits = vec![edit];
    edits.extend(exit.import);
    let title = if exit.statement.starts_with("throw") {
        format!("Refuse when there is no `{name}`")
    } else {
        format!("Return early when there is no `{name}`")
    };
    let explanation = format!("{} `{}` answers that; {}.", known.why, exit.statement.trim_end_matches(';'), exit.why);
    scene.draft(title, explanation, exit.confidence, exit.promise, edits)
}

/// A guard for what a lookup in the middle of an expression did not find.
pub fn guard_in_place<'a>(
    scene: &Scene<'_, 'a>,
    known: &Known,
    read: &Read<'a>,
    function: Option<Func<'a>>,
    value: &'a Expression<'a>,
) -> Vec<Draft> {
    let code = scene.code;
    let Some(found) = lookup(value) else { return Vec::new() };
    if !matches!(found.kind, LookupKind::Get | LookupKind::Find | LookupKind::Index) {
        return Vec::new();
    }
    let receiver = code.slice(found.receiver);
    let Some(name) = name_for(receiver) else { return Vec::new() };
    let key = found.key.map(|key| code.slice(key)).filter(|key| !key.contains("=>"));
    let missing = Missing { variable: &name, receiver, key };
    exits_for_missing(scene, function, missing)
        .into_iter()
        .filter_map(|mut exit| {
            let mut edits = hoisted(scene, read.object.span(), read.id, &name, &exit)?;
            edits.extend(exit.import.take());
            exit.confidence -= 0.04;
            let explanation =
                format!("{} `{}` answers that; {}.", known.why, exit.statement.trim_end_matches(';'), exit.why);
            Some(scene.draft(
                format!("Refuse when there is no such `{name}`"),
                explanation,
                exit.confidence,
                exit.promise,
                edits,
            ))
        })
        .collect()
}

/// `groups[key].push(x)`: the list is made when the first thing comes.
fn created<'a>(scene: &Scene<'_, 'a>, known: &Known, read: &Read<'a>, value: &'a Expression<'a>) -> Option<Draft> {
    let code = scene.code;
    let grows = matches!(read.property, Some("push" | "unshift")) && chain(code, read.id).called_at_once;
    if !grows || value.get_member_expr().is_none() {
        return None;
    }
    let span = thymus_javascript::code::range(read.object.span());
    let edits = vec![(span.start..span.start, "(".to_owned()), (span.end..span.end, " ??= [])".to_owned())];
    let title = format!("Start the list {} when it is not there yet", scene.says(read.object.span()));
    let explanation = format!("{} Something is added to a list that nobody has started.", known.why);
    Some(scene.draft(title, explanation, 0.8, Promise::ReturnsSomething, edits))
}

/// A parameter that a call left out: its default, or a refusal as other bad input is refused.
fn parameter_drafts<'a>(
    scene: &Scene<'_, 'a>,
    known: &Known,
    function: Option<Func<'a>>,
    parameter: &Parameter<'a>,
) -> Vec<Draft> {
    let code = scene.code;
    let Some(function) = function else { return Vec::new() };
    let style = scene.style();
    let name = code.slice(parameter.name);
    let mut drafts = Vec::new();
    let is_own = parameter.declared.span.start >= function.params.span.start
        && parameter.declared.span.end <= function.params.span.end;
    if !is_own {
        return drafts;
    }
    let undefined =
        matches!(scene.fault, Fault::Read { of: Absent::Undefined, .. } | Fault::Write { of: Absent::Undefined, .. });
    if undefined
        && let Some((default, confidence, why)) = default_of_parameter(scene, &function, parameter, name)
        && let Some(edit) = default_edit(scene, parameter, &default)
    {
        let title = format!("Let `{name}` default to `{default}`");
        drafts.push(scene.draft(
            title,
            format!("{} {why}.", known.why),
            confidence,
            Promise::ReturnsSomething,
            vec![edit],
        ));
    }
    for exit in exits_for_bad_input(scene, Some(function), &format!("{name} is required")) {
        let guard = |indent: &str| guard_text(&style, indent, &format!("!{name}"), &exit);
        if let Some(edit) = at_start(code, &style, &function, guard) {
            drafts.push(leaving(scene, known, exit, edit, name));
        }
    }
    drafts
}

/// The default that a parameter should have, by what is written about it or done with its namesakes.
fn default_of_parameter<'a>(
    scene: &Scene<'_, 'a>,
    function: &Func<'a>,
    parameter: &Parameter<'a>,
    name: &str,
) -> Option<(String, f64, String)> {
    let code = scene.code;
    if parameter.declared.initializer.is_some() && parameter.whole {
        return None;
    }
    if let Some(documented) = code.doc_of(function).and_then(|doc| documented_default(doc, name)) {
        return Some((documented, 0.88, "Its documentation says so".to_owned()));
    }
    let namesake = code.kinds().find_map(|kind| match kind {
        AstKind::AssignmentPattern(pattern) => match &pattern.left {
            BindingPattern::BindingIdentifier(id) if id.name == name => {
                Some((code.slice(pattern.right.span()), pattern.span))
            }
            _ => None,
        },
        AstKind::FormalParameter(other) => match (&other.pattern, &other.initializer) {
            (BindingPattern::BindingIdentifier(id), Some(initializer)) if id.name == name => {
                Some((code.slice(initializer.span()), other.span))
            }
            _ => None,
        },
        _ => None,
    });
    if let Some((default, span)) = namesake {
        return Some((
            default.to_owned(),
            0.83,
            format!("Line {} gives a `{name}` the same default", code.line(span.start)),
        ));
    }
    let optional = parameter.declared.optional || documented_optional(code.doc_of(function), name);
    let options = ["options", "opts", "config", "settings", "params", "filters", "query"].contains(&name);
    (parameter.whole && (optional || options)).then(|| {
        let why = if optional { "It is declared to be optional" } else { "Options may be left out" };
        ("{}".to_owned(), if optional { 0.8 } else { 0.74 }, why.to_owned())
    })
}

/// `@param {string} [name='x']`
fn documented_default(doc: &str, name: &str) -> Option<String> {
    let start = doc.find(&format!("[{name}=")).map(|at| at + name.len() + 2)?;
    let length = doc[start..].find(']')?;
    let default = doc[start..start + length].trim();
    // `[items=[]]` holds a bracket of its own.
    let default = if default == "[" { "[]" } else { default };
    let plain = default.len() < 40 && !default.contains(['\n', ';', '`', '(']);
    (plain && !default.is_empty()).then(|| default.to_owned())
}

fn documented_optional(doc: Option<&str>, name: &str) -> bool {
    doc.is_some_and(|doc| doc.contains(&format!("[{name}]")))
}

fn default_edit(scene: &Scene, parameter: &Parameter, default: &str) -> Option<(std::ops::Range<usize>, String)> {
    let code = scene.code;
    let end = if parameter.whole {
        let annotated = parameter.declared.type_annotation.as_ref().map_or(parameter.name.end, |it| it.span.end);
        if parameter.declared.optional {
            return None;
        }
        annotated
    } else {
        let bound = code.kinds().find_map(|kind| match kind {
            AstKind::BindingProperty(property) => match &property.value {
                BindingPattern::BindingIdentifier(id) if id.span == parameter.name => Some(property.span.end),
                _ => None,
            },
            _ => None,
        });
        bound?
    };
    let end = end as usize;
    Some((end..end, format!(" = {default}")))
}

/// `?.`, with a default where one is needed.
pub fn optional_drafts(scene: &Scene, known: &Known, read: &Read) -> Vec<Draft> {
    let code = scene.code;
    let chain = chain(code, read.id);
    let Some(edits) = optional(code, read.object.span(), read.span.end) else { return Vec::new() };
    tolerance(scene, &chain)
        .into_iter()
        .map(|way| {
            let mut edits = edits.clone();
            let mut title = format!("Read {} only when it is there", scene.says(read.span));
            if let Some(default) = &way.default {
                edits.extend(defaulted(code, chain.top, default));
                title = format!("{title}, else use `{default}`");
            }
            scene.draft(
                title,
                format!("{} It is now read only when it is there: {}.", known.why, way.why),
                way.confidence,
                Promise::ReturnsSomething,
                edits,
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::javascript::rules::examples::{Example, MODULE, NODE};
    use crate::repair::Promise;

    fn read(message: &str, handler: &str, args: serde_json::Value, source: &str) -> Example {
        Example::new("TypeError", message, handler, args, &[("src/service.js", source), NODE, MODULE])
    }

    #[test]
    fn a_lookup_is_guarded_as_its_sibling_is() {
        read(
            "Cannot read properties of undefined (reading 'status')",
            "cancel",
            json!(["o-9"]),
            "const orders = new Map();\n\nexport function show(id) {\n  const order = orders.get(id);\n  if (!order) {\n    \
             throw new Error(`no order ${id}`);\n  }\n  return order;\n}\n\nexport function cancel(orderId) {\n  \
             const order = orders.get(orderId);\n  if (order.⟦status === 'shipped') {\n    return false;\n  }\n  \
             order.status = 'cancelled';\n  return true;\n}\n",
        )
        .heals(
            "src/service.js",
            "  const order = orders.get(orderId);\n  if (!order) {\n    throw new Error(`no order ${orderId}`);\n  }\n  if (order.status",
        );
    }

    #[test]
    fn a_lookup_of_something_else_gets_its_own_words() {
        let example = Example::new(
            "TypeError",
            "Cannot read properties of undefined (reading 'email')",
            "notify",
            json!([{ "userId": "u7" }]),
            &[
                (
                    "src/service.js",
                    "import { NotFoundError } from './errors.js';\nimport { teams, users } from './store.js';\n\nexport function \
                     team({ teamId }) {\n  const team = teams.get(teamId);\n  if (!team) throw new NotFoundError(`team ${teamId} not \
                     found`);\n  return team;\n}\n\nexport function notify({ userId }) {\n  const user = users.get(userId);\n  return \
                     { to: user.⟦email, sent: true };\n}\n",
                ),
                (
                    "src/errors.js",
                    "export class NotFoundError extends Error {\n  constructor(message) {\n    super(message);\n    this.status = 404;\n  }\n}\n",
                ),
                ("src/store.js", "export const teams = new Map();\nexport const users = new Map();\n"),
                NODE,
                MODULE,
            ],
        );
        example.heals("src/service.js", "  if (!user) throw new NotFoundError(`user ${userId} not found`);\n");
        let message = Some("user u7 not found".to_owned());
        assert_eq!(example.repairs()[0].promise, Promise::Throws { kind: "NotFoundError".to_owned(), message });
    }

    #[test]
    fn an_error_is_imported_where_it_is_not_known_yet() {
        Example::new(
            "TypeError",
            "Cannot read properties of undefined (reading 'price')",
            "priceOf",
            json!(["x1"]),
            &[
                (
                    "src/prices.js",
                    "import { items } from './store.js';\n\nexport function priceOf(id) {\n  const item = items.find((it) => it.id \
                     === id);\n  return item.⟦price * 2;\n}\n",
                ),
                (
                    "src/names.js",
                    "import { items } from './store.js';\nimport { notFound } from './errors.js';\n\nexport function nameOf(id) {\n  \
                     const item = items.find((it) => it.id === id);\n  if (!item) {\n    throw notFound('no such item');\n  }\n  return \
                     item.name;\n}\n",
                ),
                ("src/errors.js", "export const notFound = (message) => Object.assign(new Error(message), { status: 404 });\n"),
                ("src/store.js", "export const items = [];\n"),
                NODE,
                MODULE,
            ],
        )
        .heals("src/prices.js", "import { items } from './store.js';\nimport { notFound } from './errors.js';\n");
    }

    #[test]
    fn a_sibling_that_returns_null_is_followed() {
        read(
            "Cannot read properties of undefined (reading 'name')",
            "label",
            json!([{ "id": "a" }]),
            "const users = [];\n\n/**\n * @param {{ id?: string }} ref\n * @returns {string | null}\n */\nexport function label(ref) {\n  \
             if (!ref) return null;\n  const user = users.find((it) => it.id === ref.id);\n  return user.⟦name.trim();\n}\n",
        )
        .heals("src/service.js", "=== ref.id);\n  if (!user) return null;\n");
    }

    #[test]
    fn a_default_that_stands_there_is_enough() {
        read(
            "Cannot read properties of undefined (reading 'city')",
            "city",
            json!([{ "name": "Ada" }]),
            "export function city(customer) {\n  return customer.address.⟦city ?? 'unknown';\n}\n",
        )
        .returned(json!([{ "address": { "city": "Bergen" } }]), json!("Bergen"))
        .heals("src/service.js", "return customer.address?.city ?? 'unknown';");
    }

    #[test]
    fn neighbours_in_an_object_tell_the_default() {
        read(
            "Cannot read properties of undefined (reading 'url')",
            "view",
            json!([{ "name": "Ada" }]),
            "export function view(user) {\n  return {\n    name: user.name,\n    phone: user.phone ?? null,\n    avatar: \
             user.avatar.⟦url,\n  };\n}\n",
        )
        .heals("src/service.js", "avatar: user.avatar?.url ?? null,");
    }

    #[test]
    fn a_condition_asks_whether_it_is_there() {
        read(
            "Cannot read properties of null (reading 'admin')",
            "may",
            json!([{ "user": null }]),
            "export function may(session) {\n  if (session.user.⟦admin) {\n    return 'all';\n  }\n  return 'some';\n}\n",
        )
        .returned(json!([{ "user": {} }]), json!("some"))
        .heals("src/service.js", "if (session.user?.admin) {");
    }

    #[test]
    fn a_list_in_a_table_is_started() {
        read(
            "Cannot read properties of undefined (reading 'push')",
            "byTag",
            json!([[{ "tag": "a" }]]),
            "export function byTag(items) {\n  const groups = {};\n  for (const item of items) {\n    groups[item.tag].⟦push(item);\n  \
             }\n  return groups;\n}\n",
        )
        .heals("src/service.js", "(groups[item.tag] ??= []).push(item);");
    }

    #[test]
    fn a_documented_default_is_given() {
        read(
            "Cannot read properties of undefined (reading 'toLowerCase')",
            "search",
            json!([{}]),
            "/**\n * @param {object} input\n * @param {string} [query='']  what to look for\n */\nexport function search({ query }) {\n  \
             return query.⟦toLowerCase().split(' ');\n}\n",
        )
        .heals("src/service.js", "export function search({ query = '' }) {");
    }

    #[test]
    fn options_may_be_left_out() {
        read(
            "Cannot read properties of undefined (reading 'limit')",
            "list",
            json!([3]),
            "export function list(count, options) {\n  const limit = options.⟦limit ?? 10;\n  return Math.min(count, limit);\n}\n",
        )
        .heals("src/service.js", "options?.limit ?? 10");
    }

    #[test]
    fn an_inline_lookup_is_taken_out_and_guarded() {
        read(
            "Cannot read properties of undefined (reading 'grams')",
            "weigh",
            json!([[{ "id": "m", "n": 2 }]]),
            "const products = new Map();\n\nexport function show(id) {\n  const product = products.get(id);\n  if (!product) {\n    throw \
             new Error(`no product ${id}`);\n  }\n  return product;\n}\n\nexport function weigh(lines) {\n  return lines.reduce((sum, \
             line) => sum + products.get(line.id).⟦grams * line.n, 0);\n}\n",
        )
        .heals(
            "src/service.js",
            "(sum, line) => {\n    const product = products.get(line.id);\n    if (!product) {\n      throw new Error(`no product \
             ${line.id}`);\n    }\n    return sum + product.grams * line.n;\n  }, 0);",
        );
    }

    #[test]
    fn types_are_read_too() {
        let example = Example::new(
            "TypeError",
            "Cannot read properties of undefined (reading 'title')",
            "titleOf",
            json!(["b-1"]),
            &[
                (
                    "src/books.ts",
                    "import { shelf, type Book } from './shelf'\n\nexport function titleOf(id: string): string | null {\n  const book = \
                     shelf.find((it: Book) => it.id === id)\n  return book!.⟦title\n}\n",
                ),
                (
                    "src/shelf.ts",
                    "export interface Book { id: string; title: string }\nexport const shelf: Book[] = []\n",
                ),
                (
                    "src/other.test.ts",
                    "import { describe, expect, it } from 'vitest'\nimport { shelf } from './shelf'\n\ndescribe('x', () => {\n  it('y', \
                     () => expect(shelf).toEqual([]))\n})\n",
                ),
                ("package.json", "{ \"devDependencies\": { \"vitest\": \"1\" } }"),
            ],
        );
        let first = &example.repairs()[0];
        assert!(example.after(first, "src/books.ts").contains("  return book?.title ?? null\n"));
        let (path, test) = example.test_of(first).unwrap();
        assert_eq!(path, "src/title-of-reading-title.test.ts");
        assert!(test.starts_with("import { expect, it } from 'vitest'\nimport { titleOf } from './books'\n"), "{test}");
        assert!(test.contains("expect(() => titleOf('b-1')).not.toThrow()\n"), "{test}");
    }

    #[test]
    fn where_nothing_tells_what_is_right_there_is_no_repair() {
        for source in [
            "export function f(order) {\n  return `${order.customer.⟦name} bought it`;\n}\n",
            "export function f(order) {\n  return save(order.customer.⟦name);\n}\nfunction save(x) { return x; }\n",
            "export function f(a) {\n  a.customer.⟦name += 'x';\n  return a;\n}\n",
        ] {
            read("Cannot read properties of undefined (reading 'name')", "f", json!([{}]), source).stays_unhealed();
        }
        let wrong_line = "export function f(a) {\n⟦  return 1;\n}\n";
        read("Cannot read properties of undefined (reading 'name')", "f", json!([{}]), wrong_line).stays_unhealed();
    }

    #[test]
    fn a_method_is_guarded_as_the_other_methods_are() {
        let example = Example::new(
            "TypeError",
            "Cannot read properties of null (reading 'email')",
            "UserService.contact",
            json!(["u-404"]),
            &[
                (
                    "src/user.service.js",
                    "import { NotFoundError } from './errors.js';\n\nexport class UserService {\n  constructor(users = { findById: async () => \
                     null }) {\n    this.users = users;\n  }\n\n  async rename(id, name) {\n    const user = await \
                     this.users.findById(id);\n    if (user === null) {\n      throw new NotFoundError('User', id);\n    }\n    return { \
                     ...user, name };\n  }\n\n  async contact(id) {\n    const user = await this.users.findById(id);\n    return \
                     user.⟦email.toLowerCase();\n  }\n}\n",
                ),
                (
                    "src/errors.js",
                    "export class NotFoundError extends Error {\n  constructor(what, id) {\n    super(`${what} ${id} does not exist`);\n  }\n}\n",
                ),
                NODE,
                MODULE,
            ],
        );
        example.heals(
            "src/user.service.js",
            "    if (!user) {\n      throw new NotFoundError('User', id);\n    }\n    return user.email",
        );
        let message = Some("User u-404 does not exist".to_owned());
        assert_eq!(example.repairs()[0].promise, Promise::Throws { kind: "NotFoundError".to_owned(), message });
    }
}
