//! Repairs that are worth a try only where it is known what the failed calls did in better times: the test then asks for
//! exactly that. The condition of a guard is the plainest one that tells the calls that fail from those that return.

use ruff_python_ast::{BoolOp, ExceptHandler, Expr, Stmt};
use serde_json::Value;

use super::{neutral, replaced};
use crate::exception::{Call, Outcome};
use crate::python::answer::as_before;
use crate::python::draft::{Draft, guard_before, stands_alone, try_around};
use crate::python::failing::{Failing, argument_of};
use crate::python::fault::Fault;
use crate::repair::Promise;
use thymus_python::origin::one_line;
use thymus_python::project::is_global;
use thymus_python::spelling::is_builtin;
use thymus_python::syntax::{bytes, docstring, kinds, parts};
use thymus_python::testing::value;

/// A condition, and which values fulfil it.
type Condition = (String, fn(&Value) -> bool);

/// The drafts, when it is known what the failed calls did.
pub fn drafts(failing: &Failing) -> Vec<Draft> {
    if failing.exception.known_calls().next().is_none() {
        return Vec::new();
    }
    let mut drafts = Vec::new();
    drafts.extend(guarded(failing));
    drafts.extend(looked_up(failing));
    drafts.extend(asked_first(failing));
    drafts.extend(caught(failing));
    drafts.extend(only_if_there(failing));
    drafts
}

fn because(failing: &Failing) -> String {
    let kind = &failing.exception.kind;
    format!("`{}` raises {kind}; in better times the very same calls did not.", one_line(failing.src(failing.expr)))
}

/// `if x is None: return None` at the start of the handler.
fn guarded(failing: &Failing) -> Option<Draft> {
    let answer = as_before(failing)?;
    let function = failing.function?;
    let skip = usize::from(docstring(&function.def.body).is_some());
    let first = function.def.body.get(skip)?;
    let given = |call: &Call, name: &str| argument_of(function, &call.args, name).cloned();
    let answered = |call: &Call| {
        matches!(
            (failing.exception.outcome(), &call.result),
            (Some(Outcome::Returned(was)), Some(result)) if was == result
        )
    };
    let statement = failing.statement().map_or("", |statement| failing.src(statement));
    let mut names: Vec<&str> = function.def.parameters.iter_non_variadic_params().map(|p| p.name().as_str()).collect();
    names.retain(|name| !matches!(*name, "self" | "cls"));
    // What stands in the statement that failed is asked first.
    let mentioned = |name: &str| statement.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name);
    names.sort_by_key(|name| !mentioned(name));
    let (condition, name) = names.into_iter().find_map(|name| {
        let failed: Option<Vec<Value>> = failing.exception.failed.iter().map(|call| given(call, name)).collect();
        let failed = failed.filter(|values| !values.is_empty())?;
        let returned: Vec<Value> = failing
            .exception
            .returned
            .iter()
            .filter(|call| !answered(call))
            .filter_map(|call| given(call, name))
            .collect();
        let conditions: Vec<Condition> = vec![
            (format!("{name} is None"), Value::is_null),
            (format!("not {name}"), is_falsy),
            (format!("not isinstance({name}, str)"), |value| !value.is_string()),
            (format!("not isinstance({name}, dict)"), |value| !value.is_object()),
            (format!("not isinstance({name}, (list, tuple))"), |value| !value.is_array()),
            (format!("isinstance({name}, str)"), Value::is_string),
        ];
        let tells = |asks: fn(&Value) -> bool| failed.iter().all(asks) && !returned.iter().any(asks);
        // A type alone tells nothing where there is nothing to compare with.
        let usable = if returned.is_empty() { 2 } else { conditions.len() };
        conditions.into_iter().take(usable).find(|(_, asks)| tells(*asks)).map(|(condition, _)| (condition, name))
    })?;
    let mut edits = vec![guard_before(failing, first, &condition, &answer.code)?];
    edits.extend(answer.imports.iter().cloned());
    let verb = if answer.code.starts_with("raise") { "Refuse" } else { "Return early on" };
    Some(Draft {
        title: format!("{verb} a `{name}` that can't be used"),
        explanation: format!("{} The guard answers {}: `{}`.", because(failing), answer.why, one_line(&answer.code)),
        edits,
        confidence: 0.75,
        promise: answer.promise,
    })
}

fn is_falsy(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(truth) => !truth,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
    }
}

