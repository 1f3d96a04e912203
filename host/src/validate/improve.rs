//! Gate **improves**: what the proposal promises, measured. A promise that nothing here can measure is said to be unknown.

use crate::model::{Expectation, GateStatus, Recheck};

use super::ValidateError;
use super::bench::{Bench, Ran};
use super::gate::{Halt, Said};
use super::reproduce::Shown;
use super::speed::{chance, median};
use super::tree::Trees;

/// Interleaved pairs of runs; chance alone makes seven against seven look all shorter once in 3,432 times.
const PAIRS: usize = 7;
/// Above this, a difference may be chance.
const MOST_CHANCE: f64 = 0.01;
/// What is shorter is mostly the runner's own time.
const SHORTEST: f64 = 0.001;

pub(super) fn gate(
    bench: &Bench<'_>,
    trees: &Trees,
    shown: &Shown,
    expects: &[Expectation],
    recheck: &dyn Fn() -> Recheck,
) -> Result<(Said, ()), Halt> {
    let mut all = Vec::new();
    for expected in expects {
        all.push(match expected {
            Expectation::TestsTurnGreen if shown.red.is_empty() => {
                Said::unknown("TH-VAL-STATUS-ONLY", "which tests turned green is not known")
            }
            Expectation::TestsTurnGreen => Said::passed(format!("{} test(s) turned green", shown.red.len())),
            Expectation::TestsCover { handler } => {
                Said::passed(format!("{} new test(s) for {handler}, see `reproduces`", shown.green.len()))
            }
            Expectation::Faster { handler, percent } => faster(bench, trees, shown, handler, *percent)?,
            Expectation::DocsAgree => docs_agree(recheck()),
        });
    }
    Ok((sum(all), ()))
}

/// Documentation agrees when who saw that it didn't sees it no more. docs/decisions/0004 says what that is worth.
fn docs_agree(recheck: Recheck) -> Said {
    match recheck {
        Recheck::Gone => Said::passed("with the patch, its finder sees neither this nor anything new in these files"),
        Recheck::Still => Said::failed("TH-VAL-DOCS", "its finder still sees the same finding with the patch"),
        Recheck::Others(titles) => {
            Said::failed("TH-VAL-DOCS-NEW", "with the patch, its finder sees other things in these files").with(titles)
        }
        Recheck::Unanswered(why) => {
            Said::unknown("TH-VAL-DOCS", format!("whether the documentation agrees is not known: {why}"))
        }
    }
}

/// The worst answer, with all their sentences.
fn sum(all: Vec<Said>) -> Said {
    let rank = |said: &Said| match said.status {
        GateStatus::Skipped => 0,
        GateStatus::Passed => 1,
        GateStatus::Unknown => 2,
        GateStatus::Failed => 3,
    };
    let details: Vec<String> = all.iter().map(|said| said.detail.clone()).collect();
    let evidence: Vec<String> = all.iter().flat_map(|said| said.evidence.clone()).collect();
    match all.into_iter().max_by_key(rank) {
        None => Said::skipped("the proposal promises nothing that could be measured"),
        Some(worst) => Said { detail: details.join("; "), evidence, ..worst },
    }
}

/// Measures the new tests, before and after by turns. It is their time, with the handler's in it: the promise is of the
/// handler alone, so what is measured is less than what was gained, never more.
fn faster(bench: &Bench<'_>, trees: &Trees, shown: &Shown, handler: &str, percent: f64) -> Result<Said, ValidateError> {
    let unknown =
        |why: String| Ok(Said::unknown("TH-VAL-SPEED", format!("whether {handler} is faster is not known: {why}")));
    if shown.green.is_empty() {
        return unknown("no new test passes both ways, so there is nothing to measure it with".to_owned());
    }
    if !(percent.is_finite() && (0.0..=100.0).contains(&percent)) {
        return unknown("the promised percentage is none".to_owned());
    }
    let seconds = |ran: &Ran| {
        let tests = ran.tests()?;
        shown.green.iter().map(|id| tests.get(id).map(|outcome| outcome.seconds)).sum::<Option<f64>>()
    };
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        before.extend(seconds(&bench.run(&trees.with_own_tests())?));
        after.extend(seconds(&bench.run(&trees.patched())?));
    }
    if before.len() < PAIRS || after.len() < PAIRS {
        return unknown("not every run reported the new tests".to_owned());
    }
    let (slow, fast) = (median(&before), median(&after));
    if slow < SHORTEST {
        return unknown(format!("the new tests take {:.3} ms, too short to measure", slow * 1000.0));
    }
    let saved = (1.0 - fast / slow) * 100.0;
    let chance = chance(&before, &after);
    let detail = format!(
        "the new tests take {:.1} ms instead of {:.1} ms ({saved:.0} % less, {percent:.0} % promised for {handler}; \
         by chance in {:.2} % of cases)",
        fast * 1000.0,
        slow * 1000.0,
        chance * 100.0
    );
    let runs = |name: &str, all: &[f64]| {
        let all: Vec<String> = all.iter().map(|seconds| format!("{:.2}", seconds * 1000.0)).collect();
        format!("{name}, ms: {}", all.join(" "))
    };
    let evidence = [runs("without the patch", &before), runs("with it", &after)];
    let real = saved >= percent && chance <= MOST_CHANCE;
    let said = if real { Said::passed(detail) } else { Said::failed("TH-VAL-NOT-FASTER", detail) };
    Ok(said.with(evidence))
}
