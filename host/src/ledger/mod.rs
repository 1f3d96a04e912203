//! The ledger: everything that happened, written before the act it records.
//!
//! It holds events and nothing else, each with the hash of the one before; a [`Case`] is a projection of them. An
//! appended event is on the disk when [`Ledger::append`] returns, so a `kill -9` leaves a case that the next run
//! finds with [`Ledger::unfinished`]. Several processes may hold one ledger; who works on what is settled with
//! [`Ledger::claim`]. The ledger decides nothing: it does not know which event may follow which.

mod chain;
mod claim;
mod error;
mod fold;
mod store;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, TransactionBehavior};

pub use chain::{Broken, Head, Verified};
pub use claim::{Busy, Claim};
pub use error::LedgerError;
pub use fold::PendingMerge;

use crate::model::{Case, CaseId, Digest, Event};
use chain::Row;
use fold::{Cases, Folded};

/// The ledger's file in the state folder.
pub const FILE: &str = "ledger.db";

/// An event larger than this is refused: its maker should have capped it.
pub const EVENT_BYTES: usize = 64 << 20;

/// An event as the ledger has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Its number, from 1, without gaps.
    pub seq: u64,
    /// When it was written, nanoseconds since 1970. Clocks jump: order comes from `seq`.
    pub at_ns: u64,
    /// What stands for it and everything before it.
    pub hash: Digest,
    /// What happened.
    pub event: Event,
}

/// An open ledger; threads may share it.
#[derive(Debug)]
pub struct Ledger {
    connection: Mutex<Connection>,
    path: PathBuf,
    locks: PathBuf,
    /// The cases as of an event's number. Events are only ever added, so each is read and folded once.
    folded: Mutex<(u64, Cases)>,
    /// Set when the disk failed: what is on it is then uncertain until the ledger is opened again.
    failed: OnceLock<String>,
}

impl Ledger {
    /// Opens the ledger of a state folder; makes both, for this user only, if they are not there.
    pub fn open(state: &Path) -> Result<Self, LedgerError> {
        let store::Opened { connection, path, locks } = store::open(state)?;
        Ok(Self { connection: Mutex::new(connection), path, locks, folded: Mutex::default(), failed: OnceLock::new() })
    }

    /// A ledger of its own in another state folder, with all that this one holds now.
    pub fn copy(&self, state: &Path) -> Result<Self, LedgerError> {
        let copy = Self::open(state)?;
        let target = copy.path.clone();
        let failed = |error| LedgerError::sqlite(&target, error);
        drop(copy);
        {
            let mut connection = Connection::open(&target).map_err(failed)?;
            let source = self.connection();
            let backup = rusqlite::backup::Backup::new(&source, &mut connection).map_err(failed)?;
            backup.run_to_completion(1000, std::time::Duration::ZERO, None).map_err(failed)?;
        }
        Self::open(state)
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes an event down and returns its number. After an error nothing of it is there, except when the disk
    /// itself failed: then no further event is taken and the next run sees what was kept.
    pub fn append(&self, event: &Event) -> Result<u64, LedgerError> {
        if let Some(why) = self.failed.get() {
            return Err(LedgerError::Stopped { path: self.path.clone(), why: why.clone() });
        }
        let bad = |error: serde_json::Error| LedgerError::BadEvent { why: error.to_string() };
        let body = serde_json::to_string(event).map_err(bad)?;
        if body.len() > EVENT_BYTES {
            return Err(LedgerError::TooLarge { bytes: body.len(), limit: EVENT_BYTES });
        }
        // A number that JSON cannot hold would make the whole ledger unreadable for ever.
        serde_json::from_str::<Event>(&body).map_err(bad)?;
        self.write(&body).map_err(|error| match error {
            Failure::Sqlite(error) => {
                if error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) {
                    self.failed.get_or_init(|| error.to_string());
                }
                LedgerError::sqlite(&self.path, error)
            }
            Failure::Cut { last, highest } => {
                let why = format!("it ends with event {last}, but events up to {highest} were written");
                LedgerError::Damaged { path: self.path.clone(), why }
            }
        })
    }

    /// Writes the event that says why thymus stops. Where the disk is full it uses the space that was kept back for
    /// exactly this; opening the ledger again keeps some back anew.
    pub fn append_last(&self, event: &Event) -> Result<u64, LedgerError> {
        match self.append(event) {
            Err(LedgerError::Full { .. }) if store::release_reserve(&self.path) => self.append(event),
            result => result,
        }
    }

