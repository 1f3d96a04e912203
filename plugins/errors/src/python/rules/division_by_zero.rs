//! A division by zero: the branch for zero that follows anyway, the answer that the code around gives for "nothing to
//! divide by", or zero where the function returns a ratio.

use ruff_python_ast::{CmpOp, Expr, Operator, Stmt, UnaryOp};
use serde_json::Value;

use crate::python::answer::{decimal_zero, empty, is_handler};
use crate::python::draft::Draft;
use crate::python::failing::{Failing, divides};
use crate::python::rules::{block_of, guards};
use crate::python::spelling::worth;
use crate::repair::Promise;
use thymus_python::origin::{Origin, one_line, origin};
use thymus_python::syntax::{bytes, callee_name, expressions, integer};

/// When the divisor is zero.
pub struct Zero {
    /// `not sold`, `total == 0`.
    pub guard: String,
    /// `sold`, `total`.
    pub otherwise: String,
    /// What is empty or zero, as the code calls it.
    pub subject: String,
}

pub fn drafts(failing: &Failing) -> Vec<Draft> {
    let Some(zero) = zero(failing) else { return Vec::new() };
    let because = format!("`{}` is zero in some calls.", one_line(failing.src(failing.subject)));
    let mut drafts = Vec::new();
    drafts.extend(falls_into_branch(failing, &zero, &because));
    if let (Some(statement), false) = (failing.statement(), failing.is_conditional()) {
        let subject = tail_of(&zero.subject);
        let title = format!("Answer when there is no {} to divide by", subject.replace('_', " "));
        drafts.extend(guards(failing, statement, &zero.guard, empty(failing, &zero.subject), &title, &because));
    }
    drafts.extend(as_zero(failing, &zero, &because));
    drafts
}

fn tail_of(subject: &str) -> &str {
    subject.rsplit('.').next().unwrap_or(subject)
}

fn zero(failing: &Failing) -> Option<Zero> {
    let divisor = failing.subject;
    let words = failing.src(divisor);
    if words.contains('\n') {
        return None;
    }
    let counted = divisor.as_call_expr().filter(|call| callee_name(&call.func) == Some("len"));
    if let Some(sequence) = counted.and_then(|call| call.arguments.args.first()) {
        let subject = failing.src(sequence).to_owned();
        return Some(Zero { guard: format!("not {subject}"), otherwise: subject.clone(), subject });
    }
    match divisor {
        Expr::Name(name) => {
            // What was counted is what the docstring and the siblings speak of.
            let made = origin(failing.function, name.id.as_str(), bytes(divisor).start);
            let subject = match made {
                Origin::Assigned { value: Expr::Call(call), .. } if callee_name(&call.func) == Some("len") => {
                    call.arguments.args.first().map_or(words, |sequence| failing.src(sequence))
                }
                _ => words,
            };
            Some(Zero { guard: format!("{words} == 0"), otherwise: words.to_owned(), subject: subject.to_owned() })
        }
        Expr::BinOp(node) if node.op == Operator::Sub => {
            let (left, right) = (failing.src(&*node.left), failing.src(&*node.right));
            let simple = |expr: &Expr| {
                matches!(expr, Expr::Name(_) | Expr::Attribute(_) | Expr::Subscript(_) | Expr::NumberLiteral(_))
            };
            (simple(&node.left) && simple(&node.right)).then(|| Zero {
                guard: format!("{left} == {right}"),
                otherwise: format!("{left} != {right}"),
                subject: left.to_owned(),
            })
        }
        Expr::Attribute(_) | Expr::Subscript(_) | Expr::Call(_) => {
            Some(Zero { guard: format!("{words} == 0"), otherwise: words.to_owned(), subject: words.to_owned() })
        }
        _ => None,
    }
}

/// `pace = a / b` and then `if pace == 0: return …`: zero goes the same way.
fn falls_into_branch(failing: &Failing, zero: &Zero, because: &str) -> Option<Draft> {
    let statement = failing.statement()?;
    let node = statement.as_assign_stmt()?;
    let [Expr::Name(target)] = &node.targets[..] else { return None };
    let block = block_of(failing, statement)?;
    let position = block.iter().position(|other| bytes(other) == bytes(statement))?;
    let branch = block.get(position + 1)?.as_if_stmt()?;
    let is_target = |expr: &Expr| expr.as_name_expr().is_some_and(|name| name.id == target.id);
    let asks = match &*branch.test {
        Expr::UnaryOp(test) => test.op == UnaryOp::Not && is_target(&test.operand),
        Expr::Compare(test) => {
            test.ops.len() == 1
                && matches!(test.ops[0], CmpOp::Eq | CmpOp::LtE)
                && is_target(&test.left)
                && integer(&test.comparators[0]) == Some(0)
        }
        _ => false,
    };
    if !asks || !is_arithmetic_to(failing, &node.value) {
        return None;
    }
    let promise = match branch.body.last() {
        Some(Stmt::Return(end)) if is_handler(failing) && branch.body.len() == 1 => {
            let value = end.value.as_deref().map_or(Some(Value::Null), |value| worth(Some(failing), value));
            value.map_or(Promise::ReturnsSomething, Promise::Returns)
        }
        _ => Promise::ReturnsSomething,
    };
    let value = failing.src(&*node.value);
    Some(Draft {
        title: format!("Take {} as 0 when there is nothing to divide by", target.id),
        explanation: format!("{because} The next lines answer for a `{}` of 0 already.", target.id),
        edits: vec![(bytes(&*node.value), format!("{value} if {} else 0", zero.otherwise))],
        confidence: 0.93,
        promise,
    })
}

