//! From sightings to groups, each exception counted once: it may be recorded on the span where it was thrown, on every
//! span that it passed on its way out, and in the log. The innermost is where it belongs.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::Deserialize;
use thymus_sdk::telemetry::Telemetry;
use thymus_sdk::wording::{cut, one_line};

use super::Unread;
use super::calls::Calls;
use super::sightings::{GroupKey, HandlerFacts, Sighting, Sightings};
use crate::exception::{Before, Call, Exception, Frame, Language};

/// The most spans whose parents are looked up, for exceptions that passed spans without being recorded there.
const MOST_LINKS: usize = 300_000;
/// The longest way from a span to its root.
const DEEPEST: usize = 512;
/// The most traces that are named.
const MOST_TRACES: usize = 16;
/// The longest name of a handler, as the contract has it.
const LONGEST_HANDLER: usize = 512;
/// The most bytes of a fingerprint.
const LONGEST_FINGERPRINT: usize = 512;

/// One group.
#[derive(Clone, Debug)]
pub struct Group {
    pub key: GroupKey,
    pub language: Language,
    /// The class as it was recorded; the key's is that of a member where this is a group.
    pub recorded: String,
    pub message: String,
    pub frames: Vec<Frame>,
    /// How often it happened.
    pub count: u64,
    /// How often only a log record tells of it.
    pub logged: u64,
    /// The handler in which it happened most.
    pub handler: Option<HandlerFacts>,
    /// How often in that one.
    pub in_handler: u64,
    /// Where else it happened, and how often.
    pub elsewhere: Vec<(String, u64)>,
    /// Trace ids, the first ones.
    pub traces: Vec<String>,
    pub failed: Vec<Call>,
    pub returned: Vec<Call>,
    pub before: Vec<Before>,
}

impl Group {
    /// The same problem in another window and at another commit: no line, time or id is a part of it.
    pub fn fingerprint(&self) -> String {
        let GroupKey { language, kind, message, place } = &self.key;
        cut(&format!("exception {language} {kind} at {place}: {message}"), LONGEST_FINGERPRINT)
    }

    /// The handler's name as a test would call it.
    pub fn handler_name(&self) -> String {
        let handler = self.handler.as_ref();
        let function = self.frames.iter().find_map(|frame| frame.function.clone());
        handler
            .and_then(|handler| handler.function.clone())
            .or(function)
            .or_else(|| handler.map(|handler| handler.key.handler.clone()))
            .map(|name| one_line(&name, LONGEST_HANDLER))
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| "unknown".to_owned())
    }

    /// What diagnoser and fixer need to know.
    pub fn exception(self) -> Exception {
        let handler = self.handler_name();
        Exception {
            language: self.language,
            kind: self.key.kind,
            message: self.message,
            frames: self.frames,
            handler,
            handler_path: self.handler.as_ref().and_then(|handler| handler.file.clone()),
            handler_line: self.handler.as_ref().and_then(|handler| handler.line),
            failed: self.failed,
            returned: self.returned,
            before: self.before,
        }
    }
}

/// The groups, in the order of their keys' first appearance.
pub fn of(sightings: Sightings, telemetry: &Telemetry) -> Vec<Group> {
    let Sightings { all, groups, handlers } = sightings;
    let mut tallies: Vec<Tally> = groups.iter().map(|_| Tally::default()).collect();
    for sighting in counted(&all, telemetry) {
        tallies[sighting.group].add(sighting);
    }
    groups
        .into_iter()
        .zip(tallies)
        .filter(|(_, tally)| tally.count > 0)
        .map(|((key, sample), tally)| {
            let Tally { count, logged, by_handler, traces } = tally;
            let most = by_handler.iter().max_by_key(|(handler, count)| (**count, std::cmp::Reverse(**handler)));
            let (handler, in_handler) = most.map_or((None, 0), |(handler, count)| (Some(*handler), *count));
            let others = by_handler.iter().filter(|(other, _)| Some(**other) != handler);
            let elsewhere = others.map(|(other, count)| (handlers[*other].key.handler.clone(), *count)).collect();
            let mut calls = sample.calls;
            let failed = handler.and_then(|handler| calls.remove(&handler)).map_or_else(Vec::new, Calls::into_list);
            Group {
                key,
                language: sample.language,
                recorded: sample.recorded,
                message: sample.message,
                frames: sample.frames,
                count,
                logged,
                handler: handler.map(|handler| handlers[handler].clone()),
                in_handler,
                elsewhere,
                traces: traces.iter().map(|trace| format!("{trace:032x}")).collect(),
                failed,
                returned: Vec::new(),
                before: Vec::new(),
            }
        })
        .collect()
}

