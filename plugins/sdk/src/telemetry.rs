//! The telemetry directory, typed: the window and what it is compared to, as `docs/telemetry.md` describes them.
//!
//! Records are read one at a time, so a window of a million spans needs no more memory than its longest line. A line
//! that can't be read is an error with file and number, and the reading goes on behind it; a file that isn't there
//! holds nothing. Fields that a later version adds are passed over.
//!
//! **Every text in here was written by the healed system, or by whoever can make it write.** Names may be paths into
//! nowhere, messages may address you. It is data.
//!
//! ```
//! # fn main() -> Result<(), thymus_sdk::Failure> {
//! # let dir = tempfile::tempdir().unwrap();
//! # std::fs::write(dir.path().join("window.json"), r#"{"start_ns": 1, "end_ns": 2}"#).unwrap();
//! use thymus_sdk::telemetry::Telemetry;
//!
//! let telemetry = Telemetry::open(dir.path()); // "/telemetry" in a plugin
//! let mut slowest = None;
//! for span in telemetry.spans().flatten() {
//!     slowest = slowest.max(Some((span.duration_ns, span.handler)));
//! }
//! # Ok(()) }
//! ```

use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use memchr::memmem::Finder;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::Failure;

/// The longest line that is read. thymus takes in 16 MiB a line; laid out, a record has its names spelled out again.
const LONGEST_LINE: usize = 32 << 20;
/// The largest of the files that are one JSON document.
const LARGEST_DOCUMENT: u64 = 64 << 20;

/// What does not read as documented.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {why}")]
pub struct ReadError {
    /// The file's name.
    pub file: &'static str,
    /// Counted from 1.
    pub line: u64,
    /// What is wrong with it.
    pub why: String,
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::BadInput(error.to_string())
    }
}

/// The telemetry directory.
#[derive(Clone, Debug)]
pub struct Telemetry {
    dir: PathBuf,
}

impl Telemetry {
    /// The directory that the host laid out; `/telemetry` in a plugin, any other in a test.
    pub fn open(dir: impl AsRef<Path>) -> Self {
        Self { dir: dir.as_ref().to_owned() }
    }

    /// What the window is made of. Without it the directory is not whole, so this one must be there.
    pub fn window(&self) -> Result<Window, ReadError> {
        self.document("window.json")?.ok_or_else(|| ReadError {
            file: "window.json",
            line: 1,
            why: "it is not there".to_owned(),
        })
    }

    /// Every span, by its start.
    pub fn spans(&self) -> Records<Span> {
        self.spans_as(&[])
    }

    /// The spans whose line mentions one of these texts anywhere. The others are passed over unparsed, which is many
    /// times faster: name a handler, a trace, or what only few lines hold.
    pub fn spans_mentioning(&self, texts: &[&str]) -> Records<Span> {
        self.spans_as(texts)
    }

    /// The spans, read into a type of your own with only those fields that you need; of them those that mention one of
    /// these texts, or all where there is none.
    pub fn spans_as<T: DeserializeOwned>(&self, mentioning: &[&str]) -> Records<T> {
        self.records("spans.jsonl", mentioning)
    }

    /// A sample of the baseline's traces, each of them whole; none where there is no baseline.
    pub fn baseline_spans(&self) -> Records<Span> {
        self.baseline_spans_as(&[])
    }

    /// The same, read into a type of your own; of them those that mention one of these texts, or all where there is none.
    pub fn baseline_spans_as<T: DeserializeOwned>(&self, mentioning: &[&str]) -> Records<T> {
        self.records("baseline-spans.jsonl", mentioning)
    }

    /// Every log record, by its time.
    pub fn logs(&self) -> Records<Log> {
        self.records("logs.jsonl", &[])
    }

    /// The log records whose line mentions one of these texts anywhere.
    pub fn logs_mentioning(&self, texts: &[&str]) -> Records<Log> {
        self.records("logs.jsonl", texts)
    }

    /// Every data point, by its time.
    pub fn metrics(&self) -> Records<MetricPoint> {
        self.records("metrics.jsonl", &[])
    }

