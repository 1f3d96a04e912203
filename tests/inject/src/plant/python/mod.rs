//! Faults in Python.

mod behavior;
mod dependency;
mod error;
mod performance;
mod state;

use std::ops::Range;

use ruff_python_ast::visitor::source_order::{self, SourceOrderVisitor};
use ruff_python_ast::{ExceptHandler, Expr, ModModule, Stmt, StmtFunctionDef};
use ruff_python_parser::parse_module;
use ruff_text_size::Ranged;

use crate::fault::{Edit, Fault, Place};
use crate::plan::Capability;
use crate::plant::documentation::Documented;

/// The largest file that is looked at.
const LARGEST: usize = 512 << 10;

/// A file and its tree.
pub struct File<'t> {
    path: &'t str,
    text: &'t str,
    tree: ModModule,
}

/// One function, with what its class is called.
struct Function<'a> {
    def: &'a StmtFunctionDef,
    /// The outermost function's name: what telemetry calls the place.
    handler: String,
    outer: Range<usize>,
}

/// The candidates of one kind in one file.
pub fn candidates(path: &str, text: &str, capability: Capability) -> Vec<Fault> {
    let Some(file) = File::parse(path, text) else { return Vec::new() };
    let mut found = Vec::new();
    if capability == Capability::Dependency {
        dependency::plant(&file, &mut found);
    }
    for function in file.functions() {
        let scene = Scene { file: &file, function: &function };
        match capability {
            Capability::Error => error::plant(&scene, &mut found),
            Capability::Performance => performance::plant(&scene, &mut found),
            Capability::State => state::plant(&scene, &mut found),
            Capability::Behavior => behavior::plant(&scene, &mut found),
            Capability::Dependency | Capability::Documentation | Capability::Coverage => {}
        }
    }
    // What leaves no Python behind is none.
    let stays_python = |changed: &str| parse_module(changed).is_ok();
    found.retain(|fault| fault.changed(text).is_some_and(|it| it != text && stays_python(&it)));
    found
}

/// Functions with docstrings.
pub fn documented(path: &str, text: &str) -> Vec<Documented> {
    let Some(file) = File::parse(path, text) else { return Vec::new() };
    let line = |byte: usize| text[..byte].matches('\n').count() + 1;
    let of = |function: &Function| {
        let only = function.def.body.first()?.as_expr_stmt()?;
        let comment = bytes(only.value.as_string_literal_expr()?);
        let parameters = function.def.parameters.iter().map(|it| it.name().to_string());
        let range = bytes(function.def);
        Some(Documented {
            name: function.handler.clone(),
            lines: (line(range.start), line(range.end)),
            parameters: parameters.filter(|name| name != "self" && name != "cls").collect(),
            comment,
        })
    };
    file.functions().iter().filter_map(of).collect()
}

impl<'t> File<'t> {
    fn parse(path: &'t str, text: &'t str) -> Option<Self> {
        let tree = (text.len() <= LARGEST).then(|| parse_module(text).ok()).flatten()?.into_syntax();
        Some(Self { path, text, tree })
    }

    fn functions(&self) -> Vec<Function<'_>> {
        let mut found = Vec::new();
        functions(&self.tree.body, "", None, &mut found);
        found
    }
}

fn functions<'a>(body: &'a [Stmt], prefix: &str, outer: Option<(&str, &Range<usize>)>, found: &mut Vec<Function<'a>>) {
    for statement in body {
        match statement {
            Stmt::FunctionDef(def) => {
                let own = format!("{prefix}{}", def.name);
                let range = bytes(def);
                let (handler, range) = outer.map_or((own.as_str(), &range), |(name, range)| (name, range));
                found.push(Function { def, handler: handler.to_owned(), outer: range.clone() });
                functions(&def.body, "", Some((handler, range)), found);
            }
            Stmt::ClassDef(def) if outer.is_none() => {
                functions(&def.body, &format!("{prefix}{}.", def.name), None, found);
            }
            _ => {
                for inner in blocks(statement) {
                    functions(inner, prefix, outer, found);
                }
            }
        }
    }
}

/// A rule's view: one function of one file.
struct Scene<'s, 't> {
    file: &'s File<'t>,
    function: &'s Function<'s>,
}

