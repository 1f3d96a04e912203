//! `None` where something else was expected: refused as the surrounding code refuses what it can't find, or read with the
//! default that its neighbours use.

use ruff_python_ast::{Expr, Stmt};

use crate::python::answer::{Answer, absent, base_name, is_handler, tail, unreadable};
use crate::python::draft::Draft;
use crate::python::failing::Failing;
use crate::python::fault::Fault;
use crate::python::refusal::as_lookup;
use crate::python::rules::{free_name, guards, hoisted, name_for, neutral, place_for_guard, replaced};
use thymus_python::origin::{Origin, nullness, one_line, origin};
use thymus_python::project::is_get_without_default;
use thymus_python::syntax::{bytes, callee_name, expressions, string};

pub fn drafts(failing: &Failing) -> Vec<Draft> {
    let (_, words) = nullness(failing.project, failing.module, failing.function, failing.subject);
    let because = capitalised(&words);
    let mut drafts = Vec::new();
    drafts.extend(as_elsewhere(failing, &because));
    drafts.extend(default_parameter(failing, &because));
    drafts.extend(default_of_get(failing, &because));
    drafts.extend(compared(failing, &because));
    drafts.extend(refuse(failing, &because));
    drafts.extend(neutral_value(failing, &because));
    drafts
}

fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    let first: String = letters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}, and nothing looks before it is used.", letters.as_str())
}

/// `x.name if x else ""` stands somewhere: the same here.
fn as_elsewhere(failing: &Failing, because: &str) -> Option<Draft> {
    let Fault::NoneAttribute(attribute) = &failing.fault else { return None };
    let subject = failing.src(failing.subject);
    if !matches!(failing.subject, Expr::Name(_) | Expr::Attribute(_)) {
        return None;
    }
    let example = failing.module.functions().into_iter().flat_map(|f| expressions(&f.def.body)).find_map(|expr| {
        let node = expr.as_if_expr()?;
        let body = node.body.as_attribute_expr()?;
        let alike = body.attr.as_str() == attribute && tail(failing.src(&*body.value)) == tail(subject);
        let constant = crate::python::spelling::worth(None, &node.orelse).is_some();
        (alike && constant).then_some((expr, node))
    })?;
    let explicit = failing.src(&*example.1.test).contains(" is not None");
    let test = if explicit { format!("{subject} is not None") } else { subject.to_owned() };
    let default = failing.src(&*example.1.orelse);
    let code = format!("{subject}.{attribute} if {test} else {default}");
    let code = if needs_parentheses(failing) { format!("({code})") } else { code };
    let why = format!("{because} Elsewhere in the file: `{}`.", one_line(failing.src(example.0)));
    Some(replaced(failing, failing.expr, code, 0.86, &format!("Read {attribute} only where {subject} is there"), why))
}

/// Whether a conditional expression in this place wants brackets.
pub fn needs_parentheses(failing: &Failing) -> bool {
    match failing.parent() {
        None | Some(Expr::Dict(_) | Expr::List(_) | Expr::Tuple(_) | Expr::Set(_)) => false,
        Some(Expr::Call(call)) => bytes(&*call.func) == bytes(failing.expr),
        Some(_) => true,
    }
}

/// `def f(items=None)`: what stands for "not given".
fn default_parameter(failing: &Failing, because: &str) -> Option<Draft> {
    let Expr::Name(name) = failing.subject else { return None };
    let Origin::Parameter(parameter) = origin(failing.function, name.id.as_str(), bytes(failing.subject).start) else {
        return None;
    };
    if !parameter.default().is_some_and(Expr::is_none_literal_expr) {
        return None;
    }
    let annotation =
        parameter.annotation().map(|annotation| failing.src(annotation).to_lowercase()).unwrap_or_default();
    let attribute = match &failing.fault {
        Fault::NoneAttribute(attribute) => attribute.as_str(),
        _ => "",
    };
    let empty = if annotation.contains("dict")
        || annotation.contains("mapping")
        || matches!(attribute, "items" | "get" | "keys" | "values")
    {
        "{}"
    } else if failing.fault == Fault::NoneIterable
        || annotation.contains("list")
        || annotation.contains("sequence")
        || annotation.contains("iterable")
    {
        if annotation.contains("tuple") { "()" } else { "[]" }
    } else {
        return None;
    };
    let first = failing.function?.def.body.iter().find(|statement| !is_docstring(statement))?;
    let name = name.id.as_str();
    let mut drafts = guards(
        failing,
        first,
        &format!("{name} is None"),
        vec![Answer {
            code: format!("{name} = {empty}"),
            promise: crate::repair::Promise::ReturnsSomething,
            why: "with the empty value that its type suggests".to_owned(),
            confidence: 0.82,
            imports: Vec::new(),
        }],
        &format!("Take {name} as empty when it is not given"),
        because,
    );
    drafts.pop()
}

