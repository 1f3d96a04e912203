//! Measurements, for people: a million spans made of the order shop's recording, read in each encoding, with the time
//! and the most memory the process had. The numbers in `docs/telemetry.md` come from here:
//! `cargo test -p thymus --release --lib telemetry::pace -- --ignored --nocapture --test-threads 1`.
#![allow(clippy::unwrap_used)]

use std::fs::{self, File};
use std::io::{BufWriter, Read as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;

use super::{Sources, TelemetryLimits, read};
use crate::model::Cancel;

const SPANS: usize = 1_000_000;

/// The recording again and again, each time four seconds later and with other ids. Every other copy comes early, so
/// that the records are far from the order of their times.
fn million(path: &Path, encode: impl Fn(&ExportTraceServiceRequest) -> Vec<u8>) {
    let recording = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/samples/order-shop/recordings/faulty.jsonl.gz");
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(File::open(recording).unwrap()).read_to_string(&mut text).unwrap();
    let requests: Vec<ExportTraceServiceRequest> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut out = BufWriter::new(File::create(path).unwrap());
    let mut made = 0;
    for copy in 0_u64.. {
        let salt = copy.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes();
        let salted = |id: &mut Vec<u8>| id.iter_mut().zip(salt).for_each(|(byte, salt)| *byte ^= salt);
        let shift = if copy % 2 == 0 { copy } else { 2 * SPANS as u64 - copy } * 4_000_000_000;
        for request in &requests {
            let mut request = request.clone();
            for span in request.resource_spans.iter_mut().flat_map(|r| &mut r.scope_spans).flat_map(|s| &mut s.spans) {
                salted(&mut span.trace_id);
                salted(&mut span.span_id);
                salted(&mut span.parent_span_id);
                span.start_time_unix_nano += shift;
                span.end_time_unix_nano += shift;
                made += 1;
            }
            out.write_all(&encode(&request)).unwrap();
            if made >= SPANS {
                return out.flush().unwrap();
            }
        }
    }
}

fn json(request: &ExportTraceServiceRequest) -> Vec<u8> {
    let mut line = serde_json::to_vec(request).unwrap();
    line.push(b'\n');
    line
}

fn framed(request: &ExportTraceServiceRequest) -> Vec<u8> {
    let message = request.encode_to_vec();
    [&u32::try_from(message.len()).unwrap().to_be_bytes(), &message[..]].concat()
}

/// The most memory this process has had, in MiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

/// How long this thread has had a processor, which other work on the machine doesn't change much.
fn busy() -> Duration {
    let nanoseconds = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(nanoseconds.split_whitespace().next().unwrap().parse().unwrap())
}

fn measure(what: &str, encode: impl Fn(&ExportTraceServiceRequest) -> Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("million");
    million(&file, encode);
    let (bytes, before) = (file.metadata().unwrap().len(), peak());
    let sources = Sources { files: vec![file], ..Sources::default() };
    let (start, start_busy) = (Instant::now(), busy());
    let window =
        read(&sources, &dir.path().join("out"), &TelemetryLimits::default(), &Cancel::default(), &|_| {}).unwrap();
    let (took, busy) = (start.elapsed(), busy().saturating_sub(start_busy));
    let pace = u128::from(window.signals.spans) * 1000 / busy.as_millis().max(1);
    println!(
        "{what}: {} spans, {} MB, {took:.1?}, of which {busy:.1?} on a processor: {pace} spans/s; \
         at most {} MiB of memory ({before} before)",
        window.signals.spans,
        bytes / 1_000_000,
        peak()
    );
    assert_eq!(window.damaged, 0);
    assert!(window.signals.spans >= SPANS as u64);
}

#[test]
#[ignore = "a measurement, for people"]
fn a_million_spans_of_json() {
    measure("OTLP/JSON", json);
}

#[test]
#[ignore = "a measurement, for people"]
fn a_million_spans_of_protobuf() {
    measure("OTLP protobuf", framed);
}
