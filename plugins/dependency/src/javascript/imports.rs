//! Which modules a file asks for, in every form there is, and what it wants of them.

use std::ops::Range;

use oxc::ast::AstKind;
use oxc::ast::ast::{
    BindingPattern, ExportSpecifier, Expression, ImportDeclarationSpecifier, ModuleExportName, StringLiteral,
};
use oxc::semantic::NodeId;
use oxc::span::{GetSpan as _, Span};
use thymus_javascript::code::{Code, bare, range};

/// One request for a module.
#[allow(clippy::struct_excessive_bools)] // Each says a thing of its own.
#[derive(Clone, Debug)]
pub struct Import {
    /// As it is written.
    pub specifier: String,
    /// The literal, with its quotes.
    pub literal: Range<usize>,
    /// How it is asked for.
    pub form: Form,
    /// What is wanted of it.
    pub names: Vec<Wanted>,
    /// What the file calls the module as a whole.
    pub whole: Option<String>,
    /// All that is wanted stands in `names`; not so where the module is handed on as a whole.
    pub all_names: bool,
    /// Only for types: gone when it runs.
    pub type_only: bool,
    /// Somebody has thought of its absence: `try`, `catch`, a condition around it.
    pub guarded: bool,
    /// In a function.
    pub lazy: bool,
}

/// How a module is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `import … from`
    Import,
    /// `export … from`
    Reexport,
    /// `import(…)`
    Dynamic,
    /// `require(…)`
    Require,
}

/// One name that is wanted of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// As the module is asked for it; `default` is one.
    pub name: String,
    /// As the file calls it.
    pub local: String,
    /// Where the name is written.
    pub range: Range<usize>,
    /// `import { type T }`
    pub type_only: bool,
}

/// All of a file, in the order of the source.
pub fn imports(code: &Code) -> Vec<Import> {
    let mut found: Vec<Import> = code.kinds().filter_map(|kind| import(code, kind)).collect();
    found.sort_by_key(|import| import.literal.start);
    found
}

fn import(code: &Code, kind: AstKind) -> Option<Import> {
    let plain = |source: &StringLiteral, form, names: Vec<Wanted>, all_names, type_only| Import {
        specifier: source.value.to_string(),
        literal: range(source.span),
        form,
        names,
        whole: None,
        all_names,
        type_only,
        guarded: false,
        lazy: false,
    };
    match kind {
        AstKind::ImportDeclaration(import) => {
            let (mut names, mut all, mut whole) = (Vec::new(), true, None);
            for specifier in import.specifiers.iter().flatten() {
                let (wanted, complete) = wanted(code, specifier);
                names.extend(wanted);
                all &= complete;
                if let ImportDeclarationSpecifier::ImportNamespaceSpecifier(it) = specifier {
                    whole = Some(it.local.name.to_string());
                }
            }
            // `import {} from` and `import 'x'` want nothing by name, so nothing more is known of what they mean.
            all &= !names.is_empty();
            let asked = plain(&import.source, Form::Import, names, all, import.import_kind.is_type());
            Some(Import { whole, ..asked })
        }
        AstKind::ExportFromDeclaration(export) => {
            let names = export.specifiers.iter().map(reexported).collect();
            Some(plain(&export.source, Form::Reexport, names, true, export.export_kind.is_type()))
        }
        AstKind::ExportAllDeclaration(export) => {
            Some(plain(&export.source, Form::Reexport, Vec::new(), false, export.export_kind.is_type()))
        }
        AstKind::ImportExpression(import) => {
            let Expression::StringLiteral(source) = &import.source else { return None };
            let asked = plain(source, Form::Dynamic, Vec::new(), false, false);
            Some(requested(code, kind, import.span, asked))
        }
        AstKind::CallExpression(call) => {
            let source = call.common_js_require()?;
            let Expression::Identifier(require) = &call.callee else { return None };
            // A `require` of the file's own is whatever the file makes of it.
            if code.resolve(require).is_some() && !is_made_by_node(code, require) {
                return None;
            }
            let asked = plain(source, Form::Require, Vec::new(), false, false);
            Some(requested(code, kind, call.span, asked))
        }
        _ => None,
    }
}

/// `import(…)` and `require(…)`: expressions, which can stand anywhere.
fn requested(code: &Code, kind: AstKind, span: Span, asked: Import) -> Import {
    let id = kind.node_id();
    let Taken { names, whole, all } = destructured(code, id);
    Import { names, whole, all_names: all, guarded: is_guarded(code, id, span), lazy: is_lazy(code, kind), ..asked }
}

/// What is taken of a module that was asked for by an expression.
#[derive(Default)]
struct Taken {
    names: Vec<Wanted>,
    whole: Option<String>,
    all: bool,
}

/// `const require = createRequire(import.meta.url)`
fn is_made_by_node(code: &Code, require: &oxc::ast::ast::IdentifierReference) -> bool {
    code.declaration_of(require).is_some_and(|declared| code.slice(declared.span()).contains("createRequire("))
}

