//! A run's own folders, on the state's disk: gone with their handle, and swept by a later run where a kill left one.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use super::HealError;

const PREFIX: &str = ".run-";
/// Held locked for as long as the folder's owner lives; the kernel lets go of it, however the owner ends.
const ALIVE: &str = "alive";
/// A folder is made and locked well within this time.
const YOUNG: Duration = Duration::from_mins(1);

/// A folder that nobody else uses.
pub(super) struct Private {
    dir: TempDir,
    _alive: File,
}

impl Private {
    pub fn new(parent: &Path) -> Result<Self, HealError> {
        let wrong = |source| HealError::State { path: parent.to_owned(), source };
        fs::create_dir_all(parent).map_err(wrong)?;
        let dir = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent).map_err(wrong)?;
        let alive = File::create(dir.path().join(ALIVE)).map_err(wrong)?;
        alive.lock().map_err(wrong)?;
        Ok(Self { dir, _alive: alive })
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }
}

/// Removes what killed runs left in `parent`. A folder that can't be removed now is the next run's to try.
pub(super) fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX)) {
        let path = entry.path();
        let orphaned = match File::open(path.join(ALIVE)) {
            Ok(alive) => !matches!(alive.try_lock(), Err(TryLockError::WouldBlock)),
            // Killed, or still being made.
            Err(_) => entry
                .metadata()
                .and_then(|about| about.modified())
                .is_ok_and(|made| made.elapsed().is_ok_and(|age| age > YOUNG)),
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
        fs::write(parent.path().join("ledger.db"), "").unwrap();
        sweep(parent.path());
        assert!(used.path().is_dir());
        assert!(!left.exists());
        assert!(parent.path().join("ledger.db").exists());
    }
}
