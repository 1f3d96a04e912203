//! Captured calls: from them a repair's regression test is written. Small ones make better tests, different ones show
//! what the handler gets; neither may grow without bound.

use std::collections::BTreeMap;

use serde_json::Value;
use thymus_sdk::telemetry::Telemetry;

use super::Unread;
use super::groups::Group;
use super::sightings::HandlerKey;
use crate::exception::Call;

/// The most failed calls of an exception.
pub const MOST_FAILED: usize = 8;
/// The most returned calls of a handler.
pub const MOST_RETURNED: usize = 16;
/// The longest call that is kept, in bytes of JSON: notes have 256 KiB for all of them.
pub const LONGEST: usize = 8 << 10;
/// How many returned calls of a handler are looked at.
const MOST_LOOKED_AT: u32 = 5_000;
/// What thymus and others put in place of a secret: such a call is not the one that was made.
const REDACTED: &str = "[redacted]";

/// The best of some calls.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    /// By whether something was taken out, by length, by text.
    best: BTreeMap<(bool, usize, String), Call>,
}

impl Calls {
    /// Takes in a call that ended with the exception.
    pub fn failed(&mut self, args: Option<Value>) {
        self.offer(args, None, MOST_FAILED);
    }

    fn offer(&mut self, args: Option<Value>, result: Option<Value>, most: usize) {
        let Some(args) = args else { return };
        let text = args.to_string();
        let length = text.len() + result.as_ref().map_or(0, |result| result.to_string().len());
        if length <= LONGEST {
            // What a length is can differ between two results of the same arguments; the shortest stays.
            self.best.entry((text.contains(REDACTED), text.len(), text)).or_insert(Call { args, result });
            if self.best.len() > most {
                self.best.pop_last();
            }
        }
    }

    /// Small ones first; those with something taken out only where there are no others.
    pub fn into_list(self) -> Vec<Call> {
        let redacted = self.best.first_key_value().is_some_and(|((redacted, ..), _)| *redacted);
        self.best.into_iter().filter(|((taken, ..), _)| *taken == redacted).map(|(_, call)| call).collect()
    }
}

/// Gives each group calls of its handler that returned.
pub fn add_returned(mut groups: Vec<&mut Group>, telemetry: &Telemetry) {
    let mut wanted: BTreeMap<HandlerKey, (u32, Calls)> = BTreeMap::new();
    for group in &groups {
        if let Some(handler) = &group.handler {
            wanted.entry(handler.key.clone()).or_default();
        }
    }
    if wanted.is_empty() {
        return;
    }
    let names: Vec<String> = wanted.keys().map(|key| key.handler.clone()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut unread = Unread::default();
    for span in telemetry.spans_mentioning(&names).filter_map(|span| unread.keep(span)) {
        if span.status == "error" || span.events.iter().any(|event| event.name == "exception") {
            continue;
        }
        let key = HandlerKey { service: span.service.clone(), handler: span.handler.clone(), path: span.path.clone() };
        let Some((looked_at, calls)) = wanted.get_mut(&key) else { continue };
        // A call without a result may have been refused: telemetry doesn't say.
        let Some(result) = span.result().filter(|_| *looked_at < MOST_LOOKED_AT) else { continue };
        *looked_at += 1;
        calls.offer(span.args(), Some(result), MOST_RETURNED);
    }
    for group in &mut groups {
        let calls = group.handler.as_ref().and_then(|handler| wanted.get(&handler.key));
        group.returned = calls.map_or_else(Vec::new, |(_, calls)| calls.clone().into_list());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_smallest_different_calls_are_kept() {
        let mut calls = Calls::default();
        for number in (0..40).rev() {
            calls.failed(Some(json!([number])));
            calls.failed(Some(json!([number])));
        }
        calls.failed(Some(json!(["x".repeat(LONGEST)])));
        let list = calls.into_list();
        assert_eq!(list.len(), MOST_FAILED);
        assert_eq!(list[0].args, json!([0]));
    }

    #[test]
    fn calls_with_something_taken_out_are_a_last_resort() {
        let mut calls = Calls::default();
        calls.failed(Some(json!([{"card": REDACTED}])));
        assert_eq!(calls.clone().into_list().len(), 1);
        calls.failed(Some(json!([{"card": "a much longer one, but whole"}])));
        let list = calls.into_list();
        assert_eq!(list.len(), 1);
        assert_eq!(list[0].args, json!([{"card": "a much longer one, but whole"}]));
    }
}
