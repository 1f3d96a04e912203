//! Reads a window's directory (`docs/telemetry.md`) the way a plugin could: what simple methods need to know of it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

/// Stack traces that are remembered; the same fault repeats them.
const TRACES: usize = 10_000;

/// What happened, by handler.
#[derive(Default)]
pub(super) struct Window {
    pub handlers: BTreeMap<Handler, Behaviour>,
    /// Stack traces, each with the handler in whose span or log record it stands.
    pub traces: Vec<(String, String)>,
}

/// What telemetry tells apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Handler {
    pub service: String,
    pub name: String,
    pub path: Option<String>,
}

/// How a handler behaved. Mean and variance by Welford's method (Technometrics 4, 1962), which loses no digits.
#[derive(Default)]
pub(super) struct Behaviour {
    pub count: f64,
    pub errors: f64,
    pub mean: f64,
    squares: f64,
    durations: Vec<f64>,
}

impl Behaviour {
    fn add(&mut self, duration: f64, error: bool) {
        self.count += 1.0;
        self.errors += f64::from(u8::from(error));
        let apart = duration - self.mean;
        self.mean += apart / self.count;
        self.squares += apart * (duration - self.mean);
        self.durations.push(duration);
    }

    /// The standard deviation of one execution's duration.
    pub fn deviation(&self) -> f64 {
        if self.count < 2.0 { 0.0 } else { (self.squares / (self.count - 1.0)).sqrt() }
    }

    pub fn error_rate(&self) -> f64 {
        if self.count > 0.0 { self.errors / self.count } else { 0.0 }
    }

    /// The duration that 95 % don't exceed (nearest rank).
    pub fn p95(&mut self) -> f64 {
        self.durations.sort_by(f64::total_cmp);
        let rank = (self.durations.len() * 95).div_ceil(100);
        rank.checked_sub(1).and_then(|at| self.durations.get(at)).copied().unwrap_or(0.0)
    }
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "they are what the file calls them")]
struct Span {
    trace_id: String,
    span_id: String,
    duration_ns: u64,
    status: String,
    service: String,
    handler: String,
    path: Option<String>,
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    attributes: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Log {
    trace_id: Option<String>,
    span_id: Option<String>,
    attributes: BTreeMap<String, Value>,
}

const STACK: &str = "exception.stacktrace";

/// Reads what thymus laid out. A line that can't be read is left out, as there is none in a directory that is whole.
pub(super) fn read(dir: &Path) -> std::io::Result<Window> {
    let mut window = Window::default();
    // Log records name the span they belong to; only those with a stack trace are waited for.
    let mut waiting: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for line in BufReader::new(File::open(dir.join("logs.jsonl"))?).lines() {
        let Ok(log) = serde_json::from_str::<Log>(&line?) else { continue };
        let Some(stack) = log.attributes.get(STACK).and_then(Value::as_str) else { continue };
        if let (Some(trace), Some(span)) = (log.trace_id, log.span_id)
            && waiting.len() < TRACES
        {
            waiting.entry((trace, span)).or_default().push(stack.to_owned());
        }
    }
    for line in BufReader::new(File::open(dir.join("spans.jsonl"))?).lines() {
        let Ok(span) = serde_json::from_str::<Span>(&line?) else { continue };
        let logged = waiting.remove(&(span.trace_id, span.span_id)).unwrap_or_default();
        let stacks = span.events.iter().filter_map(|event| event.attributes.get(STACK)?.as_str());
        for stack in stacks.map(str::to_owned).chain(logged) {
            if window.traces.len() < TRACES {
                window.traces.push((span.handler.clone(), stack));
            }
        }
        let key = Handler { service: span.service, name: span.handler, path: span.path };
        #[allow(clippy::cast_precision_loss)] // 104 days in nanoseconds still fit exactly
        window.handlers.entry(key).or_default().add(span.duration_ns as f64, span.status == "error");
    }
    Ok(window)
}
