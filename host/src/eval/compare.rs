//! What became better or worse since an earlier evaluation, case by case.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::EvalError;
use super::result::{CaseResult, Evaluation, FixState};
use super::statistics::sign_test;

/// A larger file was not written by thymus.
const MAX_BYTES: u64 = 1 << 30;

/// Two evaluations, side by side.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comparison {
    /// When the earlier one began.
    pub previous: String,
    /// Cases that became better.
    pub better: u64,
    /// Cases that became worse.
    pub worse: u64,
    /// Cases in which some things became better and others worse.
    pub mixed: u64,
    /// Cases that stayed as they were.
    pub same: u64,
    /// Cases that only one of the two has.
    pub only_one: u64,
    /// How likely chance alone makes such a difference between better and worse (the exact sign test of those).
    pub p: f64,
    /// Those that are not the same.
    pub changes: Vec<Change>,
}

/// A case that changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Change {
    /// As in `shop/coupon`.
    pub case: String,
    /// In which direction.
    pub changed: Changed,
    /// What, in words.
    pub what: Vec<String>,
}

/// In which direction a case changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Changed {
    Better,
    Worse,
    Mixed,
}

/// Reads an earlier evaluation.
pub(super) fn read(path: &Path) -> Result<Evaluation, EvalError> {
    let wrong = |why: String| EvalError::Previous { path: path.to_owned(), why };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| wrong(error.to_string()))?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| wrong(error.to_string()))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(wrong(format!("it is larger than {MAX_BYTES} bytes")));
    }
    serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))
}

/// Compares the cases of an earlier evaluation with today's.
pub(super) fn compare(previous: &Evaluation, cases: &[CaseResult]) -> Comparison {
    let before: BTreeMap<String, &CaseResult> = previous.cases.iter().map(|case| (case.name(), case)).collect();
    let after: BTreeMap<String, &CaseResult> = cases.iter().map(|case| (case.name(), case)).collect();
    let lost = before.keys().filter(|name| !after.contains_key(*name)).count();
    let added = after.keys().filter(|name| !before.contains_key(*name)).count();
    let mut comparison = Comparison {
        previous: previous.started.clone(),
        better: 0,
        worse: 0,
        mixed: 0,
        same: 0,
        only_one: (lost + added) as u64,
        p: 1.0,
        changes: Vec::new(),
    };
    for (name, now) in after {
        let Some(then) = before.get(&name) else { continue };
        let (better, worse) = changes(then, now);
        let changed = match (better.is_empty(), worse.is_empty()) {
            (true, true) => {
                comparison.same += 1;
                continue;
            }
            (false, true) => Changed::Better,
            (true, false) => Changed::Worse,
            (false, false) => Changed::Mixed,
        };
        match changed {
            Changed::Better => comparison.better += 1,
            Changed::Worse => comparison.worse += 1,
            Changed::Mixed => comparison.mixed += 1,
        }
        comparison.changes.push(Change { case: name, changed, what: [better, worse].concat() });
    }
    comparison.p = sign_test(comparison.better, comparison.worse);
    comparison
}

/// What is better, and what is worse.
fn changes(then: &CaseResult, now: &CaseResult) -> (Vec<String>, Vec<String>) {
    let (mut better, mut worse) = (Vec::new(), Vec::new());
    let mut more_is = |good: bool, what: &str, then: usize, now: usize| {
        if then != now {
            let words = format!("{what}: {then} → {now}");
            if (now > then) == good { better.push(words) } else { worse.push(words) }
        }
    };
    more_is(false, "could not be run", usize::from(then.error.is_some()), usize::from(now.error.is_some()));
    if then.error.is_none() && now.error.is_none() {
        let found = |case: &CaseResult| case.issues.iter().filter(|issue| issue.found.is_some()).count();
        let placed = |case: &CaseResult| case.issues.iter().filter(|i| i.diagnosis.line == Some(true)).count();
        let fixes = |case: &CaseResult, state| case.fixes().filter(|fix| fix.state == state).count();
        more_is(true, "issues found", found(then), found(now));
        more_is(true, "lines right", placed(then), placed(now));
        more_is(false, "false alarms", then.false_alarms.len(), now.false_alarms.len());
        more_is(true, "right fixes", fixes(then, FixState::Right), fixes(now, FixState::Right));
        more_is(false, "wrong fixes", fixes(then, FixState::Wrong), fixes(now, FixState::Wrong));
    }
    (better, worse)
}