/// `d.get(key)` for `d[key]`, with the default that fits.
fn looked_up(failing: &Failing) -> Vec<Draft> {
    let (Fault::MissingKey(_), Some(subscript)) = (&failing.fault, failing.expr.as_subscript_expr()) else {
        return Vec::new();
    };
    let (container, key) = (failing.src(&*subscript.value), failing.src(&*subscript.slice));
    let quote = failing.module.quote();
    let returned = failing.statement().and_then(Stmt::as_return_stmt).and_then(|node| node.value.as_deref());
    let mut defaults = vec![(String::new(), 0.62)];
    if let (Some(Outcome::Returned(was)), true) =
        (failing.exception.outcome(), returned.is_some_and(|it| bytes(it) == bytes(failing.expr)))
    {
        defaults.extend(value::plain(was, quote).filter(|_| !was.is_null()).map(|it| (format!(", {it}"), 0.97)));
    }
    defaults.extend(neutral(failing, failing.expr).map(|it| (format!(", {it}"), 0.6)));
    defaults
        .into_iter()
        .map(|(default, confidence)| {
            let with = format!("{container}.get({key}{default})");
            let title = format!("Look up `{}` without failing", one_line(key));
            replaced(failing, failing.expr, with, confidence, &title, because(failing))
        })
        .collect()
}

/// `x is not None and x.y` where `x.y` is a condition.
fn asked_first(failing: &Failing) -> Vec<Draft> {
    let Expr::Name(name) = failing.subject else { return Vec::new() };
    if !failing.is_about_none() {
        return Vec::new();
    }
    let Some(test) = tested(failing) else { return Vec::new() };
    let (name, words) = (name.id.as_str(), failing.src(test));
    let bracketed = |operator: &str| match failing.chain.iter().rev().find_map(|node| match node {
        thymus_python::syntax::Node::Expr(Expr::BoolOp(outer))
            if outer.values.iter().any(|it| bytes(it) == bytes(test)) =>
        {
            Some(outer.op)
        }
        _ => None,
    }) {
        Some(BoolOp::Or) if operator == "and" => (String::from("("), ")"),
        Some(BoolOp::And) if operator == "or" => (String::from("("), ")"),
        _ => (String::new(), ""),
    };
    [(format!("{name} is not None and "), "and", 0.6), (format!("{name} is None or "), "or", 0.5)]
        .into_iter()
        .map(|(before, operator, confidence)| {
            let (open, close) = bracketed(operator);
            let title = format!("Ask whether `{name}` is there first");
            replaced(failing, test, format!("{open}{before}{words}{close}"), confidence, &title, because(failing))
        })
        .collect()
}

/// `if x is not None:` before a statement that only does something with it.
fn only_if_there(failing: &Failing) -> Option<Draft> {
    let (Expr::Name(name), Stmt::Expr(statement)) = (failing.subject, failing.statement()?) else { return None };
    let module = failing.module;
    let words = failing.src(statement);
    if !failing.is_about_none() || !stands_alone(module, failing.statement()?) || words.contains('\n') {
        return None;
    }
    let range = bytes(statement);
    let indent = module.text.indent_at(range.start);
    let (newline, unit) = (module.text.newline(), module.indent_unit());
    let text = format!("if {} is not None:{newline}{indent}{unit}{words}", name.id);
    Some(Draft {
        title: format!("Do it only when there is a `{}`", name.id),
        explanation: format!("{} What follows is done with or without it.", because(failing)),
        edits: vec![(range, text)],
        confidence: 0.7,
        promise: Promise::ReturnsSomething,
    })
}

/// The smallest expression around the failing one that is asked for its truth.
fn tested<'a>(failing: &Failing<'a>) -> Option<&'a Expr> {
    let mut inner = failing.expr;
    for node in failing.chain.iter().rev().skip(1) {
        match node {
            thymus_python::syntax::Node::Expr(Expr::BoolOp(_)) => return Some(inner),
            thymus_python::syntax::Node::Expr(Expr::If(outer)) if bytes(&*outer.test) == bytes(inner) => {
                return Some(inner);
            }
            thymus_python::syntax::Node::Expr(outer) => inner = outer,
            thymus_python::syntax::Node::Stmt(Stmt::If(outer)) => {
                return (bytes(&*outer.test) == bytes(inner)).then_some(inner);
            }
            thymus_python::syntax::Node::Stmt(Stmt::While(outer)) => {
                return (bytes(&*outer.test) == bytes(inner)).then_some(inner);
            }
            thymus_python::syntax::Node::Elif(outer) => {
                return outer.test.as_ref().filter(|test| bytes(*test) == bytes(inner)).map(|_| inner);
            }
            _ => return None,
        }
    }
    None
}

