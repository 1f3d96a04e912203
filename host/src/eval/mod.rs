//! Measures healing on labelled cases, through the very loop that users run, and says how sure the figures are.
//!
//! It stands above the loop: a case is one call of [`heal::heal`] in a repository and a state of its own; what came of it
//! is then held against a truth that nobody below this module knows. Read [`evaluate`] top to bottom.
//! `docs/evaluation-suites.md` is the format, `docs/decisions/0003-evaluation-is-a-room.md` says why it lies here.

mod bench;
mod compare;
mod fix;
mod folder;
mod judge;
mod mistake;
mod page;
mod repository;
mod result;
mod score;
mod statistics;
mod suite;
mod watch;
mod window;
mod yardstick;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Instant;

use miette::Diagnostic;

use crate::heal::HealError;
use crate::model::{Cancel, Progress};
use crate::policy::PolicyErrors;
use crate::project::ProjectError;
use crate::sandbox;
use crate::snapshot::SnapshotError;
use crate::telemetry::TelemetryError;
use crate::validate::ValidateError;

use bench::Bench;
use suite::{Case, Suite};

pub use compare::{Change, Changed, Comparison};
pub use mistake::SuiteMistake;
pub use page::page;
pub use result::{
    CaseResult, Evaluation, FalseAlarm, Fix, FixState, Found, Issue, Levels, Machine, Place, Plugin, SuiteFacts,
    Yardstick,
};
pub use score::{Measured, Saved, Score};
pub use statistics::{Bin, Calibration, Middle, Share};
pub use suite::{Assumptions, SuiteError};

/// What a person asks of one evaluation.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Folders with a `suite.toml`.
    pub suites: Vec<PathBuf>,
    /// Folders with plugins, and plugins themselves.
    pub plugins: Vec<PathBuf>,
    /// Where compiled plugins and dependencies are kept; `None`: for this evaluation only.
    pub caches: Option<PathBuf>,
    /// The JSON of an earlier evaluation, to compare with.
    pub previous: Option<PathBuf>,
}

/// What an evaluation says while it runs.
#[derive(Debug)]
pub enum Step<'a> {
    /// A case begins: which, of how many, and its name.
    Began {
        /// From 1.
        at: usize,
        /// All of them.
        of: usize,
        /// As in `shop/coupon`.
        name: &'a str,
    },
    /// The loop says something.
    Doing(&'a Progress),
    /// Fixes are judged now.
    Judging,
    /// A case is done.
    Ended {
        /// From 1.
        at: usize,
        /// All of them.
        of: usize,
        /// What became of it.
        result: &'a CaseResult,
    },
}

/// Why there is no evaluation. What goes wrong in one case is that case's `error`.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum EvalError {
    #[error(transparent)]
    #[diagnostic(transparent)]
    Suite(#[from] SuiteError),
    #[error("two suites are called {0:?}")]
    #[diagnostic(help("names tell suites apart in tables; rename one of them in its suite.toml"))]
    Twice(String),
    #[error("{} can't be compared with: {why}", path.display())]
    #[diagnostic(help("name the results.json of an earlier `thymus eval --out`, or what --format json printed"))]
    Previous { path: PathBuf, why: String },
    #[error("can't use {}: {source}", path.display())]
    #[diagnostic(help("check the space and the rights there"))]
    Work { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    #[diagnostic(transparent)]
    Heal(#[from] HealError),
    #[error(transparent)]
    Sandbox(#[from] sandbox::Refusal),
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    #[error(transparent)]
    Validate(#[from] ValidateError),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Policy(#[from] PolicyErrors),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Project(#[from] ProjectError),
    #[error("its repository: {0}")]
    Repository(String),
    #[error("stopped, as asked")]
    Cancelled,
}

impl EvalError {
    /// What the program exits with: 2 where the person has to change what they asked or wrote, else 1.
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::Suite(_) | Self::Twice(_) | Self::Previous { .. } => 2,
            Self::Heal(error) => error.exit_status(),
            _ => 1,
        }
    }

    /// Whether every other case would run into the same.
    fn is_everywhere(&self) -> bool {
        use HealError::{AllRefused, NoPlugin};
        matches!(
            self,
            Self::Work { .. } | Self::Sandbox(_) | Self::Heal(NoPlugin(_) | AllRefused | HealError::Sandbox(_))
        )
    }

    fn is_stop(&self) -> bool {
        use crate::snapshot::SnapshotError as Snapshot;
        matches!(
            self,
            Self::Cancelled
                | Self::Heal(HealError::Cancelled)
                | Self::Snapshot(Snapshot::Cancelled)
                | Self::Telemetry(TelemetryError::Cancelled)
                | Self::Validate(ValidateError::Cancelled)
        )
    }
}

/// Runs every case of every suite, one after another, and says what that shows. A person who stops it gets what is
/// finished so far.
pub fn evaluate(settings: &Settings, cancel: &Cancel, on: &(dyn Fn(Step<'_>) + Sync)) -> Result<Evaluation, EvalError> {
    let (started, clock) = (jiff::Timestamp::now(), Instant::now());
    let suites = load(&settings.suites)?;
    let previous = settings.previous.as_deref().map(compare::read).transpose()?;
    let mut bench = Bench::set_up(settings, cancel, on)?;
    let all: Vec<(&Suite, &Case)> =
        suites.iter().flat_map(|suite| suite.cases.iter().map(move |case| (suite, case))).collect();
    let mut cases = Vec::with_capacity(all.len());
    let mut partial = false;
    for (n, (suite, case)) in all.iter().enumerate() {
        let (at, of) = (n + 1, all.len());
        on(Step::Began { at, of, name: &format!("{}/{}", suite.name, case.name) });
        match bench.run(suite, case) {
            Ok(result) => {
                on(Step::Ended { at, of, result: &result });
                cases.push(result);
            }
            Err(error) if error.is_stop() || cancel.is_cancelled() => {
                partial = true;
                break;
            }
            Err(error) => return Err(error),
        }
    }
    let suites: Vec<SuiteFacts> = suites.iter().map(facts).collect();
    Ok(Evaluation {
        thymus: env!("CARGO_PKG_VERSION").to_owned(),
        started: started.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        seconds: clock.elapsed().as_secs_f64(),
        machine: Machine {
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            processors: std::thread::available_parallelism().map_or(1, |n| n.get() as u64),
        },
        partial,
        planned: all.len() as u64,
        plugins: bench.plugins.into_iter().collect(),
        scores: score::scores(&cases, &suites),
        comparison: previous.map(|previous| compare::compare(&previous, &cases)),
        suites,
        cases,
    })
}

fn load(dirs: &[PathBuf]) -> Result<Vec<Suite>, EvalError> {
    let mut names = BTreeSet::new();
    let mut suites = Vec::new();
    for dir in dirs {
        let suite = suite::load(dir)?;
        if !names.insert(suite.name.clone()) {
            return Err(EvalError::Twice(suite.name));
        }
        suites.push(suite);
    }
    Ok(suites)
}

fn facts(suite: &Suite) -> SuiteFacts {
    let Suite { name, description, source, assumptions, cases } = suite;
    let (name, description, source) = (name.clone(), description.clone(), source.clone());
    SuiteFacts { name, description, source, cases: cases.len() as u64, assumptions: *assumptions }
}
