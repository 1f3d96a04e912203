//! Whether an expression gives a promise: what a missing `await` is recognised by.

use oxc::ast::AstKind;
use oxc::ast::ast::{CallExpression, Expression, ModuleExportName};
use oxc::span::GetSpan as _;

use super::code::{Body, Code, Func, bare};
use super::origin::{Origin, origin};
use super::project::Project;

/// How many calls deep a promise is followed.
const DEEPEST: usize = 4;
/// Names that synchronous collections have too, so that a namesake elsewhere says nothing.
const COMMON: [&str; 24] = [
    "get", "set", "has", "find", "filter", "map", "reduce", "forEach", "push", "pop", "slice", "keys", "values",
    "entries", "add", "delete", "test", "exec", "match", "replace", "split", "join", "toString", "parse",
];
/// Modules whose every function gives a promise.
const PROMISING: [&str; 5] = ["fs/promises", "timers/promises", "dns/promises", "stream/promises", "readline/promises"];

/// The call that made the promise an expression gives.
pub fn promised_call<'a>(
    code: &Code<'a>,
    project: &Project,
    expression: &'a Expression<'a>,
) -> Option<(&'a CallExpression<'a>, String)> {
    let Origin::Value { expression, .. } = origin(code, expression) else { return None };
    let Expression::CallExpression(call) = bare(expression) else { return None };
    promise_of_call(code, project, call, DEEPEST).map(|why| (&**call, why))
}

fn promise_of_call(code: &Code, project: &Project, call: &CallExpression, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    let callee = bare(&call.callee);
    let by_declaration = match callee {
        Expression::Identifier(name) => named(code, project, name, depth),
        _ => callee.get_member_expr().and_then(|member| {
            let name = member.static_property_name()?;
            method(code, project, bare(member.object()), name, depth)
        }),
    };
    by_declaration.or_else(|| awaited_elsewhere(code, call))
}

/// `f()`
fn named(code: &Code, project: &Project, name: &oxc::ast::ast::IdentifierReference, depth: usize) -> Option<String> {
    let spelled = name.name.as_str();
    let Some(symbol) = code.resolve(name) else {
        return (spelled == "fetch").then(|| "`fetch` gives a promise".to_owned());
    };
    match code.declaration(symbol) {
        AstKind::Function(_) | AstKind::VariableDeclarator(_) => {
            code.functions_named(spelled).iter().find_map(|function| promising(code, project, function, depth))
        }
        AstKind::ImportSpecifier(specifier) => {
            let AstKind::ImportDeclaration(import) = code.parent(specifier.node_id()) else { return None };
            let imported = match &specifier.imported {
                ModuleExportName::IdentifierName(name) => name.name.as_str(),
                ModuleExportName::IdentifierReference(name) => name.name.as_str(),
                ModuleExportName::StringLiteral(name) => name.value.as_str(),
            };
            imported_function(code, project, import.source.value.as_str(), imported, depth)
        }
        AstKind::ImportDefaultSpecifier(specifier) => {
            let AstKind::ImportDeclaration(import) = code.parent(specifier.node_id()) else { return None };
            imported_function(code, project, import.source.value.as_str(), spelled, depth)
        }
        _ => None,
    }
    .or_else(|| required(code, project, symbol, spelled, depth))
}

/// `const { f } = require('./x')`
fn required(
    code: &Code,
    project: &Project,
    symbol: oxc::semantic::SymbolId,
    name: &str,
    depth: usize,
) -> Option<String> {
    let AstKind::VariableDeclarator(declarator) = code.declaration(symbol) else { return None };
    let specifier = require_of(declarator.init.as_ref()?)?;
    imported_function(code, project, specifier, name, depth)
}

/// The module that `require('…')` names, also behind `.property`.
pub fn require_of<'a>(expression: &'a Expression<'a>) -> Option<&'a str> {
    match bare(expression) {
        Expression::CallExpression(call) => call.common_js_require().map(|source| source.value.as_str()),
        other => match bare(other.get_member_expr()?.object()) {
            Expression::CallExpression(call) => call.common_js_require().map(|source| source.value.as_str()),
            _ => None,
        },
    }
}

fn imported_function(code: &Code, project: &Project, specifier: &str, name: &str, depth: usize) -> Option<String> {
    if PROMISING.contains(&specifier.trim_start_matches("node:")) {
        return Some(format!("`{name}` of `{specifier}` gives a promise"));
    }
    let path = project.resolve(&code.text.path, specifier)?;
    project.ask(&path, |other| all_promising(other, project, name, depth))?
}

/// Whether all functions of that name in a file give promises.
fn all_promising(code: &Code, project: &Project, name: &str, depth: usize) -> Option<String> {
    let whys: Vec<_> =
        code.functions_named(name).iter().map(|function| promising(code, project, function, depth)).collect();
    whys.into_iter().collect::<Option<Vec<_>>>()?.into_iter().next()
}

