//! What one run of the loop found and did: the document that `thymus heal --format json` prints. Its JSON Schema is
//! `docs/heal.schema.json`; fields are only ever added.

use serde::{Deserialize, Serialize};

use super::{Capability, CaseId, CaseState, Digest, GateStatus, Outcome, Severity, Window};

/// One run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// The window, as it was read.
    pub window: Window,
    /// The commit that was looked at.
    pub commit: String,
    /// Cases of this run, the most severe first.
    pub cases: Vec<ReportedCase>,
    /// Every plugin that was there, refused ones too.
    pub plugins: Vec<ReportedPlugin>,
    /// What a person should know and nothing above says.
    pub warnings: Vec<String>,
    /// Whether every case went as far as it was asked to; false when, say, its tests could not be run at all.
    pub complete: bool,
}

/// One case of the run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReportedCase {
    /// Its name.
    pub id: CaseId,
    /// How far it came.
    pub state: CaseState,
    /// The kind of healing.
    pub capability: Capability,
    /// The detector's rule.
    pub rule: String,
    /// The detector, as `name@version`.
    pub plugin: String,
    /// One line.
    pub title: String,
    /// The handler.
    pub subject: String,
    /// How bad.
    pub severity: Severity,
    /// The detector's confidence, 0 to 1.
    pub confidence: f64,
    /// The diagnosed place, else the subject's, else null.
    pub location: Option<ReportedLocation>,
    /// Why it happens; null when nobody could tell.
    pub diagnosis: Option<String>,
    /// The chosen fix, or the last one tried; null when there was none.
    pub proposal: Option<ReportedProposal>,
    /// What the gates said of it, in order.
    pub gates: Vec<ReportedGate>,
    /// What the policy said; null when nothing came so far.
    pub decision: Option<ReportedDecision>,
    /// The branch; null when none was made.
    pub branch: Option<String>,
    /// Why the case ended as it did; empty when the rest says it.
    pub reason: String,
}

/// A place in the snapshot.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReportedLocation {
    /// Relative to the repository.
    pub path: String,
    /// From 1; null when only the file is known.
    pub start_line: Option<u32>,
}

/// A fix.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReportedProposal {
    /// The commit message's first line.
    pub title: String,
    /// For the reviewer.
    pub explanation: String,
    /// Files it touches.
    pub files: Vec<String>,
    /// A unified diff; empty when the changes made no patch.
    pub diff: String,
}

/// A gate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReportedGate {
    /// As in `regresses-nothing`.
    pub name: String,
    /// How it ended.
    pub status: GateStatus,
    /// How long it took.
    pub millis: u64,
    /// One sentence.
    pub detail: String,
    /// Of a gate that failed: test ids, and the last of what was printed. Hostile until escaped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
}

/// The policy's word.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReportedDecision {
    /// Reject, hold or apply.
    pub outcome: Outcome,
    /// The rule that decided.
    pub rule: String,
}

/// A plugin, and what it did in this run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReportedPlugin {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Of its bytes; null when the file could not even be read.
    pub digest: Option<Digest>,
    /// Calls made.
    pub calls: u64,
    /// Those that count against it.
    pub failures: u64,
    /// Fuel of its calls where its grant meters fuel, else their wall clock in milliseconds.
    pub fuel_or_millis: u64,
    /// Why it did not get in or is not called any more; null when it is fine.
    pub refused: Option<String>,
}
