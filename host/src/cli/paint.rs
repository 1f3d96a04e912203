//! Colours that mean something: green holds, red does not, yellow waits for a person, dim is beside the point. They
//! yield to `NO_COLOR` and to pipes, because everything is printed through `anstream`.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

use crate::model::{CaseState, GateStatus, Outcome, Severity};

pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(super) const WAITS: Style = AnsiColor::Yellow.on_default();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const STRONG: Style = Style::new().bold();

/// The text in a style. Text of others must be inert before it comes here.
pub(super) fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Fills what is painted up to a width that counts only what is seen.
pub(super) fn padded(painted: &str, width: usize) -> String {
    let seen = anstream::adapter::strip_str(painted).to_string().chars().count();
    format!("{painted}{}", " ".repeat(width.saturating_sub(seen)))
}

pub(super) fn severity(severity: Severity) -> String {
    let style = match severity {
        Severity::Critical | Severity::High => BAD,
        Severity::Medium => WAITS,
        Severity::Low | Severity::Info => DIM,
    };
    paint(style, severity)
}

pub(super) fn state(state: CaseState) -> String {
    let style = match state {
        CaseState::Healed => GOOD,
        CaseState::Held => WAITS,
        CaseState::Rejected | CaseState::RolledBack => BAD,
        _ => DIM,
    };
    paint(style, state)
}

pub(super) fn outcome(outcome: Outcome) -> String {
    let style = match outcome {
        Outcome::Apply => GOOD,
        Outcome::Hold => WAITS,
        Outcome::Reject => BAD,
    };
    paint(style, outcome)
}

/// A sign and the word behind it, for those who see no colour.
pub(super) fn gate(name: impl Display, status: GateStatus) -> String {
    match status {
        GateStatus::Passed => paint(GOOD, format!("✓ {name}")),
        GateStatus::Failed => paint(BAD, format!("✗ {name}")),
        GateStatus::Unknown => paint(WAITS, format!("? {name}")),
        GateStatus::Skipped => paint(DIM, format!("- {name}")),
    }
}

/// A unified diff whose lines are already inert.
pub(super) fn diff(lines: &[&str]) -> String {
    let mut text = String::new();
    for line in lines {
        let style = match line.as_bytes().first() {
            _ if line.starts_with("+++") || line.starts_with("---") => STRONG,
            Some(b'+') => GOOD,
            Some(b'-') => AnsiColor::Red.on_default(),
            Some(b'@') => AnsiColor::Cyan.on_default(),
            Some(b'd' | b'n' | b'i' | b'r') => DIM,
            _ => Style::new(),
        };
        text.push_str(&paint(style, line));
        text.push('\n');
    }
    text
}
