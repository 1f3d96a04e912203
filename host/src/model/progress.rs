//! What the loop says while it runs, to whoever reports it: a terminal, a JSON document, a test. The ledger is not fed
//! from here: it is written before acts, this is told after them, and a report that fails must never stop a repair.

use super::{Achieved, CallEnd, CaseId, Decision, Diagnosis, Export, Finding, Gate, Proposal, Window};

/// One thing that happened.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are the words of DESIGN.md")]
pub enum Progress {
    /// Telemetry is being read; spans so far.
    Reading { spans: u64 },
    /// The window is complete.
    WindowRead { window: Window },
    /// The sandbox proved itself.
    SandboxProved { achieved: Achieved },
    /// The commit is laid out.
    SnapshotTaken { commit: String, files: u64, left_out: u64 },
    /// A plugin passed its audit and is compiled; `cached` when nothing had to be compiled.
    PluginLoaded { plugin: String, millis: u64, cached: bool },
    /// A plugin did not get in.
    PluginRefused { plugin: String, code: String, why: String },
    /// A call begins.
    Calling { plugin: String, export: Export, case: Option<CaseId> },
    /// A call ended.
    Called { plugin: String, export: Export, case: Option<CaseId>, end: CallEnd, millis: u64 },
    /// A plugin failed too often.
    PluginBenched { plugin: String, why: String },
    /// A finding became a case; `again` when the case was there already.
    CaseOpened { case: CaseId, finding: Box<Finding>, again: bool },
    /// Its cause is known.
    Diagnosed { case: CaseId, diagnosis: Box<Diagnosis> },
    /// A fix is there, the diff of its patch with it (empty when no patch could be made).
    Proposed { case: CaseId, proposal: Box<Proposal>, diff: String },
    /// A gate is about to run.
    GateStarted { case: CaseId, name: super::GateName },
    /// A gate ended.
    GateEnded { case: CaseId, gate: Gate },
    /// The policy spoke.
    Decided { case: CaseId, decision: Decision },
    /// The branch is there.
    Delivered { case: CaseId, branch: String, commit: String },
    /// The case is over for this run; `why` says what a person needs to know.
    CaseEnded { case: CaseId, state: super::CaseState, why: String },
    /// Something worth a warning that ends nothing.
    Warning { what: String },
}
