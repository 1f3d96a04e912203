//! A fix as a plugin proposes it: typed changes, never a diff, never a written file.

use serde::{Deserialize, Serialize};

use super::{Confidence, Digest, RepoPath};

/// What a changed file is to the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Role {
    Source,
    Test,
    Docs,
}

/// Replaces the bytes `start..end`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// First byte replaced.
    pub start: u64,
    /// The byte after the last; equal to `start` for an insertion.
    pub end: u64,
    /// What stands there then.
    pub replacement: String,
}

/// One change to one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Change {
    /// A file that was not there.
    Create {
        /// Where.
        path: RepoPath,
        /// All of it.
        content: String,
        /// What it is.
        role: Role,
    },
    /// Edits in order, without overlap.
    Edit {
        /// Where.
        path: RepoPath,
        /// What the edits were made against.
        base: Digest,
        /// The edits.
        edits: Vec<Edit>,
        /// What the file is.
        role: Role,
    },
    /// A file moves, unchanged.
    Rename {
        /// From here.
        from: RepoPath,
        /// To there.
        to: RepoPath,
        /// What it held when the proposal was made.
        base: Digest,
        /// What the file is.
        role: Role,
    },
    /// A file goes.
    Delete {
        /// Where.
        path: RepoPath,
        /// What it held when the proposal was made.
        base: Digest,
        /// What the file was.
        role: Role,
    },
}

impl Change {
    /// The path the change leaves something at, or took it from.
    pub fn path(&self) -> &RepoPath {
        match self {
            Self::Create { path, .. } | Self::Edit { path, .. } | Self::Delete { path, .. } => path,
            Self::Rename { to, .. } => to,
        }
    }

    /// What the plugin says the file is. The plugin says it; policy's globs decide.
    pub fn role(&self) -> Role {
        match self {
            Self::Create { role, .. }
            | Self::Edit { role, .. }
            | Self::Rename { role, .. }
            | Self::Delete { role, .. } => *role,
        }
    }
}

/// What a proposal promises; the **improves** gate measures it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Expectation {
    /// Its tests fail without the patch and pass with it.
    TestsTurnGreen,
    /// Its tests pass both ways and fail when the handler is broken.
    TestsCover {
        /// The handler.
        handler: String,
    },
    /// The handler takes at least so many percent less time.
    Faster {
        /// The handler.
        handler: String,
        /// Between 0 and 100.
        percent: f64,
    },
    /// The documentation check passes.
    DocsAgree,
}

/// A fix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// The first line of the commit message.
    pub title: String,
    /// For the reviewer.
    pub explanation: String,
    /// One per path.
    pub changes: Vec<Change>,
    /// What it promises.
    pub expects: Vec<Expectation>,
    /// How sure.
    pub confidence: Confidence,
}
