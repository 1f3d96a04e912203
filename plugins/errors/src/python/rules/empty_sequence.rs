//! The largest, smallest or mean of nothing: `default=` where one is known, else a guard that answers as the code around.

use ruff_python_ast::Expr;

use crate::python::answer::empty;
use crate::python::draft::Draft;
use crate::python::failing::Failing;
use crate::python::origin::one_line;
use crate::python::rules::division_by_zero::zero_value;
use crate::python::rules::{guards, replaced};
use crate::python::spelling::worth;
use crate::python::syntax::{bytes, callee_name, expressions};

pub fn drafts(failing: &Failing) -> Vec<Draft> {
    let Expr::Call(call) = failing.expr else { return Vec::new() };
    let name = callee_name(&call.func).unwrap_or_default();
    let subject = failing.src(failing.subject);
    let because = format!("`{}` is empty in some calls.", one_line(subject));
    let mut drafts = Vec::new();
    let simple = matches!(failing.subject, Expr::Name(_) | Expr::Attribute(_) | Expr::Subscript(_));
    let answers = empty(failing, if simple { subject } else { "values" });
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
