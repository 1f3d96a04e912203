//! How gates are run one after another and how each answers. What they test is not known here.

use std::time::Instant;

use crate::model::{Gate, GateName, GateStatus, ValidationRules, Verdict};

use super::ValidateError;
use super::text::plain;

const MAX_EVIDENCE: usize = 40;
const MAX_LINE: usize = 800;
const MAX_DETAIL: usize = 1500;

/// A gate's answer.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) status: GateStatus,
    pub(super) code: &'static str,
    pub(super) detail: String,
    pub(super) evidence: Vec<String>,
}

impl Said {
    pub(super) fn passed(detail: impl Into<String>) -> Self {
        Self { status: GateStatus::Passed, code: "", detail: detail.into(), evidence: Vec::new() }
    }

    pub(super) fn unknown(code: &'static str, detail: impl Into<String>) -> Self {
        Self { status: GateStatus::Unknown, code, detail: detail.into(), evidence: Vec::new() }
    }

    pub(super) fn skipped(detail: impl Into<String>) -> Self {
        Self { status: GateStatus::Skipped, code: "", detail: detail.into(), evidence: Vec::new() }
    }

    pub(super) fn failed(code: &'static str, detail: impl Into<String>) -> Self {
        Self { status: GateStatus::Failed, code, detail: detail.into(), evidence: Vec::new() }
    }

    pub(super) fn with(mut self, evidence: impl IntoIterator<Item = String>) -> Self {
        self.evidence.extend(evidence);
        self
    }
}

/// What ends a proof before its last gate.
#[derive(Debug)]
pub(super) enum Halt {
    /// A gate failed.
    Failed(Said),
    /// Something of thymus's own failed.
    Error(ValidateError),
}

impl<E: Into<ValidateError>> From<E> for Halt {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

/// The verdict in the making.
pub(super) struct Gates<'a> {
    pub(super) verdict: Verdict,
    on_gate: &'a dyn Fn(&Gate),
}

impl<'a> Gates<'a> {
    pub(super) fn new(on_gate: &'a dyn Fn(&Gate)) -> Self {
        Self { verdict: Verdict::default(), on_gate }
    }

    /// Runs a gate, tells of it and hands on what later gates need.
    pub(super) fn take<T>(&mut self, name: GateName, run: impl FnOnce() -> Result<(Said, T), Halt>) -> Result<T, Halt> {
        let started = Instant::now();
        let (said, value) = match run() {
            Ok((said, _)) if said.status == GateStatus::Failed => (said.clone(), Err(Halt::Failed(said))),
            Ok((said, value)) => (said, Ok(value)),
            Err(Halt::Failed(said)) => (said.clone(), Err(Halt::Failed(said))),
            Err(error) => return Err(error),
        };
        // Names in them come from plugins, reports and repositories.
        let mut evidence: Vec<String> = said.evidence.iter().map(|line| plain(line, MAX_LINE)).collect();
        let more = evidence.len().saturating_sub(MAX_EVIDENCE);
        evidence.truncate(MAX_EVIDENCE);
        if more > 0 {
            evidence.push(format!("and {more} more"));
        }
        let gate = Gate {
            name,
            status: said.status,
            millis: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            detail: plain(&said.detail, MAX_DETAIL),
            code: said.code.to_owned(),
            evidence,
        };
        (self.on_gate)(&gate);
        self.verdict.gates.push(gate);
        value
    }

    /// The same for a gate that the policy may switch off.
    pub(super) fn take_unless_off(
        &mut self,
        name: GateName,
        rules: &ValidationRules,
        run: impl FnOnce() -> Result<(Said, ()), Halt>,
    ) -> Result<(), Halt> {
        if rules.off.contains(&name) {
            return self.take(name, || Ok((Said::skipped("the policy switched it off"), ())));
        }
        self.take(name, run)
    }
}
