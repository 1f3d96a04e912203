//! `thymus case`: what is known of cases, and a person's word on those that wait.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use super::paint::{self, BAD, GOOD, padded, paint};
use super::place::{Place, case_id, default_plugins};
use super::{Complaint, Format, heal::stop_on_signals, print, print_json, summary};
use crate::heal::{self, Approval, HealError, Settings, Until};
use crate::model::{Case, CaseId, ReportedCase, inert_line};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List all cases, the latest last. Example: thymus case list --repo ~/src/shop
    List {
        #[command(flatten)]
        place: Place,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Show one case: finding, cause, repair, gates, decision. Example: thymus case show error-3f9a1c2b7d40
    Show {
        #[arg(value_parser = case_id)]
        case: CaseId,
        #[command(flatten)]
        place: Place,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Say yes to exactly the patch that waits. It is merged only where the policy's outcome is `apply`.
    /// Example: thymus case approve error-3f9a1c2b7d40 --as mara
    Approve {
        #[arg(value_parser = case_id)]
        case: CaseId,
        /// Who says yes; the policy says who may.
        #[arg(long = "as", value_name = "WHO")]
        who: String,
        /// The same policy layers that `thymus heal` was given.
        #[arg(long, value_name = "FILE", num_args = 1..)]
        policy: Vec<PathBuf>,
        #[command(flatten)]
        place: Place,
    },
    /// Say no, or take a healed case back. Its branch goes away if nobody else wrote to it.
    /// Example: thymus case reject error-3f9a1c2b7d40 --as mara --why "the default should be an error"
    Reject {
        #[arg(value_parser = case_id)]
        case: CaseId,
        /// Who says no.
        #[arg(long = "as", value_name = "WHO")]
        who: String,
        /// Why; the plugins that made the case hear it.
        #[arg(long, value_name = "TEXT")]
        why: String,
        #[command(flatten)]
        place: Place,
    },
    /// Make a case's plugin calls again and compare the bytes. Example: thymus case replay error-3f9a1c2b7d40
    Replay {
        #[arg(value_parser = case_id)]
        case: CaseId,
        #[command(flatten)]
        place: Place,
        /// The same policy layers that `thymus heal` was given.
        #[arg(long, value_name = "FILE", num_args = 1..)]
        policy: Vec<PathBuf>,
        /// Where the plugins lie.
        #[arg(long, value_name = "DIR", num_args = 1..)]
        plugins: Vec<PathBuf>,
    },
}

pub(super) fn run(command: Command) -> Result<ExitCode, Complaint> {
    match command {
        Command::List { place, format } => list(&place, format),
        Command::Show { case, place, format } => show(&case, &place, format),
        Command::Approve { case, who, policy, place } => approve(&case, &who, &policy, &place),
        Command::Reject { case, who, why, place } => {
            place.ledger()?;
            heal::reject(&place.repo, &place.state()?, &case, &who, &why)?;
            print(&format!("{case}: {}\n", paint(BAD, "rejected")));
            Ok(ExitCode::SUCCESS)
        }
        Command::Replay { case, place, policy, plugins } => replay(&case, &place, policy, plugins),
    }
}

fn list(place: &Place, format: Format) -> Result<ExitCode, Complaint> {
    let cases = place.ledger()?.cases()?;
    if format == Format::Json {
        let cases: Vec<ReportedCase> = cases.into_iter().map(|case| heal::reported(case, String::new())).collect();
        print_json(&cases)?;
        return Ok(ExitCode::SUCCESS);
    }
    if cases.is_empty() {
        print("no cases yet\n");
    }
    let mut text = String::new();
    for Case { id, state, finding, .. } in &cases {
        let state = padded(&paint::state(*state), 11);
        let severity = padded(&paint::severity(finding.severity), 8);
        let _ = writeln!(text, "{:<26} {state} {severity} {}", id.as_str(), inert_line(&finding.title));
    }
    print(&text);
    Ok(ExitCode::SUCCESS)
}

fn show(id: &CaseId, place: &Place, format: Format) -> Result<ExitCode, Complaint> {
    let case = place.ledger()?.case(id)?.ok_or_else(|| HealError::NoCase(id.clone()))?;
    if format == Format::Json {
        print_json(&case)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = String::new();
    for evidence in &case.finding.evidence {
        let _ = writeln!(text, "  - {}", inert_line(&evidence.statement));
    }
    for (who, patch) in &case.approvals {
        let _ = writeln!(text, "  approved by {} for patch {}", inert_line(who), patch.short());
    }
    print(&summary::of_case(&heal::reported(case, String::new())));
    print(&text);
    Ok(ExitCode::SUCCESS)
}

fn approve(id: &CaseId, who: &str, policy: &[PathBuf], place: &Place) -> Result<ExitCode, Complaint> {
    place.ledger()?;
    match heal::approve(&place.repo, &place.state()?, policy, id, who)? {
        Approval::Recorded { branch, missing: 0 } => {
            let how = format!("git merge --ff-only {branch}");
            print(&format!("{id}: {}; the branch is yours to merge: {how}\n", paint(GOOD, "approved")));
        }
        Approval::Recorded { missing, .. } => {
            print(&format!("{id}: recorded; {missing} more approval(s) are needed\n"));
        }
        Approval::Merged { reference, commit } => {
            print(&format!("{id}: {} and merged: {reference} is now {commit}\n", paint(GOOD, "approved")));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn replay(id: &CaseId, place: &Place, policy: Vec<PathBuf>, plugins: Vec<PathBuf>) -> Result<ExitCode, Complaint> {
    place.ledger()?;
    let settings = Settings {
        repo: place.repo.clone(),
        telemetry: Vec::new(),
        baseline: Vec::new(),
        policy,
        plugins: if plugins.is_empty() { vec![default_plugins()?] } else { plugins },
        state: place.state()?,
        caches: None,
        until: Until::Propose,
        dry_run: true,
    };
    let replayed = heal::replay(&settings, id, &stop_on_signals()?)?;
    let mut text = String::new();
    for (call, same) in &replayed.calls {
        let (sign, word) =
            if *same { (paint(GOOD, "✓"), "the same bytes") } else { (paint(BAD, "✗"), "other bytes") };
        let _ = writeln!(text, "{sign} {}: {word}", inert_line(call));
    }
    print(&text);
    Ok(ExitCode::from(u8::from(replayed.calls.iter().any(|(_, same)| !same))))
}
