//! Captured calls: what the handler that runs the beats was given and gave, in better times and now, and what it gave the
//! beat that is missing.

use std::collections::BTreeMap;

use serde_json::Value;
use thymus_sdk::telemetry::{Records, Span, Telemetry};

use crate::disorder::{Disorder, Place};
use crate::sequence::last_name;

/// Spans of one handler that are looked at.
const MOST_SPANS: usize = 20_000;
/// Calls that are kept of each kind, the shortest.
const MOST_CALLS: usize = 8;
/// A longer capture is no example.
const LONGEST: usize = 2_000;
/// Handlers above the caller that a test may call instead.
const MOST_ABOVE: usize = 6;
/// Runs of better times from which arguments are told.
const MOST_RUNS: usize = 40;

/// A captured call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// A list is positional, an object by parameter name.
    pub args: Value,
    /// What it gave; none where that was nothing, or too long.
    pub result: Option<Value>,
    /// What its arguments were afterwards, where that was captured.
    pub after: Option<Value>,
}

/// One run of better times: the caller's call and what its beats were given.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// The caller's arguments.
    pub caller: Value,
    /// The beats that ran before, by name, with what they gave.
    pub before: Vec<(String, Value)>,
    /// What the missing beat was given.
    pub beat: Value,
}

/// What is known of one disorder's calls.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Calls of the caller that gave something else in better times than now, as they were then.
    pub changed: Vec<Call>,
    /// Calls of the caller in better times that gave something.
    pub usual: Vec<Call>,
    /// Runs in which the missing beat still ran.
    pub lessons: Vec<Lesson>,
    /// The own names of handlers above the caller in traces that deviate, the nearest first.
    pub above: Vec<String>,
}

impl History {
    /// Reads what telemetry captured.
    pub fn read(disorder: &Disorder, telemetry: &Telemetry) -> Self {
        let mut history = Self::default();
        let Some(caller) = &disorder.caller else { return history };
        history.above = above(disorder, caller, telemetry);
        let before = calls(caller, telemetry.baseline_spans_as(&[&caller.handler]));
        let now = calls(caller, telemetry.spans_mentioning(&[&caller.handler]));
        for (key, calls) in &before {
            // A call that gave two answers before can't show anything.
            let [only] = calls.as_slice() else { continue };
            if only.result.is_none() && only.after.is_none() {
                continue;
            }
            let differs = now.get(key).is_some_and(|calls| calls.iter().all(|call| differs(only, call)));
            let into = if differs { &mut history.changed } else { &mut history.usual };
            into.push(only.clone());
        }
        for list in [&mut history.changed, &mut history.usual] {
            list.sort_by_key(|call| call.args.to_string().len());
            list.truncate(MOST_CALLS);
        }
        history.lessons = lessons(disorder, caller, telemetry);
        history
    }
}

fn differs(before: &Call, now: &Call) -> bool {
    let result = before.result.is_some() && now.result.is_some() && before.result != now.result;
    let after = before.after.is_some() && now.after.is_some() && before.after != now.after;
    result || after
}

/// The distinct calls of a handler, by their arguments as text.
fn calls(handler: &Place, spans: Records<Span>) -> BTreeMap<String, Vec<Call>> {
    let mut calls: BTreeMap<String, Vec<Call>> = BTreeMap::new();
    let own = spans.flatten().filter(|span| span.handler == handler.handler);
    for span in own.take(MOST_SPANS) {
        let Some(args) = span.args() else { continue };
        let key = args.to_string();
        if key.len() > LONGEST || is_redacted(&key) || span.status == "error" {
            continue;
        }
        let after = span.text("thymus.args.after").and_then(|text| serde_json::from_str(text).ok());
        let call = Call { args, result: span.result(), after };
        let known = calls.entry(key).or_default();
        if known.len() < 4 && !known.contains(&call) {
            known.push(call);
        }
    }
    calls
}

/// The handlers above the caller, the nearest first.
fn above(disorder: &Disorder, caller: &Place, telemetry: &Telemetry) -> Vec<String> {
    let traces: Vec<&str> = disorder.traces.iter().map(String::as_str).collect();
    if traces.is_empty() {
        return Vec::new();
    }
    let spans: Vec<Span> = telemetry.spans_mentioning(&traces).flatten().take(MOST_SPANS).collect();
    let parents: BTreeMap<(&str, &str), &Span> =
        spans.iter().map(|span| ((span.trace_id.as_str(), span.span_id.as_str()), span)).collect();
    let mut names = Vec::new();
    for own in spans.iter().filter(|span| span.handler == caller.handler) {
        let mut inner = own;
        for _ in 0..32 {
            let parent = inner.parent_span_id.as_deref().and_then(|id| parents.get(&(inner.trace_id.as_str(), id)));
            let Some(outer) = parent else { break };
            let name = last_name(&outer.handler).to_owned();
            if !names.contains(&name) {
                names.push(name);
            }
            inner = outer;
        }
    }
    names.truncate(MOST_ABOVE);
    names
}

/// What was taken out can't be called with.
fn is_redacted(text: &str) -> bool {
    text.contains("redacted")
}

fn lessons(disorder: &Disorder, caller: &Place, telemetry: &Telemetry) -> Vec<Lesson> {
    let beat = &disorder.beat.handler;
    let callers: BTreeMap<String, Span> = telemetry
        .baseline_spans_as::<Span>(&[&caller.handler])
        .flatten()
        .filter(|span| span.handler == caller.handler)
        .take(MOST_SPANS)
        .map(|span| (format!("{}{}", span.trace_id, span.span_id), span))
        .collect();
    let mut runs: BTreeMap<String, Vec<Span>> = BTreeMap::new();
    for span in telemetry.baseline_spans().flatten() {
        let Some(parent) = &span.parent_span_id else { continue };
        let key = format!("{}{parent}", span.trace_id);
        if callers.contains_key(&key) {
            runs.entry(key).or_default().push(span);
        }
    }
    let mut lessons = Vec::new();
    for (key, steps) in runs {
        let mut own = steps.iter().enumerate().filter(|(_, span)| span.handler == *beat);
        let (Some((at, span)), None) = (own.next(), own.next()) else { continue };
        let (Some(args), Some(given)) = (callers[&key].args(), span.args()) else { continue };
        let before = steps[..at].iter().filter_map(|span| Some((span.handler.clone(), span.result()?))).collect();
        lessons.push(Lesson { caller: args, before, beat: given });
        if lessons.len() >= MOST_RUNS {
            break;
        }
    }
    lessons
}
