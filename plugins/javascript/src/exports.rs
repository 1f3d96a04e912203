//! How a file hands its names to others, and how another file gets at them.

use std::ops::Range;

use oxc::ast::AstKind;
use oxc::ast::ast::{BindingPattern, Expression, ImportDeclarationSpecifier, ModuleExportName, ObjectPropertyKind};
use oxc::span::GetSpan as _;

use super::code::{Code, bare, range};
use super::project::{Project, relative};
use super::promises::require_of;
use super::style::Style;

/// How a name leaves its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Export {
    /// Under this name.
    Named(String),
    /// As the file's default, or as all of `module.exports`.
    Default,
    /// As a property of the default object.
    OfDefault(String),
}

/// How a file exports one of its names; none when it keeps it.
pub fn export_of(code: &Code, name: &str) -> Option<Export> {
    code.kinds().find_map(|kind| match kind {
        AstKind::ExportDeclaration(export) => {
            let declared = code.inside(export.span).any(|inner| match inner {
                AstKind::Function(_) | AstKind::Class(_) | AstKind::VariableDeclarator(_) => {
                    declares(code, inner, name, export.span.start)
                }
                _ => false,
            });
            declared.then(|| Export::Named(name.to_owned()))
        }
        AstKind::ExportNamedDeclaration(export) => export.specifiers.iter().find_map(|specifier| {
            if export_name(&specifier.local) != name {
                return None;
            }
            let exported = export_name(&specifier.exported);
            Some(if exported == "default" { Export::Default } else { Export::Named(exported.to_owned()) })
        }),
        AstKind::ExportDefaultDeclaration(export) => {
            let text = code.slice(export.declaration.span());
            let own = code.inside(export.declaration.span()).next();
            match own {
                Some(AstKind::Function(function)) => {
                    function.id.as_ref().is_some_and(|id| id.name == name).then_some(Export::Default)
                }
                Some(AstKind::Class(class)) => {
                    class.id.as_ref().is_some_and(|id| id.name == name).then_some(Export::Default)
                }
                Some(AstKind::ObjectExpression(object)) => of_object(code, &object.properties, name, Export::OfDefault),
                _ => (text == name).then_some(Export::Default),
            }
        }
        AstKind::AssignmentExpression(assignment) => {
            let target = code.slice(assignment.left.span());
            if target == "module.exports" {
                match bare(&assignment.right) {
                    Expression::ObjectExpression(object) => of_object(code, &object.properties, name, Export::Named),
                    Expression::Identifier(whole) => (whole.name == name).then_some(Export::Default),
                    Expression::FunctionExpression(function) => {
                        function.id.as_ref().is_some_and(|id| id.name == name).then_some(Export::Default)
                    }
                    Expression::ClassExpression(class) => {
                        class.id.as_ref().is_some_and(|id| id.name == name).then_some(Export::Default)
                    }
                    _ => None,
                }
            } else {
                let exported = target.strip_prefix("module.exports.").or_else(|| target.strip_prefix("exports."))?;
                let whole = code.slice(assignment.right.span());
                (exported == name || whole == name).then(|| Export::Named(exported.to_owned()))
            }
        }
        _ => None,
    })
}

/// Only what is declared right behind `export`, not what lies deeper in it.
fn declares(code: &Code, kind: AstKind, name: &str, export: u32) -> bool {
    let (own, start) = match kind {
        AstKind::Function(function) => (function.id.as_ref().map(|id| id.name.as_str()), function.span.start),
        AstKind::Class(class) => (class.id.as_ref().map(|id| id.name.as_str()), class.span.start),
        AstKind::VariableDeclarator(declarator) => match &declarator.id {
            BindingPattern::BindingIdentifier(id) => (Some(id.name.as_str()), declarator.span.start),
            _ => (None, 0),
        },
        _ => return false,
    };
    let depth = code.text.content.get(export as usize..start as usize).unwrap_or("{");
    own == Some(name) && depth.matches(['{', '(']).count() == depth.matches(['}', ')']).count()
}

fn of_object(code: &Code, properties: &[ObjectPropertyKind], name: &str, how: fn(String) -> Export) -> Option<Export> {
    properties.iter().find_map(|property| {
        let property = property.as_property()?;
        let key = property.key.static_name()?;
        let value = code.slice(property.value.span());
        (key == name || value == name).then(|| how(key.into_owned()))
    })
}

