//! Sphinx's style: fields, `:param x: text`, with `:type x: int` beside them.

use super::{Parts, class_name, entry, names, span};
use crate::doc::{Entry, Line, Style};

pub(super) fn read(lines: &[Line]) -> Parts {
    let mut parts = Parts::of(Style::Sphinx);
    let starts: Vec<usize> = (0..lines.len()).filter(|at| field(&lines[*at]).is_some()).collect();
    let mut types = Vec::new();
    for (index, start) in starts.iter().enumerate() {
        let line = &lines[*start];
        let Some(field) = field(line) else { continue };
        let next = starts.get(index + 1).copied().unwrap_or(lines.len());
        // A blank line, or one no deeper than the field, is text behind it.
        let stop =
            (*start + 1..next).find(|at| lines[*at].is_blank() || lines[*at].indent() <= line.indent()).unwrap_or(next);
        let range = span(lines, *start, stop);
        let at = field.argument_at;
        match field.word {
            "param" | "parameter" | "arg" | "argument" | "key" | "keyword" => {
                let name_start = field.argument.rfind(char::is_whitespace).map_or(0, |at| at + 1);
                let Some(mut found) = names(&field.argument[name_start..]) else {
                    parts.parameters.is_unsure = true;
                    continue;
                };
                let Some((name, place)) = found.pop().filter(|_| found.is_empty()) else { continue };
                let name_at = line.range(at + name_start + place.start..at + name_start + place.end);
                let kind = field.argument[..name_start].trim_end();
                let kind = (!kind.is_empty()).then(|| (kind.to_owned(), line.range(at..at + kind.len())));
                let has_text = !field.told.trim().is_empty();
                parts.parameters.entries.push(Entry { kind, has_text, ..entry(name, name_at, range, false) });
            }
            "type" => {
                let told_at = line.text.len() - field.told.trim_start().len();
                let told = field.told.trim();
                let kind = (told.to_owned(), line.range(told_at..told_at + told.len()));
                let name = field.argument.trim_start_matches(['*', '\\']);
                let name_at = at + field.argument.len() - name.len();
                types.push((name.to_owned(), line.range(name_at..name_at + name.len()), kind, range));
            }
            "raises" | "raise" | "except" | "exception" => match class_name(field.argument) {
                Some((name, place)) => {
                    let name_at = line.range(at + place.start..at + place.end);
                    parts.raises.entries.push(entry(name, name_at, range, false));
                }
                None => parts.raises.is_unsure = true,
            },
            "returns" | "return" => {
                parts.returns = Some(entry(String::new(), line.range(at..at), range, false));
            }
            _ => {}
        }
    }
    for (name, name_at, kind, lines) in types {
        if let Some(entry) = parts.parameters.entries.iter_mut().find(|entry| entry.name == name) {
            entry.also.push((name_at, lines));
            let is_plain = !kind.0.contains(", optional") && !kind.0.contains("default");
            entry.kind = entry.kind.take().or(Some(kind).filter(|_| is_plain));
        }
    }
    parts
}

struct Field<'t> {
    word: &'t str,
    argument: &'t str,
    /// Where the argument stands in its line.
    argument_at: usize,
    told: &'t str,
}

fn field<'t>(line: &Line<'t>) -> Option<Field<'t>> {
    let indent = line.indent();
    let body = line.text[indent..].strip_prefix(':')?;
    let end = body.find([':', ' '])?;
    let word = &body[..end];
    if !word.bytes().all(|byte| byte.is_ascii_lowercase()) || word.is_empty() {
        return None;
    }
    let rest = &body[end..];
    let close = closing(rest)?;
    let argument = rest[..close].trim();
    let argument_at = indent + 1 + end + rest[..close].find(argument)?;
    // :class:`X` in a sentence is no field.
    let told = &rest[close + 1..];
    (!told.starts_with('`')).then_some(Field { word, argument, argument_at, told })
}

/// The colon that ends a field's argument; those inside brackets belong to a type.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    text.char_indices().find_map(|(at, letter)| {
        match letter {
            '[' | '(' | '{' => depth += 1,
            ']' | ')' | '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => return Some(at),
            _ => {}
        }
        None
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn fields_are_read_with_their_types() {
        let text = "Sums.\n\n    :param int count: How many,\n        at most.\n    :param name: Who.\n    :type name: str\n    \
                    :raises ValueError: If bad.\n    :rtype: int\n    ";
        let doc = super::super::read(text, 0..text.len()).unwrap();
        let [count, name] = &doc.parameters.entries[..] else { panic!("two") };
        assert_eq!((&text[count.name_at.clone()], count.kind.as_ref().unwrap().0.as_str()), ("count", "int"));
        assert_eq!(&text[count.lines.clone().unwrap()], "    :param int count: How many,\n        at most.\n");
        assert_eq!((name.kind.as_ref().unwrap().0.as_str(), name.also.len()), ("str", 1));
        assert_eq!(&text[name.also[0].0.clone()], "name");
        assert_eq!(doc.raises.entries[0].name, "ValueError");
    }
}
