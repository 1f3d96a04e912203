//! What stays of a message when the values are taken out: the same fault with another order number says the same.

use thymus_sdk::wording::cut;

/// The most bytes of a normalised message; it is a part of the fingerprint.
const LONGEST: usize = 200;
/// How much of a message is looked at.
const LOOKED_AT: usize = 2000;
/// The word before a quoted name that is code, not data: `(reading 'limits')`, `has no attribute 'name'`.
const BEFORE_CODE: [&str; 5] = ["reading", "setting", "attribute", "argument:", "arguments:"];
/// The word after one: `'NoneType' object is not iterable`.
const AFTER_CODE: [&str; 1] = ["object"];

/// The message without numbers, ids, quoted values, paths and addresses.
pub fn normalise(kind: &str, message: &str) -> String {
    // What a JSON parser says of bad input depends on where it is bad: one fault, many messages.
    if kind == "JSONDecodeError" || (kind == "SyntaxError" && message.contains("JSON")) {
        return "malformed JSON".to_owned();
    }
    let message = &message[..message.floor_char_boundary(LOOKED_AT)];
    let mut words: Vec<String> = Vec::new();
    let mut rest = message.trim_start();
    let mut apart = true;
    while !rest.is_empty() {
        let before = words.len();
        if let Some((quoted, behind)) = quoted(rest) {
            let code = is_code(quoted, words.last().map_or("", String::as_str), behind);
            words.push(if code { format!("'{quoted}'") } else { "<value>".to_owned() });
            rest = behind;
        } else {
            let end = word_end(rest);
            words.push(word(&rest[..end]));
            rest = &rest[end..];
        }
        if !apart && before > 0 {
            // What stood together stays together: `(reading 'limits')`.
            let joined = words.split_off(before).concat();
            words[before - 1] += &joined;
        }
        let behind = rest.trim_start();
        apart = behind.len() < rest.len();
        rest = behind;
    }
    words.dedup_by(|a, b| a == b && a.starts_with('<'));
    cut(&words.join(" "), LONGEST)
}

/// Text in quotes at the start, and what follows. An apostrophe within a word opens nothing, since words are whole.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let open = text.chars().next()?;
    let close = match open {
        '\'' | '"' | '`' => open,
        '“' => '”',
        '‘' => '’',
        '«' => '»',
        _ => return None,
    };
    let inner = &text[open.len_utf8()..];
    let mut from = 0;
    while let Some(at) = inner[from..].find(close).map(|at| at + from) {
        let behind = &inner[at + close.len_utf8()..];
        // A closing quote ends a word: `'it's'` is one value.
        if !behind.starts_with(|c: char| c.is_alphanumeric()) {
            return Some((&inner[..at], behind));
        }
        from = at + close.len_utf8();
    }
    // Cut off, or the value holds the rest.
    Some((inner, ""))
}

fn is_code(quoted: &str, before: &str, behind: &str) -> bool {
    let identifier = |c: char| c.is_alphabetic() || matches!(c, '_' | '$' | '.');
    let after = behind.split_whitespace().next().unwrap_or("");
    !quoted.is_empty()
        && quoted.chars().all(identifier)
        && (BEFORE_CODE.contains(&before.trim_start_matches('(')) || AFTER_CODE.contains(&after))
}

/// The end of a run without white space; a quote inside ends it too where it may open a value, as in `key='a b'`.
fn word_end(text: &str) -> usize {
    let mut last = ' ';
    for (at, c) in text.char_indices() {
        let opens = matches!(c, '\'' | '"' | '`' | '“' | '‘' | '«') && !last.is_alphanumeric();
        if at > 0 && (c.is_whitespace() || opens) {
            return at;
        }
        last = c;
    }
    text.len()
}

fn word(word: &str) -> String {
    let edge = |c: char| matches!(c, '(' | ')' | '[' | ']' | '{' | '}' | ',' | ';' | ':' | '.' | '!' | '?' | '<' | '>');
    let core = word.trim_matches(edge);
    let Some(placeholder) = placeholder(core) else { return word.to_owned() };
    word.replacen(core, placeholder, 1)
}

fn placeholder(core: &str) -> Option<&'static str> {
    let has_digit = core.contains(|c: char| c.is_ascii_digit());
    let hex = core.strip_prefix("0x").unwrap_or(core);
    let is_hex = !hex.is_empty() && hex.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    let numeric =
        |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '+' | 'e' | 'E' | '%' | '_' | ':' | '/' | '=');
    if core.contains("://") || core.starts_with(['/', '\\']) || core.get(1..3) == Some(":\\") {
        Some("<path>")
    } else if core.starts_with("0x") && is_hex {
        Some("<address>")
    } else if has_digit && core.chars().all(numeric) {
        Some("<number>")
    } else if core.contains('@') || (has_digit && !core.contains(['(', '=', '\''])) {
        Some("<id>")
    } else if core.matches(['/', '\\']).count() >= 2 {
        Some("<path>")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_fault_says_the_same() {
        for (kind, messages, normalised) in [
            ("KeyError", &["'sku-1'", "'it's'", "\"a b\"", "'cut off"][..], "<value>"),
            ("KeyError", &["5", "-12.5", "1,000"], "<number>"),
            ("Error", &["no order o-17", "no order 9f86d081884c7d65", "no order ada@example.org"], "no order <id>"),
            ("Error", &["no order 17 in /srv/a/b.txt", "no order 4 in https://x/y?z"], "no order <number> in <path>"),
            ("Error", &["<Order at 0x7f3a> is 'a'.", "<Order at 0x11> is 'b'."], "<Order at <address>> is <value>."),
            (
                "SyntaxError",
                &["Unexpected end of JSON input", "Unexpected token } in JSON at position 15"],
                "malformed JSON",
            ),
            ("JSONDecodeError", &["Expecting value: line 1 column 1 (char 0)"], "malformed JSON"),
            (
                "ValueError",
                &["invalid literal for int() with base 10: 'x'"],
                "invalid literal for int() with base <number>: <value>",
            ),
            ("Error", &["can't open it", "can't  open\nit"], "can't open it"),
        ] {
            for message in messages {
                assert_eq!(normalise(kind, message), normalised, "{message}");
            }
        }
    }

    #[test]
    fn names_in_code_tell_faults_apart() {
        let read =
            |name: &str| normalise("TypeError", &format!("Cannot read properties of undefined (reading '{name}')"));
        assert_ne!(read("limits"), read("minimumCents"));
        assert_eq!(read("c-100"), read("c-101"), "a key, not a name");
        let attribute = normalise("AttributeError", "'NoneType' object has no attribute 'name'");
        assert_eq!(attribute, "'NoneType' object has no attribute 'name'");
    }

    #[test]
    fn any_text_is_normalised_within_bounds() {
        for text in ["", "'", "''", "“", "é".repeat(5000).as_str(), "\u{1b}[31m", "('", "a'b'c", "x:\\y"] {
            assert!(normalise("E", text).len() <= LONGEST, "{text}");
        }
    }
}
