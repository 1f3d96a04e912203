//! The same calls then and now: where a handler is called with other arguments than in better times, it may take longer
//! without being slower. A sample of the baseline's spans shows what calls with the same arguments took then.

use std::collections::BTreeMap;

use thymus_sdk::telemetry::{ReadError, Span, Telemetry};

use super::Unread;
use super::executions::Key;
use crate::statistics::float;
use crate::statistics::sample::median;

/// Different arguments of a handler, and calls of each, that are compared.
const MOST_DIFFERENT: usize = 2_000;
const MOST_CALLS: usize = 32;
/// So many different arguments on both sides say something of the handler.
const ENOUGH: usize = 3;

type Calls = BTreeMap<Key, BTreeMap<String, Vec<f64>>>;

/// How many times as long calls with the same arguments take now, in the middle of them, for each handler of which enough
/// is known. Of a handler only those calls are compared that take at least so many nanoseconds now.
pub fn ratios(wanted: &[(Key, f64)], telemetry: &Telemetry) -> BTreeMap<Key, f64> {
    if wanted.is_empty() {
        return BTreeMap::new();
    }
    let handlers: &[Key] = &wanted.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
    let names: Vec<&str> = handlers.iter().map(|key| key.handler.as_str()).collect();
    let before = calls(handlers, telemetry.baseline_spans_as(&names));
    let now = calls(handlers, telemetry.spans_mentioning(&names));
    let of_handler = |key: &Key, least: f64| {
        let (before, now) = (before.get(key)?, now.get(key)?);
        let slow = now.iter().filter(|(_, now)| median(now) >= least);
        let shared = slow.filter_map(|(args, now)| Some(median(now) / median(before.get(args)?).max(1.0)));
        let shared: Vec<f64> = shared.collect();
        (shared.len() >= ENOUGH).then(|| median(&shared))
    };
    wanted.iter().filter_map(|(key, least)| Some((key.clone(), of_handler(key, *least)?))).collect()
}

fn calls(handlers: &[Key], spans: impl Iterator<Item = Result<Span, ReadError>>) -> Calls {
    let mut all: Calls = handlers.iter().map(|key| (key.clone(), BTreeMap::new())).collect();
    let mut unread = Unread::default();
    for span in spans.filter_map(|span| unread.keep(span)).filter(|span| span.status != "error") {
        let key = Key { service: span.service.clone(), handler: span.handler.clone(), path: span.path.clone() };
        let (Some(calls), Some(args)) = (all.get_mut(&key), span.text("thymus.args")) else { continue };
        if calls.len() < MOST_DIFFERENT || calls.contains_key(args) {
            let times = calls.entry(args.to_owned()).or_default();
            if times.len() < MOST_CALLS {
                times.push(float(span.duration_ns));
            }
        }
    }
    all
}
