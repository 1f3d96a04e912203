//! From one OTLP/JSON message to the records that `docs/telemetry.md` describes. It knows no files: what it makes is
//! handed to a [`Sink`].

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{Metric, ResourceMetrics, number_data_point};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span, span};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::normal::{attributes, bounded, exception, number, plain};
use super::{Dropped, TelemetryLimits};

/// A line of OTLP/JSON. Collectors write one signal a line; a line may hold all of them.
#[derive(Deserialize)]
struct Message {
    #[serde(rename = "resourceSpans")]
    spans: Option<Vec<ResourceSpans>>,
    #[serde(rename = "resourceLogs")]
    logs: Option<Vec<ResourceLogs>>,
    #[serde(rename = "resourceMetrics")]
    metrics: Option<Vec<ResourceMetrics>>,
}

/// What a record is written to.
pub(super) trait Sink {
    fn span(&mut self, span: Seen, record: &Value) -> std::io::Result<()>;
    fn log(&mut self, time_ns: u64, record: &Value) -> std::io::Result<()>;
    fn metric(&mut self, time_ns: u64, record: &Value) -> std::io::Result<()>;
    fn damaged(&mut self, why: String);
    fn dropped(&mut self) -> &mut Dropped;
}

/// What the window and its baseline are made of.
pub(super) struct Seen {
    pub(super) trace_id: u128,
    pub(super) span_id: u64,
    pub(super) start_ns: u64,
    pub(super) end_ns: u64,
    pub(super) error: bool,
    pub(super) service: String,
    pub(super) handler: String,
    pub(super) path: Option<String>,
}

/// Reads one line. What is wrong with it, or with single records in it, goes to [`Sink::damaged`]; an error comes
/// from the sink alone.
pub(super) fn read(line: &[u8], limits: &TelemetryLimits, sink: &mut dyn Sink) -> std::io::Result<()> {
    // Three bytes `{},` become a span of 264; so what a line may hold is known before it is decoded.
    let objects: usize = line.iter().map(|byte| usize::from(*byte == b'{')).sum();
    if objects > limits.objects {
        sink.damaged(format!("the line holds {objects} objects, more than {}", limits.objects));
        return Ok(());
    }
    let message: Message = match serde_json::from_slice(line) {
        Ok(message) => message,
        Err(error) => {
            sink.damaged(format!("not OTLP/JSON: {error}"));
            return Ok(());
        }
    };
    if message.spans.is_none() && message.logs.is_none() && message.metrics.is_none() {
        sink.damaged("not OTLP/JSON: neither resourceSpans nor resourceLogs nor resourceMetrics".to_owned());
    }
    for group in message.spans.unwrap_or_default() {
        let from = Origin::of(group.resource, limits, sink.dropped());
        for scoped in group.scope_spans {
            let scope = scope_name(scoped.scope, limits, sink.dropped());
            for span in scoped.spans {
                read_span(span, &from, &scope, limits, sink)?;
            }
        }
    }
    for group in message.logs.unwrap_or_default() {
        let from = Origin::of(group.resource, limits, sink.dropped());
        for scoped in group.scope_logs {
            let scope = scope_name(scoped.scope, limits, sink.dropped());
            for log in scoped.log_records {
                read_log(log, &from, &scope, limits, sink)?;
            }
        }
    }
    for group in message.metrics.unwrap_or_default() {
        let from = Origin::of(group.resource, limits, sink.dropped());
        for scoped in group.scope_metrics {
            let scope = scope_name(scoped.scope, limits, sink.dropped());
            for metric in scoped.metrics {
                read_metric(metric, &from, &scope, limits, sink)?;
            }
        }
    }
    Ok(())
}

/// Who sent it.
struct Origin {
    service: String,
    resource: Map<String, Value>,
}

impl Origin {
    fn of(resource: Option<Resource>, limits: &TelemetryLimits, dropped: &mut Dropped) -> Self {
        let resource = attributes(resource.unwrap_or_default().attributes, limits, dropped);
        let service = resource.get("service.name").and_then(Value::as_str).unwrap_or_default().to_owned();
        Self { service, resource }
    }
}

