//! Finds the files that hold telemetry and hands out their lines or messages: plain, gzip or zstd by their first bytes,
//! never by their names; and whether it is text or protobuf. Everything here is bounded, because a file is whatever
//! somebody sent. What a line or a message means is not known here.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::messages::{self, Messages};
use super::{TelemetryError, TelemetryLimits};

/// Folders deeper than this are not entered.
const DEPTH: usize = 8;
/// Below this many decompressed bytes any ratio is allowed: small repetitive files compress very well.
pub(super) const RATIO_FREE: u64 = 16 << 20;
const ENDINGS: [&str; 11] =
    ["json", "jsonl", "ndjson", "pb", "binpb", "proto", "protobuf", "otlp", "gz", "zst", "zstd"];

/// The files that `paths` name, folders walked in the order of their names. Links and special files inside folders
/// are not followed; a path that somebody named himself may be one.
pub(super) fn files(
    paths: &[PathBuf],
    limits: &TelemetryLimits,
    skipped: &mut u64,
) -> Result<Vec<PathBuf>, TelemetryError> {
    let mut found = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            found.push(path.clone());
            continue;
        }
        let facts = path.metadata().map_err(|source| TelemetryError::Open { path: path.clone(), source })?;
        if facts.is_dir() {
            walk(path, 0, limits, &mut found, skipped)?;
        } else {
            found.push(path.clone());
        }
    }
    Ok(found)
}

fn walk(
    dir: &Path,
    depth: usize,
    limits: &TelemetryLimits,
    found: &mut Vec<PathBuf>,
    skipped: &mut u64,
) -> Result<(), TelemetryError> {
    let failed = |source| TelemetryError::Open { path: dir.to_path_buf(), source };
    let mut entries = Vec::new();
    for entry in dir.read_dir().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        entries.push((entry.path(), entry.file_type().map_err(failed)?));
        if entries.len() > limits.files {
            return Err(TelemetryError::TooManyFiles { path: dir.to_path_buf(), limit: limits.files });
        }
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    for (path, kind) in entries {
        let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        if kind.is_dir() && depth < DEPTH {
            walk(&path, depth + 1, limits, found, skipped)?;
        } else if kind.is_file() && ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)) {
            found.push(path);
            if found.len() > limits.files {
                return Err(TelemetryError::TooManyFiles { path: dir.to_path_buf(), limit: limits.files });
            }
        } else {
            *skipped += 1;
        }
    }
    Ok(())
}

/// Counts what passes, for the ratio.
struct Counted<R>(R, Rc<Cell<u64>>);

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(into)?;
        self.1.set(self.1.get().saturating_add(count as u64));
        Ok(count)
    }
}

/// Ends a stream that unfolds out of proportion, or simply never ends.
struct Proportionate {
    inner: Box<dyn Read>,
    taken: Rc<Cell<u64>>,
    given: u64,
    ratio: Option<u64>,
    bytes: u64,
}

impl Read for Proportionate {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.given = self.given.saturating_add(count as u64);
        if self.given > self.bytes {
            return Err(io::Error::other(format!("the file holds more than {} bytes", self.bytes)));
        }
        if let Some(ratio) = self.ratio
            && self.given > RATIO_FREE
            && self.given / self.taken.get().max(1) > ratio
        {
            return Err(io::Error::other(format!("it decompresses to more than {ratio} times its size")));
        }
        Ok(count)
    }
}

/// Gives what could be read, and then the error that ended it.
struct Failed(Option<io::Error>);

