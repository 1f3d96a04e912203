//! Moves references: each from exactly what is expected to be there, or not at all.

use std::fs;
use std::path::Path;

use gix::ObjectId;
use gix::refs::transaction::{Change, LogChange, PreviousValue, RefEdit, RefLog};
use gix::refs::{FullName, Target};

use super::DeliverError;
use super::commit::Author;
use super::open::{commit_id, open};

/// How a branch came to point at a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// It was made now.
    Created,
    /// It already pointed there, from a run before.
    AlreadyThere,
}

/// How a reviewed branch came to hold a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merged {
    /// It was moved forward now.
    Forwarded,
    /// It already pointed there, from a run before.
    AlreadyThere,
}

/// How a branch went away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolledBack {
    /// It was deleted now.
    Deleted,
    /// There was none.
    AlreadyGone,
}

/// Makes `thymus/<case>` point at a commit. A branch that points elsewhere is an error and stays.
pub fn publish(git_dir: &Path, branch: &str, commit: &str) -> Result<Published, DeliverError> {
    let name = own(branch)?;
    let repository = open(git_dir)?;
    let id = commit_id(&repository, commit)?;
    if points_at(&repository, &name)? == At::Commit(id) {
        return Ok(Published::AlreadyThere);
    }
    may_write(&repository, &name)?;
    let edit = update(&name, id, PreviousValue::MustNotExist, "thymus: publish");
    match write(&repository, edit) {
        Ok(()) => Ok(Published::Created),
        Err(error) => match points_at(&repository, &name)? {
            // Another run was faster.
            At::Commit(found) if found == id => Ok(Published::AlreadyThere),
            At::Nothing => Err(error),
            found => Err(moved(branch, &found, commit)),
        },
    }
}

/// Moves a branch that nobody has checked out from `expected` forward to a commit whose parent `expected` is.
pub fn merge(git_dir: &Path, branch: &str, expected: &str, commit: &str) -> Result<Merged, DeliverError> {
    let name = any(branch)?;
    let repository = open(git_dir)?;
    let (from, to) = (commit_id(&repository, expected)?, commit_id(&repository, commit)?);
    let parents = repository.find_commit(to).map(|found| found.parent_ids().map(gix::Id::detach).collect::<Vec<_>>());
    if !parents.is_ok_and(|parents| parents == [from]) {
        return Err(DeliverError::Object { oid: commit.to_owned(), why: format!("its one parent isn't {expected}") });
    }
    match points_at(&repository, &name)? {
        At::Commit(found) if found == to => return Ok(Merged::AlreadyThere),
        At::Commit(found) if found == from => {}
        found => return Err(moved(branch, &found, expected)),
    }
    may_write(&repository, &name)?;
    let edit = update(&name, to, PreviousValue::MustExistAndMatch(Target::Object(from)), "thymus: apply");
    match write(&repository, edit) {
        Ok(()) => Ok(Merged::Forwarded),
        Err(error) => match points_at(&repository, &name)? {
            At::Commit(found) if found == to => Ok(Merged::AlreadyThere),
            At::Commit(found) if found == from => Err(error),
            found => Err(moved(branch, &found, expected)),
        },
    }
}

/// Deletes `thymus/<case>` if it still points at the commit that was published. People's commits on it are never lost.
pub fn roll_back(git_dir: &Path, branch: &str, commit: &str) -> Result<RolledBack, DeliverError> {
    let name = own(branch)?;
    let repository = open(git_dir)?;
    let wrong = |error: &dyn std::fmt::Display| DeliverError::Object { oid: commit.to_owned(), why: error.to_string() };
    let id = ObjectId::from_hex(commit.as_bytes()).map_err(|error| wrong(&error))?;
    match points_at(&repository, &name)? {
        At::Nothing => return Ok(RolledBack::AlreadyGone),
        At::Commit(found) if found == id => {}
        found => return Err(moved(branch, &found, commit)),
    }
    may_write(&repository, &name)?;
    let change =
        Change::Delete { expected: PreviousValue::MustExistAndMatch(Target::Object(id)), log: RefLog::AndReference };
    match write(&repository, RefEdit { change, name: name.clone(), deref: false }) {
        Ok(()) => Ok(RolledBack::Deleted),
        Err(error) => match points_at(&repository, &name)? {
            At::Nothing => Ok(RolledBack::AlreadyGone),
            At::Commit(found) if found == id => Err(error),
            found => Err(moved(branch, &found, commit)),
        },
    }
}