/// Whether only arithmetic and rounding stand between a value and the division.
fn is_arithmetic_to(failing: &Failing, value: &Expr) -> bool {
    let range = bytes(value);
    let between = failing.chain.iter().filter_map(|node| match node {
        thymus_python::syntax::Node::Expr(expr)
            if range.start <= bytes(*expr).start && bytes(*expr).end <= range.end =>
        {
            Some(*expr)
        }
        _ => None,
    });
    let mut seen = false;
    for expr in between {
        seen = true;
        let plain = match expr {
            Expr::BinOp(_) | Expr::UnaryOp(_) => true,
            Expr::Call(call) => matches!(
                callee_name(&call.func),
                Some("round" | "int" | "float" | "abs" | "floor" | "ceil" | "divmod" | "min" | "max")
            ),
            _ => bytes(expr) == bytes(failing.expr),
        };
        if !plain {
            return false;
        }
    }
    seen
}

/// `x / y if y else 0.0`.
fn as_zero(failing: &Failing, zero: &Zero, because: &str) -> Option<Draft> {
    let division = failing.expr.as_bin_op_expr()?;
    let statement = failing.statement()?;
    if division.op == Operator::Mod || zero.guard.contains('(') && !zero.subject.contains('(') {
        return None;
    }
    let (value, whole) = match statement {
        Stmt::Return(node) => (node.value.as_deref()?, true),
        Stmt::Assign(node) => (&*node.value, false),
        Stmt::AnnAssign(node) => (node.value.as_deref()?, false),
        _ => (failing.expr, false),
    };
    let wraps = is_arithmetic_to(failing, value);
    let expr = if wraps { value } else { failing.expr };
    let (default, mut confidence, why) = zero_value(failing)?;
    let text = failing.src(expr);
    if text.contains('\n') {
        return None;
    }
    let code = format!("{text} if {} else {default}", zero.otherwise);
    let bare = wraps || matches!(failing.parent(), None | Some(Expr::Dict(_) | Expr::List(_) | Expr::Tuple(_)));
    let call = matches!(failing.parent(), Some(Expr::Call(_)));
    let code = if bare || call { code } else { format!("({code})") };
    if !wraps
        && !matches!(failing.parent(), None | Some(Expr::Dict(_) | Expr::Call(_) | Expr::List(_) | Expr::Tuple(_)))
    {
        confidence -= 0.05;
    }
    let parsed = ruff_python_parser::parse_expression(&default).ok()?.into_syntax();
    let promise = match worth(None, &parsed.body) {
        Some(json) if whole && wraps && is_handler(failing) => Promise::Returns(json),
        _ => Promise::ReturnsSomething,
    };
    Some(Draft {
        title: format!("Give {default} when there is nothing to divide by"),
        explanation: format!("{because} {why}"),
        edits: vec![(bytes(expr), code)],
        confidence,
        promise,
    })
}

/// Zero in the way the module writes it, how sure, and why.
pub fn zero_value(failing: &Failing) -> Option<(String, f64, String)> {
    // The same module guards another division.
    let example = failing.module.functions().into_iter().flat_map(|f| expressions(&f.def.body)).find_map(|expr| {
        let node = expr.as_if_expr()?;
        let divided = thymus_python::syntax::parts(&node.body)
            .into_iter()
            .any(|part| part.as_bin_op_expr().is_some_and(|op| divides(op.op)));
        (divided && worth(None, &node.orelse).is_some()).then_some((expr, node))
    });
    if let Some((expr, node)) = example {
        let why = format!("Elsewhere in the file: `{}`.", one_line(failing.src(expr)));
        return Some((failing.src(&*node.orelse).to_owned(), 0.86, why));
    }
    let annotation = failing.function?.def.returns.as_deref().map(|returns| failing.src(returns)).unwrap_or_default();
    let results: Vec<&Value> = failing.exception.returned.iter().filter_map(|call| call.result.as_ref()).collect();
    let numbers = !results.is_empty() && results.iter().all(|value| value.is_number());
    let why = "A ratio of nothing is reported as zero.".to_owned();
    match annotation {
        "Decimal" | "decimal.Decimal" => Some((decimal_zero(failing), 0.58, why)),
        "float" => Some(("0.0".to_owned(), 0.62, why)),
        "int" => Some(("0".to_owned(), 0.62, why)),
        "" if numbers => {
            let float = results.iter().any(|value| value.is_f64());
            Some((if float { "0.0" } else { "0" }.to_owned(), 0.58, why))
        }
        _ => {
            let is_floor = failing.expr.as_bin_op_expr().is_some_and(|node| node.op == Operator::FloorDiv);
            Some((if is_floor { "0" } else { "0.0" }.to_owned(), 0.54, why))
        }
    }
}
