//! The plugin `thymus-behavior`: handlers that run in another order than they should, from telemetry to a repair with its
//! test.
//!
//! [`sequence`] reads what people documented, [`traces`] what ran; [`automaton`] and [`align`] hold the one against the
//! other, and [`deviation`] says in people's words what the explanation means. [`detect`] does so for documented sequences
//! and for those that better times show, and says whether code or definition is wrong.
//!
//! [`flow`] is the code that runs the beats, which [`javascript`] and [`python`] find and [`repair`] puts right, one rule a
//! file; both write the test that shows the order. [`definition`] corrects what is documented. [`diagnose`] and
//! [`propose`] say it all in the contract's terms, and hold back what has no proof.

// Paths are told apart by case, on every system that matters here.
#![allow(clippy::case_sensitive_file_extension_comparisons)]

pub mod align;
pub mod at_hand;
pub mod automaton;
pub mod definition;
pub mod detect;
pub mod deviation;
pub mod diagnose;
pub mod disorder;
pub mod flow;
pub mod history;
pub mod javascript;
pub mod notes;
pub mod propose;
pub mod python;
pub mod repair;
pub mod rules;
pub mod sequence;
pub mod significance;
pub mod traces;
pub mod trigger;
pub mod wanted;

use thymus_sdk::source::Source;
use thymus_sdk::telemetry::Telemetry;
use thymus_sdk::{Detector, Diagnoser, Diagnosis, Failure, Finding, Fixer, Proposal};

/// The plugin.
#[derive(Debug)]
pub struct Behavior;

thymus_sdk::export_healer!(Behavior);

impl Detector for Behavior {
    fn detect(telemetry: &Telemetry, source: &Source) -> Result<Vec<Finding>, Failure> {
        detect::detect(telemetry, source, &thymus_sdk::host::settings()?)
    }
}

impl Diagnoser for Behavior {
    fn diagnose(finding: &Finding, _: &Telemetry, source: &Source) -> Result<Option<Diagnosis>, Failure> {
        diagnose::diagnose(finding, source)
    }
}

impl Fixer for Behavior {
    fn propose(
        finding: &Finding,
        diagnosis: &Diagnosis,
        telemetry: &Telemetry,
        source: &Source,
    ) -> Result<Vec<Proposal>, Failure> {
        propose::propose(finding, diagnosis, telemetry, source)
    }
}
