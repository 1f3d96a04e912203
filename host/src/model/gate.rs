//! The validation steps and what they said.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The seven gates, cheapest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateName {
    /// The changes fit the snapshot.
    Applies,
    /// The policy allows touching these files, in this size.
    Scope,
    /// What the unpatched snapshot's own tests do.
    Baseline,
    /// The proposal's tests fail without its patch.
    Reproduces,
    /// Nothing that passed fails, nothing vanished.
    RegressesNothing,
    /// What was promised, measured.
    Improves,
    /// Again, with the same result.
    Stable,
}

impl GateName {
    /// The word that policies, JSON and messages use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applies => "applies",
            Self::Scope => "scope",
            Self::Baseline => "baseline",
            Self::Reproduces => "reproduces",
            Self::RegressesNothing => "regresses-nothing",
            Self::Improves => "improves",
            Self::Stable => "stable",
        }
    }
}

impl fmt::Display for GateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a gate ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateStatus {
    /// The patch may go on.
    Passed,
    /// The patch ends here.
    Failed,
    /// The gate could not know (a command with an exit status only, say); `detail` says what. The patch may go on,
    /// but the policy never applies it without a person.
    Unknown,
    /// Policy switched it off, or nothing was promised that it could measure.
    Skipped,
}

impl GateStatus {
    /// The word that JSON and messages use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Skipped => "skipped",
        }
    }
}

impl fmt::Display for GateStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One validation step and its result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// Which.
    pub name: GateName,
    /// How it ended.
    pub status: GateStatus,
    /// How long it took.
    pub millis: u64,
    /// One sentence for a person.
    pub detail: String,
    /// A refusal's stable code, as in `TH-PATH-GIT`; empty when the gate passed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// Test ids, output and the like; capped by whoever makes it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
}

/// All gates that ran for a proposal, in order. The first failure is the last entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// In the order they ran.
    pub gates: Vec<Gate>,
}

impl Verdict {
    /// Whether no gate failed. An empty verdict has proved nothing and did not pass.
    pub fn passed(&self) -> bool {
        !self.gates.is_empty() && self.gates.iter().all(|gate| gate.status != GateStatus::Failed)
    }

    /// Whether some gate could not know.
    pub fn has_unknown(&self) -> bool {
        self.gates.iter().any(|gate| gate.status == GateStatus::Unknown)
    }
}
