//! Captured calls of the handlers at fault that returned: in better times, and in this window. They say what a repaired
//! handler gives.

use thymus_sdk::telemetry::{Span, Telemetry};

use super::sightings::{HandlerKey, Meeting, Seen, keep};
use crate::notes::Call;

/// The most spans that are looked at.
const MOST_READ: usize = 200_000;
/// A longer result is no example.
const LONGEST: usize = 16 << 10;

/// Adds them to the handler in which each fault was met most.
pub fn add_returned<'m>(meetings: impl Iterator<Item = &'m mut Meeting>, telemetry: &Telemetry) {
    let mut wanted: Vec<(HandlerKey, &mut Seen)> = meetings
        .filter_map(|meeting| {
            let key = meeting.most()?.clone();
            let seen = meeting.handlers.get_mut(&key)?;
            (!seen.failed.is_empty()).then_some((key, seen))
        })
        .collect();
    if wanted.is_empty() {
        return;
    }
    let names: Vec<String> = wanted.iter().map(|(key, _)| key.name.clone()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let before = telemetry.baseline_spans_as::<Span>(&names);
    for span in before.chain(telemetry.spans_mentioning(&names)).flatten().take(MOST_READ) {
        let Some(call) = returned(&span) else { continue };
        let is_its =
            |key: &HandlerKey| key.name == span.handler && key.service == span.service && key.path == span.path;
        for (_, seen) in wanted.iter_mut().filter(|(key, _)| is_its(key)) {
            add(seen, call.clone());
        }
    }
    // Calls of which the result is known come first.
    for (_, seen) in &mut wanted {
        let Seen { failed, returned, .. } = &mut **seen;
        failed.sort_by_key(|call| !returned.iter().any(|known| known.args == call.args));
    }
}

fn returned(span: &Span) -> Option<Call> {
    if span.status == "error" {
        return None;
    }
    let (args, result) = (span.args()?, span.result()?);
    (result.to_string().len() <= LONGEST).then_some(Call { args, result: Some(result) })
}

/// What failed now and returned then says most.
fn add(seen: &mut Seen, call: Call) {
    let is_counterpart = seen.failed.iter().any(|failed| failed.args == call.args);
    if is_counterpart && !seen.returned.iter().any(|known| known.args == call.args) {
        seen.returned.insert(0, call);
        seen.returned.truncate(16);
    } else if !is_counterpart {
        keep(&mut seen.returned, call);
    }
}
