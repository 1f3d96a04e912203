//! A Python file and its syntax tree: finding the node at a place, walking, and asking what stands around it.
//!
//! Files come from a stranger's repository. What is too large or too deeply nested for a plugin's small stack is not
//! parsed at all: no tree, no repair.

use std::ops::Range;

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::visitor::source_order::{self, SourceOrderVisitor};
use ruff_python_ast::{
    Comprehension, ElifElseClause, ExceptHandler, Expr, ModModule, PythonVersion, Stmt, StmtClassDef, StmtFunctionDef,
};
use ruff_python_parser::{Mode, ParseOptions, lexer, parse, parse_module};
use ruff_text_size::{Ranged, TextRange};
use thymus_sdk::source::Text;

/// The largest file that is read.
const LARGEST: usize = 1 << 20;
/// Brackets or blocks within each other; Python itself stops at 200 and 100.
const DEEPEST: usize = 60;
/// Operators in a row without a comma or a bracket between, each of which may be one more level of the tree.
const LONGEST_CHAIN: usize = 300;

/// A file with its tree.
#[derive(Debug)]
pub struct Module {
    /// The file.
    pub text: Text,
    /// What the parser made of it.
    pub tree: ModModule,
}

/// What a walk stops at.
#[derive(Clone, Copy, Debug)]
pub enum Node<'a> {
    /// A statement.
    Stmt(&'a Stmt),
    /// An expression.
    Expr(&'a Expr),
    /// An `elif` or `else`.
    Elif(&'a ElifElseClause),
    /// An `except`.
    Handler(&'a ExceptHandler),
    /// A `for` of a comprehension.
    Comprehension(&'a Comprehension),
}

impl Ranged for Node<'_> {
    fn range(&self) -> TextRange {
        match self {
            Node::Stmt(node) => node.range(),
            Node::Expr(node) => node.range(),
            Node::Elif(node) => node.range(),
            Node::Handler(node) => node.range(),
            Node::Comprehension(node) => node.range(),
        }
    }
}

/// A function and the class whose method it is.
#[derive(Clone, Copy, Debug)]
pub struct Function<'a> {
    /// Its definition.
    pub def: &'a StmtFunctionDef,
    /// The class whose method it is.
    pub class: Option<&'a StmtClassDef>,
    /// Inside another function.
    pub nested: bool,
}

impl Module {
    /// None when it is too large, too deep, or no Python.
    pub fn parse(text: Text) -> Option<Self> {
        if text.content.len() > LARGEST || !is_shallow(&text.content) {
            return None;
        }
        let tree = parse_module(&text.content).ok()?.into_syntax();
        Some(Self { text, tree })
    }

    /// How often the file uses syntax that Python 3.9 lacks.
    pub fn newer_syntax(&self) -> usize {
        let options = ParseOptions::from(Mode::Module).with_target_version(PythonVersion::PY39);
        parse(&self.text.content, options).map_or(usize::MAX, |parsed| parsed.unsupported_syntax_errors().len())
    }

    /// A node as it is written.
    pub fn src(&self, node: impl Ranged) -> &str {
        self.text.content.get(bytes(node)).unwrap_or("")
    }

    /// The line on which a node starts, counted from 1.
    pub fn line(&self, node: impl Ranged) -> u32 {
        self.text.line_column(bytes(node).start).0
    }

    /// The nodes around these bytes, the outermost first.
    pub fn chain(&self, range: Range<usize>) -> Vec<Node<'_>> {
        let mut chain = Vec::new();
        walk(&self.tree.body, &mut |node| {
            let around = bytes(node);
            let inside = around.start <= range.start && range.end <= around.end;
            if inside {
                chain.push(node);
            }
            inside
        });
        chain
    }

    /// Every function, methods and nested ones too.
    pub fn functions(&self) -> Vec<Function<'_>> {
        let mut found = Vec::new();
        functions(&self.tree.body, None, false, &mut found);
        found
    }

    /// The function around a line, the innermost.
    pub fn function_at(&self, byte: usize) -> Option<Function<'_>> {
        self.functions().into_iter().filter(|function| bytes(function.def).contains(&byte)).last()
    }

    /// The classes at the top level.
    pub fn classes(&self) -> impl Iterator<Item = &StmtClassDef> {
        self.tree.body.iter().filter_map(Stmt::as_class_def_stmt)
    }

    /// The quote that strings of this file are written with.
    pub fn quote(&self) -> char {
        let count = |quote| self.text.content.matches(quote).count();
        if count('\'') > count('"') { '\'' } else { '"' }
    }

    /// One step of indentation, as the file has it.
    pub fn indent_unit(&self) -> String {
        let first = self.functions().into_iter().find_map(|function| {
            let outer = self.text.indent_at(bytes(function.def).start);
            let inner = self.text.indent_at(bytes(function.def.body.first()?).start);
            inner.strip_prefix(outer).filter(|unit| !unit.is_empty()).map(str::to_owned)
        });
        first.unwrap_or_else(|| "    ".to_owned())
    }
}

