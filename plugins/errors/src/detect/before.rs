//! What the calls that fail now did in better times: the very same arguments, in the sample of the baseline. Nothing says
//! better what a repair must bring back.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use thymus_sdk::telemetry::{Span, Telemetry};

use super::Unread;
use super::calls::LONGEST;
use super::groups::Group;
use crate::exception::{Before, Call, Outcome};

/// The most calls of better times that are kept beside those of the window, for their likeness.
const MOST_LIKE: usize = 16;
/// The most spans of the baseline that are looked at.
const MOST_LOOKED_AT: usize = 200_000;

/// A handler whose calls are looked for, in whatever service it ran then.
type Handler = (String, Option<String>);

/// Gives each group what its failed calls did before, and calls of its handler that returned then.
pub fn add(mut groups: Vec<&mut Group>, telemetry: &Telemetry) {
    let mut known: BTreeMap<Handler, Known> = BTreeMap::new();
    for group in &groups {
        if let Some(handler) = handler_of(group) {
            let wanted = group.failed.iter().map(|call| call.args.to_string());
            known.entry(handler).or_default().wanted.extend(wanted);
        }
    }
    if known.is_empty() {
        return;
    }
    let names: Vec<String> = known.keys().map(|(name, _)| name.clone()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut unread = Unread::default();
    let spans = telemetry.baseline_spans_as::<Span>(&names).take(MOST_LOOKED_AT);
    for span in spans.filter_map(|span| unread.keep(span)) {
        if let Some(known) = known.get_mut(&(span.handler.clone(), span.path.clone())) {
            known.take_in(&span);
        }
    }
    for group in &mut groups {
        let Some(known) = handler_of(group).and_then(|handler| known.get(&handler)) else { continue };
        let before = group.failed.iter().filter_map(|call| known.of(call));
        group.before = before.collect();
        let more = known.returned.values().filter(|call| !group.returned.contains(call)).cloned();
        let more: Vec<Call> = more.take(MOST_LIKE.saturating_sub(group.returned.len())).collect();
        group.returned.extend(more);
    }
}

fn handler_of(group: &Group) -> Option<Handler> {
    group.handler.as_ref().map(|handler| (handler.key.handler.clone(), handler.key.path.clone()))
}

/// What the baseline tells of one handler.
#[derive(Default)]
struct Known {
    wanted: BTreeSet<String>,
    /// By arguments; none where two calls of the same arguments differed.
    outcomes: BTreeMap<String, Option<Outcome>>,
    /// By length and text of the arguments.
    returned: BTreeMap<(usize, String), Call>,
}

impl Known {
    fn take_in(&mut self, span: &Span) {
        let Some(args) = span.args() else { return };
        let text = args.to_string();
        let thrown = span.events.iter().find(|event| event.name == "exception");
        let failed = span.status == "error" || thrown.is_some();
        let outcome = match (thrown, span.result()) {
            (Some(event), _) => {
                let said = |key: &str| event.attributes.get(key).and_then(Value::as_str).unwrap_or_default();
                let kind = said("exception.type");
                let kind = kind.rsplit(['.', ':', '/']).next().unwrap_or(kind).to_owned();
                (!kind.is_empty()).then(|| Outcome::Threw { kind, message: said("exception.message").to_owned() })
            }
            (None, Some(result)) if !failed => Some(Outcome::Returned(result)),
            (None, _) => None,
        };
        // Without a result nobody knows what it did.
        let Some(outcome) = outcome else { return };
        if self.wanted.contains(&text) {
            self.outcomes
                .entry(text)
                .and_modify(|known| *known = known.take().filter(|known| *known == outcome))
                .or_insert(Some(outcome));
        } else if let Outcome::Returned(result) = outcome {
            let length = text.len() + result.to_string().len();
            if length <= LONGEST {
                self.returned.entry((length, text)).or_insert(Call { args, result: Some(result) });
                if self.returned.len() > MOST_LIKE {
                    self.returned.pop_last();
                }
            }
        }
    }

    fn of(&self, call: &Call) -> Option<Before> {
        let outcome = self.outcomes.get(&call.args.to_string())?.clone()?;
        let fits = match &outcome {
            Outcome::Returned(result) => result.to_string().len() <= LONGEST,
            Outcome::Threw { message, .. } => message.len() <= LONGEST,
        };
        fits.then(|| Before { args: call.args.clone(), outcome })
    }
}
