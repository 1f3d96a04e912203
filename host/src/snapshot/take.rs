//! Walks a commit's tree, within bounds: a few hundred bytes of git objects can name billions of files.

use std::collections::{BTreeMap, BTreeSet};

use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::objs::Kind;
use gix::objs::tree::EntryKind;

use super::{Entry, Repository, Snapshot, SnapshotError};
use crate::model::RepoPath;

/// Files, folders and whatever else a tree names.
const MOST_ENTRIES: u64 = 500_000;
/// Larger files are left out by name.
pub(super) const LARGEST_FILE: u64 = 64 << 20;
/// All files together.
const MOST_BYTES: u64 = 4 << 30;
/// One folder's own object.
const LARGEST_TREE: u64 = 64 << 20;
/// The most that is named as left out; a hostile tree could fill the ledger with them.
const MOST_LEFT_OUT: usize = 10_000;
/// Git LFS puts a small text file in the place of the content.
const LFS: &[u8] = b"version https://git-lfs.github.com/spec/v1";

impl Repository {
    /// Names every file of a commit, given by its full id.
    pub fn take(&self, commit: &str) -> Result<Snapshot, SnapshotError> {
        let local = self.local();
        let id = ObjectId::from_hex(commit.as_bytes()).map_err(|error| self.no_commit(commit, error.to_string()))?;
        let found = local.find_commit(id).map_err(|error| self.no_commit(commit, error.to_string()))?;
        let tree = found.tree_id().map_err(|error| unreadable(id, &error))?.detach();
        let mut walk = Walk {
            repository: &local,
            snapshot: Snapshot {
                commit: id.to_string(),
                tree: tree.to_string(),
                files: BTreeMap::new(),
                symlinks: BTreeSet::new(),
                left_out: Vec::new(),
            },
            folders: vec![(String::new(), tree)],
            entries: 0,
            bytes: 0,
        };
        while let Some((prefix, tree)) = walk.folders.pop() {
            walk.folder(&prefix, tree)?;
        }
        walk.snapshot.left_out.sort();
        Ok(walk.snapshot)
    }

    /// All bytes of one file, checked against its id.
    pub fn read_file(&self, snapshot: &Snapshot, path: &RepoPath) -> Result<Vec<u8>, SnapshotError> {
        let entry = snapshot.files.get(path).ok_or_else(|| SnapshotError::NoFile(path.clone()))?;
        read_blob(&self.local(), entry)
    }
}

struct Walk<'a> {
    repository: &'a gix::Repository,
    snapshot: Snapshot,
    folders: Vec<(String, ObjectId)>,
    entries: u64,
    bytes: u64,
}

impl Walk<'_> {
    fn folder(&mut self, prefix: &str, id: ObjectId) -> Result<(), SnapshotError> {
        let header = self.repository.find_header(id).map_err(|error| unreadable(id, &error))?;
        if header.size() > LARGEST_TREE {
            return Err(SnapshotError::TooLarge { what: "a folder", limit: LARGEST_TREE });
        }
        let tree = self.repository.find_tree(id).map_err(|error| unreadable(id, &error))?;
        let mut names = BTreeSet::new();
        for entry in tree.iter() {
            let entry = entry.map_err(|error| unreadable(id, &error))?;
            self.entries += 1;
            if self.entries > MOST_ENTRIES {
                return Err(SnapshotError::TooLarge { what: "the number of files", limit: MOST_ENTRIES });
            }
            let name = entry.filename().to_str_lossy();
            let text = format!("{prefix}{name}");
            if entry.filename().to_str().is_err() {
                self.leave_out(text, "its name is not UTF-8");
                continue;
            }
            if !names.insert(name.clone().into_owned()) {
                self.leave_out(text, "the folder names it twice");
                continue;
            }
            let path = match RepoPath::new(text.clone()) {
                // A slash inside a name is a tree that no git made.
                Ok(path) if !name.contains('/') => path,
                Ok(_) => {
                    self.leave_out(text, "a name holds a slash");
                    continue;
                }
                Err(refusal) => {
                    self.leave_out(text, &refusal.to_string());
                    continue;
                }
            };
            match entry.mode().kind() {
                EntryKind::Tree => self.folders.push((format!("{path}/"), entry.object_id())),
                EntryKind::Link => {
                    self.leave_out(text, "a symbolic link");
                    self.snapshot.symlinks.insert(path);
                }
                EntryKind::Commit => self.leave_out(text, "a submodule: its content is another repository's"),
                kind @ (EntryKind::Blob | EntryKind::BlobExecutable) => {
                    self.file(path, entry.object_id(), kind == EntryKind::BlobExecutable)?;
                }
            }
        }
        Ok(())
    }

    fn file(&mut self, path: RepoPath, id: ObjectId, executable: bool) -> Result<(), SnapshotError> {
        let Some(header) = self.repository.try_find_header(id).map_err(|error| unreadable(id, &error))? else {
            // A partial or shallow clone: other files may still be enough for a repair.
            self.leave_out(path.into(), "its content is not in this clone");
            return Ok(());
        };
        if header.kind() != Kind::Blob {
            self.leave_out(path.into(), "git says it is a file, and its object isn't one");
            return Ok(());
        }
        let entry = Entry { oid: id.to_string(), executable, size: header.size() };
        if entry.size > LARGEST_FILE {
            self.leave_out(path.into(), "larger than 64 MiB");
            return Ok(());
        }
        if entry.size <= 1024 && read_blob(self.repository, &entry)?.starts_with(LFS) {
            self.leave_out(path.into(), "a Git LFS pointer: its content is not in the repository");
            return Ok(());
        }
        self.bytes += entry.size;
        if self.bytes > MOST_BYTES {
            return Err(SnapshotError::TooLarge { what: "the size of all files", limit: MOST_BYTES });
        }
        self.snapshot.files.insert(path, entry);
        Ok(())
    }

    fn leave_out(&mut self, path: String, why: &str) {
        match self.snapshot.left_out.len() {
            full if full > MOST_LEFT_OUT => {}
            MOST_LEFT_OUT => self.snapshot.left_out.push(("…".to_owned(), "and more that are not named".to_owned())),
            _ => self.snapshot.left_out.push((path, why.to_owned())),
        }
    }
}

/// Git's library doesn't compare content with its id when it reads; a damaged or forged object would pass for another.
pub(super) fn read_blob(repository: &gix::Repository, entry: &Entry) -> Result<Vec<u8>, SnapshotError> {
    let wrong = |why: String| SnapshotError::Object { oid: entry.oid.clone(), why };
    let id = ObjectId::from_hex(entry.oid.as_bytes()).map_err(|error| wrong(error.to_string()))?;
    let header = repository.find_header(id).map_err(|error| wrong(error.to_string()))?;
    if header.kind() != Kind::Blob || header.size() > LARGEST_FILE {
        return Err(wrong("it is not a file of at most 64 MiB".to_owned()));
    }
    let data = repository.find_blob(id).map_err(|error| wrong(error.to_string()))?.take_data();
    if blob_id(&data) == Some(id) { Ok(data) } else { Err(wrong("its content doesn't match its id".to_owned())) }
}

/// The id that git gives to a file's content.
pub(super) fn blob_id(data: &[u8]) -> Option<ObjectId> {
    gix::objs::compute_hash(gix::hash::Kind::Sha1, Kind::Blob, data).ok()
}

fn unreadable(id: ObjectId, error: &dyn std::fmt::Display) -> SnapshotError {
    SnapshotError::Object { oid: id.to_string(), why: error.to_string() }
}
