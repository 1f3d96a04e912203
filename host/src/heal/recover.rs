//! Finishes what a killed run had begun to deliver. Its commit and its branch's name were written down before, so
//! doing it again makes nothing twice.

use crate::deliver::{self, DeliverError};
use crate::model::{Case, CaseState, Event, Progress};

use super::HealError;
use super::run::Run;

/// Publishes branches and moves references that the ledger says were about to be.
pub(super) fn finish_deliveries(run: &Run) -> Result<(), HealError> {
    for case in run.ledger.unfinished()? {
        let Ok(_claim) = run.ledger.claim(&case.id) else { continue };
        if case.state == CaseState::Delivering {
            publish(run, &case)?;
        }
        if let Some(merge) = run.ledger.pending_merge(&case.id)? {
            match deliver::merge(run.repository.git_dir(), &merge.reference, &merge.from, &merge.to) {
                Ok(_) => run.record(&Event::Merged { case: case.id, reference: merge.reference, to: merge.to })?,
                Err(error) => run.warn(format!("case {} could not be merged: {error}", case.id)),
            }
        }
    }
    Ok(())
}

fn publish(run: &Run, case: &Case) -> Result<(), HealError> {
    let Some((branch, commit)) = case.branch.clone() else { return Ok(()) };
    match deliver::publish(run.repository.git_dir(), &branch, &commit) {
        Ok(_) => {
            run.record(&Event::Delivered { case: case.id.clone(), branch: branch.clone(), commit: commit.clone() })?;
            run.tell(Progress::Delivered { case: case.id.clone(), branch, commit });
        }
        // The branch is somebody else's now, or the object was never written: either way nothing was delivered.
        Err(error @ (DeliverError::Moved { .. } | DeliverError::Object { .. })) => {
            let why = format!("an earlier run was stopped while it delivered: {error}");
            run.record(&Event::Abandoned { case: case.id.clone(), why: why.clone() })?;
            run.warn(format!("case {}: {why}", case.id));
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
