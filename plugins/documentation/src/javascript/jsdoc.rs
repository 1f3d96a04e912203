//! Doc comments: `@param {type} [name=default] - text` and its siblings, with the place of each part.

use std::ops::Range;

use crate::defaults;
use crate::doc::{Doc, Entry, Line, Section, Style};

/// Tags that say that the comment documents something else, or that somebody else documents it.
const FOREIGN: [&str; 12] = [
    "callback",
    "typedef",
    "overload",
    "inheritdoc",
    "inheritDoc",
    "override",
    "lends",
    "event",
    "class",
    "interface",
    "namespace",
    "link",
];

/// A tag with the lines below it.
struct Tag<'t> {
    word: &'t str,
    /// What stands behind the word, on its line, and where in the file.
    text: &'t str,
    at: usize,
    lines: Range<usize>,
}

/// Reads a comment with its marks; none when it says nothing that code could contradict.
pub(super) fn read(content: &str, comment: Range<usize>) -> Option<Doc> {
    let inner = comment.start + 3..comment.end.checked_sub(2)?;
    let lines = Line::all(content, inner.clone());
    let tags = tags(content, &lines);
    let mut doc = Doc {
        style: Style::Jsdoc,
        inner: inner.clone(),
        parameters: Section::default(),
        raises: Section::default(),
        returns: None,
        is_foreign: tags.iter().any(|tag| FOREIGN.contains(&tag.word)) || content[inner].contains("{@inheritDoc"),
    };
    // What shares a line with the comment's marks can't be taken out line by line.
    let last = lines.last().map_or(0, |line| line.start);
    let first = lines.first().map_or(0, |line| line.next);
    for tag in &tags {
        let whole = (tag.lines.start >= first && tag.lines.end <= last).then(|| tag.lines.clone());
        match tag.word {
            "param" | "arg" | "argument" => match parameter(content, tag) {
                Some(entry) => doc.parameters.entries.push(Entry { lines: whole, ..entry }),
                None => doc.parameters.is_unsure = true,
            },
            "returns" | "return" => {
                let place = tag.at..tag.at + tag.text.trim_end().len();
                doc.returns = Some(Entry { lines: whole, ..plain(String::new(), place, tag.lines.clone()) });
            }
            "throws" | "exception" => match thrown(tag) {
                Some(entry) => doc.raises.entries.push(Entry { lines: whole, ..entry }),
                None => doc.raises.is_unsure = true,
            },
            _ => {}
        }
    }
    let says = !doc.parameters.entries.is_empty() || !doc.raises.entries.is_empty() || doc.returns.is_some();
    says.then_some(doc)
}

fn tags<'t>(content: &'t str, lines: &[Line<'t>]) -> Vec<Tag<'t>> {
    let starts: Vec<(usize, usize)> = lines
        .iter()
        .enumerate()
        .filter_map(|(at, line)| {
            let text = line.text.trim_start();
            let text = text.strip_prefix('*').unwrap_or(text).trim_start();
            text.starts_with('@').then(|| (at, line.text.len() - text.len()))
        })
        .collect();
    let mut found = Vec::new();
    for (index, (at, column)) in starts.iter().enumerate() {
        let next = starts.get(index + 1).map_or(lines.len(), |(next, _)| *next);
        // Blank lines, and the comment's end, are not the tag's.
        let is_text = |line: &Line| !line.text.trim().trim_start_matches('*').trim().is_empty();
        let stop = (at + 1..next).find(|at| !is_text(&lines[*at])).unwrap_or(next);
        let line = &lines[*at];
        let body = &line.text[column + 1..];
        let end = body.find(|c: char| !c.is_alphanumeric()).unwrap_or(body.len());
        let (word, text) = body.split_at(end);
        let start = line.start + column + 1 + end;
        // A type may go on over lines.
        let text = content.get(start..lines[stop - 1].start + lines[stop - 1].text.len()).unwrap_or(text);
        found.push(Tag { word, text, at: start, lines: line.start..lines[stop - 1].next });
    }
    found
}

/// `{type} [name=default] - text`
fn parameter(content: &str, tag: &Tag) -> Option<Entry> {
    let (kind, mut rest) = type_of(tag)?;
    rest += blanks(&tag.text[rest..]);
    let text = &tag.text[rest..];
    let mut default = None;
    let (name_start, name_end) = if let Some(bracket) = text.strip_prefix('[') {
        let close = closing(text, '[', ']')?;
        let inside = &bracket[..close - 1];
        let start = blanks(inside);
        let end = inside.find('=').unwrap_or(inside.len());
        if let Some(value) = inside.get(end + 1..) {
            let from = rest + 1 + end + 1 + blanks(value);
            let value = value.trim();
            default = (!value.is_empty()).then(|| (value.to_owned(), tag.at + from..tag.at + from + value.len()));
        }
        (rest + 1 + start, rest + 1 + start + inside[start..end].trim_end().len())
    } else {
        let end = text.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(text.len());
        (rest, rest + end)
    };
    let written = tag.text.get(name_start..name_end)?;
    let dots = written.len() - written.trim_start_matches('.').len();
    let name = written[dots..].trim_end_matches([',', ':', '-', '.']);
    let is_name = !name.is_empty()
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | '[' | ']'))
        && !name.starts_with(|c: char| c.is_ascii_digit());
    if !is_name {
        return None;
    }
    let at = tag.at + name_start + dots;
    let has_text = tag.text[name_end..].trim_matches(|c: char| c.is_whitespace() || matches!(c, '-' | ']')).len() > 1;
    let mut entry = plain(name.to_owned(), at..at + name.len(), tag.lines.clone());
    entry.default = default.or_else(|| defaults::documented(content, &entry));
    Some(Entry { kind: kind.map(|at| (content[at.clone()].to_owned(), at)), has_text, ..entry })
}

