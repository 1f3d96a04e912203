//! From a finding to proposals: each repair of a rule, with the test that shows it.
//!
//! A manifest is data that tests don't see changed (they run with the snapshot's own), so a repair of one has no test and
//! is for a person to approve; whatever else has no test is no proposal.

use std::fmt::Write as _;

use thymus_sdk::host::{Level, log};
use thymus_sdk::source::Source;
use thymus_sdk::wording::{COMMIT_LINE, EXPLANATION, cut, one_line};
use thymus_sdk::{Change, Expectation, Failure, Finding, Proposal};

use crate::fault::Language;
use crate::notes::{self, Met};
use crate::repair::{Proof, Repair};
use crate::{javascript, python};

/// The most proposals of one finding.
const MOST: usize = 4;

/// The repairs of a finding of this plugin, the best first.
pub fn propose(finding: &Finding, source: &Source) -> Result<Vec<Proposal>, Failure> {
    let met = notes::read(finding)?;
    let repairs = match met.key.language {
        Language::Javascript => of_javascript(&met, source),
        Language::Python => of_python(&met, source),
    };
    if repairs.is_empty() {
        log(Level::Info, &format!("{}: no rule is sure what was meant", finding.title));
    }
    let mut proposals = Vec::new();
    for (repair, tests) in repairs {
        if repair.proof == Proof::Reading {
            proposals.push(proposal(finding, &met, &repair, None));
        } else if tests.is_empty() {
            log(Level::Info, &format!("{}: no proposal, for no test can be written that shows it", finding.title));
        }
        proposals.extend(tests.into_iter().map(|test| proposal(finding, &met, &repair, Some(test))));
    }
    proposals.truncate(MOST);
    Ok(proposals)
}

fn of_javascript(met: &Met, source: &Source) -> Vec<(Repair, Vec<Change>)> {
    let survey = javascript::survey::Survey::of(source);
    let Some(fault) = survey.faults().into_iter().find(|fault| fault.key == met.key) else { return Vec::new() };
    let with_tests = |repair: Repair| {
        let tests = javascript::proof::tests(met, &fault, &repair, &survey);
        (repair, tests)
    };
    javascript::rules::repairs(&fault, &survey).into_iter().map(with_tests).collect()
}

fn of_python(met: &Met, source: &Source) -> Vec<(Repair, Vec<Change>)> {
    let survey = python::survey::Survey::of(source);
    let Some(fault) = survey.faults().into_iter().find(|fault| fault.key == met.key) else { return Vec::new() };
    let with_tests = |repair: Repair| {
        let tests = python::proof::tests(met, &fault, &repair, &survey, source);
        (repair, tests)
    };
    python::rules::repairs(&fault, &survey).into_iter().map(with_tests).collect()
}

fn proposal(finding: &Finding, met: &Met, repair: &Repair, test: Option<Change>) -> Proposal {
    let explanation = explanation(finding, met, repair, test.as_ref());
    let mut changes = repair.changes.clone();
    let expects = if test.is_some() { vec![Expectation::TestsTurnGreen] } else { Vec::new() };
    changes.extend(test);
    Proposal {
        title: commit_line(&repair.title),
        explanation,
        changes,
        expects,
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

/// Why this repair, what was seen, and what the test shows.
fn explanation(finding: &Finding, met: &Met, repair: &Repair, test: Option<&Change>) -> String {
    let mut text = format!("{}\n\nWhat was seen:\n", repair.explanation.trim());
    for evidence in &finding.evidence {
        let _ = writeln!(text, "- {}", evidence.statement);
    }
    if let Some(Change::Create(file)) = test {
        let handler = met.handler.as_ref().map_or("the handler", |handler| handler.name.as_str());
        let _ = match &repair.proof {
            Proof::Loads { path, .. } => {
                write!(text, "\nThe test in `{}` loads `{path}`, which fails without the repair.", file.path)
            }
            _ => write!(
                text,
                "\nThe test in `{}` makes a call of `{}` that failed in production.",
                file.path,
                one_line(handler, 120)
            ),
        };
    }
    cut(&text, EXPLANATION)
}
