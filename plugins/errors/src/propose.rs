//! From a diagnosis to proposals: each repair of a rule, with the regression test that proves it. A repair without a
//! test is no proposal: nobody could tell whether it is right.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use thymus_sdk::host::{Level, log};
use thymus_sdk::source::Source;
use thymus_sdk::wording::{COMMIT_LINE, EXPLANATION, cut, one_line};
use thymus_sdk::{Change, Diagnosis, Expectation, Failure, Finding, Proposal, Role};

use crate::exception::{Exception, Language};
use crate::notes;
use crate::repair::{Promise, Repair};
use crate::{javascript, python};

/// The most proposals of one finding; thymus tries them one after another, and each costs test runs.
const MOST: usize = 4;

/// The repairs of a finding and a diagnosis of this plugin, the best first.
pub fn propose(finding: &Finding, diagnosis: &Diagnosis, source: &Source) -> Result<Vec<Proposal>, Failure> {
    let exception = notes::exception(finding)?;
    let cause = notes::cause(diagnosis)?;
    let repairs = match exception.language {
        Language::Javascript => javascript::repairs(&exception, &cause, source),
        Language::Python => python::repairs(&exception, &cause, source),
    };
    if repairs.is_empty() {
        log(Level::Info, &format!("{}: rule {} knows no repair that is sure", finding.title, cause.rule));
    }
    let mut proposals = Vec::new();
    for repair in repairs.into_iter().take(MOST) {
        let test = match exception.language {
            Language::Javascript => javascript::regression_test(&exception, &repair, source),
            Language::Python => python::regression_test(&exception, &repair, source),
        };
        match proposal(finding, diagnosis, &exception, repair, test, source) {
            Ok(proposal) => proposals.push(proposal),
            Err(why) => log(Level::Info, &format!("{}: no proposal: {why}", finding.title)),
        }
    }
    Ok(proposals)
}

/// What a repair's confidence is worth when its test can't tell a right value from a wrong one.
const UNPROVEN: f64 = 0.6;

fn proposal(
    finding: &Finding,
    diagnosis: &Diagnosis,
    exception: &Exception,
    repair: Repair,
    test: Option<Change>,
    source: &Source,
) -> Result<Proposal, &'static str> {
    let test = test.ok_or("no regression test can be written from the captured calls")?;
    let explanation = explanation(finding, exception, &repair, &test);
    let mut changes = repair.changes;
    if changes.is_empty() || changes.iter().any(|change| role(change) != Role::Source) {
        return Err("the repair changes nothing, or more than source");
    }
    if !matches!(&test, Change::Create(file) if file.role == Role::Test && !source.exists(&file.path)) {
        return Err("the regression test is no new test file");
    }
    let proof = if asserts_something(&test) { 1.0 } else { UNPROVEN };
    changes.push(test);
    let mut paths = BTreeSet::new();
    if !changes.iter().all(|change| paths.insert(path(change).to_owned())) {
        return Err("two changes want the same file");
    }
    Ok(Proposal {
        title: commit_line(&repair.title),
        explanation,
        changes,
        expects: vec![Expectation::TestsTurnGreen],
        confidence: (repair.confidence * diagnosis.confidence * proof).clamp(0.0, 1.0),
    })
}

/// Whether a test looks at more than that nothing is thrown.
fn asserts_something(test: &Change) -> bool {
    let Change::Create(file) = test else { return false };
    let only_survives = ["doesNotThrow", "doesNotReject", "not.toThrow", "not.throw", "notThrows", "not.throws"];
    file.content
        .lines()
        .filter(|line| !line.contains("import ") && !line.contains("require("))
        .filter(|line| !only_survives.iter().any(|word| line.contains(word)))
        .any(|line| {
            line.trim_start().starts_with("t.")
                || ["assert", "expect(", "raises"].iter().any(|word| line.contains(word))
        })
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
fn explanation(finding: &Finding, exception: &Exception, repair: &Repair, test: &Change) -> String {
    let mut text = format!("{}\n\nWhat production showed:\n", repair.explanation.trim());
    for evidence in &finding.evidence {
        let _ = writeln!(text, "- {}", evidence.statement);
    }
    let handler = one_line(&exception.handler, 120);
    let promise = match &repair.promise {
        Promise::Returns(value) => format!("returns `{}`", one_line(&value.to_string(), 200)),
        Promise::ReturnsSomething => "returns something of the shape that other calls returned".to_owned(),
        Promise::Throws { kind, message: None } => format!("is refused with `{}`", one_line(kind, 80)),
        Promise::Throws { kind, message: Some(message) } => {
            format!("is refused with `{}: {}`", one_line(kind, 80), one_line(message, 200))
        }
    };
    let _ = write!(
        text,
        "\nThe test in `{}` makes a call of `{handler}` that failed in production; with the repair it {promise}.",
        path(test)
    );
    cut(&text, EXPLANATION)
}

fn role(change: &Change) -> Role {
    match change {
        Change::Create(file) => file.role,
        Change::Edit(file) => file.role,
        Change::Rename(file) => file.role,
        Change::Delete(file) => file.role,
    }
}

fn path(change: &Change) -> &str {
    match change {
        Change::Create(file) => &file.path,
        Change::Edit(file) => &file.path,
        Change::Rename(file) => &file.to,
        Change::Delete(file) => &file.path,
    }
}
