//! One shape for attributes: old names become today's, values become plain JSON, and bounds hold. It decides nothing
//! about what an attribute means to a healer.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Otlp;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use serde_json::{Map, Value};

use super::secrets::{REDACTED, is_secret_name, without_secrets};
use super::{Dropped, TelemetryLimits};

const DEPTH: usize = 8;
const KEY_BYTES: usize = 256;

/// Names that OpenTelemetry has given up, and those it uses now, where the value stayed what it was. Of two old names
/// for one, the first that is there wins.
const RENAMED: [(&str, &str); 28] = [
    ("code.filepath", "code.file.path"),
    ("code.lineno", "code.line.number"),
    ("code.column", "code.column.number"),
    ("http.method", "http.request.method"),
    ("http.status_code", "http.response.status_code"),
    ("http.url", "url.full"),
    ("http.scheme", "url.scheme"),
    ("http.user_agent", "user_agent.original"),
    ("http.client_ip", "client.address"),
    ("http.resend_count", "http.request.resend_count"),
    ("http.server_name", "server.address"),
    ("net.host.name", "server.address"),
    ("net.host.port", "server.port"),
    ("db.statement", "db.query.text"),
    ("db.system", "db.system.name"),
    ("db.operation", "db.operation.name"),
    ("db.name", "db.namespace"),
    ("db.sql.table", "db.collection.name"),
    ("db.mongodb.collection", "db.collection.name"),
    ("db.cassandra.table", "db.collection.name"),
    ("db.cosmosdb.container", "db.collection.name"),
    ("messaging.destination", "messaging.destination.name"),
    ("messaging.message_id", "messaging.message.id"),
    ("messaging.conversation_id", "messaging.message.conversation_id"),
    ("messaging.operation", "messaging.operation.type"),
    ("messaging.client_id", "messaging.client.id"),
    ("messaging.kafka.consumer.group", "messaging.consumer.group.name"),
    ("messaging.kafka.message.offset", "messaging.kafka.offset"),
];
/// What bridges from `OpenTracing` still write on events of an exception.
const EXCEPTION: [(&str, &str); 4] = [
    ("error.kind", "exception.type"),
    ("error.message", "exception.message"),
    ("message", "exception.message"),
    ("stack", "exception.stacktrace"),
];

/// The attributes as a JSON object, in the order in which they came. Of two equal keys the first wins.
pub(super) fn attributes(from: Vec<KeyValue>, limits: &TelemetryLimits, dropped: &mut Dropped) -> Map<String, Value> {
    let mut map = Map::new();
    for KeyValue { key, value, .. } in from {
        if map.len() >= limits.attributes || key.len() > KEY_BYTES {
            dropped.add("attributes", 1);
        } else if !map.contains_key(&key) {
            let value = plain(value, 0, limits, dropped);
            let value = keyed(&key, value, dropped);
            map.insert(key, value);
        }
    }
    todays_names(&mut map);
    map
}

/// The attributes of an event or log record that reports an exception.
pub(super) fn exception(map: &mut Map<String, Value>) {
    for (old, new) in EXCEPTION {
        rename(map, old, new);
    }
}

fn rename(map: &mut Map<String, Value>, old: &str, new: &str) {
    if let Some(value) = map.shift_remove(old)
        && !map.contains_key(new)
    {
        map.insert(new.to_owned(), value);
    }
}

fn todays_names(map: &mut Map<String, Value>) {
    // Looking at the few names that are there is cheaper than looking for every old one.
    let old: Vec<_> = RENAMED.into_iter().filter(|(old, _)| map.keys().any(|key| key == old)).collect();
    for (old, new) in old {
        rename(map, old, new);
    }
    // Once the namespace stood apart; today's name is the fully qualified one.
    let namespace = map.shift_remove("code.namespace");
    if let Some(Value::String(function)) = map.shift_remove("code.function")
        && !map.contains_key("code.function.name")
    {
        let name = match namespace {
            Some(Value::String(space)) if !space.is_empty() => format!("{space}.{function}"),
            _ => function,
        };
        map.insert("code.function.name".to_owned(), Value::String(name));
    }
    // Once the path and the query stood together.
    if let Some(Value::String(target)) = map.shift_remove("http.target") {
        let (path, query) = target.split_once('?').map_or((&*target, None), |(path, query)| (path, Some(query)));
        for (key, part) in [("url.path", Some(path)), ("url.query", query)] {
            if let Some(part) = part
                && !map.contains_key(key)
            {
                map.insert(key.to_owned(), part.into());
            }
        }
    }
    // Some exporters write numbers as text.
    if let Some(line) = map.get_mut("code.line.number")
        && let Some(number) = line.as_str().and_then(|text| text.parse::<u32>().ok())
    {
        *line = number.into();
    }
}

/// A value as plain JSON. Bytes become lower-case hexadecimal digits; numbers that JSON lacks become text.
pub(super) fn plain(from: Option<AnyValue>, depth: usize, limits: &TelemetryLimits, dropped: &mut Dropped) -> Value {
    let Some(value) = from.and_then(|any| any.value) else { return Value::Null };
    if depth >= DEPTH {
        dropped.add("attribute depth", 1);
        return Value::Null;
    }
    match value {
        Otlp::StringValue(text) => Value::String(bounded(text, limits, dropped)),
        Otlp::BoolValue(value) => value.into(),
        Otlp::IntValue(value) => value.into(),
        Otlp::DoubleValue(value) => number(value),
        Otlp::BytesValue(bytes) => Value::String(bounded(hex::encode(bytes), limits, dropped)),
        Otlp::ArrayValue(array) => {
            let over = array.values.len().saturating_sub(limits.attributes);
            dropped.add("attribute values", over as u64);
            let values = array.values.into_iter().take(limits.attributes);
            values.map(|value| plain(Some(value), depth + 1, limits, dropped)).collect()
        }
        Otlp::KvlistValue(list) => {
            let over = list.values.len().saturating_sub(limits.attributes);
            dropped.add("attribute values", over as u64);
            let values = list.values.into_iter().take(limits.attributes);
            let values = values.map(|pair| {
                let value = plain(pair.value, depth + 1, limits, dropped);
                let value = keyed(&pair.key, value, dropped);
                (pair.key, value)
            });
            Value::Object(values.collect())
        }
        Otlp::StringValueStrindex(_) => Value::Null,
    }
}

/// A JSON number, or `"NaN"`, `"Infinity"`, `"-Infinity"` as OTLP writes them.
pub(super) fn number(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or_else(
        || {
            let name = if value.is_nan() {
                "NaN"
            } else if value > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            };
            name.into()
        },
        Value::Number,
    )
}

/// The value, unless it is text or holds text under a key that says it is secret. Numbers under such keys count
/// things (tokens, cookies) and stay.
fn keyed(key: &str, value: Value, dropped: &mut Dropped) -> Value {
    if matches!(value, Value::String(_) | Value::Array(_) | Value::Object(_)) && is_secret_name(key) {
        dropped.add("redacted", 1);
        return REDACTED.into();
    }
    value
}

/// Text without secrets and within the bound, cut between characters. The cut comes last: half a secret has no shape.
pub(super) fn bounded(mut text: String, limits: &TelemetryLimits, dropped: &mut Dropped) -> String {
    if let Some(clean) = without_secrets(&text) {
        dropped.add("redacted", 1);
        text = clean;
    }
    if text.len() > limits.text_bytes {
        text.truncate(cut(&text, limits.text_bytes).len());
        dropped.add("text cut", 1);
    }
    text
}

/// The beginning of a text, within the bound, cut between characters.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}