fn export_name<'n>(name: &'n ModuleExportName) -> &'n str {
    match name {
        ModuleExportName::IdentifierName(name) => name.name.as_str(),
        ModuleExportName::IdentifierReference(name) => name.name.as_str(),
        ModuleExportName::StringLiteral(name) => name.value.as_str(),
    }
}

/// The file of the project that a name of this file is imported from.
pub fn import_of(code: &Code, project: &Project, name: &str) -> Option<String> {
    code.kinds().find_map(|kind| match kind {
        AstKind::ImportDeclaration(import) => {
            let named = import.specifiers.iter().flatten().any(|specifier| specifier.local().name == name);
            named.then(|| project.resolve(&code.text.path, import.source.value.as_str())).flatten()
        }
        AstKind::VariableDeclarator(declarator) => {
            let named = declarator.id.get_binding_identifiers().iter().any(|id| id.name == name);
            let module = named.then(|| require_of(declarator.init.as_ref()?)).flatten()?;
            project.resolve(&code.text.path, module)
        }
        _ => None,
    })
}

/// Whether a name can be used at the top of a file.
pub fn knows(code: &Code, name: &str) -> bool {
    code.kinds().any(|kind| matches!(kind, AstKind::BindingIdentifier(id) if id.name == name))
}

/// Whether a file uses `import`, told by what stands in it.
pub fn is_module(code: &Code) -> bool {
    let path = &code.text.path;
    !path.ends_with(".cjs")
        && (path.ends_with(".mjs")
            || code.kinds().any(oxc::ast::AstKind::is_module_declaration)
            || (path.contains(".ts") && !code.text.content.contains("require(")))
}

/// The edit that makes a name of another file known in this one; none when it can't be done plainly.
pub fn import_edit(code: &Code, project: &Project, name: &str, from: &str) -> Option<(Range<usize>, String)> {
    let exported = project.ask(from, |other| export_of(other, name))??;
    if exported != Export::Named(name.to_owned()) {
        return None;
    }
    let own = &code.text.path;
    let mut last = None;
    for kind in code.kinds() {
        match kind {
            AstKind::ImportDeclaration(import) => {
                last = Some((import.span, import.source.value.as_str()));
                if project.resolve(own, import.source.value.as_str()).as_deref() != Some(from)
                    || import.import_kind.is_type()
                {
                    continue;
                }
                let named = import
                    .specifiers
                    .iter()
                    .flatten()
                    .rfind(|it| matches!(it, ImportDeclarationSpecifier::ImportSpecifier(_)));
                if let Some(named) = named {
                    let end = named.span().end as usize;
                    return Some((end..end, format!(", {name}")));
                }
            }
            AstKind::VariableDeclarator(declarator) => {
                let Some(module) = declarator.init.as_ref().and_then(require_of) else { continue };
                let statement = code.statement_of(declarator.node_id()).map(|statement| statement.span());
                last = statement.map(|span| (span, module)).or(last);
                if project.resolve(own, module).as_deref() == Some(from)
                    && let BindingPattern::ObjectPattern(pattern) = &declarator.id
                    && let Some(named) = pattern.properties.last()
                {
                    let end = named.span.end as usize;
                    return Some((end..end, format!(", {name}")));
                }
            }
            _ => {}
        }
    }
    let (span, sibling) = last?;
    let style = Style::of_code(code);
    let mut specifier = relative(own, from);
    let has_extension = sibling.starts_with('.') && sibling.rsplit('/').next().is_some_and(|file| file.contains('.'));
    if (sibling.starts_with('.') && !has_extension) || (!sibling.starts_with('.') && !is_module(code)) {
        specifier = specifier.rsplit_once('.')?.0.to_owned();
    } else if let Some(stem) = specifier.strip_suffix(".ts") {
        specifier = format!("{stem}.js");
    }
    let specifier = style.string(&specifier);
    let line = if is_module(code) {
        format!("import {{ {name} }} from {specifier}{}", style.semicolon)
    } else {
        format!("const {{ {name} }} = require({specifier}){}", style.semicolon)
    };
    let end = range(span).end;
    Some((end..end, format!("{}{line}", style.newline)))
}
