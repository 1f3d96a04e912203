//! The commit message: what was found, what was changed, what was proven, and trailers that machines read.
//!
//! Everything a plugin or the telemetry said is hostile here: forges act on messages. So quoted text can't mention
//! people, close issues, link, skip a pipeline or pass for one of thymus's own trailers.

use std::fmt::Write as _;

use crate::model::{Case, is_invisible};

/// The widest line that is made; git's own advice.
const WIDTH: usize = 72;
/// The most of one quoted text, in characters.
const LONGEST: usize = 4000;

/// Writes a case down. The same case gives the same text.
pub fn message(case: &Case) -> String {
    let title = case.proposal.as_ref().map_or(&case.finding.title, |proposal| &proposal.title);
    let mut text = shortened(&line(title), WIDTH);
    if text.is_empty() {
        text = format!("Heal {}", case.id);
    }
    text.push_str("\n\n");
    let finding = &case.finding;
    let _ = writeln!(text, "Found ({}, {}):", finding.capability, finding.severity);
    quote(&mut text, &finding.title);
    for evidence in finding.evidence.iter().take(5) {
        quote(&mut text, &evidence.statement);
    }
    if let Some(diagnosis) = &case.diagnosis {
        let _ = writeln!(text, "\nCause:");
        quote(&mut text, &format!("{}:{}", diagnosis.location.path, diagnosis.location.start_line));
        quote(&mut text, &diagnosis.explanation);
    }
    if let Some(proposal) = &case.proposal {
        let _ = writeln!(text, "\nRepair:");
        quote(&mut text, &proposal.explanation);
    }
    if !case.gates.is_empty() {
        let _ = writeln!(text, "\nProof:");
        for gate in &case.gates {
            // The detail may hold what a test printed.
            quote(&mut text, &format!("{}: {}. {}", gate.name, gate.status, gate.detail));
        }
    }
    let _ = writeln!(text, "\nThymus-Case: {}", case.id);
    let _ = writeln!(
        text,
        "Thymus-Plugin: {} sha256:{}",
        shortened(&line(&case.plugin.replacen('@', " ", 1)), 200),
        case.plugin_digest
    );
    if let Some(decision) = &case.decision {
        let _ = writeln!(text, "Thymus-Policy: sha256:{}", decision.policy);
    }
    if let Some(patch) = &case.patch {
        let _ = writeln!(text, "Thymus-Patch: sha256:{patch}");
    }
    text
}

/// Each line behind `> `, so that none can pass for a trailer or a heading, broken at [`WIDTH`].
fn quote(text: &mut String, hostile: &str) {
    let cut: String = hostile.chars().take(LONGEST).collect();
    for source in cut.lines() {
        let mut width = 0;
        for word in line(source).split(' ').filter(|word| !word.is_empty()) {
            let long = word.chars().count();
            if width > 0 && width + 1 + long <= WIDTH {
                text.push(' ');
                width += 1 + long;
            } else {
                text.push_str(if width > 0 { "\n> " } else { "> " });
                width = 2 + long;
            }
            text.push_str(word);
        }
        if width > 0 {
            text.push('\n');
        }
    }
}

/// One line without anything that a terminal or a forge acts on.
fn line(hostile: &str) -> String {
    let mut out = String::with_capacity(hostile.len());
    let mut rest = hostile.chars().filter(|c| !is_invisible(*c)).peekable();
    while let Some(c) = rest.next() {
        match c {
            c if c.is_whitespace() || c.is_control() => out.push(' '),
            // A mention needs the name right behind it; `a@b` would do for some forges, so each is broken.
            '@' => out.push_str("(at)"),
            // `#12`, `group/project#12`, GitLab's `!12`, `&12`, `%12`, `$12`, Jira's `#close`.
            '#' | '!' | '&' | '%' | '$' if rest.peek().is_some_and(|next| next.is_alphanumeric()) => {
                out.push(c);
                out.push(' ');
            }
            // `[skip ci]` and links.
            '[' => out.push('('),
            ']' => out.push(')'),
            // An address of an issue closes it as well as its number.
            ':' if rest.peek() == Some(&'/') => out.push_str("(:)"),
            // `GH-12` and Jira's `ABC-12`.
            '-' if out.ends_with(|last: char| last.is_ascii_alphabetic())
                && rest.peek().is_some_and(char::is_ascii_digit) =>
            {
                out.push_str("- ");
            }
            '*' => out.push('·'),
            c => out.push(c),
        }
    }
    out.trim().to_owned()
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - 1).collect();
    format!("{}…", kept.trim_end())
}
