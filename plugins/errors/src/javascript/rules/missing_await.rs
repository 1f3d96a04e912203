//! `missing-await`: a promise was used as if it were the value it promises. The exception comes later, where that value
//! has no such property, is no function or can't be iterated; the cause is the call that nobody waited for.

use oxc::ast::AstKind;
use oxc::ast::ast::{CallExpression, Expression};
use oxc::span::GetSpan as _;

use super::Rule;
use crate::javascript::draft::Draft;
use crate::javascript::message::Fault;
use crate::javascript::scene::{Known, Scene};
use crate::repair::Promise;
use thymus_javascript::code::{Code, Func, bare, last_segment, range};
use thymus_javascript::origin::{Origin, origin};
use thymus_javascript::promises::promised_call;

pub const RULE: Rule = Rule { name: "missing-await", recognise, repairs };

fn recognise(scene: &Scene) -> Option<Known> {
    let (call, why) = unawaited(scene)?;
    let span = call.span;
    let function = scene.code.function_of(call.node_id())?;
    may_wait(scene, &function)?;
    let line = scene.code.line(span.start);
    let why = format!(
        "{} in line {line} gives a promise ({why}), and it is used without `await` as if it were the value: {}.",
        scene.says(span),
        scene.exception.message.trim_end_matches('.'),
    );
    Some(Known { span, why, confidence: 0.96, related: Vec::new() })
}

/// The call whose promise was taken for a value.
fn unawaited<'a>(scene: &Scene<'_, 'a>) -> Option<(&'a CallExpression<'a>, String)> {
    let by_message = match &scene.fault {
        Fault::Read { .. }
        | Fault::Write { .. }
        | Fault::NotFunction { .. }
        | Fault::NotIterable { .. }
        | Fault::Destructure { .. }
        | Fault::BadNumber(_)
        | Fault::WrongArgument { .. }
        | Fault::NullToObject => true,
        Fault::BadJson { promise } => *promise,
        _ => false,
    };
    if !by_message {
        return None;
    }
    let code = scene.code;
    suspects(scene).into_iter().find_map(|suspect| {
        let mut suspect = suspect;
        // `a.b.c`: a promise may stand at each link; `const { a } = p` hides one behind a name.
        for _ in 0..16 {
            if let Some(found) = promised_call(code, scene.project, suspect)
                && !is_awaited(code, found.0)
            {
                return Some(found);
            }
            suspect = match bare(suspect) {
                Expression::ChainExpression(_) => return None,
                Expression::CallExpression(call) => bare(&call.callee).get_member_expr()?.object(),
                other => match other.get_member_expr() {
                    Some(member) => member.object(),
                    None => match origin(code, other) {
                        Origin::Value { expression, variable: Some(_) } => expression,
                        Origin::Part { of, .. } | Origin::Element { of, .. } => of,
                        _ => return None,
                    },
                },
            };
        }
        None
    })
}

/// The expressions at the frame's place whose value could have been a promise.
fn suspects<'a>(scene: &Scene<'_, 'a>) -> Vec<&'a Expression<'a>> {
    let code = scene.code;
    let members = || {
        code.kinds().filter_map(|kind| match kind {
            AstKind::StaticMemberExpression(member) => Some((member.property.span.start as usize, &member.object)),
            AstKind::ComputedMemberExpression(member) => Some((member.object.span().end as usize, &member.object)),
            _ => None,
        })
    };
    let mut suspects = Vec::new();
    if scene.is_innermost() {
        suspects.extend(scene.pick(members()));
        suspects.extend(scene.pick(iterated(code)));
        suspects.extend(scene.pick(taken_apart(code)));
    }
    // What is handed to a function: the promise may have gone wrong inside.
    let entered = scene.entered();
    let called = scene.pick(scene.calls()).filter(|kind| match (&entered, kind) {
        (Some(name), AstKind::CallExpression(call)) => last_segment(code.slice(call.callee.span())) == name,
        (Some(_), _) => false,
        (None, _) => scene.is_innermost(),
    });
    let arguments = match called {
        Some(AstKind::CallExpression(call)) => call.arguments.as_slice(),
        Some(AstKind::NewExpression(new)) => new.arguments.as_slice(),
        _ => &[],
    };
    suspects.extend(arguments.iter().filter_map(|argument| argument.as_expression()));
    suspects
}

