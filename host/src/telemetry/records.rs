//! From one OTLP/JSON message, or one record of any encoding, to the records that `docs/telemetry.md` describes. It
//! knows no files: what it makes goes to the [`Reading`].

use std::io;

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::logs::v1::{LogRecord as OtlpLog, ResourceLogs};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{Metric, ResourceMetrics, number_data_point};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span as OtlpSpan, span};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::normal::{attributes, bounded, cut, exception, number, plain};
use super::reading::Reading;
use super::{Dropped, TelemetryLimits};

/// What an event is called that reports an exception.
const EXCEPTION: &str = "exception";
/// The most of a service, a handler or a path that a record names beside its attributes.
const NAME_BYTES: usize = 1024;
/// The most of an exception's type by which exceptions are counted.
const TYPE_BYTES: usize = 256;

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

/// Reads one line. What is wrong with it, or with single records in it, counts as damage; an error comes from writing.
pub(super) fn read(line: &[u8], to: &mut Reading<'_>) -> io::Result<()> {
    // Three bytes `{},` become a span of 264; so what a line may hold is known before it is decoded.
    let objects: usize = line.iter().map(|byte| usize::from(*byte == b'{')).sum();
    if objects > to.limits.objects {
        to.damaged(format!("the line holds {objects} objects, more than {}", to.limits.objects));
        return Ok(());
    }
    let message: Message = match serde_json::from_slice(line) {
        Ok(message) => message,
        Err(error) => {
            to.damaged(format!("not OTLP/JSON: {error}"));
            return Ok(());
        }
    };
    if message.spans.is_none() && message.logs.is_none() && message.metrics.is_none() {
        to.damaged("not OTLP/JSON: neither resourceSpans nor resourceLogs nor resourceMetrics".to_owned());
    }
    for group in message.spans.unwrap_or_default() {
        let from = Origin::of(group.resource, to);
        for scoped in group.scope_spans {
            let scope = scope_name(scoped.scope, to);
            for span in scoped.spans {
                read_span(span, &from, &scope, to)?;
            }
        }
    }
    for group in message.logs.unwrap_or_default() {
        let from = Origin::of(group.resource, to);
        for scoped in group.scope_logs {
            let scope = scope_name(scoped.scope, to);
            for log in scoped.log_records {
                read_log(log, &from, &scope, to)?;
            }
        }
    }
    for group in message.metrics.unwrap_or_default() {
        let from = Origin::of(group.resource, to);
        for scoped in group.scope_metrics {
            let scope = scope_name(scoped.scope, to);
            for metric in scoped.metrics {
                read_metric(metric, &from, &scope, to)?;
            }
        }
    }
    Ok(())
}

/// Who sent it.
pub(super) struct Origin {
    service: String,
    resource: Map<String, Value>,
}

impl Origin {
    pub(super) fn of(resource: Option<Resource>, to: &mut Reading<'_>) -> Self {
        let resource = attributes(resource.unwrap_or_default().attributes, to.limits, &mut to.dropped);
        let service = resource.get("service.name").and_then(Value::as_str).unwrap_or_default();
        Self { service: cut(service, NAME_BYTES).to_owned(), resource }
    }
}

pub(super) fn scope_name(scope: Option<InstrumentationScope>, to: &mut Reading<'_>) -> String {
    bounded(scope.unwrap_or_default().name, to.limits, &mut to.dropped)
}

/// An id, written in lower-case hexadecimal digits.
#[derive(Clone, Copy)]
struct Hexadecimal<const DIGITS: usize>(u128);

impl<const DIGITS: usize> Serialize for Hexadecimal<DIGITS> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:0DIGITS$x}", self.0))
    }
}

type TraceId = Hexadecimal<32>;
type SpanId = Hexadecimal<16>;

fn trace_id(bytes: &[u8]) -> Option<u128> {
    bytes.try_into().ok().map(u128::from_be_bytes).filter(|id| *id != 0)
}

fn span_id(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_be_bytes).filter(|id| *id != 0)
}

