//! One proposal on trial: made into bytes, checked against the policy's scope, proved by tests, ruled on, delivered.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::deliver::{self, Author, DeliverError};
use crate::learn::{Experience, name_of};
use crate::model::{
    Case, CaseState, Decision, Digest, Event, Gate, GateName, GateStatus, Outcome, Patch, Progress, Project, Proposal,
    RepoPath, Verdict,
};
use crate::policy::{Facts, ScopeFacts, TrackRecord};
use crate::validate::{Candidate, Ground, Validator};
use crate::{ledger, patch};

use super::private::Private;
use super::recheck;
use super::run::Run;
use super::scene::Scene;
use super::team::{Member, Team};
use super::{End, HealError, Opened, Until};

/// The gates of the validate room, in their order.
const PROOFS: [GateName; 5] =
    [GateName::Baseline, GateName::Reproduces, GateName::RegressesNothing, GateName::Improves, GateName::Stable];

pub(super) struct Trial<'a> {
    pub run: &'a Run<'a>,
    pub scene: &'a Scene,
    pub team: &'a Team<'a>,
    pub validator: &'a Validator,
    pub case: &'a Opened<'a>,
    pub until: Until,
    pub fixer: &'a Member,
    pub proposal: Proposal,
}

/// What became of the proposal.
pub(super) enum Ruling {
    /// The case is done with.
    End(End),
    /// This one did not pass, for this reason; the next one may.
    Next(String),
}

