//! What goes to a worker and what comes back: one JSON document each way.
//!
//! A guest that broke out of wasmtime would own its worker, so an answer is hostile until [`super::bounds`] passed it.

use serde::{Deserialize, Serialize};

use crate::model::{CallEnd, Diagnosis, Digest, Export, Finding, Grant};

/// Where a worker finds what it works on. None of it lies below a directory that a guest sees.
pub(super) const COMPONENT: &str = "/plugin/component.wasm";
/// The machine code that a call runs.
pub(super) const COMPILED: &str = "/plugin/compiled";
/// Where a compiling worker leaves machine code.
pub(super) const OUT: &str = "/out";
/// Its name there.
pub(super) const OUT_FILE: &str = "compiled";

/// One worker, one order.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Order {
    /// Make machine code of a component.
    Compile {
        /// The component's bytes, so that no other ones are compiled in its name.
        component: Digest,
        /// Whether the code counts fuel.
        metered: bool,
    },
    /// Call one export.
    Call(Box<CallOrder>),
}

/// All that a call depends on beside the directories: the same order gives the same bytes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CallOrder {
    pub export: Export,
    /// The machine code's bytes; the worker loads no others.
    pub compiled: Digest,
    pub grant: Grant,
    pub clock_ns: u64,
    pub seed: u64,
    pub history: Vec<PastCase>,
    pub telemetry: bool,
    pub source: bool,
    pub finding: Option<Finding>,
    pub diagnosis: Option<Diagnosis>,
}

/// How a worker's order ended. What the guest wrote to its log went to standard error meanwhile.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Answer<T> {
    pub end: CallEnd,
    /// In a tuple, because JSON has one `null` for "no answer" and for "no diagnosis".
    pub value: Option<(T,)>,
    pub fuel: u64,
    /// What instantiating and the call took.
    pub guest_micros: u64,
    pub log_dropped: u64,
    pub progress: Option<Progress>,
}

impl<T> Answer<T> {
    /// An end without anything else.
    pub fn of(end: CallEnd) -> Self {
        Self { end, value: None, fuel: 0, guest_micros: 0, log_dropped: 0, progress: None }
    }
}

/// An earlier case, for `history`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastCase {
    /// The finding's; a plugin gets those cases whose fingerprint it names.
    pub fingerprint: String,
    /// The case's id.
    pub case: String,
    /// The rule that fired.
    pub rule: String,
    /// How it ended.
    pub outcome: PastOutcome,
    /// What the person who rejected it said.
    pub reason: Option<String>,
    /// Nanoseconds since 1970, when it ended or, while open, began.
    pub at_ns: u64,
}

/// How an earlier case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum PastOutcome {
    Open,
    Healed,
    Rejected,
    Abandoned,
    RolledBack,
}

/// How far a call said it had come, the last time it said so. Text of the plugin: hostile until escaped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// So many of `total`.
    pub done: u64,
    /// 0 where it is not known.
    pub total: u64,
    /// At what; cut after 200 bytes.
    pub what: String,
}
