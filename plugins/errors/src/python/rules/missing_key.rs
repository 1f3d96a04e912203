//! A key that isn't there: the default that other code reads the same key with, the counter's or the group's start, the
//! table's own default, or the error that sibling code raises for what it can't find.

use ruff_python_ast::{Expr, ExprCall, Stmt};
use serde_json::Value;

use crate::python::answer::{Answer, absent, base_name};
use crate::python::draft::Draft;
use crate::python::failing::Failing;
use crate::python::rules::{guards, is_mapping, neutral, replaced};
use crate::python::spelling::{is_known, worth};
use crate::repair::Promise;
use thymus_python::origin::{Origin, one_line, origin};
use thymus_python::project;
use thymus_python::syntax::{bytes, callee_name, docstring, expressions, string};

/// A lookup that failed.
struct Lookup<'a> {
    container: &'a Expr,
    key: &'a Expr,
    literal: Option<&'a str>,
}

pub fn drafts(failing: &Failing) -> Vec<Draft> {
    let Some(lookup) = lookup(failing) else { return Vec::new() };
    if failing.src(lookup.container).ends_with("environ") {
        // A missing setting is the deployment's fault; a default would hide it.
        return Vec::new();
    }
    if let Some(draft) = accumulates(failing, &lookup) {
        return vec![draft];
    }
    let mut drafts = Vec::new();
    if is_read(failing) {
        drafts.extend(as_elsewhere(failing, &lookup));
        drafts.extend(table_default(failing, &lookup));
        drafts.extend(documented_default(failing, &lookup));
        drafts.extend(as_neighbours(failing, &lookup));
    }
    drafts.extend(refuse(failing, &lookup));
    if is_read(failing) && drafts.is_empty() {
        drafts.extend(by_use(failing, &lookup));
    }
    drafts
}

fn lookup<'a>(failing: &Failing<'a>) -> Option<Lookup<'a>> {
    let (container, key) = match failing.expr {
        Expr::Subscript(node) => (&*node.value, &*node.slice),
        Expr::Call(call) => (failing.subject, call.arguments.args.first()?),
        _ => return None,
    };
    Some(Lookup { container, key, literal: string(key) })
}

/// Whether the value is read, not written or deleted.
fn is_read(failing: &Failing) -> bool {
    match failing.expr {
        Expr::Subscript(node) => {
            let augmented = failing.statement().and_then(Stmt::as_aug_assign_stmt);
            node.ctx.is_load() && augmented.is_none_or(|node| bytes(&*node.target) != bytes(failing.expr))
        }
        Expr::Call(call) => callee_name(&call.func) == Some("pop") && call.arguments.args.len() == 1,
        _ => false,
    }
}

/// The lookup with a default.
fn with_default(failing: &Failing, lookup: &Lookup, default: Option<&str>) -> String {
    let (container, key) = (failing.src(lookup.container), failing.src(lookup.key));
    let method = if failing.expr.is_call_expr() { "pop" } else { "get" };
    match default {
        None if method == "pop" => format!("{container}.pop({key}, None)"),
        Some("None") if method == "get" => format!("{container}.get({key})"),
        None => format!("{container}.get({key})"),
        Some(default) => format!("{container}.{method}({key}, {default})"),
    }
}

fn title(failing: &Failing, lookup: &Lookup) -> String {
    format!("Read {} with a default where it is missing", one_line(failing.src(lookup.key)))
}

