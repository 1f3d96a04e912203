//! The plugins of a run: who got in, who may see what, who failed too often, and every call with its entry in the
//! ledger. What a call's value means is not known here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use crate::model::{
    CallEnd, Case, CaseId, CaseState, Diagnosis, Digest, Event, Export, Finding, Grant, Progress, Proposal,
    ReportedPlugin,
};
use crate::plugin::{self, Call, Inputs, PastCase, PastOutcome, Plugin, PluginError, PluginFacts, Plugins};
use crate::policy::PluginIdentity;

use super::HealError;
use super::run::Run;
use super::scene::Scene;
use super::side_by_side::side_by_side;

/// Log lines of one call that the ledger keeps, in bytes; the worker caps the whole log by the grant.
const LOGGED: usize = 16 << 10;

pub(super) struct Team<'a> {
    run: &'a Run<'a>,
    plugins: Plugins,
    members: Vec<Member>,
    refused: Vec<ReportedPlugin>,
    telemetry: PathBuf,
    clock_ns: u64,
    scene_digest: Digest,
    earlier: Vec<Case>,
}

/// A plugin that got in.
pub(super) struct Member {
    pub facts: PluginFacts,
    grant: Grant,
    plugin: Plugin,
    source: Option<PathBuf>,
    /// The fingerprints of what it found.
    found: OnceLock<BTreeSet<String>>,
    strikes: AtomicU32,
    benched: AtomicBool,
    calls: AtomicU64,
    failures: AtomicU64,
    spent: AtomicU64,
}

impl Member {
    /// The globs of what it may see of the source.
    pub fn sees(&self) -> &[String] {
        &self.grant.source
    }

    /// Whether it found this in the snapshot.
    pub fn knew(&self, finding: &Finding) -> bool {
        self.found.get().is_some_and(|found| found.contains(&finding.fingerprint))
    }

    /// As in `thymus-error@0.1.0`.
    pub fn name(&self) -> String {
        format!("{}@{}", self.facts.name, self.facts.version)
    }
}

impl<'a> Team<'a> {
    /// Inspects, grants, compiles. A plugin that is refused costs the run nothing but its own findings.
    pub fn gather(run: &'a Run<'a>, scene: &Scene) -> Result<Self, HealError> {
        let plugins = Plugins::new(run.sandbox.clone(), run.settings.caches())?;
        let mut files = Vec::new();
        for path in &run.settings.plugins {
            if path.is_dir() {
                files.extend(plugin::folder(path)?);
            } else {
                files.push(path.clone());
            }
        }
        if files.is_empty() {
            return Err(HealError::NoPlugin(run.settings.plugins.clone()));
        }
        let mut team = Self {
            run,
            plugins,
            members: Vec::new(),
            refused: Vec::new(),
            telemetry: scene.window.dir.clone(),
            clock_ns: scene.window.end_ns,
            scene_digest: Digest::of_parts([scene.window.digest.to_string(), scene.snapshot.tree.clone()]),
            earlier: run.ledger.cases()?,
        };
        let mut names = BTreeSet::new();
        for file in files {
            run.stop_if_cancelled()?;
            let facts = match plugin::inspect(&file) {
                Ok(facts) => facts,
                Err(error) => {
                    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                    team.refuse(&name, "", None, error.code(), &error.to_string())?;
                    continue;
                }
            };
            if !names.insert(facts.name.clone()) {
                let why = format!("another plugin is named {:?} too; remove one of the two", facts.name);
                team.refuse(&facts.name, &facts.version, Some(facts.digest), "TH-PLUGIN-TWICE", &why)?;
                continue;
            }
            team.let_in(scene, &file, facts)?;
        }
        team.members.sort_by(|a, b| a.facts.name.cmp(&b.facts.name));
        if team.members.is_empty() { Err(HealError::AllRefused) } else { Ok(team) }
    }

