//! What is wrong with a `thymus.toml`, where, and how to put it right.

use std::ops::Range;

use miette::{Diagnostic, NamedSource, SourceSpan};

/// One mistake. miette prints it with its line; `line` and `column` are for scripts.
#[derive(Clone, Debug, thiserror::Error, Diagnostic)]
#[error("thymus.toml:{line}:{column}: {what}")]
#[diagnostic(code("TH-PROJECT"), help("{fix}"))]
pub struct ProjectMistake {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub fix: String,
    #[source_code]
    code: NamedSource<String>,
    #[label("here")]
    span: SourceSpan,
}

impl ProjectMistake {
    pub(super) fn new(text: &str, span: &Range<usize>, what: String, fix: String) -> Self {
        let at = text.floor_char_boundary(span.start);
        let before = &text[..at];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            what,
            fix,
            code: NamedSource::new("thymus.toml", text.to_owned()),
            span: (at, span.end.min(text.len()).saturating_sub(at)).into(),
        }
    }
}

/// All mistakes of a file, in the order of its lines.
#[derive(Clone, Debug, thiserror::Error, Diagnostic)]
#[error("{}", said(mistakes))]
#[diagnostic(code("TH-PROJECT"))]
pub struct ProjectErrors {
    /// At least one, at most twenty.
    #[related]
    pub mistakes: Vec<ProjectMistake>,
}

fn said(mistakes: &[ProjectMistake]) -> String {
    let Some(first) = mistakes.first() else { return "thymus.toml can't be read".to_owned() };
    match mistakes.len() {
        1 => format!("{first}; {}", first.fix),
        more => format!("{first}; {} (and {} more)", first.fix, more - 1),
    }
}