/// `{Type} text`
fn thrown(tag: &Tag) -> Option<Entry> {
    let (kind, _) = type_of(tag)?;
    let at = kind?;
    let text = &tag.text[at.start - tag.at..at.end - tag.at];
    let last = text.rsplit('.').next()?;
    let is_class =
        last.starts_with(|c: char| c.is_uppercase()) && last.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_class.then(|| plain(last.to_owned(), at.end - last.len()..at.end, tag.lines.clone()))
}

/// The type's place in the file, if there is one, and where the text behind it begins in the tag. None when its braces don't close.
fn type_of(tag: &Tag) -> Option<(Option<Range<usize>>, usize)> {
    let start = blanks(tag.text);
    if !tag.text[start..].starts_with('{') {
        return Some((None, start));
    }
    let close = closing(&tag.text[start..], '{', '}')?;
    let inside = &tag.text[start + 1..start + close];
    let from = start + 1 + blanks(inside);
    let to = from + inside.trim().len();
    Some((Some(tag.at + from..tag.at + to), start + close + 1))
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t']).len()
}

fn closing(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0_usize;
    text.char_indices().find_map(|(at, letter)| {
        if letter == open {
            depth += 1;
        } else if letter == close {
            depth -= 1;
        }
        (depth == 0).then_some(at)
    })
}

fn plain(name: String, name_at: Range<usize>, lines: Range<usize>) -> Entry {
    let (kind, default, also) = (None, None, Vec::new());
    Entry { name, name_at, kind, default, lines: Some(lines), also, is_shared: false, has_text: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_with_their_places() {
        let text = "/**\n * X.\n * @param {Array<{a: number}>} [o.list=[1, 2]] - L,\n *   and more.\n * @param {...string} rest\n \
                    * @param name - N.\n * @throws {errors.Bad} If.\n * @returns {number}\n */";
        let doc = read(text, 0..text.len()).unwrap();
        let [list, rest, name] = &doc.parameters.entries[..] else { panic!("three {doc:#?}") };
        assert_eq!((list.name.as_str(), &text[list.name_at.clone()]), ("o.list", "o.list"));
        assert_eq!(
            list.default.as_ref().map(|(value, at)| (value.as_str(), &text[at.clone()])),
            Some(("[1, 2]", "[1, 2]"))
        );
        assert_eq!(list.kind.as_ref().map(|kind| kind.0.as_str()), Some("Array<{a: number}>"));
        assert!(text[list.lines.clone().unwrap()].ends_with("and more.\n"));
        assert_eq!((rest.name.as_str(), name.name.as_str()), ("rest", "name"));
        assert_eq!(doc.raises.entries[0].name, "Bad");
        assert!(doc.returns.is_some());
    }
}