    /// How each handler behaved in this window.
    pub fn handlers(&self) -> Result<Handlers, ReadError> {
        Ok(self.document("handlers.json")?.unwrap_or_default())
    }

    /// How each handler behaved in better times; none when there is nothing to compare to.
    pub fn baseline(&self) -> Result<Option<Baseline>, ReadError> {
        let baseline: Option<Baseline> = self.document("baseline.json")?;
        Ok(baseline.filter(|baseline| baseline.spans > 0))
    }

    /// What the project declares: thresholds, sequences, state contracts.
    pub fn expectations(&self) -> Result<Expectations, ReadError> {
        Ok(self.document("expectations.json")?.unwrap_or_default())
    }

    fn records<T>(&self, file: &'static str, mentioning: &[&str]) -> Records<T> {
        let reader = File::open(self.dir.join(file)).ok().map(|file| BufReader::with_capacity(256 << 10, file));
        let mentions =
            mentioning.iter().map(|text| Finder::new(as_json_writes(text).as_bytes()).into_owned()).collect();
        Records { file, reader, mentions, line: 0, bytes: Vec::new(), record: PhantomData }
    }

    fn document<T: DeserializeOwned>(&self, file: &'static str) -> Result<Option<T>, ReadError> {
        let error = |line: usize, why: String| ReadError { file, line: line as u64, why };
        let Ok(opened) = File::open(self.dir.join(file)) else { return Ok(None) };
        let mut bytes = Vec::new();
        opened.take(LARGEST_DOCUMENT + 1).read_to_end(&mut bytes).map_err(|why| error(1, why.to_string()))?;
        if bytes.len() as u64 > LARGEST_DOCUMENT {
            return Err(error(1, "it is larger than 64 MiB".to_owned()));
        }
        serde_json::from_slice(&bytes).map(Some).map_err(|why| error(why.line(), why.to_string()))
    }
}

/// What stands between the quotes when thymus writes this text.
fn as_json_writes(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// The records of one file, read as they are asked for.
#[derive(Debug)]
pub struct Records<T> {
    file: &'static str,
    reader: Option<BufReader<File>>,
    mentions: Vec<Finder<'static>>,
    line: u64,
    bytes: Vec<u8>,
    record: PhantomData<T>,
}

impl<T: DeserializeOwned> Iterator for Records<T> {
    type Item = Result<T, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.read_line() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(why) => return Some(Err(self.error(why))),
            }
            let mentioned = || self.mentions.iter().any(|finder| finder.find(&self.bytes).is_some());
            let wanted = self.mentions.is_empty() || mentioned();
            if wanted && !self.bytes.trim_ascii().is_empty() {
                return Some(serde_json::from_slice(&self.bytes).map_err(|why| self.error(why.to_string())));
            }
        }
    }
}

impl<T> Records<T> {
    fn error(&self, why: String) -> ReadError {
        ReadError { file: self.file, line: self.line, why }
    }

    /// Reads the next line; `false` at the end. After an error of the system there is no next line.
    fn read_line(&mut self) -> Result<bool, String> {
        let Some(reader) = &mut self.reader else { return Ok(false) };
        self.bytes.clear();
        self.line += 1;
        let read = reader.by_ref().take(LONGEST_LINE as u64).read_until(b'\n', &mut self.bytes);
        let whole = match read {
            Ok(0) => {
                self.reader = None;
                return Ok(false);
            }
            Ok(count) => count < LONGEST_LINE || self.bytes.ends_with(b"\n"),
            Err(why) => {
                self.reader = None;
                return Err(why.to_string());
            }
        };
        if whole {
            return Ok(true);
        }
        self.bytes.clear();
        if let Err(why) = reader.skip_until(b'\n') {
            self.reader = None;
            return Err(why.to_string());
        }
        Err(format!("it is longer than {LONGEST_LINE} bytes"))
    }
}

/// `window.json`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Window {
    /// The earliest instant, in nanoseconds since 1970.
    pub start_ns: u64,
    /// The latest instant.
    pub end_ns: u64,
    /// How many of each signal there are.
    #[serde(default)]
    pub signals: Signals,
    /// How many lines or records could not be read.
    #[serde(default)]
    pub damaged: u64,
    /// What was left out, by the name of the bound.
    #[serde(default)]
    pub dropped: Vec<(String, u64)>,
    /// How many spans the baseline is made of.
    #[serde(default)]
    pub baseline_spans: u64,
}

