//! Puts a patch into a repository as a commit on a `thymus/` branch, and takes it back.
//!
//! Only objects and references are written: the working tree, the index, HEAD and the branch people are on stay as they
//! are, and no git program, hook or filter runs. What is delivered is the patch's bytes, never a tree in which tests ran.

mod branch;
mod commit;
mod message;
mod open;

use std::path::PathBuf;

use crate::model::RepoPath;

pub use branch::{Merged, Published, RolledBack, merge, publish, roll_back};
pub use commit::{Author, commit};
pub use message::message;

/// Why nothing was delivered.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// Not a repository, broken, or another user's.
    #[error("{path} can't be opened as a git repository: {why}. Check that it is still there and that you own it")]
    Open {
        /// The folder.
        path: PathBuf,
        /// What git's library said.
        why: String,
    },
    /// An object is absent, damaged or of another kind.
    #[error("git object {oid} can't be used: {why}. Run `git fsck` on a repository that you trust")]
    Object {
        /// Its id, or what was given for one.
        oid: String,
        /// What was wrong.
        why: String,
    },
    /// The patch was made for something else than the commit holds.
    #[error("the patch doesn't fit {base} at {path}: {why}. Let thymus make the proposal anew")]
    Unfit {
        /// The commit it names as its base.
        base: String,
        /// The file.
        path: RepoPath,
        /// What was found instead.
        why: &'static str,
    },
    /// Nothing would change.
    #[error("the patch changes nothing in {base}. There is nothing to deliver")]
    Empty {
        /// The commit it names as its base.
        base: String,
    },
    /// A name thymus doesn't write to.
    #[error("{name:?} is no branch that thymus may write: {why}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The branch is somewhere else than expected. It isn't touched.
    #[error(
        "{branch} points at {found}, not at {expected}: somebody else wrote to it. Look at it, then move or delete it yourself"
    )]
    Moved {
        /// The branch.
        branch: String,
        /// Where it points, or `nothing`.
        found: String,
        /// Where it should.
        expected: String,
    },
    /// Somebody works on that branch.
    #[error(
        "{branch} is checked out: changing it would change somebody's working tree. Switch to another branch first"
    )]
    CheckedOut {
        /// The branch.
        branch: String,
    },
    /// The file system or a lock said no.
    #[error("git's files can't be written: {why}. Check space and rights, and that no other git holds a lock")]
    Write {
        /// What git's library said.
        why: String,
    },
}

#[cfg(test)]
mod tests;