fn wanted(code: &Code, specifier: &ImportDeclarationSpecifier) -> (Vec<Wanted>, bool) {
    match specifier {
        ImportDeclarationSpecifier::ImportSpecifier(it) => {
            let wanted = Wanted {
                name: text(&it.imported).to_owned(),
                local: it.local.name.to_string(),
                range: range(it.imported.span()),
                type_only: it.import_kind.is_type(),
            };
            (vec![wanted], true)
        }
        ImportDeclarationSpecifier::ImportDefaultSpecifier(it) => {
            let local = it.local.name.to_string();
            (vec![Wanted { name: "default".to_owned(), local, range: range(it.span), type_only: false }], true)
        }
        ImportDeclarationSpecifier::ImportNamespaceSpecifier(it) => {
            it.local.symbol_id.get().map_or((Vec::new(), false), |symbol| members(code, symbol))
        }
    }
}

/// The members that are read of a name, and whether it is used in no other way.
fn members(code: &Code, symbol: oxc::semantic::SymbolId) -> (Vec<Wanted>, bool) {
    let mut names: Vec<Wanted> = Vec::new();
    let mut all = true;
    for reference in code.references(symbol) {
        match code.parent(reference.node_id()) {
            AstKind::StaticMemberExpression(member) if member.object.span() == reference.span() => {
                let name = member.property.name.to_string();
                if !names.iter().any(|known| known.name == name) {
                    let range = range(member.property.span);
                    names.push(Wanted { local: name.clone(), name, range, type_only: false });
                }
            }
            _ => all = false,
        }
    }
    (names, all)
}

fn reexported(specifier: &ExportSpecifier) -> Wanted {
    Wanted {
        name: text(&specifier.local).to_owned(),
        local: text(&specifier.exported).to_owned(),
        range: range(specifier.local.span()),
        type_only: specifier.export_kind.is_type(),
    }
}

pub(super) fn text<'n>(name: &'n ModuleExportName) -> &'n str {
    match name {
        ModuleExportName::IdentifierName(name) => name.name.as_str(),
        ModuleExportName::IdentifierReference(name) => name.name.as_str(),
        ModuleExportName::StringLiteral(name) => name.value.as_str(),
    }
}

/// What is taken of `require(…)` or `await import(…)`: `const { a } = …`, `const m = …; m.a`, `(…).a`.
fn destructured(code: &Code, request: NodeId) -> Taken {
    let mut inner = code.kind(request);
    for outer in code.ancestors(request) {
        match outer {
            AstKind::AwaitExpression(_) | AstKind::ParenthesizedExpression(_) => inner = outer,
            AstKind::StaticMemberExpression(member) if bare(&member.object).span() == inner.span() => {
                let name = member.property.name.to_string();
                let range = range(member.property.span);
                let names = vec![Wanted { local: name.clone(), name, range, type_only: false }];
                return Taken { names, whole: None, all: true };
            }
            AstKind::VariableDeclarator(declarator) => return taken(code, &declarator.id),
            _ => return Taken::default(),
        }
    }
    Taken::default()
}

fn taken(code: &Code, pattern: &BindingPattern) -> Taken {
    match pattern {
        BindingPattern::BindingIdentifier(id) => {
            let (names, all) = id.symbol_id.get().map_or((Vec::new(), false), |symbol| members(code, symbol));
            Taken { all: all && !names.is_empty(), names, whole: Some(id.name.to_string()) }
        }
        BindingPattern::ObjectPattern(object) => {
            let names = object.properties.iter().filter_map(|property| {
                let local = property.value.get_binding_identifier().map(|id| id.name.to_string()).unwrap_or_default();
                let name = property.key.static_name()?.into_owned();
                Some(Wanted { name, local, range: range(property.key.span()), type_only: false })
            });
            let names: Vec<Wanted> = names.collect();
            let all = names.len() == object.properties.len() && object.rest.is_none();
            Taken { names, whole: None, all }
        }
        _ => Taken::default(),
    }
}

fn is_lazy(code: &Code, kind: AstKind) -> bool {
    code.function_of(kind.node_id()).is_some()
}

fn is_guarded(code: &Code, request: NodeId, span: Span) -> bool {
    let mut inner = span;
    for outer in code.ancestors(request) {
        match outer {
            AstKind::TryStatement(it) if it.handler.is_some() && within(span, it.block.span) => return true,
            AstKind::IfStatement(it) if within(span, it.consequent.span()) || it.alternate.is_some() => return true,
            AstKind::ConditionalExpression(_) | AstKind::LogicalExpression(_) => return true,
            // `import(…).catch(…)`, `import(…).then(…, …)`, and lists of promises that may fail.
            AstKind::StaticMemberExpression(member)
                if member.object.span() == inner && matches!(member.property.name.as_str(), "catch" | "then") =>
            {
                return true;
            }
            AstKind::CallExpression(call) if code.slice(call.callee.span()).ends_with("allSettled") => return true,
            _ => {}
        }
        inner = outer.span();
    }
    false
}

fn within(inner: Span, outer: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}
