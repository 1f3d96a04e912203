//! What the policy says of a validated proposal.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Digest;

/// What happens to a validated proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It is dropped.
    Reject,
    /// A branch is made and a person must approve.
    Hold,
    /// A branch is made and may be merged.
    Apply,
}

impl Outcome {
    /// The word that policies, JSON and messages use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reject => "reject",
            Self::Hold => "hold",
            Self::Apply => "apply",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One rule that was asked on the way to a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleStep {
    /// Its name in the policy, as in `capability.error.level`.
    pub rule: String,
    /// The file and line that set it, as in `policies/default.toml:12`, or `built-in`.
    pub origin: String,
    /// What it asked and what it found.
    pub says: String,
    /// What the outcome was after it.
    pub outcome: Outcome,
}

/// The outcome, with the rule that decided and the whole chain for `policy explain`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What happens.
    pub outcome: Outcome,
    /// The rule that decided.
    pub rule: String,
    /// Every rule that was asked, in order.
    pub chain: Vec<RuleStep>,
    /// The digest of all policy layers together.
    pub policy: Digest,
}
