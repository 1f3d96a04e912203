//! `bad-json`: `JSON.parse` got what is no JSON. Exactly that call is caught, and answered as the code around answers bad
//! input: with its own error, or with the value that its neighbours return.

use oxc::ast::AstKind;
use oxc::ast::ast::{BindingPattern, CallExpression, Expression, VariableDeclarationKind};
use oxc::span::{GetSpan as _, Span};

use super::Rule;
use crate::javascript::draft::Draft;
use crate::javascript::guards::{Exit, exits_for_bad_input, throwing};
use crate::javascript::message::Fault;
use crate::javascript::refusals::{refusals, refusals_near};
use crate::javascript::scene::{Known, Scene};
use thymus_javascript::code::{Code, bare, is_name, range};
use thymus_javascript::origin::{describe, origin};
use thymus_javascript::style::Style;

pub const RULE: Rule = Rule { name: "bad-json", recognise, repairs };

fn recognise(scene: &Scene) -> Option<Known> {
    if !matches!(scene.fault, Fault::BadJson { .. }) || !scene.is_innermost() {
        return None;
    }
    let call = parse_call(scene)?;
    let argument = call.arguments.first()?.as_expression()?;
    let why = format!(
        "{} is given a text that is no JSON ({}), and nothing here is ready for that. {} {}.",
        scene.says(call.span),
        scene.exception.message,
        scene.says(argument.span()),
        describe(scene.code, &origin(scene.code, argument)),
    );
    Some(Known { span: call.span, why, confidence: 0.95, related: Vec::new() })
}

/// The `JSON.parse(…)` or `x.json()` that the frame names.
fn parse_call<'a>(scene: &Scene<'_, 'a>) -> Option<&'a CallExpression<'a>> {
    scene.pick(scene.calls().filter_map(|(at, kind)| match kind {
        AstKind::CallExpression(call) if bare(&call.callee).is_specific_member_access("JSON", "parse") => {
            Some((at, call))
        }
        _ => None,
    }))
}

fn repairs(scene: &Scene, known: &Known) -> Vec<Draft> {
    let Some(call) = parse_call(scene) else { return Vec::new() };
    let Some(argument) = call.arguments.first().and_then(|argument| argument.as_expression()) else {
        return Vec::new();
    };
    let id = call.node_id();
    let function = scene.code.function_of(id);
    let message = format!("{} is not valid JSON", spoken_name(scene.code, argument));
    let mut exits: Vec<Exit> = Vec::new();
    // Whoever else catches a broken JSON here knows best how that is answered.
    let style = scene.style();
    let mut like: Vec<_> = refusals(scene.code, scene.project).into_iter().filter(|it| it.after_parse).collect();
    let confidence = if like.is_empty() { 0.86 } else { 0.92 };
    if like.is_empty() {
        like = refusals_near(scene.code, scene.project, |it| it.after_parse);
    }
    for refusal in like {
        exits.extend(throwing(scene, function, &refusal, confidence, refusal.for_bad_input(&style, &message)));
    }
    exits.extend(exits_for_bad_input(scene, function, &message));
    let mut drafts: Vec<Draft> = Vec::new();
    for exit in exits {
        if drafts.iter().any(|draft| draft.title.contains(&exit.statement)) {
            continue;
        }
        let Some(mut edits) = caught(scene, call, argument, &exit) else { continue };
        edits.extend(exit.import.clone());
        drafts.push(scene.draft(
            format!("Answer broken JSON with `{}`", exit.statement.trim_end_matches(';')),
            format!("{} Only this call is caught; {}.", known.why, exit.why),
            exit.confidence,
            exit.promise,
            edits,
        ));
    }
    drafts
}

/// What the text is called in a message.
fn spoken_name(code: &Code, argument: &Expression) -> String {
    let text = code.slice(bare(argument).span());
    let name = text.rsplit('.').next().unwrap_or(text);
    if is_name(name) { name.to_owned() } else { "the input".to_owned() }
}

/// The edits that put the call into a `try` of its own.
fn caught(
    scene: &Scene,
    call: &CallExpression,
    argument: &Expression,
    exit: &Exit,
) -> Option<Vec<(std::ops::Range<usize>, String)>> {
    let code = scene.code;
    let style = scene.style();
    let statement = code.statement_of(call.node_id())?;
    let indent = code.text.indent_at(statement.span().start as usize);
    let parsed = code.slice(call.span);
    let simple = is_simple(argument);
    match statement {
        AstKind::VariableDeclaration(declaration) if declaration.declarations.len() == 1 => {
            let declarator = declaration.declarations.first()?;
            let init = declarator.init.as_ref()?;
            match &declarator.id {
                BindingPattern::BindingIdentifier(name) if declaration.kind != VariableDeclarationKind::Var => {
                    let declared = format!(
                        "let {}",
                        code.slice(Span::new(declarator.id.span().start, declarator_end(declarator)))
                    );
                    let assigned = format!("{} = {}", name.name, code.slice(init.span()));
                    let text = try_text(&style, indent, Some(&declared), &assigned, exit, simple);
                    Some(vec![(range(declaration.span), text)])
                }
                _ if bare(init).span() == call.span => {
                    let name = free_name(code, call)?;
                    let text = try_text(
                        &style,
                        indent,
                        Some(&format!("let {name}")),
                        &format!("{name} = {parsed}"),
                        exit,
                        simple,
                    );
                    let newline = style.newline;
                    let start = range(declaration.span).start;
                    Some(vec![(start..start, format!("{text}{newline}{indent}")), (range(call.span), name)])
                }
                _ => None,
            }
        }
        AstKind::ReturnStatement(returned)
            if returned.argument.as_ref().is_some_and(|it| bare(it).span() == call.span) =>
        {
            let text = try_text(&style, indent, None, &format!("return {parsed}"), exit, simple);
            Some(vec![(range(returned.span), text)])
        }
        _ => {
            // Taken out of a larger expression, unless it may not run at all there.
            let conditional = code
                .ancestors(call.node_id())
                .take_while(|kind| kind.span() != statement.span())
                .any(|kind| matches!(kind, AstKind::LogicalExpression(_) | AstKind::ConditionalExpression(_)));
            if conditional
                || statement.is_iteration_statement()
                || matches!(statement, AstKind::Function(_) | AstKind::Class(_))
            {
                return None;
            }
            let name = free_name(code, call)?;
            let text =
                try_text(&style, indent, Some(&format!("let {name}")), &format!("{name} = {parsed}"), exit, simple);
            let start = range(statement.span()).start;
            Some(vec![(start..start, format!("{text}{}{indent}", style.newline)), (range(call.span), name)])
        }
    }
}

