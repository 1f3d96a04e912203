//! Things that are made once and kept below the state folder: by one maker at a time, whole or not at all.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use crate::model::Cancel;

use super::ValidateError;

/// The right to make a thing; ends with the value, or with the process.
pub(super) struct Claim {
    _lock: File,
}

/// Makes a folder that only thymus's own user can enter.
pub(super) fn folder(path: &Path) -> Result<(), ValidateError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(ValidateError::io("making", path))
}

/// Waits for the right to make `name` in `dir`.
pub(super) fn claim(dir: &Path, name: &str, cancel: &Cancel) -> Result<Claim, ValidateError> {
    folder(dir)?;
    let path = dir.join(format!(".{name}.lock"));
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(ValidateError::io("opening", &path))?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Claim { _lock: file }),
            Err(TryLockError::WouldBlock) if cancel.is_cancelled() => return Err(ValidateError::Cancelled),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(20)),
            Err(TryLockError::Error(source)) => return Err(ValidateError::io("locking", &path)(source)),
        }
    }
}

/// Writes a file so that a reader finds all of it or none.
pub(super) fn write(dir: &Path, name: &str, bytes: &[u8]) -> Result<(), ValidateError> {
    let path = dir.join(name);
    let at = ValidateError::io("writing", &path);
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(dir).map_err(&at)?;
    file.write_all(bytes).map_err(&at)?;
    file.as_file().sync_all().map_err(&at)?;
    file.persist(&path).map_err(|error| at(error.error))?;
    Ok(())
}

/// A file of at most `most` bytes, if it can be read.
pub(super) fn read(path: &Path, most: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path).ok()?;
    file.take(most + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= most).then_some(bytes)
}

const SCRATCH: &str = ".proof-";

/// A private folder that goes away with its handle.
pub(super) fn scratch(home: &Path) -> Result<tempfile::TempDir, ValidateError> {
    tempfile::Builder::new().prefix(SCRATCH).tempdir_in(home).map_err(ValidateError::io("making a folder in", home))
}

/// Takes away what killed runs left, a day later. What can't be taken away harms nobody.
pub(super) fn sweep(home: &Path) {
    let Ok(entries) = std::fs::read_dir(home) else { return };
    for entry in entries.flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(SCRATCH);
        let age = entry.metadata().ok().and_then(|meta| meta.modified().ok()).and_then(|at| at.elapsed().ok());
        if ours && age.is_some_and(|age| age > Duration::from_hours(24)) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
