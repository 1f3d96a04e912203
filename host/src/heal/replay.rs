//! Makes a case's plugin calls again, from the window, the commit, the plugin, the seed and the history of back then,
//! and says of each whether it gave the same bytes.

use std::path::Path;

use crate::ledger::{Ledger, Recorded};
use crate::model::{Backend, Cancel, Case, CaseId, Diagnosis, Digest, Event, Export, Grant, Window};
use crate::plugin::{self, Inputs, Plugins};
use crate::policy::{PluginIdentity, Policy};
use crate::sandbox::Sandbox;
use crate::snapshot::Repository;

use super::run::top_of;
use super::scene::{SNAPSHOTS, WINDOWS, folder_of};
use super::team::{grant_digest, history};
use super::{HealError, Settings};

/// What came of making a case's calls again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// Each call, as in `thymus-error@0.1.0 detect`, and whether it gave the same bytes.
    pub calls: Vec<(String, bool)>,
}

/// One call as the ledger has it, with the run it was made in.
struct Made<'a> {
    plugin: &'a str,
    digest: Digest,
    export: Export,
    seed: u64,
    input: Digest,
    result: Digest,
    /// The number of its run's first event: what the plugin then knew of the past stands before it.
    run_seq: u64,
    window: &'a Window,
    commit: &'a str,
    grant: Digest,
    diagnosis: Option<&'a Diagnosis>,
}

/// Replays every call of a case that returned a value, the one that found it included.
pub fn replay(settings: &Settings, id: &CaseId, cancel: &Cancel) -> Result<Replay, HealError> {
    let policy = Policy::load(&settings.policy)?;
    let repository = Repository::open(&top_of(&settings.repo))?;
    let ledger = Ledger::open(&settings.state)?;
    let case = ledger.case(id)?.ok_or_else(|| HealError::NoCase(id.clone()))?;
    let plugins = Plugins::new(Sandbox::prove(Backend::Hakoniwa)?, settings.caches())?;
    let events = ledger.events(1)?;
    let mut calls = Vec::new();
    for made in calls_of(&events, id, &case) {
        if cancel.is_cancelled() {
            return Err(HealError::Cancelled);
        }
        let again = Again { settings, policy: &policy, repository: &repository, ledger: &ledger, case: &case, cancel };
        let same = again.call(&plugins, &made)?;
        calls.push((format!("{} {}", made.plugin, made.export.as_str()), same));
    }
    if calls.is_empty() {
        return Err(gone(id, "the ledger has no call of it that returned a value".to_owned()));
    }
    Ok(Replay { calls })
}

fn gone(case: &CaseId, why: String) -> HealError {
    HealError::NoReplay { case: case.clone(), why }
}

/// The calls that made the case, in order, each with what stood in the ledger around it.
fn calls_of<'a>(events: &'a [Recorded], id: &CaseId, case: &Case) -> Vec<Made<'a>> {
    let mut calls = Vec::new();
    let (mut run_seq, mut commit, mut window, mut diagnosis) = (0, "", None, None);
    let mut grants: Vec<(Digest, Digest)> = Vec::new();
    let mut detected: Option<Made> = None;
    for recorded in events {
        match &recorded.event {
            Event::LoopStarted { commit: of_run, .. } => {
                (run_seq, commit, window, diagnosis) = (recorded.seq, of_run.as_str(), None, None);
                grants.clear();
                detected = None;
            }
            Event::WindowRead { window: read } => window = Some(read),
            Event::PluginLoaded { digest, grant, .. } => grants.push((*digest, *grant)),
            Event::Diagnosed { case, diagnosis: found } if case == id => diagnosis = Some(found),
            Event::CaseOpened { case, .. } if case == id => calls.extend(detected.take()),
            Event::PluginCalled { plugin, digest, export, case: of, seed, input, result: Some(result), .. } => {
                // The patched tree that a finder looked at again is gone.
                if export == &Export::Detect && of.is_some() {
                    continue;
                }
                let Some(window) = window else { continue };
                let Some((_, grant)) = grants.iter().find(|(plugin, _)| plugin == digest) else { continue };
                let (digest, export, seed, input, result) = (*digest, *export, *seed, *input, *result);
                let grant = *grant;
                let made =
                    Made { plugin, digest, export, seed, input, result, run_seq, window, commit, grant, diagnosis };
                if of.as_ref() == Some(id) {
                    calls.push(made);
                } else if export == Export::Detect && digest == case.plugin_digest {
                    detected = Some(made);
                }
            }
            _ => {}
        }
    }
    calls
}

