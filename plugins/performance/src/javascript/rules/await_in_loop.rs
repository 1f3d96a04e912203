//! `await-in-loop`: each round of a loop waits for an answer that has nothing to do with the round before. The answers are
//! asked for side by side only where what is asked for is a function of the project that reads and waits and does nothing
//! else: then nobody can see in which order they were asked.

use oxc::ast::AstKind;
use oxc::ast::ast::{
    AwaitExpression, BindingPattern, CallExpression, Expression, ForOfStatement, ForStatementLeft, Statement,
};
use oxc::span::{GetSpan as _, Span};
use thymus_javascript::code::{Code, Func, bare, range};
use thymus_javascript::exports::import_of;

use super::Rule;
use crate::javascript::kinds::is_list;
use crate::javascript::scene::{Draft, Known, Scene, inside};
use crate::javascript::uses::is_reading_method;

pub const RULE: Rule = Rule { name: "await-in-loop", find };

/// How many calls deep a function is looked at.
const DEEPEST: usize = 4;

fn find(scene: &Scene) -> Vec<Known> {
    let waits = scene.nodes().filter_map(|kind| match kind {
        AstKind::AwaitExpression(wait) => Some(wait),
        _ => None,
    });
    waits.filter_map(|wait| known(scene, wait)).collect()
}

fn known<'a>(scene: &Scene<'_, 'a>, wait: &'a AwaitExpression<'a>) -> Option<Known> {
    let loops = scene.loops(wait.node_id.get());
    let AstKind::ForOfStatement(around) = scene.code.kind(loops.first()?.id) else { return None };
    if around.r#await {
        return None;
    }
    Some(Known {
        span: wait.span,
        heaviness: 0.9,
        explanation: format!(
            "The loop in line {} waits for `{}` in each round before it begins the next.",
            scene.line(around.span),
            scene.slice(bare(&wait.argument).span())
        ),
        repair: repair(scene, around, wait),
    })
}

fn repair<'a>(scene: &Scene<'_, 'a>, around: &'a ForOfStatement<'a>, wait: &'a AwaitExpression<'a>) -> Option<Draft> {
    let Expression::CallExpression(call) = bare(&wait.argument) else { return None };
    let ForStatementLeft::VariableDeclaration(declaration) = &around.left else { return None };
    let binding = &declaration.declarations.first()?.id;
    let Statement::BlockStatement(block) = &around.body else { return None };
    let others = scene.code.inside(around.body.span()).any(|kind| match kind {
        AstKind::AwaitExpression(other) => other.span != wait.span,
        AstKind::BreakStatement(_)
        | AstKind::ContinueStatement(_)
        | AstKind::ReturnStatement(_)
        | AstKind::YieldExpression(_)
        | AstKind::ThrowStatement(_)
        | AstKind::TryStatement(_) => true,
        _ => false,
    });
    let free = only_reads(scene.code, scene, call, DEEPEST)
        && call.arguments.iter().all(|it| scene.is_plain(it.span()))
        && scene.is_plain(around.right.span())
        && scene.is_invariant(around.right.span(), around.body.span());
    if others || !free || depends_on_rounds(scene, around, call.span, binding) {
        return None;
    }
    let style = scene.style();
    let end = style.semicolon;
    let list = scene.slice(around.right.span());
    let element = scene.slice(binding.span());
    let parameter = format!("({element})");
    let all = if is_list(scene, &around.right) {
        format!("{list}.map({parameter} => {})", scene.slice(call.span))
    } else {
        format!("Array.from({list}, {parameter} => {})", scene.slice(call.span))
    };
    let edits = match &block.body[..] {
        // `out.push(await f(x))`, alone.
        [Statement::ExpressionStatement(only)] if is_push_of(scene, &only.expression, wait) => {
            let Expression::CallExpression(push) = bare(&only.expression) else { return None };
            let out = scene.slice(push.callee.span());
            vec![(range(around.span), format!("{out}(...(await Promise.all({all}))){end}"))]
        }
        // `const answer = await f(x); …`
        [Statement::VariableDeclaration(first), rest @ ..] if !rest.is_empty() => {
            let declarator = first.declarations.first().filter(|_| first.declarations.len() == 1)?;
            if bare(declarator.init.as_ref()?).span() != wait.span || !touches_only_own(scene, rest) {
                return None;
            }
            let answers = scene.free_name("answers")?;
            let index = scene.free_name("index")?;
            let line = format!("const {answers} = await Promise.all({all}){end}");
            let head = around.left.span();
            let entries = if is_list(scene, &around.right) { format!("{list}.entries()") } else { return None };
            let keyword = scene.slice(head).split_whitespace().next()?.to_owned();
            vec![
                scene.before(around.span, &[line])?,
                (range(head), format!("{keyword} [{index}, {element}]")),
                (range(around.right.span()), entries),
                (range(wait.span), format!("{answers}[{index}]")),
            ]
        }
        _ => return None,
    };
    Some(Draft {
        title: "Wait for all answers together instead of one after the other".to_owned(),
        explanation: format!(
            "`{}` only reads and waits, so nobody can tell in which order the calls were begun; their answers are used in the \
             order of the list, as before. A call that fails still fails the whole.",
            scene.slice(call.callee.span())
        ),
        edits,
        confidence: 0.85,
    })
}

