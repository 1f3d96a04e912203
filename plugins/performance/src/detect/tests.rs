//! What is found in whole windows, and what is not.

use serde_json::json;
use thymus_sdk::source::Source;
use thymus_sdk::{Finding, Severity};

use super::scenes::Recording;
use super::{Settings, detect};
use crate::notes;

fn findings(recording: &Recording) -> Vec<Finding> {
    let (_dir, telemetry) = recording.laid_out();
    let source = tempfile::tempdir().unwrap();
    detect(&telemetry, &Source::at(source.path()), &Settings::default()).unwrap()
}

fn handlers(recording: &Recording) -> Vec<String> {
    findings(recording).into_iter().map(|finding| format!("{} {}", finding.rule, finding.subject.handler)).collect()
}

/// Five handlers as they were.
fn usual() -> Recording {
    let mut recording = Recording::default();
    for (handler, millis) in [("a", 2.0), ("b", 5.0), ("c", 9.0), ("d", 20.0), ("e", 40.0)] {
        recording.before(handler, 80, millis);
    }
    recording
}

#[test]
fn one_slower_handler_is_found_with_its_numbers() {
    let mut recording = usual();
    for (handler, millis) in [("a", 2.0), ("b", 5.2), ("c", 27.0), ("d", 20.0), ("e", 38.0)] {
        recording.calls(handler, 60, millis);
    }
    let found = findings(&recording);
    assert_eq!(found.len(), 1, "{found:#?}");
    let finding = &found[0];
    assert_eq!((finding.rule.as_str(), finding.subject.handler.as_str()), ("slower-handler", "c"));
    assert!(finding.confidence > 0.85 && finding.severity == Severity::Medium, "{finding:?}");
    let measure = |name: &str| {
        finding.evidence.iter().flat_map(|it| &it.measures).find(|it| it.name == name).map(|it| it.value).unwrap()
    };
    assert!((measure("p50") - 27.0).abs() < 4.0 && (measure("p50 before") - 9.0).abs() < 1.5);
    assert!(measure("p-value") < 1e-6 && measure("share of all time") > 10.0);
}

#[test]
fn when_all_are_slower_it_is_load() {
    let mut recording = usual();
    for (handler, millis) in [("a", 4.1), ("b", 9.8), ("c", 18.5), ("d", 39.0), ("e", 82.0)] {
        recording.calls(handler, 60, millis);
    }
    assert_eq!(handlers(&recording), [""; 0]);
}

#[test]
fn a_slow_handler_is_found_under_load_too() {
    let mut recording = usual();
    for (handler, millis) in [("a", 4.0), ("b", 10.0), ("c", 72.0), ("d", 40.0), ("e", 80.0)] {
        recording.calls(handler, 60, millis);
    }
    assert_eq!(handlers(&recording), ["slower-handler c"]);
}

#[test]
fn noise_and_single_pauses_are_nothing() {
    let mut recording = usual();
    for (handler, millis) in [("a", 2.5), ("b", 5.0), ("c", 8.0), ("d", 25.0), ("e", 41.0)] {
        recording.calls(handler, 60, millis);
    }
    for at in 0..3 {
        recording.span(None, "c", 70_000_000_001 + at * 1_000_000_000, 300_000_000);
    }
    assert_eq!(handlers(&recording), [""; 0]);
}

#[test]
fn the_deepest_that_explains_it_is_blamed_and_not_who_waits() {
    let mut recording = usual();
    for (handler, millis) in [("root", 30.0), ("middle", 25.0), ("leaf", 10.0)] {
        recording.before(handler, 60, millis);
    }
    for (handler, millis) in [("a", 2.0), ("b", 5.2), ("c", 9.0), ("d", 20.0), ("e", 38.0)] {
        recording.calls(handler, 60, millis);
    }
    for at in 0..60_u64 {
        let start = 1_000_000_001 + at * 1_000_000_000;
        let leaf = recording.about(80e6);
        let root = recording.span(None, "root", start, leaf + 20_000_000);
        let middle = recording.span(Some(root), "middle", start + 2_000_000, leaf + 15_000_000);
        recording.span(Some(middle), "leaf", start + 9_000_000, leaf);
    }
    let found = findings(&recording);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].subject.handler, "leaf");
    assert!(found[0].evidence.iter().any(|it| it.statement.contains("waiting for it: middle, root")));
}

