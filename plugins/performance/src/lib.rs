//! The plugin `thymus-performance`: handlers that became slower, from telemetry to a repair that is measured.
//!
//! [`detect`] says which handler is slower than it was, with the statistics of [`statistics`]. [`javascript`] and
//! [`python`] each know one language: what costs in the code that the handler runs, how it is written without that cost
//! and with the same meaning, and how the project would test it. [`diagnose`] and [`propose`] turn that into the contract's terms; [`measure`] says what a test
//! repeats and may promise.

pub mod cost;
pub mod detect;
pub mod diagnose;
pub mod javascript;
pub mod language;
pub mod measure;
pub mod notes;
pub mod propose;
pub mod python;
pub mod repair;
pub mod slowdown;
pub mod statistics;

use thymus_sdk::source::Source;
use thymus_sdk::telemetry::Telemetry;
use thymus_sdk::{Detector, Diagnoser, Diagnosis, Failure, Finding, Fixer, Proposal};

/// The plugin.
#[derive(Debug)]
pub struct Performance;

thymus_sdk::export_healer!(Performance);

impl Detector for Performance {
    fn detect(telemetry: &Telemetry, source: &Source) -> Result<Vec<Finding>, Failure> {
        detect::detect(telemetry, source, &thymus_sdk::host::settings()?)
    }
}

impl Diagnoser for Performance {
    fn diagnose(finding: &Finding, _: &Telemetry, source: &Source) -> Result<Option<Diagnosis>, Failure> {
        diagnose::diagnose(finding, source)
    }
}

impl Fixer for Performance {
    fn propose(
        finding: &Finding,
        diagnosis: &Diagnosis,
        _: &Telemetry,
        source: &Source,
    ) -> Result<Vec<Proposal>, Failure> {
        propose::propose(finding, diagnosis, source)
    }
}
