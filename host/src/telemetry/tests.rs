#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Sources, TelemetryError, TelemetryLimits, baseline_of, read};
use crate::model::{Cancel, Window};

fn span(id: u64, start: u64, millis: u64, attributes: &Value) -> Value {
    json!({
        "traceId": format!("{:032x}", id / 2 + 1), "spanId": format!("{:016x}", id + 1), "name": "GET /cart", "kind": 2,
        "startTimeUnixNano": start.to_string(), "endTimeUnixNano": (start + millis * 1_000_000).to_string(),
        "attributes": attributes, "status": { "code": if id % 4 == 3 { 2 } else { 0 } },
        "events": [{ "timeUnixNano": "5", "name": "error", "attributes": [
            { "key": "error.kind", "value": { "stringValue": "KeyError" } },
            { "key": "stack", "value": { "stringValue": "File \"shop.py\"" } }] }],
    })
}

fn line(spans: &[Value]) -> String {
    let resource = json!({ "attributes": [{ "key": "service.name", "value": { "stringValue": "shop" } }] });
    json!({ "resourceSpans": [{ "resource": resource, "scopeSpans": [{ "scope": { "name": "t" }, "spans": spans }] }] })
        .to_string()
}

fn old_names() -> Value {
    json!([
        { "key": "code.namespace", "value": { "stringValue": "shop.cart" } },
        { "key": "code.function", "value": { "stringValue": "total" } },
        { "key": "code.filepath", "value": { "stringValue": "shop/cart.py" } },
        { "key": "code.lineno", "value": { "intValue": "12" } },
    ])
}

struct Given(tempfile::TempDir);

impl Given {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn read(&self, files: Vec<PathBuf>, limits: &TelemetryLimits) -> Window {
        self.window(&Sources { files, ..Sources::default() }, "out", limits)
    }

    fn window(&self, sources: &Sources, name: &str, limits: &TelemetryLimits) -> Window {
        read(sources, &self.0.path().join(name), limits, &Cancel::default(), &|_| {}).unwrap()
    }
}

fn lines(window: &Window, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(window.dir.join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn value(dir: &Path, name: &str) -> Value {
    serde_json::from_slice(&fs::read(dir.join(name)).unwrap()).unwrap()
}

#[test]
fn spans_come_out_in_the_order_of_time_under_todays_names() {
    let given = Given::new();
    let spans = [span(1, 3_000, 1, &old_names()), span(2, 1_000, 1, &json!([])), span(3, 2_000, 1, &json!([]))];
    let window = given.read(vec![given.file("a.jsonl", line(&spans))], &TelemetryLimits::default());

    assert_eq!((window.signals.spans, window.signals.traces, window.damaged), (3, 2, 0));
    assert_eq!((window.start_ns, window.end_ns), (1_000, 1_003_000));
    let spans = lines(&window, "spans.jsonl");
    let starts: Vec<u64> = spans.iter().map(|span| span["start_ns"].as_u64().unwrap()).collect();
    assert_eq!(starts, [1_000, 2_000, 3_000]);
    let last = &spans[2];
    assert_eq!(last["handler"], "shop.cart.total");
    assert_eq!(last["path"], "shop/cart.py");
    assert_eq!(last["attributes"]["code.line.number"], 12);
    assert_eq!(last["attributes"].get("code.function"), None);
    assert_eq!(last["service"], "shop");
    assert_eq!(last["events"][0]["name"], "exception");
    assert_eq!(last["events"][0]["attributes"]["exception.type"], "KeyError");
    assert_eq!(last["events"][0]["attributes"]["exception.stacktrace"], "File \"shop.py\"");
    assert_eq!(spans[0]["handler"], "GET /cart");
}

#[test]
fn logs_and_metrics_are_read() {
    let given = Given::new();
    let logs = json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": [{
        "timeUnixNano": "7", "severityNumber": 17, "body": { "stringValue": "boom" },
        "attributes": [{ "key": "exception.type", "value": { "stringValue": "E" } }] }] }] }] });
    let metrics = json!({ "resourceMetrics": [{ "scopeMetrics": [{ "metrics": [
        { "name": "q", "unit": "1", "sum": { "isMonotonic": true, "aggregationTemporality": 2,
            "dataPoints": [{ "timeUnixNano": "9", "asInt": "4" }] } },
        { "name": "h", "histogram": { "dataPoints": [{ "timeUnixNano": "8", "count": "2", "sum": 1.5,
            "bucketCounts": ["1", "1"], "explicitBounds": [0.5] }] } }] }] }] });
    let window = given.read(vec![given.file("a.json", format!("{logs}\n{metrics}\n"))], &TelemetryLimits::default());

    assert_eq!((window.signals.logs, window.signals.metrics, window.damaged), (1, 2, 0), "{:?}", window.damage);
    assert_eq!(lines(&window, "logs.jsonl")[0]["body"], "boom");
    let metrics = lines(&window, "metrics.jsonl");
    assert_eq!(metrics[0]["point"]["buckets"], json!([1, 1]));
    assert_eq!(metrics[1]["point"]["value"], 4);
    assert_eq!(metrics[1]["point"]["temporality"], "cumulative");
}

