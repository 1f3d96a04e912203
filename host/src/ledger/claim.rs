//! Claims keep two processes from working on the same case or repository.
//!
//! A claim is an OS lock on a file, so it ends with its process however that ends. The files themselves stay: taking
//! one away would let two processes lock two files of one name.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a child may hold what its killed parent held; forking and starting take milliseconds on an idle machine.
const INHERITED: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(10);

/// The right to work on one case or repository; dropping it gives it back.
#[derive(Debug)]
#[must_use = "a claim that is dropped guards nothing"]
pub struct Claim {
    _file: File,
}

/// Why there is no claim.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Busy {
    #[error("{what} is being worked on by another thymus{}; wait for it or end it", match by { Some(pid) => format!(" (process {pid})"), None => String::new() })]
    Held { what: String, by: Option<u32> },
    #[error("the lock {path} cannot be used ({source}); make the folder writable or choose another with --state")]
    Lock { path: PathBuf, source: io::Error },
}

/// Opens a lock file, never through a symlink.
pub(super) fn lock_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).map_err(io::Error::other)?)
        .open(path)
}

/// Takes the lock or says who has it: at once, unless that process is dead. Then it was killed while it started another,
/// and until that one has begun its own program, or ended, it holds what its parent held.
pub(super) fn claim(path: &Path, what: &str) -> Result<Claim, Busy> {
    let lock = |source| Busy::Lock { path: path.to_path_buf(), source };
    let mut file = lock_file(path).map_err(lock)?;
    let patience = Instant::now() + INHERITED;
    loop {
        match file.try_lock() {
            Ok(()) => {
                // The number is for messages only, so a disk that cannot take it does not stop anything.
                let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
                return Ok(Claim { _file: file });
            }
            Err(TryLockError::WouldBlock) => {
                let by = holder(&mut file);
                if by.is_none_or(is_alive) || Instant::now() > patience {
                    return Err(Busy::Held { what: what.to_owned(), by });
                }
                std::thread::sleep(PAUSE);
            }
            Err(TryLockError::Error(source)) => return Err(lock(source)),
        }
    }
}

/// The process that wrote its number when it took the lock.
fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().and_then(|()| file.take(16).read_to_string(&mut text)).ok()?;
    text.trim().parse().ok()
}

/// Whether there is such a process, as far as this one can see.
fn is_alive(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_none_or(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}
