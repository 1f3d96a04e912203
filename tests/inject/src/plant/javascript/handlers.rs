//! Which functions of a JavaScript file telemetry names, and the file's text with each of them wrapped where it stands: no
//! line moves, so that stack traces stay true.

use std::fmt::Write as _;

use oxc::ast::AstKind;
use oxc::ast::ast::{
    AssignmentTarget, BindingPattern, Class, ClassElement, Expression, MethodDefinitionKind, PropertyKind,
};
use oxc::span::{GetSpan as _, Span};
use thymus_javascript::code::Code;

use crate::fault::Edit;

/// A function outside of all others, or a class's method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handler {
    pub name: String,
    /// With what declares it.
    pub span: (usize, usize),
}

enum Wrap {
    /// `function f() {}`: its name gets another value before anything runs.
    Declared,
    /// `= function …`
    Value(Span),
    /// Methods, each with its own line.
    Class { class: Span, value: bool, methods: Vec<(String, bool, usize)> },
}

struct Found {
    handler: Handler,
    wrap: Wrap,
}

pub fn handlers(code: &Code) -> Vec<Handler> {
    let mut all = Vec::new();
    for found in find(code) {
        if let Wrap::Class { .. } = found.wrap {
            all.extend(methods(code, &found.handler));
        } else {
            all.push(found.handler);
        }
    }
    all
}

fn methods(code: &Code, class: &Handler) -> Vec<Handler> {
    let mut all = Vec::new();
    for kind in code.kinds() {
        if let AstKind::MethodDefinition(method) = kind
            && class.span.0 <= method.span.start as usize
            && method.span.end as usize <= class.span.1
            && let Some(key) = method.key.static_name()
        {
            let span = (method.span.start as usize, method.span.end as usize);
            all.push(Handler { name: format!("{}.{key}", class.name), span });
        }
    }
    all
}

/// The file as it is run.
pub fn instrumented(code: &Code) -> String {
    let text = &code.text.content;
    let file = quoted(&code.text.path);
    let (mut edits, mut first) = (Vec::new(), String::new());
    for Found { handler, wrap } in find(code) {
        let (name, line) = (quoted(&handler.name), line(text, handler.span.0));
        match wrap {
            Wrap::Declared => {
                let own = &handler.name;
                let _ = write!(first, "{own}=globalThis.__thymus({own},{name},{line},{file});");
            }
            Wrap::Value(span) => {
                edits.push(insert(span.start, "globalThis.__thymus("));
                edits.push(insert(span.end, format!(",{name},{line},{file})")));
            }
            Wrap::Class { class, value, methods } => {
                let list: Vec<String> =
                    methods.iter().map(|(key, fixed, line)| format!("[{},{fixed},{line}]", quoted(key))).collect();
                let rest = format!(",{name},[{}],{file})", list.join(","));
                if value {
                    edits.push(insert(class.start, "globalThis.__thymusClass("));
                    edits.push(insert(class.end, rest));
                } else {
                    edits.push(insert(class.end, format!(";globalThis.__thymusClass({}{rest};", handler.name)));
                }
            }
        }
    }
    edits.push(insert(start(code), first));
    edits.sort_by_key(|edit| edit.range.start);
    let mut out = String::with_capacity(text.len() * 2);
    let mut at = 0;
    for edit in edits {
        out.push_str(&text[at..edit.range.start]);
        out.push_str(&edit.text);
        at = edit.range.start;
    }
    out.push_str(&text[at..]);
    out
}

