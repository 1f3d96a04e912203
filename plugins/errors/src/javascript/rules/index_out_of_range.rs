//! `index-out-of-range`: an element that isn't there was used: past the end of a list, of an empty list, or of a text that
//! did not match. A loop that runs one too far is set right; else it is guarded or read with care.

use oxc::ast::AstKind;
use oxc::ast::ast::{BinaryOperator, Expression, IfStatement, Statement};
use oxc::span::{GetSpan as _, Span};

use super::Rule;
use super::null_property_read::{Read, failed_read, guard_in_place, guard_variable, leaving, optional_drafts};
use crate::javascript::draft::Draft;
use crate::javascript::guards::{Exit, after, before, exits_for_bad_input, guard_text, returns};
use crate::javascript::scene::{Known, Scene};
use crate::repair::Promise;
use thymus_javascript::code::{Code, Func, bare, range};
use thymus_javascript::origin::{Lookup, LookupKind, Origin, Variable, lookup, origin};

pub const RULE: Rule = Rule { name: "index-out-of-range", recognise, repairs };

/// The read of a property of an element that isn't there.
struct Failed<'a> {
    read: Read<'a>,
    /// `list[0]`, `text.match(…)`
    element: &'a Expression<'a>,
    found: Lookup,
    variable: Option<Variable>,
}

fn failed<'a>(scene: &Scene<'_, 'a>) -> Option<Failed<'a>> {
    let read = failed_read(scene)?;
    let Origin::Value { expression, variable } = origin(scene.code, read.object) else { return None };
    let found = lookup(expression)?;
    let counted = match bare(expression) {
        Expression::ComputedMemberExpression(member) => {
            found.kind == LookupKind::Element || loop_of(scene.code, &member.expression).is_some()
        }
        _ => matches!(found.kind, LookupKind::Element | LookupKind::Match),
    };
    counted.then_some(Failed { read, element: expression, found, variable })
}

/// What a counting loop compares its counter with: `i` in `for (let i = 0; i <= list.length; i++)`.
fn loop_of<'a>(code: &Code<'a>, index: &'a Expression<'a>) -> Option<(&'a Expression<'a>, BinaryOperator, Span)> {
    let counter = match bare(index) {
        Expression::Identifier(name) => name,
        Expression::BinaryExpression(binary) => match bare(&binary.left) {
            Expression::Identifier(name) => name,
            _ => return None,
        },
        _ => return None,
    };
    let declared = code.declaration_of(counter)?;
    code.ancestors(declared.node_id()).take(2).find_map(|kind| match kind {
        AstKind::ForStatement(statement) => match statement.test.as_ref().map(bare)? {
            Expression::BinaryExpression(test) if bare(&test.left).is_specific_id(counter.name.as_str()) => {
                Some((&test.right, test.operator, test.span))
            }
            _ => None,
        },
        _ => None,
    })
}

fn recognise(scene: &Scene) -> Option<Known> {
    let Failed { read, element, found, .. } = failed(scene)?;
    let code = scene.code;
    let receiver = scene.says(found.receiver);
    let line = code.line(read.span.start);
    let reason = match found.kind {
        LookupKind::Match => format!("{} did not match", scene.says(element.span())),
        _ => format!("{receiver} has no such element, {} is past its end", scene.says(element.span())),
    };
    let property = read.property.map_or("something".to_owned(), |name| format!("`{name}`"));
    let why = format!("{property} is read in line {line} of an element that isn't there: {reason}.");
    Some(Known { span: read.span, why, confidence: 0.92, related: vec![element.span()] })
}

fn repairs(scene: &Scene, known: &Known) -> Vec<Draft> {
    let Some(failed) = failed(scene) else { return Vec::new() };
    let code = scene.code;
    if let Some(draft) = one_too_far(scene, known, &failed) {
        return vec![draft];
    }
    let function = code.function_of(failed.read.id);
    let mut drafts = Vec::new();
    match (failed.found.kind, failed.variable) {
        (LookupKind::Match, Some(variable)) => drafts.extend(unmatched(scene, known, &failed, function, variable)),
        (LookupKind::Match, None) => {}
        (_, Some(variable)) => {
            drafts.extend(guard_variable(scene, known, &failed.read, function, failed.element, variable));
        }
        (_, None) => drafts.extend(guard_in_place(scene, known, &failed.read, function, failed.element)),
    }
    if failed.found.kind == LookupKind::Element {
        drafts.extend(empty_list(scene, known, &failed, function));
    }
    if !failed.read.written {
        drafts.extend(optional_drafts(scene, known, &failed.read));
    }
    drafts
}