#[derive(PartialEq, Eq)]
enum At {
    Nothing,
    Commit(ObjectId),
    /// Another reference: writing would write that one's name, so thymus doesn't.
    Symbolic,
}

fn points_at(repository: &gix::Repository, name: &FullName) -> Result<At, DeliverError> {
    match repository.try_find_reference(name) {
        Ok(None) => Ok(At::Nothing),
        Ok(Some(found)) => Ok(found.target().try_id().map_or(At::Symbolic, |id| At::Commit(id.to_owned()))),
        Err(error) => Err(DeliverError::Write { why: error.to_string() }),
    }
}

/// `thymus/` and one name of lower-case letters, digits and dashes: what a case's id is made of.
fn own(branch: &str) -> Result<FullName, DeliverError> {
    let case = branch.strip_prefix("thymus/").unwrap_or_default();
    let ok = (1..=64).contains(&case.len())
        && case.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !case.starts_with('-');
    if ok { any(branch) } else { Err(refused(branch, "it is not thymus/<case>")) }
}

fn any(branch: &str) -> Result<FullName, DeliverError> {
    if branch.starts_with("refs/") || branch.starts_with('-') {
        return Err(refused(branch, "a branch's short name is expected, as in main"));
    }
    FullName::try_from(format!("refs/heads/{branch}")).map_err(|_| refused(branch, "git allows no such name"))
}

fn refused(name: &str, why: &'static str) -> DeliverError {
    DeliverError::Name { name: name.to_owned(), why }
}

fn moved(branch: &str, found: &At, expected: &str) -> DeliverError {
    let found = match found {
        At::Nothing => "nothing".to_owned(),
        At::Commit(id) => id.to_string(),
        At::Symbolic => "another reference".to_owned(),
    };
    DeliverError::Moved { branch: branch.to_owned(), found, expected: expected.to_owned() }
}

/// Not where somebody works, and not through a symbolic link out of the repository.
fn may_write(repository: &gix::Repository, name: &FullName) -> Result<(), DeliverError> {
    let common = repository.common_dir();
    let mut heads = vec![repository.git_dir().join("HEAD"), common.join("HEAD")];
    if let Ok(linked) = fs::read_dir(common.join("worktrees")) {
        heads.extend(linked.flatten().map(|tree| tree.path().join("HEAD")));
    }
    let here = format!("ref: {}", name.as_bstr());
    if heads.iter().any(|head| fs::read_to_string(head).is_ok_and(|text| text.trim_end() == here)) {
        return Err(DeliverError::CheckedOut { branch: name.shorten().to_string() });
    }
    let full = name.as_bstr().to_string();
    for top in [common.to_owned(), common.join("logs")] {
        let mut at = top;
        for part in std::iter::once("").chain(full.split('/')) {
            at.push(part);
            if at.symlink_metadata().is_ok_and(|found| found.is_symlink()) && at != common {
                return Err(DeliverError::Write { why: format!("{} is a symbolic link", at.display()) });
            }
        }
    }
    Ok(())
}

fn update(name: &FullName, new: ObjectId, expected: PreviousValue, why: &str) -> RefEdit {
    let log = LogChange { mode: RefLog::AndReference, force_create_reflog: false, message: why.into() };
    RefEdit { change: Change::Update { log, expected, new: Target::Object(new) }, name: name.clone(), deref: false }
}

fn write(repository: &gix::Repository, edit: RefEdit) -> Result<(), DeliverError> {
    let author = Author::default();
    let who = gix::actor::Signature {
        name: author.name.into(),
        email: author.email.into(),
        time: gix::date::Time::now_utc(),
    };
    let mut time = gix::date::parse::TimeBuf::default();
    repository
        .edit_references_as(Some(edit), Some(who.to_ref(&mut time)))
        .map(|_| ())
        .map_err(|error| DeliverError::Write { why: error.to_string() })
}
