//! thymus: finds what is wrong in production, proposes a repair, and proves it before anybody has to trust it.
//!
//! The way of the data is [`heal`]; every step of it is one call into one room below. Rooms know only [`model`]
//! (and, those that start untrusted processes, [`sandbox`]), never each other.

pub mod cli;
pub mod deliver;
pub mod eval;
pub mod heal;
pub mod learn;
pub mod ledger;
pub mod model;
pub mod patch;
pub mod plugin;
pub mod policy;
pub mod project;
pub mod sandbox;
pub mod snapshot;
pub mod telemetry;
pub mod validate;
