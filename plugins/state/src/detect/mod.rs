//! From a window to findings: handlers whose calls change what neither their history nor their contract allows.
//!
//! [`history`] compares counts that thymus made of the window and of better times, [`examples`] collects calls, and
//! the languages say what the code itself promises and where it writes. A change alone is no fault: many functions are
//! there to change something.

mod examples;
mod history;
mod judge;
mod report;

pub use report::does;

use std::collections::BTreeSet;

use serde::Deserialize;
use thymus_sdk::host::{Level, log, progress};
use thymus_sdk::places::Places;
use thymus_sdk::source::Source;
use thymus_sdk::telemetry::{Handler, Telemetry};
use thymus_sdk::{Failure, Finding};

use crate::change::{Change, Language, What};
use crate::code;
use crate::declared::Declared;
use history::{Counts, Histories};

/// The plugin's table of the policy, `[plugin.thymus-state.settings]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// In how many calls a change must be seen to be a finding.
    pub floor: u64,
    /// The most findings of a window, the surest first.
    pub findings: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { floor: 2, findings: 32 }
    }
}

/// The most changes whose calls and code are looked at.
const MOST_CANDIDATES: usize = 128;

/// A handler and something that its calls change, before anybody knows whether they may.
struct Candidate {
    handler: Handler,
    counts: Counts,
    change: Change,
    traces: Vec<String>,
    /// Every trace in which it shows, as far as they were looked at.
    shows_in: BTreeSet<u64>,
}

/// What was judged a finding.
type Found = (Candidate, Option<code::Look>, judge::Verdict);

impl Candidate {
    /// Whether nearly all traces in which it shows are also some of the other's.
    fn shows_only_with(&self, other: &Self) -> bool {
        let shared = self.shows_in.intersection(&other.shows_in).count();
        shared > 0 && shared * 10 >= self.shows_in.len() * 9
    }
}

/// The changes that are not allowed, the surest first.
pub fn detect(telemetry: &Telemetry, source: &Source, settings: &Settings) -> Result<Vec<Finding>, Failure> {
    progress(0, 3, "comparing what calls change");
    let mut candidates = candidates(telemetry, source, settings)?;
    if candidates.is_empty() {
        return Ok(Vec::new());
    }
    progress(1, 3, "collecting their calls");
    examples::collect(&mut candidates, telemetry);
    progress(2, 3, "reading their code");
    let mut found = Vec::new();
    for candidate in candidates {
        let look = code::look(&candidate.change, source);
        match judge::judge(&candidate, look.as_ref()) {
            Ok(verdict) => found.push((candidate, look, verdict)),
            Err(why) => log(Level::Info, &format!("{}: no finding, {why}", candidate.handler.handler)),
        }
    }
    let mut kept = one_each(found);
    // Ties are broken by what doesn't change between two calls.
    kept.sort_by(|(a, _, x), (b, _, y)| {
        y.confidence.total_cmp(&x.confidence).then_with(|| report::fingerprint(a).cmp(&report::fingerprint(b)))
    });
    if kept.len() > settings.findings {
        log(Level::Warn, &format!("{} changes; the surest {} are reported", kept.len(), settings.findings));
        kept.truncate(settings.findings);
    }
    Ok(kept.into_iter().map(|(candidate, look, verdict)| report::finding(candidate, look.as_ref(), &verdict)).collect())
}

/// What the counts leave over.
fn candidates(telemetry: &Telemetry, source: &Source, settings: &Settings) -> Result<Vec<Candidate>, Failure> {
    let declared = Declared::read(telemetry)?;
    let histories = Histories::read(telemetry)?;
    let mut places = Places::of(source);
    let mut candidates = Vec::new();
    for handler in histories.handlers() {
        for (what, counts) in histories.changes(handler, &declared) {
            if counts.now < settings.floor || counts.was_so() {
                continue;
            }
            let Some(path) = handler.path.as_deref().and_then(|path| places.file(path)) else { continue };
            let Some(language) = Language::of(&path) else { continue };
            let change = Change {
                language,
                handler: handler.handler.clone(),
                path,
                line: None,
                what,
                places: Vec::new(),
                calls: Vec::new(),
            };
            if candidates.len() >= MOST_CANDIDATES {
                log(Level::Warn, &format!("more than {MOST_CANDIDATES} changes; the rest is not looked at"));
                return Ok(candidates);
            }
            candidates.push(Candidate {
                handler: handler.clone(),
                counts,
                change,
                traces: Vec::new(),
                shows_in: BTreeSet::new(),
            });
        }
    }
    Ok(candidates)
}

/// What is reported: of several handlers that show one change the one that writes, and of several changes of one handler
/// that whose writer is known. The rest would be the same problem told twice.
fn one_each(found: Vec<Found>) -> Vec<Found> {
    let written_elsewhere = leading_to_others(&found);
    let mut kept: Vec<Found> = Vec::new();
    for (one, elsewhere) in found.into_iter().zip(written_elsewhere) {
        let name = &one.0.handler.handler;
        if let Some(other) = elsewhere {
            log(Level::Info, &format!("{name}: {other} writes, and is reported"));
            continue;
        }
        let same = kept.iter_mut().find(|(kept, ..)| {
            (&kept.change.path, &kept.handler.handler) == (&one.0.change.path, &one.0.handler.handler)
        });
        match same {
            Some(other) if rank(&one) < rank(other) => *other = one,
            Some(_) => log(Level::Info, &format!("{name}: it is reported for another change")),
            None => kept.push(one),
        }
    }
    kept
}

/// A change whose writer is known before one without; an argument before results.
fn rank((candidate, look, _): &Found) -> (bool, bool) {
    let written = look.as_ref().is_some_and(|look| !look.writers.is_empty());
    (!written, candidate.change.what == What::Results)
}

/// For each, the other one that does the writing: a caller of a function that changes what it is given shows the same
/// change, and is no second problem.
fn leading_to_others(found: &[Found]) -> Vec<Option<String>> {
    let writes =
        |look: &Option<code::Look>| look.as_ref().and_then(|look| look.writers.first()).map(code::Writer::place);
    let is_own = |(candidate, look, _): &Found| {
        look.as_ref().and_then(|look| look.writers.first()).is_some_and(|writer| {
            writer.path == candidate.change.path && look.as_ref().is_some_and(|look| look.holds(writer))
        })
    };
    found
        .iter()
        .enumerate()
        .map(|(at, one)| {
            let Some(place) = writes(&one.1) else {
                // Where no statement is seen, somebody below it may write: in the traces in which it shows.
                let below = found.iter().find(|other| is_own(other) && one.0.shows_only_with(&other.0));
                return below.map(|other| other.0.handler.handler.clone());
            };
            let same = found.iter().enumerate().filter(|(_, other)| writes(&other.1).as_ref() == Some(&place));
            // The function that holds the statement, or else the first that leads to it; of two changes by one
            // statement, that of the argument.
            let rank = |at: usize| {
                let other = &found[at];
                (!is_own(other), matches!(other.0.change.what, What::Results), at)
            };
            let best = same.map(|(at, _)| at).min_by_key(|at| rank(*at))?;
            (best != at).then(|| found[best].0.handler.handler.clone())
        })
        .collect()
}
