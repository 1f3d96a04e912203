//! Which function telemetry means, and how another file gets at it.
//!
//! Telemetry names a handler as whoever instrumented it saw it: by its own name, by the name under which it is exported,
//! by its file where it is all that the file exports, by its class and method, and mostly by its line. Code hands
//! functions out in as many ways. What stays ambiguous is not found.

use oxc::ast::AstKind;
use oxc::ast::ast::{BindingPattern, Class, Expression, FormalParameters, MethodDefinitionKind, Statement};
use oxc::semantic::NodeId;
use oxc::span::{GetSpan as _, Span};

use super::code::{Body, Code, Func, as_function, bare, is_name, key_name, last_segment};
use super::exports::{Export, export_of};

/// How deep a value may be wrapped (`a = b = c`, parentheses, `Object.freeze(…)`) on its way out of a file.
const MOST_WRAPPED: usize = 8;
/// What a function is called that nobody named.
const NAMELESS: [&str; 6] = ["default", "exports", "anonymous", "<anonymous>", "(anonymous)", ""];

/// How another file gets at a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It is exported itself.
    Exported(Export),
    /// It is a property of an exported object (or function).
    Member {
        /// What the object is called in its file.
        object: String,
        /// The property.
        property: String,
        /// How the object leaves its file.
        export: Export,
    },
    /// It is a method of an exported class.
    Method {
        /// What the class is called in its file.
        class: String,
        /// The method.
        property: String,
        /// How the class leaves its file.
        export: Export,
        /// Whether it is called on the class itself.
        is_static: bool,
        /// Whether an object of the class can be made of nothing.
        needs_nothing: bool,
    },
}

/// The function that telemetry calls so; the line, where it is known, is the one on which it starts or one inside it.
pub fn handler<'a>(code: &Code<'a>, name: &str, line: Option<u32>) -> Option<Func<'a>> {
    let last = last_segment(name);
    let starts = |function: &Func| line == Some(code.line(function.span.start));
    let around = |function: &Func| {
        line.is_some_and(|line| code.line(function.span.start) <= line && line <= code.line(function.span.end))
    };
    let mut named = code.functions_named(last);
    named.retain(|function| !matches!(function.body, Body::None));
    if named.len() > 1 {
        let qualified: Vec<_> = named.iter().filter(|it| is_owned(code, it, name)).copied().collect();
        if qualified.len() == 1 {
            return qualified.first().copied();
        }
    }
    let found = match named.as_slice() {
        [only] => Some(*only),
        several => several.iter().find(|it| starts(it)).or_else(|| several.iter().rfind(|it| around(it))).copied(),
    };
    if found.is_some() {
        return found;
    }
    if !named.is_empty() {
        return only(named.into_iter().filter(|function| reach(code, function).is_some()));
    }
    let exported = || code.functions().filter_map(|function| Some((function, reach(code, &function)?)));
    let so_called = only(exported().filter(|(_, reach)| reach.name() == Some(last)));
    let at_line = || exported().filter(|(function, _)| starts(function)).min_by_key(|(it, _)| it.span.start);
    let whole = || {
        let all = || only(exported().filter(|(_, reach)| *reach == Reach::Exported(Export::Default)));
        let nameless = NAMELESS.contains(&last) || plain(last) == plain(&stem(&code.text.path));
        if nameless { all() } else { None }
    };
    let inside = || exported().filter(|(function, _)| around(function)).min_by_key(|(it, _)| it.span.size());
    so_called.or_else(at_line).or_else(whole).or_else(inside).map(|(function, _)| function)
}

fn only<T>(mut found: impl Iterator<Item = T>) -> Option<T> {
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Whether `Cart.add` is the method of `Cart`.
fn is_owned(code: &Code, function: &Func, name: &str) -> bool {
    let owner = name.rsplit_once(['.', '#']).map(|(owner, _)| last_segment(owner.trim_end_matches(".prototype")));
    let class = code.ancestors(function.id).find_map(|kind| match kind {
        AstKind::Class(class) => class.id.as_ref().map(|id| id.name.as_str()),
        AstKind::AssignmentExpression(assignment) => {
            let target = code.slice(assignment.left.span()).rsplit_once('.')?.0;
            Some(last_segment(target.trim_end_matches(".prototype")))
        }
        _ => None,
    });
    owner.is_some() && owner == class
}

impl Reach {
    /// What its users call it; none when they name it as they like.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Exported(Export::Named(name) | Export::OfDefault(name)) => Some(name),
            Self::Exported(Export::Default) => None,
            Self::Member { property, .. } | Self::Method { property, .. } => Some(property),
        }
    }
}

