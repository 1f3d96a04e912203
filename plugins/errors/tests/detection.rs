//! What the detector makes of a window: each exception once, at its handler, and only where it is news.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::fmt::Write as _;
use std::fs;

use serde_json::{Value, json};
use thymus_errors::detect::{Settings, detect};
use thymus_errors::exception::Exception;
use thymus_errors::notes;
use thymus_sdk::source::Source;
use thymus_sdk::telemetry::Telemetry;
use thymus_sdk::{Finding, Severity};

const STACK: &str = "Traceback (most recent call last):
  File \"/usr/lib/python3.11/site-packages/opentelemetry/trace/__init__.py\", line 589, in use_span
    yield span
  File \"/srv/shop/shop/cart.py\", line 2, in total
    return prices[sku]
KeyError: 'sku-1'
";

/// A window under construction.
#[derive(Default)]
struct Scene {
    spans: Vec<Value>,
    logs: Vec<Value>,
    handlers: Vec<Value>,
    baseline: Vec<Value>,
    /// The baseline's exceptions without a span.
    elsewhere: Value,
    source: Vec<(&'static str, String)>,
}

impl Scene {
    fn new() -> Self {
        let cart = "def total(prices, sku):\n    return prices[sku]\n".to_owned();
        Self { source: vec![("shop/cart.py", cart)], ..Self::default() }
    }

    /// A span `number` in trace `trace`, below `parent` unless that is 0.
    fn span(&mut self, trace: u32, number: u32, parent: u32, handler: &str) -> &mut Value {
        let mut attributes = json!({"code.function.name": handler, "code.file.path": "shop/cart.py"});
        if handler.contains('/') {
            attributes = json!({});
        }
        self.spans.push(json!({
            "trace_id": format!("{trace:032x}"), "span_id": format!("{number:016x}"),
            "parent_span_id": (parent > 0).then(|| format!("{parent:016x}")),
            "name": handler, "kind": "internal", "start_ns": number, "end_ns": number + 1, "duration_ns": 1,
            "status": "unset", "status_message": "", "service": "shop", "handler": handler,
            "path": attributes.get("code.file.path"), "scope": "", "attributes": attributes, "events": [],
            "resource": {"telemetry.sdk.language": "python"},
        }));
        self.spans.last_mut().unwrap()
    }

    fn fails(&mut self, trace: u32, number: u32, parent: u32, handler: &str, exception: &Value) -> &mut Value {
        let span = self.span(trace, number, parent, handler);
        span["status"] = "error".into();
        span["events"] = json!([{"time_ns": 1, "name": "exception", "attributes": exception}]);
        span
    }

    fn logs(&mut self, trace: Option<u32>, span: Option<u32>, severity: i32, exception: &Value) {
        self.logs.push(json!({
            "time_ns": 1, "trace_id": trace.map(|trace| format!("{trace:032x}")),
            "span_id": span.map(|span| format!("{span:016x}")), "severity": severity, "severity_text": "",
            "event_name": "", "body": "it failed", "service": "shop", "scope": "shop",
            "resource": {"telemetry.sdk.language": "python"}, "attributes": exception,
        }));
    }

    fn behaviour(handler: &str, count: u64, errors: u64) -> Value {
        json!({"service": "shop", "handler": handler, "path": "shop/cart.py", "count": count, "errors": errors})
    }

    fn now(&mut self, handler: &str, count: u64, errors: u64) {
        self.handlers.push(Self::behaviour(handler, count, errors));
    }

    fn then(&mut self, handler: &str, count: u64, errors: u64) {
        self.baseline.push(Self::behaviour(handler, count, errors));
    }

