//! The plugin `thymus-coverage`: handlers that production uses and no test reaches, and tests for them.
//!
//! [`detect`] holds what production runs against what tests reach: measured ([`measured`]), or told from the text
//! ([`reach`]). [`example`] chooses captured calls, [`privacy`] takes persons and secrets out of them, and [`javascript`] and
//! [`python`] write them down as the project's own tests are written.

pub mod code;
pub mod detect;
pub mod diagnose;
pub mod example;
pub mod gap;
pub mod javascript;
pub mod measured;
pub mod notes;
pub mod privacy;
pub mod propose;
pub mod python;
pub mod reach;

use thymus_sdk::source::Source;
use thymus_sdk::telemetry::Telemetry;
use thymus_sdk::{Detector, Diagnoser, Diagnosis, Failure, Finding, Fixer, Proposal};

/// The plugin.
#[derive(Debug)]
pub struct Coverage;

thymus_sdk::export_healer!(Coverage);

impl Detector for Coverage {
    fn detect(telemetry: &Telemetry, source: &Source) -> Result<Vec<Finding>, Failure> {
        detect::detect(telemetry, source, &thymus_sdk::host::settings()?)
    }
}

impl Diagnoser for Coverage {
    fn diagnose(finding: &Finding, _: &Telemetry, source: &Source) -> Result<Option<Diagnosis>, Failure> {
        diagnose::diagnose(finding, source)
    }
}

impl Fixer for Coverage {
    fn propose(
        finding: &Finding,
        diagnosis: &Diagnosis,
        _: &Telemetry,
        source: &Source,
    ) -> Result<Vec<Proposal>, Failure> {
        propose::propose(finding, diagnosis, source)
    }
}
