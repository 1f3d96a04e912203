//! Writes a snapshot's files into a folder of thymus's own: all of it or nothing, and never twice without need.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::take::{blob_id, read_blob};
use super::{Entry, Repository, Snapshot, SnapshotError};
use crate::model::{Cancel, RepoPath};

/// 1980-01-01: the same in every run, and old enough for build tools and archives that know nothing earlier.
const MTIME: Duration = Duration::from_hours(10 * 8760 + 48);

/// How the names of drafts begin; the id of the process that makes them follows.
const DRAFT: &str = ".snapshot-";
/// Nobody takes this long to lay a snapshot out.
const ABANDONED: Duration = Duration::from_hours(1);

/// A folder with a snapshot's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaidOut {
    /// Where.
    pub dir: PathBuf,
    /// How many files are in it.
    pub files: usize,
    /// What is in the commit and not in the folder, and why.
    pub left_out: Vec<(String, String)>,
}

impl Repository {
    /// Lays the files that a glob names (none: all) out at `dir`. A folder that is already there is kept if every byte
    /// of it is right, and made anew if not.
    pub fn lay_out(
        &self,
        snapshot: &Snapshot,
        globs: &[String],
        dir: &Path,
        cancel: &Cancel,
    ) -> Result<LaidOut, SnapshotError> {
        let wanted = patterns(globs)?;
        let files: BTreeMap<&RepoPath, &Entry> =
            snapshot.files.iter().filter(|(path, _)| wanted.as_ref().is_none_or(|set| set.is_match(path))).collect();
        let done = LaidOut { dir: dir.to_owned(), files: files.len(), left_out: snapshot.left_out.clone() };
        if dir.symlink_metadata().is_ok() {
            if is_right(dir, &files, cancel)? {
                return Ok(done);
            }
            // Moved away first: a crash while deleting must not leave half a folder at its name.
            let grave = beside(dir)?;
            let inside = grave.path().join("old");
            match fs::rename(dir, &inside) {
                Ok(()) => {}
                // Another process has moved it away.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(io_at(dir, source)),
            }
        }
        let fresh = beside(dir)?;
        let top = fresh.path().join("new");
        fs::create_dir(&top).map_err(|source| io_at(&top, source))?;
        let local = self.local();
        let mut parent = None;
        for (path, entry) in &files {
            if cancel.is_cancelled() {
                return Err(SnapshotError::Cancelled);
            }
            let bytes = read_blob(&local, entry)?;
            let at = top.join(path);
            // Files come in order, so a folder's files come together.
            if parent.as_deref() != at.parent() {
                parent = at.parent().map(Path::to_owned);
                fs::create_dir_all(parent.as_deref().unwrap_or(&top)).map_err(|source| io_at(&at, source))?;
            }
            write(&at, &bytes, entry.executable)?;
        }
        settle(&top, &files)?;
        match fs::rename(&top, dir) {
            Ok(()) => Ok(done),
            // Another process was faster; what it made is as good if it is the same.
            Err(_) if is_right(dir, &files, cancel)? => Ok(done),
            Err(source) => Err(io_at(dir, source)),
        }
    }
}

/// Whether a file of this path is laid out with these globs.
pub fn is_named(globs: &[String], path: &RepoPath) -> Result<bool, SnapshotError> {
    Ok(patterns(globs)?.is_none_or(|set| set.is_match(path)))
}

fn patterns(globs: &[String]) -> Result<Option<GlobSet>, SnapshotError> {
    if globs.is_empty() {
        return Ok(None);
    }
    let wrong =
        |glob: &str, error: &globset::Error| SnapshotError::Glob { glob: glob.to_owned(), why: error.to_string() };
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        set.add(GlobBuilder::new(glob).literal_separator(true).build().map_err(|error| wrong(glob, &error))?);
    }
    set.build().map(Some).map_err(|error| wrong(&globs.join(", "), &error))
}

/// A private folder on the same file system, gone again when it is dropped.
fn beside(dir: &Path) -> Result<tempfile::TempDir, SnapshotError> {
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|source| io_at(parent, source))?;
    sweep(parent);
    let prefix = format!("{DRAFT}{}-", std::process::id());
    tempfile::Builder::new().prefix(&prefix).tempdir_in(parent).map_err(|source| io_at(parent, source))
}

/// Removes the drafts of processes that were killed. One that can't be removed costs space and nothing else.
fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(DRAFT)?.split_once('-')?.0.parse::<u32>().ok());
        let Some(owner) = owner else { continue };
        let abandoned = entry
            .metadata()
            .and_then(|found| found.modified())
            .is_ok_and(|at| at.elapsed().is_ok_and(|age| age > ABANDONED));
        // A process of another PID namespace can't be seen from here; so a young draft is left alone too.
        if abandoned && !Path::new("/proc").join(owner.to_string()).exists() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn write(path: &Path, bytes: &[u8], executable: bool) -> Result<(), SnapshotError> {
    let at = |source| io_at(path, source);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(at)?;
    file.write_all(bytes).map_err(at)?;
    file.set_modified(SystemTime::UNIX_EPOCH + MTIME).map_err(at)?;
    file.set_permissions(Permissions::from_mode(mode(executable))).map_err(at)
}

/// Gives the folders the time that the files have; what is written into a folder changes its time.
fn settle(top: &Path, files: &BTreeMap<&RepoPath, &Entry>) -> Result<(), SnapshotError> {
    let folders: BTreeSet<&Path> = files.keys().flat_map(|path| Path::new(path.as_str()).ancestors().skip(1)).collect();
    for folder in folders {
        let at = top.join(folder);
        let set = File::open(&at).and_then(|open| open.set_modified(SystemTime::UNIX_EPOCH + MTIME));
        set.map_err(|source| io_at(&at, source))?;
    }
    Ok(())
}

fn mode(executable: bool) -> u32 {
    if executable { 0o555 } else { 0o444 }
}

/// Whether the folder holds exactly these files, byte for byte. Whatever can't be read is not right.
fn is_right(dir: &Path, files: &BTreeMap<&RepoPath, &Entry>, cancel: &Cancel) -> Result<bool, SnapshotError> {
    if !dir.symlink_metadata().is_ok_and(|found| found.is_dir()) {
        return Ok(false);
    }
    let mut seen = 0;
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { return Ok(false) };
        for entry in entries {
            if cancel.is_cancelled() {
                return Err(SnapshotError::Cancelled);
            }
            let Ok(entry) = entry else { return Ok(false) };
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
                continue;
            }
            let known = path
                .strip_prefix(dir)
                .ok()
                .and_then(Path::to_str)
                .and_then(|text| RepoPath::new(text).ok())
                .and_then(|path| files.get(&path).copied());
            if !known.is_some_and(|known| same(&path, known).unwrap_or(false)) {
                return Ok(false);
            }
            seen += 1;
        }
    }
    Ok(seen == files.len())
}

fn same(path: &Path, entry: &Entry) -> io::Result<bool> {
    let found = path.symlink_metadata()?;
    let as_written = found.permissions().mode() & 0o7777 == mode(entry.executable)
        && found.modified()? == SystemTime::UNIX_EPOCH + MTIME
        && found.nlink() == 1;
    if !found.is_file() || found.len() != entry.size || !as_written {
        return Ok(false);
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(entry.size + 1).read_to_end(&mut bytes)?;
    Ok(blob_id(&bytes).is_some_and(|id| gix::ObjectId::from_hex(entry.oid.as_bytes()).is_ok_and(|known| known == id)))
}

fn io_at(path: &Path, source: io::Error) -> SnapshotError {
    SnapshotError::Io { path: path.to_owned(), source }
}
