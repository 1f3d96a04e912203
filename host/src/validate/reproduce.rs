//! Gate **reproduces**: the proposal's own new tests fail on the unpatched tree, each by the very id by which it passes
//! on the patched one. So a test file that can't be loaded shows nothing: its tests have no ids there.
//!
//! Where coverage is healed they pass both ways, and fail when the handler is broken on purpose.

use std::collections::BTreeSet;

use crate::model::Expectation;

use super::bench::{Bench, Ran, Results};
use super::compare::{Baseline, objections};
use super::gate::{Halt, Said};
use super::report::Status;
use super::text::plain;
use super::tree::{Trees, docs};
use super::{Candidate, mutant};

const NAMED: usize = 10;

/// What the gate saw; later gates go on from it.
pub(super) struct Shown {
    /// New tests that fail without the patch and pass with it.
    pub(super) red: BTreeSet<String>,
    /// New tests that pass both ways.
    pub(super) green: BTreeSet<String>,
    /// The first run of the patched tree.
    pub(super) patched: Ran,
}

/// What the new tests have to do on the unpatched tree.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Red,
    Green,
}

pub(super) fn gate(
    bench: &Bench<'_>,
    trees: &Trees,
    before: &Baseline,
    candidate: &Candidate<'_>,
) -> Result<(Said, Shown), Halt> {
    let expects = &candidate.proposal.expects;
    let covered = expects.iter().find_map(|expected| match expected {
        Expectation::TestsCover { handler } => Some(handler.as_str()),
        _ => None,
    });
    let red = expects.contains(&Expectation::TestsTurnGreen);
    if trees.own_tests.is_empty() {
        return without_tests(bench, trees, candidate, red || covered.is_some());
    }
    let faster = expects.iter().any(|expected| matches!(expected, Expectation::Faster { .. }));
    let wanted = if red || (covered.is_none() && !faster) { Wanted::Red } else { Wanted::Green };
    let unpatched = bench.run(&trees.with_own_tests())?;
    if wanted == Wanted::Red && unpatched.succeeded() && !matches!(unpatched.results, Results::Unusable(_)) {
        let detail = "the new tests pass without the patch too, so they show nothing of what it repairs";
        return Err(Halt::Failed(Said::failed("TH-VAL-NOT-RED", detail)));
    }
    let patched = bench.run(&trees.patched())?;
    let (mut said, shown) = compare(before, &unpatched, patched, wanted)?;
    if let Some(handler) = covered {
        let covers = mutant::gate(bench, trees, &shown, handler)?;
        said.detail = format!("{}; {}", said.detail, covers.detail);
        if covers.status != crate::model::GateStatus::Passed {
            said = Said { detail: said.detail, ..covers };
        }
    }
    Ok((said, shown))
}

/// A patch that brings no tests of its own.
fn without_tests(
    bench: &Bench<'_>,
    trees: &Trees,
    candidate: &Candidate<'_>,
    promised: bool,
) -> Result<(Said, Shown), Halt> {
    if promised {
        let detail = "the proposal promises that its tests show the fault, and brings no new test file";
        return Err(Halt::Failed(Said::failed("TH-VAL-NO-TEST", detail)));
    }
    let docs = docs(candidate.ground.project);
    let said = if candidate.patch.files.iter().all(|file| docs.is_match(&file.path)) {
        Said::skipped("only documentation changes, which no test can show to be wrong")
    } else {
        Said::unknown("TH-VAL-NO-TEST", "the proposal brings no test, so nothing shows that there was a fault")
    };
    let patched = bench.run(&trees.patched())?;
    Ok((said, Shown { red: BTreeSet::new(), green: BTreeSet::new(), patched }))
}

