//! Gate **stable**: again, as often as the policy says, with the same result. Without the patch too, because a new test
//! that fails there only sometimes would show a fault that it doesn't see.

use super::bench::Bench;
use super::compare::{Baseline, Before, objections};
use super::gate::{Halt, Said};
use super::report::Status;
use super::reproduce::Shown;
use super::tree::Trees;

const NAMED: usize = 10;

pub(super) fn gate(bench: &Bench<'_>, trees: &Trees, before: &Baseline, shown: &Shown) -> Result<(Said, ()), Halt> {
    let repeats = bench.ground.rules.repeats;
    if repeats < 2 {
        return Ok((Said::skipped("the policy asks for a single run"), ()));
    }
    let flips = |why: String| Err(Halt::Failed(Said::failed("TH-VAL-FLIPS", why)));
    for round in 2..=repeats {
        let ran = bench.run(&trees.patched())?;
        if let Some((_, why)) = objections(before, &ran).into_iter().next() {
            return flips(format!("run {round} of the patched tree is no pass, though the first was: {why}"));
        }
        if let (Some(first), Some(again)) = (shown.patched.tests(), ran.tests()) {
            let ids = first.keys().chain(again.keys());
            let status = |tests: &super::report::Tests, id: &String| tests.get(id).map(|outcome| outcome.status);
            let is_flaky = |id: &String| before.tests.as_ref().and_then(|tests| tests.get(id)) == Some(&Before::Flaky);
            let mut ids = ids.filter(|id| !is_flaky(id));
            if let Some(id) = ids.find(|id| status(first, id) != status(again, id)) {
                return flips(format!("{id} did not end in run {round} as in the first"));
            }
        }
        if !shown.red.is_empty() {
            let ran = bench.run(&trees.with_own_tests())?;
            let failed = |id: &&String| {
                ran.tests().and_then(|tests| tests.get(*id)).is_some_and(|outcome| outcome.status == Status::Failed)
            };
            if let Some(id) = shown.red.iter().find(|id| !failed(id)) {
                return flips(format!("without the patch {id} fails only sometimes: not in run {round}"));
            }
        }
    }
    let flaky = before.those(Before::Flaky);
    if flaky.is_empty() {
        return Ok((Said::passed(format!("{repeats} runs, each with the same result")), ()));
    }
    let detail = format!(
        "{repeats} runs agree, but {} test(s) flip without the patch, so nothing is known of them",
        flaky.len()
    );
    let evidence = flaky.into_iter().take(NAMED).map(|id| format!("flips: {id}"));
    Ok((Said::unknown("TH-VAL-FLAKY", detail).with(evidence), ()))
}
