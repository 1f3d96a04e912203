//! What can go wrong with the ledger: what happened, where, and what to do.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// The ledger could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum LedgerError {
    #[error(
        "the disk that holds {path} is full; nothing of this event was written. Free some space and run thymus again"
    )]
    Full { path: PathBuf },
    #[error("thymus cannot write in {path} ({why}); make it writable or choose another folder with --state")]
    ReadOnly { path: PathBuf, why: String },
    #[error("the state folder {path} {why}; choose a folder of your own with --state")]
    UnsafeFolder { path: PathBuf, why: String },
    #[error(
        "{path} is no ledger of thymus ({why}); thymus has not touched it. Move it away or choose another folder with --state"
    )]
    Foreign { path: PathBuf, why: String },
    #[error("{path} has format {found}, this thymus knows up to {known}; use the newer thymus that wrote it")]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error(
        "{path} is damaged: {why}. `thymus ledger verify` names the first bad event; keep the file as evidence and put a backup in its place"
    )]
    Damaged { path: PathBuf, why: String },
    #[error(
        "event {seq} in {path} cannot be read ({why}): a newer thymus wrote it or it was changed. `thymus ledger verify` tells which"
    )]
    Unreadable { path: PathBuf, seq: u64, why: String },
    #[error("an event cannot be written down ({why}); this is a mistake in thymus, please report it")]
    BadEvent { why: String },
    #[error("an event of {bytes} bytes is larger than the {limit} the ledger takes")]
    TooLarge { bytes: usize, limit: usize },
    #[error("another process has kept {path} locked for {seconds} s; look for a stopped thymus and end it")]
    Locked { path: PathBuf, seconds: u64 },
    #[error(
        "the disk under {path} failed before ({why}), so nothing more is written; check the disk, then run thymus again"
    )]
    Stopped { path: PathBuf, why: String },
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error("{path}: {source}")]
    Sqlite { path: PathBuf, source: rusqlite::Error },
}

impl LedgerError {
    /// Sorts a failure of `SQLite` into what a person can do about it.
    pub(super) fn sqlite(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_path_buf();
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::ReadOnly { path, why: source.to_string() }
            }
            Some(ErrorCode::NotADatabase) => Self::Foreign { path, why: "it is no SQLite file".to_owned() },
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path, why: source.to_string() },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::Locked { path, seconds: super::store::PATIENCE.as_secs() }
            }
            _ => Self::Sqlite { path, source },
        }
    }

    /// Sorts a failure of the file system the same way.
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path },
            io::ErrorKind::ReadOnlyFilesystem
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::AlreadyExists => Self::ReadOnly { path, why: source.to_string() },
            _ => Self::Io { path, source },
        }
    }
}
