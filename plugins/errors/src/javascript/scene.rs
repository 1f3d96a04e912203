//! The place of an exception: the file and the byte that a frame names, and what lies around it.

use std::ops::Range;

use oxc::allocator::Allocator;
use oxc::ast::AstKind;
use oxc::ast::ast::Expression;
use oxc::span::{GetSpan as _, Span};
use serde_json::Value;

use super::draft::Draft;
use super::message::{self, Fault};
use crate::cause::Cause;
use crate::exception::{Exception, Frame};
use crate::repair::Promise;
use thymus_javascript::code::{Code, Func, bare, last_segment, range};
use thymus_javascript::evaluate::{Values, bind};
use thymus_javascript::handler::handler;
use thymus_javascript::project::Project;
use thymus_javascript::style::Style;

/// The most frames that are looked at.
const MOST_FRAMES: usize = 6;

/// One frame of an exception, with its file read.
pub struct Scene<'s, 'a> {
    pub exception: &'s Exception,
    pub project: &'s Project<'s>,
    pub code: &'s Code<'a>,
    pub fault: Fault,
    pub frame: &'s Frame,
    /// Which frame it is: 0 is where it was thrown, the greatest number the handler.
    pub depth: usize,
    /// The byte that the frame names, when it names a column.
    pub at: Option<usize>,
    /// The line that the frame names.
    pub line: Range<usize>,
}

/// What a rule recognised.
#[derive(Clone, Debug)]
pub struct Known {
    /// The expression that failed.
    pub span: Span,
    /// What is the matter, in a sentence or two.
    pub why: String,
    pub confidence: f64,
    /// Other places in the same file.
    pub related: Vec<Span>,
}

/// Looks at the frames one by one, the innermost first, until one gives something; at last at the handler itself, whose
/// frame is missing where nobody waited for what it started.
pub fn each<R>(exception: &Exception, project: &Project, mut look: impl FnMut(&Scene) -> Option<R>) -> Option<R> {
    let handler = exception.handler_path.as_ref().map(|path| Frame {
        path: path.clone(),
        line: exception.handler_line.unwrap_or(1),
        column: None,
        function: Some(exception.handler.clone()),
    });
    let frames = exception.frames.iter().take(MOST_FRAMES).enumerate();
    frames.chain(handler.iter().map(|frame| (usize::MAX, frame))).find_map(|(depth, frame)| {
        let text = project.text(&frame.path)?;
        let allocator = Allocator::default();
        let code = Code::parse(&allocator, &text)?;
        let line = text.line(frame.line)?;
        let at = frame.column.and_then(|column| code.offset_of(frame.line, column));
        let fault = message::read(&exception.kind, &exception.message);
        look(&Scene { exception, project, code: &code, fault, frame, depth, at, line })
    })
}

impl Known {
    /// As the core wants it.
    pub fn cause(&self, scene: &Scene, rule: &str) -> Cause {
        let path = scene.code.text.path.clone();
        let related = self.related.iter().map(|span| (path.clone(), range(*span).start, range(*span).end)).collect();
        let Range { start, end } = range(self.span);
        let explanation = match scene.caught_call() {
            Some(call) => format!("{} Caught with the call `{call}`.", self.why),
            None => self.why.clone(),
        };
        Cause { path, start, end, rule: rule.to_owned(), explanation, confidence: self.confidence, related }
    }
}

impl<'s, 'a> Scene<'s, 'a> {
    /// Whether the engine threw it right here, and not in something that was called from here.
    pub fn is_innermost(&self) -> bool {
        self.depth == 0
    }

    /// Whether it is the handler, and no frame.
    pub fn is_at_handler(&self) -> bool {
        self.depth == usize::MAX
    }

    /// The smallest statement that begins on the frame's line, or, where none does, lies around the place.
    pub fn statement(&self) -> Option<Span> {
        let at = u32::try_from(self.at.unwrap_or(self.line.start)).ok()?;
        let statements = || self.code.kinds().filter(|kind| kind.is_statement()).map(|kind| kind.span());
        let around = |span: &Span| span.start <= at && at < span.end;
        statements()
            .filter(|span| self.line.contains(&range(*span).start))
            .find(|span| self.at.is_none() || around(span))
            .or_else(|| statements().filter(around).min_by_key(|span| span.size()))
    }

    /// Of nodes that could have failed, the one that the frame names: with a column the one whose place it is, else the
    /// only one on the line.
    pub fn pick<T>(&self, candidates: impl Iterator<Item = (usize, T)>) -> Option<T> {
        let on_line: Vec<_> = candidates.filter(|(at, _)| self.line.contains(at)).collect();
        let exact = self.at.and_then(|at| on_line.iter().position(|(place, _)| *place == at));
        match exact {
            Some(index) => on_line.into_iter().nth(index),
            // A column that names nothing that could have failed was counted in another text: then only what is
            // unmistakable counts.
            None => (on_line.len() == 1).then(|| on_line.into_iter().next()).flatten(),
        }
        .map(|(_, candidate)| candidate)
    }

