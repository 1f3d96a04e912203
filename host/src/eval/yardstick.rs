//! The simple methods that everything is measured against, in the same run, on the same windows: two that raise alarms,
//! and one that reads the cause off a stack trace. (The fourth, doing nothing, is in `fix`.)
//!
//! - *fixed threshold*: what an alerting rule written once says: a handler whose 95th percentile is above a second, or
//!   of whose at least ten executions more than 5 % fail.
//! - *three sigma*: control charts (W. A. Shewhart, *Economic Control of Quality of Manufactured Product*, 1931) of each
//!   handler's mean duration (X̄ chart) and of its share of errors (p chart), their limits from the baseline.
//! - *last stack frame*: the innermost frame of the handler's most frequent stack trace that lies in the repository.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::model::RepoPath;

use super::judge::{Claim, Role, Spot, roles, same_name};
use super::result::Yardstick;
use super::suite::{Case, Expect};
use super::window::{Behaviour, Handler, Window};

const THRESHOLD_NS: f64 = 1e9;
const THRESHOLD_ERRORS: f64 = 0.05;
const THRESHOLD_COUNT: f64 = 10.0;
const SIGMAS: f64 = 3.0;
/// Lines of one stack trace.
const FRAMES: usize = 200;

/// What both alarms make of a window.
pub(super) fn alarms(case: &Case, window: &mut Window, baseline: &Window) -> Vec<Yardstick> {
    let mut fixed = BTreeSet::new();
    let mut sigma = BTreeSet::new();
    for (handler, now) in &mut window.handlers {
        let failing = now.count >= THRESHOLD_COUNT && now.error_rate() > THRESHOLD_ERRORS;
        if failing || now.p95() > THRESHOLD_NS {
            fixed.insert(handler.clone());
        }
        if baseline.handlers.get(handler).is_some_and(|before| is_out_of_control(before, now)) {
            sigma.insert(handler.clone());
        }
    }
    vec![scored("fixed threshold", case, &fixed), scored("three sigma", case, &sigma)]
}

/// Beyond the upper limit of one of the two charts.
fn is_out_of_control(before: &Behaviour, now: &Behaviour) -> bool {
    if before.count < 2.0 || now.count < 1.0 {
        return false;
    }
    let slow = now.mean > before.mean + SIGMAS * before.deviation() / now.count.sqrt();
    let rate = before.error_rate();
    slow || now.error_rate() > rate + SIGMAS * (rate * (1.0 - rate) / now.count).sqrt()
}

fn scored(name: &str, case: &Case, alarmed: &BTreeSet<Handler>) -> Yardstick {
    let claims: Vec<Claim> = alarmed
        .iter()
        .map(|handler| Claim {
            capability: None,
            rule: "",
            handler: &handler.name,
            at: handler.path.as_deref().map(|path| Spot { path, lines: None }),
        })
        .collect();
    let roles = roles(&case.expects, &case.tolerate, &|_| true, &claims);
    let found = (0..case.expects.len()).map(|at| roles.contains(&Role::Answers(at))).collect();
    let false_alarms = roles.iter().filter(|role| matches!(role, Role::False | Role::Repeats(_))).count() as u64;
    Yardstick { name: name.to_owned(), found, false_alarms }
}

/// Where the stack traces of an expectation's handler end, inside the repository: file and line.
pub(super) fn last_frame(expect: &Expect, window: &Window, files: &Frames<'_>) -> Option<(String, u32)> {
    let handler = expect.answers.first().and_then(|answer| answer.handler.as_deref());
    let mut counts: BTreeMap<(String, u32), u64> = BTreeMap::new();
    for (of, stack) in &window.traces {
        if handler.is_none_or(|handler| same_name(handler, of))
            && let Some(frame) = innermost(stack, files)
        {
            *counts.entry(frame).or_default() += 1;
        }
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(frame, _)| frame)
}

/// How frames look, and the files of a repository, to find those that stack traces name by a path of another machine.
pub(super) struct Frames<'a> {
    by_name: BTreeMap<&'a str, Vec<&'a str>>,
    script: Option<Regex>,
    python: Option<Regex>,
}

