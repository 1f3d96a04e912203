//! The telemetry between two instants.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Digest;

/// How many records of each signal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signals {
    /// Spans.
    pub spans: u64,
    /// Distinct traces, estimated above 100,000.
    pub traces: u64,
    /// Log records.
    pub logs: u64,
    /// Metric data points.
    pub metrics: u64,
}

/// Input that could not be read. It is counted and named, never fatal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Damage {
    /// The file as it was named, or `<stdin>`.
    pub file: String,
    /// Its line, from 1; for protobuf the message's number.
    pub line: u64,
    /// What is wrong with it.
    pub why: String,
}

/// A window, laid out on disk in the form that `docs/telemetry.md` describes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The directory that plugins see as `/telemetry`.
    #[serde(skip)]
    pub dir: PathBuf,
    /// The digest of that directory's files.
    pub digest: Digest,
    /// The first instant, in nanoseconds since 1970.
    pub start_ns: u64,
    /// The last.
    pub end_ns: u64,
    /// What is in it.
    pub signals: Signals,
    /// How many lines or messages were damaged in all.
    pub damaged: u64,
    /// The first hundred of them.
    pub damage: Vec<Damage>,
    /// Records left out because a bound was reached, by the bound's name.
    pub dropped: Vec<(String, u64)>,
    /// Spans in the baseline; 0 when there is none.
    pub baseline_spans: u64,
}
