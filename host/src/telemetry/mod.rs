//! OTLP in, window and baseline out: what somebody's system said, laid out for healing plugins in the form that
//! `docs/telemetry.md` describes.
//!
//! Input is hostile. Everything is streamed and bounded; what can't be read is counted and named by file and line,
//! and never ends a reading. Strings stay raw: whoever shows them escapes them. Whether a path in telemetry lies in
//! the repository is not decided here.

mod baseline;
mod directory;
mod normal;
mod open;
mod records;
mod secrets;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

pub use baseline::{Baseline, baseline_of};

use crate::model::{Cancel, Damage, Digest, Signals, Window};
use baseline::Observed;
use directory::Ordered;
use open::{Line, Lines};
use records::{Seen, Sink};

/// How much damage is named; more is counted.
const NAMED: usize = 100;
/// Distinct traces are counted exactly up to here, and estimated above.
const TRACES: usize = 100_000;
/// The directory's files, in the order in which its digest takes them.
const FILES: [&str; 7] = [
    "window.json",
    "spans.jsonl",
    "logs.jsonl",
    "metrics.jsonl",
    "handlers.json",
    "baseline.json",
    "expectations.json",
];

/// Where telemetry comes from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Files and folders of the window; `-` is standard input.
    pub files: Vec<PathBuf>,
    /// Files and folders with telemetry from better times.
    pub baseline: Vec<PathBuf>,
    /// Directories of earlier windows, which join the baseline.
    pub earlier: Vec<PathBuf>,
    /// What the project declares: thresholds, sequences, state contracts.
    pub expectations: Option<Value>,
}

/// Bounds. What lies beyond them is left out and counted in [`Window::dropped`] or in [`Window::damaged`].
#[derive(Clone, Debug)]
pub struct TelemetryLimits {
    /// Files in all folders together.
    pub files: usize,
    /// Decompressed bytes of one file.
    pub file_bytes: u64,
    /// How many times its size a file may decompress to.
    pub ratio: u64,
    /// Bytes of one line.
    pub line_bytes: usize,
    /// JSON objects on one line.
    pub objects: usize,
    /// Attributes of one record, and values of one attribute.
    pub attributes: usize,
    /// Bytes of one text.
    pub text_bytes: usize,
    /// Events of one span.
    pub events: usize,
    /// Records of each signal.
    pub records: u64,
    /// Handlers that are told apart.
    pub handlers: usize,
}

impl Default for TelemetryLimits {
    fn default() -> Self {
        Self {
            files: 10_000,
            file_bytes: 16 << 30,
            ratio: 200,
            line_bytes: 16 << 20,
            objects: 500_000,
            attributes: 128,
            text_bytes: 64 << 10,
            events: 128,
            records: 2_000_000,
            handlers: 4096,
        }
    }
}

