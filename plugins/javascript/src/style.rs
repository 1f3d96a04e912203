//! How a file is written, so that what is added to it looks as if it had always been there.

use std::fmt::Write as _;

use super::code::Code;
use serde_json::Value;

/// Quotes, semicolons, indentation and line endings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Style {
    /// What strings are written with.
    pub quote: char,
    /// What ends a statement.
    pub semicolon: &'static str,
    /// One step of indentation.
    pub indent: String,
    /// What ends a line.
    pub newline: &'static str,
}

impl Style {
    /// As a text shows it.
    pub fn of(content: &str) -> Self {
        let lines = || content.lines().map(str::trim_end).filter(|line| !line.is_empty());
        let closed = lines().filter(|line| line.ends_with(';')).count();
        let open = lines()
            .filter(|line| line.ends_with([')', '\'', '"']) || line.ends_with(char::is_alphanumeric))
            .filter(|line| !line.trim_start().starts_with(['*', '/']))
            .count();
        let indent = lines().find_map(|line| {
            let indent = &line[..line.len() - line.trim_start().len()];
            let comment = line.trim_start().starts_with('*');
            (!indent.is_empty() && !comment && indent.len() <= 8).then(|| indent.to_owned())
        });
        Self {
            quote: if content.matches('"').count() > content.matches('\'').count() { '"' } else { '\'' },
            semicolon: if closed >= open { ";" } else { "" },
            indent: indent.unwrap_or_else(|| "  ".to_owned()),
            newline: if content.lines().next().is_some() && content.contains("\r\n") { "\r\n" } else { "\n" },
        }
    }

    /// As a file shows it.
    pub fn of_code(code: &Code) -> Self {
        Self::of(&code.text.content)
    }

    /// A string literal; in the other quotes where that saves escapes.
    pub fn string(&self, text: &str) -> String {
        let other = if self.quote == '"' { '\'' } else { '"' };
        let quote = if text.contains(self.quote) && !text.contains(other) { other } else { self.quote };
        let mut literal = String::with_capacity(text.len() + 2);
        literal.push(quote);
        for letter in text.chars() {
            match letter {
                '\\' => literal.push_str("\\\\"),
                '\n' => literal.push_str("\\n"),
                '\r' => literal.push_str("\\r"),
                '\t' => literal.push_str("\\t"),
                letter if letter == quote => literal.extend(['\\', letter]),
                // Controls, line separators and what turns the reading direction are hard to review: escaped.
                letter if is_unseen(letter) => {
                    let mut units = [0; 2];
                    for unit in letter.encode_utf16(&mut units) {
                        let _ = write!(literal, "\\u{unit:04x}");
                    }
                }
                letter => literal.push(letter),
            }
        }
        literal.push(quote);
        literal
    }

    /// A value of JSON as a literal.
    pub fn literal(&self, value: &Value) -> String {
        match value {
            Value::String(text) => self.string(text),
            Value::Array(items) => {
                let items: Vec<_> = items.iter().map(|item| self.literal(item)).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Object(entries) if entries.is_empty() => "{}".to_owned(),
            Value::Object(entries) => {
                let entries: Vec<_> = entries.iter().map(|(key, value)| self.entry(key, value)).collect();
                format!("{{ {} }}", entries.join(", "))
            }
            other => other.to_string(),
        }
    }

    fn entry(&self, key: &str, value: &Value) -> String {
        let name = match key {
            // As a name it would set the prototype.
            "__proto__" => format!("[{}]", self.string(key)),
            key if key.is_ascii() && super::code::is_name(key) => key.to_owned(),
            key => self.string(key),
        };
        format!("{name}: {}", self.literal(value))
    }
}

fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_file_tells_its_style() {
        let standard = Style::of("import a from \"a\"\n\nfunction b() {\n    return a(\"c\")\n}\n");
        assert_eq!((standard.quote, standard.semicolon, standard.indent.as_str()), ('"', "", "    "));
        let common = Style::of("/**\n * Doc.\n */\nfunction b() {\r\n\treturn a('c');\r\n}\r\n");
        assert_eq!((common.quote, common.semicolon, common.indent.as_str(), common.newline), ('\'', ";", "\t", "\r\n"));
    }

    #[test]
    fn values_become_literals_that_hide_nothing() {
        let style = Style::of("");
        let value = json!([{ "code": "it's", "both": "'\"", "a-b": [1.5, null], "__proto__": {} }, "\u{202e}\n"]);
        assert_eq!(
            style.literal(&value),
            "[{ code: \"it's\", both: '\\'\"', 'a-b': [1.5, null], ['__proto__']: {} }, '\\u202e\\n']"
        );
    }
}
