//! How each handler behaves: counts, errors, and a mergeable sketch of its durations. Whether a change matters is
//! for a plugin to say.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sketches_ddsketch::{Config, DDSketch};

use super::state::{Captured, StateCounts};
use super::{Dropped, TelemetryError};

/// A larger one was not written by thymus.
const FILE_BYTES: u64 = 256 << 20;

/// Types of exceptions that are told apart in one handler.
const KINDS: usize = 16;
/// And outside of any handler.
const KINDS_ELSEWHERE: usize = 256;

/// The behaviour of every handler in one window, or in several.
#[derive(Default)]
pub struct Baseline {
    numbers: HashMap<Key, HandlerNumber>,
    behaviours: Vec<Behaviour>,
    /// Exceptions of no handler's execution, by service and type.
    elsewhere: BTreeMap<(String, String), u64>,
}

/// Stands for a handler while its baseline is made.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct HandlerNumber(u32);

#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key {
    service: String,
    handler: String,
    path: Option<String>,
}

struct Behaviour {
    count: u64,
    errors: u64,
    sketch: DDSketch,
    /// How many executions reported an exception, by its type.
    exceptions: BTreeMap<String, u64>,
    state: StateCounts,
}

/// `baseline.json` and `handlers.json`.
#[derive(Serialize, Deserialize)]
struct Written {
    spans: u64,
    handlers: Vec<WrittenHandler>,
    #[serde(default)]
    exceptions_elsewhere: Vec<WrittenElsewhere>,
}

#[derive(Serialize, Deserialize)]
struct WrittenHandler {
    service: String,
    handler: String,
    path: Option<String>,
    count: u64,
    errors: u64,
    error_rate: f64,
    p50_ns: u64,
    p90_ns: u64,
    p95_ns: u64,
    p99_ns: u64,
    #[serde(default)]
    exceptions: Vec<WrittenException>,
    #[serde(default, skip_serializing_if = "StateCounts::is_empty")]
    state: StateCounts,
    sketch: String,
}

#[derive(Serialize, Deserialize)]
struct WrittenException {
    r#type: String,
    count: u64,
}

#[derive(Serialize, Deserialize)]
struct WrittenElsewhere {
    service: String,
    r#type: String,
    count: u64,
}

impl Baseline {
    /// How many spans it is made of.
    pub fn spans(&self) -> u64 {
        self.behaviours.iter().map(|behaviour| behaviour.count).fold(0, u64::saturating_add)
    }

    /// Adds one execution, and says which handler's it was, unless there are too many.
    pub(super) fn add(
        &mut self,
        execution: &Execution<'_>,
        limit: usize,
        dropped: &mut Dropped,
    ) -> Option<HandlerNumber> {
        let key = Key {
            service: execution.service.to_owned(),
            handler: execution.handler.to_owned(),
            path: execution.path.map(str::to_owned),
        };
        let Some(number) = self.number(key, limit) else {
            dropped.add("handlers", 1);
            return None;
        };
        let behaviour = self.behaviour(number);
        behaviour.count += 1;
        behaviour.errors += u64::from(execution.error);
        behaviour.sketch.add(float(execution.duration_ns));
        Some(number)
    }

    /// Adds that an execution of this handler reported an exception.
    pub(super) fn add_exception(&mut self, handler: HandlerNumber, kind: &str, dropped: &mut Dropped) {
        add_kind(&mut self.behaviour(handler).exceptions, kind.to_owned(), 1, KINDS, dropped);
    }

    /// Adds what a captured execution of this handler says of state.
    pub(super) fn add_state(&mut self, handler: HandlerNumber, call: &Captured) {
        self.behaviour(handler).state.add(call);
    }

    /// Adds an exception that no span is known of.
    pub(super) fn add_elsewhere(&mut self, service: &str, kind: &str, dropped: &mut Dropped) {
        add_kind(&mut self.elsewhere, (service.to_owned(), kind.to_owned()), 1, KINDS_ELSEWHERE, dropped);
    }

    /// Takes in another one.
    pub(super) fn merge(&mut self, mut other: Self, limit: usize, dropped: &mut Dropped) {
        let numbers: BTreeMap<Key, HandlerNumber> = std::mem::take(&mut other.numbers).into_iter().collect();
        for (key, theirs) in numbers {
            let Some(number) = self.number(key, limit) else {
                dropped.add("baseline handlers", 1);
                continue;
            };
            let mine = self.behaviour(number);
            let theirs = other.behaviour(theirs);
            // Sketches of another accuracy can't be merged; then the counts would not fit them either.
            if mine.sketch.merge(&theirs.sketch).is_err() {
                dropped.add("baseline handlers", 1);
                continue;
            }
            mine.count = mine.count.saturating_add(theirs.count);
            mine.errors = mine.errors.saturating_add(theirs.errors);
            for (kind, count) in std::mem::take(&mut theirs.exceptions) {
                add_kind(&mut mine.exceptions, kind, count, KINDS, dropped);
            }
            mine.state.merge(&theirs.state);
        }
        for (kind, count) in other.elsewhere {
            add_kind(&mut self.elsewhere, kind, count, KINDS_ELSEWHERE, dropped);
        }
    }