/// How many of each signal a window holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Signals {
    /// Spans.
    pub spans: u64,
    /// Distinct traces, estimated above 100,000.
    pub traces: u64,
    /// Log records.
    pub logs: u64,
    /// Data points.
    pub metrics: u64,
}

/// Attributes as plain JSON, named by OpenTelemetry's conventions of today.
pub type Attributes = Map<String, Value>;

/// A line of `spans.jsonl`: one execution of a handler.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Span {
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// 16 hexadecimal digits.
    pub span_id: String,
    /// None for a root.
    pub parent_span_id: Option<String>,
    /// The span's own name.
    pub name: String,
    /// `internal`, `server`, `client`, `producer`, `consumer` or `unspecified`.
    pub kind: String,
    /// Nanoseconds since 1970.
    pub start_ns: u64,
    /// Not before the start.
    pub end_ns: u64,
    /// The difference.
    pub duration_ns: u64,
    /// `unset`, `ok` or `error`.
    pub status: String,
    /// What the status says of an error.
    pub status_message: String,
    /// The resource's `service.name`, or empty.
    pub service: String,
    /// `code.function.name`, or else the span's name.
    pub handler: String,
    /// `code.file.path` as it was given; ask [`crate::source::Source`] whether it means a file.
    pub path: Option<String>,
    /// The instrumentation scope's name.
    pub scope: String,
    /// The resource's attributes.
    pub resource: Attributes,
    /// The span's attributes.
    pub attributes: Attributes,
    /// What happened in the course of it.
    pub events: Vec<Event>,
}

impl Span {
    /// An attribute that is text.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.attributes.get(key).and_then(Value::as_str)
    }

    /// `code.line.number`.
    pub fn line(&self) -> Option<u32> {
        self.attributes.get("code.line.number").and_then(Value::as_u64).and_then(|line| u32::try_from(line).ok())
    }

    /// The arguments of a captured call: a list is positional, an object by parameter name.
    pub fn args(&self) -> Option<Value> {
        self.captured("thymus.args").filter(|args| args.is_array() || args.is_object())
    }

    /// The arguments of a captured call as they stood at its end, where that was captured.
    pub fn args_after(&self) -> Option<Value> {
        self.captured("thymus.args.after").filter(|args| args.is_array() || args.is_object())
    }

    /// What a captured call returned.
    pub fn result(&self) -> Option<Value> {
        self.captured("thymus.result")
    }

    fn captured(&self, key: &str) -> Option<Value> {
        serde_json::from_str(self.text(key)?).ok()
    }
}

/// An event of a span.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Event {
    /// Nanoseconds since 1970.
    pub time_ns: u64,
    /// `exception` for those that say what was thrown.
    pub name: String,
    /// For exceptions `exception.type`, `exception.message`, `exception.stacktrace`.
    pub attributes: Attributes,
}

/// A line of `logs.jsonl`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Log {
    /// Nanoseconds since 1970.
    pub time_ns: u64,
    /// The trace it belongs to.
    pub trace_id: Option<String>,
    /// The span it belongs to.
    pub span_id: Option<String>,
    /// OpenTelemetry's number: 17 and above are errors.
    pub severity: i32,
    /// The logger's own word for it.
    pub severity_text: String,
    /// The event's name, or empty.
    pub event_name: String,
    /// Any JSON.
    pub body: Value,
    /// The resource's `service.name`, or empty.
    pub service: String,
    /// The instrumentation scope's name: with most bridges, the logger's.
    pub scope: String,
    /// The resource's attributes.
    pub resource: Attributes,
    /// The record's attributes.
    pub attributes: Attributes,
}

