//! What an OS sandbox really gave, as opposed to what was asked of it. It goes into the ledger.

use serde::{Deserialize, Serialize};

/// Who sets the sandbox up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Backend {
    /// The `hakoniwa` crate, in a re-executed thymus.
    Hakoniwa,
    /// The `bwrap` program; an independent second opinion for the attack corpus.
    Bubblewrap,
}

/// The walls that stood during a run. A run without the required ones is refused, so these are facts, not hopes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Achieved {
    /// Who set it up.
    pub backend: Backend,
    /// The namespaces of its own: `user`, `mount`, `pid`, `network`, `ipc`, `uts`, `cgroup`.
    pub namespaces: Vec<String>,
    /// The Landlock ABI that enforces file access; 0 where the kernel has none.
    pub landlock_abi: u32,
    /// Whether the seccomp filter is on.
    pub seccomp: bool,
    /// Which limits a cgroup enforces (`memory`, `pids`); the others hold by rlimit and by watching.
    pub cgroup: Vec<String>,
}
