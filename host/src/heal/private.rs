//! A run's own folders, on the state's disk: gone with their handle, and swept by a later run where a kill left one.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

use tempfile::TempDir;

use super::HealError;

const PREFIX: &str = ".run-";
/// Held locked for as long as the folder's owner lives; the kernel lets go of it, however the owner ends.
const ALIVE: &str = "alive";

/// A folder that nobody else uses.
pub(super) struct Private {
    dir: TempDir,
    _alive: File,
}

impl Private {
    pub fn new(parent: &Path) -> Result<Self, HealError> {
        let wrong = |source| HealError::State { path: parent.to_owned(), source };
        fs::create_dir_all(parent).map_err(wrong)?;
        let _making = made_by_one(parent).map_err(wrong)?;
        let dir = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent).map_err(wrong)?;
        let alive = File::create(dir.path().join(ALIVE)).map_err(wrong)?;
        alive.lock().map_err(wrong)?;
        Ok(Self { dir, _alive: alive })
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }
}

/// While this is held, nobody else makes or sweeps folders in `parent`: so a folder without an owner's lock was left by a
/// kill, and is never one that is just being made.
fn made_by_one(parent: &Path) -> io::Result<File> {
    let parent = File::open(parent)?;
    parent.lock()?;
    Ok(parent)
}

/// Removes what killed runs left in `parent`. A folder that can't be removed now is the next run's to try.
pub(super) fn sweep(parent: &Path) {
    let Ok(_sweeping) = made_by_one(parent) else { return };
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX)) {
        let path = entry.path();
        let orphaned = match File::open(path.join(ALIVE)) {
            Ok(alive) => !matches!(alive.try_lock(), Err(TryLockError::WouldBlock)),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        if orphaned {
            let _ = fs::remove_dir_all(&path);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_a_dead_run_left_goes_and_what_a_live_one_uses_stays() {
        let parent = tempfile::tempdir().unwrap();
        let used = Private::new(parent.path()).unwrap();
        let left = parent.path().join(".run-left");
        fs::create_dir(&left).unwrap();
        fs::write(left.join(ALIVE), "").unwrap();
        let half_made = parent.path().join(".run-half-made");
        fs::create_dir(&half_made).unwrap();
        fs::write(parent.path().join("ledger.db"), "").unwrap();
        sweep(parent.path());
        assert!(used.path().is_dir());
        assert!(!left.exists() && !half_made.exists());
        assert!(parent.path().join("ledger.db").exists());
    }
}