/// What loops, spreads and array patterns iterate.
pub fn iterated<'a, 'c>(code: &'c Code<'a>) -> impl Iterator<Item = (usize, &'a Expression<'a>)> + use<'a, 'c> {
    code.kinds().filter_map(|kind| match kind {
        AstKind::ForOfStatement(statement) => Some((place(&statement.right), &statement.right)),
        AstKind::SpreadElement(spread) => Some((place(&spread.argument), &spread.argument)),
        AstKind::VariableDeclarator(declarator) if declarator.id.is_array_pattern() => {
            declarator.init.as_ref().map(|init| (place(init), init))
        }
        _ => None,
    })
}

/// V8 names the last property of an expression that can't be iterated.
pub fn place(expression: &Expression) -> usize {
    match bare(expression) {
        Expression::StaticMemberExpression(member) => member.property.span.start as usize,
        Expression::CallExpression(call) => match bare(&call.callee) {
            Expression::StaticMemberExpression(member) => member.property.span.start as usize,
            other => other.span().start as usize,
        },
        other => other.span().start as usize,
    }
}

fn taken_apart<'a, 'c>(code: &'c Code<'a>) -> impl Iterator<Item = (usize, &'a Expression<'a>)> + use<'a, 'c> {
    code.kinds().filter_map(|kind| match kind {
        AstKind::VariableDeclarator(declarator) => match (&declarator.id, &declarator.init) {
            (oxc::ast::ast::BindingPattern::ObjectPattern(pattern), Some(init)) => {
                pattern.properties.first().map(|property| (property.span.start as usize, init))
            }
            _ => None,
        },
        _ => None,
    })
}

fn is_awaited(code: &Code, call: &CallExpression) -> bool {
    matches!(code.parent(call.node_id()), AstKind::AwaitExpression(_))
}

/// How a function comes to wait.
#[derive(Clone, Copy)]
enum Wait {
    /// It is async.
    Now,
    /// It becomes async: the word goes here.
    WithAsyncAt(usize),
}

/// Whether a function may wait, or may come to.
fn may_wait(scene: &Scene, function: &Func) -> Option<Wait> {
    if function.is_async {
        return Some(Wait::Now);
    }
    if function.is_generator || function.return_type.is_some() {
        return None;
    }
    let code = scene.code;
    let name = code.function_name(function)?;
    let is_callback = matches!(code.parent(function.id), AstKind::CallExpression(_) | AstKind::NewExpression(_));
    let accessor = matches!(code.parent(function.id), AstKind::MethodDefinition(method) if method.kind.is_accessor() || method.kind.is_constructor());
    if is_callback || accessor || !callers_wait(scene, name) {
        return None;
    }
    let start = match code.parent(function.id) {
        AstKind::MethodDefinition(method) => method.key.span().start,
        AstKind::ObjectProperty(property) if property.method => property.span.start,
        _ => function.span.start,
    };
    Some(Wait::WithAsyncAt(start as usize))
}

/// Whether whoever calls a function waits for what it gives.
fn callers_wait(scene: &Scene, name: &str) -> bool {
    let waits = |code: &Code| {
        code.kinds().all(|kind| match kind {
            AstKind::CallExpression(call) => {
                let called = match bare(&call.callee) {
                    Expression::Identifier(id) => id.name.as_str(),
                    other => other
                        .get_member_expr()
                        .and_then(oxc::ast::ast::MemberExpression::static_property_name)
                        .unwrap_or_default(),
                };
                called != name
                    || match code.parent(kind.node_id()) {
                        AstKind::AwaitExpression(_)
                        | AstKind::ReturnStatement(_)
                        | AstKind::ArrowFunctionExpression(_) => true,
                        AstKind::StaticMemberExpression(member) => {
                            matches!(member.property.name.as_str(), "then" | "catch" | "finally")
                        }
                        _ => false,
                    }
            }
            _ => true,
        })
    };
    waits(scene.code)
        && scene.project.ask_near(&scene.code.text.path, name, |other| (!waits(other)).then_some(())).is_none()
}