#[test]
fn damage_is_named_by_file_and_line_and_the_rest_is_read() {
    let given = Given::new();
    let good = line(&[span(1, 10, 1, &json!([]))]);
    let bad_id = line(&[json!({ "traceId": "zz", "spanId": "01" })]);
    let zero = line(&[json!({ "traceId": "00".repeat(16), "spanId": "00".repeat(8), "startTimeUnixNano": "1" })]);
    let deep = "[".repeat(100_000);
    let text = format!("\u{feff}{good}\r\n{{\"resourceSpans\"\n\0\0\n{bad_id}\n{zero}\n{{}}\n{deep}\n\n{good}");
    let cut = &line(&[span(9, 20, 1, &json!([]))])[..50];
    let file = given.file("bad.jsonl", format!("{text}\n{cut}"));
    let window = given.read(vec![file.clone()], &TelemetryLimits::default());

    assert_eq!(window.signals.spans, 1);
    assert_eq!(window.dropped, [("repeated spans".to_owned(), 1)]);
    let at: Vec<u64> = window.damage.iter().map(|damage| damage.line).collect();
    assert_eq!(at, [2, 3, 4, 5, 6, 7, 10]);
    assert_eq!(window.damaged, 7);
    assert!(window.damage.iter().all(|damage| damage.file == file.to_string_lossy()));
}

