//! The pass rule: what a run on the patched tree must show, given what the snapshot's own runs showed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::bench::{Ran, Results};
use super::report::{Status, Tests};

/// What a test did on the unpatched snapshot, over several runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Before {
    Passed,
    Skipped,
    Failed,
    /// Not the same each time.
    Flaky,
}

/// What the unpatched snapshot's tests do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Baseline {
    /// By id; absent where only an exit status tells.
    pub(super) tests: Option<BTreeMap<String, Before>>,
    /// Whether every run ended with exit status 0.
    pub(super) clean: bool,
    /// How many runs it comes from.
    pub(super) runs: u32,
    /// Failing tests that the host planted, and that were seen to fail: by file, which of them.
    pub(super) planted: BTreeMap<String, BTreeSet<String>>,
    /// Whether the run with planted tests ended with another exit status than 0.
    pub(super) planted_fails: bool,
    /// Milliseconds of one run.
    pub(super) millis: u64,
}

impl Baseline {
    pub(super) fn those(&self, wanted: Before) -> Vec<&String> {
        let tests = self.tests.iter().flatten();
        tests.filter(|(_, before)| **before == wanted).map(|(id, _)| id).collect()
    }

    pub(super) fn knows(&self, id: &str) -> bool {
        self.tests.as_ref().is_some_and(|tests| tests.contains_key(id))
    }

    /// The tests of a run that the snapshot doesn't have.
    pub(super) fn new_in<'r>(&self, ran: &'r Ran) -> BTreeMap<&'r String, Status> {
        let tests = ran.tests().into_iter().flatten();
        tests.filter(|(id, _)| !self.knows(id)).map(|(id, outcome)| (id, outcome.status)).collect()
    }
}

/// What several runs of one tree agree on.
pub(super) fn agree(runs: &[&Tests]) -> BTreeMap<String, Before> {
    let ids: BTreeSet<&String> = runs.iter().flat_map(|tests| tests.keys()).collect();
    let one = |id: &String| {
        let mut statuses = runs.iter().map(|tests| tests.get(id).map(|outcome| outcome.status));
        let first = statuses.next().flatten();
        match first {
            Some(first) if statuses.all(|status| status == Some(first)) => match first {
                Status::Passed => Before::Passed,
                Status::Skipped => Before::Skipped,
                Status::Failed => Before::Failed,
            },
            _ => Before::Flaky,
        }
    };
    ids.into_iter().map(|id| (id.clone(), one(id))).collect()
}

/// Why a run on the patched tree is no pass; a stable code and one line each. Empty when it is one.
pub(super) fn objections(before: &Baseline, ran: &Ran) -> Vec<(&'static str, String)> {
    let tests = match &ran.results {
        Results::Tests(tests) => tests,
        Results::Unusable(why) => return vec![("TH-VAL-REPORT", format!("{why}; {}", ran.words))],
        Results::StatusOnly if ran.succeeded() => return Vec::new(),
        Results::StatusOnly => return vec![("TH-VAL-EXIT", format!("the tests fail: {}", ran.words))],
    };
    let mut objections = Vec::new();
    for id in before.those(Before::Passed) {
        match tests.get(id) {
            None => objections.push(("TH-VAL-VANISHED", format!("{id} passed before and is gone"))),
            Some(now) if now.status == Status::Skipped => {
                objections.push(("TH-VAL-SKIPPED", format!("{id} passed before and is skipped now")));
            }
            Some(now) if now.status == Status::Failed => {
                objections.push(("TH-VAL-REGRESSION", format!("{id} passed before and fails now: {}", now.why)));
            }
            Some(_) => {}
        }
    }
    for (id, status) in before.new_in(ran) {
        let why = &tests[id].why;
        match status {
            Status::Passed => {}
            Status::Skipped => objections.push(("TH-VAL-SKIPPED", format!("the new test {id} is skipped"))),
            Status::Failed => objections.push(("TH-VAL-NEW-FAILS", format!("the new test {id} fails: {why}"))),
        }
    }
    // Failures of before explain an exit status only where they were there before, and are there now.
    let explained = !before.clean && ran.failing().next().is_some() && !ran.was_stopped();
    if objections.is_empty() && !ran.succeeded() && !explained {
        let failing = ran.failing().count();
        objections.push(("TH-VAL-EXIT", format!("{}, though its report names {failing} failing tests", ran.words)));
    }
    objections
}
