//! The largest, smallest or mean of nothing: `default=` where one is known, else a guard that answers as the code around.

use ruff_python_ast::{Expr, Stmt};

use crate::python::answer::{Answer, absent, empty};
use crate::python::draft::{Draft, stands_alone};
use crate::python::failing::Failing;
use crate::python::rules::division_by_zero::zero_value;
use crate::python::rules::{guards, replaced};
use crate::python::spelling::worth;
use thymus_python::origin::one_line;
use thymus_python::syntax::{bytes, callee_name, expressions};

pub fn drafts(failing: &Failing) -> Vec<Draft> {
    let Expr::Call(call) = failing.expr else { return Vec::new() };
    let name = callee_name(&call.func).unwrap_or_default();
    let subject = failing.src(failing.subject);
    let because = format!("`{}` is empty in some calls.", one_line(subject));
    let mut drafts = Vec::new();
    let simple = matches!(failing.subject, Expr::Name(_) | Expr::Attribute(_) | Expr::Subscript(_));
    let answers = empty(failing, if simple { subject } else { "values" });
    if name == "next" {
        return found_nothing(failing);
    }
    if matches!(name, "max" | "min") {
        drafts.extend(with_default(failing, &answers, &because));
    }
    if let (true, Some(statement), false) = (simple, failing.statement(), failing.is_conditional()) {
        drafts.extend(guards(
            failing,
            statement,
            &format!("not {subject}"),
            answers,
            &format!("Answer when {subject} is empty"),
            &because,
        ));
    }
    if simple && !matches!(name, "max" | "min" | "choice" | "reduce") {
        drafts.extend(as_zero(failing, subject, &because));
    }
    drafts
}

/// `item = next(…)` that finds nothing: `None`, and a guard that answers it.
fn found_nothing(failing: &Failing) -> Vec<Draft> {
    let (Some(call), Some(statement)) = (failing.expr.as_call_expr(), failing.statement()) else { return Vec::new() };
    let [only] = &*call.arguments.args else { return Vec::new() };
    let words = failing.src(only);
    let bare = only.as_generator_expr().is_some_and(|node| !node.parenthesized);
    let with_none = (bytes(only), if bare { format!("({words}), None") } else { format!("{words}, None") });
    let because = "`next` raises `StopIteration` when nothing is left.".to_owned();
    if let Stmt::Return(node) = statement {
        let whole = node.value.as_deref().is_some_and(|value| bytes(value) == bytes(failing.expr));
        let answers = absent(failing, "", Some(failing.expr));
        let none = answers.into_iter().find(|answer| answer.code == "return None");
        return match none {
            Some(answer) if whole => vec![Draft {
                title: "Return None when nothing is found".to_owned(),
                explanation: format!("{because} `None` is returned {}.", answer.why),
                edits: vec![with_none],
                confidence: answer.confidence + 0.05,
                promise: answer.promise,
            }],
            _ => Vec::new(),
        };
    }
    let Stmt::Assign(node) = statement else { return Vec::new() };
    let ([Expr::Name(target)], true) = (&node.targets[..], bytes(&*node.value) == bytes(failing.expr)) else {
        return Vec::new();
    };
    if !stands_alone(failing.module, statement) {
        return Vec::new();
    }
    let end = bytes(statement).end;
    let indent = failing.module.text.indent_at(bytes(statement).start);
    let (newline, unit) = (failing.module.text.newline(), failing.module.indent_unit());
    let draft = |answer: Answer| {
        let guard = format!("{newline}{indent}if {} is None:{newline}{indent}{unit}{}", target.id, answer.code);
        let mut edits = vec![with_none.clone(), (end..end, guard)];
        edits.extend(answer.imports);
        Draft {
            title: format!("Refuse a missing {}", target.id.replace('_', " ")),
            explanation: format!("{because} The guard answers {}: `{}`.", answer.why, one_line(&answer.code)),
            edits,
            confidence: answer.confidence,
            promise: answer.promise,
        }
    };
    absent(failing, target.id.as_str(), Some(failing.expr)).into_iter().map(draft).collect()
}

/// `max(xs, default=…)`.
fn with_default(failing: &Failing, answers: &[crate::python::answer::Answer], because: &str) -> Option<Draft> {
    let call = failing.expr.as_call_expr()?;
    let [only] = &*call.arguments.args else { return None };
    if only.is_starred_expr() || call.arguments.find_keyword("default").is_some() {
        return None;
    }
    let whole = failing.statement().is_some_and(|statement| match statement {
        ruff_python_ast::Stmt::Return(node) => {
            node.value.as_deref().is_some_and(|value| bytes(value) == bytes(failing.expr))
        }
        _ => false,
    });
    let returned = answers.iter().find_map(|answer| Some((answer.code.strip_prefix("return ")?, answer)));
    let sibling = failing.module.functions().into_iter().flat_map(|f| expressions(&f.def.body)).find_map(|expr| {
        let other = expr.as_call_expr().filter(|other| matches!(callee_name(&other.func), Some("max" | "min")))?;
        let default = &other.arguments.find_keyword("default")?.value;
        worth(None, default).map(|_| failing.src(default).to_owned())
    });
    let (default, confidence, promise) = match (whole, returned, sibling) {
        (true, Some((value, answer)), _) => {
            (value.to_owned(), (answer.confidence + 0.02).min(0.92), Some(answer.promise.clone()))
        }
        (_, _, Some(default)) => (default, 0.84, None),
        _ if only.is_starred_expr() => return None,
        _ => {
            let annotation =
                failing.function?.def.returns.as_deref().map(|returns| failing.src(returns)).unwrap_or_default();
            let numbers =
                failing.exception.returned.iter().filter_map(|c| c.result.as_ref()).all(serde_json::Value::is_number);
            let seen = failing.exception.returned.iter().any(|c| c.result.is_some());
            let computed = matches!(failing.parent(), Some(Expr::BinOp(_)))
                || matches!(annotation, "int" | "float")
                || (seen && numbers);
            if !computed {
                return None;
            }
            (if annotation == "float" { "0.0" } else { "0" }.to_owned(), 0.6, None)
        }
    };
    // A bare generator needs brackets once it is not the only argument.
    let mut edits = Vec::new();
    let words = failing.src(only);
    if only.as_generator_expr().is_some_and(|node| !node.parenthesized) {
        edits.push((bytes(only), format!("({words})")));
    }
    let end = call.arguments.keywords.last().map_or(bytes(only).end, |keyword| bytes(keyword).end);
    if end == bytes(only).end && !edits.is_empty() {
        edits = vec![(bytes(only), format!("({words}), default={default}"))];
    } else {
        edits.push((end..end, format!(", default={default}")));
    }
    Some(Draft {
        title: format!("Give {default} when there is nothing to choose from"),
        explanation: because.to_owned(),
        edits,
        confidence,
        promise: promise.unwrap_or(crate::repair::Promise::ReturnsSomething),
    })
}

/// `mean(xs) if xs else 0.0`.
fn as_zero(failing: &Failing, subject: &str, because: &str) -> Option<Draft> {
    let (zero, confidence, why) = zero_value(failing)?;
    let code = format!("{} if {subject} else {zero}", failing.src(failing.expr));
    let code = if crate::python::rules::none_value::needs_parentheses(failing) { format!("({code})") } else { code };
    Some(replaced(
        failing,
        failing.expr,
        code,
        confidence,
        &format!("Give {zero} for no data"),
        format!("{because} {why}"),
    ))
}
