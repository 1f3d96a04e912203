//! How the surrounding code refuses: its guards, its `except` clauses, and what its docstrings promise to raise.

use ruff_python_ast::{BoolOp, CmpOp, ExceptHandler, Expr, Stmt, UnaryOp};

use thymus_python::origin::{Origin, origin};
use thymus_python::project::is_get_without_default;
use thymus_python::syntax::{
    Function, Module, bytes, callee_name, docstring, dotted, integer, kinds, parts, statements,
};

/// How a way out of a function leaves it.
#[derive(Clone, Copy, Debug)]
pub enum Exit<'a> {
    Raise { statement: &'a Stmt, exception: &'a Expr },
    Return { value: Option<&'a Expr> },
    Continue,
}

/// On which condition it does.
#[derive(Clone, Debug)]
pub enum When<'a> {
    /// `x is None`, and the lookup that gave `x`.
    IsNone {
        subject: &'a Expr,
        lookup: Option<&'a Expr>,
    },
    /// `not x`, `len(x) == 0`, `x == 0`, `x <= 0`, and the lookup that gave `x`.
    Empty {
        subject: &'a Expr,
        lookup: Option<&'a Expr>,
    },
    /// `key not in container`.
    NotIn {
        key: &'a Expr,
        container: &'a Expr,
    },
    /// `len(x) != 3` and its kin.
    Length {
        subject: &'a Expr,
    },
    /// `except …`.
    Caught {
        kinds: Vec<&'a str>,
        tried: &'a [Stmt],
    },
    Other {
        test: &'a Expr,
    },
}

/// A way out.
#[derive(Clone, Debug)]
pub struct Refusal<'a> {
    pub module: &'a Module,
    pub function: Function<'a>,
    pub when: When<'a>,
    pub exit: Exit<'a>,
    /// First byte of the guard.
    pub at: usize,
}

/// The refusals of every function in a module.
pub fn refusals(module: &Module) -> Vec<Refusal<'_>> {
    let mut found = Vec::new();
    for function in module.functions() {
        for statement in statements(&function.def.body) {
            of_statement(module, function, statement, &mut found);
        }
    }
    found
}

fn of_statement<'a>(module: &'a Module, function: Function<'a>, statement: &'a Stmt, found: &mut Vec<Refusal<'a>>) {
    let at = bytes(statement).start;
    match statement {
        Stmt::If(node) => {
            let branches = std::iter::once((Some(&*node.test), &node.body[..]))
                .chain(node.elif_else_clauses.iter().map(|clause| (clause.test.as_ref(), &clause.body[..])));
            for (test, body) in branches {
                let (Some(test), Some(exit)) = (test, exit_of(body)) else { continue };
                for when in conditions(function, test) {
                    found.push(Refusal { module, function, when, exit, at });
                }
            }
        }
        Stmt::Try(node) => {
            for ExceptHandler::ExceptHandler(handler) in &node.handlers {
                let (Some(kinds), Some(exit)) = (handler.type_.as_deref().map(kinds), exit_of(&handler.body)) else {
                    continue;
                };
                found.push(Refusal { module, function, when: When::Caught { kinds, tried: &node.body }, exit, at });
            }
        }
        _ => {}
    }
}

/// How a block leaves, when it does so after at most a few words to a log.
fn exit_of(body: &[Stmt]) -> Option<Exit<'_>> {
    if body.len() > 3 || body.iter().rev().skip(1).any(|statement| !statement.is_expr_stmt()) {
        return None;
    }
    match body.last()? {
        statement @ Stmt::Raise(node) => Some(Exit::Raise { statement, exception: node.exc.as_deref()? }),
        Stmt::Return(node) => Some(Exit::Return { value: node.value.as_deref() }),
        Stmt::Continue(_) => Some(Exit::Continue),
        _ => None,
    }
}

/// What a test asks; each side of an `or` alone is enough.
fn conditions<'a>(function: Function<'a>, test: &'a Expr) -> Vec<When<'a>> {
    if let Expr::BoolOp(node) = test
        && node.op == BoolOp::Or
    {
        return node.values.iter().flat_map(|value| conditions(function, value)).collect();
    }
    vec![condition(function, test)]
}