/// The `except` around it, or one of its own, that answers this kind too.
fn caught(failing: &Failing) -> Vec<Draft> {
    let kind = failing.exception.kind.as_str();
    if !is_builtin(kind) && !is_global(failing.module, kind) {
        return Vec::new();
    }
    let at = bytes(failing.expr);
    let tried = failing.enclosing().find_map(|statement| match statement {
        Stmt::Try(node) if node.body.iter().any(|inner| bytes(inner).contains(&at.start)) => Some(node),
        _ => None,
    });
    let title = format!("Answer {kind} too");
    if let Some(node) = tried {
        let [ExceptHandler::ExceptHandler(handler)] = &node.handlers[..] else { return Vec::new() };
        let Some(types) = handler.type_.as_deref().filter(|types| !kinds(types).contains(&kind)) else {
            return Vec::new();
        };
        let with = match types {
            Expr::Tuple(_) => format!("{}, {kind})", failing.src(types).trim_end_matches(')').trim_end_matches(',')),
            single => format!("({}, {kind})", failing.src(single)),
        };
        let edits = vec![(bytes(types), with)];
        let explanation = because(failing);
        return vec![Draft { title, explanation, edits, confidence: 0.6, promise: Promise::ReturnsSomething }];
    }
    let (Some(answer), Some(statement)) = (as_before(failing), failing.statement()) else { return Vec::new() };
    // What a guard could ask is not caught.
    let computed = parts(failing.expr).iter().any(|part| part.is_call_expr()) || failing.expr.is_subscript_expr();
    if !computed || failing.is_about_none() {
        return Vec::new();
    }
    let Some(edits) = try_around(failing, statement, kind, &answer) else { return Vec::new() };
    let explanation = format!("{} It is answered {}: `{}`.", because(failing), answer.why, one_line(&answer.code));
    vec![Draft { title, explanation, edits, confidence: 0.55, promise: answer.promise }]
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use thymus_sdk::Change;
    use thymus_sdk::source::Source;

    use crate::exception::{Before, Call, Exception, Frame, Language, Outcome};
    use crate::python::{diagnose, regression_test, repairs};

    /// The replacements of the first repair, and the text of its test.
    fn healed(
        source: &str,
        kind: &str,
        message: &str,
        line: u32,
        args: Value,
        outcome: Outcome,
    ) -> Option<(String, String)> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("shop.py"), source).unwrap();
        let place = Source::at(dir.path());
        let frame = Frame { path: "shop.py".to_owned(), line, column: None, function: Some("f".to_owned()) };
        let exception = Exception {
            language: Language::Python,
            kind: kind.to_owned(),
            message: message.to_owned(),
            frames: vec![frame],
            handler: "f".to_owned(),
            handler_path: Some("shop.py".to_owned()),
            handler_line: None,
            failed: vec![Call { args: args.clone(), result: None }],
            returned: vec![Call { args: json!([{ "a": 1 }]), result: Some(json!(1)) }],
            before: vec![Before { args, outcome }],
        };
        let cause = diagnose(&exception, &place)?;
        let repair = repairs(&exception, &cause, &place).into_iter().next()?;
        let test = match regression_test(&exception, &repair, &place)? {
            Change::Create(file) => file.content,
            _ => return None,
        };
        let Change::Edit(file) = &repair.changes[0] else { return None };
        Some((file.edits.iter().map(|edit| edit.replacement.as_str()).collect::<Vec<_>>().join("|"), test))
    }

    #[test]
    fn a_guard_comes_back_with_what_it_gave() {
        let source = "def f(order):\n    return order.get(\"a\")\n";
        let message = "'NoneType' object has no attribute 'get'";
        let none = |outcome| healed(source, "AttributeError", message, 2, json!([null]), outcome).unwrap();
        let (edit, test) = none(Outcome::Returned(json!("")));
        assert_eq!(edit, "if order is None:\n        return \"\"\n    ");
        assert!(test.contains("assert f(None) == \"\""), "{test}");
        let threw = Outcome::Threw { kind: "ValueError".to_owned(), message: "no order".to_owned() };
        let (edit, test) = none(threw);
        assert_eq!(edit, "if order is None:\n        raise ValueError(\"no order\")\n    ");
        assert!(test.contains("pytest.raises(ValueError)") && test.contains("== \"no order\""), "{test}");
    }

    #[test]
    fn a_lookup_gives_again_what_it_gave() {
        let source = "def f(order):\n    return order[\"b\"]\n";
        let (edit, test) =
            healed(source, "KeyError", "'b'", 2, json!([{ "a": 1 }]), Outcome::Returned(json!(0))).unwrap();
        assert!(edit.contains(".get(\"b\", 0)"), "{edit}");
        assert!(test.contains("== 0"), "{test}");
    }

    #[test]
    fn what_gives_nothing_anyway_is_not_left_early() {
        let source = "def f(order, seen=[]):\n    order.clear()\n    seen.append(1)\n";
        let message = "'NoneType' object has no attribute 'clear'";
        let outcome = Outcome::Returned(Value::Null);
        let (edit, _) = healed(source, "AttributeError", message, 2, json!([null]), outcome).unwrap();
        assert_eq!(edit, "if order is not None:\n        order.clear()");
    }
}
