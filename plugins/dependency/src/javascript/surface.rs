//! What a file offers to others: the names that it exports, as far as they can be told without running it.

use std::collections::BTreeSet;

use oxc::ast::AstKind;
use oxc::ast::ast::{Declaration, Expression, ObjectPropertyKind};
use oxc::span::GetSpan as _;
use thymus_javascript::code::{Code, bare};

use super::imports::text;

/// The exports of one file.
#[derive(Clone, Debug, Default)]
pub struct Surface {
    /// By name; `default` is one.
    pub names: BTreeSet<String>,
    /// Those that it only hands on.
    handed_on: BTreeSet<String>,
    /// One of them that is there when it runs: no type.
    pub value: Option<String>,
    /// What `export *` hands on, as it is written.
    pub stars: Vec<String>,
    /// Whether `names` and `stars` are all there can be.
    pub is_complete: bool,
    /// It is an ECMAScript module.
    pub is_module: bool,
    /// What the default export is called in its own file.
    pub default_name: Option<String>,
}

/// The exports of a file.
pub fn surface(code: &Code) -> Surface {
    let is_module = code.kinds().any(oxc::ast::AstKind::is_module_declaration);
    let mut surface = Surface { is_module, is_complete: true, ..Surface::default() };
    for kind in code.kinds() {
        if is_module { surface.ecma(code, kind) } else { surface.common(code, kind) }
    }
    surface
}

impl Surface {
    /// Whether a name is exported and defined here.
    pub fn defines(&self, name: &str) -> bool {
        self.names.contains(name) && !self.handed_on.contains(name)
    }

    fn ecma(&mut self, code: &Code, kind: AstKind) {
        match kind {
            AstKind::ExportDeclaration(export) => self.declared(&export.declaration),
            AstKind::ExportNamedDeclaration(export) => {
                for specifier in &export.specifiers {
                    let exported = text(&specifier.exported);
                    if exported == "default" {
                        self.default_name = Some(text(&specifier.local).to_owned());
                    }
                    self.names.insert(exported.to_owned());
                }
            }
            AstKind::ExportFromDeclaration(export) => {
                let names = export.specifiers.iter().map(|it| text(&it.exported).to_owned());
                self.handed_on.extend(names.clone());
                self.names.extend(names);
            }
            AstKind::ExportAllDeclaration(export) => match &export.exported {
                Some(name) => drop(self.names.insert(text(name).to_owned())),
                None => self.stars.push(export.source.value.to_string()),
            },
            AstKind::ExportDefaultDeclaration(export) => {
                self.valued("default".to_owned());
                let words = code.slice(export.declaration.span());
                let name = words
                    .trim_start_matches("async ")
                    .trim_start_matches("function")
                    .trim_start_matches("class")
                    .trim_start_matches(['*', ' ']);
                let end = name.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$'))).unwrap_or(name.len());
                self.default_name = Some(name[..end].to_owned()).filter(|name| !name.is_empty());
            }
            AstKind::TSExportAssignment(_) | AstKind::TSNamespaceExportDeclaration(_) => self.is_complete = false,
            _ => {}
        }
    }

    fn declared(&mut self, declaration: &Declaration) {
        let value = |id: Option<&oxc::ast::ast::BindingIdentifier>| id.map(|id| id.name.to_string());
        let id = match declaration {
            Declaration::VariableDeclaration(it) => {
                for id in it.declarations.iter().flat_map(|one| one.id.get_binding_identifiers()) {
                    self.valued(id.name.to_string());
                }
                return;
            }
            Declaration::FunctionDeclaration(it) => {
                return value(it.id.as_ref()).into_iter().for_each(|name| self.valued(name));
            }
            Declaration::ClassDeclaration(it) => {
                return value(it.id.as_ref()).into_iter().for_each(|name| self.valued(name));
            }
            Declaration::TSTypeAliasDeclaration(it) => Some(it.id.name.to_string()),
            Declaration::TSInterfaceDeclaration(it) => Some(it.id.name.to_string()),
            Declaration::TSEnumDeclaration(it) => Some(it.id.name.to_string()),
            Declaration::TSImportEqualsDeclaration(it) => Some(it.id.name.to_string()),
            _ => {
                self.is_complete = false;
                None
            }
        };
        self.names.extend(id);
    }

    fn valued(&mut self, name: String) {
        self.value.get_or_insert_with(|| name.clone());
        self.names.insert(name);
    }

    fn common(&mut self, code: &Code, kind: AstKind) {
        match kind {
            AstKind::AssignmentExpression(assignment) => {
                let target = code.slice(assignment.left.span());
                if matches!(target, "module.exports" | "exports") {
                    match bare(&assignment.right) {
                        Expression::ObjectExpression(object) => object.properties.iter().for_each(|it| self.entry(it)),
                        // `exports = module.exports = …` is looked at by itself.
                        Expression::AssignmentExpression(_) => {}
                        _ => {
                            self.is_complete = false;
                            self.names.insert("default".to_owned());
                        }
                    }
                } else if let Some(name) =
                    target.strip_prefix("module.exports.").or_else(|| target.strip_prefix("exports."))
                {
                    if name.contains(['.', '[', '(']) {
                        return;
                    }
                    self.valued(name.to_owned());
                } else if target.starts_with("module.exports[") || target.starts_with("exports[") {
                    self.is_complete = false;
                }
            }
            // `exports` in any other place: handed to a helper, or aliased.
            AstKind::IdentifierReference(name) if matches!(name.name.as_str(), "exports" | "module") => {
                let plain = match code.parent(kind.node_id()) {
                    AstKind::StaticMemberExpression(member) if name.name == "module" => {
                        member.property.name == "exports" && !is_aliased(code, member.node_id.get())
                    }
                    AstKind::StaticMemberExpression(_) => true,
                    AstKind::AssignmentExpression(assignment) => {
                        code.slice(assignment.left.span()) == name.name.as_str()
                    }
                    _ => false,
                };
                self.is_complete &= plain;
            }
            _ => {}
        }
    }

    fn entry(&mut self, property: &ObjectPropertyKind) {
        match property.as_property().and_then(|it| it.key.static_name()) {
            Some(name) => self.valued(name.into_owned()),
            None => self.is_complete = false,
        }
    }
}

/// Whether `module.exports` is more than assigned to, or read a member of.
fn is_aliased(code: &Code, member: oxc::semantic::NodeId) -> bool {
    match code.parent(member) {
        AstKind::StaticMemberExpression(_) | AstKind::ComputedMemberExpression(_) => false,
        AstKind::AssignmentExpression(assignment) => assignment.right.span() == code.kind(member).span(),
        _ => true,
    }
}
