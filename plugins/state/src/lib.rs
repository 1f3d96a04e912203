//! The plugin `thymus-state`: calls that change what they must not change, from telemetry to a repair with its test.
//!
//! [`detect`] compares what calls change with what they changed in better times and with what the code and the project
//! promise. [`javascript`] and [`python`] each know one language: which statement writes, how a careful reviewer would
//! stop it, and how a test pins it. [`diagnose`] and [`propose`] turn what they say into the contract's terms.

pub mod change;
pub mod code;
pub mod declared;
pub mod detect;
pub mod diagnose;
pub mod differences;
pub mod javascript;
pub mod notes;
pub mod promises;
pub mod propose;
pub mod python;
pub mod repair;

use thymus_sdk::source::Source;
use thymus_sdk::telemetry::Telemetry;
use thymus_sdk::{Detector, Diagnoser, Diagnosis, Failure, Finding, Fixer, Proposal};

/// The plugin.
#[derive(Debug)]
pub struct State;

thymus_sdk::export_healer!(State);

impl Detector for State {
    fn detect(telemetry: &Telemetry, source: &Source) -> Result<Vec<Finding>, Failure> {
        detect::detect(telemetry, source, &thymus_sdk::host::settings()?)
    }
}

impl Diagnoser for State {
    fn diagnose(finding: &Finding, _: &Telemetry, source: &Source) -> Result<Option<Diagnosis>, Failure> {
        diagnose::diagnose(finding, source)
    }
}

impl Fixer for State {
    fn propose(
        finding: &Finding,
        diagnosis: &Diagnosis,
        _: &Telemetry,
        source: &Source,
    ) -> Result<Vec<Proposal>, Failure> {
        propose::propose(finding, diagnosis, source)
    }
}
