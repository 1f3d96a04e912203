//! Plugins: what one is, what it wants, where the installed ones lie, and how one is called.
//!
//! Nothing here trusts a plugin. [`inspect`] reads it without running it, [`Plugins::load`] refuses what the policy does
//! not grant and compiles the rest in the jail, and each call is a process of its own there (docs/decisions/0001).
//! What a call returns is data that keeps to the contract, nothing more: whether it is right is for other rooms.

mod audit;
mod bindings;
mod bounds;
mod cache;
mod call;
mod contract;
mod convert;
pub mod engine;
mod error;
mod facts;
mod folder;
mod guest;
mod load;
mod log;
mod order;
mod replay;
#[cfg(test)]
mod tests;
mod worker;

pub use audit::audit;
pub use call::{Call, Inputs};
pub use error::PluginError;
pub use facts::{PluginFacts, inspect};
pub use folder::{add, folder, remove};
pub use load::{Plugin, Plugins};
pub use order::{PastCase, PastOutcome, Progress};
pub use worker::worker_main;
