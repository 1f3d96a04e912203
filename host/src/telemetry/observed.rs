//! What is learnt of handlers while spans and logs pass, in the window or in its baseline. An exception belongs to the
//! handler whose span reported it: in an event, as long was the rule, or in a log record that names the span, as is the
//! rule now. Log records may come before their spans, so they wait until the end.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};

use super::baseline::{Baseline, Execution, HandlerNumber};
use super::records::{Log, Span};
use super::state::Repeats;
use super::{Dropped, TelemetryLimits};

/// Executions with an exception that are told apart, and log records that wait for their span.
const REMEMBERED: usize = 250_000;
/// Services and types of exceptions in log records that are told apart.
const KINDS: usize = 4096;

#[derive(Default)]
pub(super) struct Observed {
    baseline: Baseline,
    /// Every span that has passed, by a hash of its ids, and its handler.
    spans: HashMap<u64, Option<HandlerNumber>>,
    /// Spans and the types of exceptions they reported, hashed: one execution counts once for a type.
    reported: HashSet<u64>,
    waiting: Vec<Waiting>,
    /// Services and types of exceptions that wait, and their numbers.
    kinds: HashMap<(String, String), usize>,
    repeats: Repeats,
    hasher: RandomState,
}

/// An exception in a log record.
struct Waiting {
    span: Option<u64>,
    kind: usize,
}

/// Whether a span is new.
#[derive(PartialEq, Eq)]
pub(super) enum Handled {
    Now,
    Before,
}

impl Observed {
    pub(super) fn span(&mut self, span: &Span<'_>, limits: &TelemetryLimits, dropped: &mut Dropped) -> Handled {
        let id = self.hasher.hash_one((span.trace_id, span.span_id));
        let room = (self.spans.len() as u64) < limits.records;
        let place = match self.spans.entry(id) {
            Entry::Occupied(_) => return Handled::Before,
            Entry::Vacant(place) => place,
        };
        let record = &span.record;
        let execution = Execution {
            service: record.service,
            handler: record.handler,
            path: record.path,
            error: span.error,
            duration_ns: record.duration_ns,
        };
        let handler = self.baseline.add(&execution, limits.handlers, dropped);
        // A window has no more spans than this; of a longer baseline, repeats go unnoticed in the end.
        if room {
            place.insert(handler);
        }
        if let Some(handler) = handler
            && let Some(call) = self.repeats.observe(handler, span.attributes(), span.events())
        {
            self.baseline.add_state(handler, &call);
        }
        for kind in span.exceptions() {
            if self.is_first(id, kind)
                && let Some(handler) = handler
            {
                self.baseline.add_exception(handler, kind, dropped);
            }
        }
        Handled::Now
    }

    pub(super) fn log(&mut self, log: &Log<'_>, dropped: &mut Dropped) {
        let Some(kind) = log.exception() else { return };
        let known = self.kinds.len();
        let number = match self.kinds.entry((log.record.service.to_owned(), kind.to_owned())) {
            Entry::Occupied(known) if self.waiting.len() < REMEMBERED => *known.get(),
            Entry::Vacant(place) if known < KINDS && self.waiting.len() < REMEMBERED => *place.insert(known),
            _ => {
                dropped.add("exceptions in logs", 1);
                return;
            }
        };
        let span = log.trace_id.zip(log.span_id).map(|ids| self.hasher.hash_one(ids));
        self.waiting.push(Waiting { span, kind: number });
    }

    /// What is known now that all has passed.
    pub(super) fn finish(mut self, dropped: &mut Dropped) -> Baseline {
        let mut kinds = vec![(String::new(), String::new()); self.kinds.len()];
        for (kind, number) in std::mem::take(&mut self.kinds) {
            kinds[number] = kind;
        }
        for log in std::mem::take(&mut self.waiting) {
            let (service, kind) = &kinds[log.kind];
            match log.span.and_then(|span| Some((span, *self.spans.get(&span)?))) {
                Some((span, Some(handler))) if self.is_first(span, kind) => {
                    self.baseline.add_exception(handler, kind, dropped);
                }
                Some(_) => {}
                None => self.baseline.add_elsewhere(service, kind, dropped),
            }
        }
        self.baseline
    }

    /// Whether this execution reports an exception of this type for the first time.
    fn is_first(&mut self, span: u64, kind: &str) -> bool {
        let report = self.hasher.hash_one((span, kind));
        if self.reported.len() >= REMEMBERED {
            return !self.reported.contains(&report);
        }
        self.reported.insert(report)
    }
}