#[test]
fn gzip_and_zstd_are_known_by_their_bytes_and_folders_are_walked() {
    let given = Given::new();
    let folder = given.0.path().join("in");
    fs::create_dir(&folder).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(line(&[span(1, 10, 1, &json!([]))]).as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let zst = zstd::encode_all(line(&[span(2, 11, 1, &json!([]))]).as_bytes(), 1).unwrap();
    fs::write(folder.join("misnamed.json"), &gzip).unwrap();
    fs::write(folder.join("b.zst"), zst).unwrap();
    fs::write(folder.join("cut.gz"), &gzip[..gzip.len() / 2]).unwrap();
    fs::write(folder.join("notes.txt"), "x").unwrap();
    std::os::unix::fs::symlink("/dev/zero", folder.join("endless.json")).unwrap();
    let window = given.read(vec![folder], &TelemetryLimits::default());

    assert_eq!(window.signals.spans, 2);
    assert_eq!(window.damaged, 1, "{:?}", window.damage);
    assert!(window.damage[0].file.ends_with("cut.gz"));
    assert_eq!(window.dropped, [("files of other kinds".to_owned(), 2)]);
}

#[test]
fn a_bomb_is_stopped() {
    let given = Given::new();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let zeros = vec![b'\n'; 1 << 20];
    for _ in 0..40 {
        gzip.write_all(&zeros).unwrap();
    }
    let limits = TelemetryLimits { ratio: 100, ..TelemetryLimits::default() };
    let window = given.read(vec![given.file("bomb.gz", gzip.finish().unwrap())], &limits);

    assert_eq!(window.damaged, 1);
    assert!(window.damage[0].why.contains("100 times"), "{}", window.damage[0].why);
}

#[test]
fn long_lines_many_objects_and_many_attributes_meet_their_bounds() {
    let given = Given::new();
    let many: Vec<Value> =
        (0..10).map(|n| json!({ "key": format!("k{n}"), "value": { "stringValue": "ä".repeat(50) } })).collect();
    let good = line(&[span(1, 10, 1, &json!(many))]);
    let amplified = format!("{{\"resourceSpans\":[{{\"scopeSpans\":[{{\"spans\":[{}{{}}]}}]}}]}}", "{},".repeat(100));
    let long = format!("{{\"x\":\"{}\"}}", "y".repeat(5_000));
    let limits =
        TelemetryLimits { line_bytes: 4_000, objects: 60, attributes: 4, text_bytes: 21, ..TelemetryLimits::default() };
    let window = given.read(vec![given.file("a.jsonl", format!("{long}\n{amplified}\n{good}\n"))], &limits);

    assert_eq!(window.signals.spans, 1);
    assert!(window.damage[0].why.contains("longer than 4000"), "{:?}", window.damage);
    assert!(window.damage[1].why.contains("102 objects") || window.damage[1].why.contains("objects"));
    let span = &lines(&window, "spans.jsonl")[0];
    assert_eq!(span["attributes"].as_object().unwrap().len(), 4);
    assert_eq!(span["attributes"]["k0"], "ä".repeat(10));
    assert!(window.dropped.contains(&("attributes".to_owned(), 6)), "{:?}", window.dropped);
    assert!(window.dropped.contains(&("text cut".to_owned(), 4)), "{:?}", window.dropped);
}

#[test]
fn exceptions_are_counted_by_handler_and_type_from_events_and_from_logs() {
    let given = Given::new();
    let limits = TelemetryLimits::default();
    let attribute = |key: &str, value: &str| json!({ "key": key, "value": { "stringValue": value } });
    let log = |ids: &Value, attributes: Value| {
        let mut record = json!({ "timeUnixNano": "7", "attributes": attributes });
        record.as_object_mut().unwrap().extend(ids.as_object().unwrap().clone());
        record
    };
    let ids = json!({ "traceId": format!("{:032x}", 1), "spanId": format!("{:016x}", 2) });
    let kind = |kind: &str| json!([attribute("exception.type", kind)]);
    let records = [
        // The span's own event says the same; this is another exception; these belong to no span.
        log(&ids, kind("KeyError")),
        log(&ids, kind("ValueError")),
        log(&ids, kind("ValueError")),
        log(&json!({}), kind("OSError")),
        log(
            &json!({ "traceId": "0f".repeat(16), "spanId": "0f".repeat(8), "eventName": "exception" }),
            json!([attribute("message", "gone")]),
        ),
        log(&ids, json!([attribute("message", "an ordinary one")])),
    ];
    let logs = json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": records }] }] }).to_string();
    let spans = line(&[span(1, 10, 1, &old_names()), span(2, 11, 1, &old_names())]);
    // The logs come first, and everything is sent twice.
    let file = given.file("a.jsonl", format!("{logs}\n{spans}\n{spans}\n"));
    let first = given.window(&Sources { files: vec![file.clone()], ..Sources::default() }, "first", &limits);
    let found = value(&first.dir, "handlers.json");
    let expected = json!([{ "type": "KeyError", "count": 2 }, { "type": "ValueError", "count": 1 }]);
    assert_eq!(found["handlers"][0]["exceptions"], expected);
    let elsewhere = json!([
        { "service": "", "type": "", "count": 1 }, { "service": "", "type": "OSError", "count": 1 }]);
    assert_eq!(found["exceptions_elsewhere"], elsewhere);

    // As a baseline it says the same, whether it is read again or comes from the window.
    let again = Sources { files: vec![], baseline: vec![file], ..Sources::default() };
    let kept = Sources { files: vec![], earlier: vec![first.dir.clone()], ..Sources::default() };
    for (name, sources) in [("again", again), ("kept", kept)] {
        let window = given.window(&sources, name, &limits);
        assert_eq!(value(&window.dir, "baseline.json"), found, "{name}");
    }

    let many: Vec<Value> = (0..40).map(|n| log(&ids, kind(&format!("E{n}")))).collect();
    let many = json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": many }] }] }).to_string();
    let file = given.file("b.jsonl", format!("{spans}\n{many}\n"));
    let window = given.window(&Sources { files: vec![file], ..Sources::default() }, "many", &limits);
    assert_eq!(value(&window.dir, "handlers.json")["handlers"][0]["exceptions"].as_array().unwrap().len(), 16);
    assert_eq!(window.dropped, [("exception types".to_owned(), 25)]);
}

#[test]
fn what_captured_calls_change_is_counted_by_handler_and_kept_in_the_baseline() {
    let given = Given::new();
    let call = |id: u64, args: &str, after: Option<&str>, result: &str, event: Option<&str>| {
        let text = |key: &str, value: &str| json!({ "key": key, "value": { "stringValue": value } });
        let mut attributes = vec![text("thymus.args", args), text("thymus.result", result)];
        attributes.extend(after.map(|after| text("thymus.args.after", after)));
        let mut span = span(id, 1_000, 1, &json!(attributes));
        let mutation = |name: &str| {
            let attributes = [text("thymus.state.name", name)];
            json!({ "timeUnixNano": "5", "name": "thymus.state.mutation", "attributes": attributes })
        };
        span["events"] = event.into_iter().map(mutation).collect();
        span
    };
    let spans = [
        call(0, "[[2,1],5]", Some("[[1,2],5]"), "1", None),
        call(1, "[[2,1],5]", Some("[[2,1],5]"), "2", Some("stock")),
        call(2, "[[2,1],5]", None, "1", None),
        call(3, "{\"a\":[],\"b\":1}", Some("{\"a\":[1],\"b\":1}"), "1", None),
        call(4, "not json", Some("{}"), "1", None),
    ];
    let file = given.file("a.jsonl", line(&spans));
    let sources = Sources { files: vec![file.clone()], baseline: vec![file], ..Sources::default() };
    let window = given.window(&sources, "out", &TelemetryLimits::default());
    let expected = json!({
        "captured": 5, "compared": 4, "repeated": 2, "differed": 1,
        "changed": [
            { "name": "args[0]", "count": 1 }, { "name": "stock", "count": 1 }, { "name": "args.a", "count": 1 },
        ],
    });
    for name in ["handlers.json", "baseline.json"] {
        assert_eq!(value(&window.dir, name)["handlers"][0]["state"], expected, "{name}");
    }
    let earlier = vec![window.dir.clone()];
    let again = Sources { files: vec![given.file("b.jsonl", line(&[]))], earlier, ..Sources::default() };
    let window = given.window(&again, "again", &TelemetryLimits::default());
    assert_eq!(value(&window.dir, "baseline.json")["handlers"][0]["state"], expected);
}

#[test]
fn a_handler_that_was_renamed_is_not_in_the_baseline_and_what_is_the_same_has_the_same_quantiles() {
    let given = Given::new();
    let limits = TelemetryLimits::default();
    let spans: Vec<Value> = (0..500).map(|n| span(n, 1_000 + n, n + 1, &old_names())).collect();
    let same = given.file("same.jsonl", line(&spans));
    let renamed: Vec<Value> = (0..500).map(|n| span(n, 1_000 + n, n + 1, &json!([]))).collect();
    let renamed = given.file("renamed.jsonl", line(&renamed));
    let window =
        given.window(&Sources { files: vec![same.clone()], baseline: vec![same], ..Sources::default() }, "a", &limits);
    assert_eq!(value(&window.dir, "baseline.json"), value(&window.dir, "handlers.json"));
    let sources = Sources { files: vec![renamed], earlier: vec![window.dir.clone()], ..Sources::default() };
    let window = given.window(&sources, "b", &limits);
    let names = |file: &str| -> Vec<String> {
        let handlers = value(&window.dir, file)["handlers"].as_array().unwrap().clone();
        handlers.iter().map(|handler| handler["handler"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        (names("handlers.json"), names("baseline.json")),
        (vec!["GET /cart".into()], vec!["shop.cart.total".into()])
    );
}

#[test]
fn what_the_sdks_for_javascript_and_python_send_is_read_under_todays_names() {
    let given = Given::new();
    let limits = TelemetryLimits::default();
    // JavaScript writes numbers where Python and the Collector write text.
    let numbers = json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": [{
        "traceId": "0a".repeat(16), "spanId": "0b".repeat(8), "name": "GET", "kind": 3,
        "startTimeUnixNano": "1795509598896000000", "endTimeUnixNano": "1795509598897000000",
        "attributes": [
            { "key": "http.status_code", "value": { "intValue": 500 } },
            { "key": "http.target", "value": { "stringValue": "/cart?id=1" } },
            { "key": "http.method", "value": { "stringValue": "GET" } },
            { "key": "http.request.method", "value": { "stringValue": "POST" } },
            { "key": "db.statement", "value": { "stringValue": "SELECT 1" } },
            { "key": "messaging.destination", "value": { "stringValue": "orders" } },
            { "key": "code.lineno", "value": { "stringValue": "31" } }],
        "droppedAttributesCount": 0, "events": [], "links": [], "flags": 257,
        "status": { "code": 0 } }] }] }] });
    let window = given.read(vec![given.file("js.json", numbers.to_string())], &limits);
    assert_eq!(window.damaged, 0, "{:?}", window.damage);
    let expected = json!({
        "http.response.status_code": 500, "http.request.method": "POST", "db.query.text": "SELECT 1",
        "messaging.destination.name": "orders", "code.line.number": 31, "url.path": "/cart", "url.query": "id=1" });
    assert_eq!(lines(&window, "spans.jsonl")[0]["attributes"], expected);

    let point = json!({ "timeUnixNano": "9", "asInt": 4 });
    let histogram =
        json!({ "timeUnixNano": "9", "count": 2, "sum": 1.5, "bucketCounts": [1, 1], "explicitBounds": [1] });
    let metrics = json!({ "resourceMetrics": [{ "scopeMetrics": [{ "metrics": [
        { "name": "a", "description": "", "unit": "", "sum": { "aggregationTemporality": 2, "isMonotonic": true,
            "dataPoints": [point] } },
        { "name": "b", "histogram": { "aggregationTemporality": 2, "dataPoints": [histogram] } }] }] }] });
    let files = vec![
        given.file("real.json", include_str!("fixtures/javascript.json")),
        given.file("metrics.json", metrics.to_string()),
    ];
    let window = given.window(&Sources { files, ..Sources::default() }, "real", &limits);
    assert_eq!((window.signals.spans, window.signals.metrics, window.damaged), (2, 2, 0), "{:?}", window.damage);
    let spans = lines(&window, "spans.jsonl");
    assert_eq!(spans[0]["attributes"]["big"], 9_007_199_254_740_992_u64);
    assert_eq!(spans[1]["events"][0]["attributes"]["exception.type"], "TypeError");
    assert_eq!(lines(&window, "metrics.jsonl")[0]["point"]["value"], 4);
}

