//! Says in one function what stands in another: a sibling's `raise NotFound(f"no item {sku}")` with the names that are
//! known at the failing place, or not at all when a name can't be known there.

use std::ops::Range;

use ruff_python_ast::Expr;
use serde_json::Value;

use super::failing::Failing;
use thymus_python::origin::{Origin, origin};
use thymus_python::project::{self, Project};
use thymus_python::spelling::{NoImport, is_builtin, join_import, within_quotes};
use thymus_python::syntax::takes_instance;
use thymus_python::syntax::{Function, Module, bytes, parts, statements};

/// Spells an expression of another place so that it means the same at the failing one. `renames` are pairs of source: what
/// stands there and what stands here for it. None when something in it is not known here.
pub fn respell(
    failing: &Failing,
    home: &Module,
    owner: Function,
    expr: &Expr,
    renames: &[(String, String)],
) -> Option<String> {
    let same_function = home.text.path == failing.module.text.path
        && failing.function.is_some_and(|function| bytes(function.def) == bytes(owner.def));
    let start = bytes(expr).start;
    let mut changes: Vec<(Range<usize>, String)> = Vec::new();
    for part in parts(expr) {
        let range = bytes(part);
        if changes.iter().any(|(done, _)| done.start <= range.start && range.end <= done.end) {
            continue;
        }
        if let Some((_, here)) = renames.iter().find(|(there, _)| there == home.src(part)) {
            changes.push((range.clone(), quoted_within(home, expr, range, here)?));
            continue;
        }
        if let Expr::Name(name) = part {
            let name = name.id.as_str();
            let same_class = match (failing.function.and_then(|f| f.class), owner.class) {
                (Some(own), Some(theirs)) => own.name == theirs.name,
                _ => false,
            };
            let known = match name {
                "self" | "cls" => (same_function || same_class) && failing.function.is_some_and(takes_instance),
                _ if same_function => is_known(failing, name),
                _ => is_builtin(name) || project::is_global(home, name) && is_known_global(failing, name),
            };
            if !known {
                return None;
            }
        }
    }
    let mut text = home.src(expr).to_owned();
    changes.sort_by_key(|(range, _)| range.start);
    for (range, here) in changes.into_iter().rev() {
        text.replace_range(range.start - start..range.end - start, &here);
    }
    Some(text)
}

/// A name that means the same everywhere in the failing module, or can be imported (which `import_of` does).
fn is_known_global(failing: &Failing, name: &str) -> bool {
    project::is_global(failing.module, name) || failing.project.class(failing.module, name).is_some()
}

/// Whether a name has a value at the failing place.
pub fn is_known(failing: &Failing, name: &str) -> bool {
    if is_builtin(name) || project::is_global(failing.module, name) {
        return true;
    }
    let at = bytes(failing.expr).start;
    let Some(function) = failing.function else { return false };
    let parameter = function.def.parameters.iter().any(|parameter| parameter.name().as_str() == name);
    let bound = !matches!(origin(Some(function), name, at), Origin::Unknown);
    let with = statements(&function.def.body).into_iter().filter_map(|s| s.as_with_stmt()).any(|node| {
        bytes(node).contains(&at)
            && node
                .items
                .iter()
                .filter_map(|item| item.optional_vars.as_deref())
                .any(|target| project::binds(target, name))
    });
    parameter || bound || with || (matches!(name, "self" | "cls") && takes_instance(function))
}

/// Code that goes into an f-string can't have its quotes before Python 3.12.
fn quoted_within(home: &Module, whole: &Expr, at: Range<usize>, here: &str) -> Option<String> {
    let around = parts(whole).into_iter().find(|part| {
        let range = bytes(*part);
        part.is_f_string_expr() && range.start <= at.start && at.end <= range.end
    });
    let Some(string) = around else { return Some(here.to_owned()) };
    let quote = home.src(string).chars().find(|c| matches!(c, '\'' | '"'))?;
    within_quotes(here, quote)
}

/// An edit that brings a class into the failing module; `Ok(None)` when it is there already.
pub fn import_of(failing: &Failing, name: &str) -> Result<Option<(Range<usize>, String)>, NoImport> {
    if is_builtin(name) || project::is_global(failing.module, name) {
        return Ok(None);
    }
    let (home, _) = failing.project.class(failing.module, name).ok_or(NoImport)?;
    let tops = failing.module.tree.body.iter().filter_map(|statement| statement.as_import_from_stmt());
    for import in tops.clone() {
        let words = import.module.as_ref().map(ToString::to_string).unwrap_or_default();
        let means = project::Import { local: String::new(), name: String::new(), module: words, level: import.level };
        if means.may_mean(&home.text.path) {
            return join_import(failing.module, import, name).map(Some);
        }
    }
    // As a neighbour in the same folder imports it.
    let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned()).unwrap_or_default();
    let own = folder(&failing.module.text.path);
    let neighbour = failing.project.sources().filter(|module| folder(&module.text.path) == own).find_map(|module| {
        project::imports(module).into_iter().find(|import| import.local == name && import.name == name)
    });
    let line = match neighbour {
        Some(import) => format!("from {}{} import {name}", ".".repeat(import.level as usize), import.module),
        None if folder(&home.text.path) == own && tops.clone().any(|import| import.level > 0) => {
            let stem = home.text.path.rsplit('/').next().and_then(|file| file.strip_suffix(".py")).ok_or(NoImport)?;
            format!("from .{stem} import {name}")
        }
        None => return Err(NoImport),
    };
    let last =
        failing.module.tree.body.iter().rfind(|s| s.is_import_stmt() || s.is_import_from_stmt()).ok_or(NoImport)?;
    Ok(Some((bytes(last).end..bytes(last).end, format!("{}{line}", failing.module.text.newline()))))
}

