//! More or fewer values than names on the left: a separator that stands in the text again, a dictionary whose items were
//! meant, or a text with fewer parts, which is answered as the code around answers bad input.

use ruff_python_ast::{Expr, ExprCall, Stmt};

use crate::python::answer::{Answer, unreadable};
use crate::python::draft::Draft;
use crate::python::failing::{Failing, generators, header};
use crate::python::fault::Fault;
use crate::python::rules::{free_name, guards, hoisted, is_mapping, place_for_guard, replaced};
use thymus_python::origin::{Origin, one_line, origin};
use thymus_python::syntax::{bytes, callee_name, parts};

pub fn drafts(failing: &Failing) -> Vec<Draft> {
    let Some(names) = names(failing) else { return Vec::new() };
    let mut drafts = Vec::new();
    if is_iterated(failing) {
        drafts.extend(items(failing, names));
        return drafts;
    }
    let split =
        failing.subject.as_call_expr().filter(|call| matches!(callee_name(&call.func), Some("split" | "rsplit")));
    if let Some(call) = split {
        drafts.extend(split_less(failing, call, names));
    }
    drafts.extend(refuse(failing, split, names));
    if let Some(call) = split {
        drafts.extend(partition(failing, call, names));
    }
    drafts
}

/// How many names stand on the left.
fn names(failing: &Failing) -> Option<usize> {
    let count = |target: &Expr| match target {
        Expr::Tuple(node) if !node.elts.iter().any(Expr::is_starred_expr) => Some(node.elts.len()),
        Expr::List(node) if !node.elts.iter().any(Expr::is_starred_expr) => Some(node.elts.len()),
        _ => None,
    };
    match failing.statement()? {
        Stmt::Assign(node) if bytes(&*node.value) == bytes(failing.expr) => node.targets.iter().find_map(count),
        Stmt::For(node) if bytes(&*node.iter) == bytes(failing.expr) => count(&node.target),
        statement => {
            let all = header(statement).into_iter().flat_map(parts).flat_map(generators);
            all.into_iter()
                .find(|generator| bytes(&generator.iter) == bytes(failing.expr))
                .and_then(|generator| count(&generator.target))
        }
    }
}

fn is_iterated(failing: &Failing) -> bool {
    !failing
        .statement()
        .is_some_and(|s| s.as_assign_stmt().is_some_and(|node| bytes(&*node.value) == bytes(failing.expr)))
}

/// `for key, value in mapping`.
fn items(failing: &Failing, names: usize) -> Option<Draft> {
    if names != 2 || !matches!(failing.expr, Expr::Name(_) | Expr::Attribute(_)) {
        return None;
    }
    let words = failing.src(failing.expr);
    let known = is_mapping(failing.module, failing.function, failing.expr);
    let captured = failing
        .expr
        .as_name_expr()
        .and_then(|name| failing.argument(name.id.as_str()))
        .is_some_and(serde_json::Value::is_object);
    let because = format!("Iterating over the dictionary `{words}` gives its keys alone.");
    (known || captured).then(|| {
        replaced(
            failing,
            failing.expr,
            format!("{words}.items()"),
            0.92,
            &format!("Iterate over the items of {words}"),
            because,
        )
    })
}

/// `key, value = line.split("=")` of a text with two: the rest belongs to the last name.
fn split_less(failing: &Failing, call: &ExprCall, names: usize) -> Option<Draft> {
    let Fault::TooManyValues { .. } = failing.fault else { return None };
    let [separator] = &*call.arguments.args else { return None };
    if !call.arguments.keywords.is_empty() || names < 2 {
        return None;
    }
    let end = bytes(separator).end;
    Some(Draft {
        title: format!("Split at the first {} only", one_line(failing.src(separator))),
        explanation: "The separator stands in the text once more; what follows belongs to the last part.".to_owned(),
        edits: vec![(end..end, format!(", {}", names - 1))],
        confidence: 0.8,
        promise: crate::repair::Promise::ReturnsSomething,
    })
}

/// A guard that answers bad input.
fn refuse(failing: &Failing, split: Option<&ExprCall>, names: usize) -> Vec<Draft> {
    let Some(statement) = failing.statement() else { return Vec::new() };
    let because = format!("`{}` has not always {names} parts.", one_line(failing.src(failing.subject)));
    let title = "Answer input with missing parts";
    if let Expr::Name(name) = failing.subject {
        let name = name.id.as_str();
        let answers = unreadable(failing, failing.subject, "split", "value");
        let place = match origin(failing.function, name, bytes(failing.subject).start) {
            Origin::Assigned { statement, .. } => place_for_guard(failing, name, statement),
            _ => None,
        };
        return guards(
            failing,
            place.unwrap_or(statement),
            &format!("len({name}) != {names}"),
            answers,
            title,
            &because,
        );
    }
    let Some(call) = split else { return Vec::new() };
    let name = free_name(failing, "parts");
    let answers = unreadable(failing, failing.subject, callee_name(&call.func).unwrap_or_default(), "value");
    let draft = |answer: Answer| {
        let mut edits = hoisted(failing, failing.expr, &name, &format!("len({name}) != {names}"), &answer.code)?;
        edits.extend(answer.imports.iter().cloned());
        Some(Draft {
            title: title.to_owned(),
            explanation: format!("{because} The guard answers {}: `{}`.", answer.why, one_line(&answer.code)),
            edits,
            confidence: answer.confidence,
            promise: answer.promise,
        })
    };
    answers.into_iter().filter_map(draft).collect()
}

/// `host, port = text.split(":")` without a second part: an empty one.
fn partition(failing: &Failing, call: &ExprCall, names: usize) -> Option<Draft> {
    let (Fault::NotEnoughValues, 2, [_]) = (&failing.fault, names, &*call.arguments.args) else { return None };
    let node = failing.statement()?.as_assign_stmt()?;
    let Expr::Tuple(target) = node.targets.first()? else { return None };
    let method = call.func.as_attribute_expr()?;
    if callee_name(&call.func) != Some("split") || target.parenthesized || node.targets.len() != 1 {
        return None;
    }
    let [first, second] = &target.elts[..] else { return None };
    let middle = free_name(failing, "_");
    let middle = if middle == "found" { "_".to_owned() } else { middle };
    let edits = vec![
        (bytes(first).end..bytes(second).start, format!(", {middle}, ")),
        (bytes(&method.attr), "partition".to_owned()),
    ];
    Some(Draft {
        title: "Take a missing second part as empty".to_owned(),
        explanation: "Without the separator, `partition` gives the whole text and an empty second part.".to_owned(),
        edits,
        confidence: 0.58,
        promise: crate::repair::Promise::ReturnsSomething,
    })
}
