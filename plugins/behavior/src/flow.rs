//! The code that runs a sequence's beats, in terms that both languages have: statements in blocks, what they call, what
//! they read and what they write. Where statements may go is decided here once.

use std::collections::BTreeSet;
use std::ops::Range;

use thymus_sdk::source::Text;

/// A function whose body calls beats.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Its file.
    pub path: String,
    /// What it is called; none where it has no name.
    pub name: Option<String>,
    /// Its bytes.
    pub range: Range<usize>,
    /// Its blocks, the outermost first.
    pub blocks: Vec<Vec<Statement>>,
}

/// A statement of a block.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Its bytes.
    pub range: Range<usize>,
    /// It declares, assigns or calls, and does nothing else: no branch, no way out.
    pub is_plain: bool,
    /// It is nothing but a call (that may be waited for).
    pub is_call: bool,
    /// Calls in it by the last name of what is called, each with its bytes.
    pub calls: Vec<(String, Range<usize>)>,
    /// Names that it reads.
    pub reads: BTreeSet<String>,
    /// Names that it declares or assigns, and those of objects that it may change by assigning into them or by calling
    /// their methods.
    pub writes: BTreeSet<String>,
}

impl Statement {
    /// Whether it calls this.
    pub fn calls(&self, name: &str) -> bool {
        self.calls.iter().any(|(called, _)| called == name)
    }
}

impl Flow {
    /// The calls of these names, in the order in which they stand.
    pub fn calls_of(&self, names: &BTreeSet<&str>) -> Vec<(&str, Range<usize>)> {
        // A statement that holds a block holds its calls too; the outermost blocks hold all.
        let all = self.blocks.first().into_iter().flatten().flat_map(|statement| &statement.calls);
        let mut calls: Vec<_> = all
            .filter(|(name, _)| names.contains(name.as_str()))
            .map(|(name, range)| (name.as_str(), range.clone()))
            .collect();
        calls.sort_by_key(|(_, range)| (range.end, range.start));
        calls
    }

    /// The innermost block in which one statement calls the first and a later one the second, each just once, and which
    /// those are. Where branches have their own calls, that is the branch with this order.
    pub fn apart(&self, first: &str, second: &str) -> Option<(&[Statement], usize, usize)> {
        self.blocks.iter().rev().find_map(|block| {
            let only = |name: &str| {
                let mut found = block.iter().enumerate().filter(|(_, statement)| statement.calls(name));
                let (at, _) = found.next()?;
                found.next().is_none().then_some(at)
            };
            let (one, two) = (only(first)?, only(second)?);
            (one < two).then_some((block.as_slice(), one, two))
        })
    }
}

/// Whether a statement of a block may go past all of these: none of them needs what it makes or makes what it needs, and
/// none ends the block.
pub fn may_pass(moved: &Statement, passed: &[Statement]) -> bool {
    moved.is_plain
        && passed.iter().all(|other| {
            other.is_plain
                && moved.writes.is_disjoint(&other.reads)
                && moved.writes.is_disjoint(&other.writes)
                && moved.reads.is_disjoint(&other.writes)
        })
}

/// The whole lines of a statement, with the comments right above it that belong to it; none where it shares a line.
pub fn lines(text: &Text, statement: &Range<usize>, comment: &str) -> Option<Range<usize>> {
    let content = &text.content;
    let start = content[..statement.start].rfind('\n').map_or(0, |at| at + 1);
    let end = content[statement.end..].find('\n').map_or(content.len(), |at| statement.end + at + 1);
    let before = &content[start..statement.start];
    let behind = content[statement.end..end].trim();
    let is_alone = before.trim().is_empty() && (behind.is_empty() || behind == ";" || behind.starts_with(comment));
    if !is_alone || !content[..end].ends_with('\n') {
        return None;
    }
    let mut first = start;
    while first > 0 {
        let above = content[..first - 1].rfind('\n').map_or(0, |at| at + 1);
        if !content[above..first].trim_start().starts_with(comment) {
            break;
        }
        first = above;
    }
    Some(first..end)
}