fn condition<'a>(function: Function<'a>, test: &'a Expr) -> When<'a> {
    let lookup = |subject: &'a Expr| lookup(function, subject);
    match test {
        Expr::UnaryOp(node) if node.op == UnaryOp::Not => {
            When::Empty { subject: &node.operand, lookup: lookup(&node.operand) }
        }
        Expr::Compare(node) if node.ops.len() == 1 => {
            let (left, right) = (&*node.left, &node.comparators[0]);
            let length = left.as_call_expr().filter(|call| callee_name(&call.func) == Some("len"));
            let length = length.and_then(|call| call.arguments.args.first());
            match (node.ops[0], length) {
                (CmpOp::Is | CmpOp::Eq, _) if right.is_none_literal_expr() => {
                    When::IsNone { subject: left, lookup: lookup(left) }
                }
                (CmpOp::NotIn, _) => When::NotIn { key: left, container: right },
                (CmpOp::Eq, Some(subject)) if integer(right) == Some(0) => When::Empty { subject, lookup: None },
                (CmpOp::Lt, Some(subject)) if integer(right) == Some(1) => When::Empty { subject, lookup: None },
                (_, Some(subject)) => When::Length { subject },
                (CmpOp::Eq | CmpOp::LtE, None) if integer(right) == Some(0) => {
                    When::Empty { subject: left, lookup: None }
                }
                _ => When::Other { test },
            }
        }
        _ => When::Other { test },
    }
}

/// The call or subscript that a tested value was looked up with.
fn lookup<'a>(function: Function<'a>, subject: &'a Expr) -> Option<&'a Expr> {
    match subject {
        Expr::Name(name) => match origin(Some(function), name.id.as_str(), bytes(subject).start) {
            Origin::Assigned { value, .. } => as_lookup(value),
            _ => None,
        },
        Expr::Named(node) => as_lookup(&node.value),
        other => as_lookup(other),
    }
}

pub fn as_lookup(value: &Expr) -> Option<&Expr> {
    match value {
        Expr::Await(node) => as_lookup(&node.value),
        Expr::Call(_) | Expr::Subscript(_) => Some(value),
        _ => None,
    }
}

/// What a lookup looks in, and with which key: `store.items` and `sku` of `store.items.get(sku)`, `find` of `find(sku)`.
pub fn looked_up(lookup: &Expr) -> Option<(String, Option<&Expr>)> {
    match lookup {
        Expr::Await(node) => looked_up(&node.value),
        Expr::Subscript(node) => Some((dotted(&node.value)?, Some(&node.slice))),
        Expr::Call(call) => {
            let key = call.arguments.args.first().or_else(|| call.arguments.keywords.first().map(|k| &k.value));
            match &*call.func {
                Expr::Attribute(method) if is_get_without_default(lookup) || method.attr.as_str() == "pop" => {
                    Some((dotted(&method.value)?, key))
                }
                // `next(item for item in items if item.sku == sku)`.
                Expr::Name(name) if name.id.as_str() == "next" => match call.arguments.args.first()? {
                    Expr::Generator(node) => {
                        let clause = node.generators.first()?;
                        let sides = clause
                            .ifs
                            .iter()
                            .filter_map(Expr::as_compare_expr)
                            .flat_map(|compare| std::iter::once(&*compare.left).chain(&*compare.comparators));
                        // What is compared with, not what is looked at.
                        let target = callee_name(&clause.target);
                        let mut wanted = sides.filter(|side| side.is_name_expr() && callee_name(side) != target);
                        Some((dotted(&clause.iter).unwrap_or_default(), wanted.next()))
                    }
                    _ => None,
                },
                // `find(rows, name)` is told where to look first.
                func @ Expr::Name(_) => Some((dotted(func)?, call.arguments.args.last().or(key))),
                func => Some((dotted(func)?, key)),
            }
        }
        _ => None,
    }
}

impl<'a> Refusal<'a> {
    /// What was looked for where, for a refusal of what isn't there.
    pub fn absent(&self) -> Option<(String, Option<&'a Expr>)> {
        match &self.when {
            When::IsNone { lookup: Some(lookup), .. } | When::Empty { lookup: Some(lookup), .. } => looked_up(lookup),
            When::NotIn { key, container } => Some((dotted(container)?, Some(key))),
            When::Caught { kinds, tried } if kinds.iter().any(|kind| matches!(*kind, "KeyError" | "LookupError")) => {
                let all = tried.iter().flat_map(|statement| super::failing::header(statement));
                all.into_iter().filter(|expr| expr.is_subscript_expr()).find_map(looked_up)
            }
            _ => None,
        }
    }

    /// The name of the class that is raised.
    pub fn raises(&self) -> Option<&'a str> {
        match self.exit {
            Exit::Raise { exception, .. } => callee_name(exception),
            _ => None,
        }
    }

    /// Whether this is a way out of the given function.
    pub fn is_in(&self, module: &Module, function: Option<Function>) -> bool {
        self.module.text.path == module.text.path
            && function.is_some_and(|function| bytes(function.def) == bytes(self.function.def))
    }

    /// Whether the condition, or what is raised, names one of these variables.
    pub fn is_about(&self, names: &[String]) -> bool {
        let tests: Vec<&Expr> = match &self.when {
            When::IsNone { subject, .. } | When::Empty { subject, .. } | When::Length { subject } => vec![subject],
            When::NotIn { key, container } => vec![key, container],
            When::Other { test } => vec![test],
            When::Caught { tried, .. } => {
                tried.iter().flat_map(|statement| super::failing::header(statement)).collect()
            }
        };
        let exit = match self.exit {
            Exit::Raise { exception, .. } => Some(exception),
            Exit::Return { value } => value,
            Exit::Continue => None,
        };
        tests
            .into_iter()
            .chain(exit)
            .flat_map(parts)
            .any(|part| part.as_name_expr().is_some_and(|name| names.iter().any(|wanted| wanted == name.id.as_str())))
    }
}

