//! The plugin `thymus-errors`: exceptions in production, from telemetry to a proven repair.

pub mod cause;
pub mod exception;
pub mod javascript;
pub mod python;
pub mod repair;
