//! Values of types that don't go together: converted where the code says which type was meant, refused where sibling code
//! refuses.

use ruff_python_ast::{Expr, Stmt};

use crate::python::answer::{raise, tail};
use crate::python::draft::Draft;
use crate::python::failing::Failing;
use crate::python::fault::Fault;
use crate::python::refusal::{Exit, When, refusals};
use crate::python::rules::{guards, replaced};
use crate::python::spelling::respell;
use thymus_python::origin::{Origin, one_line, origin};
use thymus_python::project::is_global;
use thymus_python::syntax::{bytes, callee_name, parts, string};

pub fn drafts(failing: &Failing) -> Vec<Draft> {
    match &failing.fault {
        Fault::JoinedNonText => joined(failing).into_iter().collect(),
        Fault::NotSerializable(_) => serialised(failing).into_iter().collect(),
        Fault::Operands { operator, left, right } => {
            let mut drafts = refuse(failing);
            drafts.extend(convert(failing, operator, left, right));
            drafts
        }
        _ => Vec::new(),
    }
}

/// The two sides, and how the first one is spelt.
fn sides<'a>(failing: &Failing<'a>) -> Option<(&'a Expr, &'a Expr)> {
    match failing.expr {
        Expr::BinOp(node) => Some((&node.left, &node.right)),
        Expr::Compare(node) => Some((&node.left, node.comparators.first()?)),
        _ => match failing.statement()? {
            Stmt::AugAssign(node) => Some((&node.target, &node.value)),
            _ => None,
        },
    }
}

fn convert(failing: &Failing, operator: &str, left: &str, right: &str) -> Option<Draft> {
    let (first, second) = sides(failing)?;
    let is_text = |kind: &str| matches!(kind, "str" | "sequence");
    let number = |kind: &str| matches!(kind, "int" | "float" | "Decimal" | "decimal.Decimal");
    let literal = |expr: &Expr| parts(expr).into_iter().any(|part| string(part).is_some() || part.is_f_string_expr());
    // A text is being built: what is no text is shown.
    if operator.starts_with('+') && (is_text(left) || is_text(right)) && (literal(first) || literal(second)) {
        let other = if is_text(left) { second } else { first };
        let code = format!("str({})", failing.src(other));
        let because =
            format!("`{}` is no text in some calls; here a text is put together.", one_line(failing.src(other)));
        return Some(replaced(
            failing,
            other,
            code,
            0.82,
            &format!("Show {} as text", one_line(failing.src(other))),
            because,
        ));
    }
    if left.ends_with("Decimal") && right == "float" || right.ends_with("Decimal") && left == "float" {
        let float = if right == "float" { second } else { first };
        if !is_global(failing.module, "Decimal")
            || matches!(failing.statement(), Some(Stmt::AugAssign(_))) && right != "float"
        {
            return None;
        }
        let code = format!("Decimal(str({}))", failing.src(float));
        let because = "A float does not mix with exact decimals; its shortest spelling is what was meant.".to_owned();
        return Some(replaced(
            failing,
            float,
            code,
            0.76,
            &format!("Convert {} to Decimal", one_line(failing.src(float))),
            because,
        ));
    }
    // A number came as text.
    let (text, other_kind) = if is_text(left) && (number(right) || right == "str") {
        (first, right)
    } else if is_text(right) && number(left) {
        (second, left)
    } else {
        return None;
    };
    if matches!(failing.statement(), Some(Stmt::AugAssign(_))) && bytes(text) != bytes(second) {
        return None;
    }
    let annotated = annotation(failing, text);
    let to = match (annotated.as_deref(), other_kind) {
        (Some("int"), _) => "int",
        (Some("float"), _) | (_, "float") => "float",
        (Some("Decimal"), _) | (_, "Decimal" | "decimal.Decimal") => "Decimal",
        _ => "int",
    };
    if to == "Decimal" && !is_global(failing.module, "Decimal") {
        return None;
    }
    let code = format!("{to}({})", failing.src(text));
    let because = format!("`{}` comes as text in some calls; a number is meant.", one_line(failing.src(text)));
    let confidence = if annotated.is_some() { 0.8 } else { 0.68 };
    Some(replaced(
        failing,
        text,
        code,
        confidence,
        &format!("Convert {} to {to}", one_line(failing.src(text))),
        because,
    ))
}

/// The type that a parameter says.
fn annotation(failing: &Failing, expr: &Expr) -> Option<String> {
    let name = expr.as_name_expr()?;
    match origin(failing.function, name.id.as_str(), bytes(expr).start) {
        Origin::Parameter(parameter) => {
            parameter.annotation().map(|annotation| tail(failing.src(annotation)).to_owned())
        }
        _ => None,
    }
}