impl<'a> Frames<'a> {
    pub fn new(paths: impl Iterator<Item = &'a RepoPath>) -> Self {
        let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for path in paths {
            by_name.entry(path.file_name()).or_default().push(path.as_str());
        }
        // `at f (/srv/shop/src/a.js:5:7)` and `File "/srv/shop/a.py", line 5, in f`.
        let script = Regex::new(r"^\s*at (?:.*\()?(?:file://)?([^():]+):(\d+):\d+\)?$").ok();
        let python = Regex::new(r#"^\s*File "([^"]+)", line (\d+)"#).ok();
        Self { by_name, script, python }
    }

    /// The longest path of the repository with which a path ends.
    fn find(&self, path: &str) -> Option<&'a str> {
        let candidates = self.by_name.get(path.rsplit('/').next()?)?;
        let ends =
            |known: &&&str| path.strip_suffix(**known).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'));
        candidates.iter().filter(ends).max_by_key(|known| known.len()).copied()
    }
}

fn innermost(stack: &str, files: &Frames<'_>) -> Option<(String, u32)> {
    let frame = |regex: &Option<Regex>, line: &str| {
        let found = regex.as_ref()?.captures(line)?;
        let path = files.find(found.get(1)?.as_str())?;
        Some((path.to_owned(), found.get(2)?.as_str().parse().ok()?))
    };
    // JavaScript begins with the innermost frame, Python ends with it.
    let script = stack.lines().take(FRAMES).find_map(|line| frame(&files.script, line));
    script.or_else(|| stack.lines().rev().take(FRAMES).find_map(|line| frame(&files.python, line)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_frame_of_the_repository_is_found() {
        let paths = ["src/cart.js", "cart.js", "shop/pay.py"].map(|path| RepoPath::new(path).unwrap());
        let files = Frames::new(paths.iter());
        let script = "TypeError: x\n    at get (node:internal/x:1:2)\n    at total (/srv/a/src/cart.js:52:9)\n    at /srv/a/cart.js:1:1";
        assert_eq!(innermost(script, &files), Some(("src/cart.js".to_owned(), 52)));
        let python = "Traceback (most recent call last):\n  File \"/app/shop/pay.py\", line 7, in a\n    x()\n  File \"/app/shop/pay.py\", line 9, in b\n  File \"/usr/lib/json.py\", line 1, in c\nValueError";
        assert_eq!(innermost(python, &files), Some(("shop/pay.py".to_owned(), 9)));
        assert_eq!(innermost("nothing", &files), None);
    }

    #[test]
    fn control_limits_come_from_the_baseline() {
        let dir = tempfile::tempdir().unwrap();
        let behaviour = |durations: &[u64], errors: usize| {
            let mut lines = String::new();
            for (n, duration_ns) in durations.iter().enumerate() {
                let status = if n < errors { "error" } else { "ok" };
                let span = serde_json::json!({
                    "trace_id": "t", "span_id": n.to_string(), "duration_ns": duration_ns, "status": status,
                    "service": "s", "handler": "h", "path": null, "events": [],
                });
                lines += &span.to_string();
                lines.push('\n');
            }
            std::fs::write(dir.path().join("spans.jsonl"), lines).unwrap();
            std::fs::write(dir.path().join("logs.jsonl"), "").unwrap();
            super::super::window::read(dir.path()).unwrap().handlers.into_values().next().unwrap()
        };
        // Mean 100, deviation 10: of 9 executions the limit is 110.
        let before = behaviour(&[90, 110, 90, 110, 90, 110, 90, 110, 100], 0);
        assert!((before.mean - 100.0).abs() < 1e-9 && (before.deviation() - 10.0).abs() < 0.1);
        assert!(!is_out_of_control(&before, &behaviour(&[109; 9], 0)));
        assert!(is_out_of_control(&before, &behaviour(&[111; 9], 0)));
        assert!(is_out_of_control(&before, &behaviour(&[100; 9], 1)), "no errors before, one now");
        assert!((behaviour(&(1..=100).collect::<Vec<_>>(), 0).p95() - 95.0).abs() < 1e-9);
    }
}
