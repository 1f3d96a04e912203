//! Gate **baseline**: what the unpatched snapshot's own tests do, over several runs and once with canaries. Kept below
//! the state folder for the commit, the project, the rules, the programs and the dependencies together.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::model::Digest;

use super::bench::{Bench, Ran, Results};
use super::compare::{Baseline, Before, agree};
use super::gate::{Halt, Said};
use super::tree::Tree;
use super::{ValidateError, canary, shelf};

/// Changes when baselines are made or meant in another way.
const VERSION: &str = "2";
const MAX_KEPT: u64 = 64 << 20;
const NAMED: usize = 10;

/// A kept baseline. A file that was cut off, changed or made for something else doesn't count.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    key: Digest,
    /// Of the baseline as JSON.
    digest: Digest,
    baseline: Baseline,
}

/// Runs the gate, or remembers.
pub(super) fn gate(bench: &Bench<'_>, home: &Path) -> Result<(Said, Baseline), Halt> {
    let key = key(bench)?;
    let (shelf, name) = (home.join("baselines"), format!("{key}.json"));
    let _claim = shelf::claim(&shelf, &key.to_string(), bench.cancel)?;
    if let Some(baseline) = shelf::read(&shelf.join(&name), MAX_KEPT).and_then(|bytes| kept(&bytes, key)) {
        let mut said = said(&baseline);
        said.detail.push_str("; known from an earlier run");
        return Ok((said, baseline));
    }
    let baseline = measure(bench)?;
    let digest = Digest::of(serde_json::to_vec(&baseline).map_err(ValidateError::from)?);
    let kept = Kept { key, digest, baseline };
    shelf::write(&shelf, &name, &serde_json::to_vec(&kept).map_err(ValidateError::from)?)?;
    Ok((said(&kept.baseline), kept.baseline))
}

fn key(bench: &Bench<'_>) -> Result<Digest, ValidateError> {
    let project = serde_json::to_vec(bench.ground.project)?;
    let rules = serde_json::to_vec(bench.ground.rules)?;
    let (version, commit) = (VERSION.as_bytes(), bench.ground.commit.as_bytes());
    Ok(Digest::of_parts([version, commit, &project, &rules, bench.digest.as_bytes()]))
}

fn kept(bytes: &[u8], key: Digest) -> Option<Baseline> {
    let kept: Kept = serde_json::from_slice(bytes).ok()?;
    let digest = Digest::of(serde_json::to_vec(&kept.baseline).ok()?);
    (kept.key == key && kept.digest == digest).then_some(kept.baseline)
}

fn measure(bench: &Bench<'_>) -> Result<Baseline, Halt> {
    let times = bench.ground.rules.repeats.max(2);
    let mut runs = Vec::new();
    for _ in 0..times {
        let ran = bench.run(&Tree::default())?;
        if let Some(said) = unusable(&ran) {
            return Err(Halt::Failed(said));
        }
        runs.push(ran);
    }
    let tests: Vec<_> = runs.iter().filter_map(Ran::tests).collect();
    let clean = runs.iter().all(Ran::succeeded);
    let mut baseline = Baseline {
        tests: (!tests.is_empty()).then(|| agree(&tests)),
        clean,
        runs: times,
        planted: std::collections::BTreeMap::new(),
        planted_fails: false,
        millis: runs.iter().map(|ran| ran.millis).min().unwrap_or(0),
    };
    if baseline.tests.is_none() && !clean {
        let broken = runs.into_iter().find(|ran| !ran.succeeded());
        let (words, output) = broken.map(|ran| (ran.words, ran.output)).unwrap_or_default();
        let detail = format!("the unpatched commit's tests fail ({words}), and without a report nobody knows which");
        return Err(Halt::Failed(Said::failed("TH-VAL-BASELINE", detail).with(output)));
    }
    if let Some(planted) = canary::plant(bench, None)? {
        let ran = bench.run(&planted.tree)?;
        baseline.planted = planted.seen(&ran);
        baseline.planted_fails = !ran.succeeded() && !ran.was_stopped();
    }
    Ok(baseline)
}

/// A run of the unpatched snapshot that says nothing about its tests.
fn unusable(ran: &Ran) -> Option<Said> {
    let fail =
        |code, why: &str| Some(Said::failed(code, format!("on the unpatched commit: {why}")).with(ran.output.clone()));
    if ran.was_stopped() {
        return fail("TH-VAL-BASELINE", &ran.words);
    }
    match &ran.results {
        Results::Unusable(why) => fail("TH-VAL-REPORT", &format!("{why}; {}", ran.words)),
        Results::Tests(_) if !ran.succeeded() && ran.failing().next().is_none() => {
            fail("TH-VAL-BASELINE", &format!("{}, though its report names no failing test", ran.words))
        }
        Results::Tests(_) | Results::StatusOnly => None,
    }
}

fn said(baseline: &Baseline) -> Said {
    let Some(tests) = &baseline.tests else {
        return Said::unknown(
            "TH-VAL-STATUS-ONLY",
            format!("{} runs ended with exit status 0; without a report no test is known by name", baseline.runs),
        );
    };
    let (failed, flaky) = (baseline.those(Before::Failed), baseline.those(Before::Flaky));
    let passed = baseline.those(Before::Passed).len();
    if passed == 0 {
        // An import that leads nowhere can keep every test from being loaded. Its repair is shown by tests of its own, and
        // by all those that run again; that nothing ran before is for a person to weigh.
        let detail = format!("none of {} tests passes, so only the proposal's own show anything", tests.len());
        let evidence: Vec<_> = failed.iter().take(NAMED).map(|id| format!("fail already: {id}")).collect();
        return Said::unknown("TH-VAL-NOTHING-PASSES", detail).with(evidence);
    }
    let mut detail = format!("{passed} of {} tests pass in each of {} runs", tests.len(), baseline.runs);
    let mut evidence = Vec::new();
    for (ids, what) in [(failed, "fail already"), (flaky, "flip")] {
        if !ids.is_empty() {
            detail = format!("{detail}; {} {what}", ids.len());
            evidence.extend(ids.into_iter().take(NAMED).map(|id| format!("{what}: {id}")));
        }
    }
    Said::passed(detail).with(evidence)
}

impl From<serde_json::Error> for ValidateError {
    fn from(error: serde_json::Error) -> Self {
        Self::Io { at: "writing", path: "a baseline".into(), source: error.into() }
    }
}