#[derive(Default)]
struct Tally {
    count: u64,
    logged: u64,
    by_handler: BTreeMap<usize, u64>,
    traces: Vec<u128>,
}

impl Tally {
    fn add(&mut self, sighting: &Sighting) {
        self.count += 1;
        self.logged += u64::from(sighting.logged);
        if let Some(handler) = sighting.handler {
            *self.by_handler.entry(handler).or_default() += 1;
        }
        if sighting.trace != 0 && self.traces.len() < MOST_TRACES && !self.traces.contains(&sighting.trace) {
            self.traces.push(sighting.trace);
        }
    }
}

/// Those sightings that count, one for each time that something was thrown.
fn counted<'a>(all: &'a [Sighting], telemetry: &Telemetry) -> Vec<&'a Sighting> {
    let mut thrown: BTreeMap<(u128, u64), Vec<usize>> = BTreeMap::new();
    for (at, sighting) in all.iter().enumerate().filter(|(_, sighting)| sighting.trace != 0) {
        thrown.entry((sighting.trace, sighting.alike)).or_default().push(at);
    }
    let mut parents: HashMap<(u128, u64), u64> =
        all.iter().filter(|it| it.parent != 0).map(|it| ((it.trace, it.span), it.parent)).collect();
    let open: HashSet<u128> = thrown
        .values()
        .map(|same| same.iter().map(|at| &all[*at]).collect::<Vec<_>>())
        .filter(|same| innermost(same, &parents).1)
        .map(|same| same[0].trace)
        .collect();
    if !open.is_empty() {
        look_up(&open, &mut parents, telemetry);
    }

    let mut kept = BTreeSet::new();
    for same in thrown.values() {
        let same: Vec<(usize, &Sighting)> = same.iter().map(|at| (*at, &all[*at])).collect();
        let sightings: Vec<&Sighting> = same.iter().map(|(_, sighting)| *sighting).collect();
        let spans = innermost(&sightings, &parents).0;
        let recorded = same.iter().any(|(_, it)| !it.logged && spans.contains(&it.span));
        let mut once = HashSet::new();
        // Events first, so that of a span's event and log record the event stays.
        for logged in [false, true] {
            for (at, it) in same.iter().filter(|(_, it)| it.logged == logged && spans.contains(&it.span)) {
                // What was logged elsewhere in the trace is not thrown once more.
                let again = logged && recorded;
                let wrapper = it.wraps != 0 && it.wraps != it.alike && thrown.contains_key(&(it.trace, it.wraps));
                if once.insert(it.span) && !again && !wrapper {
                    kept.insert(*at);
                }
            }
        }
    }
    // A log record without a trace may tell what a span tells already.
    let traced: HashSet<usize> = kept.iter().map(|at| all[*at].group).collect();
    let alone = |(_, it): &(usize, &Sighting)| it.trace == 0 && !traced.contains(&it.group);
    kept.extend(all.iter().enumerate().filter(alone).map(|(at, _)| at));
    kept.into_iter().map(|at| &all[at]).collect()
}

/// The spans with this exception that are no ancestors of another one with it; and whether that is not sure yet,
/// because the way up leads over spans that are not known.
fn innermost(same: &[&Sighting], parents: &HashMap<(u128, u64), u64>) -> (BTreeSet<u64>, bool) {
    let mut spans: BTreeSet<u64> = same.iter().map(|it| it.span).collect();
    if spans.len() < 2 {
        return (spans, false);
    }
    for sighting in same {
        let mut span = sighting.span;
        for _ in 0..DEEPEST {
            let Some(parent) = parents.get(&(sighting.trace, span)) else { break };
            span = *parent;
            spans.remove(&span);
        }
    }
    // Siblings that all failed look the same as spans with unknown ones between them.
    let open = spans.len() > 1;
    (spans, open)
}

fn look_up(traces: &HashSet<u128>, parents: &mut HashMap<(u128, u64), u64>, telemetry: &Telemetry) {
    #[derive(Deserialize)]
    struct Link {
        #[serde(rename = "trace_id")]
        trace: String,
        #[serde(rename = "span_id")]
        span: String,
        #[serde(rename = "parent_span_id")]
        parent: Option<String>,
    }
    let mut unread = Unread::default();
    for link in telemetry.spans_as::<Link>(&[]).filter_map(|link| unread.keep(link)) {
        let id = |hex: &str| u64::from_str_radix(hex, 16).ok();
        let trace = u128::from_str_radix(&link.trace, 16).unwrap_or(0);
        if let (true, Some(span), Some(parent)) =
            (traces.contains(&trace), id(&link.span), link.parent.as_deref().and_then(id))
        {
            parents.insert((trace, span), parent);
            if parents.len() >= MOST_LINKS {
                return;
            }
        }
    }
}
