//! From a window to findings: handlers that are slower than in better times, than before in the window, or than declared.
//!
//! [`executions`] reads the spans and takes from each the time of those it called; [`behaviour`] puts beside each handler
//! what the baseline knows of it; [`load`] tells what all have in common; [`compare`], [`slices`] and [`thresholds`] judge;
//! [`report`] says it in the contract's terms. A handler that only waits for a slower one is no finding.

mod alike;
mod behaviour;
mod calls;
mod compare;
mod executions;
mod growth;
mod load;
mod places;
mod report;
#[cfg(test)]
mod scenes;
mod slices;
#[cfg(test)]
mod tests;
mod thresholds;
mod verdict;

use std::collections::BTreeSet;

use serde::Deserialize;
use thymus_sdk::host::{Level, log, progress};
use thymus_sdk::source::Source;
use thymus_sdk::telemetry::{ReadError, Telemetry};
use thymus_sdk::{Failure, Finding};

use self::compare::Scene;
use self::executions::Executions;
use self::load::Load;
use self::places::Places;
use self::slices::Tide;
use self::verdict::{Rule, Verdict};
use crate::statistics::float;

/// Callers of callers that are looked at.
const MOST_CALLERS: usize = 200;
/// Calls with the same arguments must be this many times slower.
const SAME_CALLS: f64 = 1.25;
/// From here on what is new is a caller's own.
const NEARLY_ALL: f64 = 0.8;

/// The plugin's table of the policy, `[plugin.thymus-performance.settings]`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How many times slower a handler must be, beyond what all have in common.
    pub ratio: f64,
    /// How many milliseconds a call must have become longer; less counts where it adds up to a share of all time.
    pub millis: f64,
    /// The most findings of a window, those that add most time first.
    pub findings: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { ratio: 1.5, millis: 1.0, findings: 16 }
    }
}

/// The handlers that are slower, those that add most time first.
pub fn detect(telemetry: &Telemetry, source: &Source, settings: &Settings) -> Result<Vec<Finding>, Failure> {
    if !(settings.ratio >= 1.1 && settings.ratio.is_finite() && settings.millis >= 0.0) {
        return Err(Failure::BadInput("its settings: ratio must be at least 1.1, millis at least 0".to_owned()));
    }
    progress(0, 3, "reading executions");
    let baseline = telemetry.baseline()?;
    let executions = Executions::read(telemetry);
    progress(1, 3, "comparing them");
    let all = behaviour::all(&executions, baseline.as_ref());
    let spent = executions.all.iter().map(|one| float(one.own)).sum();
    let scene = Scene { executions: &executions, all: &all, spent, settings };
    let mut verdicts = without_other_calls(judge(&scene, telemetry)?, &scene, telemetry);
    verdicts.sort_by(|a, b| {
        let added = |one: &Verdict| one.added * float(one.calls);
        let key = |one: &Verdict| &executions.handlers[one.handler as usize].key;
        added(b).total_cmp(&added(a)).then_with(|| key(a).cmp(key(b)))
    });
    if verdicts.len() > settings.findings {
        log(Level::Warn, &format!("{} slower handlers; those that add most are reported", verdicts.len()));
        verdicts.truncate(settings.findings);
    }
    progress(2, 3, "collecting calls");
    let keys: Vec<_> =
        verdicts.iter().map(|verdict| executions.handlers[verdict.handler as usize].key.clone()).collect();
    let mut seen = calls::read(&keys, telemetry);
    let places = Places::of(source);
    let findings = verdicts
        .iter()
        .zip(&keys)
        .map(|(verdict, key)| report::finding(verdict, seen.remove(key).unwrap_or_default(), &scene, &places));
    Ok(findings.collect())
}

/// At most one verdict a handler, by the strongest rule that fires.
fn judge(scene: &Scene, telemetry: &Telemetry) -> Result<Vec<Verdict>, Failure> {
    let declared = thresholds::declared(telemetry.expectations()?);
    let overall = Load::of(scene.all.iter());
    let tide = Tide::of(scene);
    let verdicts = scene.all.iter().filter_map(|behaviour| {
        let load = of_service(behaviour.handler, overall, scene);
        compare::judge(behaviour, load, scene)
            .or_else(|| slices::judge(behaviour, &tide, load, scene))
            .or_else(|| thresholds::judge(behaviour, &declared, load, scene))
    });
    let verdicts: Vec<Verdict> = without_waiting(verdicts.collect(), scene);
    if verdicts.is_empty() && overall.shift > scene.settings.ratio.ln() && overall.handlers > 1 {
        let slower = (overall.factor() - 1.0) * 100.0;
        log(
            Level::Info,
            &format!("all {} handlers are {slower:.0} % slower together: load, not code", overall.handlers),
        );
    }
    Ok(verdicts)
}

/// One cause, one finding: who calls a slower handler is none itself, unless nearly all that is new is its own. Some of it
/// always is: what is recorded of a call is recorded in its caller's time, and where only some calls are slow, that alone
/// can make those of the caller slow.
fn without_waiting(verdicts: Vec<Verdict>, scene: &Scene) -> Vec<Verdict> {
    let mut waiting = BTreeSet::new();
    for verdict in &verdicts {
        waiting.extend(behaviour::callers(verdict.handler, scene.executions, MOST_CALLERS));
    }
    let own = |verdict: &Verdict| verdict.own >= NEARLY_ALL && verdict.rule != Rule::SlowerTail;
    verdicts.into_iter().filter(|verdict| own(verdict) || !waiting.contains(&verdict.handler)).collect()
}

/// Leaves out those whose calls with the same arguments are as fast as they were: then it is what they are asked for that
/// has changed.
fn without_other_calls(verdicts: Vec<Verdict>, scene: &Scene, telemetry: &Telemetry) -> Vec<Verdict> {
    let key = |verdict: &Verdict| scene.executions.handlers[verdict.handler as usize].key.clone();
    // Where only the tail is slower, only the calls in it can be the same and slower.
    let least = |verdict: &Verdict| if verdict.rule == Rule::SlowerTail { verdict.now * 0.5 } else { 0.0 };
    let wanted: Vec<_> = verdicts.iter().map(|verdict| (key(verdict), least(verdict))).collect();
    let ratios = alike::ratios(&wanted, telemetry);
    let is_slower = |verdict: &Verdict| {
        let ratio = ratios.get(&key(verdict)).map_or(f64::INFINITY, |ratio| ratio / verdict.load.factor());
        if ratio < SAME_CALLS {
            log(
                Level::Info,
                &format!("{}: calls with the same arguments are as fast as before", scene.name(verdict.handler)),
            );
        }
        ratio >= SAME_CALLS || !matches!(verdict.rule, Rule::Slower | Rule::SlowerTail)
    };
    verdicts.into_iter().filter(is_slower).collect()
}

/// The load of a handler's own service, where enough of its handlers tell it.
fn of_service(handler: u32, overall: Load, scene: &Scene) -> Load {
    let service = |handler: u32| &scene.executions.handlers[handler as usize].key.service;
    let own = service(handler);
    let load = Load::of(scene.all.iter().filter(|other| service(other.handler) == own));
    if load.handlers >= 4 { load } else { overall }
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