/// What the samples' READMEs say of their recordings.
#[test]
fn the_samples_recordings_hold_what_they_say_and_protobuf_says_the_same_as_json() {
    let given = Given::new();
    let limits = TelemetryLimits::default();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/samples");
    let recording = |name: &str| samples.join(name);
    let python = "inventory-service/recordings";
    for (name, file, spans, logs) in [
        ("js-healthy", "order-shop/recordings/healthy.jsonl.gz".to_owned(), 2_412, 0),
        ("js-faulty", "order-shop/recordings/faulty.jsonl.gz".to_owned(), 2_478, 0),
        ("py-healthy", format!("{python}/healthy.jsonl.gz"), 1_539, 0),
        ("py-faulty", format!("{python}/faulty.jsonl.gz"), 1_548, 60),
    ] {
        let window = given.window(&Sources { files: vec![recording(&file)], ..Sources::default() }, name, &limits);
        let signals = window.signals;
        assert_eq!((signals.spans, signals.logs, window.damaged), (spans, logs, 0), "{name}: {:?}", window.damage);
    }
    let files = ["traces", "logs"].map(|signal| recording(&format!("{python}/faulty.{signal}.pb.gz")));
    let window = given.window(&Sources { files: files.to_vec(), ..Sources::default() }, "pb", &limits);
    for file in ["spans.jsonl", "logs.jsonl", "handlers.json"] {
        let json = fs::read(given.0.path().join("py-faulty").join(file)).unwrap();
        assert!(json == fs::read(window.dir.join(file)).unwrap(), "{file} differs");
    }
    let handlers = value(&window.dir, "handlers.json");
    let exceptions = |name: &str| {
        let handlers = handlers["handlers"].as_array().unwrap();
        let found = handlers.iter().find(|handler| handler["handler"].as_str().unwrap().ends_with(name)).unwrap();
        found["exceptions"].clone()
    };
    // Reported in an event of the span, and in a log record that names it.
    assert_eq!(exceptions("days_of_cover"), json!([{ "type": "ZeroDivisionError", "count": 14 }]));
    assert_eq!(exceptions("book_delivery"), json!([{ "type": "TypeError", "count": 8 }]));
}

