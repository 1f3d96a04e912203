//! One function that may cost, and the questions that rules ask of it: which loops stand around a node, what stays the
//! same in them, what a name is used for.

use std::ops::Range;

use oxc::ast::AstKind;
use oxc::ast::ast::Expression;
use oxc::semantic::{NodeId, SymbolId};
use oxc::span::{GetSpan as _, Span};
use thymus_javascript::code::{Code, Func, bare, range};
use thymus_javascript::project::Project;
use thymus_javascript::style::Style;

use super::uses::{Use, is_harmless, use_of};
use crate::cost::Cost;
use crate::slowdown::Slowdown;

/// Methods that call a function once for each element.
const ITERATING: [&str; 16] = [
    "map",
    "forEach",
    "filter",
    "some",
    "every",
    "find",
    "findIndex",
    "findLast",
    "findLastIndex",
    "reduce",
    "reduceRight",
    "flatMap",
    "sort",
    "toSorted",
    "from",
    "replace",
];

/// One function that the handler runs.
pub struct Scene<'c, 'a> {
    pub code: &'c Code<'a>,
    pub project: &'c Project<'c>,
    pub function: Func<'a>,
    pub slowdown: &'c Slowdown,
    /// Whether it is the handler itself.
    pub is_handler: bool,
    /// From 1 for the handler down, call by call.
    pub closeness: f64,
}

/// What a rule recognised.
#[derive(Debug)]
pub struct Known {
    pub span: Span,
    /// How heavy such a construct is, from 0 to 1.
    pub heaviness: f64,
    pub explanation: String,
    pub repair: Option<Draft>,
}

/// A repair while it is being written.
#[derive(Debug)]
pub struct Draft {
    pub title: String,
    pub explanation: String,
    pub edits: Vec<(Range<usize>, String)>,
    pub confidence: f64,
}

/// Something that runs a part of the function again and again.
#[derive(Clone, Copy, Debug)]
pub struct Loop {
    pub id: NodeId,
    /// What is run again and again.
    pub repeated: Span,
}

impl Known {
    /// In terms that outlive the tree.
    pub fn cost(self, scene: &Scene, rule: &str) -> Cost {
        let closeness = scene.closeness;
        // What can be repaired can be tried, and whether it was that is then measured.
        let mendable = if self.repair.is_some() { 1.2 } else { 1.0 };
        Cost {
            path: scene.code.text.path.clone(),
            start: self.span.start as usize,
            end: self.span.end as usize,
            rule: rule.to_owned(),
            explanation: self.explanation,
            weight: self.heaviness * closeness * mendable,
        }
    }
}

impl<'c, 'a> Scene<'c, 'a> {
    /// The nodes of the function, those of functions within it too.
    pub fn nodes(&self) -> impl Iterator<Item = AstKind<'a>> + use<'_, 'c, 'a> {
        self.code.inside(self.function.span)
    }

    /// The loops around a node, inside of the function, the innermost first.
    pub fn loops(&self, id: NodeId) -> Vec<Loop> {
        let at = self.code.kind(id).span();
        let within = |kind: &AstKind<'a>| kind.node_id() != self.function.id;
        let around = self.code.ancestors(id).take_while(within).filter_map(|kind| self.as_loop(kind));
        around.filter(|one| one.repeated.start <= at.start && at.end <= one.repeated.end).collect()
    }

    fn as_loop(&self, kind: AstKind<'a>) -> Option<Loop> {
        let repeated = match kind {
            AstKind::ForStatement(it) => {
                let start = it.test.as_ref().map(|test| test.span().start);
                let start = start.or(it.update.as_ref().map(|update| update.span().start));
                Span::new(start.unwrap_or(it.body.span().start), it.span.end)
            }
            AstKind::ForOfStatement(it) => it.body.span(),
            AstKind::ForInStatement(it) => it.body.span(),
            AstKind::WhileStatement(it) => it.span,
            AstKind::DoWhileStatement(it) => it.span,
            AstKind::Function(_) | AstKind::ArrowFunctionExpression(_) => {
                let AstKind::CallExpression(call) = self.code.parent(kind.node_id()) else { return None };
                let is_argument = call.arguments.iter().any(|argument| argument.span() == kind.span());
                let method = bare(&call.callee).get_member_expr()?.static_property_name()?;
                if !is_argument || !ITERATING.contains(&method) {
                    return None;
                }
                kind.span()
            }
            _ => return None,
        };
        Some(Loop { id: kind.node_id(), repeated })
    }

    /// The statement of the function's own blocks that holds a loop; none where there is no block to put a line into.
    pub fn statement_around(&self, one: &Loop) -> Option<Span> {
        match self.code.kind(one.id) {
            AstKind::Function(_) | AstKind::ArrowFunctionExpression(_) => {
                Some(self.code.statement_of(self.code.parent(one.id).node_id())?.span())
            }
            kind => match self.code.parent(one.id) {
                AstKind::FunctionBody(_) | AstKind::BlockStatement(_) | AstKind::Program(_) => Some(kind.span()),
                _ => None,
            },
        }
    }

    /// The outermost of these loops in all of which an expression stays the same; the statement that holds it.
    pub fn outermost_invariant(&self, span: Span, loops: &[Loop]) -> Option<(Loop, Span)> {
        let steady = loops.iter().take_while(|one| self.is_invariant(span, one.repeated));
        steady.filter_map(|one| Some((*one, self.statement_around(one)?))).last()
    }

