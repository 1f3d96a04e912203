//! The changed files of a patch in a folder of their own, to be laid over a snapshot where tests run.
//!
//! Never the tree that is delivered: that comes from the [`Patch`] itself.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};

use crate::model::{Patch, RepoPath};

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Where.
    pub dir: PathBuf,
    /// Files that stand in `dir` now.
    pub written: Vec<RepoPath>,
    /// Files that the patch takes away; nothing stands for them in `dir`.
    pub removed: Vec<RepoPath>,
}

/// Why there is no layer.
#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// Something already stands in the folder, and it could be a link.
    #[error("{} is not empty; a patch is written into a new folder only", .0.display())]
    NotEmpty(PathBuf),
    /// The file system refused.
    #[error("could not write {what} in {}: {source}; check its space and permissions", .dir.display())]
    Write {
        /// The folder.
        dir: PathBuf,
        /// The file in it, or the folder itself.
        what: String,
        /// Its word.
        source: io::Error,
    },
}

/// Writes the patched files into `dir`, which is new or empty. All writes go through one directory handle that
/// nothing leads out of.
pub fn write_layer(patch: &Patch, dir: &Path) -> Result<Layer, PatchError> {
    let fail = |what: &str| {
        let (dir, what) = (dir.to_owned(), what.to_owned());
        move |source| PatchError::Write { dir, what, source }
    };
    std::fs::create_dir_all(dir).map_err(fail("the folder"))?;
    let root = Dir::open_ambient_dir(dir, ambient_authority()).map_err(fail("the folder"))?;
    if root.entries().map_err(fail("the folder"))?.next().is_some() {
        return Err(PatchError::NotEmpty(dir.to_owned()));
    }
    let mut layer = Layer { dir: dir.to_owned(), written: Vec::new(), removed: Vec::new() };
    for file in &patch.files {
        let Some(after) = &file.after else {
            layer.removed.push(file.path.clone());
            continue;
        };
        let fail = fail(file.path.as_str());
        write(&root, &file.path, &after.bytes, after.executable).map_err(fail)?;
        layer.written.push(file.path.clone());
    }
    Ok(layer)
}

fn write(root: &Dir, path: &RepoPath, bytes: &[u8], executable: bool) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        root.create_dir_all(parent)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(if executable { 0o755 } else { 0o644 });
    root.open_with(path, &options)?.write_all(bytes)
}
