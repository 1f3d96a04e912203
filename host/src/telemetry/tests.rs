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

/// Not a bound, but a look at the pace: `cargo test -p thymus --lib telemetry::tests::pace -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, for people"]
fn pace() {
    let given = Given::new();
    let mut text = String::new();
    for batch in 0..200_u64 {
        let spans: Vec<Value> =
            (0..500).map(|n| span(batch * 500 + n, 1 + (n * 7_919) % 9_973, n, &old_names())).collect();
        text.push_str(&line(&spans));
        text.push('\n');
    }
    let file = given.file("many.jsonl", &text);
    let start = std::time::Instant::now();
    let window = given.read(vec![file], &TelemetryLimits::default());
    assert_eq!(window.signals.spans, 100_000);
    println!("100,000 spans, {} MB, in {:?}", text.len() >> 20, start.elapsed());
}
