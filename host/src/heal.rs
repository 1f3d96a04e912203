//! The loop: telemetry in, reviewed branch out.

mod settings;

pub use settings::{Settings, Until, default_state};