fn compare(before: &Baseline, unpatched: &Ran, patched: Ran, wanted: Wanted) -> Result<(Said, Shown), Halt> {
    let fail = |code, detail: &str, evidence: Vec<String>| Err(Halt::Failed(Said::failed(code, detail).with(evidence)));
    let Some(with) = patched.tests() else {
        return by_status(before, unpatched, patched, wanted);
    };
    let new = before.new_in(&patched);
    if new.is_empty() {
        let why = "the run does not report a single new test: is the new file one that the test command picks up?";
        return fail("TH-VAL-NOT-RUN", why, patched.output.clone());
    }
    let nothing = super::report::Tests::new();
    let without = unpatched.tests().unwrap_or(&nothing);
    if unpatched.tests().is_none() && unpatched.was_stopped() {
        let detail = format!("without the patch the run says nothing of single tests: {}", unpatched.words);
        let shown = Shown { red: BTreeSet::new(), green: BTreeSet::new(), patched };
        return Ok((Said::unknown("TH-VAL-STOPPED", detail).with(unpatched.output.clone()), shown));
    }
    let mut shown = (BTreeSet::new(), BTreeSet::new());
    let (mut unloaded, mut still) = (Vec::new(), Vec::new());
    for (id, now) in new {
        match (without.get(id).map(|outcome| outcome.status), now) {
            (_, Status::Failed) => still.push(format!("{id}: {}", with[id].why)),
            (Some(Status::Failed), Status::Passed) => drop(shown.0.insert(id.clone())),
            (Some(Status::Passed), Status::Passed) => drop(shown.1.insert(id.clone())),
            (None, _) => unloaded.push(id.clone()),
            _ => {}
        }
    }
    let (red, green) = shown;
    let first = |ids: &[String]| ids.iter().take(NAMED).cloned().collect::<Vec<_>>();
    let missing = match wanted {
        Wanted::Red => red.is_empty(),
        Wanted::Green => green.is_empty(),
    };
    if missing && !still.is_empty() {
        let why = format!("the new tests fail with the patch too ({})", patched.words);
        return fail("TH-VAL-STILL-RED", &why, first(&still));
    }
    if missing && !unloaded.is_empty() {
        let why = "without the patch the new tests can't even be loaded, so they show nothing of what it repairs; \
                   a test must import only what is there without the patch";
        return fail("TH-VAL-NOT-LOADED", why, [first(&unloaded), unpatched.output.clone()].concat());
    }
    if missing && wanted == Wanted::Red {
        let why = "the new tests pass, or are skipped, without the patch too, so they show nothing of what it repairs";
        return fail("TH-VAL-NOT-RED", why, Vec::new());
    }
    if wanted == Wanted::Green && !(red.is_empty() && unloaded.is_empty()) {
        let why = "the new tests should pass without the patch too, and some do not";
        let ids: Vec<String> = red.into_iter().chain(unloaded).collect();
        return fail("TH-VAL-NOT-GREEN", why, first(&ids));
    }
    let reasons = red.iter().take(NAMED).map(|id| plain(&format!("{id}: {}", without[id].why), 700)).collect();
    let evidence: Vec<String> =
        if wanted == Wanted::Red { reasons } else { green.iter().take(NAMED).cloned().collect() };
    let detail = match wanted {
        Wanted::Red if green.is_empty() => format!("{} new test(s) fail without the patch and pass with it", red.len()),
        Wanted::Red => format!(
            "{} new test(s) fail without the patch and pass with it; {} more pass both ways",
            red.len(),
            green.len()
        ),
        Wanted::Green => format!("{} new test(s) pass without the patch and with it", green.len()),
    };
    Ok((Said::passed(detail).with(evidence), Shown { red, green, patched }))
}

/// With an exit status only.
fn by_status(before: &Baseline, unpatched: &Ran, patched: Ran, wanted: Wanted) -> Result<(Said, Shown), Halt> {
    if let Some((code, why)) = objections(before, &patched).into_iter().next() {
        return Err(Halt::Failed(Said::failed(code, format!("with the patch: {why}")).with(patched.output)));
    }
    if wanted == Wanted::Green && !unpatched.succeeded() {
        let why = format!("the new tests should pass without the patch too: {}", unpatched.words);
        return Err(Halt::Failed(Said::failed("TH-VAL-NOT-GREEN", why).with(unpatched.output.clone())));
    }
    let detail = match wanted {
        Wanted::Red => format!(
            "with the new tests the run fails without the patch ({}) and passes with it; \
             without a report nobody knows which test failed, or whether it was loaded at all",
            unpatched.words
        ),
        Wanted::Green => {
            "the run passes without the patch and with it; without a report nobody knows which tests ran".to_owned()
        }
    };
    let said = Said::unknown("TH-VAL-STATUS-ONLY", detail).with(unpatched.output.clone());
    Ok((said, Shown { red: BTreeSet::new(), green: BTreeSet::new(), patched }))
}
