//! From a slow handler to the constructs that cost, in the contract's terms.

use thymus_sdk::host::{Level, log};
use thymus_sdk::source::Source;
use thymus_sdk::wording::{EXPLANATION, cut, one_line};
use thymus_sdk::{Diagnosis, Failure, Finding, Location};

use crate::cost::{Cost, UNKNOWN};
use crate::language::Language;
use crate::slowdown::Slowdown;
use crate::{javascript, notes, python};

/// The most related places that the contract allows.
const MOST_RELATED: usize = 16;

/// The likeliest cause of a finding of this plugin; the handler itself when nothing in it or in what it runs is
/// known to cost; none when its code is not found.
pub fn diagnose(finding: &Finding, source: &Source) -> Result<Option<Diagnosis>, Failure> {
    let slowdown = notes::slowdown(finding)?;
    let mut costs = costs(&slowdown, source);
    costs.sort_by(|a, b| {
        b.weight.total_cmp(&a.weight).then_with(|| (&a.path, a.start, &a.rule).cmp(&(&b.path, b.start, &b.rule)))
    });
    // The same place by two rules is the first one's.
    let mut seen = Vec::new();
    costs.retain(|cost| {
        let place = (cost.path.clone(), cost.start, cost.end);
        let new = !seen.contains(&place);
        seen.push(place);
        new
    });
    if costs.len() > 1 {
        costs.retain(|cost| cost.rule != UNKNOWN);
    }
    costs.truncate(MOST_RELATED + 1);
    let Some(first) = costs.first() else {
        log(Level::Info, &format!("{}: its code was not found", finding.title));
        return Ok(None);
    };
    let Some(location) = place(first, source) else {
        return Err(Failure::Failed(format!("rule {} names a place that is not in {:?}", first.rule, first.path)));
    };
    let next = costs.get(1).map_or(0.0, |cost| cost.weight);
    Ok(Some(Diagnosis {
        location,
        explanation: cut(&explanation(first, &slowdown), EXPLANATION),
        confidence: confidence(first.weight, next),
        related: costs.iter().skip(1).filter_map(|cost| place(cost, source)).collect(),
        notes: notes::of_costs(costs),
    }))
}

/// What costs, by the language of the handler's file.
fn costs(slowdown: &Slowdown, source: &Source) -> Vec<Cost> {
    match slowdown.path.as_deref().and_then(Language::of) {
        Some(Language::Javascript) => javascript::costs(slowdown, source),
        Some(Language::Python) => python::costs(slowdown, source),
        None => Vec::new(),
    }
}

fn explanation(cost: &Cost, slowdown: &Slowdown) -> String {
    let more = if slowdown.more_calls {
        " The handlers that it calls are as fast as before; it calls them more often."
    } else {
        ""
    };
    format!("{} `{}` runs it.{more}", cost.explanation, one_line(&slowdown.handler, 200))
}

/// A heavy construct that stands alone is likely the cause; of several alike, one is.
fn confidence(weight: f64, next: f64) -> f64 {
    if weight < 0.1 {
        return 0.3;
    }
    let apart = ((weight - next) / weight.max(0.01)).clamp(0.0, 1.0);
    (0.45 + 0.25 * weight.min(1.0) + 0.3 * apart).clamp(0.0, 0.95)
}

fn place(cost: &Cost, source: &Source) -> Option<Location> {
    let text = source.text(&cost.path).ok()?;
    text.content.get(cost.start..cost.end).map(|_| text.location(cost.start..cost.end))
}