/// `i <= list.length`, `list[list.length]`, and `list[i + 1]` in a loop to the end.
fn one_too_far(scene: &Scene, known: &Known, failed: &Failed) -> Option<Draft> {
    let code = scene.code;
    let Expression::ComputedMemberExpression(member) = bare(failed.element) else { return None };
    let receiver = code.slice(failed.found.receiver);
    let length = format!("{receiver}.length");
    let index = bare(&member.expression);
    let draft = |title: String, edit| {
        let why = format!("{} The last element has the index `{length} - 1`.", known.why);
        Some(scene.draft(title, why, 0.93, Promise::ReturnsSomething, vec![edit]))
    };
    if code.slice(index.span()) == length {
        let end = range(index.span()).end;
        return draft(format!("Take the last element of `{receiver}`"), (end..end, " - 1".to_owned()));
    }
    let (limit, operator, test) = loop_of(code, index)?;
    if code.slice(limit.span()) != length {
        return None;
    }
    match (index, operator) {
        (Expression::Identifier(_), BinaryOperator::LessEqualThan) => {
            let at = range(test).start + code.slice(test).find("<=")?;
            draft(format!("End the loop at the last element of `{receiver}`"), (at..at + 2, "<".to_owned()))
        }
        (Expression::BinaryExpression(binary), BinaryOperator::LessThan)
            if binary.operator == BinaryOperator::Addition
                && bare(&binary.right).is_specific_raw_number_literal("1") =>
        {
            let end = range(limit.span()).end;
            draft(format!("End the loop where `{receiver}` still has a next element"), (end..end, " - 1".to_owned()))
        }
        _ => None,
    }
}

/// A text that did not match is bad input.
fn unmatched<'a>(
    scene: &Scene<'_, 'a>,
    known: &Known,
    failed: &Failed<'a>,
    function: Option<Func<'a>>,
    variable: Variable,
) -> Vec<Draft> {
    let code = scene.code;
    let name = code.slice(bare(failed.read.object).span());
    let text = match (code.slice(failed.element.span()).contains(".exec("), failed.found.key) {
        (true, Some(key)) => code.slice(key),
        _ => code.slice(failed.found.receiver),
    };
    let text = text.rsplit('.').next().unwrap_or(text);
    let spoken = if thymus_javascript::code::is_name(text) { text } else { "the input" };
    let Some(statement) = code.statement_of(variable.declared).filter(|_| !code.is_reassigned(variable.symbol)) else {
        return Vec::new();
    };
    exits_for_bad_input(scene, function, &format!("{spoken} is malformed"))
        .into_iter()
        .map(|exit| {
            let guard = |indent: &str| guard_text(&scene.style(), indent, &format!("!{name}"), &exit);
            let edit = after(code, &scene.style(), statement.span(), guard);
            leaving(scene, known, exit, edit, name)
        })
        .collect()
}

/// Leaves before an empty list is used, as a neighbour does.
fn empty_list<'a>(scene: &Scene<'_, 'a>, known: &Known, failed: &Failed<'a>, function: Option<Func<'a>>) -> Vec<Draft> {
    let code = scene.code;
    let receiver = code.slice(failed.found.receiver);
    let (Some(function), Some(statement)) = (function, code.statement_of(failed.read.id)) else { return Vec::new() };
    let simple = receiver.split('.').all(thymus_javascript::code::is_name);
    let Some(like) = code.kinds().find_map(|kind| match kind {
        AstKind::IfStatement(statement) if asks_for_empty(code, statement) => Some(statement),
        _ => None,
    }) else {
        return Vec::new();
    };
    let Some((text, braces)) = only_statement(code, &like.consequent) else { return Vec::new() };
    if !simple || text.contains('\n') {
        return Vec::new();
    }
    let same = like.span.start >= function.span.start && like.span.end <= function.span.end;
    let promise = match text.strip_prefix("throw ") {
        Some(error) => scene.throws(Some(function), error.trim_end_matches(';')),
        None => returns(scene, &function, text.trim_start_matches("return").trim_end_matches(';').trim()),
    };
    let exit = Exit {
        statement: text.to_owned(),
        confidence: if same { 0.8 } else { 0.72 },
        promise,
        why: format!("line {} does the same for an empty list", code.line(like.span.start)),
        braces,
        import: None,
    };
    let guard = |indent: &str| guard_text(&scene.style(), indent, &format!("{receiver}.length === 0"), &exit);
    let edit = before(code, &scene.style(), statement.span(), guard);
    vec![leaving(scene, known, exit, edit, receiver)]
}

