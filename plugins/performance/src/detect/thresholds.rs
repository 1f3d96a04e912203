//! What the project declares of a handler's time, in `expectations.json`: `{"thresholds": [{"handler": …,
//! "quantile": 0.95, "millis": …}]}`. What does not read like that is left out.

use serde_json::Value;
use thymus_sdk::telemetry::Expectations;

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

/// Such a share of a handler's calls takes at most so long.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    handler: String,
    quantile: f64,
    nanos: f64,
}

/// Those that are declared.
pub fn declared(expectations: &Expectations) -> Vec<Threshold> {
    let list = expectations.get("thresholds").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    list.iter().take(MOST).filter_map(threshold).collect()
}

fn threshold(value: &Value) -> Option<Threshold> {
    let handler = value.get("handler")?.as_str()?.to_owned();
    let millis = value.get("millis").or_else(|| value.get("ms"))?.as_f64().filter(|millis| *millis > 0.0)?;
    let quantile = value.get("quantile").map_or(Some(0.95), Value::as_f64)?;
    // `95` means what `0.95` does.
    let quantile = if quantile > 1.0 { quantile / 100.0 } else { quantile };
    (0.0..1.0).contains(&quantile).then_some(Threshold { handler, quantile, nanos: millis * 1e6 })
}

/// Whether a handler breaks one of them, surely.
pub fn judge(behaviour: &Behaviour, declared: &[Threshold], load: Load, scene: &Scene) -> Option<Verdict> {
    let name = scene.name(behaviour.handler);
    let calls = behaviour.now.count;
    declared.iter().filter(|threshold| threshold.handler == name && calls >= FEWEST).find_map(|threshold| {
        let place = behaviour.now.sorted.partition_point(|nanos| *nanos <= threshold.nanos);
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
            ratio: now / threshold.nanos,
            added: now - threshold.nanos,
            calls: slow as u64,
            calls_before: calls,
            share: scene.share(now - threshold.nanos, slow as u64),
            own: own.clamp(0.0, 1.0),
            more_calls: false,
            now,
            before: None,
            load,
            said: format!(
                "{slow} of {calls} calls take more than the {:.1} ms within which {:.0} of 100 are declared to end \
                 (binomial test, by chance in {chance:.2e} of cases)",
                threshold.nanos / 1e6,
                threshold.quantile * 100.0
            ),
        })
    })
}
