//! The plugin `thymus-dependency`: imports, names and packages that lead nowhere, from telemetry and source to a repair.
//!
//! [`javascript`] and [`python`] each survey the snapshot: which import, name or package of it leads nowhere ([`fault`]),
//! and what it must have meant. [`detect`] joins that with what production ran into; [`diagnose`] and [`propose`] turn it
//! into the contract's terms. What only the snapshot shows is reported where nothing can excuse it; what would be a guess
//! is not repaired, and no name of a package is ever made up.

// Node.js and Python tell file names apart by their case.
#![allow(clippy::case_sensitive_file_extension_comparisons)]

pub mod circles;
pub mod detect;
pub mod diagnose;
pub mod fault;
pub mod javascript;
pub mod names;
pub mod notes;
pub mod propose;
pub mod python;
pub mod repair;

use thymus_sdk::source::Source;
use thymus_sdk::telemetry::Telemetry;
use thymus_sdk::{Detector, Diagnoser, Diagnosis, Failure, Finding, Fixer, Proposal};

/// The plugin.
#[derive(Debug)]
pub struct Dependency;

thymus_sdk::export_healer!(Dependency);

impl Detector for Dependency {
    fn detect(telemetry: &Telemetry, source: &Source) -> Result<Vec<Finding>, Failure> {
        detect::detect(telemetry, source, &thymus_sdk::host::settings()?)
    }
}

impl Diagnoser for Dependency {
    fn diagnose(finding: &Finding, _: &Telemetry, source: &Source) -> Result<Option<Diagnosis>, Failure> {
        diagnose::diagnose(finding, source)
    }
}

impl Fixer for Dependency {
    fn propose(finding: &Finding, _: &Diagnosis, _: &Telemetry, source: &Source) -> Result<Vec<Proposal>, Failure> {
        propose::propose(finding, source)
    }
}
