//! What a test calls: the handler, where it is declared, and how its file hands it out.

use oxc::ast::ast::BindingPattern;
use serde_json::Value;

use super::framework::Framework;
use crate::code::{Code, Func, is_name, last_segment};
use crate::exports::{Export, is_module};
use crate::handler::{Reach, camel, handler, reach, stem};
use crate::project::Project;
use crate::promises::promising;

/// Names that a test file must not bind: words of the language, and what frameworks bring.
const TAKEN: [&str; 40] = [
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "default",
    "delete",
    "do",
    "else",
    "export",
    "extends",
    "finally",
    "for",
    "function",
    "if",
    "import",
    "in",
    "instanceof",
    "new",
    "return",
    "super",
    "switch",
    "this",
    "throw",
    "try",
    "typeof",
    "var",
    "void",
    "while",
    "with",
    "test",
    "it",
    "describe",
    "expect",
    "assert",
    "t",
    "exports",
    "require",
];

/// The handler as code.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Where it is declared.
    pub path: String,
    /// What it is called: by those who use it, else by itself.
    pub name: String,
    /// Whether a call gives a promise.
    pub is_async: bool,
    /// How to get at it; none when only a neighbour could know.
    pub(super) reach: Option<Reach>,
    /// Whether its file is an ECMAScript module.
    is_module: bool,
    /// The parameters' names; for one that is taken apart the names of its parts.
    params: Vec<Vec<String>>,
}

fn subject<'a>(code: &Code<'a>, function: &Func<'a>, project: &Project, handler: &str) -> Subject {
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
    let reach = reach(code, function);
    let called = reach.as_ref().and_then(Reach::name);
    let own = called.or_else(|| code.function_name(function)).filter(|name| is_name(name) && *name != "exports");
    let name = own.map_or_else(|| unnamed(handler, &code.text.path), str::to_owned);
    Subject {
        path: code.text.path.clone(),
        name,
        is_async: function.is_async || promising(code, project, function, 4).is_some(),
        reach,
        is_module: is_module(code),
        params: params.collect(),
    }
}

/// What a function without a name is called: as telemetry does, else as its file.
fn unnamed(handler: &str, path: &str) -> String {
    let last = last_segment(handler);
    if is_name(last) && !TAKEN.contains(&last) && last != "anonymous" { last.to_owned() } else { camel(&stem(path)) }
}

impl Subject {
    /// The handler that telemetry names, in the first of these files that has it; none when it can't be told which
    /// function that is. The line, where it is known, is the one on which the function starts, or one inside it.
    pub fn find(name: &str, paths: &[&str], line: Option<u32>, project: &Project) -> Option<Self> {
        paths.iter().find_map(|path| {
            project.ask(path, |code| handler(code, name, line).map(|it| subject(code, &it, project, name)))?
        })
    }

    /// Whether it is all that its file exports, so that others call it as they like.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self.reach, Some(Reach::Exported(Export::Default)))
    }

    /// The import, and what is then called.
    pub fn import(&self, framework: &Framework) -> Option<(String, String)> {
        let (local, export, after) = match self.reach.as_ref()? {
            Reach::Exported(export) => (self.name.as_str(), export, String::new()),
            Reach::Member { object, property, export } => (object.as_str(), export, format!(".{property}")),
            Reach::Method { class, property, export, is_static: true, .. } => {
                (class.as_str(), export, format!(".{property}"))
            }
            Reach::Method { class, property, export, needs_nothing: true, .. } => {
                (class.as_str(), export, format!("#{property}"))
            }
            Reach::Method { .. } => return None,
        };
        let free = |name: &str| is_name(name) && !TAKEN.contains(&name);
        let file = camel(&stem(&self.path));
        let module = if free(&file) && file != local { file } else { "subject".to_owned() };
        let (import, called) = match export {
            Export::Named(exported) if free(exported) => {
                (framework.import_named(exported, &self.path), exported.clone())
            }
            Export::Named(exported) => (framework.import_renamed(exported, &module, &self.path), module),
            Export::Default => {
                let local = if free(local) { local } else { module.as_str() };
                (framework.import_default(local, &self.path, self.is_module), local.to_owned())
            }
            Export::OfDefault(property) => {
                let import = framework.import_default(&module, &self.path, self.is_module);
                (import, format!("{module}.{property}"))
            }
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
