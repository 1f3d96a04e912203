//! What is wrong with a policy file, where, and how to put it right.

use miette::{NamedSource, SourceSpan};

/// One mistake. miette prints it with its line; `line` and `column` count from 1 for scripts.
#[derive(Clone, Debug, thiserror::Error, miette::Diagnostic)]
#[error("{file}:{line}:{column}: {what}")]
#[diagnostic(code(policy), help("{fix}"))]
pub struct PolicyMistake {
    /// The file, as it was given.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What happened.
    pub what: String,
    /// What to write instead.
    pub fix: String,
    #[source_code]
    code: NamedSource<String>,
    #[label("here")]
    span: SourceSpan,
}

impl PolicyMistake {
    pub(super) fn new(file: &str, text: &str, span: std::ops::Range<usize>, what: String, fix: String) -> Box<Self> {
        let (line, column) = place(text, span.start);
        Box::new(Self {
            file: file.to_owned(),
            line,
            column,
            what,
            fix,
            code: NamedSource::new(file, text.to_owned()),
            span: (span.start.min(text.len()), span.end.saturating_sub(span.start)).into(),
        })
    }
}

/// Line and column of a byte, from 1.
pub(super) fn place(text: &str, at: usize) -> (usize, usize) {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// All mistakes of all layers.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the policy has {} mistake(s), the first: {}", .mistakes.len(), .mistakes.first().map(ToString::to_string).unwrap_or_default())]
pub struct PolicyErrors {
    /// In the order of files and lines.
    #[related]
    pub mistakes: Vec<PolicyMistake>,
}