/// `if not isinstance(quantity, int): raise …` of a sibling, for the same name.
fn refuse(failing: &Failing) -> Vec<Draft> {
    let (Some((first, second)), Some(statement), false) =
        (sides(failing), failing.statement(), failing.is_conditional())
    else {
        return Vec::new();
    };
    let mut drafts = Vec::new();
    for side in [first, second] {
        if !matches!(side, Expr::Name(_) | Expr::Attribute(_) | Expr::Subscript(_)) {
            continue;
        }
        let subject = failing.src(side);
        for refusal in refusals(failing.module) {
            let (When::Other { test } | When::Empty { subject: test, .. }, Exit::Raise { exception, .. }) =
                (&refusal.when, refusal.exit)
            else {
                continue;
            };
            let checked = parts(test).into_iter().find_map(|part| {
                let call = part.as_call_expr().filter(|call| callee_name(&call.func) == Some("isinstance"))?;
                call.arguments.args.first()
            });
            let Some(checked) = checked.filter(|checked| tail(failing.src(*checked)) == tail(subject)) else {
                continue;
            };
            let renames = [(failing.src(checked).to_owned(), subject.to_owned())];
            let condition = respell(failing, failing.module, refusal.function, test, &renames);
            let condition = condition
                .map(|words| if matches!(refusal.when, When::Empty { .. }) { format!("not {words}") } else { words });
            let code = respell(failing, failing.module, refusal.function, exception, &renames);
            let (Some(condition), Some(code)) = (condition, code) else { continue };
            let why = format!("as `{}` does", refusal.function.def.name);
            let answers = raise(failing, &code, &why, 0.84).into_iter().collect();
            let because = format!("`{subject}` has another type in some calls.");
            drafts.extend(guards(
                failing,
                statement,
                &condition,
                answers,
                &format!("Refuse a {} of another type", tail(subject)),
                &because,
            ));
        }
    }
    drafts
}

/// `", ".join(numbers)`.
fn joined(failing: &Failing) -> Option<Draft> {
    let call = failing.expr.as_call_expr()?;
    let argument = call.arguments.args.first()?;
    let because = "Some of what is joined is no text.".to_owned();
    let title = "Join the values as texts";
    if let Some(element) = match argument {
        Expr::ListComp(node) => Some(&*node.elt),
        Expr::Generator(node) => Some(&*node.elt),
        _ => None,
    } {
        return Some(replaced(failing, element, format!("str({})", failing.src(element)), 0.85, title, because));
    }
    let words = failing.src(argument);
    let mapped = failing.module.text.content.contains("map(str,");
    let code = if mapped { format!("map(str, {words})") } else { format!("str(value) for value in {words}") };
    Some(replaced(failing, argument, code, 0.84, title, because))
}

/// `json.dumps(x)` where the project's other calls say how to write what JSON lacks.
fn serialised(failing: &Failing) -> Option<Draft> {
    let call = failing.expr.as_call_expr()?;
    if call.arguments.find_keyword("default").is_some() || call.arguments.find_keyword("cls").is_some() {
        return None;
    }
    let sibling = failing.project.sources().find_map(|module| {
        module.functions().into_iter().flat_map(|f| thymus_python::syntax::expressions(&f.def.body)).find_map(|expr| {
            let other =
                expr.as_call_expr().filter(|other| matches!(callee_name(&other.func), Some("dumps" | "dump")))?;
            let keyword = other.arguments.find_keyword("default").or_else(|| other.arguments.find_keyword("cls"))?;
            let name = callee_name(&keyword.value)?;
            let known = name == "str" || is_global(failing.module, name);
            known.then(|| (keyword.arg.as_ref().map_or("default", |arg| arg.as_str()).to_owned(), name.to_owned()))
        })
    });
    let (keyword, function, confidence) = match (sibling, &failing.fault) {
        (Some((keyword, function)), _) => (keyword, function, 0.86),
        (None, Fault::NotSerializable(kind))
            if matches!(kind.as_str(), "datetime" | "date" | "UUID" | "Decimal" | "PosixPath") =>
        {
            ("default".to_owned(), "str".to_owned(), 0.6)
        }
        _ => return None,
    };
    let end = call
        .arguments
        .keywords
        .last()
        .map(|k| bytes(k).end)
        .into_iter()
        .chain(call.arguments.args.last().map(|a| bytes(a).end))
        .max()?;
    Some(Draft {
        title: "Say how to write what JSON has no type for".to_owned(),
        explanation: format!("Other calls in the project write such values with `{keyword}={function}`, or as text."),
        edits: vec![(end..end, format!(", {keyword}={function}"))],
        confidence,
        promise: crate::repair::Promise::ReturnsSomething,
    })
}