fn functions<'a>(body: &'a [Stmt], class: Option<&'a StmtClassDef>, nested: bool, found: &mut Vec<Function<'a>>) {
    for statement in body {
        match statement {
            Stmt::FunctionDef(def) => {
                found.push(Function { def, class, nested });
                functions(&def.body, None, true, found);
            }
            Stmt::ClassDef(def) => functions(&def.body, Some(def), nested, found),
            _ => {
                for inner in blocks(statement) {
                    functions(inner, class, nested, found);
                }
            }
        }
    }
}

/// The blocks of a compound statement, but not of a function or a class.
pub fn blocks(statement: &Stmt) -> Vec<&[Stmt]> {
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

/// A node's bytes.
pub fn bytes(node: impl Ranged) -> Range<usize> {
    usize::from(node.start())..usize::from(node.end())
}

/// Visits nodes in source order; what `visit` answers `false` for is not entered.
pub fn walk<'a>(body: &'a [Stmt], visit: &mut dyn FnMut(Node<'a>) -> bool) {
    let mut walker = Walker { visit };
    for statement in body {
        walker.visit_stmt(statement);
    }
}

/// The same for one expression, itself included.
pub fn walk_expr<'a>(expr: &'a Expr, visit: &mut dyn FnMut(Node<'a>) -> bool) {
    Walker { visit }.visit_expr(expr);
}

/// Every expression in these statements, functions and lambdas within them included.
pub fn expressions(body: &[Stmt]) -> Vec<&Expr> {
    let mut found = Vec::new();
    walk(body, &mut |node| {
        if let Node::Expr(expr) = node {
            found.push(expr);
        }
        true
    });
    found
}

/// Every expression in this one, itself first.
pub fn parts(expr: &Expr) -> Vec<&Expr> {
    let mut found = Vec::new();
    walk_expr(expr, &mut |node| {
        if let Node::Expr(part) = node {
            found.push(part);
        }
        true
    });
    found
}

/// Every statement in these, at any depth, but not those of functions and classes within.
pub fn statements(body: &[Stmt]) -> Vec<&Stmt> {
    let mut found = Vec::new();
    for statement in body {
        found.push(statement);
        for inner in blocks(statement) {
            found.extend(statements(inner));
        }
    }
    found
}

struct Walker<'v, 'a> {
    visit: &'v mut dyn FnMut(Node<'a>) -> bool,
}

impl<'a> SourceOrderVisitor<'a> for Walker<'_, 'a> {
    fn visit_stmt(&mut self, node: &'a Stmt) {
        if (self.visit)(Node::Stmt(node)) {
            source_order::walk_stmt(self, node);
        }
    }

    fn visit_expr(&mut self, node: &'a Expr) {
        if (self.visit)(Node::Expr(node)) {
            source_order::walk_expr(self, node);
        }
    }

    fn visit_elif_else_clause(&mut self, node: &'a ElifElseClause) {
        if (self.visit)(Node::Elif(node)) {
            source_order::walk_elif_else_clause(self, node);
        }
    }

    fn visit_except_handler(&mut self, node: &'a ExceptHandler) {
        if (self.visit)(Node::Handler(node)) {
            source_order::walk_except_handler(self, node);
        }
    }

    fn visit_comprehension(&mut self, node: &'a Comprehension) {
        if (self.visit)(Node::Comprehension(node)) {
            source_order::walk_comprehension(self, node);
        }
    }
}

