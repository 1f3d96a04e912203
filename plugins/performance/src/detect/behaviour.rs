//! How each handler behaves now and did before: its durations, and what of them is its own.

use std::collections::HashMap;

use thymus_sdk::telemetry::Handlers;

use super::executions::{Execution, Executions, Key};
use crate::statistics::sample::{mean_between, quantile, sorted};
use crate::statistics::{float, sketch};

/// The middle half of a sample.
const MIDDLE: (f64, f64) = (0.25, 0.75);

/// A sample of durations in nanoseconds, in order.
#[derive(Clone, Debug, Default)]
pub struct Times {
    pub count: u64,
    pub sorted: Vec<f64>,
}

impl Times {
    fn of(executions: &[Execution], what: fn(&Execution) -> u64) -> Self {
        // One that failed ended early, or spent its time on the trace of an exception.
        let values: Vec<f64> = executions.iter().filter(|one| !one.failed).map(|one| float(what(one))).collect();
        Self { count: values.len() as u64, sorted: sorted(&values) }
    }

    /// The mean of the middle half.
    pub fn typical(&self) -> f64 {
        mean_between(&self.sorted, MIDDLE.0, MIDDLE.1)
    }

    /// The value below which this share lies.
    pub fn quantile(&self, share: f64) -> f64 {
        quantile(&self.sorted, share)
    }
}

/// A handler now and before.
#[derive(Clone, Debug)]
pub struct Behaviour {
    pub handler: u32,
    pub now: Times,
    pub own: Times,
    pub before: Option<Times>,
    /// An estimate of what was its own before, from what its calls took then.
    pub own_before: Option<f64>,
}

/// Of every handler of the window, in its order.
pub fn all(executions: &Executions, baseline: Option<&Handlers>) -> Vec<Behaviour> {
    let mut before: HashMap<Key, Times> = HashMap::new();
    for handler in baseline.into_iter().flat_map(|baseline| &baseline.handlers) {
        let key =
            Key { service: handler.service.clone(), handler: handler.handler.clone(), path: handler.path.clone() };
        if let Some(sorted) = sketch::values(&handler.sketch, handler.count).filter(|values| !values.is_empty()) {
            before.insert(key, Times { count: handler.count, sorted });
        }
    }
    let numbers = (0..).zip(&executions.handlers);
    let mut all: Vec<Behaviour> = numbers
        .map(|(handler, facts)| {
            let own = executions.of(handler);
            Behaviour {
                handler,
                now: Times::of(own, Execution::total),
                own: Times::of(own, |one| one.own),
                before: before.get(&facts.key).cloned(),
                own_before: None,
            }
        })
        .collect();
    let mut estimates = Vec::new();
    for behaviour in &all {
        estimates.push(own_before(behaviour, &all, executions));
    }
    for (behaviour, estimate) in all.iter_mut().zip(estimates) {
        behaviour.own_before = estimate;
    }
    all
}

/// The baseline knows totals only. What a handler waited for before: as many calls of each other as that one's calls then
/// allow, each as long as it was then, as much side by side as now.
fn own_before(behaviour: &Behaviour, all: &[Behaviour], executions: &Executions) -> Option<f64> {
    let before = behaviour.before.as_ref()?;
    let (waited, summed) = executions.waited.get(&behaviour.handler).copied().unwrap_or((0, 0));
    let side_by_side = if summed == 0 { 1.0 } else { float(waited) / float(summed) };
    let spent: f64 = called_by(behaviour.handler, executions)
        .filter_map(|(called, calls)| {
            let called = all.get(called as usize)?;
            let then = called.before.as_ref()?;
            // Others call it too: it is taken that each caller's share is what it was.
            let share = float(calls) / float(called.now.count.max(1));
            Some(float(then.count) * share / float(before.count.max(1)) * then.typical())
        })
        .sum();
    Some((before.typical() - spent * side_by_side).max(0.0))
}

/// What a handler calls, and how often.
pub fn called_by(handler: u32, executions: &Executions) -> impl Iterator<Item = (u32, u64)> {
    let edges = executions.edges.range((handler, 0)..=(handler, u32::MAX));
    edges.filter(move |((_, called), _)| *called != handler).map(|((_, called), edge)| (*called, edge.calls))
}

/// Who calls a handler, whoever calls those, and so on: the nearest first, at most so many.
pub fn callers(handler: u32, executions: &Executions, most: usize) -> Vec<u32> {
    let mut found = vec![handler];
    let mut at = 0;
    while at < found.len() && found.len() <= most {
        let edges = executions.edges.keys().filter(|(_, called)| *called == found[at]);
        let next: Vec<u32> = edges.map(|(caller, _)| *caller).filter(|caller| !found.contains(caller)).collect();
        found.extend(next);
        at += 1;
    }
    found.into_iter().skip(1).take(most).collect()
}