/// `object.name()`
fn method(code: &Code, project: &Project, object: &Expression, name: &str, depth: usize) -> Option<String> {
    if matches!(name, "then" | "catch" | "finally") {
        return Some(format!("`.{name}()` gives a promise"));
    }
    if object.is_specific_id("Promise") && ["all", "allSettled", "any", "race", "resolve", "reject"].contains(&name) {
        return Some(format!("`Promise.{name}` gives a promise"));
    }
    if object.get_member_expr().and_then(oxc::ast::ast::MemberExpression::static_property_name) == Some("promises") {
        return Some(format!("`{}.{name}` gives a promise", code.slice(object.span())));
    }
    if matches!(name, "json" | "text" | "blob" | "arrayBuffer" | "formData") && comes_from_fetch(code, object) {
        return Some(format!("`.{name}()` of a response gives a promise"));
    }
    if let Some(module) = module_of(code, object) {
        return imported_function(code, project, module, name, depth);
    }
    if COMMON.contains(&name) {
        return None;
    }
    let own = all_promising(code, project, name, depth);
    if own.is_some() || !code.functions_named(name).is_empty() {
        return own;
    }
    let mut all = true;
    let found = project.ask_near(&code.text.path, name, |other| {
        let functions = other.functions_named(name);
        let why = functions.iter().find_map(|function| promising(other, project, function, depth));
        all &= functions.is_empty() || why.is_some();
        if all { why } else { Some(String::new()) }
    });
    found.filter(|_| all)
}

/// The module whose namespace or default an object is.
fn module_of<'a>(code: &Code<'a>, object: &Expression) -> Option<&'a str> {
    let Expression::Identifier(name) = object else { return None };
    match code.declaration_of(name)? {
        kind @ (AstKind::ImportNamespaceSpecifier(_)
        | AstKind::ImportDefaultSpecifier(_)
        | AstKind::ImportSpecifier(_)) => match code.parent(kind.node_id()) {
            AstKind::ImportDeclaration(import) => Some(import.source.value.as_str()),
            _ => None,
        },
        AstKind::VariableDeclarator(declarator) => require_of(declarator.init.as_ref()?),
        _ => None,
    }
}

fn comes_from_fetch(code: &Code, object: &Expression) -> bool {
    let text = match object {
        Expression::Identifier(name) => match code.declaration_of(name) {
            Some(AstKind::VariableDeclarator(declarator)) => code.slice(declarator.span),
            _ => return false,
        },
        other => code.slice(other.span()),
    };
    text.contains("await fetch(")
}

/// Whether a function gives a promise whenever it returns.
pub fn promising<'a>(code: &Code<'a>, project: &Project, function: &Func<'a>, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    let place = || format!("{}:{}", code.text.path, code.line(function.span.start));
    let says = |why: &str| Some(format!("the function in {} {why}", place()));
    if function.is_generator {
        return None;
    }
    if function.is_async {
        return says("is async");
    }
    if let Some(annotation) = function.return_type {
        let text = code.slice(annotation.span).trim_start_matches([':', ' ']);
        return if text.starts_with("Promise<") { says("returns a promise by its type") } else { None };
    }
    let documented = code
        .doc_of(function)
        .is_some_and(|doc| doc.lines().any(|line| line.contains("@return") && line.contains("Promise")));
    if documented {
        return says("is documented to return a promise");
    }
    let given = match function.body {
        Body::Expression(expression) => vec![expression.span()],
        Body::Block(body) => body
            .statements
            .iter()
            .filter_map(|statement| match statement {
                oxc::ast::ast::Statement::ReturnStatement(returned) => {
                    returned.argument.as_ref().map(oxc::span::GetSpan::span)
                }
                _ => None,
            })
            .collect(),
        Body::None => return None,
    };
    let last = *given.last()?;
    code.kinds().find_map(|kind| match kind {
        AstKind::CallExpression(call) if call.span == last => promise_of_call(code, project, call, depth),
        AstKind::NewExpression(new) if new.span == last && bare(&new.callee).is_specific_id("Promise") => {
            Some("it is a new promise".to_owned())
        }
        _ => None,
    })?;
    says("returns a promise")
}

/// The same function is awaited at another place of the file.
fn awaited_elsewhere(code: &Code, call: &CallExpression) -> Option<String> {
    let callee = code.slice(call.callee.span());
    code.kinds().find_map(|kind| match kind {
        AstKind::AwaitExpression(awaited) => match bare(&awaited.argument) {
            Expression::CallExpression(other) if code.slice(other.callee.span()) == callee => {
                Some(format!("`{callee}` is awaited in line {}", code.line(awaited.span.start)))
            }
            _ => None,
        },
        _ => None,
    })
}
