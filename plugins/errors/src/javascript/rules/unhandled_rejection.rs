//! `unhandled-rejection`: a promise was rejected where nobody listened: it was neither awaited nor returned, or returned
//! out of a `try` whose `catch` is for exactly that. It is waited for where it was made.

use oxc::ast::AstKind;
use oxc::ast::ast::{CallExpression, Expression, Statement};
use oxc::span::{GetSpan as _, Span};

use super::Rule;
use crate::javascript::draft::Draft;
use crate::javascript::guards::returns;
use crate::javascript::refusals::is_plain;
use crate::javascript::scene::{Known, Scene};
use crate::repair::Promise;
use thymus_javascript::code::{Func, bare, last_segment, range};
use thymus_javascript::promises::promised_call;

pub const RULE: Rule = Rule { name: "unhandled-rejection", recognise, repairs };

/// The promise that nobody listens to.
#[derive(Clone, Copy)]
enum Lost<'a> {
    /// `save(order);`
    Floating(&'a CallExpression<'a>),
    /// `try { return load(); } catch { … }`
    ReturnedFromTry(&'a CallExpression<'a>),
    /// `items.forEach(async (item) => { … })`
    Each { call: &'a CallExpression<'a>, method: Span },
}

/// Looks in the handler, which is in no frame where nobody waited.
fn lost<'a>(scene: &Scene<'_, 'a>) -> Option<(Lost<'a>, Func<'a>)> {
    if !scene.is_at_handler() {
        return None;
    }
    let code = scene.code;
    let handler = code.functions().find(|function| scene.is_handler(function)).filter(|function| function.is_async)?;
    // Where the handler is among the frames it did wait, or threw by itself; but a promise returned out of a `try` shows it too.
    let frames = &scene.exception.frames;
    let entered = |name: &str| frames.iter().any(|frame| frame.function.as_deref().map(last_segment) == Some(name));
    let waited = entered(scene.handler());
    let own_file = |span: Span| {
        frames.iter().any(|frame| {
            frame.path == code.text.path && (code.line(span.start)..=code.line(span.end)).contains(&frame.line)
        })
    };
    let found = code.inside(handler.span).find_map(|kind| match kind {
        AstKind::ExpressionStatement(statement) => {
            let Expression::CallExpression(call) = bare(&statement.expression) else { return None };
            if code.function_of(call.node_id())?.id != handler.id || waited {
                return None;
            }
            let callee = code.slice(call.callee.span());
            if last_segment(callee) == "forEach" {
                let member = bare(&call.callee).get_member_expr()?;
                let callback = call.arguments.first()?.as_expression()?;
                let is_async =
                    thymus_javascript::code::as_function(code.kind(callback.node_id())).is_some_and(|it| it.is_async);
                let (method, _) = member.static_property_info()?;
                return (is_async && own_file(callback.span())).then_some(Lost::Each { call, method });
            }
            let (_, _) = promised_call(code, scene.project, &statement.expression)?;
            entered(last_segment(callee)).then_some(Lost::Floating(call))
        }
        AstKind::ReturnStatement(returned) => {
            let argument = returned.argument.as_ref()?;
            let (call, _) = promised_call(code, scene.project, argument)?;
            let in_try =
                code.ancestors(returned.node_id()).take_while(|kind| !kind.is_function_like()).find_map(|kind| {
                    match kind {
                        AstKind::TryStatement(tried) => tried.handler.as_ref().map(|_| tried.block.span),
                        _ => None,
                    }
                })?;
            let inside =
                in_try.start <= call.span.start && call.span.end <= in_try.end && bare(argument).span() == call.span;
            (inside && entered(last_segment(code.slice(call.callee.span())))).then_some(Lost::ReturnedFromTry(call))
        }
        _ => None,
    })?;
    Some((found, handler))
}

fn recognise(scene: &Scene) -> Option<Known> {
    let (lost, _) = lost(scene)?;
    let (Lost::Floating(call) | Lost::ReturnedFromTry(call) | Lost::Each { call, .. }) = lost;
    let line = scene.code.line(call.span.start);
    let how = match lost {
        Lost::Floating(_) => "nobody waits for it, so nobody hears when it is rejected",
        Lost::ReturnedFromTry(_) => {
            "it is returned before it is settled, so the `catch` around it never hears when it is rejected"
        }
        Lost::Each { .. } => {
            "`forEach` does not wait for what its callback promises, so nobody hears when it is rejected"
        }
    };
    let why = format!(
        "{} in line {line} gives a promise; {how}: {}.",
        scene.says(call.callee.span()),
        scene.exception.message
    );
    Some(Known { span: call.span, why, confidence: 0.85, related: Vec::new() })
}

