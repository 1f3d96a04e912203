//! Recordings for tests: spans and a baseline as thymus lays them out.

use std::fmt::Write as _;

use serde_json::json;
use sketches_ddsketch::{Config, DDSketch};
use thymus_sdk::telemetry::Telemetry;

/// A telemetry directory in the making.
#[derive(Default)]
pub struct Recording {
    pub lines: Vec<String>,
    pub baseline: Vec<(String, Vec<u64>)>,
    pub expectations: Option<serde_json::Value>,
    /// Spans of better times, as lines.
    pub sample: Vec<String>,
    seed: u64,
    next: u64,
}

impl Recording {
    /// A span and its id.
    pub fn span(&mut self, parent: Option<u64>, handler: &str, start: u64, nanos: u64) -> u64 {
        self.call(parent, handler, start, nanos, &json!({}))
    }

    /// A span with attributes beside those that name its code.
    pub fn call(
        &mut self,
        parent: Option<u64>,
        handler: &str,
        start: u64,
        nanos: u64,
        attributes: &serde_json::Value,
    ) -> u64 {
        self.next += 1;
        let mut all = json!({ "code.function.name": handler, "code.line.number": 3 });
        if let (Some(all), Some(more)) = (all.as_object_mut(), attributes.as_object()) {
            all.extend(more.clone());
        }
        self.lines.push(
            json!({
                "trace_id": "0af7651916cd43dd8448eb211c80319c", "span_id": format!("{:016x}", self.next),
                "parent_span_id": parent.map(|parent| format!("{parent:016x}")), "start_ns": start,
                "end_ns": start + nanos, "duration_ns": nanos, "service": "s", "handler": handler,
                "path": format!("src/{handler}.js"), "attributes": all,
            })
            .to_string(),
        );
        self.next
    }

    /// Around a value, 20 % up and down, the same with each run.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub fn about(&mut self, nanos: f64) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let unit = (self.seed >> 11) as f64 / (1_u64 << 53) as f64;
        (nanos * (0.8 + 0.4 * unit)) as u64
    }

    /// So many calls one after the other, each about so long.
    pub fn calls(&mut self, handler: &str, count: u64, millis: f64) {
        for at in 0..count {
            let nanos = self.about(millis * 1e6);
            self.span(None, handler, 1_000_000_001 + at * 1_000_000_000, nanos);
        }
    }

    /// The same in better times.
    pub fn before(&mut self, handler: &str, count: u64, millis: f64) {
        let durations = (0..count).map(|_| self.about(millis * 1e6)).collect();
        self.baseline.push((handler.to_owned(), durations));
    }

    pub fn laid_out(&self) -> (tempfile::TempDir, Telemetry) {
        let dir = tempfile::tempdir().unwrap();
        let spans = self.lines.iter().fold(String::new(), |mut all, line| {
            let _ = writeln!(all, "{line}");
            all
        });
        let handlers: Vec<_> = self.baseline.iter().map(|(handler, durations)| behaviour(handler, durations)).collect();
        let baseline = json!({ "spans": handlers.len(), "handlers": handlers });
        let window = json!({ "start_ns": 1, "end_ns": 2 });
        let expectations = self.expectations.clone().unwrap_or_else(|| json!({}));
        for (file, content) in [
            ("spans.jsonl", spans),
            ("baseline.json", baseline.to_string()),
            ("window.json", window.to_string()),
            ("expectations.json", expectations.to_string()),
            ("baseline-spans.jsonl", self.sample.join("\n")),
        ] {
            std::fs::write(dir.path().join(file), content).unwrap();
        }
        let telemetry = Telemetry::open(dir.path());
        (dir, telemetry)
    }
}

#[allow(clippy::cast_precision_loss)]
fn behaviour(handler: &str, durations: &[u64]) -> serde_json::Value {
    let mut sketch = DDSketch::new(Config::defaults());
    for nanos in durations {
        sketch.add(*nanos as f64);
    }
    json!({
        "service": "s", "handler": handler, "path": format!("src/{handler}.js"), "count": durations.len(),
        "sketch": base64_simd::STANDARD.encode_to_string(sketch.to_java_bytes()),
    })
}
