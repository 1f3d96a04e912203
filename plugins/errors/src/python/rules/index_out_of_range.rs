//! An index past the end: a loop that counts one too far, a text's first letter, or a sequence that is shorter than the
//! code thinks, which is answered as the code around answers.

use ruff_python_ast::{CmpOp, Expr, Operator, Stmt};

use crate::python::answer::{Answer, absent, empty, unreadable};
use crate::python::draft::Draft;
use crate::python::failing::Failing;
use crate::python::fault::Fault;
use crate::python::rules::{free_name, guards, hoisted, name_for, place_for_guard, replaced};
use thymus_python::origin::{Origin, one_line, origin};
use thymus_python::syntax::{bytes, callee_name, integer};

pub fn drafts(failing: &Failing) -> Vec<Draft> {
    let mut drafts = Vec::new();
    drafts.extend(counts_too_far(failing));
    drafts.extend(first_letter(failing));
    if drafts.is_empty() {
        drafts.extend(refuse(failing));
    }
    drafts
}

fn index<'a>(failing: &Failing<'a>) -> Option<&'a Expr> {
    failing.expr.as_subscript_expr().map(|node| &*node.slice)
}

/// `for i in range(len(xs) + 1)`, `xs[i + 1]` in `for i in range(len(xs))`, `while i <= len(xs)`.
fn counts_too_far(failing: &Failing) -> Option<Draft> {
    let index = index(failing)?;
    let sequence = failing.src(failing.subject);
    let is_length = |expr: &Expr| {
        expr.as_call_expr().is_some_and(|call| {
            callee_name(&call.func) == Some("len")
                && call.arguments.args.first().is_some_and(|arg| failing.src(arg) == sequence)
        })
    };
    let (variable, ahead) = match index {
        Expr::Name(name) => (name.id.as_str(), 0),
        Expr::BinOp(node) if node.op == Operator::Add => (node.left.as_name_expr()?.id.as_str(), integer(&node.right)?),
        _ => return None,
    };
    for outer in failing.enclosing() {
        match outer {
            Stmt::For(node) if failing.src(&*node.target) == variable => {
                let call = node.iter.as_call_expr().filter(|call| callee_name(&call.func) == Some("range"))?;
                let ([stop] | [_, stop] | [_, stop, _]) = &*call.arguments.args else { return None };
                let length = format!("len({sequence})");
                let wanted = match stop {
                    Expr::BinOp(node) if ahead == 0 && node.op == Operator::Add && is_length(&node.left) => length,
                    stop if is_length(stop) && ahead > 0 => format!("{length} - {ahead}"),
                    _ => return None,
                };
                let because = format!("The last round of the loop reads past the end of `{sequence}`.");
                return Some(replaced(
                    failing,
                    stop,
                    wanted,
                    0.88,
                    &format!("End the loop with the last of {}", one_line(sequence)),
                    because,
                ));
            }
            Stmt::While(node) => {
                let test = node.test.as_compare_expr().or_else(|| {
                    let both = node.test.as_bool_op_expr()?;
                    both.values.iter().find_map(Expr::as_compare_expr)
                })?;
                let counts = failing.src(&*test.left) == variable && test.ops.len() == 1 && test.ops[0] == CmpOp::LtE;
                if counts && ahead == 0 && is_length(&test.comparators[0]) {
                    let (from, to) = (bytes(&*test.left).end, bytes(&test.comparators[0]).start);
                    return Some(Draft {
                        title: format!("End the loop with the last of {}", one_line(sequence)),
                        explanation: format!("The last round of the loop reads past the end of `{sequence}`."),
                        edits: vec![(from..to, " < ".to_owned())],
                        confidence: 0.88,
                        promise: crate::repair::Promise::ReturnsSomething,
                    });
                }
            }
            Stmt::FunctionDef(_) => break,
            _ => {}
        }
    }
    None
}

/// `name[0].upper()` of an empty text: `name[:1].upper()`.
fn first_letter(failing: &Failing) -> Option<Draft> {
    if !matches!(failing.fault, Fault::Index { of_string: true }) || integer(index(failing)?) != Some(0) {
        return None;
    }
    let fits = match failing.parent() {
        Some(Expr::Attribute(node)) => matches!(
            node.attr.as_str(),
            "upper" | "lower" | "title" | "capitalize" | "isalpha" | "isdigit" | "isupper" | "casefold"
        ),
        Some(Expr::BinOp(node)) => node.op == Operator::Add,
        Some(Expr::Compare(_) | Expr::FString(_)) => true,
        _ => false,
    };
    let code = format!("{}[:1]", failing.src(failing.subject));
    let because = "The first letter of an empty text is the empty text.".to_owned();
    fits.then(|| {
        replaced(failing, failing.expr, code, 0.84, "Take the first letter of an empty text as empty", because)
    })
}

