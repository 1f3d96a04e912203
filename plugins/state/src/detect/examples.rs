//! Captured calls that show a change: from them the test is written. Small ones make better tests.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;
use thymus_sdk::host::{Level, log};
use thymus_sdk::telemetry::{Span, Telemetry};

use super::Candidate;
use crate::change::{Call, What, argument};
use crate::differences::{Place, differing};

/// The most calls of a change.
const MOST_CALLS: usize = 8;
/// The longest call that is kept, in bytes of JSON.
const LONGEST: usize = 8 << 10;
/// How many calls of a change are looked at.
const MOST_LOOKED_AT: usize = 2_000;
/// The most traces that are named.
const MOST_TRACES: usize = 8;
/// What thymus and others put in place of a secret: such a call is not the one that was made.
const REDACTED: &str = "[redacted]";

#[derive(Default)]
struct Seen {
    looked_at: usize,
    line: Option<u32>,
    places: BTreeSet<Place>,
    /// By whether something was taken out, by length, by text.
    best: BTreeMap<(bool, usize, String), Call>,
    traces: Vec<String>,
    shows_in: BTreeSet<u64>,
    /// The first result for the same arguments.
    results: HashMap<String, String>,
}

/// Gives each candidate its calls, the containers that they change, and traces.
pub fn collect(candidates: &mut [Candidate], telemetry: &Telemetry) {
    let names: BTreeSet<String> = candidates.iter().map(|one| one.handler.handler.clone()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut seen: Vec<Seen> = candidates.iter().map(|_| Seen::default()).collect();
    let mut unread = 0;
    for span in telemetry.spans_mentioning(&names) {
        let Ok(span) = span else {
            unread += 1;
            continue;
        };
        for (candidate, seen) in candidates.iter().zip(&mut seen) {
            let handler = &candidate.handler;
            if (&span.service, &span.handler, &span.path) == (&handler.service, &handler.handler, &handler.path) {
                seen.take(&span, &candidate.change.what);
            }
        }
    }
    if unread > 0 {
        log(Level::Warn, &format!("{unread} spans can't be read"));
    }
    for (candidate, seen) in candidates.iter_mut().zip(seen) {
        candidate.change.line = seen.line;
        candidate.change.places = seen.places.into_iter().collect();
        let whole = seen.best.first_key_value().is_some_and(|((redacted, ..), _)| !redacted);
        let best = seen.best.into_iter().filter(|((redacted, ..), _)| *redacted != whole);
        candidate.change.calls = best.map(|(_, call)| call).collect();
        candidate.traces = seen.traces;
        candidate.shows_in = seen.shows_in;
    }
}

impl Seen {
    fn take(&mut self, span: &Span, what: &What) {
        self.line = self.line.or(span.line());
        let Some(args) = span.args().filter(|_| self.looked_at < MOST_LOOKED_AT) else { return };
        self.looked_at += 1;
        let shows = match what {
            What::Argument(name) => self.differs(&args, span, name),
            What::State(name) => span
                .events
                .iter()
                .any(|event| event.attributes.get("thymus.state.name").and_then(Value::as_str) == Some(name)),
            What::Results => self.repeats(&args, span),
        };
        if !shows {
            return;
        }
        if let Some(trace) = span.trace_id.get(16..).and_then(|half| u64::from_str_radix(half, 16).ok()) {
            self.shows_in.insert(trace);
        }
        if self.traces.len() < MOST_TRACES {
            self.traces.push(span.trace_id.clone());
        }
        let text = args.to_string();
        if text.len() <= LONGEST {
            let call = Call { args, after: span.args_after(), result: span.result() };
            self.best.entry((text.contains(REDACTED), text.len(), text)).or_insert(call);
            if self.best.len() > MOST_CALLS {
                self.best.pop_last();
            }
        }
    }

    fn differs(&mut self, args: &Value, span: &Span, name: &str) -> bool {
        let Some(after) = span.args_after() else { return false };
        let Some((before, after)) = argument(args, name).zip(argument(&after, name)) else { return false };
        let places = differing(before, after);
        let differs = !places.is_empty();
        self.places.extend(places);
        differs
    }

    fn repeats(&mut self, args: &Value, span: &Span) -> bool {
        let Some(result) = span.text("thymus.result") else { return false };
        let first = self.results.entry(args.to_string()).or_insert_with(|| result.to_owned());
        first != result
    }
}