#[test]
fn the_baseline_is_made_of_better_times_and_of_earlier_windows() {
    let given = Given::new();
    let limits = TelemetryLimits::default();
    let calm: Vec<Value> = (0..100).map(|n| span(n, 1_000 + n, n + 1, &old_names())).collect();
    let calm = given.file("calm.jsonl", line(&calm));
    let first = given.window(&Sources { files: vec![calm.clone()], ..Sources::default() }, "first", &limits);
    assert_eq!(baseline_of(&first.dir).unwrap().spans(), 100);

    let sources = Sources {
        files: vec![given.file("now.jsonl", line(&[span(500, 9_000, 900, &old_names())]))],
        baseline: vec![calm],
        earlier: vec![first.dir.clone()],
        expectations: Some(json!({ "thresholds": [] })),
    };
    let second = given.window(&sources, "second", &limits);

    assert_eq!((second.signals.spans, second.baseline_spans), (1, 200));
    let handler = &value(&second.dir, "baseline.json")["handlers"][0];
    assert_eq!(handler["handler"], "shop.cart.total");
    assert_eq!(handler["count"], 200);
    assert_eq!(handler["error_rate"], 0.25);
    let median = handler["p50_ns"].as_u64().unwrap();
    assert!((48_000_000..=52_000_000).contains(&median), "{median}");
    assert_eq!(value(&second.dir, "expectations.json"), json!({ "thresholds": [] }));
    let sampled = lines(&second, "baseline-spans.jsonl");
    assert_eq!(sampled.len() as u64, second.baseline_spans, "so few that all of them fit");
    assert_eq!(sampled[0], lines(&first, "spans.jsonl")[0], "in the same form as the window's own");
}

