//! From a diagnosis to proposals: what puts the order right, and the test that proves it. A repair without a test is no
//! proposal: nobody could tell whether it is right.

use std::fmt::Write as _;

use thymus_sdk::host::{Level, log};
use thymus_sdk::source::Source;
use thymus_sdk::telemetry::Telemetry;
use thymus_sdk::wording::{COMMIT_LINE, EXPLANATION, cut, one_line};
use thymus_sdk::{Change, Diagnosis, Expectation, Failure, Finding, Proposal};

use crate::disorder::{Disorder, Verdict};
use crate::history::History;
use crate::repair::Repair;
use crate::{definition, diagnose, javascript, notes, python};

/// The most proposals of one finding: the same repair, each with another test.
const MOST: usize = 3;

/// The repairs of a finding of this plugin, the best first.
pub fn propose(
    finding: &Finding,
    diagnosis: &Diagnosis,
    telemetry: &Telemetry,
    source: &Source,
) -> Result<Vec<Proposal>, Failure> {
    let disorder = notes::disorder(finding)?;
    match disorder.verdict {
        Verdict::Code => Ok(of_code(finding, diagnosis, &disorder, telemetry, source)),
        Verdict::Definition => {
            let declared = telemetry.expectations()?;
            Ok(definition::propose(finding, &disorder, &declared, source).into_iter().collect())
        }
        Verdict::Unsure => {
            log(Level::Info, &format!("{}: it can't be told whether code or definition is wrong", finding.title));
            Ok(Vec::new())
        }
    }
}

fn of_code(
    finding: &Finding,
    diagnosis: &Diagnosis,
    disorder: &Disorder,
    telemetry: &Telemetry,
    source: &Source,
) -> Vec<Proposal> {
    let Some(flow) = diagnose::flow(disorder, source) else { return Vec::new() };
    let history = History::read(disorder, telemetry);
    let is_python = flow.path.ends_with(".py");
    let repaired = if is_python {
        python::repair(disorder, &flow, &history, source)
    } else {
        javascript::repair(disorder, &flow, &history, source)
    };
    let Some((repair, changes)) = repaired else {
        log(Level::Info, &format!("{}: no repair is sure", finding.title));
        return Vec::new();
    };
    let proofs = if is_python {
        python::proofs(disorder, &flow, &history, source)
    } else {
        javascript::proofs(disorder, &flow, &history, source)
    };
    if proofs.is_empty() {
        log(Level::Info, &format!("{}: no test can be written that shows the order", finding.title));
    }
    let with = |test: Change| Proposal {
        title: commit_line(&repair.title),
        explanation: explanation(finding, &repair, &test),
        changes: changes.iter().cloned().chain([test]).collect(),
        expects: vec![Expectation::TestsTurnGreen],
        confidence: (finding.confidence * diagnosis.confidence).clamp(0.0, 1.0),
    };
    proofs.into_iter().take(MOST).map(with).collect()
}

/// At most 72 characters, cut between words.
pub fn commit_line(title: &str) -> String {
    let title = one_line(title, 400);
    if title.chars().count() <= COMMIT_LINE {
        return title;
    }
    let head: String = title.chars().take(COMMIT_LINE - 1).collect();
    let words = head.rsplit_once(' ').map_or(head.as_str(), |(words, _)| words);
    format!("{}…", words.trim_end_matches([',', ';', ':', ' ']))
}

fn explanation(finding: &Finding, repair: &Repair, test: &Change) -> String {
    let mut text = format!("{}\n\nWhat production showed:\n", repair.explanation.trim());
    for evidence in &finding.evidence {
        let _ = writeln!(text, "- {}", evidence.statement);
    }
    if let Change::Create(file) = test {
        let _ = write!(text, "\nThe test in `{}` fails while the order is wrong.", file.path);
    }
    cut(&text, EXPLANATION)
}