fn scope_name(scope: Option<InstrumentationScope>, limits: &TelemetryLimits, dropped: &mut Dropped) -> String {
    bounded(scope.unwrap_or_default().name, limits, dropped)
}

fn trace_id(bytes: &[u8]) -> Option<u128> {
    bytes.try_into().ok().map(u128::from_be_bytes).filter(|id| *id != 0)
}

fn span_id(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_be_bytes).filter(|id| *id != 0)
}

fn read_span(
    span: Span,
    from: &Origin,
    scope: &str,
    limits: &TelemetryLimits,
    sink: &mut dyn Sink,
) -> std::io::Result<()> {
    let (Some(trace), Some(id)) = (trace_id(&span.trace_id), span_id(&span.span_id)) else {
        sink.damaged("a span without a valid traceId and spanId".to_owned());
        return Ok(());
    };
    let start_ns = span.start_time_unix_nano;
    if start_ns == 0 {
        sink.damaged("a span without startTimeUnixNano".to_owned());
        return Ok(());
    }
    let mut end_ns = span.end_time_unix_nano;
    let dropped = sink.dropped();
    if end_ns < start_ns {
        // Clocks that were set back; a span that has no end has not ended.
        dropped.add("negative durations", 1);
        end_ns = start_ns;
    }
    let name = bounded(span.name, limits, dropped);
    let attributes = attributes(span.attributes, limits, dropped);
    let text = |key: &str| attributes.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let handler = text("code.function.name").unwrap_or(&name).to_owned();
    let path = text("code.file.path").map(str::to_owned);
    let status = span.status.unwrap_or_default();
    let events = events(span.events, limits, dropped);
    let record = json!({
        "trace_id": format!("{trace:032x}"),
        "span_id": format!("{id:016x}"),
        "parent_span_id": span_id(&span.parent_span_id).map(|id| format!("{id:016x}")),
        "name": name,
        "kind": kind(span.kind),
        "start_ns": start_ns,
        "end_ns": end_ns,
        "duration_ns": end_ns - start_ns,
        "status": match status.code { 1 => "ok", 2 => "error", _ => "unset" },
        "status_message": bounded(status.message, limits, dropped),
        "service": from.service,
        "handler": handler,
        "path": path,
        "scope": scope,
        "resource": from.resource,
        "attributes": attributes,
        "events": events,
    });
    let error = status.code == 2;
    let service = from.service.clone();
    sink.span(Seen { trace_id: trace, span_id: id, start_ns, end_ns, error, service, handler, path }, &record)
}

fn kind(kind: i32) -> &'static str {
    match kind {
        1 => "internal",
        2 => "server",
        3 => "client",
        4 => "producer",
        5 => "consumer",
        _ => "unspecified",
    }
}

fn events(from: Vec<span::Event>, limits: &TelemetryLimits, dropped: &mut Dropped) -> Vec<Value> {
    dropped.add("events", from.len().saturating_sub(limits.events) as u64);
    let mut events = Vec::new();
    for event in from.into_iter().take(limits.events) {
        let mut attributes = attributes(event.attributes, limits, dropped);
        let mut name = bounded(event.name, limits, dropped);
        if name == "exception" || (name == "error" && attributes.contains_key("error.kind")) {
            "exception".clone_into(&mut name);
            exception(&mut attributes);
        }
        events.push(json!({ "time_ns": event.time_unix_nano, "name": name, "attributes": attributes }));
    }
    events
}

fn read_log(
    log: LogRecord,
    from: &Origin,
    scope: &str,
    limits: &TelemetryLimits,
    sink: &mut dyn Sink,
) -> std::io::Result<()> {
    let time_ns = if log.time_unix_nano == 0 { log.observed_time_unix_nano } else { log.time_unix_nano };
    if time_ns == 0 {
        sink.damaged("a log record without timeUnixNano and observedTimeUnixNano".to_owned());
        return Ok(());
    }
    let dropped = sink.dropped();
    let mut attributes = attributes(log.attributes, limits, dropped);
    // Newer SDKs report exceptions as log records instead of as span events.
    if attributes.contains_key("exception.type") || attributes.contains_key("error.kind") {
        exception(&mut attributes);
    }
    let record = json!({
        "time_ns": time_ns,
        "trace_id": trace_id(&log.trace_id).map(|id| format!("{id:032x}")),
        "span_id": span_id(&log.span_id).map(|id| format!("{id:016x}")),
        "severity": log.severity_number,
        "severity_text": bounded(log.severity_text, limits, dropped),
        "event_name": bounded(log.event_name, limits, dropped),
        "body": plain(log.body, 0, limits, dropped),
        "service": from.service,
        "scope": scope,
        "resource": from.resource,
        "attributes": attributes,
    });
    sink.log(time_ns, &record)
}

