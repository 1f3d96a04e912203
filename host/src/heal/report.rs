//! The report of a run, made of what the ledger says of its cases: what is printed is what was recorded.

use crate::model::{
    Case, CaseId, CaseState, GateStatus, Report, ReportedCase, ReportedDecision, ReportedGate, ReportedLocation,
    ReportedProposal,
};

use super::run::Run;
use super::scene::Scene;
use super::team::Team;
use super::{End, HealError};

pub(super) fn report(run: &Run, scene: &Scene, team: &Team, ends: Vec<(CaseId, End)>) -> Result<Report, HealError> {
    let complete = ends.iter().all(|(_, end)| end.complete);
    let mut cases = Vec::with_capacity(ends.len());
    for (id, end) in ends {
        cases.extend(run.ledger.case(&id)?.map(|case| reported(case, end.why)));
    }
    Ok(Report {
        window: scene.window.clone(),
        commit: scene.snapshot.commit.clone(),
        cases,
        plugins: team.report(),
        warnings: run.warnings(),
        complete,
    })
}

/// A case as reports show it; `why` says how its part in a run ended, else the ledger's own reason stands.
pub fn reported(case: Case, why: String) -> ReportedCase {
    let Case { finding, diagnosis, proposal, diff, .. } = case;
    let place = diagnosis.as_ref().map(|d| (d.location.path.to_string(), Some(d.location.start_line)));
    let place = place.or_else(|| finding.subject.path.map(|path| (path.to_string(), finding.subject.line)));
    let files = |proposal: &crate::model::Proposal| proposal.changes.iter().map(|c| c.path().to_string()).collect();
    // A branch that was about to be made when the case ended is none.
    let branch = case.branch.filter(|_| matches!(case.state, CaseState::Held | CaseState::Healed));
    ReportedCase {
        id: case.id,
        state: case.state,
        capability: finding.capability,
        rule: finding.rule,
        plugin: case.plugin,
        title: finding.title,
        subject: finding.subject.handler,
        severity: finding.severity,
        confidence: finding.confidence.get(),
        location: place.map(|(path, start_line)| ReportedLocation { path, start_line }),
        diagnosis: diagnosis.map(|diagnosis| diagnosis.explanation),
        proposal: proposal.map(|proposal| ReportedProposal {
            files: files(&proposal),
            title: proposal.title,
            explanation: proposal.explanation,
            diff: diff.unwrap_or_default(),
        }),
        gates: case
            .gates
            .into_iter()
            .map(|gate| ReportedGate {
                name: gate.name.to_string(),
                status: gate.status,
                millis: gate.millis,
                detail: gate.detail,
                evidence: if gate.status == GateStatus::Failed { gate.evidence } else { Vec::new() },
            })
            .collect(),
        decision: case.decision.map(|decision| ReportedDecision { outcome: decision.outcome, rule: decision.rule }),
        branch: branch.map(|(branch, _)| branch),
        reason: if why.is_empty() { case.reason.unwrap_or_default() } else { why },
    }
}
