//! Plugins: what one is, what it wants, and where the installed ones lie.
//!
//! Everything here reads bytes; nothing in this room runs a plugin yet. That a file passes [`inspect`] says that it is
//! a well-formed component that speaks the contract, not that it is harmless: running one needs the OS sandbox.

mod audit;
mod contract;
pub mod engine;
mod error;
mod facts;
mod folder;
#[cfg(test)]
mod tests;

pub use audit::audit;
pub use error::PluginError;
pub use facts::{PluginFacts, inspect};
pub use folder::{add, folder, remove};