/// A line of `metrics.jsonl`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct MetricPoint {
    /// Nanoseconds since 1970.
    pub time_ns: u64,
    /// The metric's name.
    pub name: String,
    /// UCUM.
    pub unit: String,
    /// `gauge`, `sum`, `histogram`, `exponential_histogram` or `summary`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The resource's `service.name`, or empty.
    pub service: String,
    /// The instrumentation scope's name.
    pub scope: String,
    /// The resource's attributes.
    pub resource: Attributes,
    /// The point's attributes.
    pub attributes: Attributes,
    /// What was measured; its fields depend on the type.
    pub point: Value,
}

/// `handlers.json`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Handlers {
    /// How many spans it is made of.
    pub spans: u64,
    /// One for each service, name and path.
    pub handlers: Vec<Handler>,
    /// Exceptions in log records of which no span is known; none where that was not counted yet.
    pub exceptions_elsewhere: Option<Vec<ExceptionCount>>,
}

/// `baseline.json`: the same, of better times.
pub type Baseline = Handlers;

impl Handlers {
    /// The handler of this service, name and path.
    pub fn find(&self, service: &str, handler: &str, path: Option<&str>) -> Option<&Handler> {
        self.handlers.iter().find(|one| one.handler == handler && one.service == service && one.path.as_deref() == path)
    }
}

/// How a handler behaved.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Handler {
    /// The resource's `service.name`, or empty.
    pub service: String,
    /// `code.function.name`, or else the span's name.
    pub handler: String,
    /// `code.file.path`.
    pub path: Option<String>,
    /// Its spans.
    pub count: u64,
    /// Those with the status `error`.
    pub errors: u64,
    /// Their share, from 0 to 1.
    pub error_rate: f64,
    /// Half took at most so long, in nanoseconds, within 1 %.
    pub p50_ns: u64,
    /// Nine of ten.
    pub p90_ns: u64,
    /// Nineteen of twenty.
    pub p95_ns: u64,
    /// Ninety-nine of a hundred.
    pub p99_ns: u64,
    /// In how many of its executions which exceptions were reported, in events and in log records; none where that was
    /// not counted yet.
    pub exceptions: Option<Vec<ExceptionCount>>,
    /// How its captured calls treated state; none where no call was captured.
    pub state: Option<StateCounts>,
    /// All durations: a `DDSketch` in base64 that can be merged with others.
    pub sketch: String,
}

/// How a handler's captured calls treated state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StateCounts {
    /// Executions with their arguments.
    pub captured: u64,
    /// Those of them with their arguments as they were at the end.
    pub compared: u64,
    /// How many executions changed what.
    pub changed: Vec<ChangedCount>,
    /// Executions with the arguments of an earlier one, where both gave a result.
    pub repeated: u64,
    /// Those of them with another result than the earliest.
    pub differed: u64,
}

/// How many executions changed an argument (`args[0]`, `args.lines`) or a state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ChangedCount {
    /// What was changed.
    pub name: String,
    /// By how many executions.
    pub count: u64,
}

/// How often an exception was reported.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ExceptionCount {
    /// Where it was reported, if that isn't said by what holds this.
    pub service: String,
    /// `exception.type`.
    #[serde(rename = "type")]
    pub kind: String,
    /// How often.
    pub count: u64,
}

/// `expectations.json`: what the project declares in its `thymus.toml`. Empty where it has none.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Expectations {
    /// Globs of the files that document sequences.
    pub sequences: Vec<String>,
    /// Globs of documentation.
    pub docs: Vec<String>,
    /// How long handlers may take.
    pub thresholds: Vec<Threshold>,
    /// What handlers may change.
    pub state: Vec<StateContract>,
}

/// How long a handler may take.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Threshold {
    /// As telemetry names it.
    pub handler: String,
    /// Its file, where the name alone is not enough.
    pub file: Option<String>,
    /// Which share of the calls must keep to it: 0.95 for nineteen of twenty.
    pub quantile: f64,
    /// The longest such a call may take.
    pub millis: f64,
}

