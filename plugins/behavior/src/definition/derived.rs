//! Pages that list a sequence's beats in its old order: tables, lists and chains of names. Their lines change places as the
//! beats do, and what numbers them stays.

use std::ops::Range;

use thymus_sdk::edit::Edits;
use thymus_sdk::source::{Source, Text};
use thymus_sdk::{Change, Role};

use crate::sequence::Files;

/// Pages that are looked at.
const MOST_PAGES: usize = 200;

/// The pages, corrected.
pub fn changes(was: &[&str], is: &[&str], definition: &str, docs: &[String], source: &Source) -> Vec<Change> {
    let pages = Files::of(docs).among(source.files());
    let pages = pages.into_iter().filter(|path| path != definition && path.ends_with(".md")).take(MOST_PAGES);
    pages.filter_map(|path| page(&source.text(&path).ok()?, was, is)).collect()
}

fn page(text: &Text, was: &[&str], is: &[&str]) -> Option<Change> {
    if was.iter().any(|name| !text.content.contains(name)) {
        return None;
    }
    let mut edits = Edits::of(text);
    for places in lists(text, was).into_iter().chain(chains(text, was)) {
        for (at, name) in is.iter().enumerate() {
            let from = was.iter().position(|other| other == name)?;
            edits = edits.replace(places[at].clone(), &text.content[places[from].clone()]);
        }
    }
    edits.finish(Role::Docs).ok()
}

/// Lines one after another, each with one of the names, in this order: what stands behind each one's mark or number.
fn lists(text: &Text, names: &[&str]) -> Vec<Vec<Range<usize>>> {
    let mut found = Vec::new();
    let mut run: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    for line in text.content.split_inclusive('\n') {
        let range = start..start + line.trim_end().len();
        start += line.len();
        let words = &text.content[range.clone()];
        let is_next = |at: usize| {
            names.get(at).is_some_and(|name| places(words, name).len() == 1)
                && names.iter().filter(|name| !places(words, name).is_empty()).count() == 1
        };
        if is_entry(words) && is_next(run.len()) {
            run.push(range.start + mark(words)..range.end);
        } else {
            run.clear();
            if is_entry(words) && is_next(0) {
                run.push(range.start + mark(words)..range.end);
            }
        }
        if run.len() == names.len() {
            found.push(std::mem::take(&mut run));
        }
    }
    found
}

/// A row of a table or an entry of a list.
fn is_entry(line: &str) -> bool {
    let line = line.trim_start();
    let numbered = line.trim_start_matches(|c: char| c.is_ascii_digit());
    line.starts_with(['|', '-', '*', '+']) || (numbered.len() < line.len() && numbered.starts_with(['.', ')']))
}

/// How many bytes of a line only say which entry it is.
fn mark(line: &str) -> usize {
    let rest = line.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '|' | '-' | '*' | '+'));
    let numbered = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let rest = if numbered.len() < rest.len() && numbered.trim_start().starts_with(['|', '.', ')']) {
        numbered.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '|' | '.' | ')'))
    } else {
        rest
    };
    line.len() - rest.len()
}

/// Names with nothing but arrows or commas between them, in this order.
fn chains(text: &Text, names: &[&str]) -> Vec<Vec<Range<usize>>> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.content.split_inclusive('\n') {
        let mut from = 0;
        while let Some(chain) = chain(line, names, from) {
            from = chain.last().map_or(line.len(), |range| range.end);
            found.push(chain.into_iter().map(|range| start + range.start..start + range.end).collect());
        }
        start += line.len();
    }
    found
}

fn chain(line: &str, names: &[&str], from: usize) -> Option<Vec<Range<usize>>> {
    places(line, names[0]).into_iter().filter(|first| first.start >= from).find_map(|first| {
        let mut chain = vec![first];
        for name in &names[1..] {
            let end = chain.last()?.end;
            let next = places(line, name).into_iter().find(|place| place.start >= end)?;
            let between = line[end..next.start].trim_matches(['`', ' ', '*', '"', '\'']);
            if !matches!(between, "→" | "->" | "=>" | "," | "⟶" | ">" | "then" | ", then") {
                return None;
            }
            chain.push(next);
        }
        Some(chain)
    })
}

/// Where a name stands as a word.
fn places(line: &str, name: &str) -> Vec<Range<usize>> {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    let whole = |at: &usize| {
        !line[..*at].chars().next_back().is_some_and(part) && !line[at + name.len()..].chars().next().is_some_and(part)
    };
    line.match_indices(name).map(|(at, _)| at).filter(whole).map(|at| at..at + name.len()).collect()
}