    /// Whether what stands in `span` gives the same each time `region` runs, as far as names and what they hold decide.
    pub fn is_invariant(&self, span: Span, region: Span) -> bool {
        self.code.inside(span).all(|kind| match kind {
            AstKind::IdentifierReference(name) => match self.code.resolve(name) {
                // Globals: what the language gives.
                None => true,
                Some(symbol) => {
                    let declared = self.code.semantic.scoping().symbol_span(symbol);
                    inside(declared, span) || (!inside(declared, region) && self.is_steady(symbol, region))
                }
            },
            AstKind::ThisExpression(_)
            | AstKind::AwaitExpression(_)
            | AstKind::YieldExpression(_)
            | AstKind::UpdateExpression(_)
            | AstKind::AssignmentExpression(_) => false,
            AstKind::UnaryExpression(unary) => !unary.operator.is_delete(),
            _ => true,
        })
    }

    /// Whether a name, and what it holds, is left alone in a region.
    pub fn is_steady(&self, symbol: SymbolId, region: Span) -> bool {
        self.code
            .references(symbol)
            .filter(|reference| inside(reference.span(), region))
            .all(|reference| is_harmless(&use_of(self.code, reference.node_id())))
    }

    /// All uses of a name, with where they stand.
    pub fn uses(&self, symbol: SymbolId) -> Vec<(AstKind<'a>, Use<'a>)> {
        self.code.references(symbol).map(|kind| (kind, use_of(self.code, kind.node_id()))).collect()
    }

    /// The symbol that a plain name means.
    pub fn symbol(&self, expression: &Expression<'a>) -> Option<SymbolId> {
        match bare(expression) {
            Expression::Identifier(name) => self.code.resolve(name),
            _ => None,
        }
    }

    /// A name that nothing in the file has yet.
    pub fn free_name(&self, wanted: &str) -> Option<String> {
        let taken = |name: &str| {
            self.code.kinds().any(|kind| match kind {
                AstKind::BindingIdentifier(id) => id.name == name,
                AstKind::IdentifierReference(id) => id.name == name,
                _ => false,
            })
        };
        std::iter::once(wanted.to_owned())
            .chain((2..6).map(|number| format!("{wanted}{number}")))
            .find(|name| !taken(name))
    }

    pub fn style(&self) -> Style {
        Style::of_code(self.code)
    }

    /// Whether the file has types that must fit.
    pub fn is_typed(&self) -> bool {
        let path = &self.code.text.path;
        [".ts", ".tsx", ".mts", ".cts"].iter().any(|end| path.ends_with(end))
    }

    /// The lines put before a statement, at its indentation; none where it does not begin its line.
    pub fn before(&self, statement: Span, lines: &[String]) -> Option<(Range<usize>, String)> {
        let at = range(statement).start;
        let indent = self.code.text.indent_at(at);
        if !begins_line(&self.code.text.content, at) {
            return None;
        }
        let newline = self.code.text.newline();
        let end = format!("{newline}{indent}");
        Some((at..at, lines.join(&end) + &end))
    }

    /// The lines put behind a statement.
    pub fn behind(&self, statement: Span, lines: &[String]) -> Option<(Range<usize>, String)> {
        let whole = range(statement);
        if !begins_line(&self.code.text.content, whole.start) {
            return None;
        }
        let indent = self.code.text.indent_at(whole.start);
        let newline = self.code.text.newline();
        let start = format!("{newline}{indent}");
        Some((whole.end..whole.end, start.clone() + &lines.join(&start)))
    }

    /// Whether evaluating an expression does nothing but give a value: names, members, literals and operators.
    pub fn is_plain(&self, span: Span) -> bool {
        self.code.inside(span).all(|kind| {
            matches!(
                kind,
                AstKind::IdentifierReference(_)
                    | AstKind::StaticMemberExpression(_)
                    | AstKind::ComputedMemberExpression(_)
                    | AstKind::ChainExpression(_)
                    | AstKind::IdentifierName(_)
                    | AstKind::StringLiteral(_)
                    | AstKind::NumericLiteral(_)
                    | AstKind::BooleanLiteral(_)
                    | AstKind::NullLiteral(_)
                    | AstKind::TemplateLiteral(_)
                    | AstKind::TemplateElement(_)
                    | AstKind::BinaryExpression(_)
                    | AstKind::LogicalExpression(_)
                    | AstKind::ParenthesizedExpression(_)
                    | AstKind::ThisExpression(_)
            )
        })
    }

    /// Whether any name inside `span` means one of those that `declared` declares.
    pub fn mentions(&self, span: Span, symbols: &[SymbolId]) -> bool {
        self.code.inside(span).any(|kind| match kind {
            AstKind::IdentifierReference(name) => self.code.resolve(name).is_some_and(|it| symbols.contains(&it)),
            _ => false,
        })
    }

    pub fn slice(&self, span: Span) -> &'a str {
        self.code.slice(span)
    }

    pub fn line(&self, span: Span) -> u32 {
        self.code.line(span.start)
    }
}

/// Whether one span lies in another.
pub fn inside(span: Span, outer: Span) -> bool {
    outer.start <= span.start && span.end <= outer.end
}

fn begins_line(content: &str, at: usize) -> bool {
    let start = content[..at].rfind('\n').map_or(0, |at| at + 1);
    content[start..at].chars().all(|c| matches!(c, ' ' | '\t'))
}

/// `customerId` for `customer.id`, `idOf` words joined to a name in camel case.
pub fn camel(words: &[&str]) -> String {
    let mut name = String::new();
    for word in words {
        let plain: String = word.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$')).collect();
        let mut letters = plain.chars();
        match letters.next() {
            Some(first) if !name.is_empty() => {
                name.extend(first.to_uppercase());
                name.push_str(letters.as_str());
            }
            _ => name.push_str(&plain),
        }
    }
    name
}
