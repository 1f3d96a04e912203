//! A sample of the baseline's traces, as they were: what was called with what, below what and in which order, which no
//! count tells. Whole traces only, since half a trace would say that the other half didn't happen; and in bounded memory.

use std::collections::HashMap;
use std::fs::File;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::TelemetryError;
use super::directory::Ordered;

/// The most bytes of spans that are kept.
const MOST_BYTES: usize = 32 << 20;
/// A trace with more spans is left out: it alone would push out the others.
const MOST_SPANS: u32 = 10_000;
/// A longer line was not written by thymus.
const LINE_BYTES: u64 = 64 << 20;

/// Keeps those traces whose hash is small. When there are too many, the bound on the hash is halved, so every trace has
/// the same chance to stay, wherever in the telemetry its spans lie.
pub(super) struct Sample {
    spans: Vec<Kept>,
    bytes: usize,
    /// How many spans of each trace there are so far.
    traces: HashMap<u64, u32>,
    /// Traces with a larger hash are left out.
    bound: u64,
    most_bytes: usize,
}

struct Kept {
    trace: u64,
    start_ns: u64,
    line: Box<[u8]>,
}

/// As much of a line as decides whether it stays.
#[derive(Deserialize)]
struct Head {
    trace_id: String,
    start_ns: u64,
}

impl Default for Sample {
    fn default() -> Self {
        Self { spans: Vec::new(), bytes: 0, traces: HashMap::new(), bound: u64::MAX, most_bytes: MOST_BYTES }
    }
}

impl Sample {
    pub(super) fn add(&mut self, trace: u128, start_ns: u64, record: &impl Serialize) -> io::Result<()> {
        if self.wants(trace) {
            let line = serde_json::to_vec(record)?;
            self.keep(trace, start_ns, &line);
        }
        Ok(())
    }

    /// Adds the spans of an earlier window, which are laid out already. One without spans adds none.
    pub(super) fn add_window(&mut self, dir: &Path) -> Result<(), TelemetryError> {
        let path = dir.join("spans.jsonl");
        let open = |source| TelemetryError::Open { path: path.clone(), source };
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(open(error)),
        };
        let mut lines = BufReader::with_capacity(256 << 10, file);
        let mut line = Vec::new();
        loop {
            line.clear();
            if lines.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line).map_err(open)? == 0 {
                return Ok(());
            }
            // What was damaged on disk is no part of a sample; the counts of the baseline have their own check.
            let Ok(head) = serde_json::from_slice::<Head>(&line) else { continue };
            let Ok(trace) = u128::from_str_radix(&head.trace_id, 16) else { continue };
            if self.wants(trace) {
                self.keep(trace, head.start_ns, line.trim_ascii_end());
            }
        }
    }

    pub(super) fn write(self, dir: &Path) -> io::Result<()> {
        let mut ordered = Ordered::new(dir, "baseline-spans.jsonl");
        for span in self.spans {
            ordered.push_line(span.start_ns, &span.line)?;
        }
        ordered.finish()
    }

    fn wants(&self, trace: u128) -> bool {
        let trace = hash(trace);
        trace <= self.bound && self.traces.get(&trace).is_none_or(|spans| *spans <= MOST_SPANS)
    }

    fn keep(&mut self, trace: u128, start_ns: u64, line: &[u8]) {
        let trace = hash(trace);
        let known = self.traces.entry(trace).or_default();
        *known += 1;
        if *known > MOST_SPANS {
            self.retain(|kept| kept.trace != trace);
            return;
        }
        self.bytes += line.len();
        self.spans.push(Kept { trace, start_ns, line: line.into() });
        while self.bytes > self.most_bytes {
            self.bound /= 2;
            let bound = self.bound;
            self.retain(|kept| kept.trace <= bound);
            self.traces.retain(|trace, _| *trace <= bound);
        }
    }

    fn retain(&mut self, stays: impl Fn(&Kept) -> bool) {
        self.spans.retain(stays);
        self.bytes = self.spans.iter().map(|kept| kept.line.len()).sum();
    }
}

/// The same in every run: the same telemetry makes the same sample.
fn hash(trace: u128) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(trace)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::*;

    /// What is kept of traces with so many spans each: how many spans of which trace.
    fn kept(traces: &[(u128, usize)], most_bytes: usize) -> BTreeMap<String, usize> {
        let dir = tempfile::tempdir().unwrap();
        let mut sample = Sample { most_bytes, ..Sample::default() };
        let longest = traces.iter().map(|(_, spans)| *spans).max().unwrap_or(0);
        // In rounds, so that no trace is whole before the others began.
        for number in 0..longest {
            for (trace, _) in traces.iter().filter(|(_, spans)| number < *spans) {
                let span = json!({ "trace_id": format!("{trace:032x}"), "start_ns": 1_000 - number.min(999) });
                sample.add(*trace, span["start_ns"].as_u64().unwrap(), &span).unwrap();
            }
        }
        sample.write(dir.path()).unwrap();
        let text = std::fs::read_to_string(dir.path().join("baseline-spans.jsonl")).unwrap();
        let spans: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(spans.is_sorted_by_key(|span| span["start_ns"].as_u64()));
        let mut counts = BTreeMap::new();
        for span in spans {
            *counts.entry(span["trace_id"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        counts
    }

    #[test]
    fn all_is_kept_while_there_is_room_and_whole_traces_of_it_when_there_is_not() {
        let traces: Vec<(u128, usize)> = (1..=400).map(|trace| (trace, 5)).collect();
        assert_eq!(kept(&traces, 1 << 20).len(), 400);
        let few = kept(&traces, 20_000);
        assert!((30..150).contains(&few.len()), "{}", few.len());
        assert!(few.values().all(|spans| *spans == 5));
    }

    #[test]
    fn one_endless_trace_does_not_push_out_the_others() {
        let traces = [(1, 3), (2, MOST_SPANS as usize + 5), (3, 3)];
        let kept: Vec<usize> = kept(&traces, MOST_BYTES).into_values().collect();
        assert_eq!(kept, [3, 3]);
    }
}
