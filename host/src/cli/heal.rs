//! `thymus heal`: one run of the loop, its progress on standard error, its result on standard output.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::place::{Place, default_plugins};
use super::progress::Reporter;
use super::{Complaint, Format, print, print_json, summary};
use crate::heal::{self, Settings, Until};
use crate::model::{Cancel, Report};

#[derive(Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// OTLP telemetry of the time to look at: files, folders, or - for standard input.
    #[arg(long, value_name = "FILE|DIR|-", num_args = 1.., required = true)]
    telemetry: Vec<PathBuf>,
    /// OTLP telemetry of a healthy time [default: earlier windows of the ledger in which nothing was found].
    #[arg(long, value_name = "FILE|DIR", num_args = 1..)]
    baseline: Vec<PathBuf>,
    /// Policy layers, the organisation's first [default: the built-in policy, which applies nothing without a person].
    #[arg(long, value_name = "FILE", num_args = 1..)]
    policy: Vec<PathBuf>,
    /// Folders with plugins, or plugins themselves [default: `$XDG_DATA_HOME/thymus/plugins`].
    #[arg(long, value_name = "DIR", num_args = 1..)]
    plugins: Vec<PathBuf>,
    /// How far to go; the policy may stop earlier.
    #[arg(long, value_enum, default_value_t = Step::Deliver)]
    until: Step,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Leave nothing behind: no branch, no entry in the ledger.
    #[arg(long)]
    dry_run: bool,
    /// Exit with 3 if anything was found.
    #[arg(long)]
    check: bool,
}

const EXAMPLE: &str =
    "Example: thymus heal --repo ~/src/shop --telemetry otlp/today.jsonl.gz --baseline otlp/last-week/";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Step {
    /// Findings only.
    Observe,
    /// And their causes.
    Diagnose,
    /// And repairs, not tried.
    Propose,
    /// And their proof by tests; no branch.
    Validate,
    /// And a branch for a person to review.
    Deliver,
}

impl From<Step> for Until {
    fn from(step: Step) -> Self {
        match step {
            Step::Observe => Self::Observe,
            Step::Diagnose => Self::Diagnose,
            Step::Propose => Self::Propose,
            Step::Validate => Self::Validate,
            Step::Deliver => Self::Deliver,
        }
    }
}

pub(super) fn run(arguments: Arguments) -> Result<ExitCode, Complaint> {
    let settings = Settings {
        state: arguments.place.state()?,
        caches: None,
        repo: arguments.place.repo,
        telemetry: arguments.telemetry,
        baseline: arguments.baseline,
        policy: arguments.policy,
        plugins: if arguments.plugins.is_empty() { vec![default_plugins()?] } else { arguments.plugins },
        until: arguments.until.into(),
        dry_run: arguments.dry_run,
    };
    let cancel = stop_on_signals()?;
    let reporter = Reporter::new();
    let healed = heal::heal(&settings, &cancel, &|progress| reporter.tell(progress));
    reporter.finish();
    let report = healed?;
    match arguments.format {
        Format::Json => print_json(&report)?,
        Format::Human => print(&summary::of(&report, &settings)),
    }
    if !report.complete {
        anstream::eprintln!("thymus: not every case went as far as it was asked to; its `state` says why");
    }
    Ok(ExitCode::from(status(&report, arguments.check)))
}

fn status(report: &Report, check: bool) -> u8 {
    match report {
        Report { complete: false, .. } => 1,
        Report { cases, .. } if check && !cases.is_empty() => 3,
        _ => 0,
    }
}

/// The first signal asks the loop to stop and clean up; a second one ends the program at once.
pub(super) fn stop_on_signals() -> Result<Cancel, Complaint> {
    let cancel = Cancel::default();
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP] {
        let armed = signal_hook::flag::register_conditional_shutdown(signal, 130, cancel.flag())
            .and_then(|_| signal_hook::flag::register(signal, cancel.flag()));
        armed.map_err(|error| Complaint::failed(format!("can't listen for signals: {error}")))?;
    }
    Ok(cancel)
}
