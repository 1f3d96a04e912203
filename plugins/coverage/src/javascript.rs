//! JavaScript and TypeScript: what tests and functions mention, what a handler reads, and its tests.

use std::collections::BTreeSet;

use oxc::allocator::Allocator;
use oxc::ast::AstKind;
use oxc::ast::ast::Expression;
use oxc::span::{GetSpan as _, Span};
use thymus_javascript::code::{Code, Func, bare, last_segment};
use thymus_javascript::project::{Project, is_test};
use thymus_javascript::testing::{self, Call, Expect, Subject, TestCase};
use thymus_sdk::source::Source;

use crate::code::Written;
use crate::example::{Example, Outcome};
use crate::gap::Gap;
use crate::reach::{Mentions, Tests};

/// Bytes of all files together.
const MOST_BYTES: usize = 16 << 20;
/// Objects that every program has.
const BUILT_IN: [&str; 16] = [
    "JSON", "Math", "Object", "Array", "Number", "String", "Date", "Promise", "Reflect", "Symbol", "Buffer", "process",
    "console", "assert", "path", "fs",
];
/// What another run may answer otherwise.
const READS: [&str; 19] = [
    "Date.now",
    "new Date()",
    "Math.random",
    "performance.now",
    "process.hrtime",
    "randomUUID",
    "randomBytes",
    "crypto.getRandomValues",
    "nanoid(",
    "uuid(",
    "uuidv4(",
    "fetch(",
    "axios",
    "http.get",
    "http.request",
    "https.",
    "process.env",
    "fs.",
    "readFileSync",
];

/// Everything that is mentioned.
pub fn mentions(source: &Source) -> (Tests, Mentions) {
    let project = Project::of(source);
    let (mut tests, mut mentions) = (Tests::default(), Mentions::default());
    let mut total = 0;
    for path in project.scripts() {
        let Some(text) = project.text(path) else { continue };
        total += text.content.len();
        if total > MOST_BYTES {
            break;
        }
        let allocator = Allocator::default();
        let Some(code) = Code::parse(&allocator, &text) else { continue };
        let mentioned = Mentioned::of(&code);
        if is_test(path) {
            tests.files += 1;
            tests.names.extend(mentioned.names.iter().map(|(_, name)| name.clone()));
            tests.pages.extend(mentioned.pages.iter().map(|(_, page)| page.clone()));
        }
        // What a file calls when it is loaded runs in every test that loads it.
        tests.names.extend(called_when_loaded(&code));
        for function in code.functions() {
            let Some(name) = code.function_name(&function) else { continue };
            let pages = part(&mentioned.pages, function.span).len();
            let names = mentioned.names_in(function.span);
            // Making an object runs its constructor.
            if name == "constructor"
                && let Some(class) = class_of(&code, &function)
            {
                mentions.add(class, names.clone(), pages);
            }
            mentions.add(name, names, pages);
        }
    }
    (tests, mentions)
}

/// The class around a function.
fn class_of<'a>(code: &Code<'a>, function: &Func<'a>) -> Option<&'a str> {
    code.ancestors(function.id).find_map(|kind| match kind {
        AstKind::Class(class) => Some(class.id.as_ref()?.name.as_str()),
        _ => None,
    })
}

/// What a file mentions, in the order of its text, so that a part of it is found without going through all.
struct Mentioned {
    /// What is read, called, or reached into.
    names: Vec<(u32, String)>,
    /// Texts that begin with a slash; what is put into a template is `*`.
    pages: Vec<(u32, String)>,
}

impl Mentioned {
    fn of(code: &Code<'_>) -> Self {
        let mut names: Vec<_> = code.kinds().filter_map(|kind| Some((kind.span().start, name_of(kind)?))).collect();
        let mut pages: Vec<_> = code.kinds().filter_map(|kind| Some((kind.span().start, page_of(kind)?))).collect();
        names.sort_unstable();
        pages.sort_unstable();
        Self { names, pages }
    }

    fn names_in(&self, span: Span) -> BTreeSet<String> {
        part(&self.names, span).iter().map(|(_, name)| name.clone()).collect()
    }
}

fn part(all: &[(u32, String)], span: Span) -> &[(u32, String)] {
    let start = all.partition_point(|(at, _)| *at < span.start);
    let end = all.partition_point(|(at, _)| *at < span.end);
    &all[start..end.max(start)]
}