/// A line of `spans.jsonl`, and what else is to be known of the span.
#[allow(clippy::struct_field_names)] // they are what OTLP calls them
pub(super) struct Span<'a> {
    pub(super) trace_id: u128,
    pub(super) span_id: u64,
    pub(super) error: bool,
    pub(super) record: SpanRecord<'a>,
}

#[derive(Serialize)]
pub(super) struct SpanRecord<'a> {
    trace_id: TraceId,
    span_id: SpanId,
    parent_span_id: Option<SpanId>,
    name: &'a str,
    kind: &'static str,
    pub(super) start_ns: u64,
    pub(super) end_ns: u64,
    pub(super) duration_ns: u64,
    status: &'static str,
    status_message: String,
    pub(super) service: &'a str,
    pub(super) handler: &'a str,
    pub(super) path: Option<&'a str>,
    scope: &'a str,
    resource: &'a Map<String, Value>,
    attributes: &'a Map<String, Value>,
    events: Vec<EventRecord>,
}

#[derive(Serialize)]
struct EventRecord {
    time_ns: u64,
    name: String,
    attributes: Map<String, Value>,
}

impl Span<'_> {
    /// The types of the exceptions it reports itself.
    pub(super) fn exceptions(&self) -> impl Iterator<Item = &str> {
        let exceptions = self.record.events.iter().filter(|event| event.name == EXCEPTION);
        exceptions.map(|event| exception_type(&event.attributes))
    }

    pub(super) fn attributes(&self) -> &Map<String, Value> {
        self.record.attributes
    }

    /// Its events, by name.
    pub(super) fn events(&self) -> impl Iterator<Item = (&str, &Map<String, Value>)> {
        self.record.events.iter().map(|event| (event.name.as_str(), &event.attributes))
    }
}

pub(super) fn read_span(span: OtlpSpan, from: &Origin, scope: &str, to: &mut Reading<'_>) -> io::Result<()> {
    let (Some(trace), Some(id)) = (trace_id(&span.trace_id), span_id(&span.span_id)) else {
        to.damaged("a span without a valid traceId and spanId".to_owned());
        return Ok(());
    };
    let start_ns = span.start_time_unix_nano;
    if start_ns == 0 {
        to.damaged("a span without startTimeUnixNano".to_owned());
        return Ok(());
    }
    let mut end_ns = span.end_time_unix_nano;
    let (limits, dropped) = (to.limits, &mut to.dropped);
    if end_ns < start_ns {
        // Clocks that were set back; a span that has no end has not ended.
        dropped.add("negative durations", 1);
        end_ns = start_ns;
    }
    let name = bounded(span.name, limits, dropped);
    let attributes = attributes(span.attributes, limits, dropped);
    let text = |key: &str| attributes.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let status = span.status.unwrap_or_default();
    let record = SpanRecord {
        trace_id: Hexadecimal(trace),
        span_id: Hexadecimal(id.into()),
        parent_span_id: span_id(&span.parent_span_id).map(|id| Hexadecimal(id.into())),
        name: &name,
        kind: kind(span.kind),
        start_ns,
        end_ns,
        duration_ns: end_ns - start_ns,
        status: match status.code {
            1 => "ok",
            2 => "error",
            _ => "unset",
        },
        status_message: bounded(status.message, limits, dropped),
        service: &from.service,
        handler: cut(text("code.function.name").unwrap_or(&name), NAME_BYTES),
        path: text("code.file.path").map(|path| cut(path, NAME_BYTES)),
        scope,
        resource: &from.resource,
        attributes: &attributes,
        events: events(span.events, limits, dropped),
    };
    to.span(&Span { trace_id: trace, span_id: id, error: status.code == 2, record })
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

fn events(from: Vec<span::Event>, limits: &TelemetryLimits, dropped: &mut Dropped) -> Vec<EventRecord> {
    dropped.add("events", from.len().saturating_sub(limits.events) as u64);
    let mut events = Vec::new();
    for event in from.into_iter().take(limits.events) {
        let mut attributes = attributes(event.attributes, limits, dropped);
        let mut name = bounded(event.name, limits, dropped);
        if name == EXCEPTION || (name == "error" && attributes.contains_key("error.kind")) {
            EXCEPTION.clone_into(&mut name);
            exception(&mut attributes);
        }
        events.push(EventRecord { time_ns: event.time_unix_nano, name, attributes });
    }
    events
}

/// The type of an exception; it is empty where there is only a message.
fn exception_type(attributes: &Map<String, Value>) -> &str {
    cut(attributes.get("exception.type").and_then(Value::as_str).unwrap_or_default(), TYPE_BYTES)
}

/// A line of `logs.jsonl`, and what else is to be known of the record.
pub(super) struct Log<'a> {
    pub(super) trace_id: Option<u128>,
    pub(super) span_id: Option<u64>,
    pub(super) record: LogRecord<'a>,
}

