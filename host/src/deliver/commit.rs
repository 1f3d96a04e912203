//! Makes a commit out of a patch: objects only, and the same ones every time.

use std::path::Path;

use gix::ObjectId;
use gix::bstr::{BStr, ByteSlice};
use gix::objs::tree::{Editor, EntryKind};
use gix::objs::{Kind, Tree, TreeRefIter};

use super::DeliverError;
use super::open::{commit_id, open};
use crate::model::{Patch, PatchedFile, RepoPath};

/// Who a commit says made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// A name.
    pub name: String,
    /// An address.
    pub email: String,
}

impl Default for Author {
    fn default() -> Self {
        Self { name: "thymus".to_owned(), email: "thymus@localhost".to_owned() }
    }
}

/// Writes the patched tree and a commit on top of the patch's base, and gives the commit's id. No reference points at
/// it yet: stopped here, git forgets it. The same arguments give the same id, so that a run after a crash finds what
/// the one before it made. `seconds` counts from 1970.
pub fn commit(
    git_dir: &Path,
    patch: &Patch,
    message: &str,
    author: &Author,
    seconds: i64,
) -> Result<String, DeliverError> {
    let repository = open(git_dir)?;
    let base = commit_id(&repository, &patch.base)?;
    let wrong =
        |error: &dyn std::fmt::Display| DeliverError::Object { oid: patch.base.clone(), why: error.to_string() };
    let base_tree =
        repository.find_commit(base).and_then(|found| Ok(found.tree_id()?.detach())).map_err(|e| wrong(&e))?;
    for file in &patch.files {
        fits(&repository, base_tree, patch, file)?;
    }
    let tree = write_tree(&repository, base_tree, patch)?;
    if tree == base_tree {
        return Err(DeliverError::Empty { base: patch.base.clone() });
    }
    let who = gix::actor::Signature {
        name: plain(&author.name).into(),
        email: plain(&author.email).into(),
        time: gix::date::Time::new(seconds, 0),
    };
    let made = gix::objs::Commit {
        message: message.into(),
        tree,
        author: who.clone(),
        committer: who,
        encoding: None,
        parents: std::iter::once(base).collect(),
        extra_headers: Vec::new(),
    };
    repository.write_object(&made).map(|id| id.to_string()).map_err(|error| unwritten(&error))
}

fn write_tree(repository: &gix::Repository, base: ObjectId, patch: &Patch) -> Result<ObjectId, DeliverError> {
    let root = repository.find_tree(base).and_then(|tree| Ok(Tree::from(tree.decode()?)));
    let root = root.map_err(|error| DeliverError::Object { oid: base.to_string(), why: error.to_string() })?;
    let mut editor = Editor::new(root, &repository.objects, repository.object_hash());
    // Deletions first: a file may become a folder of the same name.
    for file in patch.files.iter().filter(|file| file.after.is_none()) {
        editor.remove_leaf(names(&file.path)).map_err(|error| unwritten(&error))?;
    }
    for file in &patch.files {
        let Some(after) = &file.after else { continue };
        let blob = repository.write_blob(&after.bytes).map_err(|error| unwritten(&error))?.detach();
        let kind = if after.executable { EntryKind::BlobExecutable } else { EntryKind::Blob };
        editor.upsert(names(&file.path), kind, blob).map_err(|error| unwritten(&error))?;
    }
    editor.write(|tree| repository.write_object(tree).map(gix::Id::detach)).map_err(|error| unwritten(&error))
}

fn names(path: &RepoPath) -> impl Iterator<Item = &BStr> {
    path.as_str().split('/').map(|name| name.as_bytes().as_bstr())
}

/// What the patch says was there must be there, bit for bit; nothing may hide behind a symbolic link or a submodule.
fn fits(repository: &gix::Repository, root: ObjectId, patch: &Patch, file: &PatchedFile) -> Result<(), DeliverError> {
    let unfit = |why| DeliverError::Unfit { base: patch.base.clone(), path: file.path.clone(), why };
    let names: Vec<&BStr> = names(&file.path).collect();
    let mut tree = root;
    let mut found = None;
    for (at, name) in names.iter().enumerate() {
        found = entry(repository, tree, name)?;
        let last = at + 1 == names.len();
        match found {
            Some((EntryKind::Tree, id)) if !last => tree = id,
            Some(_) if last => {}
            None => break,
            // A patch may turn a file into a folder, if it deletes the file itself.
            Some((EntryKind::Blob | EntryKind::BlobExecutable, _)) if deletes(patch, &names[..=at]) => {
                found = None;
                break;
            }
            Some(_) => return Err(unfit("its folder is a file, a symbolic link or a submodule there")),
        }
    }
    let there = match found {
        None => None,
        Some((EntryKind::Blob, id)) => Some((false, id)),
        Some((EntryKind::BlobExecutable, id)) => Some((true, id)),
        Some(_) => return Err(unfit("it is a folder, a symbolic link or a submodule there")),
    };
    match (&file.before, there) {
        (None, None) if file.after.is_some() => Ok(()),
        (None, None) => Err(unfit("it says nothing of that file")),
        (None, Some(_)) => Err(unfit("the file is there already")),
        (Some(_), None) => Err(unfit("the file is not there")),
        (Some(before), Some((executable, id))) => {
            let expected = gix::objs::compute_hash(repository.object_hash(), Kind::Blob, &before.bytes);
            if !expected.is_ok_and(|expected| expected == id) {
                return Err(unfit("the file's content is another"));
            }
            if before.executable != executable
                || file.after.as_ref().is_some_and(|after| after.executable != executable)
            {
                return Err(unfit("the file's mode is another"));
            }
            Ok(())
        }
    }
}

fn deletes(patch: &Patch, names: &[&BStr]) -> bool {
    patch.files.iter().any(|file| file.after.is_none() && self::names(&file.path).eq(names.iter().copied()))
}

fn entry(
    repository: &gix::Repository,
    tree: ObjectId,
    name: &BStr,
) -> Result<Option<(EntryKind, ObjectId)>, DeliverError> {
    let wrong = |why: String| DeliverError::Object { oid: tree.to_string(), why };
    let data = repository.find_tree(tree).map_err(|error| wrong(error.to_string()))?;
    for entry in TreeRefIter::from_bytes(&data.data, repository.object_hash()) {
        let entry = entry.map_err(|error| wrong(error.to_string()))?;
        if entry.filename == name {
            return Ok(Some((entry.mode.kind(), entry.oid.to_owned())));
        }
    }
    Ok(None)
}

/// Git's headers know no escapes: these characters would end the field.
fn plain(text: &str) -> String {
    let kept: String = text.chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>')).take(200).collect();
    let kept = kept.trim();
    if kept.is_empty() { "thymus".to_owned() } else { kept.to_owned() }
}

fn unwritten(error: &dyn std::fmt::Display) -> DeliverError {
    DeliverError::Write { why: error.to_string() }
}
