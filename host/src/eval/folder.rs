//! Lists a folder that a stranger packed: within bounds, by paths that can stand in a repository, without following links.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::model::RepoPath;

/// What may be in a folder.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub files: usize,
    pub bytes: u64,
}

/// A project.
pub(super) const PROJECT: Bounds = Bounds { files: 20_000, bytes: 512 << 20 };
/// Hidden files of one check.
pub(super) const HIDDEN: Bounds = Bounds { files: 2_000, bytes: 64 << 20 };

/// What a folder holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Listed {
    pub files: BTreeMap<RepoPath, Packed>,
    /// What can't be taken, and why: links lead who knows where, and some names stand in no snapshot.
    pub left_out: Vec<String>,
}

/// A file of the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packed {
    pub at: PathBuf,
    pub executable: bool,
}

/// Why a folder can't be taken; the text says what to do.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum Unfit {
    #[error("{0} can't be read: {1}; check that it is there and that you may read it")]
    Unreadable(String, String),
    #[error("it holds more than {0} {1}; take out what the case doesn't need")]
    TooMuch(u64, &'static str),
    #[error("it holds no file")]
    Empty,
}

/// All files below `top`.
pub(super) fn list(top: &Path, bounds: Bounds) -> Result<Listed, Unfit> {
    let mut listed = Listed::default();
    let (mut entries, mut bytes) = (0, 0_u64);
    // A path of a repository has at most 128 names, so the depth is bounded by the names' check.
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let here = top.join(&folder);
        let unreadable = |error: std::io::Error| Unfit::Unreadable(here.display().to_string(), error.to_string());
        for entry in std::fs::read_dir(&here).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            entries += 1;
            if entries > bounds.files {
                return Err(Unfit::TooMuch(bounds.files as u64, "files and folders"));
            }
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            let path = match RepoPath::new(&path) {
                Ok(path) => path,
                Err(refusal) => {
                    listed.left_out.push(format!("{path}: {refusal}"));
                    continue;
                }
            };
            let about = entry.metadata().map_err(unreadable)?;
            if about.is_dir() {
                folders.push(path.as_str().to_owned());
            } else if about.is_file() {
                bytes += about.len();
                if bytes > bounds.bytes {
                    return Err(Unfit::TooMuch(bounds.bytes, "bytes"));
                }
                let executable = about.permissions().mode() & 0o100 != 0;
                listed.files.insert(path, Packed { at: entry.path(), executable });
            } else {
                listed.left_out.push(format!("{path}: it is a symbolic link, a device or a pipe"));
            }
        }
    }
    if listed.files.is_empty() { Err(Unfit::Empty) } else { Ok(listed) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn files_are_listed_by_their_paths() {
        let top = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(top.path().join("src/deep")).unwrap();
        std::fs::write(top.path().join("src/deep/a.js"), "1").unwrap();
        std::fs::write(top.path().join("b"), "2").unwrap();
        let files: Vec<String> = list(top.path(), HIDDEN).unwrap().files.keys().map(ToString::to_string).collect();
        assert_eq!(files, ["b", "src/deep/a.js"]);
    }

    #[test]
    fn links_and_git_folders_are_left_out_and_too_much_is_refused() {
        let top = tempfile::tempdir().unwrap();
        assert_eq!(list(top.path(), HIDDEN), Err(Unfit::Empty));
        std::fs::write(top.path().join("a"), "12345").unwrap();
        assert_eq!(list(top.path(), Bounds { files: 9, bytes: 4 }), Err(Unfit::TooMuch(4, "bytes")));
        std::fs::write(top.path().join("b"), "1").unwrap();
        assert_eq!(list(top.path(), Bounds { files: 1, bytes: 99 }), Err(Unfit::TooMuch(1, "files and folders")));
        std::os::unix::fs::symlink("/etc/passwd", top.path().join("c")).unwrap();
        std::fs::create_dir(top.path().join(".git")).unwrap();
        std::fs::write(top.path().join(".git/config"), "").unwrap();
        let listed = list(top.path(), HIDDEN).unwrap();
        assert_eq!((listed.files.len(), listed.left_out.len()), (2, 2), "{listed:?}");
    }
}
