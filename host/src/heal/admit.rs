//! Findings become cases: the same problem is one case, in whatever window, commit or run it is seen again.

use std::collections::BTreeMap;

use crate::model::{Case, CaseId, CaseState, Event, Finding, Progress};

use super::run::Run;
use super::scene::Scene;
use super::team::Member;
use super::{HealError, Opened};

/// After so many runs that ended in the middle of one case, it is left alone: something about it kills thymus.
const TRIES: usize = 3;

/// Opens a case for every new problem, the most severe first. Two detectors that see the same thing make one case.
pub(super) fn admit<'a>(
    run: &Run,
    scene: &Scene,
    found: Vec<(&'a Member, Finding)>,
) -> Result<Vec<Opened<'a>>, HealError> {
    let known: BTreeMap<CaseId, Case> = run.ledger.cases()?.into_iter().map(|case| (case.id.clone(), case)).collect();
    let mut found = found;
    // A stable sort: equally severe findings stay in the order of their plugins' names.
    found.sort_by_key(|(_, finding)| std::cmp::Reverse(finding.severity));
    let mut opened: Vec<Opened<'a>> = Vec::new();
    for (finder, finding) in found {
        let (id, earlier) = find(scene, finder, &finding, &known, run);
        if opened.iter().any(|other| other.id == id) {
            continue;
        }
        let mut is_news = earlier.is_none_or(|case| may_go_on(case.state));
        let again = earlier.is_some();
        let (window, commit) = (scene.window.digest, scene.snapshot.commit.clone());
        if again {
            if is_news && tries(run, &id)? >= TRIES {
                let why = format!("{TRIES} runs ended in the middle of this case; it is left alone");
                run.record(&Event::Abandoned { case: id.clone(), why })?;
                is_news = false;
            }
            run.record(&Event::CaseSeenAgain { case: id.clone(), window, commit })?;
        } else {
            let (plugin, digest) = (finder.name(), finder.facts.digest);
            let finding = finding.clone();
            run.record(&Event::CaseOpened { case: id.clone(), plugin, digest, commit, window, finding })?;
        }
        run.tell(Progress::CaseOpened { case: id.clone(), finding: Box::new(finding.clone()), again });
        opened.push(Opened { id, finder, finding, is_news });
    }
    Ok(opened)
}

/// The case this finding belongs to, and what is known of it. An ended case whose ground has changed is not reopened: the problem gets
/// a new one.
fn find<'k>(
    scene: &Scene,
    finder: &Member,
    finding: &Finding,
    known: &'k BTreeMap<CaseId, Case>,
    run: &Run,
) -> (CaseId, Option<&'k Case>) {
    let mut attempt = 1;
    loop {
        let id = CaseId::of(finding, attempt);
        match known.get(&id) {
            None => return (id, None),
            Some(case) if is_over(case, scene, finder, run) => attempt += 1,
            Some(case) => return (id, Some(case)),
        }
    }
}

/// Whether an earlier case says nothing about the problem as it is now.
fn is_over(case: &Case, scene: &Scene, finder: &Member, run: &Run) -> bool {
    let other_commit = case.commit != scene.snapshot.commit;
    let other_plugin = case.plugin_digest != finder.facts.digest;
    let other_policy = case.decision.as_ref().is_some_and(|decision| decision.policy != run.policy.digest());
    match case.state {
        // A branch waits for a person; another one for the same problem would only be in the way.
        CaseState::Held | CaseState::Delivering => false,
        CaseState::Rejected | CaseState::Abandoned => other_commit || other_plugin || other_policy,
        // Accepted, and at another commit the problem is there again; or left in the middle, with patches that fit a
        // commit that is no longer looked at.
        CaseState::Healed
        | CaseState::RolledBack
        | CaseState::Detected
        | CaseState::Diagnosed
        | CaseState::Proposed
        | CaseState::Validated => other_commit,
    }
}

fn may_go_on(state: CaseState) -> bool {
    use CaseState::{Detected, Diagnosed, Proposed, Validated};
    matches!(state, Detected | Diagnosed | Proposed | Validated)
}

/// How many runs worked on this case and did not even get to say that they ended.
fn tries(run: &Run, id: &CaseId) -> Result<usize, HealError> {
    let mut killed = 0;
    let mut touched = false;
    for recorded in run.ledger.events(1)? {
        match recorded.event {
            // This run's own beginning closes the account of the one before, too.
            Event::LoopStarted { .. } => {
                killed += usize::from(touched);
                touched = false;
            }
            Event::LoopEnded { .. } => touched = false,
            ref event if event.case() == Some(id) => touched = true,
            _ => {}
        }
    }
    Ok(killed)
}
