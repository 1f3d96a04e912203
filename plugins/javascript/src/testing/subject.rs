//! What a test calls: the handler, where it is declared, and how its file hands it out.

use oxc::ast::AstKind;
use oxc::ast::ast::{BindingPattern, Class, MethodDefinitionKind};
use serde_json::Value;

use super::framework::Framework;
use crate::code::{Code, Func, last_segment};
use crate::exports::{Export, export_of};
use crate::project::Project;
use crate::promises::promising;

/// The handler as code.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Where it is declared.
    pub path: String,
    /// The function's own name.
    pub name: String,
    /// Whether a call gives a promise.
    pub is_async: bool,
    /// How to get at it; none when only a neighbour could know.
    access: Option<Access>,
    /// The parameters' names; for one that is taken apart the names of its parts.
    params: Vec<Vec<String>>,
}

/// How another file gets at a function.
#[derive(Clone, Debug)]
enum Access {
    Exported(Export),
    /// A method of a class that needs nothing to be made.
    Method {
        class: String,
        export: Export,
        is_static: bool,
    },
    /// A method of an exported object.
    Member {
        object: String,
        export: Export,
    },
}

fn subject(code: &Code, project: &Project, name: &str, line: Option<u32>) -> Option<Subject> {
    let functions = code.functions_named(name);
    let at_line = functions.iter().find(|function| line.is_some_and(|line| code.line(function.span.start) == line));
    let function = at_line.or(if functions.len() == 1 { functions.first() } else { None })?;
    let params = function.params.items.iter().map(|parameter| match &parameter.pattern {
        BindingPattern::BindingIdentifier(id) => vec![id.name.to_string()],
        BindingPattern::ObjectPattern(pattern) => pattern
            .properties
            .iter()
            .filter_map(|property| property.key.static_name())
            .map(std::borrow::Cow::into_owned)
            .collect(),
        _ => Vec::new(),
    });
    Some(Subject {
        path: code.text.path.clone(),
        name: name.to_owned(),
        is_async: function.is_async || promising(code, project, function, 4).is_some(),
        access: access(code, function, name),
        params: params.collect(),
    })
}

fn access<'a>(code: &Code<'a>, function: &Func<'a>, name: &str) -> Option<Access> {
    match code.parent(function.id) {
        AstKind::MethodDefinition(method) => {
            let class = code.ancestors(function.id).find_map(|kind| match kind {
                AstKind::Class(class) => Some(class),
                _ => None,
            })?;
            let class_name = class.id.as_ref()?.name.as_str();
            let export = export_of(code, class_name)?;
            let makes = method.r#static || needs_nothing(code, class);
            makes.then(|| Access::Method { class: class_name.to_owned(), export, is_static: method.r#static })
        }
        AstKind::ObjectProperty(_) => {
            let object = code.ancestors(function.id).find_map(|kind| match kind {
                AstKind::VariableDeclarator(declarator) => match &declarator.id {
                    BindingPattern::BindingIdentifier(id) => Some(id.name.as_str()),
                    _ => None,
                },
                _ => None,
            });
            match object {
                Some(object) => {
                    let export = export_of(code, object)?;
                    Some(Access::Member { object: object.to_owned(), export })
                }
                None => export_of(code, name).map(Access::Exported),
            }
        }
        _ => export_of(code, name).map(Access::Exported),
    }
}

fn needs_nothing<'a>(code: &Code<'a>, class: &'a Class<'a>) -> bool {
    class.heritage.is_none()
        && !code.inside(class.span).any(|kind| match kind {
            AstKind::MethodDefinition(method) if method.kind == MethodDefinitionKind::Constructor => {
                method.value.params.items.iter().any(|parameter| parameter.initializer.is_none() && !parameter.optional)
            }
            _ => false,
        })
}

impl Subject {
    /// The handler that telemetry names, in the first of these files that has it; none when it can't be told which
    /// function that is. The line, where it is known, is the one on which the function starts.
    pub fn find(handler: &str, paths: &[&str], line: Option<u32>, project: &Project) -> Option<Self> {
        let name = last_segment(handler);
        paths.iter().find_map(|path| project.ask(path, |code| subject(code, project, name, line))?)
    }

    /// The import, and what is then called.
    pub fn import(&self, framework: &Framework) -> Option<(String, String)> {
        let (local, export, after) = match self.access.as_ref()? {
            Access::Exported(export) => (self.name.clone(), export, String::new()),
            Access::Member { object, export } => (object.clone(), export, format!(".{}", self.name)),
            Access::Method { class, export, is_static: true } => (class.clone(), export, format!(".{}", self.name)),
            Access::Method { class, export, is_static: false } => (class.clone(), export, format!("#{}", self.name)),
        };
        let (binding, called) = match export {
            Export::Named(exported) if *exported == local => (Some(local.clone()), local),
            Export::Named(exported) => (Some(exported.clone()), exported.clone()),
            Export::Default => (None, local),
            Export::OfDefault(property) => {
                let module = "subject".to_owned();
                let callee = format!("{module}.{property}{after}");
                return Some((framework.import_default(&module, &self.path), callee));
            }
        };
        let import = match binding {
            Some(name) => framework.import_named(&name, &self.path),
            None => framework.import_default(&called, &self.path),
        };
        let callee = match after.strip_prefix('#') {
            Some(method) => format!("new {called}().{method}"),
            None => format!("{called}{after}"),
        };
        Some((import, callee))
    }

    /// Arguments that were captured by name, in their order.
    pub fn positional(&self, by_name: &Value) -> Option<Vec<Value>> {
        let named = by_name.as_object()?;
        match self.params.as_slice() {
            // One parameter that is taken apart: the names are its own.
            [parts] if parts.len() != 1 || !named.contains_key(&parts[0]) => Some(vec![by_name.clone()]),
            params => {
                let given: Vec<_> = params.iter().map(|names| named.get(names.first()?).cloned()).collect();
                let last = given.iter().rposition(Option::is_some).map_or(0, |at| at + 1);
                Some(given.into_iter().take(last).map(|value| value.unwrap_or(Value::Null)).collect())
            }
        }
    }
}
