//! Gate **regresses-nothing**: on the patched tree every test that passed still passes and none has vanished, the new
//! ones pass, and failing tests that the host plants still fail.

use std::collections::BTreeSet;

use crate::model::GateStatus;

use super::bench::{Bench, Ran, Results};
use super::canary::{self, Planted};
use super::compare::{Baseline, Before, objections};
use super::gate::{Halt, Said};
use super::reproduce::Shown;
use super::tree::Trees;

const NAMED: usize = 10;

pub(super) fn gate(bench: &Bench<'_>, trees: &Trees, before: &Baseline, shown: &Shown) -> Result<(Said, ()), Halt> {
    let against = objections(before, &shown.patched);
    if let Some((code, first)) = against.first() {
        let more = if against.len() > 1 { format!(" (and {} more)", against.len() - 1) } else { String::new() };
        let said = Said::failed(code, format!("{first}{more}"))
            .with(against.iter().skip(1).take(NAMED).map(|(_, why)| why.clone()))
            .with(shown.patched.output.clone());
        return Err(Halt::Failed(said));
    }
    let mut said = canaries(bench, trees, before)?;
    if said.status == GateStatus::Failed {
        return Ok((said, ()));
    }
    let kept = before.those(Before::Passed).len();
    said.detail = match &before.tests {
        Some(_) => format!("all {kept} tests that passed still pass; {}", said.detail),
        None => format!("the tests end with exit status 0, which may hide one that vanished; {}", said.detail),
    };
    if before.tests.is_none() && said.status == GateStatus::Passed {
        said = Said { status: GateStatus::Unknown, code: "TH-VAL-STATUS-ONLY", ..said };
    }
    if !trees.put_back.is_empty() {
        let files: Vec<String> = trees.put_back.iter().take(NAMED).map(ToString::to_string).collect();
        let detail = format!(
            "{}; the patch changes {}, which decides how tests run, so it was tested with the commit's own",
            said.detail,
            files.join(", ")
        );
        said = Said { status: GateStatus::Unknown, code: "TH-VAL-PUT-BACK", detail, evidence: said.evidence };
    }
    Ok((said, ()))
}

/// Runs the patched tree with canaries in it.
fn canaries(bench: &Bench<'_>, trees: &Trees, before: &Baseline) -> Result<Said, Halt> {
    let unknown = |why: &str| {
        Said::unknown(
            "TH-VAL-NO-CANARY",
            format!("no failing test could be planted ({why}), so hidden failures would not be noticed"),
        )
    };
    let Some(planted) = canary::plant(bench, Some(trees))? else {
        return Ok(unknown(
            "thymus does not know how in this framework, or no test file is named as its runner expects",
        ));
    };
    let ran = bench.run(&planted.tree)?;
    if let Some(why) = forged(before, trees, &planted, &ran) {
        let detail = format!("failures are hidden on the patched tree: {why}");
        return Ok(Said::failed("TH-VAL-FORGED", detail).with(ran.output));
    }
    let seen = planted.seen(&ran);
    let tells = if bench.tells_tests() { !seen.is_empty() } else { before.planted_fails };
    if !tells {
        return Ok(unknown("the run reports none of them, on the commit neither"));
    }
    let count: usize = seen.values().map(BTreeSet::len).sum();
    Ok(Said::passed(match count {
        0 => "with failing tests planted the run fails, as it must".to_owned(),
        count => format!("{count} failing tests planted in {} file(s) all fail, as they must", seen.len()),
    }))
}

/// How the run with canaries hides a failure, if it does.
fn forged(before: &Baseline, trees: &Trees, planted: &Planted, ran: &Ran) -> Option<String> {
    let seen = planted.seen(ran);
    if ran.succeeded() && (before.planted_fails || !seen.is_empty()) {
        return Some("the run with failing tests planted ends with exit status 0".to_owned());
    }
    if ran.was_stopped() && before.planted_fails {
        return Some(format!("the run with failing tests planted did not end by itself: {}", ran.words));
    }
    if let Results::Unusable(why) = &ran.results {
        return Some(format!("the run with failing tests planted can't be read: {why}"));
    }
    if let Some(kind) = planted.hidden(ran) {
        return Some(format!("a planted failing test (`{kind}`) is reported as not failed"));
    }
    // In files of before: what failed there must fail here. In new files: what failed in any file of before.
    let everywhere: BTreeSet<String> = before.planted.values().flatten().cloned().collect();
    let wanted = planted.files().map(|path| {
        let of_before = before.planted.get(path.as_str()).cloned().unwrap_or_default();
        (path.as_str(), if trees.own_tests.contains(path) { everywhere.clone() } else { of_before })
    });
    for (path, kinds) in wanted {
        let lost = kinds.iter().find(|kind| !seen.get(path).is_some_and(|seen| seen.contains(*kind)));
        if let Some(kind) = lost {
            return Some(format!("a failing test (`{kind}`) planted in {path} is not reported"));
        }
    }
    None
}