    fn let_in(&mut self, scene: &Scene, file: &Path, facts: PluginFacts) -> Result<(), HealError> {
        let PluginFacts { name, version, digest, imports, .. } = facts.clone();
        let identity =
            PluginIdentity { name: name.clone(), version: version.clone(), digest, imports: imports.clone() };
        let grant = match self.run.policy.grant(&identity) {
            Ok(grant) => grant,
            Err(denied) => return self.refuse(&name, &version, Some(digest), denied.code, &denied.to_string()),
        };
        let started = std::time::Instant::now();
        let plugin = match self.plugins.load(file, grant.clone(), self.run.cancel) {
            Ok(plugin) if plugin.facts().digest == digest => plugin,
            Ok(_) => {
                let why = "the file changed while it was looked at; run thymus again";
                return self.refuse(&name, &version, Some(digest), "TH-PLUGIN-CHANGED", why);
            }
            Err(PluginError::Cancelled) => return Err(HealError::Cancelled),
            Err(error) => return self.refuse(&name, &version, Some(digest), error.code(), &error.to_string()),
        };
        let source = if grant.source.is_empty() { None } else { Some(scene.lay_out(self.run, &grant.source)?) };
        let label = format!("{name}@{version}");
        self.run.record(&Event::PluginLoaded {
            plugin: label.clone(),
            digest,
            exports: facts.exports.clone(),
            imports,
            grant: grant_digest(&grant),
        })?;
        let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.run.tell(Progress::PluginLoaded { plugin: label, millis, cached: plugin.was_cached() });
        self.members.push(Member {
            facts,
            grant,
            plugin,
            source,
            found: OnceLock::new(),
            strikes: AtomicU32::new(0),
            benched: AtomicBool::new(false),
            calls: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            spent: AtomicU64::new(0),
        });
        Ok(())
    }

    fn refuse(
        &mut self,
        name: &str,
        version: &str,
        digest: Option<Digest>,
        code: &str,
        why: &str,
    ) -> Result<(), HealError> {
        let (plugin, code, why) = (name.to_owned(), code.to_owned(), why.to_owned());
        self.run.record(&Event::PluginRefused {
            plugin: plugin.clone(),
            digest,
            code: code.clone(),
            why: why.clone(),
        })?;
        self.run.tell(Progress::PluginRefused { plugin: plugin.clone(), code, why: why.clone() });
        let version = version.to_owned();
        let refused = Some(why);
        self.refused.push(ReportedPlugin {
            name: plugin,
            version,
            digest,
            calls: 0,
            failures: 0,
            fuel_or_millis: 0,
            refused,
        });
        Ok(())
    }

    /// Every detector at once; the findings come in the order of their plugins' names.
    pub fn detect(&self) -> Result<Vec<(&Member, Finding)>, HealError> {
        let detectors: Vec<&Member> = self.able(Export::Detect, None).collect();
        let found = side_by_side(&detectors, |member| {
            let findings = self.call(member, Export::Detect, None, |inputs| {
                self.plugins.detect(&member.plugin, inputs, self.run.cancel)
            })?;
            let known = findings.iter().flatten().map(|finding| finding.fingerprint.clone()).collect();
            member.found.get_or_init(|| known);
            Ok::<_, HealError>(
                findings.map(|list| list.into_iter().map(|finding| (*member, finding)).collect::<Vec<_>>()),
            )
        })?;
        // Silence must not pass for health.
        if found.iter().all(Option::is_none) {
            return Err(HealError::NoAnswer);
        }
        for (member, _) in detectors.iter().zip(&found).filter(|(_, found)| found.is_none()) {
            self.run.warn(format!("{} could not look: what it would have found is missing here", member.name()));
        }
        Ok(found.into_iter().flatten().flatten().collect())
    }

