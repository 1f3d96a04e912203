//! A reading under way: goes through files and their lines or messages, keeps the counts of what was read, left out
//! and damaged, and writes the window at the end.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::baseline::{Baseline, baseline_of};
use super::directory::{self, Ordered};
use super::messages::{Message, Messages};
use super::observed::{Handled, Observed};
use super::open::{self, Content, Line, Lines};
use super::records::{Log, MetricRecord, Span};
use super::sample::Sample;
use super::traces::Traces;
use super::wire::Signal;
use super::{Dropped, TelemetryError, TelemetryLimits, protobuf, records};
use crate::model::{Cancel, Damage, Digest, Signals, Window};

/// How much damage is named; more is counted.
const NAMED: usize = 100;
/// The directory's files, in the order in which its digest takes them.
pub(super) const FILES: [&str; 8] = [
    "window.json",
    "spans.jsonl",
    "logs.jsonl",
    "metrics.jsonl",
    "handlers.json",
    "baseline.json",
    "baseline-spans.jsonl",
    "expectations.json",
];

pub(super) struct Reading<'a> {
    pub(super) limits: &'a TelemetryLimits,
    pub(super) dropped: Dropped,
    dir: &'a Path,
    cancel: &'a Cancel,
    spans: Ordered,
    logs: Ordered,
    metrics: Ordered,
    /// Of the window first, and then of the baseline.
    observed: Observed,
    /// The window's handlers, once the baseline is being read.
    handlers: Option<Baseline>,
    earlier: Baseline,
    sample: Sample,
    traces: Traces,
    start_ns: u64,
    end_ns: u64,
    file: String,
    line: u64,
    damaged: u64,
    damage: Vec<Damage>,
}

/// Why a file was not read to its end.
enum Stop {
    Cancelled,
    Write(io::Error),
}

impl<'a> Reading<'a> {
    pub(super) fn new(dir: &'a Path, limits: &'a TelemetryLimits, cancel: &'a Cancel) -> Self {
        Self {
            limits,
            dropped: Dropped::default(),
            dir,
            cancel,
            spans: Ordered::new(dir, "spans.jsonl"),
            logs: Ordered::new(dir, "logs.jsonl"),
            metrics: Ordered::new(dir, "metrics.jsonl"),
            observed: Observed::default(),
            handlers: None,
            earlier: Baseline::default(),
            sample: Sample::default(),
            traces: Traces::default(),
            start_ns: u64::MAX,
            end_ns: 0,
            file: String::new(),
            line: 0,
            damaged: 0,
            damage: Vec::new(),
        }
    }

    /// Reads files and folders; `progress` hears how many spans there are so far.
    pub(super) fn files(&mut self, paths: &[PathBuf], progress: &dyn Fn(u64)) -> Result<(), TelemetryError> {
        let mut skipped = 0;
        let files = open::files(paths, self.limits, &mut skipped)?;
        self.dropped.add("files of other kinds", skipped);
        let mut bytes = Vec::new();
        for path in files {
            self.file =
                if path.as_os_str() == "-" { "<stdin>".to_owned() } else { path.to_string_lossy().into_owned() };
            self.line = 0;
            let content = match open::open(&path, self.limits) {
                Ok(content) => content,
                // Something that a folder holds and that can't be read must not hide the rest.
                Err(TelemetryError::Open { source, .. }) if !paths.contains(&path) => {
                    self.damaged(format!("can't be read: {source}"));
                    continue;
                }
                Err(error) => return Err(error),
            };
            let read = match content {
                Content::Lines(lines) => self.lines(lines, &mut bytes, progress),
                Content::Messages(messages) => self.messages(messages, &mut bytes, progress),
            };
            read.map_err(|stop| match stop {
                Stop::Cancelled => TelemetryError::Cancelled,
                Stop::Write(source) => TelemetryError::Write { path: self.dir.to_path_buf(), source },
            })?;
        }
        Ok(())
    }

