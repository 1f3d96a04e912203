//! Opens a repository so that its configuration has no say, and keeps writing inside it.

use std::path::Path;

use gix::ObjectId;

use super::DeliverError;

pub(super) fn open(git_dir: &Path) -> Result<gix::Repository, DeliverError> {
    let wrong = |why: String| DeliverError::Open { path: git_dir.to_owned(), why };
    // The same options as the snapshot room's, so that both see the same commits.
    gix::open::Options::isolated()
        .bail_if_untrusted(true)
        .config_overrides(["core.useReplaceRefs=false"])
        .open(git_dir)
        .map(|repository| repository.to_thread_local())
        .map_err(|error| wrong(error.to_string()))
}

/// A commit's full id, of a commit that is really there.
pub(super) fn commit_id(repository: &gix::Repository, text: &str) -> Result<ObjectId, DeliverError> {
    let wrong = |why: String| DeliverError::Object { oid: text.to_owned(), why };
    let id = ObjectId::from_hex(text.as_bytes()).map_err(|error| wrong(error.to_string()))?;
    repository.find_commit(id).map_err(|error| wrong(error.to_string()))?;
    Ok(id)
}
