//! What captured calls say of state: which arguments a call changed, which state it says it changed, and whether the
//! same call gave another result than before. Only counts; whether a change is allowed is for a plugin to say.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher as _, RandomState};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::baseline::HandlerNumber;
use super::normal::cut;

/// Names of changed arguments and state that are told apart in one handler.
const NAMES: usize = 16;
const NAME_BYTES: usize = 256;
/// Calls whose result is remembered, over all handlers.
const REMEMBERED: usize = 250_000;
/// The event that says what a call changed.
const MUTATION: &str = "thymus.state.mutation";

/// How a handler's captured calls treated state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StateCounts {
    /// Executions with their arguments.
    captured: u64,
    /// Those of them with their arguments as they were at the end.
    compared: u64,
    /// How many executions changed what.
    #[serde(default)]
    changed: Vec<Changed>,
    /// Executions with the arguments of an earlier one, where both gave a result.
    repeated: u64,
    /// Those of them with another result than the earliest.
    differed: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Changed {
    name: String,
    count: u64,
}

/// What one execution says.
pub(super) struct Captured {
    compared: bool,
    changed: BTreeSet<String>,
    repeated: Option<bool>,
}

impl StateCounts {
    pub(super) fn is_empty(&self) -> bool {
        self.captured == 0 && self.changed.is_empty()
    }

    pub(super) fn add(&mut self, call: &Captured) {
        self.captured += 1;
        self.compared += u64::from(call.compared);
        self.repeated += u64::from(call.repeated.is_some());
        self.differed += u64::from(call.repeated == Some(true));
        for name in &call.changed {
            self.add_changed(name, 1);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in [
            (&mut self.captured, other.captured),
            (&mut self.compared, other.compared),
            (&mut self.repeated, other.repeated),
            (&mut self.differed, other.differed),
        ] {
            *mine = mine.saturating_add(theirs);
        }
        for changed in &other.changed {
            self.add_changed(&changed.name, changed.count);
        }
    }

    fn add_changed(&mut self, name: &str, count: u64) {
        let room = self.changed.len() < NAMES;
        match self.changed.iter_mut().find(|known| known.name == name) {
            Some(known) => known.count = known.count.saturating_add(count),
            None if room => self.changed.push(Changed { name: name.to_owned(), count }),
            None => {}
        }
    }
}

/// Remembers results, so that the same call can be told to give another one.
#[derive(Default)]
pub(super) struct Repeats {
    results: HashMap<u64, u64>,
    hasher: RandomState,
}

impl Repeats {
    /// What an execution says of state; none where nothing of it was captured.
    pub(super) fn observe<'a>(
        &mut self,
        handler: HandlerNumber,
        attributes: &Map<String, Value>,
        events: impl Iterator<Item = (&'a str, &'a Map<String, Value>)>,
    ) -> Option<Captured> {
        let text = |key: &str| attributes.get(key).and_then(Value::as_str);
        let mut changed: BTreeSet<String> = events
            .filter(|(name, _)| *name == MUTATION)
            .filter_map(|(_, attributes)| attributes.get("thymus.state.name")?.as_str())
            .map(|name| cut(name, NAME_BYTES).to_owned())
            .take(NAMES)
            .collect();
        let args = text("thymus.args");
        if args.is_none() && changed.is_empty() {
            return None;
        }
        let after = text("thymus.args.after");
        if let (Some(before), Some(after)) = (args, after) {
            changed.extend(changed_args(before, after));
        }
        let repeated = args.zip(text("thymus.result")).and_then(|(args, result)| self.repeats(handler, args, result));
        Some(Captured { compared: args.is_some() && after.is_some(), changed, repeated })
    }

    /// Whether an earlier call with these arguments gave another result; none where there was no earlier one.
    fn repeats(&mut self, handler: HandlerNumber, args: &str, result: &str) -> Option<bool> {
        let room = self.results.len() < REMEMBERED;
        let result = self.hasher.hash_one(result);
        match self.results.entry(self.hasher.hash_one((handler, args))) {
            Entry::Occupied(earliest) => Some(*earliest.get() != result),
            Entry::Vacant(place) => {
                if room {
                    place.insert(result);
                }
                None
            }
        }
    }
}

/// The names of the arguments that differ: `args[0]` of a list, `args.name` of an object.
fn changed_args(before: &str, after: &str) -> Vec<String> {
    if before == after {
        return Vec::new();
    }
    let parsed = |text: &str| serde_json::from_str::<Value>(text).ok();
    let (Some(before), Some(after)) = (parsed(before), parsed(after)) else { return Vec::new() };
    match (before, after) {
        (Value::Array(before), Value::Array(after)) => {
            let pairs = before.iter().zip(&after).enumerate();
            pairs.filter(|(_, (a, b))| a != b).map(|(at, _)| format!("args[{at}]")).take(NAMES).collect()
        }
        (Value::Object(before), Value::Object(after)) => {
            let after: BTreeMap<&String, &Value> = after.iter().collect();
            let differs = |(name, value): &(&String, &Value)| after.get(*name).is_some_and(|other| other != value);
            before
                .iter()
                .filter(differs)
                .map(|(name, _)| format!("args.{}", cut(name, NAME_BYTES)))
                .take(NAMES)
                .collect()
        }
        _ => Vec::new(),
    }
}