/// `d[k] += 1` and `d[k].append(x)` of a dictionary that starts empty.
fn accumulates(failing: &Failing, lookup: &Lookup) -> Option<Draft> {
    let (container, key) = (failing.src(lookup.container), failing.src(lookup.key));
    let statement = failing.statement()?;
    let local = match lookup.container {
        Expr::Name(name) => {
            matches!(origin(failing.function, name.id.as_str(), bytes(failing.expr).start), Origin::Assigned { .. })
        }
        _ => true,
    };
    let confidence =
        if local && lookup.literal.is_none() && is_mapping(failing.module, failing.function, lookup.container) {
            0.9
        } else {
            0.7
        };
    if let Stmt::AugAssign(node) = statement
        && bytes(&*node.target) == bytes(failing.expr)
    {
        let quote = failing.module.quote();
        let start = match &*node.value {
            Expr::StringLiteral(_) | Expr::FString(_) => format!("{quote}{quote}"),
            Expr::List(_) | Expr::ListComp(_) => "[]".to_owned(),
            _ if matches!(node.op.as_str(), "+" | "-") => "0".to_owned(),
            _ => return None,
        };
        let value = failing.src(&*node.value);
        let value = if node.value.is_bin_op_expr() && node.op.as_str() == "-" || node.value.is_if_expr() {
            format!("({value})")
        } else {
            value.to_owned()
        };
        let code = format!("{container}[{key}] = {container}.get({key}, {start}) {} {value}", node.op.as_str());
        return Some(Draft {
            title: format!("Start {} at {start} for a new key", one_line(container)),
            explanation: format!(
                "The first time a key is met, `{container}` has no value for it yet; it starts at {start}."
            ),
            edits: vec![(bytes(statement), code)],
            confidence,
            promise: Promise::ReturnsSomething,
        });
    }
    let Some(Expr::Attribute(method)) = failing.parent() else { return None };
    let start = match method.attr.as_str() {
        "append" | "extend" | "insert" => "[]",
        "add" => "set()",
        "update" | "setdefault" => "{}",
        _ => return None,
    };
    statement.as_expr_stmt()?;
    let code = format!("{container}.setdefault({key}, {start})");
    let because = format!("The first time a key is met, `{container}` has nothing for it yet; it starts as {start}.");
    Some(replaced(
        failing,
        failing.expr,
        code,
        confidence,
        &format!("Start {} at {start} for a new key", one_line(container)),
        because,
    ))
}

/// The default that other code reads the same key with.
fn as_elsewhere(failing: &Failing, lookup: &Lookup) -> Option<Draft> {
    let literal = lookup.literal?;
    let own = &failing.module.text.path;
    let others = failing.project.sources().filter(|module| module.text.path != *own);
    for module in std::iter::once(failing.module).chain(others) {
        for function in module.functions() {
            for call in expressions(&function.def.body).into_iter().filter_map(Expr::as_call_expr) {
                let Some((key, default)) = get_call(call) else { continue };
                if string(key) != Some(literal) {
                    continue;
                }
                let near = if module.text.path == *own { 0.92 } else { 0.84 };
                let (words, confidence) = match default {
                    Some(default) if worth(None, default).is_some() => (Some(module.src(default)), near),
                    Some(Expr::Name(name))
                        if is_known(failing, name.id.as_str()) && project::is_global(module, name.id.as_str()) =>
                    {
                        (Some(name.id.as_str()), near)
                    }
                    None if tolerates_none(failing) => (None, near - 0.15),
                    _ => continue,
                };
                let because = format!(
                    "The key is optional: `{}` reads it as `{}`. Here it was read as if it were always there.",
                    function.def.name,
                    one_line(module.src(call)),
                );
                let code = with_default(failing, lookup, words);
                return Some(replaced(failing, failing.expr, code, confidence, &title(failing, lookup), because));
            }
        }
    }
    None
}

/// `x.get(key)` and `x.get(key, default)`.
fn get_call(call: &ExprCall) -> Option<(&Expr, Option<&Expr>)> {
    if callee_name(&call.func) != Some("get") || !call.func.is_attribute_expr() || !call.arguments.keywords.is_empty() {
        return None;
    }
    match &*call.arguments.args {
        [key] => Some((key, None)),
        [key, default] => Some((key, Some(default))),
        _ => None,
    }
}

/// Whether `None` does no harm where the value goes: it is handed on, not computed with.
fn tolerates_none(failing: &Failing) -> bool {
    match failing.parent() {
        Some(Expr::Dict(_) | Expr::List(_) | Expr::Tuple(_) | Expr::BoolOp(_)) => true,
        Some(Expr::Compare(node)) => node.ops.iter().all(|op| matches!(op.as_str(), "==" | "!=" | "is" | "is not")),
        Some(Expr::UnaryOp(node)) => node.op == ruff_python_ast::UnaryOp::Not,
        Some(_) => false,
        None => failing.statement().is_some_and(|s| s.is_return_stmt() || s.is_if_stmt()),
    }
}