impl Trial<'_> {
    /// The whole trial, cheapest gate first.
    pub fn hold(self) -> Result<Ruling, HealError> {
        let Some((patch, applies)) = self.applies()? else {
            return Ok(Ruling::Next("its changes do not fit the commit".to_owned()));
        };
        if self.until < Until::Validate {
            return Ok(Ruling::End(End::ended("a repair is proposed and was not tried, as --until says")));
        }
        let Some(project) = &self.scene.project else {
            return Ok(Ruling::End(End::stuck("there is no thymus.toml that says how to test it")));
        };
        let scope = self.scope(&patch, project)?;
        if scope.status == GateStatus::Failed {
            return Ok(Ruling::Next(scope.detail));
        }
        let proved = match self.prove(&patch, project) {
            Ok(proved) => proved,
            Err(HealError::Validate(error)) => {
                self.run.stop_if_cancelled()?;
                let why = format!("its tests could not be run: {error}");
                self.run.warn(format!("case {}: {why}", self.case.id));
                return Ok(Ruling::End(End::stuck(why)));
            }
            Err(error) => return Err(error),
        };
        let verdict = Verdict { gates: [vec![applies, scope], proved.gates].concat() };
        match verdict.gates.iter().find(|gate| gate.status == GateStatus::Failed) {
            // Not the repair's fault, so it is not held against it: the next run tries again.
            Some(gate) if gate.name == GateName::Baseline => Ok(Ruling::End(End::stuck(gate.detail.clone()))),
            Some(gate) => Ok(Ruling::Next(format!("{}: {}", gate.name, gate.detail))),
            None => self.rule(&patch, &verdict).map(Ruling::End),
        }
    }

    /// Gate **applies**, and the bytes if it passes.
    fn applies(&self) -> Result<Option<(Patch, Gate)>, HealError> {
        let started = Instant::now();
        let built = self.scene.build(&self.run.repository, &self.proposal);
        let (status, code, detail) = match &built {
            Ok(patch) => {
                let size = patch.size;
                let detail = format!("{} file(s), {} lines added, {} removed", size.files, size.added, size.removed);
                (GateStatus::Passed, "", detail)
            }
            Err(refusal) => (GateStatus::Failed, refusal.code, refusal.to_string()),
        };
        let code = code.to_owned();
        let gate =
            Gate { name: GateName::Applies, status, millis: millis(started), detail, code, evidence: Vec::new() };
        let diff = built.as_ref().map(|patch| patch.diff.clone()).unwrap_or_default();
        self.run.record(&Event::Proposed {
            case: self.case.id.clone(),
            plugin: self.fixer.name(),
            digest: self.fixer.facts.digest,
            proposal: self.proposal.clone(),
            patch: built.as_ref().ok().map(|patch| patch.sha256),
            diff: diff.clone(),
        })?;
        let proposal = Box::new(self.proposal.clone());
        self.run.tell(Progress::Proposed { case: self.case.id.clone(), proposal, diff });
        self.gate_ran(built.as_ref().ok(), &gate)?;
        Ok(built.ok().map(|patch| (patch, gate)))
    }

    /// Gate **scope**.
    fn scope(&self, patch: &Patch, project: &Project) -> Result<Gate, HealError> {
        let started = Instant::now();
        let existing = |path: &RepoPath| self.scene.files.contains_key(path);
        let capability = self.case.finding.capability;
        let mut gate = self.run.policy.scope(&ScopeFacts { patch, project, existing: &existing, capability });
        gate.millis = millis(started);
        self.gate_ran(Some(patch), &gate)?;
        Ok(gate)
    }

    /// The gates that run tests.
    fn prove(&self, patch: &Patch, project: &Project) -> Result<Verdict, HealError> {
        let home = Private::new(&self.run.settings.state)?;
        let layer = patch::write_layer(patch, &home.path().join("layer"))?;
        let tree = self.scene.lay_out(self.run, &[])?;
        let rules = self.run.policy.validation();
        let ground = Ground {
            project,
            rules: &rules,
            tree: &tree,
            commit: &self.scene.snapshot.commit,
            files: &self.scene.files,
        };
        let candidate =
            Candidate { ground, patch, layer: &layer.dir, removed: &layer.removed, proposal: &self.proposal };
        let mut upcoming = PROOFS.iter();
        let begin = |gates: &mut std::slice::Iter<GateName>| {
            if let Some(name) = gates.next() {
                self.run.tell(Progress::GateStarted { case: self.case.id.clone(), name: *name });
            }
        };
        begin(&mut upcoming);
        let state = Mutex::new((upcoming, Ok(())));
        let on_gate = |gate: &Gate| {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(error) = self.gate_ran(Some(patch), gate) {
                state.1 = Err(error);
            }
            if gate.status != GateStatus::Failed {
                begin(&mut state.0);
            }
        };
        let verdict =
            self.validator.prove(&candidate, &|| recheck::recheck(self, patch, &layer), &on_gate, self.run.cancel);
        self.run.stop_if_cancelled()?;
        state.into_inner().unwrap_or_else(PoisonError::into_inner).1?;
        Ok(verdict?)
    }

    /// The policy's word, and what follows from it. One case at a time, so that its limits count what is really there.
    fn rule(&self, patch: &Patch, verdict: &Verdict) -> Result<End, HealError> {
        let _desk = self.run.desk.lock().unwrap_or_else(PoisonError::into_inner);
        let id = &self.case.id;
        let decision = self.decide(patch, verdict)?;
        self.run.record(&Event::Decided { case: id.clone(), patch: patch.sha256, decision: decision.clone() })?;
        self.run.tell(Progress::Decided { case: id.clone(), decision: decision.clone() });
        if self.until < Until::Deliver {
            return Ok(End::ended("proved; no branch was made, as the policy or --until says"));
        }
        match decision.outcome {
            // Room comes back when people have decided other cases, so the case stays where it is.
            Outcome::Reject if decision.rule.starts_with("limits.") => {
                Ok(End::ended(format!("proved, and waits: {} is used up", decision.rule)))
            }
            Outcome::Reject => {
                let why = format!("the policy's rule {} says no", decision.rule);
                self.run.record(&Event::Rejected { case: id.clone(), who: "policy".to_owned(), why: why.clone() })?;
                Ok(End::ended(why))
            }
            Outcome::Hold | Outcome::Apply => self.deliver(patch, &decision),
        }
    }

    fn decide(&self, patch: &Patch, verdict: &Verdict) -> Result<Decision, HealError> {
        let cases = self.run.ledger.cases()?;
        let finding = &self.case.finding;
        let finder = name_of(&self.case.finder.facts.name).to_owned();
        let Experience { healed, rejected, rolled_back } = Experience::of(&cases, &finder, &finding.rule);
        let experience = Experience { healed, rejected, rolled_back };
        let now = seconds_now();
        let paths: Vec<RepoPath> = patch.files.iter().map(|file| file.path.clone()).collect();
        Ok(self.run.policy.decide(&Facts {
            capability: finding.capability,
            rule: &finding.rule,
            plugin: &finder,
            severity: finding.severity,
            verdict,
            size: patch.size,
            track_record: TrackRecord { healed, rejected, rolled_back },
            calibrated: experience.calibrate(self.proposal.confidence),
            open_cases: cases.iter().filter(|case| case.state == CaseState::Held).count() as u64,
            today: delivered_today(self.run, now)?,
            now,
            paths: &paths,
        }))
    }

    /// The commit first, which nothing points at yet; then the ledger; then the branch.
    fn deliver(&self, patch: &Patch, decision: &Decision) -> Result<End, HealError> {
        let id = &self.case.id;
        let git_dir = self.run.repository.git_dir();
        let Some(case) = self.run.ledger.case(id)? else { return Err(HealError::NoCase(id.clone())) };
        let seconds = i64::try_from(seconds_now()).unwrap_or(i64::MAX);
        let commit = deliver::commit(git_dir, patch, &deliver::message(&case), &Author::default(), seconds)?;
        let branch = id.branch();
        let patch_digest: Digest = patch.sha256;
        self.run.record(&Event::Delivering {
            case: id.clone(),
            patch: patch_digest,
            branch: branch.clone(),
            commit: commit.clone(),
        })?;
        if let Err(error) = deliver::publish(git_dir, &branch, &commit) {
            let DeliverError::Moved { .. } = error else { return Err(error.into()) };
            let why = format!("its branch belongs to somebody else: {error}");
            self.run.record(&Event::Abandoned { case: id.clone(), why: why.clone() })?;
            return Ok(End::stuck(why));
        }
        self.run.record(&Event::Delivered { case: id.clone(), branch: branch.clone(), commit: commit.clone() })?;
        self.run.tell(Progress::Delivered { case: id.clone(), branch: branch.clone(), commit: commit.clone() });
        self.warn_of_collisions(&self.run.ledger.cases()?);
        if decision.outcome == Outcome::Apply { apply(self.run, git_dir, &case, &commit) } else { Ok(End::ended("")) }
    }

    /// Each case is proved alone on the same commit. Two that change the same lines cannot both be merged, and nobody
    /// should find that out from git.
    fn warn_of_collisions(&self, cases: &[Case]) {
        let waiting = cases.iter().filter(|other| {
            other.id != self.case.id && other.state == CaseState::Held && other.commit == self.scene.snapshot.commit
        });
        for other in waiting {
            let path = other.proposal.as_ref().and_then(|proposal| patch::collision(&self.proposal, proposal));
            if let Some(path) = path {
                self.run.warn(format!(
                    "cases {} and {} change the same place in {path}: when one is merged, the other no longer applies. \
                     Merge one, reject the other, and let thymus look again",
                    other.id, self.case.id
                ));
            }
        }
    }

    fn gate_ran(&self, patch: Option<&Patch>, gate: &Gate) -> Result<(), ledger::LedgerError> {
        let case = self.case.id.clone();
        self.run.record(&Event::GateRan {
            case: case.clone(),
            patch: patch.map(|patch| patch.sha256),
            gate: gate.clone(),
        })?;
        self.run.tell(Progress::GateEnded { case, gate: gate.clone() });
        Ok(())
    }
}

