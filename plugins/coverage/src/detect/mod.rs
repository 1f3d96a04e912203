//! From a window to findings: handlers that production uses and no test reaches, those first that matter most.
//!
//! What was measured decides where it is there ([`crate::measured`]); else what the tests name, what those functions call
//! ([`crate::reach`]), and the routes that the tests ask for, under which production ran the handler ([`callers`]).

mod callers;
mod calls;
mod report;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use thymus_sdk::host::{Level, log, progress};
use thymus_sdk::places::Places;
use thymus_sdk::source::Source;
use thymus_sdk::telemetry::{Handler, Telemetry};
use thymus_sdk::{Failure, Finding};

use crate::code::{self, Language, Written};
use crate::measured::Measured;
use crate::reach::{Tests, reached, reaches};

/// The plugin's table of the policy, `[plugin.thymus-coverage.settings]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How often a handler must run in the window to matter.
    pub floor: u64,
    /// The most findings of a window, those that matter most.
    pub findings: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { floor: 2, findings: 5 }
    }
}

/// The most handlers that are looked at, those that run most.
const MOST_HANDLERS: usize = 1_000;
/// The most whose code is read in the end.
const MOST_CANDIDATES: usize = 200;

/// A handler of the source, as production uses it.
struct Candidate {
    handler: Handler,
    language: Language,
    path: String,
    line: Option<u32>,
    written: Written,
    /// Lines of it that tests ran, of those that could, where that was measured.
    measured: Option<(usize, usize)>,
}

/// The handlers without tests, those first that matter most.
pub fn detect(telemetry: &Telemetry, source: &Source, settings: &Settings) -> Result<Vec<Finding>, Failure> {
    progress(0, 3, "reading what tests name");
    let handlers = telemetry.handlers()?;
    let mut places = Places::of(source);
    let mut all = handlers.handlers;
    all.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| (&a.path, &a.handler).cmp(&(&b.path, &b.handler))));
    let used: Vec<(Handler, String, Language)> = all
        .into_iter()
        .filter(|handler| handler.count >= settings.floor)
        .filter_map(|handler| {
            let path = places.file(handler.path.as_deref()?)?;
            let language = Language::of(&path)?;
            Some((handler, path, language))
        })
        .take(MOST_HANDLERS)
        .collect();
    let measured = Measured::read(source, &mut places);
    let tests = by_language(&used, source);
    let names: BTreeSet<&str> = used.iter().map(|(handler, ..)| last_name(&handler.handler)).collect();
    let mut reached_names = BTreeMap::new();
    for (language, (tests, mentions)) in &tests {
        reached_names.insert(*language, reached(tests, mentions, &names));
    }
    let covered =
        |handler: &str, language: &Language| reached_names.get(language).is_none_or(|names| reaches(names, handler));
    // What was measured decides; else what is named.
    let is_open = |(handler, path, language): &&(Handler, String, Language)| match measured_lines(
        &measured,
        &handler.handler,
        path,
        *language,
        source,
    ) {
        Some((ran, _)) => ran == 0,
        None => !covered(&handler.handler, language),
    };
    let mut open: Vec<(Handler, String, Language)> = used.iter().filter(is_open).cloned().collect();
    progress(1, 3, "reading who calls what");
    let pages: BTreeSet<String> = tests.values().flat_map(|(tests, _)| tests.pages.iter().cloned()).collect();
    let lines = callers::retain_uncalled(&mut open, telemetry, &pages, &mut |name, path| {
        used.iter().any(|(handler, at, language)| {
            handler.handler == name && Some(at.as_str()) == path && covered(name, language)
        })
    });
    let mut candidates = Vec::new();
    for (handler, path, language) in open.into_iter().take(MOST_CANDIDATES) {
        let line = lines.get(&(handler.handler.clone(), path.clone())).copied();
        let Some(written) = code::written(language, &handler.handler, &path, line, source) else { continue };
        let measured = measured.between(&path, written.lines.0, written.lines.1);
        candidates.push(Candidate { handler, language, path, line, written, measured });
    }
    rank(&mut candidates);
    if candidates.len() > settings.findings {
        let (all, most) = (candidates.len(), settings.findings);
        log(Level::Info, &format!("{all} handlers without tests; the {most} that matter most are reported"));
        candidates.truncate(settings.findings);
    }
    progress(2, 3, "choosing examples");
    let examples = calls::examples(&candidates, telemetry, source)?;
    let files = |language: Language| tests.get(&language).map_or(0, |(tests, _)| tests.files);
    let total = handlers.spans;
    Ok(candidates
        .into_iter()
        .zip(examples)
        .map(|(candidate, examples)| {
            let files = files(candidate.language);
            report::finding(&candidate, examples, files, total)
        })
        .collect())
}

/// How many lines of a handler tests ran, of how many, where a report knows its file.
fn measured_lines(
    measured: &Measured,
    handler: &str,
    path: &str,
    language: Language,
    source: &Source,
) -> Option<(usize, usize)> {
    if !measured.knows(path) {
        return None;
    }
    let written = code::written(language, handler, path, None, source)?;
    measured.between(path, written.lines.0, written.lines.1)
}

/// What is mentioned in each language that production uses.
fn by_language(
    used: &[(Handler, String, Language)],
    source: &Source,
) -> BTreeMap<Language, (Tests, crate::reach::Mentions)> {
    let languages: BTreeSet<Language> = used.iter().map(|(.., language)| *language).collect();
    languages.into_iter().map(|language| (language, code::mentions(language, source))).collect()
}

/// By traffic, and by what can go wrong: branches and errors.
fn rank(candidates: &mut [Candidate]) {
    let weight = |candidate: &Candidate| {
        let branches = float(u64::try_from(candidate.written.branches).unwrap_or(u64::MAX).min(50));
        float(candidate.handler.count) * (1.0 + branches / 5.0 + 5.0 * candidate.handler.error_rate)
    };
    // Ties are broken by what doesn't change between two calls.
    candidates.sort_by(|a, b| {
        weight(b).total_cmp(&weight(a)).then_with(|| (&a.path, &a.handler.handler).cmp(&(&b.path, &b.handler.handler)))
    });
}

/// `total` of `Cart.total`.
fn last_name(handler: &str) -> &str {
    handler.rsplit(['.', ':', '#', '/']).next().unwrap_or(handler)
}

#[allow(clippy::cast_precision_loss)] // counts
fn float(value: u64) -> f64 {
    value as f64
}
