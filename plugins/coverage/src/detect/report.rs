//! A handler without tests in the contract's terms.

use thymus_sdk::wording::{TITLE, one_line};
use thymus_sdk::{Capability, Evidence, Finding, Severity, Subject};

use super::{Candidate, float};
use crate::example::Example;
use crate::gap::Gap;
use crate::notes;

/// The finding; `tests` is how many test files there are, `spans` how many executions of anything.
pub fn finding(candidate: &Candidate, examples: Vec<Example>, tests: usize, spans: u64) -> Finding {
    let handler = &candidate.handler;
    let share = float(handler.count) / float(spans.max(1));
    let branches = candidate.written.branches;
    let risky = share >= 0.05 || branches >= 5 || handler.errors > 0;
    let evidence = vec![
        Evidence::of(&format!(
            "Production ran {} {} times ({:.1} % of all executions), {} of them with an error",
            one_line(&handler.handler, 200),
            handler.count,
            share * 100.0,
            handler.errors
        ))
        .measure("calls", float(handler.count), "{call}")
        .measure("share of executions", share, "1")
        .measure("errors", float(handler.errors), "{call}"),
        untested(candidate, tests),
        Evidence::of(&format!("Its way parts in {branches} places")).measure(
            "branches",
            float(u64::try_from(branches).unwrap_or(u64::MAX)),
            "{branch}",
        ),
    ];
    let title = format!("{} runs in production and in no test", handler.handler);
    let fingerprint = one_line(&format!("coverage {} {}", candidate.path, handler.handler), 512);
    let confidence = match (candidate.measured, tests) {
        (Some(_), _) => 0.95,
        (None, 0) => 0.9,
        (None, _) => 0.85,
    };
    let subject =
        Subject { handler: handler.handler.clone(), path: Some(candidate.path.clone()), line: candidate.line };
    let gap = Gap {
        language: candidate.language,
        handler: handler.handler.clone(),
        path: candidate.path.clone(),
        line: candidate.line,
        examples,
    };
    Finding {
        capability: Capability::Coverage,
        rule: "untested-handler".to_owned(),
        title: one_line(&title, TITLE),
        subject,
        severity: if risky { Severity::Medium } else { Severity::Low },
        confidence,
        evidence,
        fingerprint,
        notes: notes::of_gap(gap),
    }
}

fn untested(candidate: &Candidate, tests: usize) -> Evidence {
    match candidate.measured {
        Some((ran, all)) => Evidence::of(&format!("A coverage report has {ran} of its {all} lines run by tests"))
            .measure("lines run", float(u64::try_from(ran).unwrap_or(0)), "{line}")
            .measure("lines", float(u64::try_from(all).unwrap_or(0)), "{line}"),
        None => Evidence::of(&format!(
            "None of the {tests} test files names it, or a function that leads to it, or asks for a page under which \
             production ran it"
        ))
        .measure("test files", float(u64::try_from(tests).unwrap_or(0)), "{file}"),
    }
}
