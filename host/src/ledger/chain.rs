//! The hash chain, and the check that walks it.
//!
//! It finds what was changed in place, taken out, put in or moved. It cannot find that somebody rewrote everything
//! from one event to the end, or put an older copy of the whole file back: for that, compare with a [`Head`] kept
//! elsewhere, in a commit's trailer for example.

use rusqlite::Connection;

use crate::model::{Digest, Event};

/// The newest event's number and hash; it stands for everything before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The event's number; 0 for an empty ledger.
    pub seq: u64,
    /// Its hash.
    pub hash: Digest,
}

impl Head {
    /// What the first event follows.
    pub(super) fn empty() -> Self {
        Self { seq: 0, hash: Digest::of("thymus ledger, format 1") }
    }
}

/// A ledger that is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many events it has.
    pub events: u64,
    /// The last one's hash.
    pub head: Digest,
}

/// The first event that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {seq} {why}")]
pub struct Broken {
    /// Its number.
    pub seq: u64,
    /// What is wrong with it, as the end of a sentence.
    pub why: String,
}

/// What an event's hash is made of: the hash before, the number, the time and the bytes as they are stored.
pub(super) fn hash(before: &Digest, seq: u64, at_ns: i64, body: &str) -> Digest {
    Digest::of_parts([&before.as_bytes()[..], &seq.to_le_bytes(), &at_ns.to_le_bytes(), body.as_bytes()])
}

/// A row as it is stored.
pub(super) struct Row {
    pub(super) seq: u64,
    pub(super) at_ns: i64,
    pub(super) before: Digest,
    pub(super) hash: Digest,
    pub(super) body: String,
}

impl Row {
    pub(super) const COLUMNS: &'static str = "seq, at_ns, before, hash, body";

    pub(super) fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            seq: row.get::<_, i64>(0)?.cast_unsigned(),
            at_ns: row.get(1)?,
            before: row.get::<_, [u8; 32]>(2)?.into(),
            hash: row.get::<_, [u8; 32]>(3)?.into(),
            body: row.get(4)?,
        })
    }
}

/// Walks all events in one read transaction, so that appending processes do not disturb it.
pub(super) fn verify(connection: &Connection, anchors: &[Head]) -> Result<Verified, Broken> {
    let mut head = Head::empty();
    let walked = walk(connection, anchors, &mut head);
    let next = head.seq + 1;
    walked.map_err(|error| Broken { seq: next, why: format!("cannot be read: {error}") })??;
    if let Some(lost) = anchors.iter().filter(|anchor| anchor.seq > head.seq).map(|anchor| anchor.seq).max() {
        return Err(Broken { seq: next, why: format!("is missing: the ledger once reached event {lost}") });
    }
    Ok(Verified { events: head.seq, head: head.hash })
}

fn walk(connection: &Connection, anchors: &[Head], head: &mut Head) -> rusqlite::Result<Result<(), Broken>> {
    let transaction = connection.unchecked_transaction()?;
    let mut statement =
        transaction.prepare(&format!("SELECT {} FROM events NOT INDEXED ORDER BY seq", Row::COLUMNS))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let row = Row::read(row)?;
        if let Err(broken) = check(&row, head, anchors) {
            return Ok(Err(broken));
        }
        *head = Head { seq: row.seq, hash: row.hash };
    }
    let reached = highest(&transaction)?;
    if reached != head.seq {
        let why = format!("is missing: events up to {reached} were written");
        return Ok(Err(Broken { seq: head.seq + 1, why }));
    }
    let pages: String = transaction.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if pages != "ok" {
        return Ok(Err(Broken { seq: head.seq, why: format!("is whole, but the file is damaged: {pages}") }));
    }
    Ok(Ok(()))
}

/// The highest number ever given out; `SQLite` keeps it apart from the events, so it survives their removal.
pub(super) fn highest(connection: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)";
    Ok(connection.query_row(sql, [], |row| row.get::<_, i64>(0))?.cast_unsigned())
}

fn check(row: &Row, head: &Head, anchors: &[Head]) -> Result<(), Broken> {
    let expected = head.seq + 1;
    let broken = |seq, why: &str| Err(Broken { seq, why: why.to_owned() });
    if row.seq > expected {
        return broken(expected, "is missing");
    }
    if row.seq < expected {
        return broken(row.seq, "has a number that thymus never gives");
    }
    // Computed with the hash the row itself claims to follow, to tell whether this row or the one before is wrong.
    let itself = row.hash == hash(&row.before, row.seq, row.at_ns, &row.body);
    match (row.before == head.hash, itself) {
        (true, true) => {}
        (true, false) => return broken(row.seq, "was changed"),
        (false, true) if head.seq > 0 => return broken(head.seq, "was changed and given a new hash"),
        (false, true) => return broken(row.seq, "begins another ledger: what stood before it is gone"),
        (false, false) => {
            return broken(row.seq, "does not follow the one before: events were moved, removed or changed");
        }
    }
    if let Some(anchor) = anchors.iter().find(|anchor| anchor.seq == row.seq && anchor.hash != row.hash) {
        return Err(Broken {
            seq: row.seq,
            why: format!("or one before it was rewritten: its hash was {}", anchor.hash),
        });
    }
    if let Err(error) = serde_json::from_str::<Event>(&row.body) {
        return Err(Broken {
            seq: row.seq,
            why: format!("is as it was written, but this thymus cannot read it: {error}"),
        });
    }
    Ok(())
}
