//! The functions of a file, each with the docstring that speaks of it.

use std::ops::Range;

use ruff_python_ast::{Decorator, Expr, ParameterWithDefault, Stmt, StmtClassDef, StmtFunctionDef};
use thymus_python::syntax::{Function, Module, Node, bytes, callee_name, dotted, statements, walk};

use super::docstring;
use super::raises::raises;
use crate::documented::Documented;
use crate::signature::{Kind, Parameter, Signature};

/// Every function with a docstring, and every class whose docstring speaks of its own `__init__`.
pub(super) fn documented(module: &Module) -> Vec<Documented> {
    let mut found = Vec::new();
    for function in module.functions() {
        found.extend(function_doc(module, &function));
    }
    walk(&module.tree.body, &mut |node| {
        if let Node::Stmt(Stmt::ClassDef(class)) = node {
            found.extend(class_doc(module, class));
        }
        matches!(node, Node::Stmt(_))
    });
    found
}

fn function_doc(module: &Module, function: &Function) -> Option<Documented> {
    let def = function.def;
    let inner = docstring_of(module, &def.body)?;
    let names: Vec<&str> = def.decorator_list.iter().filter_map(decorator_name).collect();
    let is_speaking_of_another = |name: &&str| matches!(*name, "overload" | "property" | "cached_property" | "setter");
    if names.iter().any(is_speaking_of_another) {
        return None;
    }
    let mut doc = docstring::read(&module.text.content, inner)?;
    doc.is_foreign |= is_command(&def.decorator_list);
    let name = function.class.map_or_else(|| def.name.to_string(), |class| format!("{}.{}", class.name, def.name));
    let is_private = def.name.starts_with('_') && def.name.as_str() != "__init__";
    let signature = signature(module, def, function.class.is_some(), &names);
    Some(Documented { name, is_public: !is_private && !function.nested, signature, doc })
}

/// A class documents its constructor, if it has one of its own.
fn class_doc(module: &Module, class: &StmtClassDef) -> Option<Documented> {
    let inner = docstring_of(module, &class.body)?;
    let mut doc = docstring::read(&module.text.content, inner)?;
    let own = |name: &str| {
        let mut all = class.body.iter().filter_map(Stmt::as_function_def_stmt).filter(|def| def.name.as_str() == name);
        all.next().filter(|_| all.next().is_none())
    };
    // Who makes instances otherwise takes other arguments.
    let has =
        |name: &str| class.body.iter().filter_map(Stmt::as_function_def_stmt).any(|def| def.name.as_str() == name);
    let init = own("__init__").filter(|_| !has("__new__") && !has("__call__"))?;
    if class.keywords().iter().any(|keyword| keyword.arg.as_ref().is_some_and(|name| name.as_str() == "metaclass")) {
        return None;
    }
    // What the class returns or raises when it is called is another method's.
    doc.returns = None;
    doc.raises.entries.clear();
    if doc.parameters.entries.is_empty() {
        return None;
    }
    let signature = signature(module, init, true, &[]);
    Some(Documented { name: class.name.to_string(), is_public: !class.name.starts_with('_'), signature, doc })
}

/// What stands between the quotes of a body's docstring, where it is one plain literal.
fn docstring_of(module: &Module, body: &[Stmt]) -> Option<Range<usize>> {
    let literal = body.first()?.as_expr_stmt()?.value.as_string_literal_expr()?;
    let part = literal.as_single_part_string()?;
    let range = bytes(part);
    let text = module.text.content.get(range.clone())?;
    let open = text.find(['"', '\''])?;
    let quote = &text[open..=open];
    let length = if text[open..].starts_with(&quote.repeat(3)) { 3 } else { 1 };
    let inner = range.start + open + length..range.end.checked_sub(length)?;
    (inner.start <= inner.end).then_some(inner)
}

/// Every docstring's inside: of the module, its classes, its functions.
pub(super) fn docstrings(module: &Module) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = docstring_of(module, &module.tree.body).into_iter().collect();
    walk(&module.tree.body, &mut |node| {
        match node {
            Node::Stmt(Stmt::FunctionDef(def)) => found.extend(docstring_of(module, &def.body)),
            Node::Stmt(Stmt::ClassDef(class)) => found.extend(docstring_of(module, &class.body)),
            _ => {}
        }
        matches!(node, Node::Stmt(_))
    });
    found.sort_by_key(|range| range.start);
    found
}

