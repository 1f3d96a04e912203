//! Control groups: limits that the kernel keeps for a whole jail, however many processes share the guilt.
//!
//! Not every thymus may make one: root may, and so may a user to whom a v2 subtree was delegated. So each is tried, and
//! what came of it is in `Achieved`; what no cgroup keeps is for [`super::watch`].

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::JailLimits;

/// Where the helper itself, hakoniwa's process and the shim find room beside what the jail was granted.
const OWN_PROCESSES: u64 = 4;
const OWN_BYTES: u64 = 32 << 20;

/// One jail's groups: one with both controllers on v2, one a controller on v1. Removed with this value.
#[derive(Debug, Default)]
pub(super) struct Cgroup {
    made: Vec<PathBuf>,
    /// Names of the limits that hold.
    limits: Vec<String>,
    /// Where the kernel counts the processes that it ended for want of memory.
    kills: Option<PathBuf>,
}

impl Cgroup {
    /// Makes what can be made, under a name that no other run has; who made it is part of that.
    pub fn make(name: &str, limits: &JailLimits) -> Self {
        let (mut group, name) = (Self::default(), format!("{name}.{}", std::process::id()));
        for hierarchy in hierarchies() {
            group.add(&hierarchy, &name, limits);
        }
        group
    }

    fn add(&mut self, hierarchy: &Hierarchy, name: &str, limits: &JailLimits) {
        for parent in &hierarchy.parents {
            let dir = parent.join(name);
            if fs::create_dir(&dir).is_err() {
                continue;
            }
            let before = self.limits.len();
            let set = |file: &str, value: u64| fs::write(dir.join(file), value.to_string()).is_ok();
            let memory = limits.memory_bytes.saturating_add(OWN_BYTES);
            let new = |limit: &str| !self.limits.iter().any(|have| have == limit);
            let (most, swap, kills) = match hierarchy.version {
                1 => ("memory.limit_in_bytes", ("memory.memsw.limit_in_bytes", memory), "memory.oom_control"),
                _ => ("memory.max", ("memory.swap.max", 0), "memory.events"),
            };
            let mut held = Vec::new();
            if hierarchy.has("memory") && new("memory") && set(most, memory) {
                // Where swap isn't counted there is no such file, and mostly no swap.
                set(swap.0, swap.1);
                self.kills = Some(dir.join(kills));
                held.push("memory".to_owned());
            }
            if hierarchy.has("pids") && new("pids") && set("pids.max", limits.processes.saturating_add(OWN_PROCESSES)) {
                held.push("pids".to_owned());
            }
            self.limits.extend(held);
            if self.limits.len() > before {
                self.made.push(dir);
                return;
            }
            let _ = fs::remove_dir(&dir);
        }
    }

    /// The files through which a process joins: all that it starts afterwards is inside too.
    pub fn doors(&self) -> Vec<PathBuf> {
        self.made.iter().map(|dir| dir.join("cgroup.procs")).collect()
    }

    /// `memory`, `pids`, or nothing.
    pub fn limits(&self) -> &[String] {
        &self.limits
    }

    /// Whether the kernel ended a process inside because its memory was used up.
    pub fn ran_out_of_memory(&self) -> bool {
        let Some(text) = self.kills.as_ref().and_then(|file| fs::read_to_string(file).ok()) else { return false };
        text.lines().filter_map(|line| line.strip_prefix("oom_kill ")).any(|count| count.trim() != "0")
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        for dir in &self.made {
            // The last process may be gone for us and not yet for the kernel.
            for _ in 0..50 {
                match fs::remove_dir(dir) {
                    Err(e) if e.kind() == std::io::ErrorKind::ResourceBusy => {
                        std::thread::sleep(Duration::from_millis(2));
                    }
                    _ => break,
                }
            }
        }
    }
}

/// Removes the groups of runs whose thymus was killed. Those in which something still runs the kernel keeps.
pub(super) fn sweep(prefix: &str) {
    for parent in hierarchies().into_iter().flat_map(|hierarchy| hierarchy.parents) {
        let Ok(entries) = fs::read_dir(parent) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let maker = name.to_str().filter(|name| name.starts_with(prefix)).and_then(|name| name.rsplit_once('.'));
            if maker.is_some_and(|(_, pid)| !Path::new("/proc").join(pid).exists()) {
                let _ = fs::remove_dir(entry.path());
            }
        }
    }
}

/// One mounted tree of groups that has a controller we use.
struct Hierarchy {
    version: u8,
    controllers: Vec<String>,
    /// Where a new group may go, the best place first.
    parents: Vec<PathBuf>,
}

impl Hierarchy {
    fn has(&self, controller: &str) -> bool {
        // On v2 the file is there exactly when the parent hands the controller on, so trying is asking.
        self.version == 2 || self.controllers.iter().any(|c| c == controller)
    }
}

fn hierarchies() -> Vec<Hierarchy> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let (mine, mounts) = (read("/proc/self/cgroup"), read("/proc/self/mountinfo"));
    mine.lines()
        .filter_map(|line| {
            let (_, rest) = line.split_once(':')?;
            let (controllers, path) = rest.split_once(':')?;
            let controllers: Vec<String> = controllers.split(',').map(str::to_owned).collect();
            let ours = |c: &String| c == "memory" || c == "pids";
            // v2 names no controllers here.
            let version = if rest.starts_with(':') { 2 } else { 1 };
            if version == 1 && !controllers.iter().any(ours) {
                return None;
            }
            let dir = mounted(&mounts, version, &controllers, path)?;
            let mut parents = vec![dir.clone()];
            // On v2 a group with processes can't hand controllers on, but one beside ours can be had where its parent is
            // ours (a user's slice).
            parents.extend(dir.parent().filter(|_| version == 2 && path != "/").map(Path::to_owned));
            Some(Hierarchy { version, controllers, parents })
        })
        .collect()
}

/// Where the group `path` of a hierarchy is visible.
fn mounted(mounts: &str, version: u8, controllers: &[String], path: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        let (root, at) = {
            let mut fields = left.split(' ').skip(3);
            (fields.next()?, fields.next()?)
        };
        let mut fields = right.split(' ');
        let (kind, options) = (fields.next()?, fields.nth(1)?);
        let right_one = match version {
            1 => kind == "cgroup" && controllers.iter().all(|c| options.split(',').any(|option| option == c)),
            _ => kind == "cgroup2",
        };
        let below = if root == "/" { path } else { path.strip_prefix(root)? };
        right_one.then(|| Path::new(at).join(below.trim_start_matches('/')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
25 1 0:22 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755
33 25 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
34 25 0:31 /docker/abc /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
35 25 0:32 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw";

    #[test]
    fn finds_its_own_group_below_each_kind_of_mount() {
        let find = |version, controller: &str, path| mounted(MOUNTS, version, &[controller.to_owned()], path);
        assert_eq!(find(1, "memory", "/a/b"), Some("/sys/fs/cgroup/memory/a/b".into()));
        assert_eq!(find(1, "pids", "/docker/abc/x"), Some("/sys/fs/cgroup/pids/x".into()));
        assert_eq!(find(1, "pids", "/elsewhere"), None);
        assert_eq!(find(2, "", "/user.slice/x"), Some("/sys/fs/cgroup/unified/user.slice/x".into()));
        assert_eq!(find(1, "cpu", "/"), None);
    }
}
