//! Defaults: as prose states them, and whether that is what the code says.

use std::ops::Range;

use crate::doc::Entry;

/// The words that a stated default stands behind, in lower case.
const MARKS: [&str; 8] = [
    "defaults to ",
    "default is ",
    "default value is ",
    "default: ",
    "default = ",
    "default=",
    "by default: ",
    "default ",
];

/// The default that an entry states in words, where exactly one is stated and it is a plain value.
pub fn documented(content: &str, entry: &Entry) -> Option<(String, Range<usize>)> {
    if entry.is_shared {
        return None;
    }
    let lines = entry.lines.clone()?;
    let text = content.get(lines.clone())?;
    let lower = text.to_ascii_lowercase();
    if lower.matches("default").count() != 1 {
        return None;
    }
    let (mark, at) = MARKS.iter().find_map(|mark| lower.find(mark).map(|at| (mark, at)))?;
    let start = at + mark.len();
    let value = value(&text[start..])?;
    // "default 3 if x else 4", "defaults to 3 seconds": more than a value is said.
    let rest = text[start + value.end..].trim_start_matches(['`', '\'', '"']);
    let ends = rest.is_empty() || rest.starts_with(['.', ',', ')', ';', ']', '\n', '\r']);
    let at = lines.start + start + value.start..lines.start + start + value.end;
    ends.then(|| (content[at.clone()].to_owned(), at))
}

/// A plain value at the start of a text: a number, a quoted text, a word like `None`.
fn value(text: &str) -> Option<Range<usize>> {
    let open = text.len() - text.trim_start_matches('`').len();
    let body = &text[open..];
    if let Some(quote) = body.chars().next().filter(|c| matches!(c, '\'' | '"')) {
        let end = body[1..].find(quote)? + 2;
        return (!body[..end].contains('\n')).then_some(open..open + end);
    }
    let end = body
        .char_indices()
        .find(|(at, c)| {
            let decimal_point = *c == '.' && body[at + 1..].starts_with(|c: char| c.is_ascii_digit());
            !(c.is_alphanumeric() || matches!(c, '_' | '-' | '+') || decimal_point)
        })
        .map_or(body.len(), |(at, _)| at);
    is_literal(&body[..end]).then_some(open..open + end)
}

/// Whether a source text is a value that prose would state as it is.
pub fn is_literal(text: &str) -> bool {
    is_word(text) || number(text).is_some() || unquoted(text).is_some()
}

fn is_word(text: &str) -> bool {
    matches!(text, "True" | "False" | "None" | "true" | "false" | "null" | "undefined")
}

fn number(text: &str) -> Option<f64> {
    let digits = text.replace('_', "");
    let is_number = digits.trim_start_matches(['-', '+']).starts_with(|c: char| c.is_ascii_digit());
    is_number.then(|| digits.parse::<f64>().ok()).flatten()
}

/// The inside of a plainly quoted text.
fn unquoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"' | '`'))?;
    let inside = text.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inside.contains([quote, '\\', '\n', '$'])).then_some(inside)
}

/// Whether two values surely differ: both plain, of a kind or not, and not the same.
///
/// A default that stands for "not given" (`None`, `null`, `undefined`) says nothing of what is used then, and prose often does.
pub fn differ(documented: &str, actual: &str) -> bool {
    if !is_literal(documented) || !is_literal(actual) || matches!(actual, "None" | "null" | "undefined") {
        return false;
    }
    if let (Some(documented), Some(actual)) = (number(documented), number(actual)) {
        return (documented - actual).abs() > f64::EPSILON * documented.abs().max(actual.abs());
    }
    match (unquoted(documented), unquoted(actual)) {
        (Some(documented), Some(actual)) => documented != actual,
        // Prose leaves quotes away.
        (None, Some(actual)) => documented != actual,
        (Some(documented), None) => !documented.eq_ignore_ascii_case(actual),
        (None, None) => !documented.eq_ignore_ascii_case(actual),
    }
}

/// The actual value, written as the stated one is.
pub fn written_like(documented: &str, actual: &str) -> String {
    match (unquoted(documented), unquoted(actual)) {
        (Some(_), Some(inside)) => {
            let quote = documented.chars().next().unwrap_or('"');
            if inside.contains(quote) { actual.to_owned() } else { format!("{quote}{inside}{quote}") }
        }
        _ => actual.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sure_differences_count() {
        for (documented, actual) in [("3", "4"), ("'a'", "\"b\""), ("True", "False"), ("3", "\"x\""), ("None", "3")] {
            assert!(differ(documented, actual), "{documented} {actual}");
        }
        for (documented, actual) in [
            ("3", "3.0"),
            ("1000", "1_000"),
            ("'a'", "\"a\""),
            ("true", "True"),
            ("5", "None"),
            ("5", "LIMIT"),
            ("x", "3"),
        ] {
            assert!(!differ(documented, actual), "{documented} {actual}");
        }
    }

    #[test]
    fn a_new_value_is_written_as_the_old_one_was() {
        assert_eq!(written_like("'a'", "\"b\""), "'b'");
        assert_eq!(written_like("3", "4"), "4");
    }
}