    pub(super) fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let in_order: BTreeMap<&Key, HandlerNumber> = self.numbers.iter().map(|(key, number)| (key, *number)).collect();
        let handlers = in_order.into_iter().map(|(key, number)| self.behaviours[number.0 as usize].written(key));
        let elsewhere = self.elsewhere.iter().map(|((service, kind), count)| WrittenElsewhere {
            service: service.clone(),
            r#type: kind.clone(),
            count: *count,
        });
        serde_json::to_vec(&Written {
            spans: self.spans(),
            handlers: handlers.collect(),
            exceptions_elsewhere: elsewhere.collect(),
        })
    }

    /// The number of a handler, which is a new one if there is room.
    fn number(&mut self, key: Key, limit: usize) -> Option<HandlerNumber> {
        if let Some(number) = self.numbers.get(&key) {
            return Some(*number);
        }
        let number = HandlerNumber(u32::try_from(self.behaviours.len()).ok()?);
        if self.behaviours.len() >= limit {
            return None;
        }
        self.behaviours.push(Behaviour::empty());
        self.numbers.insert(key, number);
        Some(number)
    }

    fn behaviour(&mut self, number: HandlerNumber) -> &mut Behaviour {
        &mut self.behaviours[number.0 as usize]
    }
}

fn add_kind<K: Ord>(kinds: &mut BTreeMap<K, u64>, kind: K, count: u64, limit: usize, dropped: &mut Dropped) {
    if kinds.len() >= limit && !kinds.contains_key(&kind) {
        dropped.add("exception types", count);
        return;
    }
    let known = kinds.entry(kind).or_default();
    *known = known.saturating_add(count);
}

/// What [`Baseline::add`] wants to know of a span.
pub(super) struct Execution<'a> {
    pub(super) service: &'a str,
    pub(super) handler: &'a str,
    pub(super) path: Option<&'a str>,
    pub(super) error: bool,
    pub(super) duration_ns: u64,
}

impl Behaviour {
    fn empty() -> Self {
        Self {
            count: 0,
            errors: 0,
            sketch: DDSketch::new(Config::defaults()),
            exceptions: BTreeMap::new(),
            state: StateCounts::default(),
        }
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates, and durations aren't negative
    fn quantile(&self, q: f64) -> u64 {
        self.sketch.quantile(q).ok().flatten().unwrap_or(0.0).round() as u64
    }

    fn written(&self, key: &Key) -> WrittenHandler {
        WrittenHandler {
            service: key.service.clone(),
            handler: key.handler.clone(),
            path: key.path.clone(),
            count: self.count,
            errors: self.errors,
            error_rate: float(self.errors) / float(self.count.max(1)),
            p50_ns: self.quantile(0.5),
            p90_ns: self.quantile(0.9),
            p95_ns: self.quantile(0.95),
            p99_ns: self.quantile(0.99),
            exceptions: self
                .exceptions
                .iter()
                .map(|(kind, count)| WrittenException { r#type: kind.clone(), count: *count })
                .collect(),
            state: self.state.clone(),
            sketch: STANDARD.encode(self.sketch.to_java_bytes()),
        }
    }
}

#[allow(clippy::cast_precision_loss)] // 104 days in nanoseconds still fit exactly
fn float(value: u64) -> f64 {
    value as f64
}

/// How the handlers of an earlier window behaved, from the directory that [`super::read`] wrote; it can be named in
/// [`super::Sources::earlier`] directly.
pub fn baseline_of(dir: &Path) -> Result<Baseline, TelemetryError> {
    let path = dir.join("handlers.json");
    let open = |source| TelemetryError::Open { path: path.clone(), source };
    let mut bytes = Vec::new();
    File::open(&path).map_err(open)?.take(FILE_BYTES + 1).read_to_end(&mut bytes).map_err(open)?;
    let broken = |why: String| TelemetryError::Baseline { path: path.clone(), why };
    if bytes.len() as u64 > FILE_BYTES {
        return Err(broken(format!("it is larger than {FILE_BYTES} bytes")));
    }
    let written: Written = serde_json::from_slice(&bytes).map_err(|error| broken(error.to_string()))?;
    let mut baseline = Baseline::default();
    for one in written.handlers {
        let raw = STANDARD.decode(&one.sketch).map_err(|error| broken(error.to_string()))?;
        let sketch = DDSketch::from_java_bytes(&raw).map_err(|error| broken(error.to_string()))?;
        let key = Key { service: one.service, handler: one.handler, path: one.path };
        let number = baseline.number(key, usize::MAX).ok_or_else(|| broken("it has too many handlers".to_owned()))?;
        let exceptions = one.exceptions.into_iter().map(|exception| (exception.r#type, exception.count)).collect();
        *baseline.behaviour(number) =
            Behaviour { count: one.count, errors: one.errors, sketch, exceptions, state: one.state };
    }
    let elsewhere = written.exceptions_elsewhere.into_iter();
    baseline.elsewhere = elsewhere.map(|one| ((one.service, one.r#type), one.count)).collect();
    Ok(baseline)
}
