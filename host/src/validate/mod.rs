//! Proves a patch by running tests, and believes nothing that comes out of a run.
//!
//! The gates **baseline**, **reproduces**, **regresses-nothing**, **improves** and **stable**, in this order; the first
//! failure ends the proof. Everything the repository brings runs in [`crate::sandbox`], on a copy. What is delivered
//! comes from the patch, never from here. docs/validation.md is this room's manual: what passes, and what can't be known.

mod baseline;
mod bench;
mod canary;
mod compare;
mod exam;
mod gate;
mod improve;
mod mutant;
mod regress;
mod report;
mod reproduce;
mod runner;
mod set_up;
mod shelf;
mod speed;
mod stable;
mod text;
mod toolchain;
mod tree;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::model::{Cancel, Gate, GateName, Patch, Project, Proposal, Recheck, RepoPath, ValidationRules, Verdict};
use crate::sandbox::{Sandbox, SandboxError};

use bench::Bench;
use gate::{Gates, Halt};
use tree::Trees;

pub use exam::{Check, Examined};

/// Runs proofs. Several may run side by side, also of several processes on one state folder.
#[derive(Clone, Debug)]
pub struct Validator {
    sandbox: Sandbox,
    /// Below the state folder: `baselines`, `dependencies`.
    home: PathBuf,
}

/// What tests run on: a tree, and how it is set up and tested.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// How the repository is set up and tested.
    pub project: &'a Project,
    /// What the policy says of it.
    pub rules: &'a ValidationRules,
    /// The whole snapshot, laid out; read only.
    pub tree: &'a Path,
    /// The snapshot's commit.
    pub commit: &'a str,
    /// The snapshot's files, and whether each is executable.
    pub files: &'a BTreeMap<RepoPath, bool>,
}

/// A patch and all that its proof needs.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The snapshot that it is made against.
    pub ground: Ground<'a>,
    /// The patch.
    pub patch: &'a Patch,
    /// A folder with the patch's files.
    pub layer: &'a Path,
    /// The files that it takes away.
    pub removed: &'a [RepoPath],
    /// What it was made of.
    pub proposal: &'a Proposal,
}

/// A proof that could not be held. What a test run does is never an error; it is a gate's answer.
#[derive(Debug, thiserror::Error)]
pub enum ValidateError {
    /// The sandbox failed.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// A file of thymus's own failed.
    #[error("TH-VAL-IO: {at} {}: {source}; check the space and the rights there", path.display())]
    Io {
        /// The step.
        at: &'static str,
        /// Where.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
    /// The person stopped it.
    #[error("TH-VAL-CANCELLED: stopped, as asked")]
    Cancelled,
}

impl ValidateError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Sandbox(SandboxError::Io { .. }) => "TH-SBX-IO",
            Self::Sandbox(SandboxError::Wall(_)) => "TH-SBX-WALL",
            Self::Sandbox(SandboxError::Jail(_)) => "TH-SBX-JAIL",
            Self::Io { .. } => "TH-VAL-IO",
            Self::Cancelled => "TH-VAL-CANCELLED",
        }
    }

    fn io(at: &'static str, path: &Path) -> impl Fn(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { at, path: path.clone(), source }
    }
}

impl Validator {
    /// A validator that keeps baselines and dependencies below the state folder.
    pub fn new(sandbox: Sandbox, state: &Path) -> Self {
        Self { sandbox, home: state.join("validate") }
    }

    /// Holds the proof. Each gate is told to `on_gate` when it ends; the first that fails is the last. `recheck` lets the finder
    /// look at the patched tree; it is asked only where the proposal's promise needs it.
    pub fn prove(
        &self,
        candidate: &Candidate<'_>,
        recheck: &dyn Fn() -> Recheck,
        on_gate: &dyn Fn(&Gate),
        cancel: &Cancel,
    ) -> Result<Verdict, ValidateError> {
        let mut gates = Gates::new(on_gate);
        match self.all(candidate, recheck, &mut gates, cancel) {
            Ok(()) | Err(Halt::Failed(_)) => Ok(gates.verdict),
            Err(Halt::Error(error)) => Err(error),
        }
    }

    fn all(
        &self,
        candidate: &Candidate<'_>,
        recheck: &dyn Fn() -> Recheck,
        gates: &mut Gates<'_>,
        cancel: &Cancel,
    ) -> Result<(), Halt> {
        let (bench, before) = gates.take(GateName::Baseline, || {
            let bench = Bench::set_up(&self.sandbox, &self.home, &candidate.ground, cancel)?;
            let (said, before) = baseline::gate(&bench, &self.home)?;
            Ok((said, (bench, before)))
        })?;
        let trees = Trees::new(candidate);
        let shown = gates.take(GateName::Reproduces, || reproduce::gate(&bench, &trees, &before, candidate))?;
        gates.take(GateName::RegressesNothing, || regress::gate(&bench, &trees, &before, &shown))?;
        gates.take_unless_off(GateName::Improves, candidate.ground.rules, || {
            improve::gate(&bench, &trees, &shown, &candidate.proposal.expects, recheck)
        })?;
        gates
            .take_unless_off(GateName::Stable, candidate.ground.rules, || stable::gate(&bench, &trees, &before, &shown))
    }
}