/// The entry of the table, or the constant, that says what holds for everything else.
fn table_default(failing: &Failing, lookup: &Lookup) -> Option<Draft> {
    let Expr::Name(name) = lookup.container else { return None };
    if lookup.literal.is_some() {
        return None;
    }
    let name = name.id.as_str();
    let table = failing.module.tree.body.iter().find_map(|statement| match statement {
        Stmt::Assign(node) if node.targets.iter().any(|t| failing.src(t) == name) => Some(&*node.value),
        Stmt::AnnAssign(node) if failing.src(&*node.target) == name => node.value.as_deref(),
        _ => None,
    })?;
    let entries = table.as_dict_expr()?;
    let default = entries.iter().filter_map(|item| item.key.as_ref()).find(|key| {
        string(key).is_some_and(|key| {
            matches!(
                key.to_lowercase().as_str(),
                "default" | "other" | "others" | "*" | "standard" | "unknown" | "fallback"
            )
        })
    });
    let stem = name.trim_end_matches('S').to_uppercase();
    let constant = failing.module.tree.body.iter().find_map(|statement| {
        let target = statement.as_assign_stmt().and_then(|node| node.targets.first()?.as_name_expr());
        let target = target.or_else(|| statement.as_ann_assign_stmt().and_then(|node| node.target.as_name_expr()))?;
        let words = target.id.as_str();
        let rest = words.strip_prefix("DEFAULT_")?;
        (stem.ends_with(rest) || rest.ends_with(&stem) || stem.contains(rest)).then_some(words)
    });
    let default = match (default, constant) {
        (_, Some(constant)) => constant.to_owned(),
        (Some(key), None) => format!("{name}[{}]", failing.src(key)),
        (None, None) => return None,
    };
    let code = with_default(failing, lookup, Some(&default));
    let because = format!("`{name}` has no entry for this key; `{default}` is what it has for all others.");
    Some(replaced(failing, failing.expr, code, 0.82, &format!("Fall back to {default} for an unknown key"), because))
}

/// What the docstring says of the key: `note (optional, defaults to "")`.
fn documented_default(failing: &Failing, lookup: &Lookup) -> Option<Draft> {
    let literal = lookup.literal?;
    let doc = docstring(&failing.function?.def.body)?;
    let line = doc.lines().find(|line| {
        let lower = line.to_lowercase();
        line.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == literal)
            && (lower.contains("optional")
                || lower.contains("default")
                || lower.contains("may be missing")
                || lower.contains("may be absent"))
    })?;
    let lower = line.to_lowercase();
    let said = lower.find("default").map(|at| &line[at..]).and_then(|rest| {
        let rest = rest.split_once([' ', ':', '='])?.1.trim_start();
        let rest = rest
            .strip_prefix("to ")
            .or_else(|| rest.strip_prefix("is "))
            .unwrap_or(rest)
            .trim_start_matches(['`', ' ']);
        let word = rest.split([')', '`', ';', ' ']).next()?.trim_end_matches(['.', ',']);
        let parsed = ruff_python_parser::parse_expression(word).ok()?.into_syntax();
        worth(None, &parsed.body).map(|_| word.to_owned())
    });
    let default = said.or_else(|| neutral(failing, failing.expr))?;
    let code = with_default(failing, lookup, Some(&default));
    let because = format!("The docstring calls it optional: {}", one_line(line.trim()));
    Some(replaced(failing, failing.expr, code, 0.88, &title(failing, lookup), because))
}

