//! From a diagnosis to proposals: each repair of a rule, with the test that pins the contract. A repair without a test is
//! no proposal: nobody could tell whether it is right.

use std::fmt::Write as _;

use thymus_sdk::host::{Level, log};
use thymus_sdk::source::Source;
use thymus_sdk::wording::{COMMIT_LINE, EXPLANATION, cut, one_line};
use thymus_sdk::{Change as FileChange, Diagnosis, Expectation, Failure, Finding, Proposal};

use crate::change::{Change, Language, What};
use crate::repair::Repair;
use crate::{javascript, notes, python};

/// The most proposals of one finding; thymus tries them one after another, and each costs test runs.
const MOST: usize = 3;

/// The repairs of a finding of this plugin, the best first.
pub fn propose(finding: &Finding, diagnosis: &Diagnosis, source: &Source) -> Result<Vec<Proposal>, Failure> {
    let change = notes::change(finding)?;
    let repairs = match change.language {
        Language::Javascript => javascript::repairs(&change, source),
        Language::Python => python::repairs(&change, source),
    };
    if repairs.is_empty() {
        log(Level::Info, &format!("{}: no repair is sure", finding.title));
        return Ok(Vec::new());
    }
    let test = match change.language {
        Language::Javascript => javascript::test(&change, source),
        Language::Python => python::test(&change, source),
    };
    let Some(test) = test else {
        log(Level::Info, &format!("{}: no test can be written from the captured calls", finding.title));
        return Ok(Vec::new());
    };
    Ok(repairs.into_iter().take(MOST).map(|repair| proposal(finding, diagnosis, &change, repair, &test)).collect())
}

fn proposal(finding: &Finding, diagnosis: &Diagnosis, change: &Change, repair: Repair, test: &FileChange) -> Proposal {
    let explanation = explanation(finding, change, &repair, test);
    let mut changes = repair.changes;
    changes.push(test.clone());
    Proposal {
        title: commit_line(&repair.title),
        explanation,
        changes,
        expects: vec![Expectation::TestsTurnGreen],
        confidence: (repair.confidence * diagnosis.confidence).clamp(0.0, 1.0),
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

/// Why this repair, what was seen, and what the test asserts: a reviewer should need nothing else.
fn explanation(finding: &Finding, change: &Change, repair: &Repair, test: &FileChange) -> String {
    let mut text = format!("{}\n\nWhat production showed:\n", repair.explanation.trim());
    for evidence in &finding.evidence {
        let _ = writeln!(text, "- {}", evidence.statement);
    }
    let handler = one_line(&change.handler, 120);
    let asserts = match change.what {
        What::Argument(_) => "looks whether the argument is still what it was",
        What::State(_) | What::Results => "looks whether the same call gives the same twice",
    };
    let path = match test {
        FileChange::Create(file) => file.path.as_str(),
        _ => "the new test file",
    };
    let _ = write!(text, "\nThe test in `{path}` makes a call of `{handler}` that production made, and {asserts}.");
    cut(&text, EXPLANATION)
}
