//! Repairs that are worth a try only where it is known what the failed calls did in better times: the test then asks for
//! exactly that. The condition of a guard is the plainest one that tells the calls that fail from those that return.

use oxc::ast::AstKind;
use oxc::ast::ast::{BindingPattern, Expression};
use oxc::span::GetSpan as _;
use serde_json::Value;

use super::absence::optional;
use super::draft::Draft;
use super::guards::{at_start, before, exit_as_before, guard_text};
use super::rules::null_property_read::failed_read;
use super::scene::{Known, Scene};
use crate::exception::{Call, Outcome};
use crate::repair::Promise;
use thymus_javascript::code::{Func, bare, range};
use thymus_javascript::evaluate::bind;
use thymus_javascript::origin::{Origin, origin};

/// A condition, and which values fulfil it.
type Condition = (String, fn(&Value) -> bool);

/// The drafts, when it is known what the failed calls did.
pub fn drafts(scene: &Scene, known: &Known) -> Vec<Draft> {
    if scene.exception.known_calls().next().is_none() {
        return Vec::new();
    }
    let mut drafts = Vec::new();
    let around = scene.code.functions().filter(|it| range(it.span).start <= known.span.start as usize);
    let around = around.filter(|it| known.span.end <= it.span.end);
    let handler = around.filter(|it| scene.is_handler(it)).min_by_key(|it| it.span.size());
    if let Some(handler) = handler {
        drafts.extend(guarded(scene, known, &handler));
    }
    if let Some(read) = failed_read(scene) {
        if !read.written
            && let Some(edits) = optional(scene.code, read.object.span(), read.span.end)
        {
            let title = format!("Read {} only when it is there", scene.says(read.span));
            let why = format!("{} In better times the same calls went on without it.", known.why);
            drafts.push(scene.draft(title, why, 0.5, Promise::ReturnsSomething, edits));
        }
        drafts.extend(skipped(scene, known, read.object));
        drafts.extend(filled(scene, known, read.object, read.property));
    }
    drafts
}

/// `if (typeof text !== 'string') return '';` at the start of the handler.
fn guarded<'a>(scene: &Scene<'_, 'a>, known: &Known, handler: &Func<'a>) -> Vec<Draft> {
    let Some(exit) = exit_as_before(scene, Some(*handler)) else { return Vec::new() };
    let style = scene.style();
    let failing = scene.code.slice(known.span);
    let mut names: Vec<&str> = handler
        .params
        .items
        .iter()
        .filter_map(|parameter| match &parameter.pattern {
            BindingPattern::BindingIdentifier(id) => Some(id.name.as_str()),
            _ => None,
        })
        .collect();
    // What stands in the expression that failed is asked first.
    names.sort_by_key(|name| {
        !failing.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').any(|it| it == *name)
    });
    let given = |call: &Call, name: &str| bind(scene.code, handler.params, &call.args).get(name).cloned();
    let answered = |call: &Call| {
        matches!(
            (scene.exception.outcome(), &call.result),
            (Some(Outcome::Returned(was)), Some(result)) if was == result
        )
    };
    let quote = |word: &str| style.string(word);
    let found = names.into_iter().find_map(|name| {
        let failed: Vec<Value> =
            scene.exception.failed.iter().map(|call| given(call, name).unwrap_or(Value::Null)).collect();
        let returned: Vec<Value> = scene
            .exception
            .returned
            .iter()
            .filter(|call| !answered(call))
            .map(|call| given(call, name).unwrap_or(Value::Null))
            .collect();
        let conditions: Vec<Condition> = vec![
            (format!("!{name}"), is_falsy),
            (format!("{name} == null"), Value::is_null),
            (format!("typeof {name} !== {}", quote("string")), |value| !value.is_string()),
            (format!("typeof {name} !== {}", quote("number")), |value| !value.is_number()),
            (format!("!Array.isArray({name})"), |value| !value.is_array()),
            (format!("!{name} || typeof {name} !== {}", quote("object")), |value| {
                !value.is_object() && !value.is_array()
            }),
            (format!("!{name}.length"), |value| {
                value.as_str().is_some_and(str::is_empty) || value.as_array().is_some_and(Vec::is_empty)
            }),
        ];
        let tells = |asks: fn(&Value) -> bool| failed.iter().all(asks) && !returned.iter().any(asks);
        conditions.into_iter().find(|(_, asks)| tells(*asks)).map(|(condition, _)| (condition, name))
    });
    let Some((condition, name)) = found else { return Vec::new() };
    let guard = |indent: &str| guard_text(&style, indent, &condition, &exit);
    let Some(edit) = at_start(scene.code, &style, handler, guard) else { return Vec::new() };
    let statement = exit.statement.trim_end_matches(';');
    let verb = if statement.starts_with("throw") { "Refuse" } else { "Return early on" };
    let title = format!("{verb} a `{name}` that can't be used");
    let why = format!("{} `{statement}` answers that; {}.", known.why, exit.why);
    vec![scene.draft(title, why, 0.7, exit.promise.clone(), vec![edit])]
}