fn name_of(kind: AstKind<'_>) -> Option<String> {
    match kind {
        AstKind::IdentifierReference(name) => Some(name.name.to_string()),
        // `JSON.parse` is nobody's `parse`.
        AstKind::StaticMemberExpression(member) => match bare(&member.object) {
            Expression::Identifier(of) if BUILT_IN.contains(&of.name.as_str()) => None,
            _ => Some(member.property.name.to_string()),
        },
        AstKind::ImportSpecifier(import) => Some(import.imported.name().to_string()),
        _ => None,
    }
}

fn page_of(kind: AstKind<'_>) -> Option<String> {
    let text = match kind {
        AstKind::StringLiteral(text) => text.value.to_string(),
        AstKind::TemplateLiteral(template) => {
            template.quasis.iter().map(|part| part.value.raw.as_str()).collect::<Vec<_>>().join("*")
        }
        _ => return None,
    };
    (text.starts_with('/') && text.len() < 500).then_some(text)
}

/// Functions that are called outside of functions.
fn called_when_loaded(code: &Code<'_>) -> Vec<String> {
    let calls = code.kinds().filter_map(|kind| match kind {
        AstKind::CallExpression(call) if code.function_of(kind.node_id()).is_none() => {
            Some(last_segment(code.slice(call.callee.span())).to_owned())
        }
        _ => None,
    });
    calls.collect()
}

/// The handler's code.
pub fn written(handler: &str, path: &str, line: Option<u32>, source: &Source) -> Option<Written> {
    let project = Project::of(source);
    project.ask(path, |code| {
        let name = last_segment(handler);
        let functions = code.functions_named(name);
        let at = functions.iter().find(|function| line.is_some_and(|line| code.line(function.span.start) == line));
        let function = at.or(if functions.len() == 1 { functions.first() } else { None })?;
        Some(Written {
            range: (function.span.start as usize, function.span.end as usize),
            lines: (code.line(function.span.start), code.line(function.span.end)),
            branches: branches(code, function),
            reads: reads(code, function),
        })
    })?
}

fn branches(code: &Code<'_>, function: &Func<'_>) -> usize {
    let parts = code.inside(function.span).filter(|kind| {
        matches!(
            kind,
            AstKind::IfStatement(_)
                | AstKind::ConditionalExpression(_)
                | AstKind::LogicalExpression(_)
                | AstKind::SwitchCase(_)
                | AstKind::CatchClause(_)
                | AstKind::ForStatement(_)
                | AstKind::ForOfStatement(_)
                | AstKind::WhileStatement(_)
        )
    });
    parts.count()
}

/// In the function itself, or in one of its file that it calls.
fn reads(code: &Code<'_>, function: &Func<'_>) -> Option<String> {
    let mentioned = Mentioned::of(code).names_in(function.span);
    let helpers = code.functions().filter(|other| {
        other.span != function.span && code.function_name(other).is_some_and(|name| mentioned.contains(name))
    });
    std::iter::once(function.span).chain(helpers.map(|helper| helper.span)).find_map(|span| {
        let text = code.slice(span);
        READS.iter().find(|word| text.contains(*word)).map(|word| word.trim_end_matches('(').to_owned())
    })
}

/// The file of tests.
pub fn test(gap: &Gap, source: &Source) -> Option<thymus_sdk::Change> {
    let project = Project::of(source);
    let subject = Subject::find(&gap.handler, &[&gap.path], gap.line, &project)?;
    let name = last_segment(&gap.handler);
    let (refused, answered): (Vec<&Example>, Vec<&Example>) =
        gap.examples.iter().partition(|example| matches!(example.outcome, Outcome::Threw { .. }));
    let cases =
        [(format!("{name} answers as in production"), answered), (format!("{name} refuses as in production"), refused)];
    let cases: Vec<TestCase> = cases
        .into_iter()
        .filter(|(_, examples)| !examples.is_empty())
        .map(|(title, examples)| TestCase { title, calls: examples.into_iter().map(call).collect() })
        .collect();
    testing::write(&subject, "production", &cases, &project)
}

fn call(example: &Example) -> Call {
    let expect = match &example.outcome {
        Outcome::Returned(value) => Expect::Returns(value.clone()),
        Outcome::Like(value) => Expect::Something { like: vec![value.clone()] },
        Outcome::Threw { kind, message } => Expect::Throws { kind: kind.clone(), message: Some(message.clone()) },
    };
    Call { args: example.args.clone(), null_was_undefined: false, expect }
}
