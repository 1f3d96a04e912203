//! The words of `DESIGN.md` as plain data.
//!
//! Every room speaks in these types and in nothing else, so each can be tested alone. There is no I/O here and no
//! knowledge of any library that a room hides; what a value may hold is checked where it is made.

mod cancel;
mod case;
mod decision;
mod diagnosis;
mod digest;
mod event;
mod finding;
mod gate;
mod grant;
mod patch;
mod path;
mod progress;
mod project;
mod proposal;
mod protection;
mod recheck;
mod report;
mod rules;
mod sandbox;
mod text;
mod window;

pub use cancel::Cancel;
pub use case::{Case, CaseId, CaseState};
pub use decision::{Decision, Outcome, RuleStep};
pub use diagnosis::{Diagnosis, Location};
pub use digest::{Digest, DigestError};
pub use event::{CallEnd, Event, Export};
pub use finding::{Capability, Confidence, Evidence, Finding, Measure, OutOfBounds, Severity, Subject};
pub use gate::{Gate, GateName, GateStatus, Verdict};
pub use grant::{Grant, PluginLimits};
pub use patch::{FileState, Patch, PatchSize, PatchedFile};
pub use path::{PathRefusal, RepoPath};
pub use progress::Progress;
pub use project::{Framework, Project, SetUp, StateContract, TestReport, TestRun, Threshold};
pub use proposal::{Change, Edit, Expectation, Proposal, Role};
pub use protection::{PROTECTED, TESTS};
pub use recheck::Recheck;
pub use report::{
    Report, ReportedCase, ReportedDecision, ReportedGate, ReportedLocation, ReportedPlugin, ReportedProposal,
};
pub use rules::ValidationRules;
pub use sandbox::{Achieved, Backend};
pub use text::{inert, inert_line, is_invisible};
pub use window::{Damage, Signals, Window};
