//! Opening the file: permissions, settings, the schema, and refusing what is not ours.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::LedgerError;
use super::claim::lock_file;

/// How long a process waits for another one's transaction.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// Enough for a last event and the pages it touches.
const RESERVE_BYTES: usize = 256 << 10;
/// "THYM": `file` and other programs can tell whose file it is.
const APPLICATION: i64 = 0x5448_594d;
const FORMAT: i64 = 1;

/// Every object of the schema, as `SQLite` stores its text.
const SCHEMA: [(&str, &str); 4] = [
    (
        "events",
        "CREATE TABLE events (seq INTEGER PRIMARY KEY AUTOINCREMENT, at_ns INTEGER NOT NULL, before BLOB NOT NULL, \
         hash BLOB NOT NULL, body TEXT NOT NULL) STRICT",
    ),
    // Also stops INSERT OR REPLACE, which would otherwise take an event away without asking the triggers below.
    (
        "events_insert",
        "CREATE TRIGGER events_insert BEFORE INSERT ON events \
         WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM events) \
         BEGIN SELECT raise(ABORT, 'events are only added at the end'); END",
    ),
    (
        "events_update",
        "CREATE TRIGGER events_update BEFORE UPDATE ON events BEGIN SELECT raise(ABORT, 'events never change'); END",
    ),
    (
        "events_delete",
        "CREATE TRIGGER events_delete BEFORE DELETE ON events BEGIN SELECT raise(ABORT, 'events never go'); END",
    ),
];

/// The ledger's file with the folder of its locks.
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    pub(super) locks: PathBuf,
}

pub(super) fn open(state: &Path) -> Result<Opened, LedgerError> {
    let state = folder(state)?;
    let locks = folder(&state.join("locks"))?;
    let path = state.join(super::FILE);
    // Creating the file and switching it to WAL are not safe against each other, so one process at a time opens it.
    let gate = locks.join("open.lock");
    let lock = lock_file(&gate).map_err(|error| LedgerError::io(&gate, error))?;
    lock.lock().map_err(|error| LedgerError::io(&gate, error))?;
    file(&path)?;
    let mut connection = connect(&path).map_err(|error| LedgerError::sqlite(&path, error))?;
    let missing = inspect(&connection, &path)?;
    settle(&mut connection, &missing, &path)?;
    keep_reserve(&path);
    Ok(Opened { connection, path, locks })
}

/// Makes a folder that only this user can enter, or checks one that is there. Its mode is left alone if somebody
/// chose it, unless others could put files in.
fn folder(path: &Path) -> Result<PathBuf, LedgerError> {
    let failed = |error| LedgerError::io(path, error);
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
    let facts = fs::metadata(path).map_err(failed)?;
    let refused = |why: &str| Err(LedgerError::UnsafeFolder { path: path.to_path_buf(), why: why.to_owned() });
    if facts.uid() != rustix::process::geteuid().as_raw() {
        return refused("belongs to another user");
    }
    if facts.mode() & 0o022 != 0 {
        return refused("can be written by other users (`chmod 700` it)");
    }
    fs::canonicalize(path).map_err(failed)
}

/// Makes the file, or checks and closes the one that is there. It is never opened here if it exists: closing any
/// handle of it would drop the locks that `SQLite` holds on it for another thread of this process.
fn file(path: &Path) -> Result<(), LedgerError> {
    let failed = |error| LedgerError::io(path, error);
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let facts = fs::symlink_metadata(path).map_err(failed)?;
            if !facts.is_file() {
                let why = "it is no regular file".to_owned();
                return Err(LedgerError::Foreign { path: path.to_path_buf(), why });
            }
            if facts.mode() & 0o077 != 0 {
                fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed)?;
            }
            Ok(())
        }
        Err(error) => Err(failed(error)),
    }
}

/// Keeps some space back, so that a run that ends because the disk is full can still write that down. A disk that is
/// full already gives none, which is no reason to refuse reading the ledger.
fn keep_reserve(ledger: &Path) {
    let path = ledger.with_extension("reserve");
    if fs::symlink_metadata(&path).is_ok() {
        return;
    }
    let kept = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| file.write_all(&vec![0; RESERVE_BYTES]).and_then(|()| file.sync_all()));
    if kept.is_err() {
        let _ = fs::remove_file(&path);
    }
}

/// Gives the kept space free; says whether there was any.
pub(super) fn release_reserve(ledger: &Path) -> bool {
    fs::remove_file(ledger.with_extension("reserve")).is_ok()
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.pragma_update(None, "recursive_triggers", true)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    Ok(connection)
}

/// Looks at a file before anything in it is changed or used. Returns what of the schema has to be made.
fn inspect(connection: &Connection, path: &Path) -> Result<Vec<&'static str>, LedgerError> {
    let failed = |error| LedgerError::sqlite(path, error);
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(failed);
    let (application, format) = (number("application_id")?, number("user_version")?);
    let found = objects(connection).map_err(failed)?;
    let foreign = |why: String| Err(LedgerError::Foreign { path: path.to_path_buf(), why });
    if application != APPLICATION && !(application == 0 && found.is_empty()) {
        return foreign("another program made it".to_owned());
    }
    if format > FORMAT {
        return Err(LedgerError::Newer { path: path.to_path_buf(), found: format, known: FORMAT });
    }
    let known: BTreeMap<_, _> = SCHEMA.into_iter().collect();
    for (name, sql) in &found {
        let ours =
            name == "sqlite_sequence" || known.get(name.as_str()).is_some_and(|text| Some(*text) == sql.as_deref());
        if !ours {
            return foreign(format!("it holds {name:?}, which thymus did not put there in this form"));
        }
    }
    if !found.is_empty() && !found.contains_key("events") {
        return foreign("its events are gone".to_owned());
    }
    Ok(SCHEMA.into_iter().filter(|(name, _)| !found.contains_key(*name)).map(|(_, sql)| sql).collect())
}

fn objects(connection: &Connection) -> rusqlite::Result<BTreeMap<String, Option<String>>> {
    let mut statement = connection.prepare("SELECT name, sql FROM sqlite_schema LIMIT 1000")?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Switches to WAL and makes what is missing, triggers that somebody dropped among it.
fn settle(connection: &mut Connection, missing: &[&str], path: &Path) -> Result<(), LedgerError> {
    let failed = |error| LedgerError::sqlite(path, error);
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).map_err(failed)?;
    if mode != "wal" {
        let why = format!("its file system allows only journal mode {mode}, the ledger needs WAL");
        return Err(LedgerError::ReadOnly { path: path.to_path_buf(), why });
    }
    connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
    if missing.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    for sql in missing {
        transaction.execute_batch(sql).map_err(failed)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION).map_err(failed)?;
    transaction.pragma_update(None, "user_version", FORMAT).map_err(failed)?;
    transaction.commit().map_err(failed)
}
