//! The plugin `thymus-documentation`: documentation that the code contradicts, and the words that end it.
//!
//! [`survey`] reads a snapshot: [`javascript`] and [`python`] put functions and their doc comments side by side, as a
//! [`signature`] and a [`doc`] that know no language; [`rules`] compare the two, [`markdown`] compares documents with the
//! [`index`] of what there is. What any of them sees is a [`drift`], which carries its own repair through [`detect`],
//! [`diagnose`] and [`propose`]. Nothing here writes prose: what no fact says is left to a person.

pub mod classes;
pub mod defaults;
pub mod detect;
pub mod diagnose;
pub mod doc;
pub mod documented;
pub mod drift;
pub mod index;
pub mod javascript;
pub mod markdown;
pub mod notes;
pub mod propose;
pub mod python;
pub mod rules;
pub mod signature;
pub mod survey;
pub mod traffic;
pub mod types;

use thymus_sdk::source::Source;
use thymus_sdk::telemetry::Telemetry;
use thymus_sdk::{Detector, Diagnoser, Diagnosis, Failure, Finding, Fixer, Proposal};

/// The plugin.
#[derive(Debug)]
pub struct Documentation;

thymus_sdk::export_healer!(Documentation);

impl Detector for Documentation {
    fn detect(telemetry: &Telemetry, source: &Source) -> Result<Vec<Finding>, Failure> {
        detect::detect(telemetry, source, &thymus_sdk::host::settings()?)
    }
}

impl Diagnoser for Documentation {
    fn diagnose(finding: &Finding, _: &Telemetry, source: &Source) -> Result<Option<Diagnosis>, Failure> {
        diagnose::diagnose(finding, source)
    }
}

impl Fixer for Documentation {
    fn propose(
        finding: &Finding,
        diagnosis: &Diagnosis,
        _: &Telemetry,
        source: &Source,
    ) -> Result<Vec<Proposal>, Failure> {
        propose::propose(finding, diagnosis, source)
    }
}
