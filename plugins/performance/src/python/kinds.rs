//! What kind of value an expression is, as far as the code and captured calls show it.

use ruff_python_ast::{Expr, Stmt};
use serde_json::Value;
use thymus_python::origin::{Origin, origin};
use thymus_python::syntax::{Node, bytes, callee_name, dotted, expressions, statements};

use super::captured;
use super::scene::Scene;
use super::uses::Use;

/// A kind of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A list or a tuple: indexed by place, searched from its beginning.
    Sequence,
    /// A dictionary or something that behaves like one.
    Mapping,
    /// A set.
    Set,
    /// Text.
    Text,
    /// A number, a truth value or nothing.
    Plain,
}

/// What an expression surely is; none where it can't be told.
pub fn kind(scene: &Scene, expr: &Expr) -> Option<Kind> {
    kind_within(scene, expr, 6)
}

fn kind_within(scene: &Scene, expr: &Expr, depth: usize) -> Option<Kind> {
    let depth = depth.checked_sub(1)?;
    if let Some(kind) = made(expr) {
        return Some(kind);
    }
    if let Some(values) = captured::values(scene, expr).filter(|values| !values.is_empty()) {
        let first = json_kind(&values[0])?;
        return values.iter().all(|value| json_kind(value) == Some(first)).then_some(first);
    }
    match expr {
        Expr::Name(name) => {
            let name = name.id.as_str();
            match origin(Some(scene.function), name, bytes(expr).start) {
                Origin::Assigned { value, .. } => kind_within(scene, value, depth).or_else(|| used(scene, name)),
                Origin::Parameter(parameter) => {
                    let annotated = parameter.parameter.annotation.as_deref().and_then(annotated);
                    let default = parameter.default.as_deref().and_then(made).filter(|kind| *kind != Kind::Plain);
                    annotated.or(default).or_else(|| used(scene, name))
                }
                Origin::Unknown => global(scene, name, depth).or_else(|| used(scene, name)),
                Origin::Unpacked { .. } | Origin::Looped { .. } => used(scene, name),
            }
        }
        Expr::Attribute(_) => attribute(scene, expr),
        _ => None,
    }
}

/// What is made here.
fn made(expr: &Expr) -> Option<Kind> {
    match expr {
        Expr::List(_) | Expr::ListComp(_) | Expr::Tuple(_) => Some(Kind::Sequence),
        Expr::Dict(_) | Expr::DictComp(_) => Some(Kind::Mapping),
        Expr::Set(_) | Expr::SetComp(_) => Some(Kind::Set),
        Expr::StringLiteral(_) | Expr::FString(_) => Some(Kind::Text),
        Expr::NumberLiteral(_) | Expr::BooleanLiteral(_) => Some(Kind::Plain),
        Expr::BinOp(it) => made(&it.left).filter(|kind| matches!(kind, Kind::Sequence | Kind::Text)),
        Expr::Call(call) => match (call.func.is_name_expr(), callee_name(&call.func)?) {
            (true, "list" | "sorted" | "tuple")
            | (false, "split" | "rsplit" | "splitlines" | "findall" | "readlines") => Some(Kind::Sequence),
            (_, "dict" | "OrderedDict" | "Counter") => Some(Kind::Mapping),
            (true, "set" | "frozenset") => Some(Kind::Set),
            (true, "str" | "repr")
            | (
                false,
                "lower" | "upper" | "strip" | "lstrip" | "rstrip" | "casefold" | "title" | "join" | "hexdigest",
            ) => Some(Kind::Text),
            (true, "len" | "int" | "float" | "sum" | "abs" | "bool" | "hash" | "id") => Some(Kind::Plain),
            _ => None,
        },
        _ => None,
    }
}

fn json_kind(value: &Value) -> Option<Kind> {
    match value {
        Value::Array(_) => Some(Kind::Sequence),
        Value::Object(_) => Some(Kind::Mapping),
        Value::String(_) => Some(Kind::Text),
        Value::Number(_) | Value::Bool(_) => Some(Kind::Plain),
        Value::Null => None,
    }
}

fn annotated(annotation: &Expr) -> Option<Kind> {
    let name = match annotation {
        Expr::Subscript(it) => callee_name(&it.value)?,
        other => callee_name(other)?,
    };
    match name {
        "list" | "List" | "tuple" | "Tuple" | "Sequence" => Some(Kind::Sequence),
        "dict" | "Dict" | "Mapping" | "MutableMapping" | "OrderedDict" | "Counter" => Some(Kind::Mapping),
        "set" | "Set" | "frozenset" | "FrozenSet" | "AbstractSet" => Some(Kind::Set),
        "str" => Some(Kind::Text),
        "int" | "float" | "bool" => Some(Kind::Plain),
        _ => None,
    }
}

/// A name of the module that is assigned once.
fn global(scene: &Scene, name: &str, depth: usize) -> Option<Kind> {
    let is_it = |target: &Expr| matches!(target, Expr::Name(id) if id.id.as_str() == name);
    let mut values = statements(&scene.module.tree.body).into_iter().filter_map(|statement| match statement {
        Stmt::Assign(it) if it.targets.iter().any(is_it) => Some(&*it.value),
        Stmt::AnnAssign(it) if is_it(&it.target) => it.value.as_deref(),
        _ => None,
    });
    let first = values.next()?;
    if values.next().is_some() {
        return None;
    }
    made(first).or_else(|| kind_within(scene, first, depth))
}