#[derive(Serialize)]
pub(super) struct LogRecord<'a> {
    pub(super) time_ns: u64,
    trace_id: Option<TraceId>,
    span_id: Option<SpanId>,
    severity: i32,
    severity_text: String,
    event_name: String,
    body: Value,
    pub(super) service: &'a str,
    scope: &'a str,
    resource: &'a Map<String, Value>,
    attributes: Map<String, Value>,
}

impl Log<'_> {
    /// The type of the exception it reports.
    pub(super) fn exception(&self) -> Option<&str> {
        let attributes = &self.record.attributes;
        let is_one = ["exception.type", "exception.message"].iter().any(|key| attributes.contains_key(*key));
        is_one.then(|| exception_type(attributes))
    }
}

pub(super) fn read_log(log: OtlpLog, from: &Origin, scope: &str, to: &mut Reading<'_>) -> io::Result<()> {
    let time_ns = if log.time_unix_nano == 0 { log.observed_time_unix_nano } else { log.time_unix_nano };
    if time_ns == 0 {
        to.damaged("a log record without timeUnixNano and observedTimeUnixNano".to_owned());
        return Ok(());
    }
    let (limits, dropped) = (to.limits, &mut to.dropped);
    let mut attributes = attributes(log.attributes, limits, dropped);
    let mut event_name = bounded(log.event_name, limits, dropped);
    // Before the name of an event had a field of its own, it was an attribute.
    if event_name.is_empty()
        && let Some(Value::String(name)) = attributes.shift_remove("event.name")
    {
        event_name = name;
    }
    // Newer SDKs report exceptions as log records instead of as span events.
    if event_name == EXCEPTION || attributes.contains_key("exception.type") || attributes.contains_key("error.kind") {
        exception(&mut attributes);
    }
    let (trace, span) = (trace_id(&log.trace_id), span_id(&log.span_id));
    let record = LogRecord {
        time_ns,
        trace_id: trace.map(Hexadecimal),
        span_id: span.map(|id| Hexadecimal(id.into())),
        severity: log.severity_number,
        severity_text: bounded(log.severity_text, limits, dropped),
        event_name,
        body: plain(log.body, 0, limits, dropped),
        service: &from.service,
        scope,
        resource: &from.resource,
        attributes,
    };
    to.log(&Log { trace_id: trace, span_id: span, record })
}

/// A line of `metrics.jsonl`.
#[derive(Serialize)]
pub(super) struct MetricRecord<'a> {
    pub(super) time_ns: u64,
    name: &'a str,
    unit: &'a str,
    r#type: &'static str,
    service: &'a str,
    scope: &'a str,
    resource: &'a Map<String, Value>,
    attributes: Map<String, Value>,
    point: Value,
}

pub(super) fn read_metric(metric: Metric, from: &Origin, scope: &str, to: &mut Reading<'_>) -> io::Result<()> {
    let (limits, dropped) = (to.limits, &mut to.dropped);
    let name = bounded(metric.name, limits, dropped);
    let unit = bounded(metric.unit, limits, dropped);
    let Some(data) = metric.data else {
        to.damaged("a metric without data".to_owned());
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
            to.damaged("a metric's data point without timeUnixNano".to_owned());
            continue;
        }
        let attributes = attributes(attrs, to.limits, &mut to.dropped);
        to.metric(&MetricRecord {
            time_ns,
            name: &name,
            unit: &unit,
            r#type: kind,
            service: &from.service,
            scope,
            resource: &from.resource,
            attributes,
            point,
        })?;
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
