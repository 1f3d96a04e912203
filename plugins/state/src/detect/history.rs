//! What calls change now, and whether they did so in better times. thymus counts both in `handlers.json` and
//! `baseline.json`; recorders may write the arguments after a call always, or only where they differ, and which it is
//! can be told from the counts.

use std::collections::BTreeSet;

use thymus_sdk::Failure;
use thymus_sdk::telemetry::{Handler, Handlers, StateCounts, Telemetry};

use crate::change::What;
use crate::declared::{Declared, Ruling};

/// Fewer calls then are no history.
const LEAST_CALLS: u64 = 5;
/// So unlikely it must be that nothing was seen then by chance alone.
const SIGNIFICANCE: f64 = 0.01;
/// A handler whose repeated calls differ less often than this is told nothing of.
const LEAST_DIFFERING: f64 = 0.05;

/// The window and its baseline.
pub struct Histories {
    window: Handlers,
    baseline: Option<Handlers>,
    /// The arguments after a call were written for every captured call.
    always: bool,
}

/// How often, of how many calls, now and then.
#[derive(Clone, Debug, PartialEq)]
pub struct Counts {
    /// Calls that changed it.
    pub now: u64,
    /// Of so many.
    pub of: u64,
    /// The same in the baseline, where that knows the handler and its calls.
    pub then: Option<(u64, u64)>,
    /// What the project declares of it.
    pub declared: Ruling,
}

impl Counts {
    /// Whether the project allows it, or better times were the same, so that nobody minds.
    pub fn was_so(&self) -> bool {
        match self.declared {
            Ruling::Allowed => true,
            Ruling::Forbidden(_) => false,
            Ruling::None => self.then.is_some_and(|(changed, _)| changed > 0),
        }
    }

    /// How likely the baseline would show none of it if calls then had done what they do now; none where it does show
    /// some, or has too few calls.
    pub fn chance(&self) -> Option<f64> {
        let (changed, of) = self.then?;
        if changed > 0 || of < LEAST_CALLS || self.of == 0 {
            return None;
        }
        let share = float(self.now.min(self.of)) / float(self.of);
        let chance = (1.0 - share).powi(i32::try_from(of).unwrap_or(i32::MAX));
        (chance < SIGNIFICANCE).then_some(chance)
    }
}

impl Histories {
    /// Reads both.
    pub fn read(telemetry: &Telemetry) -> Result<Self, Failure> {
        let window = telemetry.handlers()?;
        let unchanged = |state: &StateCounts| {
            let arguments = state.changed.iter().filter(|changed| argument(&changed.name).is_some());
            state.compared > arguments.map(|changed| changed.count).sum()
        };
        let always = window.handlers.iter().filter_map(|handler| handler.state.as_ref()).any(unchanged);
        Ok(Self { window, baseline: telemetry.baseline()?, always })
    }

    /// The handlers of the window.
    pub fn handlers(&self) -> impl Iterator<Item = &Handler> {
        self.window.handlers.iter()
    }

    /// What the calls of a handler change.
    pub fn changes(&self, handler: &Handler, declared: &Declared) -> Vec<(What, Counts)> {
        let Some(state) = &handler.state else { return Vec::new() };
        let before = self
            .baseline
            .as_ref()
            .and_then(|baseline| baseline.find(&handler.service, &handler.handler, handler.path.as_deref()));
        let mut changes = Vec::new();
        let mut names = BTreeSet::new();
        for changed in state.changed.iter().filter(|changed| names.insert(&changed.name)) {
            let what = argument(&changed.name).map_or_else(|| What::State(changed.name.clone()), What::Argument);
            let calls = |one: &Handler, state: &StateCounts| match what {
                What::Argument(_) if self.always => state.compared,
                What::Argument(_) => state.captured,
                _ => one.count,
            };
            let then = before.and_then(|before| Some((before, before.state.as_ref()?))).map(|(before, state)| {
                let known = state.changed.iter().find(|known| known.name == changed.name);
                (known.map_or(0, |known| known.count), calls(before, state))
            });
            let (of, declared) = (calls(handler, state), declared.of(handler, &what));
            changes.push((what, Counts { now: changed.count, of, then, declared }));
        }
        if float(state.differed) > LEAST_DIFFERING * float(state.repeated) {
            let then = before.and_then(|before| before.state.as_ref()).map(|state| (state.differed, state.repeated));
            let declared = declared.of(handler, &What::Results);
            changes.push((What::Results, Counts { now: state.differed, of: state.repeated, then, declared }));
        }
        changes
    }
}

/// The argument that a name means: `args[0]`, `args.lines`.
fn argument(name: &str) -> Option<String> {
    let rest = name.strip_prefix("args")?;
    let inner = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).or_else(|| rest.strip_prefix('.'))?;
    (!inner.is_empty()).then(|| inner.to_owned())
}

#[allow(clippy::cast_precision_loss)] // counts
fn float(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(now: u64, of: u64, then: Option<(u64, u64)>) -> Counts {
        Counts { now, of, then, declared: Ruling::None }
    }

    #[test]
    fn only_enough_calls_without_it_are_a_history() {
        assert!(counts(9, 10, Some((0, 5))).chance().unwrap() < 0.001);
        assert_eq!(counts(9, 10, Some((0, 4))).chance(), None);
        assert_eq!(counts(1, 100, Some((0, 100))).chance(), None, "by chance it is seen so rarely");
        assert!(counts(1, 10, Some((0, 100))).chance().is_some());
        assert_eq!(counts(9, 10, Some((1, 100))).chance(), None);
        assert_eq!(counts(9, 10, None).chance(), None);
        assert!(counts(9, 10, Some((1, 100))).was_so());
    }

    #[test]
    fn names_tell_arguments_from_state() {
        assert_eq!(argument("args[0]").as_deref(), Some("0"));
        assert_eq!(argument("args.lines").as_deref(), Some("lines"));
        assert_eq!(argument("argsort"), None);
        assert_eq!(argument("store.tags"), None);
    }
}
