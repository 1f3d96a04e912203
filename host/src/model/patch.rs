//! A proposal after the patch room made bytes of it. What is delivered is this value, never a tree in which tests ran.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Digest, RepoPath, Role};

/// A file's content and the one bit of its mode that a patch may never change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileState {
    /// All bytes.
    pub bytes: Arc<[u8]>,
    /// Mode 100755 instead of 100644.
    pub executable: bool,
}

/// One file of a patch. `before` and `after` are never both absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchedFile {
    /// Where.
    pub path: RepoPath,
    /// What the plugin says it is.
    pub role: Role,
    /// In the snapshot; absent for a new file.
    pub before: Option<FileState>,
    /// In the patched tree; absent for a deleted one.
    pub after: Option<FileState>,
}

/// The bytes of a proposal against one commit.
#[derive(Clone, Debug)]
pub struct Patch {
    /// The commit it applies to, in hexadecimal.
    pub base: String,
    /// Sorted by path; a rename is a deletion and a creation.
    pub files: Vec<PatchedFile>,
    /// A unified diff for people; `git apply` reads it too.
    pub diff: String,
    /// Over base, paths, modes and bytes. An approval names it and dies with it.
    pub sha256: Digest,
    /// What was measured of it.
    pub size: PatchSize,
}

/// The facts that a policy's limits look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatchSize {
    /// Files touched.
    pub files: u32,
    /// Lines added.
    pub added: u32,
    /// Lines removed.
    pub removed: u32,
}