/// `if (list.length === 0)`, `if (!list.length)`
fn asks_for_empty(code: &Code, statement: &IfStatement) -> bool {
    let test = code.slice(statement.test.span());
    test.ends_with(".length === 0") || (test.starts_with('!') && test.ends_with(".length"))
}

/// The `throw` or plain `return` that a branch consists of.
fn only_statement<'a>(code: &Code<'a>, consequent: &Statement<'a>) -> Option<(&'a str, bool)> {
    let (statement, braces) = match consequent {
        Statement::BlockStatement(block) if block.body.len() == 1 => (block.body.first()?, true),
        other => (other, false),
    };
    let constant = match statement {
        Statement::ReturnStatement(returned) => {
            returned.argument.as_ref().is_none_or(crate::javascript::refusals::is_plain)
        }
        Statement::ThrowStatement(thrown) => !code.slice(thrown.span).contains("${"),
        _ => false,
    };
    constant.then(|| (code.slice(statement.span()), braces))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::javascript::rules::examples::{Example, MODULE, NODE};

    fn indexing(message: &str, args: serde_json::Value, source: &str) -> Example {
        let example = Example::new("TypeError", message, "f", args, &[("src/f.js", source), NODE, MODULE]);
        assert_eq!(example.rule().as_deref(), Some("index-out-of-range"), "{source}");
        example
    }

    #[test]
    fn a_loop_that_runs_too_far_is_set_right() {
        indexing(
            "Cannot read properties of undefined (reading 'n')",
            json!([[{ "n": 1 }, { "n": 2 }]]),
            "export function f(items) {\n  let sum = 0;\n  for (let i = 0; i <= items.length; i++) {\n    sum += items[i].⟦n;\n  }\n  return \
             sum;\n}\n",
        )
        .returned(json!([[]]), json!(0))
        .heals("src/f.js", "i < items.length;");
        indexing(
            "Cannot read properties of undefined (reading 'n')",
            json!([[{ "n": 1 }, { "n": 3 }]]),
            "export function f(items) {\n  const steps = [];\n  for (let i = 0; i < items.length; i += 1) {\n    steps.push(items[i + 1].⟦n - \
             items[i].n);\n  }\n  return steps;\n}\n",
        )
        .heals("src/f.js", "i < items.length - 1;");
    }

    #[test]
    fn an_empty_list_is_left_as_its_neighbours_leave_it() {
        indexing(
            "Cannot read properties of undefined (reading 'price')",
            json!([[]]),
            "export function total(items) {\n  if (items.length === 0) return 0;\n  return items.length;\n}\n\nexport function f(items) {\n  \
             const sorted = [...items].sort();\n  return sorted[0].⟦price;\n}\n",
        )
        .heals("src/f.js", "  if (sorted.length === 0) return 0;\n  return sorted[0].price;");
    }

    #[test]
    fn a_text_that_does_not_match_is_bad_input() {
        indexing(
            "Cannot read properties of null (reading '1')",
            json!(["nonsense"]),
            "export function f(range) {\n  if (typeof range !== 'string') {\n    throw new TypeError('range must be a text');\n  }\n  const \
             match = /^(\\d+)-(\\d+)$/.exec(range);\n  return [Number(match⟦[1]), Number(match[2])];\n}\n",
        )
        .heals("src/f.js", ".exec(range);\n  if (!match) {\n    throw new TypeError('range is malformed');\n  }\n");
    }
}
