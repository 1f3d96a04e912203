//! From drifts to findings: the worst first, and no more than a person reads.

use serde::Deserialize;
use thymus_sdk::source::Source;
use thymus_sdk::telemetry::Telemetry;
use thymus_sdk::wording::{TITLE, cut, one_line};
use thymus_sdk::{Capability, Evidence, Failure, Finding, Subject};

use crate::drift::Drift;
use crate::notes;
use crate::survey::survey;
use crate::traffic::Traffic;

/// The plugin's table of the policy.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The most findings of a window.
    pub findings: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { findings: 32 }
    }
}

/// Below this, a drift counts only where production uses what it speaks of.
const SURE: f64 = 0.6;

/// What documentation gets wrong.
pub fn detect(telemetry: &Telemetry, source: &Source, settings: &Settings) -> Result<Vec<Finding>, Failure> {
    let traffic = Traffic::of(telemetry)?;
    let mut drifts: Vec<(u64, Drift)> =
        survey(source).into_iter().map(|drift| (traffic.calls(&drift), drift)).collect();
    drifts.retain(|(calls, drift)| *calls > 0 || drift.confidence >= SURE);
    // The sort is stable: what ranks alike stays in the order of files and places.
    drifts.sort_by_key(|(calls, drift)| {
        std::cmp::Reverse((drift.severity(*calls > 0) as u8, drift.repair.is_some(), *calls))
    });
    drifts.truncate(settings.findings);
    Ok(drifts.iter().map(|(calls, drift)| finding(*calls, drift, source)).collect())
}

#[allow(clippy::cast_precision_loss)] // a count that people read
fn finding(calls: u64, drift: &Drift, source: &Source) -> Finding {
    let line = source.text(&drift.path).ok().map(|text| text.line_column(drift.place.start).0);
    let mut evidence = Evidence::of(&one_line(&drift.statement, 2000));
    if calls > 0 {
        evidence = evidence.measure("calls", calls as f64, "{call}");
    }
    Finding {
        capability: Capability::Documentation,
        rule: drift.rule.clone(),
        title: one_line(&drift.title, TITLE),
        subject: Subject { handler: cut(&drift.subject, 512), path: Some(drift.path.clone()), line },
        severity: drift.severity(calls > 0),
        confidence: drift.confidence,
        evidence: vec![evidence],
        fingerprint: cut(&drift.fingerprint(), 512),
        notes: notes::of(drift),
    }
}