#[test]
fn the_same_input_has_the_same_digest_and_other_input_another() {
    let given = Given::new();
    let limits = TelemetryLimits::default();
    let sources =
        Sources { files: vec![given.file("a.jsonl", line(&[span(1, 1, 1, &json!([]))]))], ..Sources::default() };
    let one = given.window(&sources, "one", &limits);
    let two = given.window(&sources, "two", &limits);
    assert_eq!(one.digest, two.digest);
    given.file("a.jsonl", line(&[span(1, 1, 2, &json!([]))]));
    assert_ne!(given.window(&sources, "three", &limits).digest, one.digest);
    let left: Vec<_> = fs::read_dir(&one.dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), super::reading::FILES.len(), "{left:?}");
}

#[test]
fn a_missing_file_and_a_cancelled_reading_are_errors() {
    let given = Given::new();
    let out = given.0.path().join("out");
    let sources = Sources { files: vec![given.0.path().join("none.jsonl")], ..Sources::default() };
    let limits = TelemetryLimits::default();
    let missing = read(&sources, &out, &limits, &Cancel::default(), &|_| {});
    assert!(matches!(missing, Err(TelemetryError::Open { .. })));

    let cancel = Cancel::default();
    cancel.cancel();
    let sources = Sources { files: vec![given.file("a.jsonl", "{}")], ..Sources::default() };
    assert!(matches!(read(&sources, &out, &limits, &cancel, &|_| {}), Err(TelemetryError::Cancelled)));
}

#[test]
fn one_pretty_printed_message_is_read() {
    let given = Given::new();
    let message: Value = serde_json::from_str(&line(&[span(1, 1, 1, &json!([]))])).unwrap();
    let file = given.file("a.json", serde_json::to_string_pretty(&message).unwrap());
    let window = given.read(vec![file.clone()], &TelemetryLimits::default());
    assert_eq!((window.signals.spans, window.damaged), (1, 0));

    let limits = TelemetryLimits { line_bytes: 100, ..TelemetryLimits::default() };
    let window = given.window(&Sources { files: vec![file], ..Sources::default() }, "short", &limits);
    assert_eq!(window.signals.spans, 0);
    assert!(window.damage[0].why.contains("longer than 100"), "{:?}", window.damage);
}

#[test]
fn secrets_do_not_reach_the_directory() {
    let given = Given::new();
    let attributes = json!([
        { "key": "http.request.header.authorization", "value": { "arrayValue": { "values": [{ "stringValue": "hunter2" }] } } },
        { "key": "thymus.args", "value": { "stringValue": "{\"password\":\"hunter2\",\"n\":1}" } },
        { "key": "llm.token", "value": { "intValue": "7" } },
    ]);
    let window =
        given.read(vec![given.file("a.jsonl", line(&[span(1, 1, 1, &attributes)]))], &TelemetryLimits::default());

    assert!(!fs::read_to_string(window.dir.join("spans.jsonl")).unwrap().contains("hunter2"));
    let span = &lines(&window, "spans.jsonl")[0];
    assert_eq!(span["attributes"]["thymus.args"], "{\"password\":\"[redacted]\",\"n\":1}");
    assert_eq!(span["attributes"]["llm.token"], 7);
    assert_eq!(window.dropped, [("redacted".to_owned(), 2)]);
}

#[test]
fn many_traces_are_estimated() {
    let mut traces = super::traces::Traces::default();
    for trace in 0..300_000_u128 {
        traces.add(trace + 1);
    }
    let count = traces.count();
    assert!((290_000..310_000).contains(&count), "{count}");
}

