//! What a script offers to who imports it.

use oxc::ast::AstKind;
use oxc::ast::ast::{Declaration, Expression, ModuleExportName, ObjectPropertyKind};
use oxc::span::GetSpan as _;
use thymus_javascript::code::{Code, bare};

use crate::index::Surface;

/// Its exports, of either module system.
pub fn surface(code: &Code) -> Surface {
    let mut surface = Surface::default();
    for kind in code.kinds() {
        match kind {
            AstKind::ExportDeclaration(export) => declared(&export.declaration, &mut surface),
            AstKind::ExportNamedDeclaration(export) => {
                surface.names.extend(export.specifiers.iter().map(|it| exported(&it.exported).to_owned()));
            }
            AstKind::ExportDefaultDeclaration(_) => drop(surface.names.insert("default".to_owned())),
            AstKind::ExportAllDeclaration(export) => match &export.exported {
                Some(name) => drop(surface.names.insert(exported(name).to_owned())),
                None => surface.hands_on.push(export.source.value.to_string()),
            },
            AstKind::AssignmentExpression(assignment) => {
                let target = code.slice(assignment.left.span());
                if target == "module.exports" || target == "exports" {
                    whole(code, bare(&assignment.right), &mut surface);
                } else if let Some(name) =
                    target.strip_prefix("module.exports.").or_else(|| target.strip_prefix("exports."))
                {
                    surface.names.insert(name.split('.').next().unwrap_or(name).to_owned());
                } else if target.starts_with("module.exports[") || target.starts_with("exports[") {
                    surface.is_open = true;
                }
            }
            AstKind::CallExpression(call) => {
                // `Object.assign(exports, …)`, `__exportStar(require(…), exports)`
                let takes = |argument: &oxc::ast::ast::Argument| {
                    matches!(code.slice(argument.span()), "exports" | "module.exports" | "module" | "this")
                };
                surface.is_open |= call.arguments.iter().any(takes);
            }
            _ => {}
        }
    }
    for function in code.functions() {
        if let Some(name) = code.function_name(&function).filter(|name| surface.names.contains(*name)) {
            let signature = super::functions::signature(code, &function);
            // Of two functions with one name nobody knows which is meant.
            if surface.functions.insert(name.to_owned(), signature).is_some() {
                surface.functions.remove(name);
            }
        }
    }
    surface
}

fn declared(declaration: &Declaration, surface: &mut Surface) {
    match declaration {
        Declaration::VariableDeclaration(variables) => {
            for declarator in &variables.declarations {
                let ids = declarator.id.get_binding_identifiers();
                surface.names.extend(ids.iter().map(|id| id.name.to_string()));
            }
        }
        other => match other.id() {
            Some(id) => drop(surface.names.insert(id.name.to_string())),
            None => surface.is_open = true,
        },
    }
}

/// `module.exports = …`
fn whole(code: &Code, value: &Expression, surface: &mut Surface) {
    surface.names.insert("default".to_owned());
    let Expression::ObjectExpression(object) = value else {
        // A function or a class with properties of its own, or what another module exports.
        surface.is_open = true;
        return;
    };
    for property in &object.properties {
        match property {
            ObjectPropertyKind::ObjectProperty(property) => match property.key.static_name() {
                Some(name) => drop(surface.names.insert(name.into_owned())),
                None => surface.is_open = true,
            },
            ObjectPropertyKind::SpreadProperty(spread) => {
                surface.is_open |= !code.slice(spread.span).is_empty();
            }
        }
    }
}

fn exported<'n>(name: &'n ModuleExportName) -> &'n str {
    match name {
        ModuleExportName::IdentifierName(name) => name.name.as_str(),
        ModuleExportName::IdentifierReference(name) => name.name.as_str(),
        ModuleExportName::StringLiteral(name) => name.value.as_str(),
    }
}
