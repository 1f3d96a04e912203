//! `thymus policy`: finds mistakes in policy files, and tells which rules decided a case.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use serde::Serialize;

use super::paint::{self, DIM, STRONG};
use super::place::{Place, case_id};
use super::{Complaint, Format, print, print_json};
use crate::heal::HealError;
use crate::model::{CaseId, inert_line};
use crate::policy::{self, PolicyErrors};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Find every mistake, with line, column and what to write instead. Example: thymus policy check org.toml team.toml
    Check {
        /// The layers, the widest first, as `heal --policy` takes them.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Print the chain of rules that decided a case. Example: thymus policy explain error-3f9a1c2b7d40
    Explain {
        #[arg(value_parser = case_id)]
        case: CaseId,
        #[command(flatten)]
        place: Place,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

#[derive(Serialize)]
struct Mistake<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    what: &'a str,
    fix: &'a str,
}

pub(super) fn run(command: Command) -> Result<ExitCode, Complaint> {
    match command {
        Command::Check { files, format } => check(&files, format),
        Command::Explain { case, place, format } => explain(&case, &place, format),
    }
}

fn check(files: &[PathBuf], format: Format) -> Result<ExitCode, Complaint> {
    let mistakes = policy::check(files);
    if format == Format::Json {
        let list: Vec<Mistake> = mistakes
            .iter()
            .map(|m| Mistake { file: &m.file, line: m.line, column: m.column, what: &m.what, fix: &m.fix })
            .collect();
        print_json(&list)?;
        return Ok(ExitCode::from(if mistakes.is_empty() { 0 } else { 2 }));
    }
    if mistakes.is_empty() {
        print(&format!("{} layer(s), no mistakes\n", files.len()));
        return Ok(ExitCode::SUCCESS);
    }
    Err(Complaint::of(2, PolicyErrors { mistakes }))
}

fn explain(id: &CaseId, place: &Place, format: Format) -> Result<ExitCode, Complaint> {
    let case = place.ledger()?.case(id)?.ok_or_else(|| HealError::NoCase(id.clone()))?;
    let Some(decision) = case.decision else {
        return Err(Complaint::failed(format!("case {id} is {}: the policy was not asked about it", case.state))
            .help(format!("`thymus case show {id}` tells how far it came")));
    };
    if format == Format::Json {
        print_json(&decision)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = String::new();
    let mut before = None;
    for step in &decision.chain {
        // Each rule can only lower the outcome, so those that did are the ones to look at.
        let lowered = before.is_some_and(|before| step.outcome < before);
        let mark = if lowered || step.rule == decision.rule { paint::paint(STRONG, "→") } else { " ".to_owned() };
        let origin = paint::paint(DIM, inert_line(&step.origin));
        let outcome = paint::padded(&paint::outcome(step.outcome), 7);
        let _ = writeln!(text, "{mark} {:<34} {outcome}  {}  {origin}", inert_line(&step.rule), inert_line(&step.says));
        before = Some(step.outcome);
    }
    let rule = paint::paint(STRONG, inert_line(&decision.rule));
    let _ = writeln!(text, "\n{id}: {}, decided by {rule}", paint::outcome(decision.outcome));
    let _ = writeln!(text, "{}", paint::paint(DIM, format!("policy sha256:{}", decision.policy)));
    print(&text);
    Ok(ExitCode::SUCCESS)
}