fn is_docstring(statement: &Stmt) -> bool {
    statement.as_expr_stmt().is_some_and(|node| node.value.is_string_literal_expr())
}

/// The `.get(key)` that gave `None`, itself or where the variable was made.
fn source_of_none<'a>(failing: &Failing<'a>) -> Option<&'a Expr> {
    match failing.subject {
        Expr::Name(name) => match origin(failing.function, name.id.as_str(), bytes(failing.subject).start) {
            Origin::Assigned { value, .. } => Some(value),
            _ => None,
        },
        other => Some(other),
    }
}

/// A record's optional field read with `.get("note")`: its neutral default.
fn default_of_get(failing: &Failing, because: &str) -> Option<Draft> {
    let source = source_of_none(failing)?;
    let call = source.as_call_expr()?;
    let key = call.arguments.args.first()?;
    if !is_get_without_default(source) || string(key).is_none() {
        return None;
    }
    let default = elsewhere(failing, string(key)?).or_else(|| neutral_of_fault(failing))?;
    let null = base_name(source).and_then(|base| failing.argument(&base).cloned()).is_some_and(|value| {
        value
            .as_object()
            .is_some_and(|object| object.get(string(key).unwrap_or_default()).is_some_and(serde_json::Value::is_null))
    });
    let words = failing.src(source);
    let code = match (null, words.strip_suffix(')')) {
        (false, Some(open)) => format!("{open}, {default})"),
        _ if bytes(source) == bytes(failing.subject) => format!("({words} or {default})"),
        _ => format!("{words} or {default}"),
    };
    let confidence = if failing.fault == Fault::NoneArgument { 0.6 } else { 0.76 };
    Some(replaced(
        failing,
        source,
        code,
        confidence,
        &format!("Read {} with a default", one_line(failing.src(key))),
        because.to_owned(),
    ))
}

/// The default with which the same key is read elsewhere in the file.
fn elsewhere(failing: &Failing, key: &str) -> Option<String> {
    failing.module.functions().into_iter().flat_map(|f| expressions(&f.def.body)).find_map(|expr| {
        let call = expr.as_call_expr()?;
        match (&*call.arguments.args, callee_name(&call.func)) {
            ([first, default], Some("get")) if string(first) == Some(key) && !default.is_none_literal_expr() => {
                crate::python::spelling::worth(None, default).map(|_| failing.src(default).to_owned())
            }
            _ => None,
        }
    })
}

fn neutral_of_fault(failing: &Failing) -> Option<String> {
    let quote = failing.module.quote();
    match &failing.fault {
        Fault::NoneAttribute(_) => neutral_of_attribute(failing, quote),
        Fault::NoneSubscript => match failing.expr {
            Expr::Subscript(node) if node.slice.is_slice_expr() => Some(format!("{quote}{quote}")),
            _ => None,
        },
        Fault::NoneIterable => Some("[]".to_owned()),
        Fault::NoneOperand { .. } | Fault::NoneArgument => {
            neutral(failing, failing.subject).or_else(|| match &failing.fault {
                Fault::NoneOperand { operator }
                    if matches!(operator.as_str(), "*" | "-" | "/" | "+" | "+=" | "-=" | "*=") =>
                {
                    Some("0".to_owned())
                }
                _ => argument_default(failing, quote),
            })
        }
        _ => None,
    }
}

fn argument_default(failing: &Failing, quote: char) -> Option<String> {
    match callee_name(&failing.expr.as_call_expr()?.func)? {
        "int" | "float" | "round" => Some("0".to_owned()),
        "len" | "sum" | "sorted" | "list" | "max" | "min" => Some("[]".to_owned()),
        "join" => Some(format!("{quote}{quote}")),
        _ => None,
    }
}

fn neutral_of_attribute(failing: &Failing, quote: char) -> Option<String> {
    const TEXT: [&str; 17] = [
        "strip",
        "lower",
        "upper",
        "split",
        "title",
        "startswith",
        "endswith",
        "replace",
        "lstrip",
        "rstrip",
        "capitalize",
        "casefold",
        "splitlines",
        "isdigit",
        "encode",
        "partition",
        "zfill",
    ];
    let Fault::NoneAttribute(attribute) = &failing.fault else { return None };
    match attribute.as_str() {
        name if TEXT.contains(&name) => Some(format!("{quote}{quote}")),
        "items" | "keys" | "values" | "get" => Some("{}".to_owned()),
        _ => None,
    }
}