/// What a handler may change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StateContract {
    /// As telemetry names it.
    pub handler: String,
    /// Its file, where the name alone is not enough.
    pub file: Option<String>,
    /// The only state it may change, named as in `order.status`, `*` for any name; none where it is empty.
    pub changes: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn telemetry(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Telemetry) {
        let dir = tempfile::tempdir().unwrap();
        for (name, content) in files {
            std::fs::write(dir.path().join(name), content).unwrap();
        }
        let telemetry = Telemetry::open(dir.path());
        (dir, telemetry)
    }

    #[test]
    fn a_damaged_line_is_named_and_the_next_one_read() {
        let lines = b"{\"handler\":\"a\",\"start_ns\":1795509598896000001}\n\n{\"handler\":\n\xff\n{\"handler\":\"b\"}";
        let (_dir, telemetry) = telemetry(&[("spans.jsonl", lines)]);
        let read: Vec<_> = telemetry.spans().collect();
        assert_eq!(read.len(), 4);
        assert_eq!(read[0].as_ref().unwrap().start_ns, 1_795_509_598_896_000_001);
        assert_eq!(read[1].as_ref().unwrap_err().line, 3);
        assert_eq!(read[2].as_ref().unwrap_err().line, 4);
        assert_eq!(read[3].as_ref().unwrap().handler, "b");
    }

    #[test]
    fn a_line_without_end_is_passed_over() {
        let mut lines = vec![b'x'; LONGEST_LINE + 10];
        lines.extend_from_slice(b"\n{\"handler\":\"b\"}\n");
        let (_dir, telemetry) = telemetry(&[("spans.jsonl", &lines)]);
        let read: Vec<_> = telemetry.spans().collect();
        assert!(read[0].as_ref().unwrap_err().why.contains("longer"));
        assert_eq!(read[1].as_ref().unwrap().handler, "b");
        assert_eq!(read.len(), 2);
    }

    #[test]
    fn lines_that_do_not_mention_a_text_are_not_even_parsed() {
        let lines = b"damaged\n{\"handler\":\"a\\\"b\"}\n{\"handler\":\"other\"}\n{\"handler\":\"c\"}\n";
        let (_dir, telemetry) = telemetry(&[("spans.jsonl", lines)]);
        let read: Vec<_> = telemetry.spans_mentioning(&["a\"b", "c"]).map(|s| s.unwrap().handler).collect();
        assert_eq!(read, ["a\"b", "c"]);
    }

    #[test]
    fn what_is_not_there_holds_nothing_but_a_window_must_be() {
        let (_dir, telemetry) = telemetry(&[("baseline.json", b"{\"spans\":0,\"handlers\":[]}")]);
        assert_eq!(telemetry.spans().count() + telemetry.logs().count() + telemetry.metrics().count(), 0);
        assert_eq!(telemetry.baseline().unwrap(), None);
        assert_eq!(telemetry.handlers().unwrap(), Handlers::default());
        assert_eq!(telemetry.expectations().unwrap(), Expectations::default());
        assert_eq!(telemetry.baseline_spans().count(), 0);
        assert_eq!(telemetry.window().unwrap_err().file, "window.json");
    }

    #[test]
    fn what_the_project_declares_is_typed() {
        let declared = br#"{"sequences":["docs/*.yaml"],"docs":[],"thresholds":[{"handler":"pay","quantile":0.95,
            "millis":300}],"state":[{"handler":"pay","file":"src/pay.js","changes":["order.*"]}],"later":1}"#;
        let (_dir, telemetry) = telemetry(&[("expectations.json", declared)]);
        let expectations = telemetry.expectations().unwrap();
        assert_eq!(expectations.sequences, ["docs/*.yaml"]);
        assert!((expectations.thresholds[0].millis - 300.0).abs() < f64::EPSILON);
        assert_eq!(expectations.state[0].changes, ["order.*"]);
    }

    #[test]
    fn captured_calls_are_json_in_text() {
        let line =
            br#"{"attributes":{"thymus.args":"[{\"b\":1,\"a\":2}]","thymus.result":"nope","code.line.number":7}}"#;
        let (_dir, telemetry) = telemetry(&[("spans.jsonl", line)]);
        let span = telemetry.spans().next().unwrap().unwrap();
        assert_eq!(span.args().unwrap().to_string(), r#"[{"b":1,"a":2}]"#, "in the order of the call");
        assert_eq!(span.result(), None);
        assert_eq!(span.line(), Some(7));
    }
}