#[test]
fn who_calls_others_more_often_is_blamed_itself() {
    let mut recording = usual();
    recording.before("list", 50, 12.0);
    recording.before("one", 50, 5.0);
    for (handler, millis) in [("a", 2.0), ("b", 5.2), ("c", 9.0), ("d", 20.0), ("e", 38.0)] {
        recording.calls(handler, 60, millis);
    }
    for at in 0..50_u64 {
        let start = 1_000_000_001 + at * 1_000_000_000;
        let list = recording.span(None, "list", start, 110_000_000);
        for call in 0..20 {
            let nanos = recording.about(5e6);
            recording.span(Some(list), "one", start + 2_000_000 + call * 5_300_000, nanos.min(5_200_000));
        }
    }
    let found = findings(&recording);
    assert_eq!(found.iter().map(|it| it.subject.handler.as_str()).collect::<Vec<_>>(), ["list"]);
    assert!(notes::slowdown(&found[0]).unwrap().more_calls);
}

#[test]
fn another_mix_of_hits_and_misses_is_nothing() {
    let mut recording = usual();
    let hits = (0..90).map(|_| recording.about(1e6)).collect::<Vec<_>>();
    let misses = (0..30).map(|_| recording.about(30e6)).collect::<Vec<_>>();
    recording.baseline.push(("cached".to_owned(), hits.into_iter().chain(misses).collect()));
    for at in 0..100_u64 {
        let nanos = if at % 10 < 3 { recording.about(1e6) } else { recording.about(30e6) };
        recording.span(None, "cached", 1_000_000_001 + at * 1_000_000_000, nanos);
    }
    for (handler, millis) in [("a", 2.0), ("b", 5.2), ("c", 9.0), ("d", 20.0), ("e", 38.0)] {
        recording.calls(handler, 60, millis);
    }
    assert_eq!(handlers(&recording), [""; 0]);
}

#[test]
fn a_regression_that_hides_in_the_tail_is_found() {
    let mut recording = usual();
    recording.before("search", 300, 10.0);
    for at in 0..300_u64 {
        let nanos = if at % 20 == 0 { recording.about(90e6) } else { recording.about(10e6) };
        recording.span(None, "search", 1_000_000_001 + at * 100_000_000, nanos);
    }
    for (handler, millis) in [("a", 2.0), ("b", 5.2), ("c", 9.0), ("d", 20.0), ("e", 38.0)] {
        recording.calls(handler, 60, millis);
    }
    assert_eq!(handlers(&recording), ["slower-tail search"]);
}

#[test]
fn a_step_inside_of_the_window_is_found_without_a_baseline() {
    let mut recording = Recording::default();
    for (handler, millis) in [("a", 2.0), ("b", 5.0), ("c", 9.0)] {
        recording.calls(handler, 120, millis);
    }
    for at in 0..120_u64 {
        let nanos = recording.about(if at < 80 { 6e6 } else { 24e6 });
        recording.span(None, "late", 1_000_000_001 + at * 1_000_000_000, nanos);
    }
    assert_eq!(handlers(&recording), ["slower-within-window late"]);
}

