//! From a diagnosis to proposals: the repair of each construct that has one, with the test that measures it. A repair that
//! nothing measures is no proposal.

use std::fmt::Write as _;

use thymus_sdk::host::{Level, log};
use thymus_sdk::source::Source;
use thymus_sdk::wording::{COMMIT_LINE, EXPLANATION, cut, one_line};
use thymus_sdk::{Change, Diagnosis, Expectation, Failure, Faster, Finding, Proposal, Role};

use crate::cost::Cost;
use crate::language::Language;
use crate::repair::Repair;
use crate::slowdown::Slowdown;
use crate::{javascript, notes, python};

/// The most proposals of one finding; thymus tries them one after another, and each is measured.
const MOST: usize = 4;

/// The repairs of a finding and a diagnosis of this plugin, the likeliest cause first.
pub fn propose(finding: &Finding, diagnosis: &Diagnosis, source: &Source) -> Result<Vec<Proposal>, Failure> {
    let slowdown = notes::slowdown(finding)?;
    let costs = notes::costs(diagnosis)?;
    let Some((test, percent)) = test(&slowdown, source) else {
        log(Level::Info, &format!("{}: no proposal: no captured call can be measured in a test", finding.title));
        return Ok(Vec::new());
    };
    let mut proposals: Vec<Proposal> = Vec::new();
    for cost in &costs {
        if proposals.len() >= MOST {
            break;
        }
        let Some(repair) = repair(&slowdown, cost, source) else { continue };
        let proposal = proposal(finding, &slowdown, cost, repair, &test, percent);
        if !proposals.iter().any(|other| other.changes == proposal.changes) {
            proposals.push(proposal);
        }
    }
    if proposals.is_empty() {
        log(Level::Info, &format!("{}: no construct has a repair that surely keeps the meaning", finding.title));
    }
    Ok(proposals)
}

fn test(slowdown: &Slowdown, source: &Source) -> Option<(Change, f64)> {
    match slowdown.path.as_deref().and_then(Language::of)? {
        Language::Javascript => javascript::test(slowdown, source),
        Language::Python => python::test(slowdown, source),
    }
}

fn repair(slowdown: &Slowdown, cost: &Cost, source: &Source) -> Option<Repair> {
    match Language::of(&cost.path)? {
        Language::Javascript => javascript::repair(slowdown, cost, source),
        Language::Python => python::repair(slowdown, cost, source),
    }
}

fn proposal(
    finding: &Finding,
    slowdown: &Slowdown,
    cost: &Cost,
    repair: Repair,
    test: &Change,
    percent: f64,
) -> Proposal {
    let explanation = explanation(finding, slowdown, cost, &repair, test, percent);
    let mut changes = repair.changes;
    changes.push(test.clone());
    Proposal {
        title: commit_line(&repair.title),
        explanation,
        changes,
        expects: vec![Expectation::Faster(Faster { handler: slowdown.handler.clone(), percent })],
        confidence: repair.confidence.clamp(0.0, 1.0),
    }
}

/// At most 72 characters, cut between words.
fn commit_line(title: &str) -> String {
    let title = one_line(title, 400);
    if title.chars().count() <= COMMIT_LINE {
        return title;
    }
    let head: String = title.chars().take(COMMIT_LINE - 1).collect();
    let words = head.rsplit_once(' ').map_or(head.as_str(), |(words, _)| words);
    format!("{}…", words.trim_end_matches([',', ';', ':', ' ']))
}

/// Why this repair, what was seen, and what the test measures: a reviewer should need nothing else.
fn explanation(
    finding: &Finding,
    slowdown: &Slowdown,
    cost: &Cost,
    repair: &Repair,
    test: &Change,
    percent: f64,
) -> String {
    let mut text = format!("{} {}\n\nWhat production showed:\n", cost.explanation, repair.explanation.trim());
    for evidence in &finding.evidence {
        let _ = writeln!(text, "- {}", evidence.statement);
    }
    let path = match test {
        Change::Create(file) if file.role == Role::Test => file.path.as_str(),
        _ => "the new test",
    };
    let handler = one_line(&slowdown.handler, 120);
    let _ = write!(
        text,
        "\nThe test in `{path}` makes calls of `{handler}` as production made them, and asserts that they return what they \
         returned there; with the repair it takes at least {percent:.0} % less time."
    );
    cut(&text, EXPLANATION)
}