fn refuse(failing: &Failing) -> Vec<Draft> {
    let Some(statement) = failing.statement() else { return Vec::new() };
    if failing.is_conditional() {
        return conditional(failing).into_iter().collect();
    }
    let subject = failing.src(failing.subject);
    let because = format!("`{}` is shorter than this line expects in some calls.", one_line(subject));
    let fixed = match failing.expr {
        Expr::Call(_) => Some(0),
        Expr::Subscript(node) => integer(&node.slice),
        _ => None,
    };
    match failing.subject {
        Expr::Name(_) | Expr::Attribute(_) => {
            let (answers, condition) = match (fixed, index(failing)) {
                (Some(number), _) => (short(failing, failing.subject), too_short(subject, number)),
                (None, Some(index)) if matches!(index, Expr::Name(_) | Expr::Attribute(_)) => {
                    let index = failing.src(index);
                    (absent(failing, subject, Some(failing.expr)), format!("not 0 <= {index} < len({subject})"))
                }
                _ => return Vec::new(),
            };
            let name = failing.subject.as_name_expr().map(|name| name.id.as_str());
            let place = name.and_then(|name| match origin(failing.function, name, bytes(failing.subject).start) {
                Origin::Assigned { statement, .. } => place_for_guard(failing, name, statement),
                _ => None,
            });
            let title = format!("Answer when {} is too short", one_line(subject));
            guards(failing, place.unwrap_or(statement), &condition, answers, &title, &because)
        }
        call @ (Expr::Call(_) | Expr::Await(_)) => {
            let Some(number) = fixed else { return Vec::new() };
            let wanted = name_for(call);
            let name = free_name(failing, if wanted.is_empty() { "values" } else { &wanted });
            let mut drafts = Vec::new();
            for answer in short(failing, call) {
                let Some(mut edits) = hoisted(failing, call, &name, &too_short(&name, number), &answer.code) else {
                    continue;
                };
                edits.extend(answer.imports.iter().cloned());
                drafts.push(Draft {
                    title: format!("Answer when {name} is too short"),
                    explanation: format!("{because} The guard answers {}: `{}`.", answer.why, one_line(&answer.code)),
                    edits,
                    confidence: answer.confidence,
                    promise: answer.promise,
                });
            }
            drafts
        }
        _ => Vec::new(),
    }
}

fn too_short(name: &str, index: i64) -> String {
    match index {
        0 | -1 => format!("not {name}"),
        index if index > 0 => format!("len({name}) < {}", index.saturating_add(1)),
        index => format!("len({name}) < {}", index.saturating_neg()),
    }
}

/// What is too short: a text that was taken apart is bad input, anything else is empty.
fn short(failing: &Failing, sequence: &Expr) -> Vec<Answer> {
    let made = match sequence {
        Expr::Name(name) => match origin(failing.function, name.id.as_str(), bytes(failing.expr).start) {
            Origin::Assigned { value, .. } => Some(value),
            _ => None,
        },
        other => Some(other),
    };
    let split = made
        .and_then(Expr::as_call_expr)
        .filter(|call| matches!(callee_name(&call.func), Some("split" | "rsplit" | "splitlines" | "groups")));
    match split {
        Some(call) => {
            let mut answers =
                unreadable(failing, made.unwrap_or(sequence), callee_name(&call.func).unwrap_or_default(), "value");
            answers.extend(
                empty(failing, failing.src(sequence))
                    .into_iter()
                    .map(|a| Answer { confidence: a.confidence - 0.1, ..a }),
            );
            answers
        }
        None => empty(failing, if sequence.is_call_expr() { "values" } else { failing.src(sequence) }),
    }
}

/// In a comprehension or a condition there is no place for a guard; a condition that asks is one already.
fn conditional(failing: &Failing) -> Option<Draft> {
    let Expr::Compare(node) = failing.parent()? else { return None };
    let subject = failing.src(failing.subject);
    let first = integer(index(failing)?) == Some(0) && bytes(&*node.left) == bytes(failing.expr);
    let grand = failing.chain.iter().rev().nth(2);
    let filters = matches!(grand, Some(thymus_python::syntax::Node::Comprehension(_)));
    let code = format!("{subject} and {}", failing.src(node));
    (first && filters && matches!(failing.subject, Expr::Name(_) | Expr::Attribute(_))).then(|| {
        replaced(
            failing,
            failing.parent().unwrap_or(failing.expr),
            code,
            0.7,
            &format!("Look into {subject} only when it has something"),
            String::new(),
        )
    })
}