impl Read for Failed {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// What a file is made of.
pub(super) enum Content {
    Lines(Lines),
    Messages(Messages),
}

/// Opens one of [`files`].
pub(super) fn open(path: &Path, limits: &TelemetryLimits) -> Result<Content, TelemetryError> {
    let failed = |source| TelemetryError::Open { path: path.to_path_buf(), source };
    let raw: Box<dyn Read> =
        if path.as_os_str() == "-" { Box::new(io::stdin()) } else { Box::new(File::open(path).map_err(failed)?) };
    content(raw, limits).map_err(failed)
}

/// What `raw` is made of; only a failure before the first byte is an error here.
pub(super) fn content(raw: Box<dyn Read>, limits: &TelemetryLimits) -> io::Result<Content> {
    let mut plain = unfolded(raw, limits)?;
    let mut head = Vec::new();
    let read = plain.by_ref().take(messages::LOOK).read_to_end(&mut head);
    let form = messages::form_of(&head);
    let rest: Box<dyn BufRead> = match read {
        Ok(_) => Box::new(plain),
        Err(error) => Box::new(BufReader::with_capacity(1, Failed(Some(error)))),
    };
    let reader: Box<dyn BufRead> = Box::new(io::Cursor::new(head).chain(rest));
    Ok(match form {
        Some(form) => Content::Messages(Messages::new(reader, form, limits)),
        None => Content::Lines(Lines { reader, limit: limits.line_bytes, number: 0 }),
    })
}

/// Takes a whole file's compression away.
fn unfolded(raw: Box<dyn Read>, limits: &TelemetryLimits) -> io::Result<BufReader<Proportionate>> {
    let taken = Rc::new(Cell::new(0));
    let mut buffered = BufReader::with_capacity(64 << 10, Counted(raw, Rc::clone(&taken)));
    // A pipe may give fewer than four bytes at first; so they are read, and put back in front.
    let mut head = Vec::with_capacity(4);
    buffered.by_ref().take(4).read_to_end(&mut head)?;
    let compressed = head.starts_with(&[0x1f, 0x8b]) || head == messages::ZSTD;
    let gzip = head.first() == Some(&0x1f);
    let whole = io::Cursor::new(head).chain(buffered);
    let inner: Box<dyn Read> = if !compressed {
        Box::new(whole)
    } else if gzip {
        Box::new(flate2::read::MultiGzDecoder::new(whole))
    } else {
        let mut decoder = zstd::stream::read::Decoder::new(whole)?;
        decoder.window_log_max(messages::ZSTD_WINDOW)?;
        Box::new(decoder)
    };
    let ratio = compressed.then_some(limits.ratio);
    let bytes = limits.file_bytes;
    Ok(BufReader::with_capacity(64 << 10, Proportionate { inner, taken, given: 0, ratio, bytes }))
}

/// The lines of a file.
pub(super) struct Lines {
    reader: Box<dyn BufRead>,
    limit: usize,
    number: u64,
}

/// What stands on a line.
pub(super) enum Line {
    /// Its bytes, without the end of the line.
    Text,
    /// It was longer than the bound and has been skipped.
    TooLong,
}

impl Lines {
    /// The number of the line that was read last, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Adds the rest of the file to `line`: for a document that is spread over many lines.
    pub(super) fn rest(&mut self, line: &mut Vec<u8>) -> io::Result<Line> {
        let room = self.limit.saturating_sub(line.len());
        let count = self.reader.by_ref().take(room as u64 + 1).read_to_end(line)?;
        Ok(if count > room { Line::TooLong } else { Line::Text })
    }

    /// Reads the next line into `line`; `None` at the end. After an error nothing more can be read.
    pub(super) fn next(&mut self, line: &mut Vec<u8>) -> io::Result<Option<Line>> {
        line.clear();
        self.number += 1;
        let count = self.reader.by_ref().take(self.limit as u64 + 1).read_until(b'\n', line)?;
        if count == 0 {
            return Ok(None);
        }
        if line.ends_with(b"\n") {
            line.pop();
        } else if count > self.limit {
            line.clear();
            self.reader.skip_until(b'\n')?;
            return Ok(Some(Line::TooLong));
        }
        if self.number == 1 && line.starts_with(b"\xef\xbb\xbf") {
            line.drain(..3);
        }
        Ok(Some(Line::Text))
    }
}
