//! What the project declares of a handler's time. What says nothing (no time, no share of the calls) is left out.

use thymus_sdk::telemetry::{Expectations, Threshold};

use super::behaviour::Behaviour;
use super::compare::Scene;
use super::load::Load;
use super::verdict::{Rule, Verdict};
use crate::statistics::binomial::at_least;
use crate::statistics::sample::median;
use crate::statistics::size;

/// By chance, over all thresholds.
const MOST_CHANCE: f64 = 0.01;
const MOST: usize = 1_000;
const FEWEST: u64 = 5;

/// Those that are declared.
pub fn declared(expectations: Expectations) -> Vec<Threshold> {
    let says = |threshold: &Threshold| threshold.millis > 0.0 && (0.0..1.0).contains(&threshold.quantile);
    expectations.thresholds.into_iter().filter(says).take(MOST).collect()
}

/// Whether a handler breaks one of them, surely.
pub fn judge(behaviour: &Behaviour, declared: &[Threshold], load: Load, scene: &Scene) -> Option<Verdict> {
    let calls = behaviour.now.count;
    let meant = |threshold: &&Threshold| {
        let key = &scene.executions.handlers[behaviour.handler as usize].key;
        let file = |file: &String| key.path.as_ref().is_some_and(|path| path.ends_with(file.as_str()));
        threshold.handler == key.handler && threshold.file.as_ref().is_none_or(file)
    };
    declared.iter().filter(meant).filter(|_| calls >= FEWEST).find_map(|threshold| {
        let limit = threshold.millis * 1e6;
        let place = behaviour.now.sorted.partition_point(|nanos| *nanos <= limit);
        let slow = behaviour.now.sorted.len() - place;
        let chance = at_least(slow as u64, calls, 1.0 - threshold.quantile) * size(declared.len());
        if chance > MOST_CHANCE {
            return None;
        }
        let now = median(&behaviour.now.sorted[place..]);
        let own = behaviour.own.typical() / behaviour.now.typical().max(1.0);
        Some(Verdict {
            handler: behaviour.handler,
            rule: Rule::Threshold,
            chance: chance.min(1.0),
            ratio: now / limit,
            added: now - limit,
            calls: slow as u64,
            calls_before: calls,
            share: scene.share(now - limit, slow as u64),
            own: own.clamp(0.0, 1.0),
            more_calls: false,
            now,
            before: None,
            load,
            said: format!(
                "{slow} of {calls} calls take more than the {:.1} ms within which {:.0} of 100 are declared to end \
                 (binomial test, by chance in {chance:.2e} of cases)",
                threshold.millis,
                threshold.quantile * 100.0
            ),
        })
    })
}