impl<'s> Scene<'s, '_> {
    fn src(&self, node: impl Ranged) -> &'s str {
        self.file.text.get(bytes(node)).unwrap_or_default()
    }

    fn body(&self) -> &'s [Stmt] {
        &self.function.def.body
    }

    fn line(&self, byte: usize) -> usize {
        self.file.text[..byte].matches('\n').count() + 1
    }

    fn fault(&self, capability: Capability, rule: &'static str, edits: Vec<Edit>, what: String) -> Fault {
        let outer = &self.function.outer;
        Fault {
            capability,
            rule,
            path: self.file.path.to_owned(),
            place: Some(Place {
                function: self.function.handler.clone(),
                lines: (self.line(outer.start), self.line(outer.end)),
            }),
            edits,
            may_touch: Vec::new(),
            words: None,
            what,
        }
    }

    /// Whole lines of a statement, its line break included; none when something else stands on them.
    fn whole_lines(&self, node: impl Ranged) -> Option<Range<usize>> {
        let range = bytes(node);
        let text = self.file.text;
        let start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
        let end = text[range.end..].find('\n').map_or(text.len(), |at| range.end + at + 1);
        let alone = text[start..range.start].trim().is_empty()
            && (text[range.end..end].trim().is_empty() || text[range.end..end].trim_start().starts_with('#'));
        alone.then_some(start..end)
    }

    /// What a line begins with.
    fn indent(&self, node: impl Ranged) -> &'s str {
        let start = self.file.text[..bytes(node).start].rfind('\n').map_or(0, |at| at + 1);
        let line = &self.file.text[start..];
        &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
    }

    /// Every list of statements in this function, those of functions within it not.
    fn blocks(&self) -> Vec<&'s [Stmt]> {
        let mut found = vec![self.body()];
        let mut next = 0;
        while next < found.len() {
            let block = found[next];
            for statement in block {
                found.extend(blocks(statement).into_iter().filter(|inner| !inner.is_empty()));
            }
            next += 1;
        }
        found
    }

    /// Every statement in it, at any depth.
    fn statements(&self) -> Vec<&'s Stmt> {
        self.blocks().into_iter().flatten().collect()
    }

    /// Every expression in it, those of functions within it too.
    fn expressions(&self) -> Vec<&'s Expr> {
        expressions(self.body())
    }

    /// The statements that are run again and again: bodies of loops.
    fn loops(&self) -> Vec<&'s Stmt> {
        self.statements().into_iter().filter(|it| matches!(it, Stmt::For(_) | Stmt::While(_))).collect()
    }
}

/// The blocks of a compound statement, but not of a function or a class.
fn blocks(statement: &Stmt) -> Vec<&[Stmt]> {
    match statement {
        Stmt::If(node) => {
            let mut all: Vec<&[Stmt]> = vec![&node.body];
            all.extend(node.elif_else_clauses.iter().map(|clause| &clause.body[..]));
            all
        }
        Stmt::For(node) => vec![&node.body, &node.orelse],
        Stmt::While(node) => vec![&node.body, &node.orelse],
        Stmt::With(node) => vec![&node.body],
        Stmt::Try(node) => {
            let mut all: Vec<&[Stmt]> = vec![&node.body];
            all.extend(node.handlers.iter().map(|ExceptHandler::ExceptHandler(handler)| &handler.body[..]));
            all.push(&node.orelse);
            all.push(&node.finalbody);
            all
        }
        Stmt::Match(node) => node.cases.iter().map(|case| &case.body[..]).collect(),
        _ => Vec::new(),
    }
}

fn bytes(node: impl Ranged) -> Range<usize> {
    usize::from(node.start())..usize::from(node.end())
}

struct Collect<'a>(Vec<&'a Expr>);

impl<'a> SourceOrderVisitor<'a> for Collect<'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        self.0.push(expr);
        source_order::walk_expr(self, expr);
    }
}

fn expressions(body: &[Stmt]) -> Vec<&Expr> {
    let mut collect = Collect(Vec::new());
    for statement in body {
        collect.visit_stmt(statement);
    }
    collect.0
}

fn parts(expr: &Expr) -> Vec<&Expr> {
    let mut collect = Collect(Vec::new());
    collect.visit_expr(expr);
    collect.0
}

fn is_none(expr: &Expr) -> bool {
    expr.is_none_literal_expr()
}

fn name_of(expr: &Expr) -> Option<&str> {
    expr.as_name_expr().map(|name| name.id.as_str())
}

/// `f(x)` with one plain argument.
fn only_argument<'a>(expr: &'a Expr, function: &str) -> Option<&'a Expr> {
    let call = expr.as_call_expr()?;
    let plain = call.arguments.keywords.is_empty() && call.arguments.args.len() == 1;
    let argument =
        call.arguments.args.first().filter(|it| plain && !it.is_starred_expr() && !it.is_generator_expr())?;
    (name_of(&call.func) == Some(function)).then_some(argument)
}

/// What a method is called on, where it is called like this with so many arguments.
fn method<'a>(expr: &'a Expr, name: &str, arguments: usize) -> Option<(&'a Expr, &'a [Expr])> {
    let call = expr.as_call_expr()?;
    let attribute = call.func.as_attribute_expr()?;
    let fits = attribute.attr.as_str() == name
        && call.arguments.keywords.is_empty()
        && call.arguments.args.len() == arguments
        && !call.arguments.args.iter().any(Expr::is_starred_expr);
    fits.then_some((&*attribute.value, &call.arguments.args[..]))
}

#[cfg(test)]
pub(super) fn planted(capability: Capability, text: &str) -> Vec<(&'static str, String)> {
    let found = candidates("a.py", text, capability);
    found.into_iter().filter_map(|fault| Some((fault.rule, fault.changed(text)?))).collect()
}
