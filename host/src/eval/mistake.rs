//! What is wrong with a suite, where, and how to put it right.

use std::ops::Range;
use std::path::Path;

use miette::{Diagnostic, NamedSource, SourceSpan};

/// One mistake. miette prints it with its line; `line` and `column` are for scripts.
#[derive(Clone, Debug, thiserror::Error, Diagnostic)]
#[error("{file}:{line}:{column}: {what}")]
#[diagnostic(code("TH-SUITE"), help("{fix}"))]
pub struct SuiteMistake {
    /// The file, as its suite was named.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub fix: String,
    #[source_code]
    code: NamedSource<String>,
    #[label("here")]
    span: SourceSpan,
}

impl SuiteMistake {
    /// A mistake at a place in a file's text.
    pub(super) fn at(
        file: &Path,
        text: &str,
        span: &Range<usize>,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) -> Box<Self> {
        let start = text.floor_char_boundary(span.start);
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let file = file.display().to_string();
        Box::new(Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            what: what.into(),
            fix: fix.into(),
            code: NamedSource::new(&file, text.to_owned()),
            span: (start, span.end.min(text.len()).saturating_sub(start)).into(),
            file,
        })
    }

    /// A mistake that has no place in a text.
    pub(super) fn of(file: &Path, what: impl Into<String>, fix: impl Into<String>) -> Box<Self> {
        Self::at(file, "", &(0..0), what, fix)
    }
}