/// Moves the default branch forward, where nobody works on it. A branch that is checked out is left to its people: their
/// files would no longer be what their branch says.
fn apply(run: &Run, git_dir: &Path, case: &Case, commit: &str) -> Result<End, HealError> {
    let branch = case.id.branch();
    let (None, Some(reference)) = (run.repository.work_dir(), run.repository.head_branch()?) else {
        let why = format!("the policy says apply; merge it where you work: git merge --ff-only {branch}");
        return Ok(End::ended(why));
    };
    let (from, to) = (case.commit.clone(), commit.to_owned());
    run.record(&Event::Merging {
        case: case.id.clone(),
        reference: reference.clone(),
        from: from.clone(),
        to: to.clone(),
    })?;
    match deliver::merge(git_dir, &reference, &from, &to) {
        Ok(_) => {
            run.record(&Event::Merged { case: case.id.clone(), reference: reference.clone(), to })?;
            Ok(End::ended(format!("applied to {reference}")))
        }
        Err(error) => Ok(End::stuck(format!("its branch is there, but {reference} could not be moved: {error}"))),
    }
}

fn delivered_today(run: &Run, now: u64) -> Result<u64, HealError> {
    let midnight_ns = u128::from(now - now % 86_400) * 1_000_000_000;
    let events = run.ledger.events(1)?;
    let today = events.iter().filter(|one| u128::from(one.at_ns) >= midnight_ns);
    Ok(today.filter(|one| matches!(one.event, Event::Delivered { .. })).count() as u64)
}

fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn millis(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}
