//! `NumPy`'s style: a heading over dashes, entries at the heading's own indentation, their text below them.

use super::{Heading, Parts, class_name, entry, heading, names, span, whole};
use crate::doc::{Entry, Line, Section, Style};

pub(super) fn read(lines: &[Line]) -> Parts {
    let mut parts = Parts::of(Style::Numpy);
    let heads: Vec<usize> = (0..lines.len().saturating_sub(1)).filter(|at| is_head(lines, *at)).collect();
    for (index, head) in heads.iter().enumerate() {
        let end = heads.get(index + 1).copied().unwrap_or(lines.len());
        match heading(lines[*head].text.trim()) {
            Some(Heading::Parameters) => section(lines, *head, end, parameter, &mut parts.parameters),
            Some(Heading::Raises) => section(lines, *head, end, raise, &mut parts.raises),
            Some(Heading::Returns) => {
                let line = &lines[*head];
                let name_at = line.range(line.indent()..line.text.trim_end().len());
                parts.returns = Some(entry(String::new(), name_at, whole(lines, *head, end), false));
            }
            _ => {}
        }
    }
    parts
}

fn is_head(lines: &[Line], at: usize) -> bool {
    let (line, below) = (&lines[at], &lines[at + 1]);
    let dashes = below.text.trim();
    !line.is_blank()
        && dashes.len() >= 3
        && dashes.bytes().all(|byte| byte == b'-')
        && line.indent() == below.indent()
        && line.text.trim().len() < 40
}

fn section(lines: &[Line], head: usize, end: usize, read: fn(&Line) -> Option<Vec<Entry>>, into: &mut Section) {
    let indent = lines[head].indent();
    // A line that stands further out than the heading ends the section: it is text behind it.
    let end = (head + 2..end).find(|at| !lines[*at].is_blank() && lines[*at].indent() < indent).unwrap_or(end);
    let starts: Vec<usize> =
        (head + 2..end).filter(|at| !lines[*at].is_blank() && lines[*at].indent() == indent).collect();
    for (index, start) in starts.iter().enumerate() {
        let stop = starts.get(index + 1).copied().unwrap_or(end);
        let Some(entries) = read(&lines[*start]) else {
            into.is_unsure = true;
            continue;
        };
        let range = span(lines, *start, stop);
        let has_text = lines[*start + 1..stop].iter().any(|line| !line.is_blank());
        into.entries.extend(entries.into_iter().map(|entry| Entry { lines: Some(range.clone()), has_text, ..entry }));
    }
    into.whole = into.whole.is_none().then(|| whole(lines, head, end));
}

/// `name : type` or `name`
fn parameter(line: &Line) -> Option<Vec<Entry>> {
    let indent = line.indent();
    let body = &line.text[indent..];
    let colon = body.find(':').unwrap_or(body.len());
    let names = names(body[..colon].trim_end())?;
    let kind = body.get(colon + 1..).and_then(|kind| {
        let end = [", optional", ",optional", ", default", ",default", " (default", ", keyword"]
            .iter()
            .filter_map(|mark| kind.find(mark))
            .min()
            .unwrap_or(kind.len());
        let part = kind[..end].trim();
        let start = indent + colon + 1 + kind.find(part)?;
        let is_type = !part.is_empty() && part != "optional";
        is_type.then(|| (part.to_owned(), line.range(start..start + part.len())))
    });
    let is_shared = names.len() > 1;
    let entries = names.into_iter().map(|(name, at)| {
        let name_at = line.range(indent + at.start..indent + at.end);
        Entry { kind: kind.clone(), ..entry(name, name_at, line.start..line.next, is_shared) }
    });
    Some(entries.collect())
}

fn raise(line: &Line) -> Option<Vec<Entry>> {
    let indent = line.indent();
    let body = line.text[indent..].trim_end().trim_end_matches(':');
    let (name, at) = class_name(body)?;
    let name_at = line.range(indent + at.start..indent + at.end);
    Some(vec![entry(name, name_at, line.start..line.next, false)])
}

#[cfg(test)]
mod tests {
    #[test]
    fn entries_are_read_with_their_places() {
        let text = "Sums.\n\n    Parameters\n    ----------\n    a, b : float\n        Two.\n    count : int, default 3\n        \
                    How many.\n\n    Raises\n    ------\n    ValueError\n        If bad.\n    ";
        let doc = super::super::read(text, 0..text.len()).unwrap();
        let names: Vec<_> = doc.parameters.entries.iter().map(|entry| (entry.name.as_str(), entry.is_shared)).collect();
        assert_eq!(names, [("a", true), ("b", true), ("count", false)]);
        assert_eq!(doc.parameters.entries[2].kind.as_ref().map(|kind| kind.0.as_str()), Some("int"));
        assert_eq!(doc.parameters.entries[2].default.as_ref().map(|value| value.0.as_str()), Some("3"));
        assert_eq!(doc.raises.entries[0].name, "ValueError");
        assert_eq!(&text[doc.raises.whole.unwrap()], "    Raises\n    ------\n    ValueError\n        If bad.\n    ");
    }
}