/// What a call made again needs.
struct Again<'a> {
    settings: &'a Settings,
    policy: &'a Policy,
    repository: &'a Repository,
    ledger: &'a Ledger,
    case: &'a Case,
    cancel: &'a Cancel,
}

impl Again<'_> {
    fn call(&self, plugins: &Plugins, made: &Made) -> Result<bool, HealError> {
        let (plugin, grant) = self.plugin(plugins, made)?;
        let inputs = self.inputs(made, &plugin.facts().name, &grant)?;
        let finding = &self.case.finding;
        let result = match (made.export, made.diagnosis) {
            (Export::Detect, _) => plugins.detect(&plugin, &inputs, self.cancel).result,
            (Export::Diagnose, _) => plugins.diagnose(&plugin, &inputs, finding, self.cancel).result,
            (Export::Propose, Some(diagnosis)) => {
                plugins.propose(&plugin, &inputs, finding, diagnosis, self.cancel).result
            }
            (Export::Propose, None) => {
                return Err(gone(&self.case.id, "its diagnosis is not in the ledger".to_owned()));
            }
        };
        Ok(result == Some(made.result))
    }

    /// The same bytes under the same grant, or nothing.
    fn plugin(&self, plugins: &Plugins, made: &Made) -> Result<(plugin::Plugin, Grant), HealError> {
        let id = &self.case.id;
        for path in &self.settings.plugins {
            let files = if path.is_dir() { plugin::folder(path)? } else { vec![path.clone()] };
            for file in files {
                let Ok(facts) = plugin::inspect(&file) else { continue };
                if facts.digest != made.digest {
                    continue;
                }
                let plugin::PluginFacts { name, version, digest, imports, .. } = facts;
                let grant = self.policy.grant(&PluginIdentity { name, version, digest, imports })?;
                if grant_digest(&grant) != made.grant {
                    let why = format!("the policy grants {} other things than it did then", made.plugin);
                    return Err(gone(id, why));
                }
                return Ok((plugins.load(&file, grant.clone(), self.cancel)?, grant));
            }
        }
        Err(gone(id, format!("no plugin with the digest {} lies where --plugins says", made.digest)))
    }

    fn inputs(&self, made: &Made, plugin: &str, grant: &Grant) -> Result<Inputs, HealError> {
        let window = self.settings.state.join(WINDOWS).join(made.window.digest.to_string());
        if !window.join("window.json").is_file() {
            return Err(gone(&self.case.id, format!("its window {} is gone", window.display())));
        }
        let earlier = self.ledger.cases_before(made.run_seq)?;
        Ok(Inputs {
            telemetry: grant.telemetry.then_some(window),
            source: self.source(made.commit, &grant.source)?,
            clock_ns: made.window.end_ns,
            seed: made.seed,
            history: history(&earlier, plugin, grant),
            digest: made.input,
        })
    }

    fn source(&self, commit: &str, globs: &[String]) -> Result<Option<std::path::PathBuf>, HealError> {
        if globs.is_empty() {
            return Ok(None);
        }
        let snapshot = self.repository.take(commit)?;
        let snapshots: &Path = &self.settings.state.join(SNAPSHOTS);
        let wrong = |source| HealError::State { path: snapshots.to_owned(), source };
        std::fs::create_dir_all(snapshots).map_err(wrong)?;
        let dir = snapshots.join(folder_of(commit, globs));
        Ok(Some(self.repository.lay_out(&snapshot, globs, &dir, self.cancel)?.dir))
    }
}