    fn lines(&mut self, mut lines: Lines, line: &mut Vec<u8>, progress: &dyn Fn(u64)) -> Result<(), Stop> {
        loop {
            if self.cancel.is_cancelled() {
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
                        records::read(text, self).map_err(Stop::Write)?;
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

    fn messages(&mut self, mut messages: Messages, bytes: &mut Vec<u8>, progress: &dyn Fn(u64)) -> Result<(), Stop> {
        let mut usual = Signal::Traces;
        loop {
            if self.cancel.is_cancelled() {
                return Err(Stop::Cancelled);
            }
            let next = messages.next(bytes);
            self.line = messages.number();
            match next {
                Ok(None) => return Ok(()),
                Ok(Some(Message::Skipped(why))) => self.damaged(why),
                // When the Collector compresses, it frames messages of JSON as it does those of protobuf.
                Ok(Some(Message::Bytes)) if bytes.first() == Some(&b'{') => {
                    records::read(bytes, self).map_err(Stop::Write)?;
                }
                Ok(Some(Message::Bytes)) => protobuf::read(bytes, &mut usual, self).map_err(Stop::Write)?,
                Err(error) => {
                    self.damaged(format!("the rest of the file can't be read: {error}"));
                    return Ok(());
                }
            }
            progress(self.spans.len());
        }
    }

    /// The window is read; what comes now is from better times.
    pub(super) fn turn_to_baseline(&mut self) {
        let observed = std::mem::take(&mut self.observed);
        self.handlers = Some(observed.finish(&mut self.dropped));
    }

    /// Adds an earlier window to the baseline.
    pub(super) fn join_baseline(&mut self, dir: &Path) -> Result<(), TelemetryError> {
        self.earlier.merge(baseline_of(dir)?, self.limits.handlers, &mut self.dropped);
        self.sample.add_window(dir)
    }

    /// Writes what is left to write, `window.json` last.
    pub(super) fn finish(mut self, expectations: Option<&Value>) -> io::Result<Window> {
        if self.handlers.is_none() {
            self.turn_to_baseline();
        }
        let dir = self.dir;
        let signals = Signals {
            spans: self.spans.len(),
            traces: self.traces.count(),
            logs: self.logs.len(),
            metrics: self.metrics.len(),
        };
        self.spans.finish()?;
        self.logs.finish()?;
        self.metrics.finish()?;
        let mut baseline = self.observed.finish(&mut self.dropped);
        baseline.merge(self.earlier, self.limits.handlers, &mut self.dropped);
        std::fs::write(dir.join("handlers.json"), self.handlers.unwrap_or_default().to_json()?)?;
        std::fs::write(dir.join("baseline.json"), baseline.to_json()?)?;
        self.sample.write(dir)?;
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
            baseline_spans: baseline.spans(),
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

    pub(super) fn span(&mut self, span: &Span<'_>) -> io::Result<()> {
        let in_window = self.handlers.is_none();
        if in_window && self.spans.len() >= self.limits.records {
            self.dropped.add("spans", 1);
            return Ok(());
        }
        // Exporters send again what they are not sure of.
        if self.observed.span(span, self.limits, &mut self.dropped) == Handled::Before {
            self.dropped.add(if in_window { "repeated spans" } else { "repeated baseline spans" }, 1);
            return Ok(());
        }
        if !in_window {
            return self.sample.add(span.trace_id, span.record.start_ns, &span.record);
        }
        self.traces.add(span.trace_id);
        self.instants(span.record.start_ns, span.record.end_ns);
        self.spans.push(span.record.start_ns, &span.record)
    }

    pub(super) fn log(&mut self, log: &Log<'_>) -> io::Result<()> {
        let in_window = self.handlers.is_none();
        if in_window && self.logs.len() >= self.limits.records {
            self.dropped.add("logs", 1);
            return Ok(());
        }
        self.observed.log(log, &mut self.dropped);
        if !in_window {
            return Ok(());
        }
        self.instants(log.record.time_ns, log.record.time_ns);
        self.logs.push(log.record.time_ns, &log.record)
    }

    pub(super) fn metric(&mut self, record: &MetricRecord<'_>) -> io::Result<()> {
        if self.handlers.is_some() {
            return Ok(());
        }
        if self.metrics.len() >= self.limits.records {
            self.dropped.add("metrics", 1);
            return Ok(());
        }
        self.instants(record.time_ns, record.time_ns);
        self.metrics.push(record.time_ns, record)
    }

    pub(super) fn damaged(&mut self, why: String) {
        self.damaged += 1;
        if self.damage.len() < NAMED {
            self.damage.push(Damage { file: self.file.clone(), line: self.line, why });
        }
    }

    fn instants(&mut self, start_ns: u64, end_ns: u64) {
        self.start_ns = self.start_ns.min(start_ns);
        self.end_ns = self.end_ns.max(end_ns);
    }
}
