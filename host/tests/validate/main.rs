//! Proofs of honest patches and of hostile ones, by real test runners in the real sandbox.
#![allow(clippy::unwrap_used, missing_docs)]

mod bench;
mod forgeries;
mod installed;
mod node;
mod python;
mod runs;
mod samples;
mod set_up;
