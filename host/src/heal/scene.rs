//! What a run looks at: the window and the commit, both laid out on disk under their own digests, so that a later
//! replay finds the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::model::{Digest, Event, Progress, Project, RepoPath, Signals, Window};
use crate::project::ProjectError;
use crate::snapshot::{Repository, Snapshot};
use crate::telemetry::{Sources, TelemetryLimits};
use crate::{patch, project, telemetry};

use super::private::Private;
use super::run::Run;
use super::{HealError, Until};

/// Where windows lie in the state folder.
pub(super) const WINDOWS: &str = "windows";
/// Where laid-out commits lie in the state folder.
pub(super) const SNAPSHOTS: &str = "snapshots";

pub(super) struct Scene {
    pub window: Window,
    pub snapshot: Snapshot,
    /// Every file, and whether it is executable.
    pub files: BTreeMap<RepoPath, bool>,
    /// What `thymus.toml` says; absent only where the run stops before it is needed.
    pub project: Option<Project>,
}

/// Reads the telemetry and takes the commit.
pub(super) fn look(run: &Run) -> Result<Scene, HealError> {
    let snapshot = take_snapshot(run)?;
    // Before the window, which also holds what the project declares.
    let project = read_project(run, &snapshot)?;
    run.stop_if_cancelled()?;
    let window = read_window(run, project.as_ref())?;
    let files = snapshot.files.iter().map(|(path, entry)| (path.clone(), entry.executable)).collect();
    Ok(Scene { window, snapshot, files, project })
}

impl Scene {
    /// Lays out what these globs name (all files, when there are none).
    pub fn lay_out(&self, run: &Run, globs: &[String]) -> Result<PathBuf, HealError> {
        let dir = run.folder(SNAPSHOTS)?.join(folder_of(&self.snapshot.commit, globs));
        Ok(run.repository.lay_out(&self.snapshot, globs, &dir, run.cancel)?.dir)
    }

    /// Makes bytes of a proposal, against the commit this scene shows.
    pub fn build(
        &self,
        repository: &Repository,
        proposal: &crate::model::Proposal,
    ) -> Result<crate::model::Patch, patch::Refusal> {
        let read = |path: &RepoPath| repository.read_file(&self.snapshot, path).map_err(|error| error.to_string());
        let (commit, files, symlinks) = (self.snapshot.commit.as_str(), &self.files, &self.snapshot.symlinks);
        patch::build(&patch::Base { commit, files, read: &read, symlinks }, proposal)
    }
}

/// One folder per commit and set of globs.
pub(super) fn folder_of(commit: &str, globs: &[String]) -> String {
    format!("{commit}-{}", Digest::of_parts(globs).short())
}

fn read_window(run: &Run, project: Option<&Project>) -> Result<Window, HealError> {
    let windows = run.folder(WINDOWS)?;
    let fresh = Private::new(&windows)?;
    let sources = Sources {
        files: run.settings.telemetry.clone(),
        baseline: run.settings.baseline.clone(),
        earlier: if run.settings.baseline.is_empty() { healthy_windows(run)? } else { Vec::new() },
        expectations: project.map(declared),
    };
    let dir = fresh.path().join("window");
    let spans_so_far = |spans| run.tell(Progress::Reading { spans });
    let mut window = telemetry::read(&sources, &dir, &TelemetryLimits::default(), run.cancel, &spans_so_far)?;
    window.dir = windows.join(window.digest.to_string());
    // The same telemetry was read before, by this or another run: then the same bytes are there already.
    if !window.dir.exists() {
        std::fs::rename(&dir, &window.dir).map_err(|source| HealError::State { path: window.dir.clone(), source })?;
    }
    run.record(&Event::WindowRead { window: window.clone() })?;
    run.tell(Progress::WindowRead { window: window.clone() });
    if window.damaged > 0 {
        let first = window.damage.first().map(|d| format!(", the first in {} line {}: {}", d.file, d.line, d.why));
        run.warn(format!("{} damaged telemetry record(s) were left out{}", window.damaged, first.unwrap_or_default()));
    }
    // An export that broke must not pass for health.
    let Signals { spans, logs, metrics, .. } = window.signals;
    if spans + logs + metrics == 0 {
        return Err(HealError::NothingRead { damaged: window.damaged });
    }
    let dropped: Vec<String> = window.dropped.iter().map(|(what, count)| format!("{count} {what}")).collect();
    if !dropped.is_empty() {
        run.warn(format!("of the telemetry, this was cut, merged or left out: {}", dropped.join(", ")));
    }
    Ok(window)
}

/// What the project declares, in the form of `expectations.json`.
fn declared(project: &Project) -> Value {
    json!({
        "sequences": project.sequences,
        "docs": project.docs,
        "thresholds": project.thresholds,
        "state": project.states,
    })
}

/// Earlier windows in which nothing was found: one with a problem in it would make the problem look normal.
fn healthy_windows(run: &Run) -> Result<Vec<PathBuf>, HealError> {
    let mut seen = BTreeSet::new();
    let mut ill = BTreeSet::new();
    for recorded in run.ledger.events(1)? {
        match recorded.event {
            Event::WindowRead { window } => drop(seen.insert(window.digest)),
            Event::CaseOpened { window, .. } | Event::CaseSeenAgain { window, .. } => drop(ill.insert(window)),
            _ => {}
        }
    }
    let windows = run.folder(WINDOWS)?;
    let healthy = seen.difference(&ill).map(|digest| windows.join(digest.to_string()));
    Ok(healthy.filter(|dir| dir.join("window.json").is_file()).collect())
}

fn take_snapshot(run: &Run) -> Result<Snapshot, HealError> {
    let snapshot = run.repository.take(&run.commit)?;
    let (commit, files) = (snapshot.commit.clone(), snapshot.files.len() as u64);
    // What is not there cannot be repaired, but a hostile tree could make the list endless.
    let left_out: Vec<_> = snapshot.left_out.iter().take(1000).cloned().collect();
    run.record(&Event::SnapshotTaken { commit: commit.clone(), files, left_out })?;
    run.tell(Progress::SnapshotTaken { commit, files, left_out: snapshot.left_out.len() as u64 });
    Ok(snapshot)
}

fn read_project(run: &Run, snapshot: &Snapshot) -> Result<Option<Project>, HealError> {
    let path = RepoPath::new("thymus.toml").ok().filter(|path| snapshot.files.contains_key(path));
    match path {
        Some(path) => {
            let bytes = run.repository.read_file(snapshot, &path)?;
            Ok(Some(project::parse(&String::from_utf8_lossy(&bytes)).map_err(ProjectError::from)?))
        }
        None if run.settings.until <= Until::Diagnose => Ok(None),
        None => {
            let repo = run.repository.work_dir().unwrap_or(run.repository.git_dir()).to_owned();
            Err(HealError::NoProject { repo, commit: snapshot.commit[..12].to_owned() })
        }
    }
}
