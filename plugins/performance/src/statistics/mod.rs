//! The statistics that detection stands on, each from the literature and each alone: nothing here knows of telemetry.

pub mod binomial;
pub mod change;
pub mod rank;
pub mod sample;
pub mod sketch;

/// As `f64`; counts and nanoseconds here stay far below where it loses whole numbers that matter.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn float(value: u64) -> f64 {
    value as f64
}

/// As `f64`.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn size(value: usize) -> f64 {
    value as f64
}