    fn findings(&self) -> Vec<Finding> {
        let (telemetry, source) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let lines = |records: &[Value]| {
            records.iter().fold(String::new(), |mut lines, record| {
                let _ = writeln!(lines, "{record}");
                lines
            })
        };
        let spans = |handlers: &[Value]| handlers.iter().filter_map(|one| one["count"].as_u64()).sum::<u64>();
        let baseline = json!({
            "spans": spans(&self.baseline), "handlers": self.baseline, "exceptions_elsewhere": self.elsewhere,
        });
        for (name, content) in [
            ("window.json", json!({"start_ns": 0, "end_ns": 3_600_000_000_000_u64}).to_string()),
            ("spans.jsonl", lines(&self.spans)),
            ("logs.jsonl", lines(&self.logs)),
            ("handlers.json", json!({"spans": spans(&self.handlers), "handlers": self.handlers}).to_string()),
            ("baseline.json", baseline.to_string()),
        ] {
            fs::write(telemetry.path().join(name), content).unwrap();
        }
        for (path, content) in &self.source {
            let path = source.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let (telemetry, source) = (Telemetry::open(telemetry.path()), Source::at(source.path()));
        let findings = detect(&telemetry, &source, &Settings::default()).unwrap();
        assert_eq!(detect(&telemetry, &source, &Settings::default()).unwrap(), findings, "the same twice");
        findings
    }

    fn only(&self) -> (Finding, Exception) {
        let mut findings = self.findings();
        assert_eq!(findings.len(), 1, "{findings:#?}");
        let exception = notes::exception(&findings[0]).unwrap();
        (findings.remove(0), exception)
    }
}

fn thrown(kind: &str, message: &str, stack: &str) -> Value {
    json!({"exception.type": kind, "exception.message": message, "exception.stacktrace": stack})
}

fn key_error() -> Value {
    thrown("KeyError", "'sku-1'", STACK)
}

fn measure(finding: &Finding, name: &str) -> Option<f64> {
    finding.evidence.iter().flat_map(|it| &it.measures).find(|it| it.name == name).map(|it| it.value)
}

#[test]
fn an_exception_on_all_its_spans_and_in_the_log_is_one_at_the_innermost_handler() {
    let mut scene = Scene::new();
    for trace in 1..=3 {
        scene.fails(trace, 3, 2, "total", &key_error())["attributes"]["thymus.args"] = format!("[{{}},{trace}]").into();
        scene.fails(trace, 2, 1, "checkout", &key_error())["attributes"]["thymus.args"] = "[9]".into();
        scene.fails(trace, 1, 0, "POST /checkout", &key_error());
        scene.logs(Some(trace), Some(1), 17, &key_error());
        // A logger without the trace's context.
        scene.logs(None, None, 17, &key_error());
    }
    let (finding, exception) = scene.only();
    assert_eq!(measure(&finding, "exceptions"), Some(3.0));
    assert_eq!((exception.handler.as_str(), exception.kind.as_str()), ("total", "KeyError"));
    assert_eq!(finding.subject.path.as_deref(), Some("shop/cart.py"));
    assert_eq!(finding.subject.line, Some(2));
    assert_eq!(exception.frames.len(), 1, "the SDK's frames are not the project's");
    let args: Vec<_> = exception.failed.iter().map(|call| call.args.to_string()).collect();
    assert_eq!(args, ["[{},1]", "[{},2]", "[{},3]"]);
    assert_eq!(finding.evidence[0].trace_ids.len(), 3);
}

#[test]
fn spans_between_that_say_nothing_do_not_hide_an_ancestor() {
    let mut scene = Scene::new();
    for trace in 1..=2 {
        scene.fails(trace, 4, 3, "total", &key_error());
        scene.span(trace, 3, 2, "quiet");
        scene.span(trace, 2, 1, "quieter");
        scene.fails(trace, 1, 0, "POST /checkout", &key_error());
    }
    assert_eq!(measure(&scene.only().0, "exceptions"), Some(2.0));
}

#[test]
fn siblings_that_fail_alike_are_told_apart() {
    let mut scene = Scene::new();
    for number in 2..=6 {
        scene.fails(1, number, 1, "total", &key_error());
    }
    scene.fails(1, 1, 0, "POST /checkout", &key_error());
    assert_eq!(measure(&scene.only().0, "exceptions"), Some(5.0));
}

#[test]
fn a_logged_exception_belongs_to_the_handler_of_its_span() {
    let mut scene = Scene::new();
    for trace in 1..=4 {
        let span = scene.span(trace, 2, 1, "total");
        span["status"] = "error".into();
        span["attributes"]["thymus.args"] = format!("[{trace}]").into();
        scene.logs(Some(trace), Some(2), 17, &key_error());
        scene.fails(trace, 1, 0, "POST /checkout", &key_error());
    }
    let (finding, exception) = scene.only();
    assert_eq!(measure(&finding, "exceptions"), Some(4.0));
    assert_eq!((exception.handler.as_str(), exception.failed.len()), ("total", 4));
}

#[test]
fn a_trace_in_a_log_line_is_an_exception_too() {
    let mut scene = Scene::new();
    scene.source.push(("src/pay.js", "a\nb\n".to_owned()));
    for _ in 0..3 {
        scene.logs(None, None, 17, &json!({}));
        scene.logs.last_mut().unwrap()["body"] = format!("while pricing\n{STACK}").into();
        scene.logs(None, None, 17, &json!({}));
        let body = "refund failed: TypeError: x is null\n    at refund (/srv/src/pay.js:2:1)";
        scene.logs.last_mut().unwrap()["body"] = body.into();
    }
    let mut titles: Vec<_> = scene.findings().into_iter().map(|finding| finding.title).collect();
    titles.sort();
    assert_eq!(titles, ["KeyError in total: 'sku-1'", "TypeError in refund: x is null"]);
}

#[test]
fn what_was_dealt_with_is_nothing() {
    let mut scene = Scene::new();
    for trace in 1..=5 {
        // Refused: no exception was recorded.
        scene.span(trace, 2, 1, "total")["attributes"]["shop.refused"] = 404.into();
        scene.logs(Some(trace), Some(2), 13, &key_error());
        scene.fails(trace, 3, 1, "total", &key_error())["status"] = "ok".into();
        scene.logs(Some(trace), Some(2), 17, &json!({"message": "an error, but no exception."}));
    }
    assert_eq!(scene.findings(), []);
}

#[test]
fn a_wrapper_is_not_a_second_problem() {
    let wrapper = format!(
        "{STACK}\nThe above exception was the direct cause of the following exception:\n\n\
         Traceback (most recent call last):\n  File \"/srv/shop/shop/cart.py\", line 1, in checkout\n    x\nshop.errors.Failed: no price\n"
    );
    let mut scene = Scene::new();
    for trace in 1..=3 {
        scene.fails(trace, 2, 1, "total", &key_error());
        scene.fails(trace, 1, 0, "checkout", &thrown("shop.errors.Failed", "no price", &wrapper));
    }
    assert_eq!(scene.only().1.kind, "KeyError");
}

#[test]
fn only_what_is_new_or_risen_is_news() {
    for (then, errors, now, failed, rule) in [
        (Some(100), 0, 100, 8, Some("new-exception")),
        (Some(100), 8, 100, 8, None),
        (Some(100), 8, 100, 11, None),
        (Some(1000), 8, 100, 12, Some("risen-exception")),
        // Significant with so many calls, but hardly more than before.
        (Some(1_000_000), 100_000, 1000, 125, None),
        (None, 0, 100, 8, Some("exception")),
        (None, 0, 100, 1, None),
    ] {
        let mut scene = Scene::new();
        for trace in 1..=failed {
            scene.fails(trace, 1, 0, "total", &key_error());
        }
        scene.now("total", now, u64::from(failed));
        if let Some(count) = then {
            scene.then("total", count, errors);
        }
        let rules: Vec<_> = scene.findings().into_iter().map(|finding| finding.rule).collect();
        assert_eq!(rules.first().map(String::as_str), rule, "{errors} of {then:?}, now {failed} of {now}");
    }
}

#[test]
fn a_new_class_of_exception_shows_beside_old_failures() {
    let mut scene = Scene::new();
    for trace in 1..=4 {
        scene.fails(trace, 1, 0, "total", &key_error());
    }
    for trace in 101..=110 {
        scene.fails(
            trace,
            1,
            0,
            "total",
            &thrown("ValueError", "old", &STACK.replace("KeyError: 'sku-1'", "ValueError: old")),
        );
    }
    scene.now("total", 100, 14);
    scene.handlers[0]["exceptions"] = json!([{"type": "KeyError", "count": 4}, {"type": "ValueError", "count": 10}]);
    scene.then("total", 100, 10);
    scene.baseline[0]["exceptions"] = json!([{"type": "builtins.ValueError", "count": 10}]);
    let (finding, exception) = scene.only();
    assert_eq!((finding.rule.as_str(), exception.kind.as_str()), ("new-exception", "KeyError"));
    scene.baseline[0]["exceptions"] = json!([{"type": "KeyError", "count": 4}, {"type": "ValueError", "count": 10}]);
    assert_eq!(scene.findings(), []);
}

#[test]
fn what_only_the_log_tells_is_held_against_the_log() {
    let mut scene = Scene::new();
    for _ in 0..5 {
        scene.logs(None, None, 17, &key_error());
    }
    scene.now("total", 100, 0);
    scene.then("total", 100, 0);
    for (then, rule) in [(0, Some("new-exception")), (5, None)] {
        scene.elsewhere = json!([{"service": "shop", "type": "KeyError", "count": then}]);
        let rules: Vec<_> = scene.findings().into_iter().map(|finding| finding.rule).collect();
        assert_eq!(rules.first().map(String::as_str), rule);
    }
}

#[test]
fn a_handler_that_the_baseline_does_not_know_is_new() {
    let mut scene = Scene::new();
    for trace in 1..=5 {
        scene.fails(trace, 1, 0, "total", &key_error());
    }
    scene.now("total", 50, 5);
    scene.then("other", 1000, 0);
    assert_eq!(scene.only().0.rule, "new-exception");
}

#[test]
fn the_numbers_stand_in_the_evidence() {
    let mut scene = Scene::new();
    for trace in 1..=30 {
        scene.fails(trace, 1, 0, "total", &key_error());
    }
    scene.now("total", 40, 30);
    scene.then("total", 200, 2);
    let (finding, _) = scene.only();
    assert_eq!(finding.severity, Severity::Critical);
    assert!(finding.confidence > 0.9 && finding.confidence <= 1.0);
    let said = &finding.evidence[0].statement;
    assert!(said.contains("30 of 40 calls") && said.contains("2 of 200") && said.contains("Fisher"), "{said}");
    assert_eq!(measure(&finding, "share of calls"), Some(0.75));
    assert_eq!(measure(&finding, "baseline errors"), Some(2.0));
    assert!(measure(&finding, "p").unwrap() < 1e-10);
}

#[test]
fn the_fingerprint_outlives_lines_values_and_windows() {
    let print = |line: u32, key: &str, first: u32| {
        let mut scene = Scene::new();
        scene.source[0].1 = "\n".repeat(90);
        let stack = format!(
            "Traceback (most recent call last):\n  File \"/opt/{first}/shop/cart.py\", line {line}, in total\n    x\nKeyError: {key}\n"
        );
        for trace in first..first + 3 {
            scene.fails(trace, 1, 0, "total", &thrown("KeyError", key, &stack));
        }
        scene.only().0.fingerprint
    };
    assert_eq!(print(2, "'sku-1'", 1), print(77, "'other'", 500));
}

#[test]
fn returned_calls_show_what_the_handler_usually_does() {
    let mut scene = Scene::new();
    for trace in 1..=3 {
        scene.fails(trace, 1, 0, "total", &key_error())["attributes"]["thymus.args"] =
            "[{\"card\":\"[redacted]\"}]".into();
    }
    for (trace, args, result) in
        [(10, "[1]", Some("10")), (11, "[1]", Some("10")), (12, "[22]", Some("20")), (13, "[3]", None)]
    {
        let span = scene.span(trace, 1, 0, "total");
        span["attributes"]["thymus.args"] = args.into();
        if let Some(result) = result {
            span["attributes"]["thymus.result"] = result.into();
        }
    }
    let (_, exception) = scene.only();
    let returned: Vec<_> = exception.returned.iter().map(|call| (call.args.to_string(), call.result.clone())).collect();
    assert_eq!(returned, [("[1]".to_owned(), Some(json!(10))), ("[22]".to_owned(), Some(json!(20)))]);
    assert_eq!(exception.failed.len(), 1, "a call with something taken out is better than none");
}

#[test]
fn hostile_telemetry_stays_within_the_contract() {
    let mut scene = Scene::new();
    let long = "x\u{1b}[31m\n".repeat(8000);
    let stack = "Traceback (most recent call last):\n  File \"/etc/passwd\", line 1, in f\n    x\n  File \"../../shop/cart.py\", line 1, in g\nKeyError: 1\n";
    for trace in 1..=3 {
        let span = scene.fails(trace, 1, 0, &long, &thrown(&long, &long, stack));
        span["path"] = "/etc/passwd".into();
        span["attributes"]["code.line.number"] = json!(-5);
        span["attributes"]["thymus.args"] = format!("[{:?}]", "y".repeat(60_000)).into();
        scene.spans.push(json!({"trace_id": 5, "events": "none"}));
        scene.spans.push(json!([]));
    }
    let (finding, exception) = scene.only();
    assert!(finding.title.len() <= 200 && !finding.title.contains(|c: char| c.is_control()));
    assert!(finding.subject.handler.len() <= 512 && !finding.subject.handler.contains('\n'));
    assert!(finding.fingerprint.len() <= 512 && finding.notes.len() <= 256 << 10);
    assert!(finding.evidence.iter().all(|it| it.statement.len() <= 4096 && it.trace_ids.len() <= 16));
    assert_eq!((finding.subject.path, finding.subject.line), (None, None));
    assert!(exception.frames.is_empty() && exception.handler_path.is_none() && exception.failed.is_empty());
}

#[test]
fn notes_stay_small_however_many_and_large_the_calls_are() {
    let mut scene = Scene::new();
    for trace in 1..=40 {
        let big = format!("[{:?}]", format!("{trace}{}", "z".repeat(7000)));
        scene.fails(trace, 1, 0, "total", &key_error())["attributes"]["thymus.args"] = big.clone().into();
        let span = scene.span(1000 + trace, 1, 0, "total");
        span["attributes"]["thymus.args"] = big.into();
        span["attributes"]["thymus.result"] = "1".into();
    }
    let (finding, exception) = scene.only();
    assert!(finding.notes.len() <= 200 << 10, "{}", finding.notes.len());
    assert_eq!(exception.failed.len(), 8);
}
