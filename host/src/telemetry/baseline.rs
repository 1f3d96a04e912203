//! How each handler behaves: counts, errors, and a mergeable sketch of its durations. Whether a change matters is
//! for a plugin to say.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sketches_ddsketch::{Config, DDSketch};

use super::{Dropped, TelemetryError};

/// A larger one was not written by thymus.
const FILE_BYTES: u64 = 256 << 20;

/// The behaviour of every handler in one window, or in several.
#[derive(Default)]
pub struct Baseline {
    handlers: BTreeMap<Key, Behaviour>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    service: String,
    handler: String,
    path: Option<String>,
}

struct Behaviour {
    count: u64,
    errors: u64,
    sketch: DDSketch,
}

/// `baseline.json` and `handlers.json`.
#[derive(Serialize, Deserialize)]
struct Written {
    spans: u64,
    handlers: Vec<WrittenHandler>,
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
    sketch: String,
}

impl Baseline {
    /// How many spans it is made of.
    pub fn spans(&self) -> u64 {
        self.handlers.values().map(|behaviour| behaviour.count).fold(0, u64::saturating_add)
    }

    pub(super) fn add(&mut self, span: &Observed<'_>, limit: usize, dropped: &mut Dropped) {
        let key = Key {
            service: span.service.to_owned(),
            handler: span.handler.to_owned(),
            path: span.path.map(str::to_owned),
        };
        if !self.handlers.contains_key(&key) && self.handlers.len() >= limit {
            dropped.add("handlers", 1);
            return;
        }
        let behaviour = self.handlers.entry(key).or_insert_with(Behaviour::empty);
        behaviour.count += 1;
        behaviour.errors += u64::from(span.error);
        behaviour.sketch.add(float(span.duration_ns));
    }

    /// Takes in another one.
    pub(super) fn merge(&mut self, other: Self, limit: usize, dropped: &mut Dropped) {
        for (key, behaviour) in other.handlers {
            if !self.handlers.contains_key(&key) && self.handlers.len() >= limit {
                dropped.add("baseline handlers", 1);
                continue;
            }
            let mine = self.handlers.entry(key).or_insert_with(Behaviour::empty);
            // Sketches of another accuracy can't be merged; then the counts would not fit them either.
            if mine.sketch.merge(&behaviour.sketch).is_ok() {
                mine.count = mine.count.saturating_add(behaviour.count);
                mine.errors = mine.errors.saturating_add(behaviour.errors);
            } else {
                dropped.add("baseline handlers", 1);
            }
        }
    }

    pub(super) fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let handlers = self.handlers.iter().map(|(key, behaviour)| behaviour.written(key)).collect();
        serde_json::to_vec(&Written { spans: self.spans(), handlers })
    }
}

/// What [`Baseline::add`] wants to know of a span.
pub(super) struct Observed<'a> {
    pub(super) service: &'a str,
    pub(super) handler: &'a str,
    pub(super) path: Option<&'a str>,
    pub(super) error: bool,
    pub(super) duration_ns: u64,
}

impl Behaviour {
    fn empty() -> Self {
        Self { count: 0, errors: 0, sketch: DDSketch::new(Config::defaults()) }
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
    let mut handlers = BTreeMap::new();
    for one in written.handlers {
        let raw = STANDARD.decode(&one.sketch).map_err(|error| broken(error.to_string()))?;
        let sketch = DDSketch::from_java_bytes(&raw).map_err(|error| broken(error.to_string()))?;
        let key = Key { service: one.service, handler: one.handler, path: one.path };
        handlers.insert(key, Behaviour { count: one.count, errors: one.errors, sketch });
    }
    Ok(Baseline { handlers })
}
