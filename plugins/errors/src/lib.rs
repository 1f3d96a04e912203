//! The plugin `thymus-errors`: exceptions in production, from telemetry to a repair with its test.
//!
//! [`detect`] groups what was thrown and says which of it is new or has risen. [`javascript`] and [`python`] each know
//! one language: where in the syntax tree it failed, how a careful reviewer would repair it, and how the project would
//! test it. [`diagnose`] and [`propose`] turn what they say into the contract's terms, and hold back what has no proof.

pub mod cause;
pub mod detect;
pub mod diagnose;
pub mod exception;
pub mod javascript;
pub mod notes;
pub mod propose;
pub mod python;
pub mod repair;

use thymus_sdk::source::Source;
use thymus_sdk::telemetry::Telemetry;
use thymus_sdk::{Detector, Diagnoser, Diagnosis, Failure, Finding, Fixer, Proposal};

/// The plugin.
#[derive(Debug)]
pub struct Errors;

thymus_sdk::export_healer!(Errors);

impl Detector for Errors {
    fn detect(telemetry: &Telemetry, source: &Source) -> Result<Vec<Finding>, Failure> {
        detect::detect(telemetry, source, &thymus_sdk::host::settings()?)
    }
}

impl Diagnoser for Errors {
    fn diagnose(finding: &Finding, _: &Telemetry, source: &Source) -> Result<Option<Diagnosis>, Failure> {
        diagnose::diagnose(finding, source)
    }
}

impl Fixer for Errors {
    fn propose(
        finding: &Finding,
        diagnosis: &Diagnosis,
        _: &Telemetry,
        source: &Source,
    ) -> Result<Vec<Proposal>, Failure> {
        propose::propose(finding, diagnosis, source)
    }
}