/// Why there is no window. Damaged telemetry is none of these reasons.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// A path that was named can't be read.
    #[error("can't read telemetry from {path:?}: {source}; check that it exists and that you may read it")]
    Open {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A folder holds too much.
    #[error("{path:?} holds more than {limit} files; name a smaller folder")]
    TooManyFiles {
        /// Which.
        path: PathBuf,
        /// The bound.
        limit: usize,
    },
    /// An earlier window's handlers can't be understood.
    #[error("{path:?} is no thymus baseline: {why}; remove that window, or read its telemetry again")]
    Baseline {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The telemetry directory can't be written.
    #[error("can't write the telemetry directory {path:?}: {source}; check the space and the rights there")]
    Write {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Somebody asked to stop.
    #[error("reading telemetry was cancelled")]
    Cancelled,
}

/// What was left out, by the name of the bound.
#[derive(Default)]
struct Dropped(BTreeMap<&'static str, u64>);

impl Dropped {
    fn add(&mut self, bound: &'static str, count: u64) {
        if count > 0 {
            *self.0.entry(bound).or_default() += count;
        }
    }
}

/// Reads the sources and writes the telemetry directory into `dir`, which is made if need be and should be empty.
/// `progress` hears how many spans there are so far. `window.json` comes last: without it a directory is not whole.
pub fn read(
    sources: &Sources,
    dir: &Path,
    limits: &TelemetryLimits,
    cancel: &Cancel,
    progress: &dyn Fn(u64),
) -> Result<Window, TelemetryError> {
    let write = |source| TelemetryError::Write { path: dir.to_path_buf(), source };
    std::fs::create_dir_all(dir).map_err(write)?;
    let mut reading = Reading::new(dir, limits).map_err(write)?;
    reading.all(&sources.files, dir, cancel, progress)?;

    reading.window = false;
    reading.all(&sources.baseline, dir, cancel, &|_| {})?;
    for earlier in &sources.earlier {
        reading.baseline.merge(baseline_of(earlier)?, limits.handlers, &mut reading.dropped);
    }
    reading.finish(dir, sources.expectations.as_ref()).map_err(write)
}

/// A reading under way.
struct Reading<'a> {
    limits: &'a TelemetryLimits,
    /// The window is being read, not the baseline.
    window: bool,
    spans: Ordered,
    logs: Ordered,
    metrics: Ordered,
    handlers: Baseline,
    baseline: Baseline,
    seen: HashSet<(u128, u64)>,
    traces: Traces,
    start_ns: u64,
    end_ns: u64,
    file: String,
    line: u64,
    damaged: u64,
    damage: Vec<Damage>,
    dropped: Dropped,
}

impl<'a> Reading<'a> {
    fn new(dir: &Path, limits: &'a TelemetryLimits) -> io::Result<Self> {
        Ok(Self {
            limits,
            window: true,
            spans: Ordered::new(dir, "spans.jsonl")?,
            logs: Ordered::new(dir, "logs.jsonl")?,
            metrics: Ordered::new(dir, "metrics.jsonl")?,
            handlers: Baseline::default(),
            baseline: Baseline::default(),
            seen: HashSet::new(),
            traces: Traces::default(),
            start_ns: u64::MAX,
            end_ns: 0,
            file: String::new(),
            line: 0,
            damaged: 0,
            damage: Vec::new(),
            dropped: Dropped::default(),
        })
    }

    fn all(
        &mut self,
        paths: &[PathBuf],
        dir: &Path,
        cancel: &Cancel,
        progress: &dyn Fn(u64),
    ) -> Result<(), TelemetryError> {
        let mut skipped = 0;
        let files = open::files(paths, self.limits, &mut skipped)?;
        self.dropped.add("files of other kinds", skipped);
        let mut line = Vec::new();
        for path in files {
            self.file =
                if path.as_os_str() == "-" { "<stdin>".to_owned() } else { path.to_string_lossy().into_owned() };
            self.line = 0;
            let mut lines = match open::open(&path, self.limits) {
                Ok(lines) => lines,
                // Something that a folder holds and that can't be read must not hide the rest.
                Err(TelemetryError::Open { source, .. }) if !paths.contains(&path) => {
                    self.damaged(format!("can't be read: {source}"));
                    continue;
                }
                Err(error) => return Err(error),
            };
            self.file(&mut lines, &mut line, cancel, progress).map_err(|stop| match stop {
                Stop::Cancelled => TelemetryError::Cancelled,
                Stop::Write(source) => TelemetryError::Write { path: dir.to_path_buf(), source },
            })?;
        }
        Ok(())
    }

    fn file(
        &mut self,
        lines: &mut Lines,
        line: &mut Vec<u8>,
        cancel: &Cancel,
        progress: &dyn Fn(u64),
    ) -> Result<(), Stop> {
        loop {
            if cancel.is_cancelled() {
                return Err(Stop::Cancelled);
            }
            let mut next = lines.next(line);
            self.line = lines.number();
            // A lone brace begins a single message that somebody has pretty-printed.
            if self.line == 1 && matches!(next, Ok(Some(Line::Text))) && line.trim_ascii() == b"{" {
                next = lines.rest(line).map(Some);
            }
            match next {
                Ok(None) => return Ok(()),
                Ok(Some(Line::TooLong)) => {
                    self.damaged(format!("the line is longer than {} bytes", self.limits.line_bytes));
                }
                Ok(Some(Line::Text)) => {
                    let text = line.trim_ascii();
                    if !text.is_empty() {
                        let limits = self.limits;
                        records::read(text, limits, self).map_err(Stop::Write)?;
                        progress(self.spans.len());
                    }
                }
                Err(error) => {
                    self.damaged(format!("the rest of the file can't be read: {error}"));
                    return Ok(());
                }
            }
        }
    }

    fn finish(self, dir: &Path, expectations: Option<&Value>) -> io::Result<Window> {
        let signals = Signals {
            spans: self.spans.len(),
            traces: self.traces.count(),
            logs: self.logs.len(),
            metrics: self.metrics.len(),
        };
        self.spans.finish()?;
        self.logs.finish()?;
        self.metrics.finish()?;
        std::fs::write(dir.join("handlers.json"), self.handlers.to_json()?)?;
        std::fs::write(dir.join("baseline.json"), self.baseline.to_json()?)?;
        let none = json!({});
        std::fs::write(dir.join("expectations.json"), serde_json::to_vec(expectations.unwrap_or(&none))?)?;
        let mut window = Window {
            dir: dir.to_path_buf(),
            digest: Digest::from([0; 32]),
            start_ns: self.start_ns.min(self.end_ns),
            end_ns: self.end_ns,
            signals,
            damaged: self.damaged,
            damage: self.damage,
            dropped: self.dropped.0.into_iter().map(|(name, count)| (name.to_owned(), count)).collect(),
            baseline_spans: self.baseline.spans(),
        };
        // The digest covers window.json too, so it can't stand in there.
        let mut facts = serde_json::to_value(&window)?;
        if let Value::Object(facts) = &mut facts {
            facts.shift_remove("digest");
        }
        std::fs::write(dir.join("window.json"), serde_json::to_vec(&facts)?)?;
        window.digest = directory::digest(dir, &FILES)?;
        Ok(window)
    }

    fn span_instants(&mut self, start_ns: u64, end_ns: u64) {
        self.start_ns = self.start_ns.min(start_ns);
        self.end_ns = self.end_ns.max(end_ns);
    }
}

/// Why a file was not read to its end.
enum Stop {
    Cancelled,
    Write(io::Error),
}

impl Sink for Reading<'_> {
    fn span(&mut self, span: Seen, record: &Value) -> io::Result<()> {
        let observed = Observed {
            service: &span.service,
            handler: &span.handler,
            path: span.path.as_deref(),
            error: span.error,
            duration_ns: span.end_ns - span.start_ns,
        };
        if !self.window {
            self.baseline.add(&observed, self.limits.handlers, &mut self.dropped);
            return Ok(());
        }
        if self.spans.len() >= self.limits.records {
            self.dropped.add("spans", 1);
            return Ok(());
        }
        // Exporters send again what they are not sure of.
        if !self.seen.insert((span.trace_id, span.span_id)) {
            self.dropped.add("repeated spans", 1);
            return Ok(());
        }
        self.handlers.add(&observed, self.limits.handlers, &mut self.dropped);
        self.traces.add(span.trace_id);
        self.span_instants(span.start_ns, span.end_ns);
        self.spans.push(span.start_ns, record)
    }

    fn log(&mut self, time_ns: u64, record: &Value) -> io::Result<()> {
        if !self.window {
            return Ok(());
        }
        if self.logs.len() >= self.limits.records {
            self.dropped.add("logs", 1);
            return Ok(());
        }
        self.span_instants(time_ns, time_ns);
        self.logs.push(time_ns, record)
    }

    fn metric(&mut self, time_ns: u64, record: &Value) -> io::Result<()> {
        if !self.window {
            return Ok(());
        }
        if self.metrics.len() >= self.limits.records {
            self.dropped.add("metrics", 1);
            return Ok(());
        }
        self.span_instants(time_ns, time_ns);
        self.metrics.push(time_ns, record)
    }

    fn damaged(&mut self, why: String) {
        self.damaged += 1;
        if self.damage.len() < NAMED {
            self.damage.push(Damage { file: self.file.clone(), line: self.line, why });
        }
    }

    fn dropped(&mut self) -> &mut Dropped {
        &mut self.dropped
    }
}

/// Counts distinct traces by keeping the smallest hashes: exact while all fit, and an estimate from how densely the
/// kept ones lie after that.
#[derive(Default)]
struct Traces(BTreeSet<u64>);

impl Traces {
    fn add(&mut self, trace: u128) {
        self.0.insert(BuildHasherDefault::<DefaultHasher>::default().hash_one(trace));
        if self.0.len() > TRACES {
            self.0.pop_last();
        }
    }

    fn count(&self) -> u64 {
        let kept = self.0.len();
        match self.0.last() {
            Some(&last) if kept >= TRACES => {
                let all = (kept as u128 - 1) * u128::from(u64::MAX) / u128::from(last.max(1));
                u64::try_from(all).unwrap_or(u64::MAX)
            }
            _ => kept as u64,
        }
    }
}