fn is_push_of(scene: &Scene, expression: &Expression, wait: &AwaitExpression) -> bool {
    let Expression::CallExpression(push) = bare(expression) else { return false };
    let method = bare(&push.callee).get_member_expr().and_then(oxc::ast::ast::MemberExpression::static_property_name);
    let object_plain =
        bare(&push.callee).get_member_expr().is_some_and(|member| scene.is_plain(member.object().span()));
    method == Some("push") && object_plain && push.arguments.len() == 1 && push.arguments[0].span() == wait.span
}

/// Whether the call needs what an earlier round made.
fn depends_on_rounds(scene: &Scene, around: &ForOfStatement, call: Span, binding: &BindingPattern) -> bool {
    let own: Vec<_> = binding.get_binding_identifiers().iter().filter_map(|id| id.symbol_id.get()).collect();
    scene.code.inside(call).any(|kind| match kind {
        AstKind::IdentifierReference(name) => match scene.code.resolve(name) {
            None => false,
            Some(symbol) if own.contains(&symbol) => false,
            Some(symbol) => {
                inside(scene.code.semantic.scoping().symbol_span(symbol), around.body.span())
                    || !scene.is_steady(symbol, around.body.span()) && !is_callee(scene, call, name.span)
            }
        },
        AstKind::ThisExpression(_) => true,
        _ => false,
    })
}

fn is_callee(scene: &Scene, call: Span, name: Span) -> bool {
    scene.code.inside(call).any(|kind| matches!(kind, AstKind::CallExpression(it) if it.callee.span() == name))
}

/// The rest of the round changes nothing but what the function itself declares.
fn touches_only_own(scene: &Scene, rest: &[Statement]) -> bool {
    rest.iter().all(|statement| {
        scene.code.inside(statement.span()).all(|kind| match kind {
            AstKind::CallExpression(call) => match bare(&call.callee).get_member_expr() {
                Some(member) => {
                    let name = member.static_property_name().unwrap_or_default();
                    let own = match bare(member.object()) {
                        Expression::Identifier(object) => scene.code.resolve(object).is_some_and(|symbol| {
                            inside(scene.code.semantic.scoping().symbol_span(symbol), scene.function.span)
                        }),
                        _ => false,
                    };
                    is_reading_method(name) || own && matches!(name, "push" | "set" | "add" | "unshift")
                }
                None => false,
            },
            AstKind::NewExpression(_) | AstKind::YieldExpression(_) => false,
            _ => true,
        })
    })
}

/// Whether a called function of the project only reads and waits.
fn only_reads(code: &Code, scene: &Scene, call: &CallExpression, depth: usize) -> bool {
    let Expression::Identifier(name) = bare(&call.callee) else { return false };
    named_only_reads(code, scene, name.name.as_str(), depth)
}

fn named_only_reads(code: &Code, scene: &Scene, name: &str, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    if let Some(path) = import_of(code, scene.project, name) {
        return scene.project.ask(&path, |other| here_only_reads(other, scene, name, depth)).unwrap_or(false);
    }
    here_only_reads(code, scene, name, depth)
}

fn here_only_reads(code: &Code, scene: &Scene, name: &str, depth: usize) -> bool {
    let [function] = code.functions_named(name)[..] else { return false };
    function_only_reads(code, scene, &function, depth)
}

