//! Writes the telemetry directory: records in the order of their time, however they came, without holding them in
//! memory. What they say is decided before they come here.
//!
//! It is an external merge sort. Records gather in a chunk of memory; a full one is sorted and written to a draft as a
//! run; at the end the runs are merged. Most telemetry is nearly in order already, and then few runs are left to merge.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::model::Digest;

/// So much is sorted in memory, and so much is read at once from all runs together.
const CHUNK: usize = 16 << 20;
/// What stands before a record in the draft: its time and its length.
const HEAD: usize = 16;

/// A `.jsonl` file being made.
pub(super) struct Ordered {
    path: PathBuf,
    draft: PathBuf,
    /// Opened when the first chunk is full.
    file: Option<File>,
    chunk: Vec<u8>,
    /// Time and first byte of every record in the chunk.
    places: Vec<(u64, usize)>,
    runs: Vec<Run>,
    count: u64,
    chunk_bytes: usize,
}

/// Records in order, in the draft.
struct Run {
    start: u64,
    end: u64,
    last_ns: u64,
}

impl Ordered {
    pub(super) fn new(dir: &Path, name: &str) -> Self {
        Self {
            path: dir.join(name),
            draft: dir.join(format!(".{name}.draft")),
            file: None,
            chunk: Vec::new(),
            places: Vec::new(),
            runs: Vec::new(),
            count: 0,
            chunk_bytes: CHUNK,
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.count
    }

    pub(super) fn push(&mut self, time_ns: u64, record: &impl Serialize) -> io::Result<()> {
        self.places.push((time_ns, self.chunk.len()));
        serde_json::to_writer(&mut self.chunk, record)?;
        self.end_record()
    }

    /// Adds a record that is written already.
    pub(super) fn push_line(&mut self, time_ns: u64, line: &[u8]) -> io::Result<()> {
        self.places.push((time_ns, self.chunk.len()));
        self.chunk.extend_from_slice(line);
        self.end_record()
    }

    fn end_record(&mut self) -> io::Result<()> {
        self.chunk.push(b'\n');
        self.count += 1;
        if self.chunk.len() >= self.chunk_bytes { self.spill() } else { Ok(()) }
    }

    /// Hands the chunk's records out in order; those of one instant as they came.
    fn drain(&mut self, mut each: impl FnMut(u64, &[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut ends: Vec<usize> = self.places.iter().skip(1).map(|(_, start)| *start).collect();
        ends.push(self.chunk.len());
        let mut records: Vec<(u64, usize, usize)> =
            self.places.drain(..).zip(ends).map(|((time_ns, start), end)| (time_ns, start, end)).collect();
        records.sort_unstable();
        for (time_ns, start, end) in records {
            each(time_ns, &self.chunk[start..end])?;
        }
        self.chunk.clear();
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        if self.places.is_empty() {
            return Ok(());
        }
        let file = match self.file.take() {
            Some(file) => file,
            None => OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&self.draft)?,
        };
        let start = self.runs.last().map_or(0, |run| run.end);
        let mut run = Run { start, end: start, last_ns: 0 };
        let mut first_ns = None;
        let mut out = BufWriter::with_capacity(256 << 10, &file);
        self.drain(|time_ns, record| {
            first_ns.get_or_insert(time_ns);
            run.last_ns = time_ns;
            run.end += (HEAD + record.len()) as u64;
            out.write_all(&time_ns.to_le_bytes())?;
            out.write_all(&(record.len() as u64).to_le_bytes())?;
            out.write_all(record)
        })?;
        out.flush()?;
        drop(out);
        self.file = Some(file);
        match self.runs.last_mut() {
            // It goes on where the last one ended.
            Some(last) if first_ns.is_some_and(|first| first >= last.last_ns) => {
                (last.end, last.last_ns) = (run.end, run.last_ns);
            }
            _ => self.runs.push(run),
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        let mut out = BufWriter::with_capacity(256 << 10, File::create(&self.path)?);
        if self.runs.is_empty() {
            self.drain(|_, record| out.write_all(record))?;
            return out.flush();
        }
        self.spill()?;
        (self.chunk, self.places) = (Vec::new(), Vec::new());
        if let Some(file) = &self.file {
            merge(file, &self.runs, &mut out)?;
        }
        out.flush()?;
        fs::remove_file(&self.draft)
    }
}

/// Writes the records of all runs in order; those of one instant as they came.
fn merge(file: &File, runs: &[Run], out: &mut impl Write) -> io::Result<()> {
    let buffer = (CHUNK / runs.len()).clamp(4 << 10, 256 << 10);
    let mut readers: Vec<_> = runs
        .iter()
        .map(|run| io::BufReader::with_capacity(buffer, Part { file, at: run.start, end: run.end }))
        .collect();
    let mut next = BinaryHeap::new();
    for (number, reader) in readers.iter_mut().enumerate() {
        next.push(Reverse((time(reader)?, number)));
    }
    let mut record = Vec::new();
    while let Some(Reverse((_, number))) = next.pop() {
        let reader = &mut readers[number];
        let length = integer(reader)?;
        record.clear();
        reader.by_ref().take(length).read_to_end(&mut record)?;
        out.write_all(&record)?;
        if !io::BufRead::fill_buf(reader)?.is_empty() {
            next.push(Reverse((time(reader)?, number)));
        }
    }
    Ok(())
}

fn time(reader: &mut impl Read) -> io::Result<u64> {
    integer(reader)
}

fn integer(reader: &mut impl Read) -> io::Result<u64> {
    let mut bytes = [0; 8];
    reader.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

/// A part of a file, with a position of its own.
struct Part<'a> {
    file: &'a File,
    at: u64,
    end: u64,
}

impl Read for Part<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let room = into.len().min(left);
        let count = self.file.read_at(&mut into[..room], self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

/// The digest of a directory's files, by name and content.
pub(super) fn digest(dir: &Path, names: &[&str]) -> io::Result<Digest> {
    let mut parts = Vec::new();
    for name in names {
        let mut file = File::open(dir.join(name))?;
        let mut hash = Sha256::new();
        let mut chunk = vec![0; 64 << 10];
        loop {
            let count = file.read(&mut chunk)?;
            if count == 0 {
                break;
            }
            hash.update(&chunk[..count]);
        }
        parts.push(name.as_bytes().to_vec());
        parts.push(hash.finalize().to_vec());
    }
    Ok(Digest::of_parts(parts))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Writes records `[time, how many came before]` through chunks of a hundred bytes, and says how many runs that
    /// made.
    fn sorted(times: &[u64]) -> (Vec<(u64, usize)>, usize) {
        let dir = tempfile::tempdir().unwrap();
        let mut ordered = Ordered::new(dir.path(), "x.jsonl");
        ordered.chunk_bytes = 100;
        for (number, time) in times.iter().enumerate() {
            ordered.push(*time, &(time, number)).unwrap();
        }
        let runs = ordered.runs.len();
        ordered.finish().unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no draft stays");
        let text = fs::read_to_string(dir.path().join("x.jsonl")).unwrap();
        (text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), runs)
    }

    #[test]
    fn records_come_out_by_time_and_then_as_they_came_through_any_number_of_runs() {
        let shuffled: Vec<u64> = (0..5_000).map(|n| (n * 7_919) % 1_009).collect();
        let mut expected: Vec<(u64, usize)> = shuffled.iter().enumerate().map(|(n, time)| (*time, n)).collect();
        expected.sort_unstable();
        let (found, runs) = sorted(&shuffled);
        assert_eq!(found, expected);
        assert!(runs > 100, "{runs}");

        let (found, runs) = sorted(&(0..5_000).collect::<Vec<_>>());
        assert!(found.is_sorted());
        assert_eq!((found.len(), runs), (5_000, 1), "what is in order already is one run");
        assert_eq!(sorted(&[]).0, []);
    }
}
