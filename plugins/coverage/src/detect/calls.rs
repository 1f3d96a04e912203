//! The captured calls of handlers without tests, and which of them make examples.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use thymus_sdk::host::{Level, log};
use thymus_sdk::source::Source;
use thymus_sdk::telemetry::{Span, Telemetry};
use thymus_sdk::{Failure, wording};

use super::Candidate;
use crate::code::Language;
use crate::example::{self, Example, LONGEST, Outcome, Seen};

/// The most distinct calls of one handler that are remembered.
const MOST_CALLS: usize = 500;
/// The longest message of a refusal that a test repeats.
const LONGEST_MESSAGE: usize = 300;

/// A handler's calls by their arguments.
#[derive(Default)]
struct Calls {
    seen: BTreeMap<String, Seen>,
    /// Arguments that gave one thing now and another then.
    unsteady: BTreeSet<String>,
}

/// Examples for each candidate.
pub fn examples(
    candidates: &[Candidate],
    telemetry: &Telemetry,
    source: &Source,
) -> Result<Vec<Vec<Example>>, Failure> {
    let names: BTreeSet<&str> = candidates.iter().map(|one| one.handler.handler.as_str()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let mut calls: Vec<Calls> = candidates.iter().map(|_| Calls::default()).collect();
    if !names.is_empty() {
        for span in telemetry.spans_mentioning(&names).flatten() {
            let at = candidates.iter().position(|candidate| {
                let handler = &candidate.handler;
                (&handler.service, &handler.handler, &handler.path) == (&span.service, &span.handler, &span.path)
            });
            if let Some(at) = at {
                calls[at].take(&span);
            }
        }
    }
    let window = telemetry.window()?;
    let seconds = (window.start_ns / 1_000_000_000, window.end_ns / 1_000_000_000);
    let chosen = candidates.iter().zip(calls).map(|(candidate, calls)| {
        if let Some(reads) = &candidate.written.reads {
            log(Level::Info, &format!("{}: no examples, it reads {reads}", candidate.handler.handler));
            return Vec::new();
        }
        let Calls { mut seen, unsteady } = calls;
        let mut own = BTreeMap::new();
        seen.retain(|args, call| {
            let Outcome::Threw { kind, .. } = &call.outcome else { return !unsteady.contains(args) };
            let key = (candidate.language, kind.clone());
            !unsteady.contains(args) && *own.entry(key).or_insert_with(|| is_own(kind, candidate.language, source))
        });
        example::choose(&seen, seconds)
    });
    Ok(chosen.collect())
}

impl Calls {
    fn take(&mut self, span: &Span) {
        let Some(args) = span.args() else { return };
        let Some(outcome) = outcome(span) else { return };
        let key = args.to_string();
        if key.len() > LONGEST {
            return;
        }
        let room = self.seen.len() < MOST_CALLS;
        match self.seen.get_mut(&key) {
            Some(known) if known.outcome == outcome => known.times += 1,
            Some(_) => drop(self.unsteady.insert(key)),
            None if room => drop(self.seen.insert(key, Seen { args, outcome, times: 1 })),
            None => {}
        }
    }
}

fn outcome(span: &Span) -> Option<Outcome> {
    if let Some(event) = span.events.iter().find(|event| event.name == "exception") {
        let text = |key: &str| event.attributes.get(key).and_then(Value::as_str);
        let kind = text("exception.type")?.rsplit(['.', ':']).next()?.to_owned();
        let message = text("exception.message").unwrap_or_default();
        let short = !message.is_empty() && message.len() <= LONGEST_MESSAGE;
        return short.then(|| Outcome::Threw { kind, message: wording::one_line(message, LONGEST_MESSAGE) });
    }
    if span.status == "error" {
        return None;
    }
    span.result().map(Outcome::Returned)
}

/// An exception is pinned only where it is one of the project's own, with which it refuses; any other may be a fault.
fn is_own(kind: &str, language: Language, source: &Source) -> bool {
    let class = format!("class {kind}");
    source.files().iter().filter(|path| Language::of(path) == Some(language)).take(2_000).any(|path| {
        source.text(path).is_ok_and(|text| {
            text.content.match_indices(&class).any(|(at, _)| {
                let next = text.content[at + class.len()..].chars().next();
                next.is_none_or(|c| !c.is_alphanumeric() && c != '_')
            })
        })
    })
}
