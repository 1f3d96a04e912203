//! What one run of the loop holds on to from its first to its last event: the policy, the ledger, the repository and the
//! claim on it. It knows how to begin and to end; the way between is `heal.rs`.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::ledger::{self, Claim, Ledger, LedgerError};
use crate::model::{Backend, Cancel, Event, Progress};
use crate::policy::Policy;
use crate::sandbox::Sandbox;
use crate::snapshot::Repository;

use super::private::{Private, sweep};
use super::scene::WINDOWS;
use super::{HealError, Settings};

pub(super) struct Run<'a> {
    pub settings: &'a Settings,
    pub cancel: &'a Cancel,
    pub policy: Policy,
    pub ledger: Ledger,
    pub repository: Repository,
    /// The commit that is looked at.
    pub commit: String,
    pub sandbox: Sandbox,
    /// One case at a time decides and delivers, so that limits on open cases are counted right.
    pub desk: Mutex<()>,
    on: &'a (dyn Fn(Progress) + Sync),
    warnings: Mutex<Vec<String>>,
    /// Keeps other processes off this repository; dropped last.
    _claim: Claim,
    /// Where a dry run's ledger lies.
    _dry: Option<Private>,
}

impl<'a> Run<'a> {
    /// The cheap refusals first: nothing is laid out or compiled for a run that a typing mistake ends.
    pub fn begin(
        settings: &'a Settings,
        cancel: &'a Cancel,
        on: &'a (dyn Fn(Progress) + Sync),
    ) -> Result<Self, HealError> {
        if settings.telemetry.is_empty() {
            return Err(HealError::NoTelemetry);
        }
        let policy = Policy::load(&settings.policy)?;
        let repository = Repository::open(&top_of(&settings.repo))?;
        let commit = repository.head()?;
        let dry = settings.dry_run.then(|| Private::new(&settings.state)).transpose()?;
        let ledger = match &dry {
            // It knows what the real one knows, and what it learns goes away with it.
            Some(dir) if settings.state.join(ledger::FILE).exists() => {
                Ledger::open(&settings.state)?.copy(dir.path())?
            }
            Some(dir) => Ledger::open(dir.path())?,
            None => Ledger::open(&settings.state)?,
        };
        for folder in [settings.state.clone(), settings.state.join(WINDOWS)] {
            sweep(&folder);
        }
        let claim = ledger.claim_repository(repository.git_dir())?;
        ledger.append(&Event::LoopStarted {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            repository: repository.git_dir().display().to_string(),
            commit: commit.clone(),
            policy: policy.digest(),
            pid: std::process::id(),
        })?;
        let sandbox = Sandbox::prove(Backend::Hakoniwa).inspect_err(|refusal| {
            // The refusal itself is what the person hears, also where it can't be written down.
            let (code, why) = (refusal.code.to_owned(), refusal.why.clone());
            let _ = ledger.append_last(&Event::Refused { code, subject: "sandbox".to_owned(), why });
        })?;
        let run = Self {
            settings,
            cancel,
            policy,
            ledger,
            repository,
            commit,
            sandbox,
            desk: Mutex::new(()),
            on,
            warnings: Mutex::default(),
            _claim: claim,
            _dry: dry,
        };
        let achieved = run.sandbox.achieved().clone();
        run.record(&Event::SandboxProved { achieved: achieved.clone() })?;
        run.tell(Progress::SandboxProved { achieved });
        Ok(run)
    }

    /// Writes the last event, also where the run failed and the disk is full. The run's own failure is what counts.
    pub fn end<T>(&self, cases: usize, result: Result<T, HealError>) -> Result<T, HealError> {
        let why = result.as_ref().err().map_or_else(|| "done".to_owned(), ToString::to_string);
        let last = self.ledger.append_last(&Event::LoopEnded { cases: cases as u64, why });
        let value = result?;
        last?;
        Ok(value)
    }

    /// Writes an event; what it records may happen once this returns.
    pub fn record(&self, event: &Event) -> Result<(), LedgerError> {
        self.ledger.append(event).map(drop)
    }

    pub fn tell(&self, progress: Progress) {
        (self.on)(progress);
    }

    pub fn warn(&self, what: String) {
        self.tell(Progress::Warning { what: what.clone() });
        self.warnings.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(what);
    }

    pub fn warnings(&self) -> Vec<String> {
        self.warnings.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// A folder of the state, made if need be.
    pub fn folder(&self, name: &str) -> Result<PathBuf, HealError> {
        let path = self.settings.state.join(name);
        std::fs::create_dir_all(&path).map_err(|source| HealError::State { path: path.clone(), source })?;
        Ok(path)
    }

    pub fn stop_if_cancelled(&self) -> Result<(), HealError> {
        if self.cancel.is_cancelled() { Err(HealError::Cancelled) } else { Ok(()) }
    }
}

/// The repository that a folder lies in: the closest one upwards with a `.git`, else the folder itself (a bare one).
pub(super) fn top_of(dir: &Path) -> PathBuf {
    let full = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    full.ancestors().find(|ancestor| ancestor.join(".git").exists()).unwrap_or(&full).to_owned()
}
