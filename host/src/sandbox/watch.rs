//! The limits for a whole jail that no cgroup keeps: somebody has to look, often enough, and end the jail.
//!
//! Between two looks a jail can take what the machine gives in that time; so the limits of single processes and files
//! hold beside this, and the machine's own last memory is guarded too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};

use super::{Exit, Jail, Mount};

/// How often a look is taken.
const EVERY: Duration = Duration::from_millis(50);
/// A look at the disk takes as long as there are files; it may take this part of the time.
const DISK_SHARE: u32 = 10;
/// A jail that leaves the machine less than this is ended, whatever the reason.
const LAST_MEMORY: u64 = 96 << 20;
/// Directories count too, and a file without bytes isn't free.
const BYTES_PER_ENTRY: u64 = 512;
const DEEPEST: usize = 128;

/// Looks at one jail.
pub(super) struct Watch {
    /// The jail's outermost process.
    pid: u32,
    /// `None` where a cgroup does it.
    memory: Option<u64>,
    written: u64,
    dirs: Vec<PathBuf>,
    before: u64,
    next: Instant,
    next_disk: Instant,
}

impl Watch {
    /// Starts before the jail's command does.
    pub fn new(pid: u32, jail: &Jail, counted_by_cgroup: bool) -> Result<Self, String> {
        let writable = |mount: &Mount| match mount {
            Mount::Writable { host, .. } => Some(host.clone()),
            _ => None,
        };
        let dirs: Vec<PathBuf> = jail.mounts.iter().filter_map(writable).collect();
        let mut before = 0;
        for dir in &dirs {
            before += held(dir, u64::MAX).ok_or_else(|| format!("{} can't be watched", dir.display()))?;
        }
        Ok(Self {
            pid,
            memory: (!counted_by_cgroup).then_some(jail.limits.memory_bytes),
            written: jail.limits.written_bytes,
            dirs,
            before,
            next: Instant::now(),
            next_disk: Instant::now(),
        })
    }

    /// Why the jail has to end now, if it has to.
    pub fn look(&mut self) -> Option<Exit> {
        if Instant::now() < self.next {
            return None;
        }
        let memory = self.memory.is_some_and(|most| memory_over(self.pid, most));
        let exit = if memory { Some(Exit::OutOfMemory) } else { self.look_at_disk() };
        self.next = Instant::now() + EVERY;
        exit
    }

    fn look_at_disk(&mut self) -> Option<Exit> {
        let now = Instant::now();
        if self.dirs.is_empty() || now < self.next_disk {
            return None;
        }
        let over = self.overfull();
        self.next_disk = Instant::now() + now.elapsed() * DISK_SHARE;
        over.then_some(Exit::OutOfDisk)
    }

    /// Also asked once at the end: what a short run leaves counts as well.
    pub fn overfull(&self) -> bool {
        let most = self.before.saturating_add(self.written);
        let mut sum = 0_u64;
        self.dirs.iter().any(|dir| {
            sum = sum.saturating_add(held(dir, most).unwrap_or(u64::MAX));
            sum > most
        })
    }
}

/// The quick sum counts what processes share once for each. Only where that sum is too much is the exact one worth its
/// price, which rises with the memory it looks at.
fn memory_over(pid: u32, most: u64) -> bool {
    let inside = descendants(pid);
    let quick: u64 = inside.iter().map(|pid| kilobytes(*pid, "status", &["RssAnon:", "RssShmem:", "VmSwap:"])).sum();
    if quick > most / 1024 {
        let exact = |pid: &u32| match kilobytes(*pid, "smaps_rollup", &["Pss_Anon:", "Pss_Shmem:", "SwapPss:"]) {
            // Gone, or not readable: then it is believed to hold all that it seems to.
            0 => kilobytes(*pid, "status", &["RssAnon:", "RssShmem:", "VmSwap:"]),
            sum => sum,
        };
        if inside.iter().map(exact).sum::<u64>() > most / 1024 {
            return true;
        }
    }
    let machine = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    sum_of(&machine, &["MemAvailable:"]).is_some_and(|available| available < LAST_MEMORY / 1024)
}

/// A process and all that it started. Orphans belong to the first process of their namespace, so none is lost.
pub(super) fn descendants(pid: u32) -> BTreeSet<u32> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
    for process in numbers.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()) {
        // The name in parentheses may hold anything, the last parenthesis ends it.
        let parent = fs::read_to_string(format!("/proc/{process}/stat"))
            .ok()
            .and_then(|stat| stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok());
        if let Some(parent) = parent {
            children.entry(parent).or_default().push(process);
        }
    }
    let (mut all, mut next) = (BTreeSet::new(), vec![pid]);
    while let Some(pid) = next.pop() {
        if all.insert(pid) {
            next.extend(children.remove(&pid).unwrap_or_default());
        }
    }
    all
}

fn kilobytes(pid: u32, file: &str, fields: &[&str]) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    sum_of(&text, fields).unwrap_or(0)
}

fn sum_of(text: &str, fields: &[&str]) -> Option<u64> {
    let value = |line: &str| {
        let rest = fields.iter().find_map(|field| line.strip_prefix(field))?;
        rest.split_whitespace().next()?.parse::<u64>().ok()
    };
    text.lines().filter_map(value).reduce(u64::saturating_add)
}

/// What lies below a directory that somebody hostile changes meanwhile. It stops counting once that is more than `most`.
fn held(dir: &Path, most: u64) -> Option<u64> {
    let mut sum = 0;
    count(&open(CWD, dir)?, most, &mut sum, DEEPEST);
    Some(sum)
}

fn open(at: impl std::os::fd::AsFd, path: impl rustix::path::Arg) -> Option<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(at, path, flags, Mode::empty()).ok()
}

fn count(dir: &OwnedFd, most: u64, sum: &mut u64, depth: usize) {
    let Ok(entries) = Dir::read_from(dir) else { return };
    for entry in entries.flatten() {
        if *sum > most {
            return;
        }
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        let Ok(about) = rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
        let blocks = u64::try_from(about.st_blocks).unwrap_or(0);
        *sum = sum.saturating_add(blocks.saturating_mul(512)).saturating_add(BYTES_PER_ENTRY);
        if FileType::from_raw_mode(about.st_mode) == FileType::Directory {
            match open(dir, name).filter(|_| depth > 0) {
                Some(below) => count(&below, most, sum, depth - 1),
                // A directory that hides is full.
                None => *sum = u64::MAX,
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn counts_every_process_below_and_its_memory() {
        let mut child = std::process::Command::new("sh").args(["-c", "sleep 20 & sleep 20; :"]).spawn().unwrap();
        let wanted = 3;
        let deadline = Instant::now() + Duration::from_secs(10);
        while descendants(child.id()).len() < wanted && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        let found = descendants(child.id());
        assert_eq!(found.len(), wanted);
        assert!(found.iter().map(|pid| kilobytes(*pid, "status", &["RssAnon:"])).sum::<u64>() > 0);
        for pid in found {
            let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        }
        child.wait().unwrap();
    }

    #[test]
    fn a_tree_is_measured_without_following_links() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("a")).unwrap();
        fs::write(dir.path().join("a/b"), vec![1; 100_000]).unwrap();
        std::os::unix::fs::symlink("/usr", dir.path().join("c")).unwrap();
        let sum = held(dir.path(), u64::MAX).unwrap();
        assert!((100_000..140_000).contains(&sum), "{sum}");
        assert!(held(dir.path(), 10).unwrap() < sum);
    }
}