/// `a.due < now` in a condition: only where there is one.
fn compared(failing: &Failing, because: &str) -> Option<Draft> {
    let Expr::Compare(node) = failing.expr else { return None };
    let subject = failing.src(failing.subject);
    if node.ops.len() != 1 || !matches!(failing.subject, Expr::Name(_) | Expr::Attribute(_)) {
        return None;
    }
    let in_condition = match failing.parent() {
        Some(Expr::BoolOp(node)) => node.op == ruff_python_ast::BoolOp::And,
        Some(Expr::If(node)) => bytes(&*node.test) == bytes(failing.expr),
        Some(_) => false,
        None => {
            matches!(failing.chain.iter().rev().nth(1), Some(thymus_python::syntax::Node::Comprehension(_)))
                || failing.statement().is_some_and(|s| s.is_if_stmt() || s.is_return_stmt())
        }
    };
    if !in_condition {
        return None;
    }
    let code = format!("{subject} is not None and {}", failing.src(failing.expr));
    Some(replaced(
        failing,
        failing.expr,
        code,
        0.72,
        &format!("Compare {} only where it is set", one_line(subject)),
        because.to_owned(),
    ))
}

/// A guard that answers as the code around does.
fn refuse(failing: &Failing, because: &str) -> Vec<Draft> {
    if failing.is_conditional() {
        return Vec::new();
    }
    let Some(statement) = failing.statement() else { return Vec::new() };
    match failing.subject {
        Expr::Name(name) => {
            let name = name.id.as_str();
            let made = match origin(failing.function, name, bytes(failing.subject).start) {
                Origin::Assigned { value, statement } => Some((value, statement)),
                _ => None,
            };
            let lookup = made.and_then(|(value, _)| as_lookup(value));
            let answers = answers(failing, name, lookup);
            let place = made.and_then(|(_, made)| place_for_guard(failing, name, made)).unwrap_or(statement);
            guards(
                failing,
                place,
                &format!("{name} is None"),
                answers,
                &format!("Refuse a missing {}", name.replace('_', " ")),
                because,
            )
        }
        Expr::Attribute(_) => {
            let subject = failing.src(failing.subject);
            let answers = answers(failing, subject, None);
            let title = format!("Refuse a missing {}", tail(subject).replace('_', " "));
            guards(failing, statement, &format!("{subject} is None"), answers, &title, because)
        }
        call @ (Expr::Call(_) | Expr::Await(_)) => {
            let name = free_name(failing, &name_for(call));
            let mut drafts = Vec::new();
            for answer in answers(failing, &name, as_lookup(call)) {
                let Some(mut edits) = hoisted(failing, call, &name, &format!("{name} is None"), &answer.code) else {
                    continue;
                };
                edits.extend(answer.imports.iter().cloned());
                drafts.push(Draft {
                    title: format!("Refuse a missing {}", name.replace('_', " ")),
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

fn answers(failing: &Failing, subject: &str, lookup: Option<&Expr>) -> Vec<Answer> {
    let mut found = absent(failing, subject, lookup);
    // A pattern that does not match is bad input rather than something missing.
    if let Some(call) = lookup.and_then(Expr::as_call_expr) {
        let name = callee_name(&call.func).unwrap_or_default();
        if matches!(name, "match" | "search" | "fullmatch") {
            let text =
                if call.arguments.args.len() > 1 { call.arguments.args.get(1) } else { call.arguments.args.first() };
            if let Some(text) = text {
                found = unreadable(failing, text, name, "value");
            }
        }
    }
    found
}

/// The neutral value, where the code has nothing to say: only of a parameter or a field whose type says that it may be absent.
fn neutral_value(failing: &Failing, because: &str) -> Option<Draft> {
    let (likely, _) = nullness(failing.project, failing.module, failing.function, failing.subject);
    let name = matches!(failing.subject, Expr::Name(_) | Expr::Attribute(_) | Expr::Subscript(_));
    if !name || !matches!(failing.fault, Fault::NoneOperand { .. } | Fault::NoneIterable | Fault::NoneAttribute(_)) {
        return None;
    }
    let default = neutral_of_fault(failing)?;
    let subject = failing.src(failing.subject);
    let whole = bytes(failing.subject) == bytes(failing.expr) && failing.parent().is_none();
    let code = if whole { format!("{subject} or {default}") } else { format!("({subject} or {default})") };
    let used = failing.module.text.content.contains(&format!("{subject} or {default}"))
        || failing.module.text.content.contains(&format!("{} or {default}", tail(subject)));
    let confidence = if used {
        0.8
    } else if likely >= 7 {
        0.6
    } else if is_handler(failing) {
        0.55
    } else {
        0.5
    };
    Some(replaced(
        failing,
        failing.subject,
        code,
        confidence,
        &format!("Take a missing {} as {default}", tail(subject)),
        because.to_owned(),
    ))
}
