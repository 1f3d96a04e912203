//! What a script takes from modules, by its syntax tree.

use std::collections::BTreeMap;
use std::ops::Range;

use oxc::allocator::Allocator;
use oxc::ast::AstKind;
use oxc::ast::ast::{
    Argument, BindingPattern, Expression, ImportDeclarationSpecifier, ModuleExportName, ObjectPropertyKind,
};
use oxc::semantic::SymbolId;
use oxc::span::{GetSpan as _, Span};
use thymus_javascript::code::Code;
use thymus_javascript::promises::require_of;
use thymus_sdk::source::Text;

use super::{Call, Example, Use};
use crate::markdown::page::{Block, Page};

/// What a local name stands for: a module, and a name of it or all of it.
type Taken = (String, Option<String>);

pub(super) fn read(page: &Page, block: &Block, path: &str) -> Option<Example> {
    let text = Text::new(path, page.code(block));
    let allocator = Allocator::default();
    let code = Code::parse(&allocator, &text)?;
    let mut reader = Reader { code: &code, base: block.at.start, example: Example::default(), known: BTreeMap::new() };
    for kind in code.kinds() {
        reader.import(kind);
    }
    for kind in code.kinds() {
        reader.call(kind);
    }
    Some(reader.example)
}

struct Reader<'c, 'a> {
    code: &'c Code<'a>,
    base: usize,
    example: Example,
    known: BTreeMap<SymbolId, Taken>,
}

impl Reader<'_, '_> {
    fn at(&self, span: Span) -> Range<usize> {
        self.base + span.start as usize..self.base + span.end as usize
    }

    fn import(&mut self, kind: AstKind) {
        match kind {
            AstKind::ImportDeclaration(import) => {
                let (module, source) = (import.source.value.to_string(), import.source.span);
                for specifier in import.specifiers.iter().flatten() {
                    let local = specifier.local();
                    let taken = match specifier {
                        ImportDeclarationSpecifier::ImportSpecifier(it) => {
                            let imported = imported(&it.imported);
                            let places = if imported == local.name.as_str() {
                                self.places(local.symbol_id.get(), it.imported.span())
                            } else {
                                vec![self.at(it.imported.span())]
                            };
                            self.take(&module, source, Some(imported.to_owned()), false, places);
                            Some(imported.to_owned())
                        }
                        ImportDeclarationSpecifier::ImportDefaultSpecifier(_) => Some("default".to_owned()),
                        ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => None,
                    };
                    local.symbol_id.get().map(|symbol| self.known.insert(symbol, (module.clone(), taken)));
                }
                self.take(&module, source, None, false, Vec::new());
            }
            AstKind::VariableDeclarator(declarator) => {
                let Some(Expression::CallExpression(call)) = declarator.init.as_ref() else { return };
                let Some(module) = declarator.init.as_ref().and_then(require_of).map(str::to_owned) else { return };
                let Some(Argument::StringLiteral(source)) = call.arguments.first() else { return };
                self.take(&module, source.span, None, true, Vec::new());
                self.required(&declarator.id, &module, source.span);
            }
            _ => {}
        }
    }

    /// `const { a } = require('m')`, `const m = require('m')`
    fn required(&mut self, pattern: &BindingPattern, module: &str, source: Span) {
        match pattern {
            BindingPattern::BindingIdentifier(id) => {
                id.symbol_id.get().map(|symbol| self.known.insert(symbol, (module.to_owned(), None)));
            }
            BindingPattern::ObjectPattern(object) => {
                for property in &object.properties {
                    let Some(name) = property.key.static_name().map(std::borrow::Cow::into_owned) else { continue };
                    let BindingPattern::BindingIdentifier(id) = &property.value else { continue };
                    let places = if property.shorthand {
                        self.places(id.symbol_id.get(), property.key.span())
                    } else {
                        vec![self.at(property.key.span())]
                    };
                    self.take(module, source, Some(name.clone()), true, places);
                    id.symbol_id.get().map(|symbol| self.known.insert(symbol, (module.to_owned(), Some(name))));
                }
            }
            _ => {}
        }
    }

    fn take(&mut self, module: &str, source: Span, name: Option<String>, is_required: bool, places: Vec<Range<usize>>) {
        // Without its quotes.
        let module_at = self.base + source.start as usize + 1..self.base + source.end as usize - 1;
        self.example.uses.push(Use { module: module.to_owned(), module_at, name, is_required, places });
    }

    fn places(&self, symbol: Option<SymbolId>, declared: Span) -> Vec<Range<usize>> {
        let mut places = vec![self.at(declared)];
        places.extend(
            symbol.into_iter().flat_map(|symbol| self.code.references(symbol)).map(|kind| self.at(kind.span())),
        );
        places
    }

    fn call(&mut self, kind: AstKind) {
        match kind {
            AstKind::StaticMemberExpression(member) => {
                let Expression::Identifier(object) = &member.object else { return };
                let Some((module, None)) = self.code.resolve(object).and_then(|symbol| self.known.get(&symbol)) else {
                    return;
                };
                let (module, name, at) =
                    (module.clone(), member.property.name.to_string(), self.at(member.property.span));
                let is_required = self.example.uses.iter().any(|used| used.module == module && used.is_required);
                self.example.uses.push(Use {
                    is_required,
                    module,
                    module_at: at.start..at.start,
                    name: Some(name),
                    places: vec![at],
                });
            }
            AstKind::CallExpression(call) => {
                let taken = match &call.callee {
                    Expression::Identifier(id) => {
                        self.code.resolve(id).and_then(|symbol| self.known.get(&symbol)).cloned()
                    }
                    Expression::StaticMemberExpression(member) => match &member.object {
                        Expression::Identifier(object) => self
                            .code
                            .resolve(object)
                            .and_then(|symbol| self.known.get(&symbol))
                            .filter(|taken| taken.1.is_none())
                            .map(|taken| (taken.0.clone(), Some(member.property.name.to_string()))),
                        _ => None,
                    },
                    _ => None,
                };
                let Some((module, Some(name))) = taken else { return };
                let object = call.arguments.iter().enumerate().find_map(|(position, argument)| match argument {
                    Argument::ObjectExpression(object) => Some((position, object)),
                    _ => None,
                });
                let Some((position, object)) = object else { return };
                let options = object.properties.iter().filter_map(|property| match property {
                    ObjectPropertyKind::ObjectProperty(property) if !property.computed => {
                        Some((property.key.static_name()?.into_owned(), self.at(property.key.span())))
                    }
                    _ => None,
                });
                let options = options.collect();
                self.example.calls.push(Call { module, name, options, position: Some(position) });
            }
            _ => {}
        }
    }
}

fn imported<'n>(name: &'n ModuleExportName) -> &'n str {
    match name {
        ModuleExportName::IdentifierName(name) => name.name.as_str(),
        ModuleExportName::IdentifierReference(name) => name.name.as_str(),
        ModuleExportName::StringLiteral(name) => name.value.as_str(),
    }
}
