//! Why a run of the loop could not do its job. What one case runs into is no error: it is that case's end, and the loop
//! goes on.

use std::path::PathBuf;

use miette::Diagnostic;

use crate::deliver::DeliverError;
use crate::ledger::{Busy, LedgerError};
use crate::model::CaseId;
use crate::patch::PatchError;
use crate::plugin::PluginError;
use crate::policy::{Denied, PolicyErrors};
use crate::project::ProjectError;
use crate::sandbox;
use crate::snapshot::SnapshotError;
use crate::telemetry::TelemetryError;
use crate::validate::ValidateError;

/// A run, an approval or a replay that could not be done.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum HealError {
    #[error("no telemetry was named, so there is nothing to look at")]
    #[diagnostic(help("name OTLP files or folders with --telemetry, or - for standard input"))]
    NoTelemetry,
    #[error("there is no plugin in {}", .0.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", "))]
    #[diagnostic(help("add one with `thymus plugin add FILE`, or name a folder of plugins with --plugins"))]
    NoPlugin(Vec<PathBuf>),
    #[error("no plugin got in; the ledger and the warnings above say why each was refused")]
    #[diagnostic(help(
        "`thymus plugin inspect FILE` shows what a plugin wants, `thymus policy check` what is granted"
    ))]
    AllRefused,
    #[error("the telemetry holds no spans, no log records and no metrics{}", damage(*.damaged))]
    #[diagnostic(help(
        "a broken export looks just like this: check what writes it, and that --telemetry names OTLP files"
    ))]
    NothingRead { damaged: u64 },
    #[error("no detector gave an answer, so nobody knows whether anything is wrong")]
    #[diagnostic(help(
        "the messages above and `thymus ledger show` say how each call ended; `thymus doctor` looks at this machine"
    ))]
    NoAnswer,
    #[error("commit {commit} of {} has no thymus.toml, so thymus does not know how to test it", .repo.display())]
    #[diagnostic(help("run `thymus init` there, look at the file, commit it; or stop earlier with --until diagnose"))]
    NoProject { repo: PathBuf, commit: String },
    #[error("there is no case {0}")]
    #[diagnostic(help("`thymus case list` shows the cases of this repository"))]
    NoCase(CaseId),
    #[error("case {case} is {state}, so it cannot be {asked}")]
    #[diagnostic(help("`thymus case show {case}` tells how it got there"))]
    WrongState { case: CaseId, state: &'static str, asked: &'static str },
    #[error("case {case} was decided under another policy than this one")]
    #[diagnostic(help("give the --policy files that `thymus heal` was given; if they changed since, run it again"))]
    OtherPolicy { case: CaseId },
    #[error("case {case} cannot be replayed: {why}")]
    #[diagnostic(help(
        "replay needs the window, the commit and the plugin of back then; run `thymus heal` again instead"
    ))]
    NoReplay { case: CaseId, why: String },
    #[error("stopped, as asked; the ledger knows how far each case came and the next run goes on there")]
    Cancelled,
    #[error("could not prepare {}: {source}", path.display())]
    #[diagnostic(help("check the space and the rights there, or choose another folder with --state"))]
    State { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    #[diagnostic(transparent)]
    Policy(#[from] PolicyErrors),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Project(#[from] ProjectError),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Busy(#[from] Busy),
    #[error(transparent)]
    Sandbox(#[from] sandbox::Refusal),
    #[error(transparent)]
    Plugin(#[from] PluginError),
    #[error(transparent)]
    Patch(#[from] PatchError),
    #[error(transparent)]
    Validate(#[from] ValidateError),
    #[error(transparent)]
    Deliver(#[from] DeliverError),
}

fn damage(damaged: u64) -> String {
    if damaged == 0 { String::new() } else { format!(", and {damaged} damaged record(s)") }
}

impl HealError {
    /// What the program exits with: 2 where the person has to change what they asked or wrote, else 1.
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::NoTelemetry
            | Self::Policy(_)
            | Self::NoCase(_)
            | Self::WrongState { .. }
            | Self::OtherPolicy { .. } => 2,
            _ => 1,
        }
    }
}