/// How another file gets at a function of this one; none when it keeps it.
pub fn reach<'a>(code: &Code<'a>, function: &Func<'a>) -> Option<Reach> {
    let mut value = function.id;
    for _ in 0..MOST_WRAPPED {
        let parent = code.parent(value);
        match parent {
            AstKind::ParenthesizedExpression(_) | AstKind::TSAsExpression(_) | AstKind::TSSatisfiesExpression(_) => {}
            AstKind::AssignmentExpression(assignment) => {
                if let Some(reach) = assigned(code, code.slice(assignment.left.span())) {
                    return Some(reach);
                }
            }
            AstKind::ExportDefaultDeclaration(_) => return Some(Reach::Exported(Export::Default)),
            AstKind::MethodDefinition(method) => {
                return of_class(code, function, key_name(&method.key)?, method.r#static);
            }
            AstKind::PropertyDefinition(field) => {
                return of_class(code, function, key_name(&field.key)?, field.r#static);
            }
            AstKind::ObjectProperty(property) => {
                let AstKind::ObjectExpression(_) = code.parent(parent.node_id()) else { return None };
                return of_object(code, code.parent(parent.node_id()).node_id(), key_name(&property.key)?);
            }
            _ => break,
        }
        value = parent.node_id();
    }
    named(code, function.id, code.function_name(function)?).map(Reach::Exported)
}

/// How a declaration of this name leaves its file, at the top or as the result of the function that the file calls.
fn named(code: &Code, declared: NodeId, name: &str) -> Option<Export> {
    match code.ancestors(declared).find_map(|kind| as_function(kind)) {
        None => export_of(code, name).or_else(|| assigned_on_the_way(code, declared)),
        Some(around) => returned_by(code, &around, name),
    }
}

/// `const parse = module.exports = …`
fn assigned_on_the_way(code: &Code, declared: NodeId) -> Option<Export> {
    let AstKind::VariableDeclarator(declarator) = code.kind(declared) else { return None };
    let Expression::AssignmentExpression(assignment) = bare(declarator.init.as_ref()?) else { return None };
    match assigned(code, code.slice(assignment.left.span()))? {
        Reach::Exported(export) => Some(export),
        _ => None,
    }
}

/// `target = function …`
fn assigned(code: &Code, target: &str) -> Option<Reach> {
    let named = |name: &str| is_name(name).then(|| Reach::Exported(Export::Named(name.to_owned())));
    if target == "module.exports" {
        return Some(Reach::Exported(Export::Default));
    }
    if let Some(name) = target.strip_prefix("module.exports.").or_else(|| target.strip_prefix("exports.")) {
        return named(name);
    }
    let (object, property) = target.rsplit_once('.')?;
    if !is_name(property) {
        return None;
    }
    if let Some(class) = object.strip_suffix(".prototype") {
        let declared = declaration(code, class)?;
        return Some(Reach::Method {
            class: class.to_owned(),
            property: property.to_owned(),
            export: self::named(code, declared, class)?,
            is_static: false,
            needs_nothing: makes_of_nothing(code, class),
        });
    }
    member(code, object, property)
}

fn member(code: &Code, object: &str, property: &str) -> Option<Reach> {
    let declared = declaration(code, object)?;
    if let AstKind::VariableDeclarator(declarator) = code.kind(declared)
        && let Some(init) = &declarator.init
        && matches!(code.slice(init.span()), "exports" | "module.exports")
    {
        return Some(Reach::Exported(Export::Named(property.to_owned())));
    }
    let export = named(code, declared, object)?;
    Some(Reach::Member { object: object.to_owned(), property: property.to_owned(), export })
}

/// The node that declares a name, at the top of the file or else the only one.
fn declaration(code: &Code, name: &str) -> Option<NodeId> {
    let scoping = code.semantic.scoping();
    let all: Vec<_> = scoping.symbol_ids().filter(|symbol| scoping.symbol_name(*symbol) == name).collect();
    let top = all.iter().find(|symbol| scoping.symbol_scope_id(**symbol) == scoping.root_scope_id());
    top.or(only(all.iter())).map(|symbol| code.declaration(*symbol).node_id())
}

/// A function behind a key of an object literal.
fn of_object(code: &Code, object: NodeId, key: &str) -> Option<Reach> {
    let mut value = object;
    for _ in 0..MOST_WRAPPED {
        let parent = code.parent(value);
        match parent {
            AstKind::ParenthesizedExpression(_) | AstKind::TSAsExpression(_) | AstKind::TSSatisfiesExpression(_) => {}
            AstKind::ExportDefaultDeclaration(_) => {
                return Some(Reach::Exported(Export::OfDefault(key.to_owned())));
            }
            AstKind::VariableDeclarator(declarator) => {
                let BindingPattern::BindingIdentifier(id) = &declarator.id else { return None };
                return member(code, id.name.as_str(), key);
            }
            AstKind::AssignmentExpression(assignment) => match code.slice(assignment.left.span()) {
                "module.exports" => return Some(Reach::Exported(Export::Named(key.to_owned()))),
                target => {
                    let name = target.strip_prefix("module.exports.").or_else(|| target.strip_prefix("exports."));
                    if let Some(name) = name.filter(|name| is_name(name)) {
                        let export = Export::Named(name.to_owned());
                        return Some(Reach::Member { object: name.to_owned(), property: key.to_owned(), export });
                    }
                    if is_name(target) {
                        return member(code, target, key);
                    }
                }
            },
            AstKind::CallExpression(call) => match code.slice(call.callee.span()) {
                "Object.freeze" | "Object.seal" => {}
                "Object.assign" => {
                    let target = call.arguments.first().map(|first| code.slice(first.span()))?;
                    let whole = matches!(target, "module.exports" | "exports");
                    return whole.then(|| Reach::Exported(Export::Named(key.to_owned())));
                }
                _ => return None,
            },
            AstKind::ReturnStatement(returned) => {
                let around = code.function_of(returned.node_id())?;
                return is_factory(code, &around).then(|| Reach::Exported(Export::Named(key.to_owned())));
            }
            _ => return None,
        }
        value = parent.node_id();
    }
    None
}

/// A method or a field of a class.
fn of_class(code: &Code, function: &Func, property: &str, is_static: bool) -> Option<Reach> {
    let class = code.ancestors(function.id).find_map(|kind| match kind {
        AstKind::Class(class) => Some(class),
        _ => None,
    })?;
    let needs_nothing = class.heritage.is_none()
        && !code.inside(class.span).any(|kind| match kind {
            AstKind::MethodDefinition(method) if method.kind == MethodDefinitionKind::Constructor => {
                wants_something(&method.value.params)
            }
            _ => false,
        });
    let (name, export) = exported_class(code, class)?;
    Some(Reach::Method { class: name, property: property.to_owned(), export, is_static, needs_nothing })
}

/// A class's name in its file, or one for it, and how it leaves the file.
fn exported_class<'a>(code: &Code<'a>, class: &'a Class<'a>) -> Option<(String, Export)> {
    let own = class.id.as_ref().map(|id| id.name.to_string());
    let export = match code.parent(class.node_id()) {
        AstKind::ExportDefaultDeclaration(_) => Export::Default,
        AstKind::AssignmentExpression(assignment) => match assigned(code, code.slice(assignment.left.span()))? {
            Reach::Exported(export) => export,
            _ => return None,
        },
        AstKind::VariableDeclarator(declarator) => {
            let BindingPattern::BindingIdentifier(id) = &declarator.id else { return None };
            return Some((id.name.to_string(), named(code, declarator.node_id(), id.name.as_str())?));
        }
        _ => named(code, class.node_id(), own.as_deref()?)?,
    };
    let name = match (&own, &export) {
        (Some(own), _) => own.clone(),
        (None, Export::Named(name)) => name.clone(),
        (None, _) => capital(&camel(&stem(&code.text.path))),
    };
    Some((name, export))
}

