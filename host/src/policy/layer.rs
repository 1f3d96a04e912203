//! One policy file: text in, checked settings out. Everything that is wrong is reported at once.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::mistake::{PolicyMistake, place};
use super::schema;
use super::value::{Setting, Value};

/// A policy is some hundred lines; more is a mistake or an attack.
const MOST_BYTES: usize = 1 << 20;

/// A file's settings by dotted key.
pub(super) struct Layer {
    pub file: String,
    pub text: String,
    pub settings: BTreeMap<String, Setting>,
}

/// Reads a layer; what could be understood is in it even when there are mistakes.
pub(super) fn parse(file: &str, text: &str) -> (Layer, Vec<PolicyMistake>) {
    let mut reader = Reader {
        layer: Layer { file: file.to_owned(), text: text.to_owned(), settings: BTreeMap::new() },
        mistakes: Vec::new(),
    };
    if text.len() > MOST_BYTES {
        reader.mistake(
            0..0,
            "the file is larger than 1 MiB".to_owned(),
            "a policy is a small file; check the path".to_owned(),
        );
        return (reader.layer, reader.mistakes);
    }
    match DeTable::parse(text) {
        Ok(table) => reader.table(table.get_ref(), ""),
        Err(error) => {
            let fix = "correct the TOML; `key = value` stands on a line of its own, texts in double quotes".to_owned();
            reader.mistake(error.span().unwrap_or(0..0), error.message().to_owned(), fix);
        }
    }
    reader.mistakes.sort_by_key(|mistake| (mistake.line, mistake.column));
    (reader.layer, reader.mistakes)
}

struct Reader {
    layer: Layer,
    mistakes: Vec<PolicyMistake>,
}

impl Reader {
    fn mistake(&mut self, span: Range<usize>, what: String, fix: String) {
        self.mistakes.push(*PolicyMistake::new(&self.layer.file, &self.layer.text, span, what, fix));
    }

    fn table(&mut self, table: &DeTable<'_>, prefix: &str) {
        for (name, value) in table {
            let plain = name.get_ref().bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
            if name.get_ref().is_empty() || !plain {
                let fix = "use letters, digits, `-` and `_`".to_owned();
                self.mistake(name.span(), format!("{:?} is no name", name.get_ref()), fix);
                continue;
            }
            let key =
                if prefix.is_empty() { name.get_ref().to_string() } else { format!("{prefix}.{}", name.get_ref()) };
            if let Some((kind, _)) = schema::find(&key) {
                self.setting(key, kind, name.span(), value);
            } else if let (true, Some(inner)) = (schema::is_table(&key), value.get_ref().as_table()) {
                self.table(inner, &key);
            } else if schema::is_table(&key) {
                self.mistake(value.span(), format!("`{key}` is a table"), format!("write [{key}] and its keys below"));
            } else {
                let fix = schema::nearest(&key).map_or_else(
                    || "remove it; docs/policy.md lists every key".to_owned(),
                    |near| format!("did you mean `{near}`? docs/policy.md lists every key"),
                );
                self.mistake(name.span(), format!("unknown key `{key}`"), fix);
            }
        }
    }

    fn setting(&mut self, key: String, kind: schema::Kind, name: Range<usize>, value: &toml::Spanned<DeValue<'_>>) {
        let read = read(value.get_ref(), kind);
        let checked = read.ok_or_else(|| wanted(kind)).and_then(|read| schema::check(kind, &read).map(|()| read));
        match checked {
            Ok(read) => {
                let origin = format!("{}:{}", self.layer.file, place(&self.layer.text, name.start).0);
                self.layer.settings.insert(key, Setting { value: read, origin, span: name });
            }
            Err(fix) => self.mistake(value.span(), format!("`{key}` can't be this"), fix),
        }
    }
}

/// The schema's own words for what it wants, asked with a value that no kind takes.
fn wanted(kind: schema::Kind) -> String {
    schema::check(kind, &Value::Share(-1.0)).err().unwrap_or_default()
}

fn read(value: &DeValue<'_>, kind: schema::Kind) -> Option<Value> {
    if kind == schema::Kind::Json {
        return value.as_table().and_then(|_| json(value, 0)).map(Value::Json);
    }
    match value {
        DeValue::Boolean(b) => Some(Value::Bool(*b)),
        DeValue::Integer(n) => u64::from_str_radix(n.as_str(), n.radix()).ok().map(Value::Count),
        DeValue::Float(x) => x.as_str().parse().ok().map(Value::Share),
        DeValue::String(text) => Some(Value::Text(text.to_string())),
        DeValue::Array(items) => {
            items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect::<Option<_>>().map(Value::Texts)
        }
        _ => None,
    }
}

fn json(value: &DeValue<'_>, depth: u8) -> Option<serde_json::Value> {
    if depth > 16 {
        return None;
    }
    Some(match value {
        DeValue::Boolean(b) => (*b).into(),
        DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix()).ok()?.into(),
        DeValue::Float(x) => serde_json::Number::from_f64(x.as_str().parse().ok()?)?.into(),
        DeValue::String(text) => text.to_string().into(),
        DeValue::Datetime(when) => when.to_string().into(),
        DeValue::Array(items) => {
            items.iter().map(|item| json(item.get_ref(), depth + 1)).collect::<Option<Vec<_>>>()?.into()
        }
        DeValue::Table(table) => table
            .iter()
            .map(|(name, item)| Some((name.get_ref().to_string(), json(item.get_ref(), depth + 1)?)))
            .collect::<Option<serde_json::Map<_, _>>>()?
            .into(),
    })
}
