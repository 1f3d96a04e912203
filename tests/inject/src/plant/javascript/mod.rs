//! Faults in JavaScript.

mod behavior;
mod dependency;
mod error;
pub mod handlers;
mod performance;
mod state;

use std::ops::Range;

use oxc::allocator::Allocator;
use oxc::ast::AstKind;
use oxc::ast::ast::{Expression, Statement};
use oxc::span::Span;
use thymus_javascript::code::{Code, is_sound};
use thymus_sdk::source::Text;

use crate::fault::{Edit, Fault, Place};
use crate::plan::Capability;
use crate::plant::documentation::Documented;
use handlers::Handler;

/// A rule's view: one file.
struct Scene<'a> {
    code: &'a Code<'a>,
    handlers: Vec<Handler>,
}

/// The candidates of one kind in one file.
pub fn candidates(path: &str, text: &str, capability: Capability) -> Vec<Fault> {
    let allocator = Allocator::default();
    let source = Text::new(path, text);
    let Some(code) = Code::parse(&allocator, &source) else { return Vec::new() };
    let scene = Scene { code: &code, handlers: handlers::handlers(&code) };
    let mut found = Vec::new();
    match capability {
        Capability::Error => error::plant(&scene, &mut found),
        Capability::Performance => performance::plant(&scene, &mut found),
        Capability::State => state::plant(&scene, &mut found),
        Capability::Behavior => behavior::plant(&scene, &mut found),
        Capability::Dependency => dependency::plant(&scene, &mut found),
        Capability::Documentation | Capability::Coverage => {}
    }
    found.retain(|fault| fault.changed(text).is_some_and(|changed| changed != text && is_sound(path, &changed)));
    found
}

/// Functions with `JSDoc` before them.
pub fn documented(path: &str, text: &str) -> Vec<Documented> {
    let allocator = Allocator::default();
    let source = Text::new(path, text);
    let Some(code) = Code::parse(&allocator, &source) else { return Vec::new() };
    let line = |byte: usize| text[..byte].matches('\n').count() + 1;
    let of = |handler: Handler| {
        let (start, end) = handler.span;
        let function = code.functions().find(|it| start <= it.span.start as usize && it.span.end as usize <= end)?;
        let comment = code.doc_before(u32::try_from(start).ok()?)?;
        let at = text[..start].rfind(comment)?;
        let names = function.params.items.iter().filter_map(|it| it.pattern.get_identifier_name());
        Some(Documented {
            name: handler.name,
            // The comment belongs to it.
            lines: (line(at), line(end)),
            parameters: names.map(|name| name.to_string()).collect(),
            comment: at..at + comment.len(),
        })
    };
    handlers::handlers(&code).into_iter().filter_map(of).collect()
}

/// The text with its functions wrapped; none when it can't be parsed.
pub fn instrumented(path: &str, text: &str) -> Option<String> {
    let allocator = Allocator::default();
    let source = Text::new(path, text);
    Some(handlers::instrumented(&Code::parse(&allocator, &source)?))
}

impl<'a> Scene<'a> {
    fn src(&self, span: Span) -> &'a str {
        self.code.slice(span)
    }

    fn text(&self) -> &'a str {
        &self.code.text.content
    }

    /// A fault within a handler; none outside of all.
    fn push(
        &self,
        capability: Capability,
        rule: &'static str,
        mut edits: Vec<Edit>,
        what: impl Into<String>,
        found: &mut Vec<Fault>,
    ) {
        edits.sort_by_key(|edit| edit.range.start);
        let Some(at) = edits.last().map(|edit| edit.range.start) else { return };
        let Some(handler) = self.handlers.iter().find(|it| it.span.0 <= at && at < it.span.1) else { return };
        let line = |byte: usize| self.text()[..byte].matches('\n').count() + 1;
        found.push(Fault {
            capability,
            rule,
            path: self.code.text.path.clone(),
            place: Some(Place { function: handler.name.clone(), lines: (line(handler.span.0), line(handler.span.1)) }),
            edits,
            may_touch: Vec::new(),
            words: None,
            what: what.into(),
        });
    }

    /// Whole lines of a node, its line break included; none when something else stands on them.
    fn whole_lines(&self, span: Span) -> Option<Range<usize>> {
        let (range, text) = (range(span), self.text());
        let start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
        let end = text[range.end..].find('\n').map_or(text.len(), |at| range.end + at + 1);
        let rest = text[range.end..end].trim();
        let alone = text[start..range.start].trim().is_empty() && (rest.is_empty() || rest.starts_with("//"));
        alone.then_some(start..end)
    }

    fn indent(&self, span: Span) -> &'a str {
        let start = self.text()[..span.start as usize].rfind('\n').map_or(0, |at| at + 1);
        let line = &self.text()[start..];
        &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
    }

    /// Every list of statements.
    fn blocks(&self) -> Vec<&'a [Statement<'a>]> {
        let lists = self.code.kinds().filter_map(|kind| match kind {
            AstKind::FunctionBody(body) => Some(&body.statements[..]),
            AstKind::BlockStatement(block) => Some(&block.body[..]),
            _ => None,
        });
        lists.collect()
    }

    /// Whether a node lies in a loop of its own function.
    fn in_loop(&self, kind: AstKind) -> bool {
        for outer in self.code.ancestors(kind.node_id()) {
            match outer {
                AstKind::ForStatement(_)
                | AstKind::ForOfStatement(_)
                | AstKind::ForInStatement(_)
                | AstKind::WhileStatement(_)
                | AstKind::DoWhileStatement(_) => return true,
                AstKind::Function(_) | AstKind::ArrowFunctionExpression(_) => return false,
                _ => {}
            }
        }
        false
    }
}

fn range(span: Span) -> Range<usize> {
    span.start as usize..span.end as usize
}

/// A name, or members of one.
fn is_place(expression: &Expression) -> bool {
    matches!(
        expression,
        Expression::Identifier(_)
            | Expression::StaticMemberExpression(_)
            | Expression::ComputedMemberExpression(_)
            | Expression::ThisExpression(_)
    )
}

/// `object.name(arguments)`: the object and the call.
fn method<'e, 'a>(
    expression: &'e Expression<'a>,
    name: &str,
) -> Option<(&'e Expression<'a>, &'e oxc::ast::ast::CallExpression<'a>)> {
    let Expression::CallExpression(call) = expression else { return None };
    let Expression::StaticMemberExpression(member) = &call.callee else { return None };
    (member.property.name == name && !call.optional && !member.optional).then_some((&member.object, &**call))
}

/// Where an argument stands, if it is no spread.
fn argument<'e, 'a>(call: &'e oxc::ast::ast::CallExpression<'a>, index: usize) -> Option<&'e Expression<'a>> {
    call.arguments.get(index)?.as_expression()
}

fn is_literal(expression: &Expression) -> bool {
    match expression {
        Expression::ObjectExpression(_)
        | Expression::ArrayExpression(_)
        | Expression::StringLiteral(_)
        | Expression::NumericLiteral(_)
        | Expression::NullLiteral(_)
        | Expression::BooleanLiteral(_) => true,
        Expression::Identifier(it) => it.name == "undefined",
        _ => false,
    }
}

fn span(node: &impl oxc::span::GetSpan) -> Range<usize> {
    range(node.span())
}

#[cfg(test)]
fn planted(capability: Capability, text: &str) -> Vec<(&'static str, String)> {
    let found = candidates("a.js", text, capability);
    found.into_iter().filter_map(|fault| Some((fault.rule, fault.changed(text)?))).collect()
}
