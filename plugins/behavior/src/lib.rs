//! The plugin `thymus-behavior`: handlers that run in another order than they should, from telemetry to a repair with its
//! test.
//!
//! [`sequence`] reads what people documented, [`traces`] what ran; [`automaton`] and [`align`] hold the one against the
//! other, and [`deviation`] says in people's words what the explanation means. [`detect`] does so for documented sequences
//! and for those that better times show, and says whether code or definition is wrong.

pub mod align;
pub mod automaton;
pub mod detect;
pub mod deviation;
pub mod disorder;
pub mod notes;
pub mod sequence;
pub mod significance;
pub mod traces;

use thymus_sdk::source::Source;
use thymus_sdk::telemetry::Telemetry;
use thymus_sdk::{Detector, Failure, Finding};

/// The plugin.
#[derive(Debug)]
pub struct Behavior;

thymus_sdk::export_detector!(Behavior);

impl Detector for Behavior {
    fn detect(telemetry: &Telemetry, source: &Source) -> Result<Vec<Finding>, Failure> {
        detect::detect(telemetry, source, &thymus_sdk::host::settings()?)
    }
}
