//! Reads a commit out of a repository nobody trusts: names its files, lays them out in a folder, reads one of them.
//!
//! It isn't `git checkout`: no git program runs, no filter, hook, attribute or monitor of the repository's configuration is
//! looked at, and nothing is ever written into the repository. What the room can't represent is named, not hidden.

mod lay_out;
mod repository;
mod take;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::model::RepoPath;

pub use lay_out::{LaidOut, is_named};
pub use repository::Repository;

/// A file of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The blob's id, in hexadecimal.
    pub oid: String,
    /// Mode 100755 instead of 100644.
    pub executable: bool,
    /// In bytes.
    pub size: u64,
}

/// The index of one commit's tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The commit, in hexadecimal.
    pub commit: String,
    /// Its tree, in hexadecimal.
    pub tree: String,
    /// Every regular file that can be represented.
    pub files: BTreeMap<RepoPath, Entry>,
    /// Paths that are symbolic links: they are left out, and no patch may lead through them.
    pub symlinks: BTreeSet<RepoPath>,
    /// What isn't in `files`: the path as far as it can be written down, and why.
    pub left_out: Vec<(String, String)>,
}

/// Why no snapshot could be made.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Not a repository, broken, or another user's.
    #[error("{path} can't be opened as a git repository: {why}. Run thymus at the top of a repository that you own")]
    Open {
        /// The folder.
        path: PathBuf,
        /// What git's library said.
        why: String,
    },
    /// `.git` or `core.worktree` leads somewhere else.
    #[error("{path} is not what it seems: {why}. Run thymus in the folder of the real repository")]
    Elsewhere {
        /// The folder.
        path: PathBuf,
        /// Where it leads.
        why: String,
    },
    /// No such commit.
    #[error("there is no commit {commit:?} in {path}: {why}. Commit something first, or name a commit that exists")]
    NoCommit {
        /// The repository.
        path: PathBuf,
        /// What was asked for.
        commit: String,
        /// What was found.
        why: String,
    },
    /// An object is absent or damaged.
    #[error("git object {oid} can't be read: {why}. Run `git fsck` on a repository that you trust")]
    Object {
        /// Its id.
        oid: String,
        /// What was wrong.
        why: String,
    },
    /// More than thymus takes.
    #[error("the commit is too large for a snapshot: {what} is more than {limit}")]
    TooLarge {
        /// What was counted.
        what: &'static str,
        /// The most that is taken.
        limit: u64,
    },
    /// Not in the snapshot.
    #[error("{0} is not a file of this snapshot")]
    NoFile(RepoPath),
    /// A pattern that means nothing.
    #[error("the pattern {glob:?} is not understood: {why}")]
    Glob {
        /// The pattern.
        glob: String,
        /// What is wrong.
        why: String,
    },
    /// The file system said no.
    #[error("{path}: {source}. Check that the folder is writable and has space left")]
    Io {
        /// Where.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
    /// The person asked to stop.
    #[error("stopped while the snapshot was laid out; nothing of it was kept")]
    Cancelled,
}

#[cfg(test)]
mod tests;