fn function_only_reads(code: &Code, scene: &Scene, function: &Func, depth: usize) -> bool {
    let own = |span: Span| inside(span, function.span);
    code.inside(function.span).all(|kind| match kind {
        AstKind::AssignmentExpression(it) => {
            let target = code.slice(it.left.span());
            code.kinds().any(|kind| match kind {
                AstKind::BindingIdentifier(id) => id.name == target && own(id.span),
                _ => false,
            })
        }
        AstKind::UpdateExpression(it) => {
            let target = code.slice(it.argument.span());
            code.kinds().any(|kind| matches!(kind, AstKind::BindingIdentifier(id) if id.name == target && own(id.span)))
        }
        AstKind::UnaryExpression(it) => !it.operator.is_delete(),
        AstKind::CallExpression(call) => match bare(&call.callee) {
            Expression::Identifier(name) => {
                let name = name.name.as_str();
                let parameter = function
                    .params
                    .items
                    .iter()
                    .any(|it| it.pattern.get_binding_identifiers().iter().any(|id| id.name == name));
                let of_promise = code.kinds().any(|kind| match kind {
                    AstKind::FormalParameter(it) => {
                        own(it.span) && code.slice(it.span) == name && matches!(name, "resolve" | "done")
                    }
                    _ => false,
                });
                of_promise
                    || matches!(name, "setTimeout" | "Number" | "String" | "Boolean" | "parseInt" | "parseFloat")
                    || !parameter && named_only_reads(code, scene, name, depth)
            }
            other => other.get_member_expr().is_some_and(|member| {
                let name = member.static_property_name().unwrap_or_default();
                let object = code.slice(member.object().span());
                is_reading_method(name)
                    || matches!(object, "Math" | "JSON" | "Object" | "Number")
                        && !matches!(name, "assign" | "random" | "defineProperty")
            }),
        },
        AstKind::NewExpression(new) => {
            let callee = code.slice(new.callee.span());
            matches!(callee, "Promise" | "Map" | "Set" | "Date" | "URL") || callee.ends_with("Error")
        }
        AstKind::YieldExpression(_) | AstKind::TaggedTemplateExpression(_) | AstKind::ImportExpression(_) => false,
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::super::examples::Example;
    use serde_json::json;

    const READS: &str = "const prices = new Map([['a', 1]]);\n\nconst pause = (ms) => new Promise((resolve) => setTimeout(resolve, \
                         ms));\n\nasync function price(id) {\n  await pause(1);\n  return prices.get(id);\n}\n";

    #[test]
    fn reads_are_made_together() {
        let head = "export async function all(ids) {\n  const out = [];\n";
        let before = format!(
            "{head}  for (const id of ids) {{\n    out.push(await price(id));\n  }}\n  return out;\n}}\n\n{READS}"
        );
        let after = format!(
            "{head}  out.push(...(await Promise.all(ids.map((id) => price(id)))));\n  return out;\n}}\n\n{READS}"
        );
        Example::of(&before).called(json!([["a"]])).repaired("await-in-loop", &after);
        let before = format!(
            "{head}  for (const id of ids) {{\n    const cents = await price(id);\n    out.push({{ id, cents }});\n  }}\n  return \
             out;\n}}\n\n{READS}"
        );
        let after = format!(
            "{head}  const answers = await Promise.all(ids.map((id) => price(id)));\n  for (const [index, id] of ids.entries()) {{\n    \
             const cents = answers[index];\n    out.push({{ id, cents }});\n  }}\n  return out;\n}}\n\n{READS}"
        );
        Example::of(&before).called(json!([["a"]])).repaired("await-in-loop", &after);
    }

    #[test]
    fn what_writes_or_is_unknown_keeps_its_order() {
        let with = |body: &str, rest: &str| {
            format!(
                "export async function all(ids) {{\n  const out = [];\n  for (const id of ids) {{\n    {body}\n  }}\n  return \
                     out;\n}}\n\n{rest}"
            )
        };
        let writes = "let last = 0;\nasync function next(id) {\n  last += 1;\n  return last;\n}\n";
        for source in [
            with("out.push(await next(id));", writes),
            with("out.push(await fetch(id));", ""),
            with("out.push(await price(out.length));", READS),
            with("const p = await price(id);\n    if (!p) break;\n    out.push(p);", READS),
        ] {
            Example::of(&source).called(json!([["a"]])).refused("await-in-loop");
        }
    }
}
