//! Cases out of events: a pure fold, so that the same events always give the same cases.
//!
//! It takes any events in any order. What cannot follow (a gate of a case never opened, a proposal for a case that
//! a person is already looking at) changes nothing: what somebody looks at is never swapped under their eyes.

use std::collections::BTreeMap;

use crate::model::{Case, CaseId, CaseState, Digest, Event, Gate, GateName, Outcome, Proposal, Verdict};

/// A default branch that was about to move when the events end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingMerge {
    /// The branch.
    pub reference: String,
    /// The commit it was at.
    pub from: String,
    /// The commit it was to move to.
    pub to: String,
}

/// One fix of a case with what the gates said of it.
#[derive(Debug)]
struct Candidate {
    proposal: Proposal,
    patch: Option<Digest>,
    diff: String,
    gates: Vec<Gate>,
}

/// A case while it is put together.
#[derive(Debug)]
pub(super) struct Folded {
    pub(super) case: Case,
    pub(super) merge: Option<PendingMerge>,
    /// Whether enough people said yes to the chosen patch. An approval names one patch and counts for no other.
    approved: bool,
    candidates: Vec<Candidate>,
}

/// All cases, each updated by one event at a time.
#[derive(Debug, Default)]
pub(super) struct Cases(pub(super) BTreeMap<CaseId, Folded>);

impl Cases {
    /// Takes the next event, written at `at_ns`.
    pub(super) fn take(&mut self, at_ns: u64, event: Event) {
        let Some(id) = event.case().cloned() else { return };
        if let Event::CaseOpened { plugin, digest, commit, window, finding, .. } = event {
            self.0.entry(id.clone()).or_insert_with(|| Folded {
                case: Case {
                    id,
                    state: CaseState::Detected,
                    plugin,
                    plugin_digest: digest,
                    commit,
                    window,
                    finding,
                    diagnosis: None,
                    proposal: None,
                    diff: None,
                    patch: None,
                    gates: Vec::new(),
                    decision: None,
                    branch: None,
                    approvals: Vec::new(),
                    reason: None,
                    opened_ns: at_ns,
                    updated_ns: at_ns,
                },
                merge: None,
                approved: false,
                candidates: Vec::new(),
            });
        } else if let Some(folded) = self.0.get_mut(&id) {
            folded.case.updated_ns = at_ns;
            folded.take(event);
        }
    }

    /// The cases, oldest first.
    pub(super) fn list(&self) -> Vec<&Folded> {
        let mut list: Vec<_> = self.0.values().collect();
        list.sort_by_key(|folded| folded.case.opened_ns);
        list
    }
}

impl Folded {
    /// Whether thymus still has something to do: a case on its way, or a merge that was begun.
    pub(super) fn is_unfinished(&self) -> bool {
        self.merge.is_some() || self.is_open() || self.case.state == CaseState::Delivering
    }

    /// Whether a fix may still be chosen.
    fn is_open(&self) -> bool {
        use CaseState::{Detected, Diagnosed, Proposed, Validated};
        matches!(self.case.state, Detected | Diagnosed | Proposed | Validated)
    }

    /// Whether the case may still end without having been healed.
    fn may_end(&self) -> bool {
        self.is_open() || matches!(self.case.state, CaseState::Delivering | CaseState::Held)
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Diagnosed { diagnosis, .. } if self.is_open() => {
                self.case.diagnosis = Some(diagnosis);
                if self.case.state == CaseState::Detected {
                    self.case.state = CaseState::Diagnosed;
                }
            }
            Event::Proposed { proposal, patch, diff, .. } if self.is_open() => {
                self.candidates.push(Candidate { proposal, patch, diff, gates: Vec::new() });
                self.choose(self.candidates.len() - 1);
            }
            Event::GateRan { patch, gate, .. } if self.is_open() => {
                if let Some(at) = self.candidates.iter().rposition(|candidate| candidate.patch == patch) {
                    self.candidates[at].gates.push(gate);
                    self.choose(at);
                }
            }
            Event::Decided { patch, decision, .. } if self.is_open() => {
                if let Some(at) = self.candidates.iter().rposition(|candidate| candidate.patch == Some(patch)) {
                    self.choose(at);
                    let validated = self.verdict().passed() && decision.outcome != Outcome::Reject;
                    self.case.state = if validated { CaseState::Validated } else { CaseState::Proposed };
                    self.case.decision = Some(decision);
                }
            }
            event => self.take_ending(event),
        }
    }

    /// The events from delivery on.
    fn take_ending(&mut self, event: Event) {
        match event {
            Event::Delivering { patch, branch, commit, .. } if self.is_open() && self.case.patch == Some(patch) => {
                self.case.branch = Some((branch, commit));
                self.case.state = CaseState::Delivering;
            }
            Event::Delivered { branch, commit, .. } if self.case.state == CaseState::Delivering => {
                self.case.branch = Some((branch, commit));
                let apply = self.case.decision.as_ref().is_some_and(|decision| decision.outcome == Outcome::Apply);
                let healed = apply || self.approved;
                self.case.state = if healed { CaseState::Healed } else { CaseState::Held };
            }
            Event::Approved { patch, who, enough, .. } => {
                self.case.approvals.push((who, patch));
                self.approved |= enough && self.case.patch == Some(patch);
                if self.case.state == CaseState::Held && self.approved {
                    self.case.state = CaseState::Healed;
                }
            }
            Event::Merging { reference, from, to, .. }
                if matches!(self.case.state, CaseState::Held | CaseState::Healed) =>
            {
                self.merge = Some(PendingMerge { reference, from, to });
            }
            Event::Merged { .. } if matches!(self.case.state, CaseState::Held | CaseState::Healed) => {
                self.merge = None;
                self.case.state = CaseState::Healed;
            }
            Event::Rejected { why, .. } if self.may_end() => self.end(CaseState::Rejected, why),
            Event::Abandoned { why, .. } if self.may_end() => self.end(CaseState::Abandoned, why),
            Event::RolledBack { why, .. } if self.case.branch.is_some() => self.end(CaseState::RolledBack, why),
            _ => {}
        }
    }

    fn end(&mut self, state: CaseState, why: String) {
        self.case.state = state;
        self.case.reason = Some(why);
        self.merge = None;
    }

    fn verdict(&self) -> Verdict {
        Verdict { gates: self.case.gates.clone() }
    }

    /// Shows this fix as the case's; a decision about another one no longer counts.
    fn choose(&mut self, at: usize) {
        let chosen = &self.candidates[at];
        if self.case.patch != chosen.patch {
            self.case.decision = None;
            self.approved = false;
        }
        self.case.proposal = Some(chosen.proposal.clone());
        self.case.diff = Some(chosen.diff.clone());
        self.case.patch = chosen.patch;
        self.case.gates.clone_from(&chosen.gates);
        let last_ran = chosen.gates.iter().any(|gate| gate.name == GateName::Stable);
        self.case.state = if last_ran && chosen.patch.is_some() && self.verdict().passed() {
            CaseState::Validated
        } else if self.case.patch.is_some() {
            CaseState::Proposed
        } else if self.case.diagnosis.is_some() {
            CaseState::Diagnosed
        } else {
            CaseState::Detected
        };
    }
}
