//! Says what was found in the contract's terms.

use std::collections::BTreeSet;

use thymus_sdk::places::Places;
use thymus_sdk::wording::{TITLE, one_line};
use thymus_sdk::{Capability, Evidence, Finding, Severity, Subject};

use super::decide::{Ruling, share};
use super::documented::Kept;
use super::learned::Departure;
use super::seen::Seen;
use crate::deviation::Deviation;
use crate::disorder::{Disorder, Documented, Kind, Place, Verdict};
use crate::notes;
use crate::sequence::{Sequence, last_name};
use crate::traces::Name;

/// Beats of a run that are spelled out.
const MOST_TOLD: usize = 24;
/// Traces that the notes name for the fixer.
const MOST_TRACES: usize = 16;

/// A finding and what tells whether another is the same problem.
pub struct Report {
    pub finding: Finding,
    pub traces: BTreeSet<u128>,
    /// The share of the handler's runs that deviate.
    pub share: f64,
    pub is_documented: bool,
}

/// Of a documented sequence.
pub fn documented(
    sequence: &Sequence,
    deviation: Deviation,
    seen: &Seen,
    window: &Kept,
    ruling: &Ruling,
    places: &mut Places,
) -> Report {
    let place = |beat: u32| {
        let beat = &sequence.beats[beat as usize];
        Place { handler: beat.handler.clone(), path: beat.file.clone() }
    };
    let caller = seen.caller.as_ref().map(|name| in_source(name, places));
    let disorder = Disorder {
        caller: caller.filter(|caller| caller.path.is_some()),
        documented: Some(Documented {
            name: sequence.name.clone(),
            path: sequence.path.clone(),
            starts_with: sequence.starts_with.clone(),
        }),
        ..disorder(deviation, seen, ruling.verdict, place)
    };
    let told = told(&disorder);
    let title = match ruling.verdict {
        Verdict::Definition => format!("{} is documented otherwise than it always ran: {told}", sequence.name),
        Verdict::Code | Verdict::Unsure => format!("{}: {told}, against {}", sequence.name, sequence.path),
    };
    let subject = match (&disorder.caller, &sequence.starts_with) {
        (Some(caller), _) => Subject { handler: caller.handler.clone(), path: caller.path.clone(), line: None },
        (None, Some(start)) => Subject { handler: start.clone(), path: None, line: None },
        (None, None) => Subject { handler: disorder.beat.handler.clone(), path: None, line: None },
    };
    let severity = match ruling.verdict {
        Verdict::Code if !matches!(disorder.kind, Kind::Extra) => Severity::High,
        Verdict::Code | Verdict::Unsure => Severity::Medium,
        Verdict::Definition => Severity::Low,
    };
    let evidence = vec![
        counted(seen, window.runs, &told, &format!("the sequence {} of {}", sequence.name, sequence.path)),
        orders(&disorder),
        Evidence::of(&ruling.why),
    ];
    let fingerprint = format!("{} {} {}", disorder.kind.rule(), sequence.name, about(&disorder));
    let rule = if ruling.verdict == Verdict::Definition { "definition-outdated" } else { disorder.kind.rule() };
    Report {
        finding: finding(rule, &title, subject, severity, ruling.confidence, evidence, &fingerprint, disorder),
        traces: seen.traces.clone(),
        share: share(seen.runs, window.runs),
        is_documented: true,
    }
}

/// Of what better times showed.
pub fn learned(departure: &Departure, places: &mut Places) -> Report {
    let steps: Vec<Place> = departure.steps.iter().map(|name| in_source(name, places)).collect();
    let handler = in_source(&departure.handler, places);
    let seen = &departure.seen;
    let mut disorder = disorder(departure.deviation, seen, Verdict::Code, |step| steps[step as usize].clone());
    disorder.caller = Some(handler.clone());
    let told = told(&disorder);
    let severity = if share(seen.runs, departure.runs) >= 0.5 { Severity::Medium } else { Severity::Low };
    let rule = format!(
        "In better times it was never so, in {} runs of the baseline's sample that could show it; so many deviate now by \
         chance less than once in a thousand windows.",
        departure.support
    );
    let evidence = vec![
        counted(seen, departure.runs, &told, &handler.handler),
        orders(&disorder),
        Evidence::of(&rule).measure("supporting runs", float(departure.support), "{run}"),
    ];
    let title = format!("{}: {told}, which never was so before", handler.handler);
    let fingerprint = format!("{} {} {}", disorder.kind.rule(), handler.handler, about(&disorder));
    let subject = Subject { handler: handler.handler.clone(), path: handler.path.clone(), line: None };
    let confidence = (0.95 - 1.5 / float(departure.support.max(1))).max(0.5);
    Report {
        finding: finding(disorder.kind.rule(), &title, subject, severity, confidence, evidence, &fingerprint, disorder),
        traces: seen.traces.clone(),
        share: share(seen.runs, departure.runs),
        is_documented: false,
    }
}