/// Whether parsing and walking stay within a small stack: told from the tokens alone, before anything recurses.
fn is_shallow(content: &str) -> bool {
    let mut tokens = lexer::lex(content, Mode::Module);
    let (mut brackets, mut blocks) = (0_usize, 0_usize);
    // One count for each open bracket: a comma or a line's end starts a new chain.
    let mut chains = vec![0_usize];
    loop {
        match tokens.next_token() {
            TokenKind::EndOfFile => return true,
            TokenKind::Lpar
            | TokenKind::Lsqb
            | TokenKind::Lbrace
            | TokenKind::FStringStart
            | TokenKind::TStringStart => {
                brackets += 1;
                if let Some(chain) = chains.last_mut() {
                    *chain += 1;
                }
                chains.push(0);
            }
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace | TokenKind::FStringEnd | TokenKind::TStringEnd => {
                brackets = brackets.saturating_sub(1);
                if chains.len() > 1 {
                    chains.pop();
                }
            }
            TokenKind::Indent => blocks += 1,
            TokenKind::Dedent => blocks = blocks.saturating_sub(1),
            TokenKind::Comma => {
                if let Some(chain) = chains.last_mut() {
                    *chain = 0;
                }
            }
            TokenKind::Newline => {
                brackets = 0;
                chains = vec![0];
            }
            TokenKind::Name
            | TokenKind::Int
            | TokenKind::Float
            | TokenKind::Complex
            | TokenKind::String
            | TokenKind::Comment
            | TokenKind::NonLogicalNewline
            | TokenKind::FStringMiddle
            | TokenKind::TStringMiddle => {}
            _ => {
                if let Some(chain) = chains.last_mut() {
                    *chain += 1;
                }
            }
        }
        if brackets > DEEPEST || blocks > DEEPEST || chains.last().is_some_and(|chain| *chain > LONGEST_CHAIN) {
            return false;
        }
    }
}

/// A name, or `a.b.c`, as its segments joined by dots.
pub fn dotted(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Name(name) => Some(name.id.to_string()),
        Expr::Attribute(attribute) => Some(format!("{}.{}", dotted(&attribute.value)?, attribute.attr.as_str())),
        _ => None,
    }
}

/// The last segment of what is called: `get` of `self.items.get(…)`.
pub fn callee_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        Expr::Call(call) => callee_name(&call.func),
        _ => None,
    }
}

/// The text of a string literal.
pub fn string(expr: &Expr) -> Option<&str> {
    expr.as_string_literal_expr().map(|literal| literal.value.to_str())
}

/// A whole number, with its sign.
pub fn integer(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::NumberLiteral(number) => number.value.as_int()?.as_i64(),
        Expr::UnaryOp(unary) if unary.op == ruff_python_ast::UnaryOp::USub => integer(&unary.operand)?.checked_neg(),
        _ => None,
    }
}

/// The docstring of a body.
pub fn docstring(body: &[Stmt]) -> Option<&str> {
    string(&body.first()?.as_expr_stmt()?.value)
}

/// Whether the first parameter is the instance or the class.
pub fn takes_instance(function: Function) -> bool {
    let is_static = function.def.decorator_list.iter().any(|d| callee_name(&d.expression) == Some("staticmethod"));
    let first = function.def.parameters.iter_non_variadic_params().next();
    function.class.is_some() && !is_static && first.is_some_and(|p| matches!(p.parameter.name.as_str(), "self" | "cls"))
}

/// The names of the classes that an `except` clause catches.
pub fn kinds(expr: &Expr) -> Vec<&str> {
    match expr {
        Expr::Tuple(node) => node.elts.iter().filter_map(callee_name).collect(),
        other => callee_name(other).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_overflow_a_stack_is_not_parsed() {
        let nested = |depth: usize| format!("x = {}1{}\n", "(".repeat(depth), ")".repeat(depth));
        assert!(Module::parse(Text::new("a.py", nested(40))).is_some());
        assert!(Module::parse(Text::new("a.py", nested(100_000))).is_none());
        for hostile in [
            format!("x = {}1\n", "-".repeat(100_000)),
            format!("x = {}1\n", "not ".repeat(100_000)),
            format!("x = a{}\n", ".b".repeat(100_000)),
            format!("x = a{}\n", "()".repeat(100_000)),
            format!("x = 1{}\n", " + 1".repeat(100_000)),
            format!("x = {}1\n", "lambda: ".repeat(100_000)),
            format!("x = {}1\n", "1 if 1 else ".repeat(100_000)),
            (0..1000).fold(String::new(), |text, depth| text + &" ".repeat(depth) + "if x:\n")
                + &" ".repeat(1000)
                + "y\n",
        ] {
            assert!(Module::parse(Text::new("a.py", hostile)).is_none());
        }
        let long = format!("x = [{}]\n", "1 + 2, ".repeat(10_000));
        assert!(Module::parse(Text::new("a.py", long)).is_some());
    }

    #[test]
    fn functions_know_their_class() {
        let module =
            Module::parse(Text::new("a.py", "class A:\n  def f(self):\n    def g(): pass\ndef h(): pass\n")).unwrap();
        let names: Vec<_> = module
            .functions()
            .into_iter()
            .map(|f| (f.def.name.as_str().to_owned(), f.class.map(|c| c.name.to_string()), f.nested))
            .collect();
        let wanted = [("f", Some("A"), false), ("g", None, true), ("h", None, false)];
        assert_eq!(names, wanted.map(|(n, c, d)| (n.to_owned(), c.map(str::to_owned), d)));
        assert_eq!(module.indent_unit(), "  ");
    }
}