/// Other keys of the same record are read with `.get`.
fn as_neighbours(failing: &Failing, lookup: &Lookup) -> Option<Draft> {
    lookup.literal?;
    let container = failing.src(lookup.container);
    let body = &failing.function?.def.body;
    let neighbours: Vec<_> = expressions(body)
        .into_iter()
        .filter_map(Expr::as_call_expr)
        .filter(|call| call.func.as_attribute_expr().is_some_and(|method| failing.src(&*method.value) == container))
        .filter_map(get_call)
        .collect();
    let example = neighbours.first()?;
    let default = seen_default(failing, lookup).or_else(|| neutral(failing, failing.expr)).or_else(|| {
        let only = example.1.map(|default| failing.src(default).to_owned());
        (neighbours.len() == 1 || neighbours.iter().all(|(_, d)| d.map(|d| failing.src(d).to_owned()) == only))
            .then_some(only)
            .flatten()
    });
    let default = match default {
        Some(default) => Some(default),
        None if tolerates_none(failing) => None,
        None => return None,
    };
    let code = with_default(failing, lookup, default.as_deref());
    let because = format!(
        "The keys of `{container}` are optional: {} of them {} read with `.get` here already.",
        neighbours.len(),
        if neighbours.len() == 1 { "is" } else { "are" }
    );
    Some(replaced(failing, failing.expr, code, 0.74, &title(failing, lookup), because))
}

/// The neutral value of the kind that healthy calls had there.
fn seen_default(failing: &Failing, lookup: &Lookup) -> Option<String> {
    let base = base_name(lookup.container)?;
    let function = failing.function?;
    let quote = failing.module.quote();
    failing.exception.returned.iter().find_map(|call| {
        let value = crate::python::failing::argument_of(function, &call.args, &base)?;
        match find(value, lookup.literal?, 0)? {
            Value::Number(_) => Some("0".to_owned()),
            Value::String(_) => Some(format!("{quote}{quote}")),
            Value::Bool(_) => Some("False".to_owned()),
            Value::Array(_) => Some("[]".to_owned()),
            Value::Object(_) => Some("{}".to_owned()),
            Value::Null => None,
        }
    })
}

fn find<'v>(value: &'v Value, key: &str, depth: usize) -> Option<&'v Value> {
    match value {
        _ if depth > 8 => None,
        Value::Object(object) => {
            object.get(key).or_else(|| object.values().find_map(|inner| find(inner, key, depth + 1)))
        }
        Value::Array(values) => values.iter().find_map(|inner| find(inner, key, depth + 1)),
        _ => None,
    }
}

/// The error that sibling code raises when it can't find something.
fn refuse(failing: &Failing, lookup: &Lookup) -> Vec<Draft> {
    let Some(statement) = failing.statement() else { return Vec::new() };
    let (container, key) = (failing.src(lookup.container), failing.src(lookup.key));
    let subject = match (lookup.literal, statement) {
        (Some(literal), _) => literal.to_owned(),
        (None, Stmt::Assign(node)) if node.targets.len() == 1 && node.targets[0].is_name_expr() => {
            failing.src(&node.targets[0]).to_owned()
        }
        _ => crate::python::rules::singular(crate::python::answer::tail(container)),
    };
    let mut answers: Vec<Answer> = absent(failing, &subject, Some(failing.expr));
    if lookup.literal.is_some() {
        // That a field is missing is said of the field, not of another lookup.
        answers.retain(|answer| !answer.code.starts_with("return None") || answer.confidence >= 0.74);
    }
    if failing.is_conditional() || failing.exception.message.is_empty() {
        return Vec::new();
    }
    let because = format!("`{container}` has no {}.", one_line(&failing.exception.message));
    guards(
        failing,
        statement,
        &format!("{key} not in {container}"),
        answers,
        &format!("Refuse a missing {}", one_line(&subject)),
        &because,
    )
}

/// The neutral value that the use asks for, where nothing else says what is right: only in a record's optional-looking field.
fn by_use(failing: &Failing, lookup: &Lookup) -> Option<Draft> {
    lookup.literal?;
    let default = neutral(failing, failing.expr)?;
    let present = failing.exception.returned.iter().any(|call| {
        let value = failing
            .function
            .and_then(|f| crate::python::failing::argument_of(f, &call.args, &base_name(lookup.container)?));
        value.is_some_and(|value| find(value, lookup.literal.unwrap_or_default(), 0).is_none())
    });
    let confidence = if present { 0.66 } else { 0.54 };
    let code = with_default(failing, lookup, Some(&default));
    let because = format!("The key is missing in some calls; where it is used, {default} changes nothing.");
    Some(replaced(failing, failing.expr, code, confidence, &title(failing, lookup), because))
}