    /// What a finder sees in a tree with a patch in it, for a case. No value means that it gave no answer.
    pub fn look_again(
        &self,
        finder: &Member,
        case: &CaseId,
        source: &Path,
        patch: Digest,
    ) -> Result<Option<Vec<Finding>>, HealError> {
        let own = self.inputs(finder, Export::Detect, Some(case));
        let digest = Digest::of_parts([own.digest.to_string(), patch.to_string()]);
        let inputs = Inputs { source: Some(source.to_owned()), digest, ..own };
        self.call_on(finder, Export::Detect, Some(case), &inputs, |inputs| {
            self.plugins.detect(&finder.plugin, inputs, self.run.cancel)
        })
    }

    /// The first cause that a plugin can tell; the one that found it is asked first.
    pub fn diagnose(&self, finder: &str, case: &CaseId, finding: &Finding) -> Result<Option<Diagnosis>, HealError> {
        for member in self.able(Export::Diagnose, Some(finder)) {
            let diagnosis = self.call(member, Export::Diagnose, Some(case), |inputs| {
                self.plugins.diagnose(&member.plugin, inputs, finding, self.run.cancel)
            })?;
            if let Some(diagnosis) = diagnosis.flatten() {
                return Ok(Some(diagnosis));
            }
        }
        Ok(None)
    }

    /// All fixes in the order in which they are tried: the finder's own first.
    pub fn propose(
        &self,
        finder: &str,
        case: &CaseId,
        finding: &Finding,
        diagnosis: &Diagnosis,
    ) -> Result<Vec<(&Member, Proposal)>, HealError> {
        let mut all = Vec::new();
        for member in self.able(Export::Propose, Some(finder)) {
            let proposals = self.call(member, Export::Propose, Some(case), |inputs| {
                self.plugins.propose(&member.plugin, inputs, finding, diagnosis, self.run.cancel)
            })?;
            all.extend(proposals.unwrap_or_default().into_iter().map(|proposal| (member, proposal)));
        }
        Ok(all)
    }

    /// What the report says of each plugin.
    pub fn report(&self) -> Vec<ReportedPlugin> {
        let members = self.members.iter().map(|member| ReportedPlugin {
            name: member.facts.name.clone(),
            version: member.facts.version.clone(),
            digest: Some(member.facts.digest),
            calls: member.calls.load(Ordering::Relaxed),
            failures: member.failures.load(Ordering::Relaxed),
            fuel_or_millis: member.spent.load(Ordering::Relaxed),
            refused: member.benched.load(Ordering::Relaxed).then(|| "benched: it failed too often".to_owned()),
        });
        members.chain(self.refused.iter().cloned()).collect()
    }

    fn able(&self, export: Export, first: Option<&str>) -> impl Iterator<Item = &Member> {
        let is_first = move |member: &&Member| first.is_some_and(|first| member.name() == first);
        let own = self.members.iter().filter(is_first);
        let others = self.members.iter().filter(move |member| !is_first(member));
        own.chain(others).filter(move |member| member.facts.exports.contains(&export))
    }

    /// One call, its entry in the ledger and its strike. No value means that the call failed or was not made; declining
    /// is an answer too, an empty one.
    fn call<T: Default>(
        &self,
        member: &Member,
        export: Export,
        case: Option<&CaseId>,
        act: impl FnOnce(&Inputs) -> Call<T>,
    ) -> Result<Option<T>, HealError> {
        self.call_on(member, export, case, &self.inputs(member, export, case), act)
    }

