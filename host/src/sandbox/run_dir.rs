//! Directories that live as long as one run, and those of runs that were killed.
//!
//! A directory is its owner's for as long as the owner holds the lock in it, and the kernel lets go of a lock when a
//! process dies, however it dies. So what can be locked is nobody's any more, and no clock or process id has to tell.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

/// All of them begin so, and nothing else of this name is ever touched.
pub(super) const PREFIX: &str = "thymus-run-";
const LOCK: &str = "lock";
/// Between a directory and the lock in it lie microseconds; one without a lock is left alone for so long.
const YOUNG: Duration = Duration::from_mins(1);

/// A new directory that nobody else can enter. It goes when this value goes, or at the next start of a thymus.
#[derive(Debug)]
pub struct RunDir {
    path: PathBuf,
    _lock: File,
}

impl RunDir {
    /// Makes one among the system's temporary files.
    pub fn new() -> io::Result<Self> {
        let path = tempfile::Builder::new().prefix(PREFIX).tempdir()?.keep();
        let unlocked = path.join("unlocked");
        let lock = File::create_new(&unlocked)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        // Under its name it is never seen without an owner, so that no sweeper takes a directory that is just being made.
        fs::rename(unlocked, path.join(LOCK))?;
        Ok(Self { path, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its name, which no other run on this machine has.
    pub(super) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

impl Drop for RunDir {
    fn drop(&mut self) {
        // What can't be removed now is swept later.
        let _ = remove(&self.path);
    }
}

/// Removes the directories of this user whose owners are dead. What can't be looked at or removed stays.
pub(super) fn sweep() {
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else { return };
    for entry in entries.flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let Some(about) = entry.metadata().ok().filter(|about| ours && about.is_dir()) else { continue };
        if about.uid() == rustix::process::geteuid().as_raw() && abandoned(&entry.path(), &about) {
            let _ = remove(&entry.path());
        }
    }
}

/// `about` is of the directory itself, never of where a link leads: `DirEntry::metadata` follows none.
fn abandoned(dir: &Path, about: &fs::Metadata) -> bool {
    match File::open(dir.join(LOCK)) {
        Ok(lock) => flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok(),
        Err(_) => about.modified().ok().and_then(|then| then.elapsed().ok()).is_some_and(|age| age > YOUNG),
    }
}

/// Removes a tree in which a jail may have locked directories against their own owner.
fn remove(dir: &Path) -> io::Result<()> {
    if fs::remove_dir_all(dir).is_ok() {
        return Ok(());
    }
    unlock(dir)?;
    fs::remove_dir_all(dir)
}

fn unlock(dir: &Path) -> io::Result<()> {
    fs::set_permissions(dir, fs::Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            unlock(&entry.path())?;
        }
    }
    Ok(())
}
