//! OTLP in, window and baseline out: what somebody's system said, laid out for healing plugins in the form that
//! `docs/telemetry.md` describes.
//!
//! Input is hostile. Everything is streamed and bounded; what can't be read is counted and named by file and line,
//! and never ends a reading. Strings stay raw: whoever shows them escapes them. Whether a path in telemetry lies in
//! the repository is not decided here.

mod baseline;
mod directory;
mod messages;
mod normal;
mod observed;
mod open;
#[cfg(test)]
mod pace;
mod protobuf;
mod reading;
mod records;
mod sample;
mod secrets;
mod state;
#[cfg(test)]
mod tests;
mod traces;
mod wire;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

pub use baseline::{Baseline, baseline_of};

use crate::model::{Cancel, Window};
use reading::Reading;

/// Where telemetry comes from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Files and folders of the window; `-` is standard input.
    pub files: Vec<PathBuf>,
    /// Files and folders with telemetry from better times.
    pub baseline: Vec<PathBuf>,
    /// Directories of earlier windows, which join the baseline.
    pub earlier: Vec<PathBuf>,
    /// What the project declares: thresholds, sequences, state contracts.
    pub expectations: Option<Value>,
}

/// Bounds. What lies beyond them is left out and counted in [`Window::dropped`] or in [`Window::damaged`].
#[derive(Clone, Debug)]
pub struct TelemetryLimits {
    /// Files in all folders together.
    pub files: usize,
    /// Decompressed bytes of one file.
    pub file_bytes: u64,
    /// How many times its size a file may decompress to.
    pub ratio: u64,
    /// Bytes of one line.
    pub line_bytes: usize,
    /// JSON objects on one line.
    pub objects: usize,
    /// Attributes of one record, and values of one attribute.
    pub attributes: usize,
    /// Bytes of one text.
    pub text_bytes: usize,
    /// Events of one span.
    pub events: usize,
    /// Records of each signal.
    pub records: u64,
    /// Handlers that are told apart.
    pub handlers: usize,
}

impl Default for TelemetryLimits {
    fn default() -> Self {
        Self {
            files: 10_000,
            file_bytes: 16 << 30,
            ratio: 200,
            line_bytes: 16 << 20,
            objects: 500_000,
            attributes: 128,
            text_bytes: 64 << 10,
            events: 128,
            records: 2_000_000,
            handlers: 4096,
        }
    }
}

/// Why there is no window. Damaged telemetry is none of these reasons.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// A path that was named can't be read.
    #[error("can't read telemetry from {path:?}: {source}; check that it exists and that you may read it")]
    Open {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A folder holds too much.
    #[error("{path:?} holds more than {limit} files; name a smaller folder")]
    TooManyFiles {
        /// Which.
        path: PathBuf,
        /// The bound.
        limit: usize,
    },
    /// An earlier window's handlers can't be understood.
    #[error("{path:?} is no thymus baseline: {why}; remove that window, or read its telemetry again")]
    Baseline {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The telemetry directory can't be written.
    #[error("can't write the telemetry directory {path:?}: {source}; check the space and the rights there")]
    Write {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Somebody asked to stop.
    #[error("reading telemetry was cancelled")]
    Cancelled,
}

/// What was left out, by the name of the bound.
#[derive(Default)]
struct Dropped(BTreeMap<&'static str, u64>);

impl Dropped {
    fn add(&mut self, bound: &'static str, count: u64) {
        if count > 0 {
            *self.0.entry(bound).or_default() += count;
        }
    }
}

/// Reads the sources and writes the telemetry directory into `dir`, which is made if need be and should be empty.
/// `progress` hears how many spans there are so far. `window.json` comes last: without it a directory is not whole.
pub fn read(
    sources: &Sources,
    dir: &Path,
    limits: &TelemetryLimits,
    cancel: &Cancel,
    progress: &dyn Fn(u64),
) -> Result<Window, TelemetryError> {
    let write = |source| TelemetryError::Write { path: dir.to_path_buf(), source };
    std::fs::create_dir_all(dir).map_err(write)?;
    let mut reading = Reading::new(dir, limits, cancel);
    reading.files(&sources.files, progress)?;
    reading.turn_to_baseline();
    reading.files(&sources.baseline, &|_| {})?;
    for earlier in &sources.earlier {
        reading.join_baseline(earlier)?;
    }
    reading.finish(sources.expectations.as_ref()).map_err(write)
}
