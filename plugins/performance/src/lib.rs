//! The plugin `thymus-performance`: handlers that became slower, from telemetry to a repair that is measured.
//!
//! [`detect`] says which handler is slower than it was, with the statistics of [`statistics`].

pub mod cost;
pub mod detect;
pub mod notes;
pub mod slowdown;
pub mod statistics;

use thymus_sdk::source::Source;
use thymus_sdk::telemetry::Telemetry;
use thymus_sdk::{Detector, Failure, Finding};

/// The plugin.
#[derive(Debug)]
pub struct Performance;

thymus_sdk::export_detector!(Performance);

impl Detector for Performance {
    fn detect(telemetry: &Telemetry, source: &Source) -> Result<Vec<Finding>, Failure> {
        detect::detect(telemetry, source, &thymus_sdk::host::settings()?)
    }
}