fn decorator_name(decorator: &Decorator) -> Option<&str> {
    callee_name(&decorator.expression)
}

/// Whether a decorator makes a command of the function, whose docstring is its help text.
fn is_command(decorators: &[Decorator]) -> bool {
    let of_click = |name: &str| {
        let last = name.rsplit('.').next().unwrap_or(name);
        matches!(last, "command" | "group" | "option" | "argument" | "callback")
    };
    decorators.iter().any(|decorator| {
        let callee = decorator.expression.as_call_expr().map_or(&decorator.expression, |call| &*call.func);
        dotted(callee).is_some_and(|name| of_click(&name))
    })
}

fn signature(module: &Module, def: &StmtFunctionDef, is_method: bool, decorators: &[&str]) -> Signature {
    let mut parameters: Vec<Parameter> = Vec::new();
    let one = |parameter: &ParameterWithDefault| Parameter {
        name: parameter.parameter.name.to_string(),
        kind: Kind::Plain,
        default: parameter.default.as_deref().map(|value| module.src(value).to_owned()),
        annotation: parameter.parameter.annotation.as_deref().map(|kind| module.src(kind).to_owned()),
    };
    let catch_all = |parameter: &ruff_python_ast::Parameter, kind: Kind| Parameter {
        name: parameter.name.to_string(),
        kind,
        default: None,
        annotation: parameter.annotation.as_deref().map(|kind| module.src(kind).to_owned()),
    };
    let listed = &def.parameters;
    parameters.extend(listed.posonlyargs.iter().chain(&listed.args).map(one));
    parameters.extend(listed.vararg.as_deref().map(|rest| catch_all(rest, Kind::Rest)));
    parameters.extend(listed.kwonlyargs.iter().map(one));
    parameters.extend(listed.kwarg.as_deref().map(|rest| catch_all(rest, Kind::Keywords)));
    if is_method && !decorators.contains(&"staticmethod") && !parameters.is_empty() {
        parameters.remove(0);
    }
    let has_body = !decorators.contains(&"abstractmethod") && has_body(def);
    let start = def.decorator_list.last().map_or_else(|| bytes(def).start, |last| bytes(last).end);
    let end = def.returns.as_deref().map_or_else(|| bytes(&*def.parameters).end, |returns| bytes(returns).end);
    let start = module.text.content.get(start..end).and_then(|text| text.find("def ")).map_or(start, |at| start + at);
    Signature {
        is_open: listed.kwarg.is_some(),
        parameters,
        raises: raises(def),
        has_body,
        gives_value: gives_value(def),
        header: start..end,
    }
}

/// Whether the body does anything but refuse to be called.
fn has_body(def: &StmtFunctionDef) -> bool {
    def.body.iter().any(|statement| match statement {
        Stmt::Pass(_) => false,
        Stmt::Expr(expr) => !matches!(*expr.value, Expr::StringLiteral(_) | Expr::EllipsisLiteral(_)),
        Stmt::Raise(raise) => raise.exc.as_deref().and_then(callee_name) != Some("NotImplementedError"),
        _ => true,
    })
}

/// Whether calling it gives a value; none for generators, and for those that never end well.
fn gives_value(def: &StmtFunctionDef) -> Option<bool> {
    let mut yields = false;
    walk(&def.body, &mut |node| {
        yields |= matches!(node, Node::Expr(Expr::Yield(_) | Expr::YieldFrom(_)));
        true
    });
    let all = statements(&def.body);
    let gives = all.iter().any(|statement| {
        statement.as_return_stmt().is_some_and(|r| r.value.as_deref().is_some_and(|v| !v.is_none_literal_expr()))
    });
    let annotated = def.returns.as_deref().is_some_and(|returns| !returns.is_none_literal_expr());
    let never_ends = matches!(def.body.last(), Some(Stmt::Raise(_)));
    match (gives, yields || annotated || never_ends) {
        (true, _) => Some(true),
        (false, true) => None,
        (false, false) => Some(false),
    }
}

/// The signature of a function that is no method.
pub(super) fn plain_signature(module: &Module, def: &StmtFunctionDef) -> Signature {
    signature(module, def, false, &[])
}
