//! From a window to findings: exceptions out of spans and logs, grouped by what makes them the same problem, and held
//! against better times.
//!
//! [`sightings`] reads, [`groups`] puts together, [`judge`] compares, and [`report`] says it in the contract's terms. A
//! refusal without a recorded exception is nothing here: only what was recorded as an exception is one.

mod before;
mod calls;
mod groups;
mod judge;
mod message;
mod names;
mod places;
mod report;
mod sightings;
mod source_map;
mod stack;

use serde::Deserialize;
use thymus_sdk::host::{Level, log, progress};
use thymus_sdk::source::Source;
use thymus_sdk::telemetry::{ReadError, Telemetry};
use thymus_sdk::{Failure, Finding};

/// The plugin's table of the policy, `[plugin.thymus-errors.settings]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How often an exception must be seen to be a finding.
    pub floor: u64,
    /// The most findings of a window, the gravest first.
    pub findings: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { floor: 2, findings: 32 }
    }
}

/// The exceptions that are new or have risen, the gravest first.
pub fn detect(telemetry: &Telemetry, source: &Source, settings: &Settings) -> Result<Vec<Finding>, Failure> {
    progress(0, 3, "reading exceptions");
    let sightings = sightings::read(telemetry, source);
    progress(1, 3, "comparing them");
    let groups = groups::of(sightings, telemetry);
    let behaviour = judge::Behaviour::read(telemetry)?;
    let mut risen: Vec<_> = groups
        .into_iter()
        .filter(|group| !names::leads_nowhere(&group.key.kind, &group.message))
        .filter_map(|group| behaviour.judge(&group, settings).map(|verdict| (group, verdict)))
        .collect();
    // Ties are broken by what doesn't change between two calls.
    risen.sort_by(|(a, x), (b, y)| {
        (y.severity, b.count).cmp(&(x.severity, a.count)).then_with(|| a.fingerprint().cmp(&b.fingerprint()))
    });
    if risen.len() > settings.findings {
        log(Level::Warn, &format!("{} exceptions; the gravest {} are reported", risen.len(), settings.findings));
        risen.truncate(settings.findings);
    }
    progress(2, 3, "collecting calls that returned");
    calls::add_returned(risen.iter_mut().map(|(group, _)| group).collect(), telemetry);
    before::add(risen.iter_mut().map(|(group, _)| group).collect(), telemetry);
    Ok(risen.into_iter().map(|(group, verdict)| report::finding(group, &verdict)).collect())
}

/// Counts what can't be read; thymus wrote the directory, so there should be nothing.
#[derive(Default)]
struct Unread(u64);

impl Unread {
    fn keep<T>(&mut self, record: Result<T, ReadError>) -> Option<T> {
        record
            .inspect_err(|why| {
                self.0 += 1;
                if self.0 == 1 {
                    log(Level::Warn, &format!("{why} (only the first of its kind is named)"));
                }
            })
            .ok()
    }
}