fn wants_something(params: &FormalParameters) -> bool {
    params.items.iter().any(|parameter| parameter.initializer.is_none() && !parameter.optional)
}

/// Whether a constructor function can do without arguments.
fn makes_of_nothing(code: &Code, class: &str) -> bool {
    only(code.functions_named(class).into_iter()).is_some_and(|function| !wants_something(function.params))
}

/// `(function (root, factory) { … module.exports = factory() … })(this, function () { … return name; })`
fn returned_by(code: &Code, factory: &Func, name: &str) -> Option<Export> {
    if !is_factory(code, factory) {
        return None;
    }
    let Body::Block(body) = factory.body else { return None };
    let returned = body.statements.iter().find_map(|statement| match statement {
        Statement::ReturnStatement(returned) => returned.argument.as_ref(),
        _ => None,
    })?;
    match bare(returned) {
        Expression::Identifier(whole) => (whole.name == name).then_some(Export::Default),
        Expression::ObjectExpression(object) => object.properties.iter().find_map(|property| {
            let property = property.as_property()?;
            let key = property.key.static_name()?;
            (code.slice(property.value.span()) == name).then(|| Export::Named(key.into_owned()))
        }),
        _ => None,
    }
}

/// Whether a function at the top of a file is handed to a function that exports what it gives.
fn is_factory(code: &Code, function: &Func) -> bool {
    let outer = code.ancestors(function.id).skip(1).find_map(|kind| as_function(kind));
    let called = matches!(code.parent(function.id), AstKind::CallExpression(_) | AstKind::ParenthesizedExpression(_));
    outer.is_none() && called && exports_a_call(code)
}