/// What the real SDK for Python sent: `fixtures/record.py` says how it came about.
const TRACES: &[u8] = include_bytes!("fixtures/traces.pb");
const LOGS: &[u8] = include_bytes!("fixtures/logs.pb");
const METRICS: &[u8] = include_bytes!("fixtures/metrics.pb");
const JSON: &str = include_str!("fixtures/all.jsonl");

fn framed(messages: &[&[u8]]) -> Vec<u8> {
    let length = |message: &[u8]| u32::try_from(message.len()).unwrap().to_be_bytes();
    messages.iter().flat_map(|message| [&length(message), *message].concat()).collect()
}

fn delimited(messages: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for message in messages {
        prost::encoding::encode_varint(message.len() as u64, &mut bytes);
        bytes.extend_from_slice(message);
    }
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn every_form_of_protobuf_makes_the_same_window_as_json() {
    let given = Given::new();
    let limits = TelemetryLimits::default();
    let json = given.read(vec![given.file("all.jsonl", JSON)], &limits);
    assert_eq!((json.signals.spans, json.signals.logs, json.signals.metrics, json.damaged), (6, 2, 6, 0));
    let all = [TRACES, LOGS, METRICS];
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    let folded: Vec<Vec<u8>> = all.iter().map(|message| zstd(message)).collect();
    let folded: Vec<&[u8]> = folded.iter().map(Vec::as_slice).collect();
    let folded_json: Vec<Vec<u8>> = JSON.lines().map(|line| zstd(line.as_bytes())).collect();
    let folded_json: Vec<&[u8]> = folded_json.iter().map(Vec::as_slice).collect();
    let forms = [
        ("framed", framed(&all)),
        ("delimited", delimited(&all)),
        ("framed, gzip around it", gzip(&framed(&all))),
        ("delimited, zstd around it", zstd(&delimited(&all))),
        ("framed, each message zstd", framed(&folded)),
        ("framed, each message zstd of JSON", framed(&folded_json)),
    ];
    for (number, (form, bytes)) in forms.into_iter().enumerate() {
        let sources = Sources { files: vec![given.file("misnamed.json", bytes)], ..Sources::default() };
        let window = given.window(&sources, &number.to_string(), &limits);
        assert_eq!(window.digest, json.digest, "{form}: {:?}", window.damage);
    }
    let files = vec![given.file("t", TRACES), given.file("l", gzip(LOGS)), given.file("m", zstd(METRICS))];
    let window = given.window(&Sources { files, ..Sources::default() }, "bare", &limits);
    assert_eq!(window.digest, json.digest, "bare: {:?}", window.damage);
}

#[test]
fn damaged_protobuf_is_named_by_the_messages_number_and_the_rest_is_read() {
    let given = Given::new();
    let limits = TelemetryLimits::default();
    let garbled: Vec<u8> = LOGS.iter().map(|byte| byte ^ 0x55).collect();
    let mut bytes = framed(&[TRACES, &garbled, LOGS, METRICS]);
    bytes.truncate(bytes.len() - 1);
    let window = given.read(vec![given.file("framed.pb", bytes)], &limits);
    assert_eq!((window.signals.spans, window.signals.logs, window.signals.metrics), (6, 2, 0));
    let at: Vec<u64> = window.damage.iter().map(|damage| damage.line).collect();
    assert_eq!((at, window.damaged), (vec![2, 4], 2), "{:?}", window.damage);

    // A length that claims more than there is, and more than anybody sends.
    let mut bytes = delimited(&[TRACES]);
    prost::encoding::encode_varint(u64::MAX / 2, &mut bytes);
    let sources = Sources { files: vec![given.file("long.pb", bytes)], ..Sources::default() };
    let window = given.window(&sources, "long", &limits);
    assert_eq!((window.signals.spans, window.damaged, window.damage[0].line), (6, 1, 2));

    for cut in [3, 100, TRACES.len() / 2, TRACES.len() - 1] {
        let sources = Sources { files: vec![given.file("cut.pb", &TRACES[..cut])], ..Sources::default() };
        let window = given.window(&sources, &format!("cut{cut}"), &limits);
        assert_eq!((window.signals.spans, window.damaged), (0, 1), "{cut}: {:?}", window.damage);
    }
}

#[test]
fn one_bad_record_of_a_message_costs_the_others_nothing() {
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use prost::Message as _;
    let given = Given::new();
    let mut request = ExportTraceServiceRequest::decode(TRACES).unwrap();
    let spans = &mut request.resource_spans[0].scope_spans[0].spans;
    spans[0].trace_id = vec![0; 16];
    spans[1].span_id = vec![1; 3];
    spans[2].start_time_unix_nano = 0;
    let window = given.read(vec![given.file("a.pb", request.encode_to_vec())], &TelemetryLimits::default());
    assert_eq!((window.signals.spans, window.damaged), (3, 3), "{:?}", window.damage);
}

#[test]
fn empty_and_deep_messages_meet_their_bounds_before_they_take_memory() {
    let given = Given::new();
    let message = |kind: u8, body: &[u8]| {
        let mut bytes = vec![kind];
        prost::encoding::encode_varint(body.len() as u64, &mut bytes);
        [&bytes, body].concat()
    };
    // Two bytes a span, each of which would take 264 in memory.
    let spans = message(0x0a, &message(0x12, &[0x12, 0].repeat(600_000)));
    // An array in an array, and so on.
    let deep = (0..500).fold(vec![], |inner, _| message(0x2a, &message(0x0a, &inner)));
    let span = [
        message(0x0a, &[1; 16]),
        message(0x12, &[1; 8]),
        vec![0x39, 1, 0, 0, 0, 0, 0, 0, 0],
        message(0x4a, &message(0x12, &deep)),
    ];
    let deep = message(0x0a, &message(0x12, &message(0x12, &span.concat())));
    let window = given.read(vec![given.file("a.pb", framed(&[&spans, &deep, TRACES]))], &TelemetryLimits::default());

    assert_eq!((window.signals.spans, window.damaged), (6, 2));
    assert!(window.damage[0].why.contains("more than 500000 messages"), "{:?}", window.damage);
    assert!(window.damage[1].why.contains("nests too deeply"), "{:?}", window.damage);

    let limits = TelemetryLimits { line_bytes: 2_000, ..TelemetryLimits::default() };
    let bomb = zstd::encode_all(&vec![0_u8; 3_000][..], 1).unwrap();
    let file = given.file("b.pb", framed(&[&bomb, TRACES, LOGS]));
    let window = given.window(&Sources { files: vec![file], ..Sources::default() }, "b", &limits);
    assert_eq!((window.signals.spans, window.signals.logs, window.damaged), (0, 2, 2), "{:?}", window.damage);
}

mod properties {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    /// Something real, in every form.
    fn bases() -> Vec<Vec<u8>> {
        let all = [TRACES, LOGS, METRICS];
        let folded: Vec<Vec<u8>> = all.iter().map(|message| zstd::encode_all(*message, 1).unwrap()).collect();
        let folded: Vec<&[u8]> = folded.iter().map(Vec::as_slice).collect();
        vec![
            JSON.as_bytes().to_vec(),
            TRACES.to_vec(),
            framed(&all),
            delimited(&all),
            framed(&folded),
            gzip(JSON.as_bytes()),
            zstd::encode_all(&framed(&all)[..], 1).unwrap(),
        ]
    }

    /// Reads them, and says how many records and damaged places there were.
    fn outcome(bytes: &[u8]) -> (u64, u64) {
        let given = Given::new();
        let limits =
            TelemetryLimits { line_bytes: 64 << 10, objects: 1_000, records: 100, ..TelemetryLimits::default() };
        let window = given.read(vec![given.file("x", bytes)], &limits);
        let signals = window.signals;
        for file in ["spans.jsonl", "logs.jsonl", "metrics.jsonl"] {
            lines(&window, file);
        }
        (signals.spans + signals.logs + signals.metrics, window.damaged)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn whatever_the_bytes_they_are_read_or_named_as_damaged(bytes in vec(any::<u8>(), 1..2_000)) {
            let (records, damaged) = outcome(&bytes);
            let nothing = bytes.trim_ascii().is_empty() || bytes.iter().all(|byte| *byte == 0);
            prop_assert!(records > 0 || damaged > 0 || nothing);
        }

        #[test]
        fn something_real_that_was_changed_anywhere_never_stops_the_reading(
            base in any::<Index>(),
            changes in vec((any::<Index>(), any::<u8>()), 0..8),
            keep in any::<Index>(),
            cut in any::<bool>(),
        ) {
            let bases = bases();
            let mut bytes = bases[base.index(bases.len())].clone();
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if cut {
                bytes.truncate(keep.index(bytes.len()) + 1);
            }
            let (records, damaged) = outcome(&bytes);
            prop_assert!(records > 0 || damaged > 0 || bytes.trim_ascii().is_empty());
        }
    }
}
