//! The result of a run for a person: what was found, why, the repair, what was proved, and what to type next.

use std::fmt::Write as _;

use super::paint::{self, DIM, GOOD, STRONG, WAITS, paint};
use super::place::shown;
use super::progress::seconds;
use crate::heal::Settings;
use crate::model::{
    CaseState, Report, ReportedCase, ReportedGate, ReportedLocation, ReportedPlugin, ReportedProposal, inert,
    inert_line,
};

/// Lines of one diff that are shown; `git show` has the rest.
const DIFF_LINES: usize = 120;
/// Lines of a failed gate's evidence, from the end.
const EVIDENCE_LINES: usize = 12;
/// Columns of a paragraph.
const WIDTH: usize = 100;

pub(super) fn of(report: &Report, settings: &Settings) -> String {
    let mut text = String::new();
    let commit = report.commit.get(..12).unwrap_or(&report.commit);
    let spans = report.window.signals.spans;
    let looked = report.plugins.iter().all(|plugin| plugin.failures == 0);
    if report.cases.is_empty() {
        let sign = if looked { paint(GOOD, "✓") } else { paint(WAITS, "!") };
        let but = if looked { "" } else { ", but not every plugin could look" };
        let _ = writeln!(text, "\n{sign} nothing wrong found in {spans} spans at commit {commit}{but}");
    } else {
        let _ = writeln!(text, "\n{} case(s) in {spans} spans at commit {commit}", report.cases.len());
    }
    for case in &report.cases {
        text.push('\n');
        text.push_str(&of_case(case));
    }
    for plugin in report.plugins.iter().filter(|plugin| plugin.refused.is_some()) {
        let ReportedPlugin { name, refused, .. } = plugin;
        let why = inert_line(refused.as_deref().unwrap_or_default());
        let _ = writeln!(text, "\n{} plugin {}: {why}", paint(WAITS, "!"), inert_line(name));
    }
    for warning in &report.warnings {
        let _ = writeln!(text, "\n{} {}", paint(WAITS, "!"), inert_line(warning));
    }
    next(&mut text, report, settings);
    text
}

/// One case, whole.
pub(super) fn of_case(case: &ReportedCase) -> String {
    let mut text = String::new();
    let head = paint(STRONG, inert_line(&case.title));
    let _ = writeln!(text, "{} {}  {}  {head}", paint(STRONG, "●"), case.id, paint::severity(case.severity));
    let mut row = |name: &str, value: &str| {
        // Further lines stand below the first.
        let mut lines = value.lines();
        let _ = writeln!(text, "  {} {}", paint(DIM, format!("{name:<9}")), lines.next().unwrap_or_default());
        for line in lines {
            let _ = writeln!(text, "            {line}");
        }
    };
    let rule = format!("{} by {}, confidence {:.2}", inert_line(&case.rule), inert_line(&case.plugin), case.confidence);
    row("found", &rule);
    let handler = inert_line(&case.subject);
    match &case.location {
        Some(ReportedLocation { path, start_line: Some(line) }) => row("where", &format!("{path}:{line} in {handler}")),
        Some(ReportedLocation { path, start_line: None }) => row("where", &format!("{path} in {handler}")),
        None => row("where", &handler),
    }
    if let Some(why) = &case.diagnosis {
        row("why", &wrapped(why));
    }
    if let Some(ReportedProposal { title, explanation, .. }) = &case.proposal {
        row("repair", &format!("{}\n{}", inert_line(title), wrapped(explanation)));
    }
    if !case.gates.is_empty() {
        row("gates", &gates(&case.gates));
    }
    if let Some(decision) = &case.decision {
        row("policy", &format!("{} ({})", paint::outcome(decision.outcome), inert_line(&decision.rule)));
    }
    if let Some(branch) = &case.branch {
        row("branch", branch);
    }
    let reason = if case.reason.is_empty() { String::new() } else { format!(": {}", inert_line(&case.reason)) };
    row("state", &format!("{}{reason}", paint::state(case.state)));
    if let Some(proposal) = &case.proposal {
        let safe = inert(&proposal.diff);
        let all = safe.lines().count();
        let shown: Vec<&str> = safe.lines().take(DIFF_LINES).collect();
        let _ = write!(text, "\n{}", paint::diff(&shown));
        if all > DIFF_LINES {
            let _ = writeln!(text, "{}", paint(DIM, format!("… {} more lines", all - DIFF_LINES)));
        }
    }
    text
}

/// Inert, in lines that are short enough to read.
fn wrapped(text: &str) -> String {
    textwrap::fill(&inert(text), WIDTH)
}

/// All on one line; what did not pass says why below it.
fn gates(gates: &[ReportedGate]) -> String {
    let one =
        |gate: &ReportedGate| format!("{} {}", paint::gate(&gate.name, gate.status), paint(DIM, seconds(gate.millis)));
    let mut text = gates.iter().map(one).collect::<Vec<_>>().join("  ");
    for gate in gates.iter().filter(|gate| gate.status != crate::model::GateStatus::Passed) {
        let _ = write!(text, "\n{}: {}", gate.name, inert(&gate.detail));
        // What a test run printed last is what says why.
        let said = inert(&gate.evidence.join("\n"));
        let lines: Vec<&str> = said.lines().collect();
        for line in &lines[lines.len().saturating_sub(EVIDENCE_LINES)..] {
            let _ = write!(text, "\n  {}", paint(DIM, line));
        }
    }
    text
}

/// The commands that make sense now, ready to be pasted.
fn next(text: &mut String, report: &Report, settings: &Settings) {
    let waiting: Vec<&ReportedCase> = report.cases.iter().filter(|case| case.state == CaseState::Held).collect();
    let Some(first) = waiting.first() else { return };
    let repo = quoted(&shown(&settings.repo));
    let state = quoted(&shown(&settings.state));
    let policy = settings.policy.iter().fold(String::new(), |words, file| words + " --policy " + &quoted(&shown(file)));
    let place = format!("--repo {repo} --state {state}");
    let id = &first.id;
    let branch = first.branch.as_deref().unwrap_or_default();
    let _ = writeln!(text, "\n{} to look at:", waiting.len());
    let _ = writeln!(text, "  git -C {repo} show {branch}");
    let _ = writeln!(text, "  thymus policy explain {id} {place}");
    let _ = writeln!(text, "  thymus case approve {id} --as NAME {place}{policy}");
    let _ = writeln!(text, "  thymus case reject {id} --as NAME --why TEXT {place}");
}

/// For a shell.
fn quoted(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| word.to_owned(), std::borrow::Cow::into_owned)
}
