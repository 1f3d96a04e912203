//! Under what a handler runs in production: a handler that tests reach, or a page that tests ask for, runs it in the tests
//! too, as far as anybody can tell without running them.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use thymus_sdk::telemetry::{Handler, Telemetry};

use crate::code::Language;
use crate::reach::asks_for;

/// Spans that are remembered; of longer windows the rest is not looked at.
const MOST_SPANS: usize = 1_000_000;
/// Spans of one handler whose callers are looked up.
const MOST_OF_ONE: usize = 2_000;
/// Traces nest no deeper.
const DEEPEST: usize = 64;

/// What is needed of a span.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Lean {
    trace_id: String,
    span_id: String,
    parent_span_id: Option<String>,
    handler: String,
    path: Option<String>,
    service: String,
    attributes: Attributes,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Attributes {
    #[serde(rename = "http.route")]
    route: Option<String>,
    #[serde(rename = "code.line.number")]
    line: Option<u32>,
}

/// Keeps of the open handlers those under which no reached handler and no page of a test ever stood; and says on which
/// line telemetry has them, by name and file.
pub fn retain_uncalled(
    open: &mut Vec<(Handler, String, Language)>,
    telemetry: &Telemetry,
    pages: &std::collections::BTreeSet<String>,
    is_reached: &mut dyn FnMut(&str, Option<&str>) -> bool,
) -> BTreeMap<(String, String), u32> {
    let mut lines = BTreeMap::new();
    if open.is_empty() {
        return lines;
    }
    let mut known: HashMap<(String, Option<String>), bool> = HashMap::new();
    let mut routes: HashMap<String, bool> = HashMap::new();
    // Each span by a hash of its ids: its caller, and whether it is reached itself.
    let mut spans: HashMap<u64, (Option<u64>, bool)> = HashMap::new();
    let places: HashMap<(String, String, Option<String>), usize> = open
        .iter()
        .enumerate()
        .map(|(at, (handler, ..))| ((handler.service.clone(), handler.handler.clone(), handler.path.clone()), at))
        .collect();
    let mut of_open: Vec<Vec<u64>> = open.iter().map(|_| Vec::new()).collect();
    for span in telemetry.spans_as::<Lean>(&[]).flatten().take(MOST_SPANS) {
        let (Some(id), parent) = (number(&span.trace_id, &span.span_id), span.parent_span_id.as_deref()) else {
            continue;
        };
        let key = (span.service, span.handler, span.path);
        let reached = if let Some(at) = places.get(&key).copied() {
            if of_open[at].len() < MOST_OF_ONE {
                of_open[at].push(id);
            }
            if let Some(line) = span.attributes.line {
                lines.entry((open[at].0.handler.clone(), open[at].1.clone())).or_insert(line);
            }
            false
        } else if let Some(route) = span.attributes.route {
            *routes.entry(route).or_insert_with_key(|route| asks_for(pages, route))
        } else {
            let key = (key.1, key.2);
            *known.entry(key).or_insert_with_key(|(handler, path)| is_reached(handler, path.as_deref()))
        };
        spans.insert(id, (parent.and_then(|parent| number(&span.trace_id, parent)), reached));
    }
    let mut at = 0;
    open.retain(|_| {
        let called = of_open[at].iter().any(|id| is_under_reached(*id, &spans));
        at += 1;
        !called
    });
    lines
}

fn is_under_reached(id: u64, spans: &HashMap<u64, (Option<u64>, bool)>) -> bool {
    let mut next = spans.get(&id).and_then(|(parent, _)| *parent);
    for _ in 0..DEEPEST {
        let Some((parent, reached)) = next.and_then(|id| spans.get(&id)) else { return false };
        if *reached {
            return true;
        }
        next = *parent;
    }
    false
}

/// A span as a number: ids are random, so their bits do for a hash.
fn number(trace: &str, span: &str) -> Option<u64> {
    let trace = u64::from_str_radix(trace.get(16..32)?, 16).ok()?;
    Some(u64::from_str_radix(span, 16).ok()? ^ trace.rotate_left(17))
}
