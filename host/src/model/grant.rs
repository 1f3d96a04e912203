//! What a plugin is allowed.

use serde::{Deserialize, Serialize};

/// What one plugin may see and use. The policy makes it; the plugin room enforces it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Whether `/telemetry` is there.
    pub telemetry: bool,
    /// Globs of the snapshot's files that lie in `/source`; empty means no `/source`.
    pub source: Vec<String>,
    /// Whether the interface `thymus:plugin/host` answers `history`.
    pub history: bool,
    /// The plugin's own table of the policy, as JSON.
    pub settings: String,
    /// How much of everything.
    pub limits: PluginLimits,
}

/// The limits of one call. The defaults are those of `policies/default.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginLimits {
    /// Wall clock of one call, in milliseconds; the worker is killed then.
    pub call_millis: u64,
    /// Wall clock of compiling the component once.
    pub compile_millis: u64,
    /// Linear memory, summed over all memories of the component, in bytes.
    pub memory_bytes: u64,
    /// Table elements, summed.
    pub table_elements: u64,
    /// Core instances, memories and tables each.
    pub instances: u32,
    /// Fuel of one call (about one per wasm instruction); 0 means none is metered.
    pub fuel: u64,
    /// Handles (open files, streams and the like) at once.
    pub handles: u32,
    /// The most that one `get-random-bytes` gives.
    pub random_bytes: u64,
    /// The log of one call: host log, stdout and stderr together.
    pub log_bytes: u64,
    /// `/scratch`, in bytes.
    pub scratch_bytes: u64,
    /// `/scratch`, in files and folders.
    pub scratch_files: u32,
    /// All that a call returns, in bytes.
    pub result_bytes: u64,
    /// Findings of one `detect`.
    pub findings: u32,
    /// Proposals of one `propose`.
    pub proposals: u32,
    /// Failed calls in a row after which the plugin is benched.
    pub strikes: u32,
}

impl Default for PluginLimits {
    fn default() -> Self {
        Self {
            call_millis: 60_000,
            compile_millis: 120_000,
            memory_bytes: 512 << 20,
            table_elements: 200_000,
            instances: 64,
            fuel: 0,
            handles: 256,
            random_bytes: 1 << 20,
            log_bytes: 256 << 10,
            scratch_bytes: 64 << 20,
            scratch_files: 4096,
            result_bytes: 8 << 20,
            findings: 1000,
            proposals: 8,
            strikes: 3,
        }
    }
}