/// A variable's name with its type, without its value.
fn declarator_end(declarator: &oxc::ast::ast::VariableDeclarator) -> u32 {
    declarator.type_annotation.as_ref().map_or(declarator.id.span().end, |annotation| annotation.span.end)
}

fn try_text(style: &Style, indent: &str, declared: Option<&str>, inner: &str, exit: &Exit, simple: bool) -> String {
    let Style { semicolon, indent: unit, newline, .. } = style;
    let declared = declared.map_or(String::new(), |text| format!("{text}{semicolon}{newline}{indent}"));
    let deep = format!("{indent}{unit}");
    let caught = if simple {
        format!("{{{newline}{deep}{}{newline}{indent}}}", exit.statement)
    } else {
        // Something else runs inside, and what that throws is not ours.
        let other = format!(
            "if (!(error instanceof SyntaxError)) {{{newline}{deep}{unit}throw error{semicolon}{newline}{deep}}}"
        );
        format!("(error) {{{newline}{deep}{other}{newline}{deep}{}{newline}{indent}}}", exit.statement)
    };
    format!("{declared}try {{{newline}{deep}{inner}{semicolon}{newline}{indent}}} catch {caught}")
}

/// Names and properties of names run nothing.
fn is_simple(expression: &Expression) -> bool {
    let mut inner = bare(expression);
    loop {
        match inner {
            Expression::Identifier(_) | Expression::ThisExpression(_) | Expression::StringLiteral(_) => return true,
            other => match other.get_member_expr() {
                Some(member) if !member.is_computed() => inner = bare(member.object()),
                _ => return false,
            },
        }
    }
}

fn free_name(code: &Code, call: &CallExpression) -> Option<String> {
    let function = code.function_of(call.node_id())?;
    let taken = |name: &str| {
        code.inside(function.span).any(|kind| {
            matches!(kind, AstKind::BindingIdentifier(id) if id.name == name)
                || matches!(kind, AstKind::IdentifierReference(id) if id.name == name)
        })
    };
    ["parsed", "data", "decoded"].into_iter().find(|name| !taken(name)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::javascript::rules::examples::Example;

    const COMMON: (&str, &str) = (
        "test/other.test.js",
        "'use strict';\nconst { test } = require('node:test');\nconst assert = require('node:assert');\n\ntest('x', () => { \
         assert.ok(true); });\n",
    );

    fn parsing(source: &str) -> Example {
        let example = Example::new(
            "SyntaxError",
            "Unexpected end of JSON input",
            "read",
            json!(["{"]),
            &[("lib/read.js", source), COMMON],
        );
        assert_eq!(example.rule().as_deref(), Some("bad-json"), "{source}");
        example
    }

    #[test]
    fn bad_input_is_refused_as_other_bad_input_is() {
        parsing(
            "'use strict';\n\nclass ValidationError extends Error {}\n\nfunction read(text) {\n  if (typeof text !== 'string') {\n    \
             throw new ValidationError('text must be a string');\n  }\n  return JSON.⟦parse(text);\n}\n\nmodule.exports = { read };\n",
        )
        .heals(
            "lib/read.js",
            "  try {\n    return JSON.parse(text);\n  } catch {\n    throw new ValidationError('text is not valid JSON');\n  }\n",
        );
    }

    #[test]
    fn a_quiet_sibling_is_followed() {
        parsing(
            "'use strict';\n\nexports.read = function read(text) {\n\tif (!text) return null;\n\tconst { a, b } = JSON.⟦parse(text);\n\t\
             return [a, b];\n};\n",
        )
        .heals(
            "lib/read.js",
            "\tlet parsed;\n\ttry {\n\t\tparsed = JSON.parse(text);\n\t} catch {\n\t\treturn null;\n\t}\n\tconst { a, b } = parsed;\n",
        );
    }

    #[test]
    fn what_else_runs_inside_is_not_swallowed() {
        parsing(
            "'use strict';\n\nfunction read(text) {\n  if (!text) {\n    throw new RangeError('text must not be empty');\n  }\n  const \
             data = JSON.⟦parse(Buffer.from(text).toString());\n  return data;\n}\n\nmodule.exports = read;\n",
        )
        .heals("lib/read.js", "  } catch (error) {\n    if (!(error instanceof SyntaxError)) {\n      throw error;\n    }\n    throw new RangeError('the input is not valid JSON');\n");
    }

    #[test]
    fn without_an_example_of_an_answer_there_is_none() {
        parsing(
            "'use strict';\n\nfunction read(text) {\n  return JSON.⟦parse(text);\n}\n\nmodule.exports = { read };\n",
        )
        .stays_unhealed();
    }
}
