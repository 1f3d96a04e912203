//! Whether evaluating an expression gives the same for the same and does nothing else: functions of the language that only
//! compute, and functions of the project that only call such.

use ruff_python_ast::{Expr, ExprCall, Stmt};
use thymus_python::syntax::{Function, Module, Node, callee_name, dotted, walk, walk_expr};

use super::scene::Scene;
use super::uses::is_reading_method;

/// How many calls deep functions of the project are looked at.
const DEEPEST: usize = 3;
/// Functions of the language, and of its standard library, that only compute.
const COMPUTING: [&str; 45] = [
    "len",
    "sorted",
    "sum",
    "min",
    "max",
    "set",
    "list",
    "tuple",
    "dict",
    "frozenset",
    "enumerate",
    "zip",
    "any",
    "all",
    "isinstance",
    "issubclass",
    "str",
    "repr",
    "int",
    "float",
    "bool",
    "range",
    "reversed",
    "abs",
    "round",
    "divmod",
    "pow",
    "ord",
    "chr",
    "hash",
    "type",
    "bytes",
    "re.compile",
    "re.escape",
    "json.loads",
    "json.dumps",
    "math.sqrt",
    "math.floor",
    "math.ceil",
    "copy.copy",
    "copy.deepcopy",
    "deepcopy",
    "operator.itemgetter",
    "itemgetter",
    "Decimal",
];
/// What they give nobody can change.
const GIVING_CONSTANTS: [&str; 24] = [
    "len",
    "sum",
    "any",
    "all",
    "isinstance",
    "str",
    "repr",
    "int",
    "float",
    "bool",
    "range",
    "abs",
    "round",
    "divmod",
    "pow",
    "ord",
    "chr",
    "hash",
    "bytes",
    "tuple",
    "frozenset",
    "re.compile",
    "re.escape",
    "json.dumps",
];
/// What never fails on what has been made.
const SAFE: [&str; 11] = ["len", "set", "list", "tuple", "dict", "frozenset", "str", "repr", "sorted", "any", "all"];

/// Whether evaluating an expression does nothing but give a value.
pub fn is_pure(scene: &Scene, expr: &Expr) -> bool {
    let mut pure = true;
    walk_expr(expr, &mut |node| {
        if let Node::Expr(part) = node {
            pure &= match part {
                Expr::Await(_) | Expr::Yield(_) | Expr::YieldFrom(_) | Expr::Named(_) => false,
                Expr::Call(call) => is_pure_call(scene, scene.module, Some(scene.function), call, DEEPEST),
                _ => true,
            };
        }
        pure
    });
    pure
}

fn is_pure_call(scene: &Scene, module: &Module, function: Option<Function>, call: &ExprCall, depth: usize) -> bool {
    if dotted(&call.func).is_some_and(|name| COMPUTING.contains(&name.as_str())) {
        return true;
    }
    if let Expr::Attribute(method) = &*call.func
        && is_reading_method(method.attr.as_str())
        && !matches!(&*method.value, Expr::Name(name) if name.id.as_str() == "self")
    {
        return true;
    }
    let Some(depth) = depth.checked_sub(1) else { return false };
    let class = function.and_then(|it| it.class);
    match scene.project.callees(module, class, &call.func)[..] {
        [(home, called)] => is_pure_function(scene, home, called, depth),
        _ => false,
    }
}

/// Whether a function of the project only computes: it assigns only its own names, and calls only what only computes.
fn is_pure_function(scene: &Scene, module: &Module, function: Function, depth: usize) -> bool {
    if function.def.is_async || !function.def.decorator_list.is_empty() {
        return false;
    }
    let own = own_names(function);
    let is_own = |expr: &Expr| matches!(expr, Expr::Name(name) if own.iter().any(|known| known == name.id.as_str()));
    let mut pure = true;
    walk(&function.def.body, &mut |node| {
        pure &= match node {
            Node::Stmt(
                Stmt::Global(_)
                | Stmt::Nonlocal(_)
                | Stmt::Delete(_)
                | Stmt::Import(_)
                | Stmt::ImportFrom(_)
                | Stmt::With(_),
            )
            | Node::Expr(Expr::Await(_) | Expr::Yield(_) | Expr::YieldFrom(_)) => false,
            Node::Expr(Expr::Attribute(it)) => it.ctx.is_load(),
            // Only what the function itself made.
            Node::Expr(Expr::Subscript(it)) => it.ctx.is_load() || is_own(&it.value),
            Node::Expr(Expr::Call(call)) => {
                let grows = match &*call.func {
                    Expr::Attribute(it) => {
                        let name = it.attr.as_str();
                        matches!(name, "append" | "add" | "extend" | "setdefault" | "update") && is_own(&it.value)
                    }
                    _ => false,
                };
                let is_error = |name: &str| name.ends_with("Error") || name.ends_with("Exception");
                grows
                    || callee_name(&call.func).is_some_and(is_error)
                    || is_pure_call(scene, module, Some(function), call, depth)
            }
            _ => true,
        };
        pure
    });
    pure
}

/// Names to which the function only ever gives something that it has just made.
fn own_names(function: Function) -> Vec<String> {
    let (mut own, mut others) = (Vec::new(), Vec::new());
    walk(&function.def.body, &mut |node| {
        if let Node::Stmt(Stmt::Assign(it)) = node {
            let made = matches!(
                &*it.value,
                Expr::List(_) | Expr::Dict(_) | Expr::Set(_) | Expr::ListComp(_) | Expr::DictComp(_) | Expr::SetComp(_)
            );
            let names = it.targets.iter().filter_map(Expr::as_name_expr).map(|name| name.id.to_string());
            if made { own.extend(names) } else { others.extend(names) }
        }
        true
    });
    own.retain(|name| !others.contains(name) && function.def.parameters.find(name).is_none());
    own
}

/// Whether nobody can change what an expression gives.
pub fn gives_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Call(call) => {
            let text = match &*call.func {
                Expr::Attribute(it) => {
                    matches!(it.attr.as_str(), "join" | "lower" | "upper" | "strip" | "replace" | "format" | "encode")
                }
                _ => false,
            };
            text || GIVING_CONSTANTS.contains(&dotted(&call.func).unwrap_or_default().as_str())
        }
        Expr::FString(_) | Expr::StringLiteral(_) | Expr::NumberLiteral(_) | Expr::Compare(_) => true,
        _ => false,
    }
}

/// Whether evaluating an expression could fail.
pub fn may_fail(expr: &Expr) -> bool {
    match expr {
        Expr::Call(call) => {
            let name = dotted(&call.func).unwrap_or_default();
            let constant = name == "re.compile" && call.arguments.args.iter().all(Expr::is_string_literal_expr);
            !constant && (!SAFE.contains(&name.as_str()) || call.arguments.args.iter().any(may_fail))
        }
        Expr::Name(_) | Expr::Attribute(_) | Expr::StringLiteral(_) | Expr::NumberLiteral(_) => false,
        _ => true,
    }
}