fn repairs(scene: &Scene, known: &Known) -> Vec<Draft> {
    let code = scene.code;
    let Some((call, _)) = unawaited(scene) else { return Vec::new() };
    let Some(function) = code.function_of(call.node_id()) else { return Vec::new() };
    let Some(wait) = may_wait(scene, &function) else { return Vec::new() };
    let span = range(call.span);
    let tight = match code.parent(call.node_id()) {
        AstKind::StaticMemberExpression(_) | AstKind::ComputedMemberExpression(_) | AstKind::TSNonNullExpression(_) => {
            true
        }
        AstKind::CallExpression(outer) => outer.callee.span() == call.span,
        _ => false,
    };
    let mut edits = if tight {
        vec![(span.start..span.start, "(await ".to_owned()), (span.end..span.end, ")".to_owned())]
    } else {
        vec![(span.start..span.start, "await ".to_owned())]
    };
    if let Wait::WithAsyncAt(at) = wait {
        edits.push((at..at, "async ".to_owned()));
    }
    vec![scene.draft(
        format!("Wait for {}", scene.says(call.callee.span())),
        known.why.clone(),
        if matches!(wait, Wait::Now) { 0.95 } else { 0.75 },
        Promise::ReturnsSomething,
        edits,
    )]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::javascript::rules::examples::{Example, MODULE, NODE};

    const REPOSITORY: (&str, &str) = (
        "src/repository.js",
        "export async function loadUser(id) {\n  return { id, profile: { name: 'Ada' }, roles: ['a'] };\n}\n\nexport class Users {\n  \
         async findById(id) {\n    return loadUser(id);\n  }\n}\n",
    );
    fn awaiting(kind: &str, message: &str, source: &str) -> Example {
        let example =
            Example::new(kind, message, "f", json!(["u1"]), &[("src/f.js", source), REPOSITORY, NODE, MODULE]);
        assert_eq!(example.rule().as_deref(), Some("missing-await"), "{source}");
        example
    }

    #[test]
    fn a_promise_is_waited_for_where_it_was_made() {
        awaiting(
            "TypeError",
            "Cannot read properties of undefined (reading 'name')",
            "import { loadUser } from './repository.js';\n\nexport async function f(id) {\n  const user = loadUser(id);\n  return \
             user.profile.⟦name;\n}\n",
        )
        .heals("src/f.js", "const user = await loadUser(id);");
        awaiting(
            "TypeError",
            "loadUser(...).roles is not iterable",
            "import { loadUser } from './repository.js';\n\nexport async function f(id) {\n  return [...loadUser(id).⟦roles];\n}\n",
        )
        .heals("src/f.js", "[...(await loadUser(id)).roles]");
        awaiting(
            "TypeError",
            "Cannot read properties of undefined (reading 'map')",
            "import * as repository from './repository.js';\n\nexport async function f(id) {\n  const { roles } = \
             repository.loadUser(id);\n  return roles.⟦map((role) => role.toUpperCase());\n}\n",
        )
        .heals("src/f.js", "const { roles } = await repository.loadUser(id);");
    }

    #[test]
    fn a_method_of_a_class_elsewhere_is_known_to_be_async() {
        awaiting(
            "TypeError",
            "Cannot read properties of undefined (reading 'name')",
            "import { Users } from './repository.js';\n\nconst users = new Users();\n\nexport async function f(id) {\n  const user = \
             users.findById(id);\n  return user.profile.⟦name;\n}\n",
        )
        .heals("src/f.js", "await users.findById(id);");
    }

    #[test]
    fn a_function_becomes_async_where_its_callers_wait() {
        awaiting(
            "TypeError",
            "Cannot read properties of undefined (reading 'name')",
            "import { loadUser } from './repository.js';\n\nexport function f(id) {\n  const user = loadUser(id);\n  return { name: \
             user.profile.⟦name };\n}\n\nexport async function g(id) {\n  return await f(id);\n}\n",
        )
        .heals("src/f.js", "export async function f(id) {\n  const user = await loadUser(id);");
    }

    #[test]
    fn a_promise_that_went_wrong_in_a_callee_is_found_at_the_call() {
        let example = Example::new(
            "TypeError",
            "Cannot read properties of undefined (reading 'trim')",
            "f",
            json!(["u1"]),
            &[
                ("src/format.js", "export function format(user) {\n  return user.profile.name.⟦trim();\n}\n"),
                (
                    "src/f.js",
                    "import { loadUser } from './repository.js';\nimport { format } from './format.js';\n\nexport async function f(id) {\n  \
                     const user = loadUser(id);\n  return ⟦format(user);\n}\n",
                ),
                REPOSITORY,
                NODE,
                MODULE,
            ],
        );
        // The callee can't know better, so the caller is asked before it is told to be tolerant.
        let causes: Vec<_> = example.repairs().into_iter().map(|repair| repair.title).collect();
        assert!(causes.iter().all(|title| title.contains("loadUser")), "{causes:?}");
    }

    #[test]
    fn where_callers_would_not_wait_nothing_is_done() {
        let source = "import { loadUser } from './repository.js';\n\nexport function f(id) {\n  const user = loadUser(id);\n  return \
                      user.profile.⟦name;\n}\n\nexport function g(id) {\n  return f(id).length;\n}\n";
        let message = "Cannot read properties of undefined (reading 'name')";
        let example =
            Example::new("TypeError", message, "f", json!(["u1"]), &[("src/f.js", source), REPOSITORY, NODE, MODULE]);
        assert_ne!(example.rule().as_deref(), Some("missing-await"));
    }
}