    /// A call on the frame's line whose function was entered: `name` is what the frame inside says.
    pub fn calls(&self) -> impl Iterator<Item = (usize, AstKind<'a>)> + '_ {
        self.code.kinds().filter_map(|kind| match kind {
            AstKind::CallExpression(call) => {
                let callee = bare(&call.callee);
                let at = match callee {
                    Expression::StaticMemberExpression(member) => member.property.span.start,
                    other => other.span().start,
                };
                Some((at as usize, kind))
            }
            AstKind::NewExpression(new) => Some((new.span.start as usize, kind)),
            _ => None,
        })
    }

    /// The name of the function that was entered from here: where the frame inside lies.
    pub fn entered(&self) -> Option<String> {
        let inner = self.exception.frames.get(self.depth.checked_sub(1)?).filter(|_| !self.is_at_handler())?;
        if let Some(name) = &inner.function {
            return Some(last_segment(name).to_owned());
        }
        self.project.ask(&inner.path, |code| {
            let line = code.text.line(inner.line)?;
            let around =
                code.functions().filter(|it| range(it.span).start <= line.start && line.end <= range(it.span).end);
            let innermost = around.min_by_key(|it| it.span.size())?;
            code.function_name(&innermost).map(str::to_owned)
        })?
    }

    pub fn says(&self, span: Span) -> String {
        format!("`{}`", thymus_javascript::origin::shorten(self.code.slice(span)))
    }

    pub fn style(&self) -> Style {
        Style::of_code(self.code)
    }

    /// The handler's last name: `Cart.add` is called `add`.
    pub fn handler(&self) -> &'s str {
        last_segment(&self.exception.handler)
    }

    /// Whether a function is the handler itself, so that captured arguments are its own.
    pub fn is_handler(&self, function: &Func<'a>) -> bool {
        let Exception { handler: name, handler_path, handler_line, .. } = self.exception;
        let same_file = handler_path.as_deref().is_none_or(|path| path == self.code.text.path);
        same_file && handler(self.code, name, *handler_line).is_some_and(|it| it.id == function.id)
    }

    /// What names stand for around a node in the captured call, when it lies in the handler.
    pub fn values(&self, function: Option<Func<'a>>) -> Values {
        match (function, self.exception.failed.first()) {
            (Some(function), Some(call)) if self.is_handler(&function) => bind(self.code, function.params, &call.args),
            _ => Values::new(),
        }
    }

    fn caught_call(&self) -> Option<String> {
        let call = self.exception.failed.first()?;
        let style = Style { quote: '\'', ..self.style() };
        let args = match &call.args {
            Value::Array(items) => items.iter().map(|item| style.literal(item)).collect::<Vec<_>>().join(", "),
            other => style.literal(other),
        };
        Some(thymus_javascript::origin::shorten(&format!("{}({args})", self.exception.handler)))
    }

    /// What the repaired call throws, told from the source of a `throw`'s argument.
    pub fn throws(&self, function: Option<Func<'a>>, error: &str) -> Promise {
        self.throws_with(error, &self.values(function))
    }

    /// The same, with what names stand for.
    pub fn throws_with(&self, error: &str, values: &Values) -> Promise {
        let thrown = self.probe(error, |code, expression| {
            thymus_javascript::evaluate::thrown(code, self.project, expression, values)
        });
        match thrown.flatten() {
            Some(thrown) => Promise::Throws { kind: thrown.kind, message: thrown.message },
            None => Promise::Throws { kind: "Error".to_owned(), message: None },
        }
    }

    /// Reads a piece of source as if it stood at the end of this file.
    fn probe<R>(&self, source: &str, question: impl FnOnce(&Code, &Expression) -> R) -> Option<R> {
        let mut text = self.code.text.clone();
        text.content.push_str("\n;(");
        let start = text.content.len();
        text.content.push_str(source);
        text.content.push_str(");\n");
        let allocator = Allocator::default();
        let code = Code::parse(&allocator, &text)?;
        let found = code.kinds().find_map(|kind| match kind {
            AstKind::ParenthesizedExpression(it) if it.expression.span().start as usize == start => {
                Some(&it.expression)
            }
            _ => None,
        })?;
        Some(question(&code, found))
    }

    /// A draft with edits of this file.
    pub fn draft(
        &self,
        title: String,
        explanation: String,
        confidence: f64,
        promise: Promise,
        edits: Vec<(Range<usize>, String)>,
    ) -> Draft {
        let path = &self.code.text.path;
        let edits = edits.into_iter().map(|(range, text)| (path.clone(), range, text)).collect();
        Draft { title, explanation, confidence, promise, edits }
    }
}