fn is_falsy(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(truth) => !truth,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(_) | Value::Object(_) => false,
    }
}

/// `if (!item) continue;` in a loop over things of which some are not there.
fn skipped<'a>(scene: &Scene<'_, 'a>, known: &Known, object: &'a Expression<'a>) -> Option<Draft> {
    let code = scene.code;
    let Expression::Identifier(name) = bare(object) else { return None };
    let statement = code.statement_of(object.node_id())?;
    let is_loop = |kind: &AstKind| kind.is_iteration_statement();
    let inner = code.ancestors(statement.node_id()).take_while(|kind| !kind.is_function_like()).find(is_loop)?;
    let declared = code.declaration_of(name)?;
    if is_loop(&statement) || declared.span().start < inner.span().start {
        return None;
    }
    let style = scene.style();
    let edit = before(code, &style, statement.span(), |_| format!("if (!{}) continue{}", name.name, style.semicolon));
    let title = format!("Skip a `{}` that is not there", name.name);
    let why = format!("{} In better times the same calls went on with the next.", known.why);
    Some(scene.draft(title, why, 0.45, Promise::ReturnsSomething, vec![edit]))
}

/// A default for a parameter, by what is done with it.
fn filled<'a>(
    scene: &Scene<'_, 'a>,
    known: &Known,
    object: &'a Expression<'a>,
    property: Option<&str>,
) -> Option<Draft> {
    let code = scene.code;
    let Origin::Parameter(parameter) = origin(code, object) else { return None };
    let function = code.function_of(object.node_id())?;
    if !parameter.whole || !range(function.params.span).contains(&(parameter.name.start as usize)) {
        return None;
    }
    let default = match property? {
        "trim" | "split" | "replace" | "toLowerCase" | "toUpperCase" | "charAt" | "slice" | "substring" | "match" => {
            "''"
        }
        "map" | "filter" | "forEach" | "reduce" | "join" | "concat" | "some" | "every" | "length" => "[]",
        _ => "{}",
    };
    let name = code.slice(parameter.name);
    let style = scene.style();
    let assign = |_: &str| format!("{name} = {name} || {default}{}", style.semicolon);
    let edit = at_start(code, &style, &function, assign)?;
    let title = format!("Let `{name}` default to `{default}`");
    let why = format!("{} In better times the same calls went on without it.", known.why);
    Some(scene.draft(title, why, 0.4, Promise::ReturnsSomething, vec![edit]))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::exception::Outcome;
    use crate::javascript::rules::examples::Example;

    const TAPE: (&str, &str) = (
        "test/other.js",
        "'use strict'\n\nvar test = require('node:test').test\nvar assert = require('node:assert')\n\ntest('x', function () { \
         assert.ok(true) })\n",
    );

    fn example(message: &str, args: Value, source: &str) -> Example {
        Example::new("TypeError", message, "index", args, &[("index.js", source), TAPE])
    }

    #[test]
    fn a_guard_comes_back_with_what_it_gave() {
        let source = "'use strict'\n\nmodule.exports = function (text, size) {\n  return text.⟦slice(0, size)\n}\n";
        let failing = || example("Cannot read properties of undefined (reading 'slice')", json!([null, 2]), source);
        failing().stays_unhealed();
        failing()
            .before(Outcome::Returned(json!("")))
            .heals("index.js", "  if (!text) {\n    return ''\n  }\n  return text");
        let refused = Outcome::Threw { kind: "TypeError".to_owned(), message: "text is no text".to_owned() };
        failing().before(refused).heals("index.js", "    throw new TypeError('text is no text')\n");
    }

    #[test]
    fn the_plainest_condition_that_tells_good_from_bad_is_asked() {
        let source = "module.exports = (text) => {\n  return text.⟦trim().length;\n};\n";
        example("text.trim is not a function", json!([5]), source)
            .returned(json!([""]), json!(0))
            .returned(json!(["a"]), json!(1))
            .before(Outcome::Returned(Value::Null))
            .heals("index.js", "typeof text !== 'string'");
    }

    #[test]
    fn what_contradicts_better_times_is_no_repair() {
        let source = "const orders = new Map();\nexports.owner = (id) => {\n  const order = orders.get(id);\n  if (!order) throw new \
                      Error('no order');\n  return order.owner;\n};\nexports.index = (id) => {\n  const order = orders.get(id);\n  return \
                      order.⟦state;\n};\n";
        let failing = || example("Cannot read properties of undefined (reading 'state')", json!([1]), source);
        failing().heals("index.js", "  if (!order) throw new Error('no order');\n  return order.state");
        failing().before(Outcome::Returned(json!("none"))).stays_unhealed_by("throw");
        failing()
            .before(Outcome::Returned(Value::Null))
            .heals("index.js", "const order = orders.get(id);\n  if (!order) return null;\n  return order.state");
    }
}
