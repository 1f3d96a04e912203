//! What the policy says of validation. The policy makes it; the validate room keeps to it.

use serde::{Deserialize, Serialize};

use super::GateName;

/// How hard, and within what, a proposal is tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidationRules {
    /// Runs of the patched tree; a result that flips between them is not a pass.
    pub repeats: u32,
    /// The most wall clock of one test run, whatever `thymus.toml` asks for.
    pub run_seconds: u64,
    /// Memory of one run.
    pub memory_bytes: u64,
    /// Processes and threads of one run.
    pub processes: u32,
    /// What one run may write.
    pub disk_bytes: u64,
    /// Whether the set-up command (never a test) sees the network.
    pub set_up_network: bool,
    /// Gates that are skipped; only those that the policy's schema lets anybody skip.
    pub off: Vec<GateName>,
}
