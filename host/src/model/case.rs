//! One finding's whole life.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Decision, Diagnosis, Digest, Finding, Gate, Proposal};

/// `error-3f9a1c2b7d40`: the capability and twelve digits of the fingerprint's digest, so that the same problem is the
/// same case in every run and one branch is enough for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CaseId(String);

impl CaseId {
    /// The case of a finding. `attempt` is 1 at first and grows when an ended case's problem comes back.
    pub fn of(finding: &Finding, attempt: u32) -> Self {
        let digest = Digest::of_parts([finding.capability.as_str(), &finding.rule, &finding.fingerprint]);
        let suffix = if attempt > 1 { format!("-{attempt}") } else { String::new() };
        Self(format!("{}-{}{suffix}", finding.capability, digest.short()))
    }

    /// Takes an id a person typed: lower-case letters, digits and dashes, at most 64.
    pub fn parse(text: &str) -> Option<Self> {
        let ok = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !text.starts_with('-');
        ok.then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The branch a healed case lies on.
    pub fn branch(&self) -> String {
        format!("thymus/{}", self.0)
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far a case has come. The ledger projects it from events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseState {
    /// A finding, nothing more yet.
    Detected,
    /// Its cause is known.
    Diagnosed,
    /// A patch exists.
    Proposed,
    /// Every gate passed.
    Validated,
    /// A branch is about to be made: the next run looks whether it was.
    Delivering,
    /// A branch is there and a person has to look.
    Held,
    /// Approved or applied.
    Healed,
    /// A person or the policy said no, or a gate failed.
    Rejected,
    /// Nothing could be proposed, or thymus was stopped on the way.
    Abandoned,
    /// It was healed and taken back.
    RolledBack,
}

impl CaseState {
    /// The word that JSON and messages use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Detected => "detected",
            Self::Diagnosed => "diagnosed",
            Self::Proposed => "proposed",
            Self::Validated => "validated",
            Self::Delivering => "delivering",
            Self::Held => "held",
            Self::Healed => "healed",
            Self::Rejected => "rejected",
            Self::Abandoned => "abandoned",
            Self::RolledBack => "rolled-back",
        }
    }
}

impl fmt::Display for CaseState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A case as the ledger knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Its name.
    pub id: CaseId,
    /// How far it has come.
    pub state: CaseState,
    /// The plugin that found it, as `name@version`.
    pub plugin: String,
    /// The digest of that plugin's bytes.
    pub plugin_digest: Digest,
    /// The commit it was found at.
    pub commit: String,
    /// The window it was found in.
    pub window: Digest,
    /// What was seen.
    pub finding: Finding,
    /// Why it happens.
    pub diagnosis: Option<Diagnosis>,
    /// The fix that was chosen.
    pub proposal: Option<Proposal>,
    /// Its diff.
    pub diff: Option<String>,
    /// The patch's digest: what an approval names.
    pub patch: Option<Digest>,
    /// What the gates said of the chosen fix.
    pub gates: Vec<Gate>,
    /// What the policy said.
    pub decision: Option<Decision>,
    /// The branch and the commit on it.
    pub branch: Option<(String, String)>,
    /// Who approved which patch.
    pub approvals: Vec<(String, Digest)>,
    /// Why it was rejected, abandoned or rolled back.
    pub reason: Option<String>,
    /// When it was opened, nanoseconds since 1970.
    pub opened_ns: u64,
    /// When its last event was written.
    pub updated_ns: u64,
}