/// What an expression is worth, as JSON, where that can be told from the captured call.
pub fn worth(failing: Option<&Failing>, expr: &Expr) -> Option<Value> {
    match expr {
        Expr::NoneLiteral(_) => Some(Value::Null),
        Expr::BooleanLiteral(node) => Some(Value::Bool(node.value)),
        Expr::StringLiteral(node) => Some(Value::String(node.value.to_str().to_owned())),
        Expr::NumberLiteral(node) => match &node.value {
            ruff_python_ast::Number::Int(number) => number.as_i64().map(Value::from),
            ruff_python_ast::Number::Float(number) => serde_json::Number::from_f64(*number).map(Value::Number),
            ruff_python_ast::Number::Complex { .. } => None,
        },
        Expr::List(node) => {
            node.elts.iter().map(|element| worth(failing, element)).collect::<Option<_>>().map(Value::Array)
        }
        Expr::Dict(node) => {
            let mut object = serde_json::Map::new();
            for item in &node.items {
                let key = item.key.as_ref()?.as_string_literal_expr()?.value.to_str().to_owned();
                object.insert(key, worth(failing, &item.value)?);
            }
            Some(Value::Object(object))
        }
        Expr::Name(name) => {
            let failing = failing?;
            let at = bytes(failing.expr).start;
            let Origin::Parameter(_) = origin(failing.function, name.id.as_str(), at) else { return None };
            failing.argument(name.id.as_str()).cloned()
        }
        _ => None,
    }
}

/// The message that an exception will have, where it can be told. `code` is the exception as it will stand in the file.
pub fn message(failing: &Failing, project: &Project, code: &str) -> Option<String> {
    let parsed = ruff_python_parser::parse_expression(code).ok()?.into_syntax();
    let Expr::Call(call) = &*parsed.body else { return None };
    let class = thymus_python::syntax::callee_name(&call.func)?;
    if class == "KeyError" || !call.arguments.keywords.is_empty() || call.arguments.args.len() != 1 {
        return None;
    }
    // A class that makes its own message says something else.
    if let Some((home, def)) = project.class(failing.module, class) {
        let families = project.ancestors(home, def);
        let classes = families.iter().filter_map(|name| project.class(home, name)).map(|(_, def)| def).chain([def]);
        let own = classes.flat_map(|def| &def.body).filter_map(|s| s.as_function_def_stmt());
        if own.into_iter().any(|method| matches!(method.name.as_str(), "__init__" | "__str__" | "__new__"))
            || families.iter().any(|f| f == "KeyError")
        {
            return None;
        }
    }
    match &call.arguments.args[0] {
        Expr::StringLiteral(node) => Some(node.value.to_str().to_owned()),
        Expr::FString(node) => {
            let mut text = String::new();
            for part in node.value.as_slice() {
                match part {
                    ruff_python_ast::FStringPart::Literal(literal) => text.push_str(literal.as_str()),
                    ruff_python_ast::FStringPart::FString(string) => {
                        for element in &string.elements {
                            match element {
                                ruff_python_ast::InterpolatedStringElement::Literal(literal) => {
                                    text.push_str(&literal.value);
                                }
                                ruff_python_ast::InterpolatedStringElement::Interpolation(inner) => {
                                    if inner.format_spec.is_some() || inner.debug_text.is_some() {
                                        return None;
                                    }
                                    let Expr::Name(name) = &*inner.expression else { return None };
                                    let at = bytes(failing.expr).start;
                                    let Origin::Parameter(_) = origin(failing.function, name.id.as_str(), at) else {
                                        return None;
                                    };
                                    let value = failing.argument(name.id.as_str())?;
                                    text.push_str(&shown(value, inner.conversion)?);
                                }
                            }
                        }
                    }
                }
            }
            Some(text)
        }
        _ => None,
    }
}

/// A value as an f-string shows it.
fn shown(value: &Value, conversion: ruff_python_ast::ConversionFlag) -> Option<String> {
    match (value, conversion) {
        (Value::String(text), ruff_python_ast::ConversionFlag::None | ruff_python_ast::ConversionFlag::Str) => {
            Some(text.clone())
        }
        (Value::String(text), ruff_python_ast::ConversionFlag::Repr) => {
            let plain = text.chars().all(|c| c.is_ascii_graphic() || c == ' ') && !text.contains(['\'', '\\']);
            plain.then(|| format!("'{text}'"))
        }
        (Value::Number(number), _) if number.is_i64() => Some(number.to_string()),
        (Value::Null, _) => Some("None".to_owned()),
        (Value::Bool(truth), _) => Some(if *truth { "True" } else { "False" }.to_owned()),
        _ => None,
    }
}
