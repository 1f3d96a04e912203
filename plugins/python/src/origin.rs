//! Where a value comes from: the statement that last gave a name its value, and whether that may have been `None`.

use ruff_python_ast::{Expr, ParameterWithDefault, Stmt};

use super::project::{self, Project, binds};
use super::syntax::{self, Function, Module, bytes, statements};

/// What gave a local name its value.
#[derive(Clone, Copy, Debug)]
pub enum Origin<'a> {
    /// `name = value`, this name alone.
    Assigned {
        /// What it is worth.
        value: &'a Expr,
        /// The assignment.
        statement: &'a Stmt,
    },
    /// One of several names on the left.
    Unpacked {
        /// What is taken apart.
        value: &'a Expr,
    },
    /// `for name in iter`.
    Looped {
        /// What is gone through.
        iter: &'a Expr,
    },
    /// It came in as a parameter.
    Parameter(&'a ParameterWithDefault),
    /// Global, or set in a way that is not followed.
    Unknown,
}

/// The last binding of `name` that stands before a byte in the function.
pub fn origin<'a>(function: Option<Function<'a>>, name: &str, before: usize) -> Origin<'a> {
    let Some(function) = function else { return Origin::Unknown };
    let mut found = Origin::Unknown;
    if let Some(parameter) =
        function.def.parameters.iter_non_variadic_params().find(|p| p.parameter.name.as_str() == name)
    {
        found = Origin::Parameter(parameter);
    }
    for statement in statements(&function.def.body) {
        if bytes(statement).start >= before {
            break;
        }
        match statement {
            Stmt::Assign(node) if bytes(statement).end <= before => {
                for target in node.targets.iter().filter(|target| binds(target, name)) {
                    found = match target {
                        Expr::Name(_) => Origin::Assigned { value: &node.value, statement },
                        _ => Origin::Unpacked { value: &node.value },
                    };
                }
            }
            Stmt::AnnAssign(node) if bytes(statement).end <= before && binds(&node.target, name) => {
                if let Some(value) = node.value.as_deref() {
                    found = Origin::Assigned { value, statement };
                }
            }
            Stmt::AugAssign(node) if binds(&node.target, name) => found = Origin::Unknown,
            Stmt::For(node) if binds(&node.target, name) => found = Origin::Looped { iter: &node.iter },
            Stmt::With(node) => {
                let bound = node.items.iter().filter_map(|item| item.optional_vars.as_deref());
                if bound.into_iter().any(|target| binds(target, name)) {
                    found = Origin::Unknown;
                }
            }
            _ => {}
        }
    }
    found
}

/// Every value that a name may have at a byte: that of each branch before it, as far as one is not set over by a later one.
pub fn reaching<'a>(function: Option<Function<'a>>, name: &str, before: usize) -> Vec<&'a Expr> {
    let mut found = Vec::new();
    if let Some(function) = function {
        reach(&function.def.body, name, before, true, &mut found);
    }
    found
}

fn reach<'a>(body: &'a [Stmt], name: &str, before: usize, on_path: bool, found: &mut Vec<&'a Expr>) {
    for statement in body.iter().take_while(|statement| bytes(*statement).start < before) {
        let value = match statement {
            Stmt::Assign(node) => node.targets.iter().any(|t| binds(t, name)).then_some(&*node.value),
            Stmt::AnnAssign(node) if binds(&node.target, name) => node.value.as_deref(),
            _ => None,
        };
        if let Some(value) = value.filter(|_| bytes(statement).end <= before) {
            if on_path {
                found.clear();
            }
            found.push(value);
        }
        let around = bytes(statement).contains(&before);
        for block in syntax::blocks(statement) {
            let Some((first, last)) = block.first().zip(block.last()) else { continue };
            let holds = (bytes(first).start..bytes(last).end).contains(&before);
            // The other branches of a statement around the place were not taken.
            if holds || !around {
                reach(block, name, before, holds, found);
            }
        }
    }
}

/// How likely an expression is `None`, and in which words. 0 is never.
pub fn nullness(project: &Project, module: &Module, function: Option<Function>, expr: &Expr) -> (u8, String) {
    match expr {
        Expr::NoneLiteral(_) => (9, "`None` stands there".to_owned()),
        Expr::Await(node) => nullness(project, module, function, &node.value),
        Expr::Named(node) => nullness(project, module, function, &node.value),
        Expr::Call(call) => {
            let words = module.src(expr);
            let name = syntax::callee_name(&call.func).unwrap_or_default();
            let on_object = call.func.is_attribute_expr();
            if project::is_get_without_default(expr) {
                return (8, format!("`{}` gives `None` when the key is missing", one_line(words)));
            }
            if on_object && matches!(name, "match" | "search" | "fullmatch") {
                return (8, format!("`{}` gives `None` when the text does not match", one_line(words)));
            }
            if matches!(name, "getenv" | "next" | "getattr") && call.arguments.args.len() < 3 {
                let none = call.arguments.args.get(1).is_none_or(Expr::is_none_literal_expr);
                return if none { (7, format!("`{}` may give `None`", one_line(words))) } else { (0, String::new()) };
            }
            if on_object
                && matches!(
                    name,
                    "first" | "one_or_none" | "scalar_one_or_none" | "fetchone" | "find" | "scalar" | "findtext"
                )
            {
                return (6, format!("`{}` gives `None` when there is none", one_line(words)));
            }
            let class = function.and_then(|f| f.class);
            let callees = project.callees(module, class, &call.func);
            if callees.iter().any(|(home, callee)| project::may_return_none(home, callee.def)) {
                return (
                    if callees.len() == 1 { 8 } else { 5 },
                    format!("`{}` may return `None`", one_line(module.src(&*call.func))),
                );
            }
            (u8::from(callees.is_empty()), format!("`{}` gave `None`", one_line(words)))
        }
        Expr::Name(name) => match origin(function, name.id.as_str(), bytes(expr).start) {
            Origin::Assigned { value, .. } if !matches!(value, Expr::Name(_)) => {
                let values = reaching(function, name.id.as_str(), bytes(expr).start);
                let likely = |value: &&Expr| nullness(project, module, function, value).0;
                let worst =
                    values.into_iter().filter(|value| !value.is_name_expr()).max_by_key(likely).unwrap_or(value);
                nullness(project, module, function, worst)
            }
            Origin::Parameter(parameter) => {
                let annotation = parameter.annotation().map_or("", |annotation| module.src(annotation));
                let default = parameter.default().is_some_and(Expr::is_none_literal_expr);
                if default || annotation.contains("None") || annotation.contains("Optional") {
                    (7, format!("the parameter `{}` may be `None`", name.id))
                } else {
                    (2, format!("the parameter `{}` was `None`", name.id))
                }
            }
            _ => (2, format!("`{}` was `None`", name.id)),
        },
        Expr::Attribute(_) | Expr::Subscript(_) => (3, format!("`{}` was `None`", one_line(module.src(expr)))),
        Expr::If(node) => {
            nullness(project, module, function, &node.body).max(nullness(project, module, function, &node.orelse))
        }
        Expr::BoolOp(node) => match node.values.last() {
            Some(last) => nullness(project, module, function, last),
            None => (0, String::new()),
        },
        _ => (0, String::new()),
    }
}

/// Source on one line, cut to what a sentence bears.
pub fn one_line(words: &str) -> String {
    let mut line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > 80 {
        line = line.chars().take(79).collect::<String>() + "…";
    }
    line
}