fn disorder(deviation: Deviation, seen: &Seen, verdict: Verdict, place: impl Fn(u32) -> Place) -> Disorder {
    let (kind, beat, other) = match deviation {
        Deviation::Swapped(first, second) => (Kind::Swapped, first, Some(second)),
        Deviation::Missing(beat) => (Kind::Missing, beat, None),
        Deviation::Repeated(beat) => (Kind::Repeated, beat, None),
        Deviation::Extra(beat) => (Kind::Extra, beat, None),
    };
    Disorder {
        kind,
        beat: place(beat),
        other: other.map(&place),
        expected: seen.expected.iter().map(|beat| place(*beat)).collect(),
        observed: seen.observed.iter().map(|beat| place(*beat)).collect(),
        caller: None,
        documented: None,
        verdict,
        traces: seen.traces.iter().take(MOST_TRACES).map(|id| format!("{id:032x}")).collect(),
    }
}

fn in_source(name: &Name, places: &mut Places) -> Place {
    let path = name.path.as_deref().and_then(|path| places.file(path));
    Place { handler: name.handler.clone(), path }
}

/// What happened, in a few words.
fn told(disorder: &Disorder) -> String {
    let beat = one_line(&disorder.beat.handler, 60);
    match (&disorder.kind, &disorder.other) {
        (Kind::Swapped, Some(other)) => format!("{beat} runs before {}", one_line(&other.handler, 60)),
        (Kind::Swapped, None) => format!("{beat} runs too early"),
        (Kind::Missing, _) => format!("{beat} is missing"),
        (Kind::Repeated, _) => format!("{beat} runs once too often"),
        (Kind::Extra, _) => format!("{beat} runs where it has no place"),
    }
}

/// The beats, for a fingerprint.
fn about(disorder: &Disorder) -> String {
    let other = disorder.other.as_ref().map_or("", |other| last_name(&other.handler));
    one_line(&format!("{} {other}", last_name(&disorder.beat.handler)), 300)
}

fn counted(seen: &Seen, runs: u64, told: &str, of: &str) -> Evidence {
    let ids: Vec<String> = seen.traces.iter().take(MOST_TRACES).map(|id| format!("{id:032x}")).collect();
    Evidence::of(&format!("In {} of {runs} runs of {of}, {told}.", seen.runs))
        .measure("deviating runs", float(seen.runs), "{run}")
        .measure("runs", float(runs), "{run}")
        .measure("share", 100.0 * share(seen.runs, runs), "%")
        .traces(ids.iter().map(String::as_str))
}

fn orders(disorder: &Disorder) -> Evidence {
    let spelled = |beats: &[Place]| {
        let mut names: Vec<&str> = beats.iter().take(MOST_TOLD).map(|beat| last_name(&beat.handler)).collect();
        if beats.len() > MOST_TOLD {
            names.push("…");
        }
        if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
    };
    Evidence::of(&format!(
        "The most frequent such run was {}; the smallest change that puts it right is {}.",
        spelled(&disorder.observed),
        spelled(&disorder.expected)
    ))
}

#[expect(clippy::too_many_arguments, reason = "they are the fields of a finding")]
fn finding(
    rule: &str,
    title: &str,
    subject: Subject,
    severity: Severity,
    confidence: f64,
    evidence: Vec<Evidence>,
    fingerprint: &str,
    disorder: Disorder,
) -> Finding {
    let subject = Subject { handler: one_line(&subject.handler, 512), ..subject };
    Finding {
        capability: Capability::Behavior,
        rule: rule.to_owned(),
        title: one_line(title, TITLE),
        subject,
        severity,
        confidence,
        evidence,
        fingerprint: one_line(fingerprint, 512),
        notes: notes::of_disorder(disorder),
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of runs are far below 2^52")]
fn float(count: u64) -> f64 {
    count as f64
}