/// `self.x`: what every assignment in the file gives it, else how the class uses it.
fn attribute(scene: &Scene, expr: &Expr) -> Option<Kind> {
    let path = dotted(expr)?;
    let mut found: Option<Kind> = None;
    for function in scene.module.functions() {
        for statement in statements(&function.def.body) {
            let value = match statement {
                Stmt::Assign(it) if it.targets.iter().any(|target| dotted(target).as_deref() == Some(&path)) => {
                    &*it.value
                }
                Stmt::AnnAssign(it) if dotted(&it.target).as_deref() == Some(&path) => it.value.as_deref()?,
                _ => continue,
            };
            let kind = made(value).or_else(|| {
                // `self.x = x` of a parameter with a type.
                let Expr::Name(id) = value else { return None };
                let parameter = function.def.parameters.find(id.id.as_str())?;
                parameter.parameter.annotation.as_deref().and_then(annotated)
            });
            match (found, kind) {
                (None, Some(kind)) => found = Some(kind),
                (Some(before), Some(kind)) if before == kind => {}
                _ => return used_as(scene, &path),
            }
        }
    }
    found.or_else(|| used_as(scene, &path))
}

/// A path of an object of the class, as the class's methods use it.
fn used_as(scene: &Scene, path: &str) -> Option<Kind> {
    let class = scene.function.class?;
    let mut sights = Vec::new();
    for expr in expressions(&class.body) {
        match expr {
            Expr::Subscript(it) if dotted(&it.value).as_deref() == Some(path) && !it.ctx.is_load() => {
                sights.push(if it.slice.is_slice_expr() { Kind::Sequence } else { Kind::Mapping });
            }
            Expr::Call(call) => {
                let Expr::Attribute(method) = &*call.func else { continue };
                if dotted(&method.value).as_deref() == Some(path) {
                    sights.extend(of_method(method.attr.as_str(), call.arguments.args.len()));
                }
            }
            _ => {}
        }
    }
    agreed(&sights)
}

/// A local name, as the function uses it.
fn used(scene: &Scene, name: &str) -> Option<Kind> {
    let mut sights = Vec::new();
    for (range, one) in scene.uses(name) {
        match one {
            Use::Method(call, method) => sights.extend(of_method(method, call.arguments.args.len())),
            Use::Changed => {
                let stored = |node: &Node| match node {
                    Node::Expr(Expr::Subscript(it)) => {
                        let by_key = !it.slice.is_slice_expr() && !it.slice.is_number_literal_expr();
                        bytes(&*it.value) == range && !it.ctx.is_load() && by_key
                    }
                    _ => false,
                };
                if scene.around(&range).iter().any(stored) {
                    sights.push(Kind::Mapping);
                }
            }
            _ => {}
        }
    }
    agreed(&sights)
}

fn of_method(name: &str, arguments: usize) -> Option<Kind> {
    match name {
        "append" | "extend" | "insert" | "sort" | "reverse" => Some(Kind::Sequence),
        "keys" | "values" | "items" | "setdefault" | "popitem" | "get" => Some(Kind::Mapping),
        "pop" if arguments == 2 => Some(Kind::Mapping),
        "add" | "discard" => Some(Kind::Set),
        "lower" | "upper" | "strip" | "startswith" | "endswith" | "encode" | "splitlines" => Some(Kind::Text),
        _ => None,
    }
}

fn agreed(sights: &[Kind]) -> Option<Kind> {
    let first = *sights.first()?;
    sights.iter().all(|kind| *kind == first).then_some(first)
}

/// Whether a value can be put into a set: surely, surely not, or none where it can't be told.
pub fn is_hashable(scene: &Scene, expr: &Expr) -> Option<bool> {
    hashable_within(scene, expr, 6)
}

fn hashable_within(scene: &Scene, expr: &Expr, depth: usize) -> Option<bool> {
    let depth = depth.checked_sub(1)?;
    if let Some(values) = captured::values(scene, expr).filter(|values| !values.is_empty()) {
        return Some(values.iter().all(|value| !value.is_array() && !value.is_object()));
    }
    let plain = |kind: Kind| matches!(kind, Kind::Text | Kind::Plain);
    match expr {
        Expr::Tuple(it) => {
            it.elts.iter().map(|part| hashable_within(scene, part, depth)).try_fold(true, |all, one| Some(all && one?))
        }
        Expr::Name(name) => match origin(Some(scene.function), name.id.as_str(), bytes(expr).start) {
            Origin::Assigned { value, .. } => hashable_within(scene, value, depth),
            // The keys of a dictionary, and what a set holds, are.
            Origin::Looped { iter } if gives_plain(iter) => Some(true),
            Origin::Looped { iter } => {
                kind(scene, iter).filter(|it| matches!(it, Kind::Mapping | Kind::Set | Kind::Text)).map(|_| true)
            }
            Origin::Parameter(parameter) => parameter.parameter.annotation.as_deref().and_then(annotated).map(plain),
            _ => None,
        },
        other => made(other).map(plain),
    }
}

fn gives_plain(expr: &Expr) -> bool {
    let named = |name: &str| matches!(name, "split" | "rsplit" | "splitlines" | "keys" | "range" | "findall");
    expr.as_call_expr().and_then(|call| callee_name(&call.func)).is_some_and(named)
}