    fn call_on<T: Default>(
        &self,
        member: &Member,
        export: Export,
        case: Option<&CaseId>,
        inputs: &Inputs,
        act: impl FnOnce(&Inputs) -> Call<T>,
    ) -> Result<Option<T>, HealError> {
        self.run.stop_if_cancelled()?;
        if member.benched.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let plugin = member.name();
        self.run.tell(Progress::Calling { plugin: plugin.clone(), export, case: case.cloned() });
        let call = act(inputs);
        member.calls.fetch_add(1, Ordering::Relaxed);
        member.spent.fetch_add(if member.grant.limits.fuel > 0 { call.fuel } else { call.millis }, Ordering::Relaxed);
        let mut log = call.log;
        let kept = log.floor_char_boundary(LOGGED);
        let log_dropped = call.log_dropped + (log.len() - kept) as u64;
        log.truncate(kept);
        self.run.record(&Event::PluginCalled {
            plugin: plugin.clone(),
            digest: member.facts.digest,
            export,
            case: case.cloned(),
            seed: call.seed,
            input: inputs.digest,
            result: call.result,
            millis: call.millis,
            fuel: call.fuel,
            log,
            log_dropped,
            end: call.end.clone(),
        })?;
        self.count(member, &call.end)?;
        let declined = matches!(call.end, CallEnd::Declined { .. });
        let (end, millis) = (call.end, call.millis);
        self.run.tell(Progress::Called { plugin, export, case: case.cloned(), end, millis });
        self.run.stop_if_cancelled()?;
        Ok(if declined { Some(T::default()) } else { call.value })
    }

    /// Strikes in a row bench a plugin; one good call wipes them.
    fn count(&self, member: &Member, end: &CallEnd) -> Result<(), HealError> {
        if !end.is_strike() {
            member.strikes.store(0, Ordering::Relaxed);
            return Ok(());
        }
        member.failures.fetch_add(1, Ordering::Relaxed);
        let strikes = member.strikes.fetch_add(1, Ordering::Relaxed) + 1;
        if strikes >= member.grant.limits.strikes && !member.benched.swap(true, Ordering::Relaxed) {
            let why = format!("{strikes} failed calls in a row");
            let plugin = member.name();
            let digest = member.facts.digest;
            self.run.record(&Event::PluginBenched { plugin: plugin.clone(), digest, strikes, why: why.clone() })?;
            self.run.tell(Progress::PluginBenched { plugin, why });
        }
        Ok(())
    }

    fn inputs(&self, member: &Member, export: Export, case: Option<&CaseId>) -> Inputs {
        let case = case.map_or("", CaseId::as_str);
        let grant = grant_digest(&member.grant).to_string();
        let digest = Digest::of_parts([&self.scene_digest.to_string(), export.as_str(), case, &grant]);
        let mut seed = [0; 8];
        seed.copy_from_slice(&digest.as_bytes()[..8]);
        Inputs {
            telemetry: member.grant.telemetry.then(|| self.telemetry.clone()),
            source: member.source.clone(),
            clock_ns: self.clock_ns,
            seed: u64::from_le_bytes(seed),
            history: history(&self.earlier, &member.facts.name, &member.grant),
            digest,
        }
    }
}

/// What stands for a grant in the ledger.
pub(super) fn grant_digest(grant: &Grant) -> Digest {
    Digest::of(serde_json::to_vec(grant).unwrap_or_default())
}

/// What a plugin may hear of earlier cases: its own, where its grant says so.
pub(super) fn history(earlier: &[Case], plugin: &str, grant: &Grant) -> Vec<PastCase> {
    let own = |case: &&Case| grant.history && crate::learn::name_of(&case.plugin) == plugin;
    earlier.iter().filter(own).map(past).collect()
}

/// What a plugin hears of a case.
fn past(case: &Case) -> PastCase {
    let outcome = match case.state {
        CaseState::Healed => PastOutcome::Healed,
        CaseState::Rejected => PastOutcome::Rejected,
        CaseState::Abandoned => PastOutcome::Abandoned,
        CaseState::RolledBack => PastOutcome::RolledBack,
        _ => PastOutcome::Open,
    };
    PastCase {
        fingerprint: case.finding.fingerprint.clone(),
        case: case.id.to_string(),
        rule: case.finding.rule.clone(),
        outcome,
        reason: case.reason.clone(),
        at_ns: if outcome == PastOutcome::Open { case.opened_ns } else { case.updated_ns },
    }
}