fn insert(at: u32, text: impl Into<String>) -> Edit {
    Edit::new(at as usize..at as usize, text)
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn line(text: &str, byte: usize) -> usize {
    text[..byte].matches('\n').count() + 1
}

/// Behind `#!` and `'use strict'`.
fn start(code: &Code) -> u32 {
    let program = code.semantic.nodes().program();
    let behind = program.directives.last().map(|it| it.span.end);
    behind.or_else(|| program.hashbang.as_ref().map(|it| it.span.end + 1)).unwrap_or_else(|| first_byte(code))
}

fn first_byte(code: &Code) -> u32 {
    if code.text.content.starts_with('\u{feff}') { 3 } else { 0 }
}

fn find(code: &Code) -> Vec<Found> {
    let mut found = Vec::new();
    for kind in code.kinds() {
        if !is_outermost(code, kind) {
            continue;
        }
        match kind {
            AstKind::Function(function) if function.is_declaration() && !function.generator => {
                let named = function.id.as_ref().map(|id| id.name.as_str());
                if let Some(name) = named.filter(|_| function.body.is_some()) {
                    found.push(Found { handler: handler(name, function.span), wrap: Wrap::Declared });
                }
            }
            AstKind::Class(class) if class.is_declaration() => {
                if let Some(name) = class.id.as_ref().map(|id| id.name.as_str()) {
                    found.push(of_class(code, class, name, false));
                }
            }
            AstKind::VariableDeclarator(it) => {
                if let (BindingPattern::BindingIdentifier(id), Some(init)) = (&it.id, &it.init) {
                    found.extend(value(code, init, id.name.as_str(), it.span));
                }
            }
            AstKind::AssignmentExpression(it) => {
                if let Some(name) = assigned_name(code, &it.left, &it.right) {
                    found.extend(value(code, &it.right, &name, it.span));
                }
            }
            AstKind::ObjectProperty(it) if it.kind == PropertyKind::Init && !it.method && !it.shorthand => {
                if let Some(key) = it.key.static_name() {
                    found.extend(value(code, &it.value, &key, it.span));
                }
            }
            _ => {}
        }
    }
    found
}

fn handler(name: &str, span: Span) -> Handler {
    Handler { name: name.to_owned(), span: (span.start as usize, span.end as usize) }
}

fn value(code: &Code, value: &Expression, name: &str, span: Span) -> Option<Found> {
    match value {
        Expression::FunctionExpression(function) if !function.generator => {
            Some(Found { handler: handler(name, span), wrap: Wrap::Value(function.span) })
        }
        Expression::ArrowFunctionExpression(function) => {
            Some(Found { handler: handler(name, span), wrap: Wrap::Value(function.span) })
        }
        Expression::ClassExpression(class) => Some(of_class(code, class, name, true)),
        _ => None,
    }
}

fn of_class(code: &Code, class: &Class, name: &str, value: bool) -> Found {
    let methods = class.body.body.iter().filter_map(|element| {
        let ClassElement::MethodDefinition(method) = element else { return None };
        let plain = method.kind == MethodDefinitionKind::Method && !method.value.generator && !method.computed;
        let key = method.key.static_name().filter(|_| plain)?;
        Some((key.into_owned(), method.r#static, line(&code.text.content, method.span.start as usize)))
    });
    let wrap = Wrap::Class { class: class.span, value, methods: methods.collect() };
    Found { handler: handler(name, class.span), wrap }
}

/// `exports.parse = …` is `parse`, `List.prototype.get = …` is `List.get`.
fn assigned_name(code: &Code, target: &AssignmentTarget, value: &Expression) -> Option<String> {
    let text = code.slice(target.span());
    if !text.chars().all(|c| c.is_alphanumeric() || "._$".contains(c)) {
        return None;
    }
    let own = match value {
        Expression::FunctionExpression(function) => function.id.as_ref().map(|id| id.name.to_string()),
        _ => None,
    };
    match text {
        "module.exports" | "exports" => own.or_else(|| {
            let file = code.text.path.rsplit('/').next()?;
            Some(file.split('.').next()?.to_owned())
        }),
        _ => {
            let text = text.strip_prefix("module.").unwrap_or(text);
            Some(text.strip_prefix("exports.").unwrap_or(text).replace(".prototype.", "."))
        }
    }
}

/// In no function, and in no class whose methods are wrapped as such.
fn is_outermost(code: &Code, kind: AstKind) -> bool {
    !code
        .ancestors(kind.node_id())
        .any(|outer| matches!(outer, AstKind::Function(_) | AstKind::ArrowFunctionExpression(_) | AstKind::Class(_)))
}

#[cfg(test)]
mod tests {
    use oxc::allocator::Allocator;
    use thymus_sdk::source::Text;

    use super::*;

    #[test]
    fn functions_are_wrapped_where_they_stand() {
        let allocator = Allocator::default();
        let source =
            "'use strict';\nfunction f(a) { return function g() {} }\nexports.h = (a) => a;\nclass C {\n  m() {}\n}\n";
        let text = Text::new("lib/a.js", source);
        let code = Code::parse(&allocator, &text).unwrap();
        let names: Vec<String> = handlers(&code).into_iter().map(|it| it.name).collect();
        assert_eq!(names, ["f", "h", "C.m"]);
        let wrapped = instrumented(&code);
        assert_eq!(wrapped.matches('\n').count(), source.matches('\n').count());
        assert!(
            wrapped.starts_with("'use strict';f=globalThis.__thymus(f,\"f\",2,\"lib/a.js\");\nfunction f"),
            "{wrapped}"
        );
        assert!(wrapped.contains("exports.h = globalThis.__thymus((a) => a,\"h\",3,\"lib/a.js\");"), "{wrapped}");
        assert!(wrapped.contains("};globalThis.__thymusClass(C,\"C\",[[\"m\",false,5]],\"lib/a.js\");"), "{wrapped}");
        assert!(thymus_javascript::code::is_sound("lib/a.js", &wrapped));
    }
}