/// An exception that a docstring promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promised {
    pub class: String,
    /// As in `If there is no such item.`
    pub on: String,
}

/// The `Raises` of a docstring, in the styles of Google, Sphinx and `NumPy`.
pub fn promised(function: Function) -> Vec<Promised> {
    let Some(doc) = docstring(&function.def.body) else { return Vec::new() };
    let mut found: Vec<Promised> = Vec::new();
    let mut lines = doc.lines().peekable();
    while let Some(line) = lines.next() {
        let words = line.trim();
        if let Some((class, on)) =
            words.strip_prefix(":raises ").or_else(|| words.strip_prefix(":raise ")).and_then(|w| w.split_once(':'))
        {
            found.push(Promised { class: last_segment(class), on: on.trim().to_owned() });
        } else if words == "Raises:" {
            google(&mut lines, indent(line), &mut found);
        } else if words == "Raises" && lines.peek().is_some_and(|next| next.trim().starts_with("---")) {
            lines.next();
            numpy(&mut lines, indent(line), &mut found);
        }
    }
    found.retain(|promised| {
        !promised.class.is_empty() && promised.class.chars().all(|c| c.is_alphanumeric() || c == '_')
    });
    found
}

type Lines<'d> = std::iter::Peekable<std::str::Lines<'d>>;

fn google(lines: &mut Lines, outer: usize, found: &mut Vec<Promised>) {
    let mut own = None;
    while let Some(line) = lines.next_if(|line| line.trim().is_empty() || indent(line) > outer) {
        if line.trim().is_empty() {
            continue;
        }
        let level = *own.get_or_insert_with(|| indent(line));
        match (line.trim().split_once(':'), found.last_mut()) {
            (Some((class, on)), _) if indent(line) == level => {
                found.push(Promised { class: last_segment(class), on: on.trim().to_owned() });
            }
            (_, Some(last)) => last.on = format!("{} {}", last.on, line.trim()),
            _ => {}
        }
    }
}

fn numpy(lines: &mut Lines, outer: usize, found: &mut Vec<Promised>) {
    while let Some(line) = lines.next_if(|line| !line.trim().is_empty()) {
        if indent(line) <= outer {
            found.push(Promised { class: last_segment(line.trim()), on: String::new() });
        } else if let Some(last) = found.last_mut() {
            format!("{} {}", last.on, line.trim()).trim().clone_into(&mut last.on);
        }
    }
}

fn last_segment(class: &str) -> String {
    class.trim().trim_matches('`').rsplit('.').next().unwrap_or_default().trim_matches('`').to_owned()
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use thymus_sdk::source::Text;

    #[test]
    fn docstrings_promise_in_three_styles() {
        for doc in [
            "Gives it.\n\n    Raises:\n        NotFound: If there is no\n            such item.\n        errors.Bad: When.\n",
            "Gives it.\n\n    :raises NotFound: If there is no such item.\n    :raises errors.Bad: When.\n",
            "Gives it.\n\n    Raises\n    ------\n    NotFound\n        If there is no such item.\n    errors.Bad\n        When.\n",
        ] {
            let module = Module::parse(Text::new("a.py", format!("def f():\n    \"\"\"{doc}    \"\"\"\n"))).unwrap();
            let promised = promised(module.functions()[0]);
            assert_eq!(promised.len(), 2, "{doc}");
            assert_eq!(
                (promised[0].class.as_str(), promised[0].on.as_str()),
                ("NotFound", "If there is no such item.")
            );
            assert_eq!(promised[1].class, "Bad");
        }
    }

    #[test]
    fn guards_and_what_they_look_up_are_seen() {
        let code = "def f(self, sku):\n    item = self.items.get(sku)\n    if item is None or not sku:\n        log('x')\n        raise NotFound(sku)\n";
        let module = Module::parse(Text::new("a.py", code)).unwrap();
        let refusals = refusals(&module);
        assert_eq!(refusals.len(), 2);
        assert_eq!(refusals[0].raises(), Some("NotFound"));
        let (container, key) = refusals[0].absent().unwrap();
        assert_eq!((container.as_str(), key.map(|key| module.src(key))), ("self.items", Some("sku")));
        assert!(refusals[1].absent().is_none());
    }
}
