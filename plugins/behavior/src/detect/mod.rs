//! From a window to findings: runs that leave their sequence, documented or learned.
//!
//! [`documented`] holds runs against what people wrote, [`learned`] against what better times show without exception;
//! [`decide`] says whether code or definition is wrong, and [`report`] says all of it in the contract's terms.

mod decide;
mod documented;
pub mod learned;
mod report;
mod seen;

use std::collections::BTreeSet;

use serde::Deserialize;
use thymus_sdk::host::{Level, log, progress};
use thymus_sdk::places::Places;
use thymus_sdk::source::Source;
use thymus_sdk::telemetry::Telemetry;
use thymus_sdk::{Failure, Finding};

use self::documented::Kept;
use self::report::Report;
use crate::deviation::Deviation;
use crate::sequence::{Sequence, last_name, read_all};
use crate::traces::{Executions, Name};

/// The plugin's table of the policy, `[plugin.thymus-behavior.settings]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Whether sequences that nobody documented are learned from the baseline.
    pub learn: bool,
    /// The most findings of a window, the gravest first.
    pub findings: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { learn: true, findings: 16 }
    }
}

/// The sequences that were left, the gravest first.
pub fn detect(telemetry: &Telemetry, source: &Source, settings: &Settings) -> Result<Vec<Finding>, Failure> {
    progress(0, 3, "reading executions");
    let (window, baseline) = (Executions::window(telemetry), Executions::baseline(telemetry));
    let (sequences, passed_over) = read_all(&telemetry.expectations()?.sequences, source);
    for what in &passed_over {
        log(Level::Warn, &format!("no sequence: {what}"));
    }
    let mut places = Places::of(source);
    progress(1, 3, "aligning runs with sequences");
    let mut reports = Vec::new();
    let mut covered = Covered::default();
    for sequence in &sequences {
        let (now, before) = documented::check(sequence, &window, &baseline, &mut places);
        covered.add(sequence, &now, &before);
        for (deviation, seen) in &now.deviations {
            if is_untraced(*deviation, &now, &before) {
                continue;
            }
            let Some(ruling) = decide::decide(seen, &now, before.deviations.get(deviation), &before) else { continue };
            reports.push(report::documented(sequence, *deviation, seen, &now, &ruling, &mut places));
        }
    }
    progress(2, 3, "comparing with better times");
    if settings.learn {
        let departures = learned::departures(&window, &baseline);
        let others = departures.iter().filter(|departure| !covered.knows(departure));
        reports.extend(others.map(|departure| report::learned(departure, &mut places)));
    }
    let mut findings = distinct(reports);
    if findings.len() > settings.findings {
        log(Level::Warn, &format!("{} findings; the gravest {} are reported", findings.len(), settings.findings));
        findings.truncate(settings.findings);
    }
    Ok(findings)
}

/// A beat that no trace ever showed may run all the same: not every handler is traced.
fn is_untraced(deviation: Deviation, now: &Kept, before: &Kept) -> bool {
    deviation.beats().any(|beat| !now.beats_seen.contains(&beat) && !before.beats_seen.contains(&beat))
}

/// Who runs which documented beats: what is documented is not learned besides.
#[derive(Default)]
struct Covered(BTreeSet<(Name, String)>);

impl Covered {
    fn add(&mut self, sequence: &Sequence, now: &Kept, before: &Kept) {
        for caller in now.callers.union(&before.callers) {
            let beats = sequence.beats.iter().map(|beat| (caller.clone(), last_name(&beat.handler).to_owned()));
            self.0.extend(beats);
        }
    }

    fn knows(&self, departure: &learned::Departure) -> bool {
        departure.deviation.beats().all(|beat| {
            let name = last_name(&departure.steps[beat as usize].handler).to_owned();
            self.0.contains(&(departure.handler.clone(), name))
        })
    }
}

/// One finding a problem: of those that lie in the same traces only the one that explains most of its runs.
fn distinct(mut reports: Vec<Report>) -> Vec<Finding> {
    reports.sort_by(|a, b| {
        (b.is_documented, b.share, b.traces.len())
            .partial_cmp(&(a.is_documented, a.share, a.traces.len()))
            .unwrap_or(std::cmp::Ordering::Equal)
            .then_with(|| a.finding.fingerprint.cmp(&b.finding.fingerprint))
    });
    let mut explained: BTreeSet<u128> = BTreeSet::new();
    let mut kept: Vec<Report> = Vec::new();
    for report in reports {
        let known = report.traces.intersection(&explained).count();
        if 2 * known >= report.traces.len().max(1) {
            continue;
        }
        explained.extend(&report.traces);
        kept.push(report);
    }
    kept.sort_by_key(|report| std::cmp::Reverse(report.finding.severity));
    kept.into_iter().map(|report| report.finding).collect()
}
