//! Google's style: a heading with a colon, entries indented below it.

use std::ops::Range;

use super::{Heading, Parts, base_indent, class_name, entry, heading, names, span, whole};
use crate::doc::{Entry, Line, Section, Style};

pub(super) fn read(lines: &[Line]) -> Parts {
    let mut parts = Parts::of(Style::Google);
    let base = base_indent(lines);
    let mut at = 1;
    while at < lines.len() {
        let line = &lines[at];
        let name = line.text.trim().strip_suffix(':').filter(|_| line.indent() == base && !line.is_blank());
        let Some(kind) = name.and_then(heading) else {
            at += 1;
            continue;
        };
        let end = (at + 1..lines.len())
            .find(|next| !lines[*next].is_blank() && lines[*next].indent() <= base)
            .unwrap_or(lines.len());
        match kind {
            Heading::Parameters => section(lines, at, end, parameter, &mut parts.parameters),
            Heading::Raises => section(lines, at, end, raise, &mut parts.raises),
            Heading::Returns if end > at + 1 => {
                parts.returns = Some(Entry { lines: Some(whole(lines, at, end)), ..plain(lines, at) });
            }
            _ => {}
        }
        at = end;
    }
    parts
}

fn plain(lines: &[Line], at: usize) -> Entry {
    let line = &lines[at];
    let range = line.range(line.indent()..line.text.trim_end().len());
    entry(String::new(), range, line.start..line.next, false)
}

fn section(lines: &[Line], head: usize, end: usize, read: fn(&Line) -> Option<Vec<Entry>>, into: &mut Section) {
    let Some(first) = (head + 1..end).find(|at| !lines[*at].is_blank()) else { return };
    let indent = lines[first].indent();
    let starts: Vec<usize> =
        (first..end).filter(|at| !lines[*at].is_blank() && lines[*at].indent() <= indent).collect();
    for (index, start) in starts.iter().enumerate() {
        let stop = starts.get(index + 1).copied().unwrap_or(end);
        let Some(entries) = read(&lines[*start]) else {
            into.is_unsure = true;
            continue;
        };
        let range = span(lines, *start, stop);
        into.entries.extend(entries.into_iter().map(|entry| Entry { lines: Some(range.clone()), ..entry }));
    }
    // Two sections of one kind have no common heading to take out.
    into.whole = into.whole.is_none().then(|| whole(lines, head, end));
}

/// `name (type): text`
fn parameter(line: &Line) -> Option<Vec<Entry>> {
    let text = line.text;
    let indent = line.indent();
    let head_end = text.find([':', '('])?;
    let (head, rest) = text.split_at(head_end);
    let mut kind = None;
    let mut behind = rest;
    if rest.starts_with('(') {
        let close = closing(rest)?;
        let inside = head_end + 1..head_end + close;
        kind = type_of(&text[inside.clone()]).map(|part| {
            let at = inside.start + part.start..inside.start + part.end;
            (text[at.clone()].to_owned(), line.range(at))
        });
        behind = &rest[close + 1..];
    }
    let told = behind.trim_start().strip_prefix(':')?;
    let names = names(&head[indent..])?;
    let is_shared = names.len() > 1;
    let entries = names.into_iter().map(|(name, at)| {
        let name_at = line.range(indent + at.start..indent + at.end);
        let (kind, has_text) = (kind.clone(), !told.trim().is_empty());
        Entry { kind, has_text, ..entry(name, name_at, line.start..line.next, is_shared) }
    });
    Some(entries.collect())
}

/// The type in `int, optional` or `:obj:`int`, default 3`; none where there is only `optional`.
fn type_of(inside: &str) -> Option<Range<usize>> {
    let mut depth = 0_usize;
    let mut end = inside.len();
    for (at, letter) in inside.char_indices() {
        match letter {
            '[' | '(' | '{' => depth += 1,
            ']' | ')' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                let rest = inside[at + 1..].trim();
                if rest.starts_with("optional") || rest.starts_with("default") || rest.starts_with("required") {
                    end = at;
                    break;
                }
            }
            _ => {}
        }
    }
    let part = inside[..end].trim();
    if part.is_empty() || part == "optional" || part.starts_with("default") {
        return None;
    }
    let start = inside.find(part)?;
    Some(start..start + part.len())
}

fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// `ValueError: text`
fn raise(line: &Line) -> Option<Vec<Entry>> {
    let text = line.text;
    let indent = line.indent();
    let body = &text[indent..];
    let colon = if let Some(role) = body.strip_prefix(':') {
        // :class:`KeyError`: text
        let open = role.find('`')?;
        1 + open + 1 + role[open + 1..].find('`')? + 1
    } else {
        body.find(':').unwrap_or(body.len())
    };
    let (name, at) = class_name(&body[..colon])?;
    let has_text = body[colon..].trim_start_matches(':').trim().len() > 1;
    let name_at = line.range(indent + at.start..indent + at.end);
    Some(vec![Entry { has_text, ..entry(name, name_at, line.start..line.next, false) }])
}

#[cfg(test)]
mod tests {
    use crate::doc::{Doc, Style};

    fn read(text: &str) -> Doc {
        super::super::read(text, 0..text.len()).unwrap()
    }

    #[test]
    fn entries_are_read_with_their_places() {
        let text = "Sums.\n\n    Args:\n        count (int, optional): How many.\n            Defaults to 3.\n        \
                    *rest: More.\n\n    Raises:\n        errors.Bad: If bad.\n    ";
        let doc = read(text);
        assert_eq!(doc.style, Style::Google);
        let [count, rest] = &doc.parameters.entries[..] else { panic!("two") };
        assert_eq!((&text[count.name_at.clone()], rest.name.as_str()), ("count", "rest"));
        assert_eq!(count.kind.as_ref().map(|(kind, at)| (kind.as_str(), &text[at.clone()])), Some(("int", "int")));
        assert_eq!(count.default.as_ref().map(|(value, _)| value.as_str()), Some("3"));
        assert!(text[count.lines.clone().unwrap()].ends_with("Defaults to 3.\n"));
        assert_eq!(doc.raises.entries[0].name, "Bad");
    }

    #[test]
    fn prose_among_entries_makes_it_unsure() {
        let doc = read("X.\n\n    Args:\n        The following are taken:\n        a: x\n    ");
        assert!(doc.parameters.is_unsure);
    }
}
