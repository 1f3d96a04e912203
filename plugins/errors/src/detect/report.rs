//! A group and its verdict in the contract's terms.

use thymus_sdk::wording::{TITLE, one_line};
use thymus_sdk::{Capability, Evidence, Finding, Subject};

use super::groups::Group;
use super::judge::{Compared, Then, Verdict};
use crate::exception::{Call, Exception};
use crate::notes;

/// The most bytes of notes; the contract allows 256 KiB.
const LONGEST_NOTES: usize = 128 << 10;

/// The finding.
pub fn finding(group: Group, verdict: &Verdict) -> Finding {
    let fingerprint = group.fingerprint();
    let evidence = evidence(&group, verdict);
    let exception = group.exception();
    let title = format!("{} in {}: {}", exception.kind, exception.handler, exception.message);
    Finding {
        capability: Capability::Error,
        rule: verdict.rule.to_owned(),
        title: one_line(&title, TITLE),
        subject: subject(&exception),
        severity: verdict.severity,
        confidence: verdict.confidence,
        evidence,
        fingerprint,
        notes: notes::of_exception(fitting(exception)),
    }
}

/// The handler, and the line of it that the stack trace names; where it was thrown deeper, the frame that led there.
fn subject(exception: &Exception) -> Subject {
    let innermost = exception.frames.first();
    let path = exception.handler_path.clone().or_else(|| innermost.map(|frame| frame.path.clone()));
    let frame = exception.frames.iter().find(|frame| Some(&frame.path) == path.as_ref());
    let line = frame.map(|frame| frame.line).or(exception.handler_line.filter(|line| *line > 0));
    Subject { handler: exception.handler.clone(), path, line }
}

fn evidence(group: &Group, verdict: &Verdict) -> Vec<Evidence> {
    let traces = || group.traces.iter().map(String::as_str);
    let mut evidence = vec![measured(group, verdict).traces(traces())];
    if let Some(frame) = group.frames.first() {
        let function = frame.function.as_deref().map(|function| format!(" in {function}")).unwrap_or_default();
        let place = format!("{}:{}{function}", frame.path, frame.line);
        let said = format!("{}: {}", group.key.kind, group.message);
        evidence.push(Evidence::of(&one_line(&format!("Thrown at {place}: {said}"), 1000)));
    }
    if let Some(call) = group.failed.first() {
        let args = one_line(&call.args.to_string(), 500);
        let count = group.failed.len();
        evidence
            .push(Evidence::of(&format!("Captured calls that failed: {count} different ones, the smallest {args}")));
    }
    if !group.elsewhere.is_empty() {
        let others: Vec<_> = group.elsewhere.iter().take(8).map(|(name, count)| format!("{name} ({count})")).collect();
        evidence.push(Evidence::of(&one_line(&format!("Also in {}", others.join(", ")), 1000)));
    }
    evidence
}

/// How often, of how many, and against what.
fn measured(group: &Group, verdict: &Verdict) -> Evidence {
    let handler = one_line(&group.handler_name(), 200);
    let kind = one_line(&group.key.kind, 200);
    let happened = match verdict.calls {
        Some(calls) => format!("{kind} ended {} of {calls} calls of {handler}", group.in_handler),
        None => format!("{kind} was recorded {} times in {handler}", group.count),
    };
    let compared = match &verdict.compared {
        Compared::NoBaseline => "there is no baseline to compare with".to_owned(),
        Compared::UnknownHandler => "the baseline does not know that handler".to_owned(),
        Compared::Numbers { then, chance } => format!("in the baseline {} ({})", before(*then), test(*chance)),
        Compared::Together { then, errors_now, chance } => format!(
            "all of them together have risen to {errors_now}, while in the baseline {}, and it does not say which ({})",
            before(*then),
            test(*chance)
        ),
        Compared::Elsewhere { then, chance } => {
            let Then { calls, errors, .. } = then;
            format!("only in the log; the baseline's log has {errors}, of {calls} spans ({})", test(*chance))
        }
    };
    let mut evidence = Evidence::of(&format!("{happened}; {compared}"))
        .measure("exceptions", float(group.count), "{exception}")
        .measure("exceptions per hour", verdict.per_hour, "{exception}/h");
    if let Some(calls) = verdict.calls {
        let share = float(group.in_handler) / float(calls);
        evidence = evidence.measure("calls", float(calls), "{call}").measure("share of calls", share, "1");
    }
    if let Compared::Numbers { then, chance } | Compared::Together { then, chance, .. } = verdict.compared {
        evidence = evidence
            .measure("baseline calls", float(then.calls), "{call}")
            .measure("baseline errors", float(then.errors), "{call}")
            .measure("p", chance, "1");
    }
    evidence
}

fn before(then: Then) -> String {
    let Then { calls, errors, of_class } = then;
    match errors {
        0 => format!("none of {calls} did"),
        _ if of_class => format!("{errors} of {calls} did"),
        _ => format!("{errors} of {calls} failed, with whatever"),
    }
}

fn test(chance: f64) -> String {
    let shown = if chance < 0.0001 { format!("{chance:.0e}") } else { format!("{chance:.4}") };
    format!("one-sided Fisher's exact test: p = {shown}")
}

/// With only so many calls as notes have room for; the small ones stand first.
fn fitting(mut exception: Exception) -> Exception {
    let mut room = LONGEST_NOTES;
    let mut fits = |length: usize| {
        room = room.saturating_sub(length);
        room > 0
    };
    let length = |call: &Call| serde_json::to_string(call).map_or(usize::MAX, |text| text.len());
    exception.failed.retain(|call| fits(length(call)));
    exception.before.retain(|before| fits(serde_json::to_string(before).map_or(usize::MAX, |text| text.len())));
    exception.returned.retain(|call| fits(length(call)));
    exception
}

#[allow(clippy::cast_precision_loss)] // counts
fn float(value: u64) -> f64 {
    value as f64
}
