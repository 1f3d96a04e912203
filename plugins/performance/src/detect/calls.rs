//! Captured calls of the slow handlers, and traces to look at: a second reading, of those spans only.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use thymus_sdk::telemetry::Telemetry;

use super::Unread;
use super::executions::Key;
use crate::slowdown::Call;
use crate::statistics::float;
use crate::statistics::sample::median;

/// Different arguments that are told apart of one handler, and calls of each whose time is kept.
const MOST_DIFFERENT: usize = 400;
const MOST_TIMES: usize = 64;
/// Calls that are handed on; the longest of arguments and result together.
const MOST_CALLS: usize = 6;
const LONGEST: usize = 16 << 10;
const LONGEST_TOGETHER: usize = 64 << 10;
const MOST_TRACES: usize = 5;
/// What thymus and applications write over secrets.
const REDACTED: &str = "[redacted]";

/// What is kept of a slow handler.
#[derive(Default)]
pub struct Seen {
    different: BTreeMap<String, Alike>,
    /// The slowest, by their time.
    traces: BTreeSet<(u64, String)>,
}

/// Calls with the same arguments.
struct Alike {
    args: Value,
    result: Option<Value>,
    /// Whether two of them returned something else.
    differs: bool,
    times: Vec<f64>,
}

impl Seen {
    fn offer(&mut self, args: Value, result: Option<Value>, nanos: u64) {
        let text = args.to_string();
        let length = text.len() + result.as_ref().map_or(0, |result| result.to_string().len());
        if length > LONGEST || text.contains(REDACTED) {
            return;
        }
        if self.different.len() >= MOST_DIFFERENT && !self.different.contains_key(&text) {
            return;
        }
        let result = result.filter(|result| !result.to_string().contains(REDACTED));
        match self.different.get_mut(&text) {
            None => {
                let alike = Alike { args, result, differs: false, times: vec![float(nanos)] };
                self.different.insert(text, alike);
            }
            Some(alike) => {
                alike.differs |= alike.result != result;
                if alike.times.len() < MOST_TIMES {
                    alike.times.push(float(nanos));
                }
            }
        }
    }

    /// The slowest calls, those with a result that never differed first.
    pub fn calls(self) -> Vec<Call> {
        let mut calls: Vec<Call> = self
            .different
            .into_values()
            .map(|alike| Call {
                args: alike.args,
                result: alike.result.filter(|_| !alike.differs),
                nanos: median(&alike.times),
            })
            .collect();
        calls.sort_by(|a, b| {
            let known = b.result.is_some().cmp(&a.result.is_some());
            known.then(b.nanos.total_cmp(&a.nanos)).then_with(|| a.args.to_string().cmp(&b.args.to_string()))
        });
        let mut room = LONGEST_TOGETHER;
        calls.retain(|call| {
            let length = call.args.to_string().len() + call.result.as_ref().map_or(0, |it| it.to_string().len());
            let fits = length <= room;
            room -= if fits { length } else { 0 };
            fits
        });
        calls.truncate(MOST_CALLS);
        calls
    }

    /// Ids of the slowest traces.
    pub fn traces(&self) -> Vec<String> {
        self.traces.iter().rev().map(|(_, trace)| trace.clone()).collect()
    }
}

/// Reads the calls of these handlers.
pub fn read(handlers: &[Key], telemetry: &Telemetry) -> BTreeMap<Key, Seen> {
    let mut all: BTreeMap<Key, Seen> = handlers.iter().map(|key| (key.clone(), Seen::default())).collect();
    if all.is_empty() {
        return all;
    }
    let names: Vec<&str> = handlers.iter().map(|key| key.handler.as_str()).collect();
    let mut unread = Unread::default();
    for span in telemetry.spans_mentioning(&names).filter_map(|span| unread.keep(span)) {
        let key = Key { service: span.service.clone(), handler: span.handler.clone(), path: span.path.clone() };
        let Some(seen) = all.get_mut(&key) else { continue };
        seen.traces.insert((span.duration_ns, span.trace_id.clone()));
        if seen.traces.len() > MOST_TRACES {
            seen.traces.pop_first();
        }
        let failed = span.status == "error" || span.events.iter().any(|event| event.name == "exception");
        // Captured as text; one that returned nothing has no result and may have been refused.
        if let (false, Some(args), Some(result)) = (failed, span.args(), span.result()) {
            seen.offer(args, Some(result), span.duration_ns);
        }
    }
    all
}
