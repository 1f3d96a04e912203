//! Says where the cause stands and what goes wrong, in plain words.

use ruff_python_ast::Expr;

use super::failing::{Failing, asyncness};
use super::fault::Fault;
use super::rules;
use crate::cause::Cause;
use crate::exception::Exception;
use thymus_python::origin::{Origin, nullness, one_line, origin};
use thymus_python::project::Project;
use thymus_python::syntax::{bytes, dotted};

pub fn diagnose(exception: &Exception, project: &Project) -> Option<Cause> {
    let Some(failing) = Failing::find(exception, project) else { return unrecognised(exception, project) };
    let path = failing.module.text.path.clone();
    let raised = (path.clone(), bytes(failing.expr).start, bytes(failing.expr).end);
    let cause = cause(&failing);
    let mut related = Vec::new();
    if bytes(cause) != bytes(failing.expr) {
        related.push(raised);
    }
    for frame in exception.frames.iter().take(4) {
        let Some(module) = project.module(&frame.path) else { continue };
        let Some(line) = module.text.line(frame.line) else { continue };
        let text = &module.text.content[line.clone()];
        let place = (frame.path.clone(), line.start + (text.len() - text.trim_start().len()), line.end);
        let covered = place.1 <= bytes(failing.expr).start && bytes(failing.expr).end <= place.2;
        let known = frame.path == path && covered || related.contains(&place);
        if !known {
            related.push(place);
        }
    }
    Some(Cause {
        path,
        start: bytes(cause).start,
        end: bytes(cause).end,
        rule: rules::name(&failing.fault).to_owned(),
        explanation: explain(&failing),
        confidence: if failing.sure { 0.92 } else { 0.6 },
        related,
    })
}

/// The line that the innermost frame names, where no rule knows more.
fn unrecognised(exception: &Exception, project: &Project) -> Option<Cause> {
    let frame = exception.frames.first()?;
    let text = &project.module(&frame.path)?.text;
    let line = text.line(frame.line)?;
    let words = &text.content[line.clone()];
    let start = line.start + (words.len() - words.trim_start().len());
    let end = line.start + words.trim_end().len();
    (start < end).then(|| Cause {
        path: frame.path.clone(),
        start,
        end,
        rule: "unrecognised".to_owned(),
        explanation: format!("`{}` ends with {}: {}", one_line(words), exception.kind, one_line(&exception.message)),
        confidence: 0.5,
        related: Vec::new(),
    })
}

/// The lookup that gave `None`, the call that was not awaited, else what raised.
fn cause<'a>(failing: &Failing<'a>) -> &'a Expr {
    if failing.fault != Fault::Coroutine && !failing.is_about_none() {
        return failing.expr;
    }
    if failing.fault == Fault::Coroutine {
        return rules::coroutine(failing).unwrap_or(failing.subject);
    }
    let Expr::Name(name) = failing.subject else { return failing.expr };
    match origin(failing.function, name.id.as_str(), bytes(failing.subject).start) {
        Origin::Assigned {
            value: value @ (Expr::Call(_) | Expr::Await(_) | Expr::Subscript(_) | Expr::NoneLiteral(_)),
            ..
        } => value,
        _ => failing.expr,
    }
}

fn explain(failing: &Failing) -> String {
    let expr = one_line(failing.src(failing.expr));
    let subject = one_line(failing.src(failing.subject));
    let line = failing.module.line(failing.expr);
    let said = match &failing.fault {
        Fault::MissingKey(key) => {
            format!("`{expr}` looks for the key {}, and `{subject}` does not always have it.", one_line(key))
        }
        Fault::Coroutine => {
            let call = rules::coroutine(failing).unwrap_or(failing.subject);
            let name =
                call.as_call_expr().and_then(|call| dotted(&call.func)).unwrap_or_else(|| one_line(failing.src(call)));
            let known = asyncness(failing.project, failing.module, failing.function, call) >= 5;
            let how = if known { "is async" } else { "gives a coroutine" };
            format!(
                "`{name}` {how}, and its call on line {} lacks `await`: line {line} then uses the coroutine as if it were the result.",
                failing.module.line(call)
            )
        }
        Fault::Index { .. } => format!(
            "`{expr}` reads a place that `{subject}` does not have: it is shorter than this line expects, or empty."
        ),
        Fault::PopEmpty => format!("`{expr}` takes from `{subject}` when nothing is left in it."),
        Fault::EmptySequence => format!("`{expr}` is asked of an empty `{subject}`, for which it has no answer."),
        Fault::DivisionByZero => format!("`{expr}` divides by `{subject}`, which is zero in these calls."),
        Fault::BadJson => format!("`{expr}` gets text that is no JSON, and nothing answers for that."),
        Fault::BadNumber => {
            format!("`{expr}` gets `{subject}`, which is not always a number, and nothing answers for that.")
        }
        Fault::BadDate => {
            format!("`{expr}` gets text that is no date in the form that it reads, and nothing answers for that.")
        }
        Fault::BadText => format!("`{expr}` gets bytes that are not in the encoding that it reads."),
        Fault::BadMember => format!("`{expr}` gets a value that the enumeration does not have."),
        Fault::NotEnoughValues => format!("`{subject}` gives fewer values than there are names on the left."),
        Fault::TooManyValues { expected } => {
            format!("`{subject}` gives more than the {expected} values that have names on the left.")
        }
        Fault::Operands { operator, left, right } => {
            format!(
                "`{expr}` wants `{operator}` of {} and {}, which don't go together.",
                one_line(left),
                one_line(right)
            )
        }
        Fault::JoinedNonText => format!("`{expr}` joins values of which some are no text."),
        Fault::NotSerializable(kind) => {
            format!("`{expr}` meets a value of type {}, which JSON has no way to write.", one_line(kind))
        }
        Fault::MissingAttribute { kind, attribute } => {
            format!("`{expr}` reads `{attribute}`, which a {} does not have.", one_line(kind))
        }
        Fault::MissingArgument { function } => {
            format!("`{expr}` calls `{}` without an argument that it needs.", one_line(function))
        }
        Fault::Unbound(name) => format!("`{name}` is read on line {line}, but no statement on this way has set it."),
        _ => {
            let (_, words) = nullness(failing.project, failing.module, failing.function, failing.subject);
            let words = if words.is_empty() { format!("`{subject}` was `None`") } else { words };
            format!(
                "{}{}, and line {line} uses it without looking: `{expr}`.",
                words.chars().next().map(|c| c.to_uppercase().to_string()).unwrap_or_default(),
                words.chars().skip(1).collect::<String>()
            )
        }
    };
    let called = failing.exception.failed.len();
    match called {
        0 => said,
        1 => format!("{said} One captured call ended this way."),
        n => format!("{said} {n} different captured calls ended this way."),
    }
}
