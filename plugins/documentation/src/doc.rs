//! What a doc comment says of a function, whatever the style. Ranges are bytes of the file, so that a repair can touch
//! one word and leave the prose alone.

use std::ops::Range;

/// How doc comments are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `Args:` with indented entries.
    Google,
    /// `Parameters` over dashes.
    Numpy,
    /// `:param x:`
    Sphinx,
    /// `@param x`
    Jsdoc,
}

/// A doc comment's parts that can be compared with code.
#[derive(Clone, Debug, PartialEq)]
pub struct Doc {
    /// How it is written.
    pub style: Style,
    /// What may be edited: the text between the quotes or the comment's marks.
    pub inner: Range<usize>,
    /// The documented parameters.
    pub parameters: Section,
    /// The documented exceptions.
    pub raises: Section,
    /// What is said of the value it gives.
    pub returns: Option<Entry>,
    /// Whether something else of it (an inherited comment, a type, a call-back) is what it documents.
    pub is_foreign: bool,
}

/// Entries of one kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// In their order.
    pub entries: Vec<Entry>,
    /// All of it with its heading, where it has one: what goes when its last entry goes.
    pub whole: Option<Range<usize>>,
    /// Whether some of it didn't read as entries, so that nobody knows what is missing.
    pub is_unsure: bool,
}

/// One documented thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Without stars; `options.limit` for a part of a parameter.
    pub name: String,
    /// Where the name stands.
    pub name_at: Range<usize>,
    /// The type as it is written.
    pub kind: Option<(String, Range<usize>)>,
    /// The documented default.
    pub default: Option<(String, Range<usize>)>,
    /// Its lines with their line endings; none where they can't be taken out cleanly.
    pub lines: Option<Range<usize>>,
    /// The same name elsewhere in the comment, as in `:type x:`, and the lines to take out with it.
    pub also: Vec<(Range<usize>, Range<usize>)>,
    /// Whether the entry names others too, as in `x, y : float`.
    pub is_shared: bool,
    /// Whether any text stands behind it.
    pub has_text: bool,
}

impl Section {
    /// Whether a name is documented.
    pub fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.name == name)
    }
}

/// A line of a file.
#[derive(Clone, Copy, Debug)]
pub struct Line<'t> {
    /// Its first byte.
    pub start: usize,
    /// The first byte of the next line.
    pub next: usize,
    /// Without its line ending.
    pub text: &'t str,
}

impl<'t> Line<'t> {
    /// The lines of a part of a file.
    pub fn all(content: &'t str, part: Range<usize>) -> Vec<Self> {
        let mut start = part.start;
        let text = content.get(part).unwrap_or_default();
        let lines = text.split_inclusive('\n').map(|line| {
            let at = start;
            start += line.len();
            Self { start: at, next: start, text: line.trim_end_matches(['\n', '\r']) }
        });
        lines.collect()
    }

    /// Where the last line of a part of a file begins.
    pub fn last_start(content: &'t str, part: Range<usize>) -> usize {
        Self::all(content, part.clone()).last().map_or(part.start, |line| line.start)
    }

    /// How many blanks it begins with.
    pub fn indent(&self) -> usize {
        self.text.len() - self.text.trim_start_matches([' ', '\t']).len()
    }

    /// Whether nothing stands on it.
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Where a part of its text stands in the file.
    pub fn range(&self, part: Range<usize>) -> Range<usize> {
        self.start + part.start..self.start + part.end
    }
}