#[test]
fn a_slow_drift_is_found_and_larger_arguments_are_none() {
    let mut recording = Recording::default();
    for (handler, millis) in [("a", 2.0), ("b", 5.0), ("c", 9.0)] {
        recording.calls(handler, 120, millis);
    }
    for at in 0..120_u32 {
        let start = 1_000_000_001 + u64::from(at) * 1_000_000_000;
        let nanos = recording.about(5e6 * (1.0 + f64::from(at) / 30.0));
        recording.span(None, "leaks", start, nanos);
        let items = vec![7; 20 + at as usize];
        let nanos = recording.about(1e5 * f64::from(at + 20));
        recording.call(None, "natural", start, nanos, &json!({ "thymus.args": json!([items]).to_string() }));
    }
    assert_eq!(handlers(&recording), ["slow-drift leaks"]);
}

#[test]
fn a_declared_threshold_needs_no_baseline_and_strange_ones_are_left_out() {
    let mut recording = Recording::default();
    recording.calls("pay", 40, 30.0);
    recording.expectations = Some(json!({ "thresholds": [
        { "handler": "pay", "quantile": 0.95, "millis": 20 }, { "handler": "pay", "millis": 1 },
    ] }));
    assert_eq!(handlers(&recording), ["over-threshold pay"]);
    recording.expectations = Some(json!({ "thresholds": [{ "handler": "pay", "quantile": 0.95, "millis": 40 }] }));
    assert_eq!(handlers(&recording), [""; 0]);
    recording.expectations = Some(json!({ "thresholds": [
        { "handler": "pay", "file": "src/other.js", "quantile": 0.95, "millis": 20 },
    ] }));
    assert_eq!(handlers(&recording), [""; 0]);
}

#[test]
fn the_slowest_calls_come_along_with_what_they_always_returned() {
    let mut recording = usual();
    recording.before("find", 40, 2.0);
    for at in 0..40_u64 {
        let nanos = recording.about(if at % 4 == 0 { 30e6 } else { 10e6 });
        let id = at % 4;
        let result = if id == 1 { json!(at) } else { json!({ "id": id }) };
        let attributes = json!({ "thymus.args": json!([id]).to_string(), "thymus.result": result.to_string() });
        recording.call(None, "find", 1_000_000_001 + at * 1_000_000_000, nanos, &attributes);
    }
    for (handler, millis) in [("a", 2.0), ("b", 5.2), ("c", 9.0), ("d", 20.0), ("e", 38.0)] {
        recording.calls(handler, 60, millis);
    }
    let found = findings(&recording);
    let calls = notes::slowdown(&found[0]).unwrap().calls;
    assert_eq!(calls.len(), 4);
    assert_eq!((&calls[0].args, &calls[0].result), (&json!([0]), &Some(json!({ "id": 0 }))));
    assert_eq!((&calls[3].args, &calls[3].result), (&json!([1]), &None), "it differed");
}

#[test]
fn other_calls_than_before_are_no_slower_handler() {
    let mut recording = usual();
    recording.before("find", 60, 2.0);
    for at in 0..40_u64 {
        let start = 1_000_000_001 + at * 1_000_000_000;
        let nanos = recording.about(2e6);
        recording.call(None, "find", start, nanos, &json!({ "thymus.args": json!([at % 4]).to_string() }));
    }
    recording.sample = std::mem::take(&mut recording.lines);
    for (handler, millis) in [("a", 2.0), ("b", 5.2), ("c", 9.0), ("d", 20.0), ("e", 38.0)] {
        recording.calls(handler, 60, millis);
    }
    let common = recording.lines.clone();
    let mut find = |usual: f64, others: f64| {
        recording.lines.clone_from(&common);
        for at in 0..60_u64 {
            let start = 1_000_000_001 + at * 1_000_000_000;
            let (args, millis) = if at % 3 == 0 { (at % 4, usual) } else { (at + 100, others) };
            let nanos = recording.about(millis * 1e6);
            recording.call(None, "find", start, nanos, &json!({ "thymus.args": json!([args]).to_string() }));
        }
        handlers(&recording)
    };
    assert_eq!(find(2.0, 20.0), [""; 0], "larger things are asked for");
    assert_eq!(find(9.0, 20.0), ["slower-handler find"], "and the same ones take longer");
}