fn repairs(scene: &Scene, known: &Known) -> Vec<Draft> {
    let Some((lost, handler)) = lost(scene) else { return Vec::new() };
    let code = scene.code;
    let rejects =
        Promise::Throws { kind: scene.exception.kind.clone(), message: Some(scene.exception.message.clone()) };
    match lost {
        Lost::Floating(call) => {
            let start = range(call.span).start;
            let title = format!("Wait for {}", scene.says(call.callee.span()));
            vec![scene.draft(title, known.why.clone(), 0.72, rejects, vec![(start..start, "await ".to_owned())])]
        }
        Lost::ReturnedFromTry(call) => {
            let start = range(call.span).start;
            let title = format!("Wait for {} inside the `try`", scene.says(call.callee.span()));
            let promise = answer(scene, &handler, call);
            vec![scene.draft(title, known.why.clone(), 0.92, promise, vec![(start..start, "await ".to_owned())])]
        }
        Lost::Each { call, method } => {
            let span = range(call.span);
            let edits = vec![
                (span.start..span.start, "await Promise.all(".to_owned()),
                (range(method), "map".to_owned()),
                (span.end..span.end, ")".to_owned()),
            ];
            let title = format!("Wait for all that {} starts", scene.says(code.kind(call.callee.node_id()).span()));
            vec![scene.draft(title, known.why.clone(), 0.7, rejects, edits)]
        }
    }
}

/// What the `catch` makes of it.
fn answer<'a>(scene: &Scene<'_, 'a>, handler: &Func<'a>, call: &CallExpression<'a>) -> Promise {
    let code = scene.code;
    let caught = code.ancestors(call.node_id()).find_map(|kind| match kind {
        AstKind::TryStatement(tried) => tried.handler.as_ref(),
        _ => None,
    });
    let statements = caught.map_or(&[][..], |caught| caught.body.body.as_slice());
    match statements.last() {
        Some(Statement::ReturnStatement(returned)) if returned.argument.as_ref().is_some_and(is_plain) => {
            returns(scene, handler, returned.argument.as_ref().map_or("", |value| code.slice(value.span())))
        }
        Some(Statement::ThrowStatement(thrown)) => scene.throws(Some(*handler), code.slice(thrown.argument.span())),
        _ => Promise::ReturnsSomething,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::javascript::rules::examples::{Example, MODULE, NODE};

    const STORE: (&str, &str) = (
        "src/store.js",
        "export async function save(item) {\n  if (!item.id) {\n    ⟦throw new Error('no id');\n  }\n  return item;\n}\n",
    );

    fn losing(source: &str, args: serde_json::Value) -> Example {
        let mut example = Example::new("Error", "no id", "f", args, &[STORE, ("src/f.js", source), NODE, MODULE]);
        example.exception.frames[0].function = Some("save".to_owned());
        example.exception.handler_path = Some("src/f.js".to_owned());
        assert_eq!(example.rule().as_deref(), Some("unhandled-rejection"), "{source}");
        example
    }

    #[test]
    fn a_catch_hears_only_what_is_awaited_inside() {
        losing(
            "import { save } from './store.js';\n\nexport async function f(item) {\n  try {\n    return save(item);\n  } catch {\n    return \
             null;\n  }\n}\n",
            json!([{}]),
        )
        .heals("src/f.js", "    return await save(item);\n");
    }

    #[test]
    fn what_floats_is_waited_for() {
        losing(
            "import { save } from './store.js';\n\nexport async function f(item) {\n  save(item);\n  return { saved: true };\n}\n",
            json!([{}]),
        )
        .heals("src/f.js", "  await save(item);\n");
    }

    #[test]
    fn an_error_that_is_thrown_on_purpose_is_no_fault() {
        let source =
            "import { save } from './store.js';\n\nexport async function f(item) {\n  return await save(item);\n}\n";
        let example = Example::new("Error", "no id", "f", json!([{}]), &[STORE, ("src/f.js", source), NODE, MODULE]);
        assert_eq!(example.rule().as_deref(), Some("unrecognised"));
        example.stays_unhealed();
    }
}
