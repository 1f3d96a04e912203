//! Docstrings, in the three styles in use. Which one a docstring has is told by its own sections; one that mixes styles is not
//! read, since nobody knows what its author left to which part.

mod google;
mod numpy;
mod sphinx;

use std::ops::Range;

use crate::defaults;
use crate::doc::{Doc, Entry, Line, Section, Style};

/// Reads a docstring; none when it documents nothing that code could contradict.
pub fn read(content: &str, inner: Range<usize>) -> Option<Doc> {
    let lines = Line::all(content, inner.clone());
    let found: Vec<Parts> = [google::read(&lines), numpy::read(&lines), sphinx::read(&lines)]
        .into_iter()
        .filter(|parts| !parts.is_empty())
        .collect();
    let [mut parts] = <[Parts; 1]>::try_from(found).ok()?;
    // What ends on the line of the closing quotes can't be taken out line by line.
    let last = lines.last().map_or(inner.start, |line| line.start);
    for entry in parts.parameters.entries.iter_mut().chain(&mut parts.raises.entries) {
        entry.lines = entry.lines.take().filter(|lines| lines.end <= last);
        entry.default = defaults::documented(content, entry);
    }
    let Parts { style, parameters, raises, returns } = parts;
    Some(Doc { style, inner, parameters, raises, returns, is_foreign: false })
}

/// What one style makes of a docstring.
struct Parts {
    style: Style,
    parameters: Section,
    raises: Section,
    returns: Option<Entry>,
}

impl Parts {
    fn of(style: Style) -> Self {
        Self { style, parameters: Section::default(), raises: Section::default(), returns: None }
    }

    fn is_empty(&self) -> bool {
        self.parameters.entries.is_empty() && self.raises.entries.is_empty() && self.returns.is_none()
    }
}

/// What a section's heading stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heading {
    Parameters,
    Raises,
    Returns,
    Other,
}

/// The headings of Google's and `NumPy`'s styles.
fn heading(name: &str) -> Option<Heading> {
    Some(match name {
        "Args" | "Arguments" | "Parameters" | "Params" | "Parameter" | "Keyword Args" | "Keyword Arguments"
        | "Other Parameters" | "Other Args" | "Keywords" => Heading::Parameters,
        "Raises" | "Exceptions" | "Raise" => Heading::Raises,
        "Returns" | "Return" => Heading::Returns,
        "Yields" | "Yield" | "Receives" | "Warns" | "Warnings" | "Warning" | "Note" | "Notes" | "Example"
        | "Examples" | "References" | "See Also" | "Attributes" | "Methods" | "Todo" | "TODO" | "Usage" | "Caution"
        | "Danger" | "Important" | "Hint" | "Tip" | "Attention" | "Error" => Heading::Other,
        _ => return None,
    })
}

/// The indentation that all of a docstring shares, but for its first line.
fn base_indent(lines: &[Line]) -> usize {
    lines.iter().skip(1).filter(|line| !line.is_blank()).map(Line::indent).min().unwrap_or(0)
}

/// Names before a colon: `x`, `x, y`, `*args`, `x / y` is none. With the bytes where each stands in the text.
fn names(text: &str) -> Option<Vec<(String, Range<usize>)>> {
    let mut found = Vec::new();
    let mut start = 0;
    for part in text.split(',') {
        let trimmed = part.trim();
        let bare = trimmed.trim_start_matches(['*', '\\', '`']).trim_end_matches(['`', '*']);
        let is_name = !bare.is_empty()
            && !bare.starts_with(|c: char| c.is_ascii_digit())
            && bare.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !is_name {
            return None;
        }
        let at = start + part.find(bare)?;
        found.push((bare.to_owned(), at..at + bare.len()));
        start += part.len() + 1;
    }
    Some(found)
}

/// The name of a class as docstrings write it: `ValueError`, `errors.BadRequest`, `` :class:`KeyError` ``.
fn class_name(text: &str) -> Option<(String, Range<usize>)> {
    let trimmed = text.trim();
    let bare = trimmed.split('`').find(|part| !part.is_empty() && !part.ends_with(':')).unwrap_or(trimmed);
    let bare = bare.trim_start_matches(['~', '.', '!']);
    let last = bare.rsplit('.').next()?;
    let is_name = last.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && bare.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
    let at = text.find(bare)? + bare.len() - last.len();
    is_name.then(|| (last.to_owned(), at..at + last.len()))
}

/// An entry without a type.
fn entry(name: String, name_at: Range<usize>, lines: Range<usize>, is_shared: bool) -> Entry {
    let (kind, default, also) = (None, None, Vec::new());
    Entry { name, name_at, kind, default, lines: Some(lines), also, is_shared, has_text: true }
}

/// Where the lines from one to another, the last not included, stand in the file; blank ones at the end left out.
fn span(lines: &[Line], from: usize, to: usize) -> Range<usize> {
    let end = lines[from..to].iter().rposition(|line| !line.is_blank()).map_or(from, |last| from + last);
    lines[from].start..lines[end].next
}

/// Where a section stands, with the blank lines behind it, so that taking it out leaves no gap.
fn whole(lines: &[Line], from: usize, to: usize) -> Range<usize> {
    lines[from].start..lines[to - 1].next
}