fn read_metric(
    metric: Metric,
    from: &Origin,
    scope: &str,
    limits: &TelemetryLimits,
    sink: &mut dyn Sink,
) -> std::io::Result<()> {
    let dropped = sink.dropped();
    let name = bounded(metric.name, limits, dropped);
    let unit = bounded(metric.unit, limits, dropped);
    let Some(data) = metric.data else {
        sink.damaged("a metric without data".to_owned());
        return Ok(());
    };
    let mut points = Vec::new();
    let kind = match data {
        Data::Gauge(gauge) => {
            for point in gauge.data_points {
                points.push((point.time_unix_nano, point.attributes, json!({ "value": value(point.value) })));
            }
            "gauge"
        }
        Data::Sum(sum) => {
            let shape = |value: Value| {
                let temporality = temporality(sum.aggregation_temporality);
                json!({ "value": value, "monotonic": sum.is_monotonic, "temporality": temporality })
            };
            for point in sum.data_points {
                points.push((point.time_unix_nano, point.attributes, shape(value(point.value))));
            }
            "sum"
        }
        Data::Histogram(histogram) => {
            let temporality = temporality(histogram.aggregation_temporality);
            for point in histogram.data_points {
                let bounds: Vec<Value> = point.explicit_bounds.into_iter().map(number).collect();
                let shape = json!({
                    "count": point.count, "sum": point.sum.map(number), "min": point.min.map(number),
                    "max": point.max.map(number), "bounds": bounds, "buckets": point.bucket_counts,
                    "temporality": temporality,
                });
                points.push((point.time_unix_nano, point.attributes, shape));
            }
            "histogram"
        }
        Data::ExponentialHistogram(histogram) => {
            let temporality = temporality(histogram.aggregation_temporality);
            for point in histogram.data_points {
                let shape = json!({
                    "count": point.count, "sum": point.sum.map(number), "min": point.min.map(number),
                    "max": point.max.map(number), "scale": point.scale, "zero_count": point.zero_count,
                    "positive": point.positive.map(|b| json!({ "offset": b.offset, "buckets": b.bucket_counts })),
                    "negative": point.negative.map(|b| json!({ "offset": b.offset, "buckets": b.bucket_counts })),
                    "temporality": temporality,
                });
                points.push((point.time_unix_nano, point.attributes, shape));
            }
            "exponential_histogram"
        }
        Data::Summary(summary) => {
            for point in summary.data_points {
                let quantiles = point.quantile_values.into_iter();
                let quantiles: Vec<Value> = quantiles.map(|q| json!([number(q.quantile), number(q.value)])).collect();
                let shape = json!({ "count": point.count, "sum": number(point.sum), "quantiles": quantiles });
                points.push((point.time_unix_nano, point.attributes, shape));
            }
            "summary"
        }
    };
    for (time_ns, attrs, point) in points {
        if time_ns == 0 {
            sink.damaged("a metric's data point without timeUnixNano".to_owned());
            continue;
        }
        let attributes = attributes(attrs, limits, sink.dropped());
        let record = json!({
            "time_ns": time_ns, "name": name, "unit": unit, "type": kind, "service": from.service, "scope": scope,
            "resource": from.resource, "attributes": attributes, "point": point,
        });
        sink.metric(time_ns, &record)?;
    }
    Ok(())
}

fn temporality(from: i32) -> &'static str {
    match from {
        1 => "delta",
        2 => "cumulative",
        _ => "unspecified",
    }
}

fn value(from: Option<number_data_point::Value>) -> Value {
    match from {
        Some(number_data_point::Value::AsDouble(value)) => number(value),
        Some(number_data_point::Value::AsInt(value)) => value.into(),
        None => Value::Null,
    }
}