    fn write(&self, body: &str) -> Result<u64, Failure> {
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let last = transaction
            .query_row("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1", [], |row| {
                Ok(Head { seq: row.get::<_, i64>(0)?.cast_unsigned(), hash: row.get::<_, [u8; 32]>(1)?.into() })
            })
            .optional()?
            .unwrap_or_else(Head::empty);
        // Going on after a cut would cover it up.
        let highest = chain::highest(&transaction)?;
        if highest != last.seq {
            return Err(Failure::Cut { last: last.seq, highest });
        }
        let seq = last.seq + 1;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let at_ns = i64::try_from(now.as_nanos()).unwrap_or(i64::MAX);
        let hash = chain::hash(&last.hash, seq, at_ns, body);
        transaction
            .prepare("INSERT INTO events (seq, at_ns, before, hash, body) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute((seq.cast_signed(), at_ns, last.hash.as_bytes(), hash.as_bytes(), body))?;
        transaction.commit()?;
        Ok(seq)
    }

    /// All events from this number on.
    pub fn events(&self, from: u64) -> Result<Vec<Recorded>, LedgerError> {
        let mut events = Vec::new();
        self.each(from, |recorded| events.push(recorded))?;
        Ok(events)
    }

    /// Hands over the events from this number on, one at a time, without keeping them.
    fn each(&self, from: u64, mut take: impl FnMut(Recorded)) -> Result<(), LedgerError> {
        let failed = |error| LedgerError::sqlite(&self.path, error);
        let connection = self.connection();
        let sql = format!("SELECT {} FROM events WHERE seq >= ?1 ORDER BY seq", Row::COLUMNS);
        let mut statement = connection.prepare(&sql).map_err(failed)?;
        let from = i64::try_from(from).unwrap_or(i64::MAX);
        for row in statement.query_map([from], Row::read).map_err(failed)? {
            let Row { seq, at_ns, hash, body, .. } = row.map_err(failed)?;
            let event = serde_json::from_str(&body).map_err(|error| LedgerError::Unreadable {
                path: self.path.clone(),
                seq,
                why: error.to_string(),
            })?;
            take(Recorded { seq, at_ns: u64::try_from(at_ns).unwrap_or(0), hash, event });
        }
        Ok(())
    }

    /// Hands over the cases as of the newest event, other processes' events included.
    fn with_cases<T>(&self, read: impl FnOnce(&Cases) -> T) -> Result<T, LedgerError> {
        let mut folded = self.folded.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, cases) = &mut *folded;
        self.each(*last + 1, |recorded| {
            *last = recorded.seq;
            cases.take(recorded.at_ns, recorded.event);
        })?;
        Ok(read(cases))
    }

    /// All cases, oldest first.
    pub fn cases(&self) -> Result<Vec<Case>, LedgerError> {
        self.with_cases(|cases| cases.list().into_iter().map(|folded| folded.case.clone()).collect())
    }

    /// All cases as they were before the event of this number.
    pub fn cases_before(&self, seq: u64) -> Result<Vec<Case>, LedgerError> {
        let mut cases = Cases::default();
        self.each(1, |recorded| {
            if recorded.seq < seq {
                cases.take(recorded.at_ns, recorded.event);
            }
        })?;
        Ok(cases.list().into_iter().map(|folded| folded.case.clone()).collect())
    }

    /// One case.
    pub fn case(&self, id: &CaseId) -> Result<Option<Case>, LedgerError> {
        self.with_cases(|cases| cases.0.get(id).map(|folded| folded.case.clone()))
    }

    /// The cases that a loop left on their way, oldest first: not yet decided, or in the middle of being delivered or
    /// merged. A held case waits for a person and is not among them.
    pub fn unfinished(&self) -> Result<Vec<Case>, LedgerError> {
        let unfinished = |folded: &&Folded| folded.is_unfinished();
        self.with_cases(|cases| cases.list().into_iter().filter(unfinished).map(|folded| folded.case.clone()).collect())
    }

    /// The merge of a case that was begun and not finished.
    pub fn pending_merge(&self, id: &CaseId) -> Result<Option<PendingMerge>, LedgerError> {
        self.with_cases(|cases| cases.0.get(id).and_then(|folded| folded.merge.clone()))
    }

    /// Checks every event against the chain.
    pub fn verify(&self) -> Result<Verified, Broken> {
        self.verify_against(&[])
    }

    /// Checks every event against the chain, and the chain against heads that were kept elsewhere: only those show
    /// that somebody rewrote the end or put an older copy of the file back.
    pub fn verify_against(&self, anchors: &[Head]) -> Result<Verified, Broken> {
        chain::verify(&self.connection(), anchors)
    }

    /// Takes one case for this process until the claim is dropped or the process ends, however it ends.
    pub fn claim(&self, case: &CaseId) -> Result<Claim, Busy> {
        // An id read from a file was not checked; only a checked one may become a file name.
        let name = match CaseId::parse(case.as_str()) {
            Some(id) => id.to_string(),
            None => Digest::of(case.as_str()).to_string(),
        };
        claim::claim(&self.locks.join(format!("case-{name}.lock")), &format!("case {case}"))
    }

    /// Takes a whole repository the same way.
    pub fn claim_repository(&self, repository: &Path) -> Result<Claim, Busy> {
        let name = Digest::of(repository.as_os_str().as_encoded_bytes());
        let what = format!("the repository {}", repository.display());
        claim::claim(&self.locks.join(format!("repository-{name}.lock")), &what)
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A transaction of a panicking thread was rolled back when it was dropped, so the connection is sound.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a write failed.
enum Failure {
    Sqlite(rusqlite::Error),
    Cut { last: u64, highest: u64 },
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}
