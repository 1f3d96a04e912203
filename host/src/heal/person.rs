//! What a person says of a case that waits: yes, with their name and to exactly these bytes, or no, with a reason.

use std::path::{Path, PathBuf};

use crate::deliver;
use crate::ledger::Ledger;
use crate::model::{Case, CaseId, CaseState, Change, Digest, Event, Outcome, RepoPath};
use crate::policy::Policy;
use crate::snapshot::Repository;

use super::HealError;
use super::run::top_of;

/// What an approval led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Approval {
    /// It is written down; `missing` more people have to say yes. The branch is theirs to merge.
    Recorded {
        /// The branch.
        branch: String,
        /// How many approvals the policy still wants.
        missing: u32,
    },
    /// The policy's outcome is `apply`, so the reference was moved.
    Merged {
        /// The branch that moved.
        reference: String,
        /// To where.
        commit: String,
    },
}

/// Records that somebody says yes to a held case. It merges only where the policy had said `apply` and nobody has the
/// branch checked out.
pub fn approve(repo: &Path, state: &Path, policy: &[PathBuf], id: &CaseId, who: &str) -> Result<Approval, HealError> {
    let policy = Policy::load(policy)?;
    let repository = Repository::open(&top_of(repo))?;
    let ledger = Ledger::open(state)?;
    let _claim = ledger.claim(id)?;
    let case = ledger.case(id)?.ok_or_else(|| HealError::NoCase(id.clone()))?;
    let (CaseState::Held | CaseState::Healed, Some(patch), Some((branch, commit))) =
        (case.state, case.patch, case.branch.clone())
    else {
        return Err(HealError::WrongState { case: id.clone(), state: case.state.as_str(), asked: "approved" });
    };
    // Another policy might let other people say yes; what decided is what counts (THREATS T97).
    if case.decision.as_ref().is_none_or(|decision| decision.policy != policy.digest()) {
        return Err(HealError::OtherPolicy { case: id.clone() });
    }
    let paths = paths_of(&case);
    policy.may_approve(who, patch, patch, &paths)?;
    // The branch a person looked at must be the one that was proved.
    deliver::publish(repository.git_dir(), &branch, &commit)?;

    let missing = missing_after(&case, patch, who, policy.delivery(&paths).approvals);
    let enough = missing == 0;
    ledger.append(&Event::Approved { case: id.clone(), patch, who: who.to_owned(), enough })?;
    let applies = case.decision.as_ref().is_some_and(|decision| decision.outcome == Outcome::Apply);
    match (enough && applies && repository.work_dir().is_none(), repository.head_branch()?) {
        (true, Some(reference)) => {
            let (from, to) = (case.commit.clone(), commit.clone());
            let merging = Event::Merging { case: id.clone(), reference: reference.clone(), from, to };
            ledger.append(&merging)?;
            deliver::merge(repository.git_dir(), &reference, &case.commit, &commit)?;
            ledger.append(&Event::Merged { case: id.clone(), reference: reference.clone(), to: commit.clone() })?;
            Ok(Approval::Merged { reference, commit })
        }
        _ => Ok(Approval::Recorded { branch, missing }),
    }
}

/// Records that somebody says no. The branch goes away if nobody else has written to it.
pub fn reject(repo: &Path, state: &Path, id: &CaseId, who: &str, why: &str) -> Result<(), HealError> {
    let repository = Repository::open(&top_of(repo))?;
    let ledger = Ledger::open(state)?;
    let _claim = ledger.claim(id)?;
    let case = ledger.case(id)?.ok_or_else(|| HealError::NoCase(id.clone()))?;
    let wrong = || HealError::WrongState { case: id.clone(), state: case.state.as_str(), asked: "rejected" };
    match (case.state, &case.branch) {
        (CaseState::Rejected | CaseState::Abandoned | CaseState::RolledBack, _) => Err(wrong()),
        (CaseState::Healed, Some((branch, commit))) => {
            ledger.append(&Event::RolledBack { case: id.clone(), why: format!("{who}: {why}") })?;
            deliver::roll_back(repository.git_dir(), branch, commit)?;
            Ok(())
        }
        (_, branch) => {
            ledger.append(&Event::Rejected { case: id.clone(), who: who.to_owned(), why: why.to_owned() })?;
            if let Some((branch, commit)) = branch {
                deliver::roll_back(repository.git_dir(), branch, commit)?;
            }
            Ok(())
        }
    }
}

/// How many more different people have to approve this patch once `who` has.
fn missing_after(case: &Case, patch: Digest, who: &str, wanted: u32) -> u32 {
    let mut people: std::collections::BTreeSet<&str> =
        case.approvals.iter().filter(|(_, approved)| *approved == patch).map(|(who, _)| who.as_str()).collect();
    people.insert(who);
    wanted.saturating_sub(u32::try_from(people.len()).unwrap_or(u32::MAX))
}

fn paths_of(case: &Case) -> Vec<RepoPath> {
    let changes = case.proposal.iter().flat_map(|proposal| &proposal.changes);
    let both = |change: &Change| match change {
        Change::Rename { from, to, .. } => vec![from.clone(), to.clone()],
        other => vec![other.path().clone()],
    };
    changes.flat_map(both).collect()
}
