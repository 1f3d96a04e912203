//! What the ledger holds: everything that happened, written before the act it records.

use serde::{Deserialize, Serialize};

use super::{Achieved, CaseId, Decision, Diagnosis, Digest, Finding, Gate, Proposal, Window};

/// One of a plugin's functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "wit/0.1.0/plugin.wit says what each does")]
pub enum Export {
    Detect,
    Diagnose,
    Propose,
}

impl Export {
    /// The function's name in the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Detect => "detect",
            Self::Diagnose => "diagnose",
            Self::Propose => "propose",
        }
    }
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum CallEnd {
    /// With a value.
    Returned,
    /// With the contract's `unsupported` or `bad-input`: it has nothing to say to this, which is no fault of its own.
    Declined {
        /// What the plugin said.
        why: String,
    },
    /// With the contract's `failed`.
    Failed {
        /// What the plugin said.
        why: String,
    },
    /// The component trapped.
    Trapped {
        /// What wasmtime said.
        why: String,
    },
    /// Its time was up.
    TimedOut,
    /// It passed a limit: `memory`, `result`, `handles` and the like.
    LimitReached {
        /// Which.
        limit: String,
    },
    /// It returned something that the contract does not allow.
    BadValue {
        /// What.
        why: String,
    },
    /// The worker process died.
    Crashed {
        /// How.
        why: String,
    },
    /// The person stopped thymus.
    Cancelled,
}

impl CallEnd {
    /// Whether the call counts against the plugin (see `PluginLimits::strikes`).
    pub fn is_strike(&self) -> bool {
        !matches!(self, Self::Returned | Self::Declined { .. } | Self::Cancelled)
    }
}

/// One entry of the ledger. Variants are only ever added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the fields are the words of DESIGN.md")]
pub enum Event {
    /// A loop begins.
    LoopStarted { version: String, repository: String, commit: String, policy: Digest, pid: u32 },
    /// The OS sandbox proved itself.
    SandboxProved { achieved: Achieved },
    /// The loop ended, in order or not.
    LoopEnded { cases: u64, why: String },
    /// Telemetry was read.
    WindowRead { window: Window },
    /// A snapshot was laid out; `left_out` names what was not, and why.
    SnapshotTaken { commit: String, files: u64, left_out: Vec<(String, String)> },
    /// A plugin passed the import audit and got its grant.
    PluginLoaded { plugin: String, digest: Digest, exports: Vec<Export>, imports: Vec<String>, grant: Digest },
    /// A plugin did not get in.
    PluginRefused { plugin: String, digest: Option<Digest>, code: String, why: String },
    /// A call ended. With `seed` and the digests it can be made again.
    PluginCalled {
        plugin: String,
        digest: Digest,
        export: Export,
        case: Option<CaseId>,
        seed: u64,
        input: Digest,
        result: Option<Digest>,
        millis: u64,
        fuel: u64,
        log: String,
        log_dropped: u64,
        end: CallEnd,
    },
    /// A plugin failed too often and is not called again in this loop.
    PluginBenched { plugin: String, digest: Digest, strikes: u32, why: String },
    /// A case begins.
    CaseOpened { case: CaseId, plugin: String, digest: Digest, commit: String, window: Digest, finding: Finding },
    /// A case that is already there was seen again.
    CaseSeenAgain { case: CaseId, window: Digest, commit: String },
    /// Its cause.
    Diagnosed { case: CaseId, diagnosis: Diagnosis },
    /// A fix; `patch` is absent when no patch could be made of it.
    Proposed { case: CaseId, plugin: String, digest: Digest, proposal: Proposal, patch: Option<Digest>, diff: String },
    /// A gate ended.
    GateRan { case: CaseId, patch: Option<Digest>, gate: Gate },
    /// The policy spoke.
    Decided { case: CaseId, patch: Digest, decision: Decision },
    /// A branch is about to be made. `commit` is the object's id, known before the reference exists.
    Delivering { case: CaseId, patch: Digest, branch: String, commit: String },
    /// The branch is there.
    Delivered { case: CaseId, branch: String, commit: String },
    /// A person said yes to exactly this patch; `enough` when the policy then asks for nobody else.
    Approved { case: CaseId, patch: Digest, who: String, enough: bool },
    /// The default branch is about to move.
    Merging { case: CaseId, reference: String, from: String, to: String },
    /// It moved.
    Merged { case: CaseId, reference: String, to: String },
    /// A person or a gate or the policy said no.
    Rejected { case: CaseId, who: String, why: String },
    /// The case ended without a fix.
    Abandoned { case: CaseId, why: String },
    /// A healed case was taken back.
    RolledBack { case: CaseId, why: String },
    /// Something hostile or broken was refused: a stable code and one line.
    Refused { code: String, subject: String, why: String },
}

impl Event {
    /// The case it belongs to.
    pub fn case(&self) -> Option<&CaseId> {
        match self {
            Self::CaseOpened { case, .. }
            | Self::CaseSeenAgain { case, .. }
            | Self::Diagnosed { case, .. }
            | Self::Proposed { case, .. }
            | Self::GateRan { case, .. }
            | Self::Decided { case, .. }
            | Self::Delivering { case, .. }
            | Self::Delivered { case, .. }
            | Self::Approved { case, .. }
            | Self::Merging { case, .. }
            | Self::Merged { case, .. }
            | Self::Rejected { case, .. }
            | Self::Abandoned { case, .. }
            | Self::RolledBack { case, .. } => Some(case),
            Self::PluginCalled { case, .. } => case.as_ref(),
            _ => None,
        }
    }
}
