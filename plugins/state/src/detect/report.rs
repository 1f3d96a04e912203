//! A change and its verdict in the contract's terms.

use thymus_sdk::wording::{TITLE, one_line};
use thymus_sdk::{Capability, Evidence, Finding, Subject};

use super::Candidate;
use super::judge::{Verdict, share};
use crate::change::{Call, Change, What};
use crate::code::Look;
use crate::declared::Ruling;
use crate::notes;

/// The most bytes of calls in notes; the contract allows 256 KiB for all of it.
const LONGEST_CALLS: usize = 96 << 10;

/// The finding.
pub fn finding(candidate: Candidate, look: Option<&Look>, verdict: &Verdict) -> Finding {
    let fingerprint = fingerprint(&candidate);
    let evidence = evidence(&candidate, look, verdict);
    let change = candidate.change;
    let title = format!("{} {}", change.handler, does(&change.what));
    Finding {
        capability: Capability::State,
        rule: verdict.rule.to_owned(),
        title: one_line(&title, TITLE),
        subject: Subject { handler: change.handler.clone(), path: Some(change.path.clone()), line: change.line },
        severity: verdict.severity,
        confidence: verdict.confidence,
        evidence,
        fingerprint,
        notes: notes::of_change(fitting(change)),
    }
}

/// The same tomorrow.
pub fn fingerprint(candidate: &Candidate) -> String {
    let change = &candidate.change;
    one_line(&format!("state {} {} {}", change.path, change.handler, does(&change.what)), 512)
}

/// What it does, as a predicate.
pub fn does(what: &What) -> String {
    match what {
        What::Argument(name) if name.parse::<usize>().is_ok() => format!("changes its argument {name}"),
        What::Argument(name) => format!("changes its argument `{name}`"),
        What::State(name) => format!("changes `{name}`"),
        What::Results => "gives another result for the same call".to_owned(),
    }
}

fn evidence(candidate: &Candidate, look: Option<&Look>, verdict: &Verdict) -> Vec<Evidence> {
    let mut evidence = vec![measured(candidate, verdict).traces(candidate.traces.iter().map(String::as_str))];
    if let Ruling::Forbidden(said) = &candidate.counts.declared {
        evidence.push(Evidence::of(&one_line(said, 1000)));
    }
    if let Some(look) = look {
        for writer in look.writers.iter().take(4) {
            evidence.push(Evidence::of(&one_line(&format!("Written in {}: {}", writer.path, writer.how), 1000)));
        }
        evidence.extend(look.against.iter().take(4).map(|said| Evidence::of(&one_line(said, 1000))));
        evidence.extend(look.purpose.iter().map(|said| Evidence::of(&one_line(&format!("But {said}"), 1000))));
    }
    if let Some(Call { args, after, .. }) = candidate.change.calls.first() {
        let args = one_line(&args.to_string(), 500);
        let after = after.as_ref().map(|after| format!(", at its end {}", one_line(&after.to_string(), 500)));
        evidence.push(Evidence::of(&format!("The smallest such call had {args}{}", after.unwrap_or_default())));
    }
    evidence
}

fn measured(candidate: &Candidate, verdict: &Verdict) -> Evidence {
    let counts = &candidate.counts;
    let handler = one_line(&candidate.change.handler, 200);
    let calls = if candidate.change.what == What::Results { "repeated calls" } else { "calls" };
    let now = format!("{} of {} {calls} of {handler} did so", counts.now, counts.of);
    let then = match (counts.then, verdict.chance) {
        (Some((changed, of)), Some(chance)) => {
            format!(
                "in the baseline {changed} of {of} (if calls then had done the same, the chance of that is {chance:.0e})"
            )
        }
        (Some((changed, of)), None) => format!("in the baseline {changed} of {of}"),
        (None, _) => "the baseline says nothing of it".to_owned(),
    };
    let does = does(&candidate.change.what);
    let mut evidence = Evidence::of(&format!("It {does}: {now}; {then}"))
        .measure("calls that do", float(counts.now), "{call}")
        .measure("calls", float(counts.of), "{call}")
        .measure("share of calls", share(counts.now, counts.of), "1");
    if let Some((changed, of)) = counts.then {
        evidence = evidence.measure("baseline calls that did", float(changed), "{call}").measure(
            "baseline calls",
            float(of),
            "{call}",
        );
    }
    match verdict.chance {
        Some(chance) => evidence.measure("p", chance, "1"),
        None => evidence,
    }
}

/// With only so many calls as notes have room for; the small ones stand first.
fn fitting(mut change: Change) -> Change {
    let mut room = LONGEST_CALLS;
    change.calls.retain(|call| {
        room = room.saturating_sub(serde_json::to_string(call).map_or(usize::MAX, |text| text.len()));
        room > 0
    });
    change
}

#[allow(clippy::cast_precision_loss)] // counts
fn float(value: u64) -> f64 {
    value as f64
}
