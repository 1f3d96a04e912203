//! Proofs of honest patches and of hostile ones, by real test runners in the real sandbox.
#![allow(clippy::unwrap_used, missing_docs)]

mod bench;
mod node;