/// `module.exports = factory()`
fn exports_a_call(code: &Code) -> bool {
    code.kinds().any(|kind| match kind {
        AstKind::AssignmentExpression(assignment) => {
            code.slice(assignment.left.span()) == "module.exports"
                && matches!(bare(&assignment.right), Expression::CallExpression(call) if is_parameter(code, call.callee.span()))
        }
        _ => false,
    })
}

fn is_parameter(code: &Code, callee: Span) -> bool {
    code.kinds().any(|kind| match kind {
        AstKind::FormalParameter(parameter) => code.slice(parameter.pattern.span()) == code.slice(callee),
        _ => false,
    })
}

/// The name of a file without its ending; of an `index.js` that of its folder.
pub fn stem(path: &str) -> String {
    let mut names = path.rsplit('/');
    let file = names.next().unwrap_or(path);
    let stem = file.split('.').next().unwrap_or(file);
    match (stem, names.next()) {
        ("index", Some(folder)) if !matches!(folder, "lib" | "src" | "source") => folder.to_owned(),
        _ => stem.to_owned(),
    }
}

/// `dot-prop` becomes `dotProp`.
pub fn camel(stem: &str) -> String {
    let mut parts = stem.split(|c: char| !c.is_alphanumeric() && c != '$').filter(|part| !part.is_empty());
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |name, part| name + &capital(part))
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// Letters and digits only, so that `dotProp` is `dot-prop`.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use oxc::allocator::Allocator;
    use thymus_sdk::source::Text;

    fn found(path: &str, source: &str, name: &str, line: Option<u32>) -> Option<(u32, Option<Reach>)> {
        let allocator = Allocator::default();
        let text = Text::new(path, source);
        let code = Code::parse(&allocator, &text).unwrap();
        let function = handler(&code, name, line)?;
        Some((code.line(function.span.start), reach(&code, &function)))
    }

    #[allow(clippy::unnecessary_wraps)]
    fn exported(export: Export) -> Option<Reach> {
        Some(Reach::Exported(export))
    }

    #[test]
    fn functions_that_nobody_named_are_found_and_reached() {
        let named = |name: &str| exported(Export::Named(name.to_owned()));
        for (source, name, reached) in [
            ("module.exports = function (a) { return a; };", "dotProp", exported(Export::Default)),
            ("module.exports = exports = (a) => a;", "module.exports", exported(Export::Default)),
            ("export default function (a) { return a; }", "default", exported(Export::Default)),
            ("export default (a) => a;", "dot-prop", exported(Export::Default)),
            ("exports.get = function (a) { return a; };", "get", named("get")),
            ("module.exports.get = (a) => a;", "dotProp.get", named("get")),
            ("module.exports = { get: function (a) { return a; } };", "get", named("get")),
            ("module.exports = { get: getPath };\nfunction getPath(a) { return a; }", "get", named("get")),
            ("export { getPath as get };\nconst getPath = (a) => a;", "get", named("get")),
            ("const api = module.exports;\napi.get = (a) => a;", "get", named("get")),
            ("var get = module.exports = function (a) { return a; };", "get", exported(Export::Default)),
            ("Object.assign(exports, { get(a) { return a; } });", "get", named("get")),
            ("export default { get(a) { return a; } };", "get", exported(Export::OfDefault("get".to_owned()))),
        ] {
            let (_, found) = found("lib/dot-prop.js", source, name, None).unwrap_or_else(|| panic!("{source}"));
            assert_eq!(found, reached, "{source}");
        }
    }

    #[test]
    fn members_and_methods_are_reached_by_what_has_them() {
        let member =
            |object: &str, export| Reach::Member { object: object.to_owned(), property: "get".to_owned(), export };
        for source in [
            "var api = {};\napi.get = function (a) { return a; };\nmodule.exports = api;",
            "const api = { get: (a) => a };\nexport default api;",
            "function api() {}\napi.get = (a) => a;\nmodule.exports = api;",
        ] {
            assert_eq!(found("a.js", source, "get", None).unwrap().1, Some(member("api", Export::Default)), "{source}");
        }
        for (source, needs_nothing) in [
            (
                "function List() { this.all = []; }\nList.prototype.get = function (i) { return i; };\nmodule.exports = List;",
                true,
            ),
            (
                "function List(all) { this.all = all; }\nList.prototype.get = function (i) { return i; };\nmodule.exports = List;",
                false,
            ),
            ("module.exports = class List { get(i) { return i; } };", true),
            ("export default class List { constructor(all) {} get = (i) => i }", false),
        ] {
            let Some(Reach::Method { class, property, needs_nothing: made, export, .. }) =
                found("list.js", source, "List.get", None).unwrap().1
            else {
                panic!("{source}")
            };
            assert_eq!(
                (class.as_str(), property.as_str(), made, export),
                ("List", "get", needs_nothing, Export::Default)
            );
        }
    }

    #[test]
    fn what_a_factory_returns_is_what_the_file_exports() {
        let head = ";(function (root, factory) {\n  module.exports = factory()\n}(this, function () {\n";
        let source = format!("{head}  function replace(a) {{ return a }}\n  return replace\n}}))\n");
        assert_eq!(found("slugify.js", &source, "slugify", None).unwrap(), (4, exported(Export::Default)));
        let source =
            format!("{head}  var path = {{}}\n  path.get = function (a) {{ return a }}\n  return path\n}}))\n");
        let reached = found("index.js", &source, "get", Some(5)).unwrap().1;
        assert!(matches!(reached, Some(Reach::Member { export: Export::Default, .. })), "{reached:?}");
    }

    #[test]
    fn the_line_decides_and_what_is_hidden_is_not_reached() {
        let source = "function a() {\n  function get(x) { return x; }\n  return get;\n}\nexports.get = function get(x) {\n  return x;\n};\n";
        assert_eq!(found("a.js", source, "get", Some(2)).unwrap(), (2, None));
        assert_eq!(found("a.js", source, "get", Some(5)).unwrap().0, 5);
        assert_eq!(found("a.js", source, "get", None).unwrap().0, 5);
        assert_eq!(found("a.js", source, "other", Some(6)).unwrap().0, 5);
        assert_eq!(found("a.js", "function hidden() {}\n", "other", Some(1)), None);
    }
}
