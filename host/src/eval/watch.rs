//! Listens to one run of the loop: what was found, diagnosed, proposed and delivered, and when.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::model::{CaseId, Diagnosis, Finding, GateStatus, Progress, Report, ReportedCase};

/// A finding and what became of it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub finding: Finding,
    pub diagnosis: Option<Diagnosis>,
    /// How sure the fixer is of what it proposed last.
    pub confidence: Option<f64>,
    /// The commit on the branch.
    pub commit: Option<String>,
    /// From the run's begin until the policy spoke of a patch that every gate had passed.
    pub proved_after: Option<Duration>,
    /// What the run's report says of it.
    pub reported: Option<ReportedCase>,
}

/// Takes notes.
pub(super) struct Watch {
    started: Instant,
    notes: Mutex<Vec<(CaseId, Seen)>>,
}

impl Watch {
    pub fn start() -> Self {
        Self { started: Instant::now(), notes: Mutex::default() }
    }

    pub fn note(&self, progress: &Progress) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut of = |id: &CaseId, change: &mut dyn FnMut(&mut Seen)| {
            if let Some((_, seen)) = notes.iter_mut().find(|(known, _)| known == id) {
                change(seen);
            }
        };
        match progress {
            Progress::CaseOpened { case, finding, .. } => {
                let finding = (**finding).clone();
                let (diagnosis, confidence, commit, proved_after, reported) = (None, None, None, None, None);
                notes.push((case.clone(), Seen { finding, diagnosis, confidence, commit, proved_after, reported }));
            }
            Progress::Diagnosed { case, diagnosis } => {
                of(case, &mut |seen| seen.diagnosis = Some((**diagnosis).clone()));
            }
            Progress::Proposed { case, proposal, .. } => {
                of(case, &mut |seen| seen.confidence = Some(proposal.confidence.get()));
            }
            Progress::Decided { case, .. } => of(case, &mut |seen| seen.proved_after = Some(self.started.elapsed())),
            Progress::Delivered { case, commit, .. } => of(case, &mut |seen| seen.commit = Some(commit.clone())),
            _ => {}
        }
    }

    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The notes, with the report's own words beside them.
    pub fn finish(self, report: &Report) -> Vec<Seen> {
        let notes = self.notes.into_inner().unwrap_or_else(PoisonError::into_inner);
        let with = |(id, mut seen): (CaseId, Seen)| {
            seen.reported = report.cases.iter().find(|case| case.id == id).cloned();
            seen
        };
        notes.into_iter().map(with).collect()
    }
}

impl Seen {
    /// Whether every gate passed.
    pub fn is_proved(&self) -> bool {
        let gates = self.reported.iter().flat_map(|case| &case.gates);
        self.proved_after.is_some()
            && gates.clone().count() > 0
            && gates.clone().all(|g| g.status != GateStatus::Failed)
    }
}
