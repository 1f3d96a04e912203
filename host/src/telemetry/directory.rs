//! Writes the telemetry directory: records in the order of their time, however they came, without holding them in
//! memory. What they say is decided before they come here.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::model::Digest;

/// A `.jsonl` file being made: records go to a draft in the order in which they come, their places into memory; at
/// the end they are copied in order.
pub(super) struct Ordered {
    path: PathBuf,
    draft: PathBuf,
    writer: BufWriter<File>,
    written: u64,
    places: Vec<(u64, u64)>,
}

impl Ordered {
    pub(super) fn new(dir: &Path, name: &str) -> io::Result<Self> {
        let draft = dir.join(format!(".{name}.draft"));
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&draft)?;
        let writer = BufWriter::with_capacity(256 << 10, file);
        Ok(Self { path: dir.join(name), draft, writer, written: 0, places: Vec::new() })
    }

    pub(super) fn len(&self) -> u64 {
        self.places.len() as u64
    }

    pub(super) fn push(&mut self, time_ns: u64, record: &Value) -> io::Result<()> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        self.writer.write_all(&line)?;
        self.places.push((time_ns, self.written));
        self.written += line.len() as u64;
        Ok(())
    }

    pub(super) fn finish(self) -> io::Result<()> {
        let Self { path, draft, writer, places, .. } = self;
        if places.is_sorted() {
            drop(writer.into_inner().map_err(io::IntoInnerError::into_error)?);
            return fs::rename(draft, path);
        }
        let mut file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        let mut places = places;
        places.sort_unstable();
        file.seek(SeekFrom::Start(0))?;
        let mut reader = io::BufReader::with_capacity(64 << 10, file);
        let mut at = 0_i64;
        let mut out = BufWriter::with_capacity(256 << 10, File::create(&path)?);
        let mut line = Vec::new();
        for (_, place) in places {
            let place = i64::try_from(place).map_err(io::Error::other)?;
            reader.seek_relative(place - at)?;
            line.clear();
            let count = io::BufRead::read_until(&mut reader, b'\n', &mut line)?;
            at = place + i64::try_from(count).map_err(io::Error::other)?;
            out.write_all(&line)?;
        }
        out.flush()?;
        fs::remove_file(draft)
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
