//! The helper outside the jail (`thymus __sandbox ORDER`): one thread, one jail, a session of its own. The kernel
//! kills a jail when the thread that started it ends, so that thread must not be one of a busy program's.
//!
//! Started by root it first becomes `nobody`, after making the asked-for paths reachable in a mount namespace of its own.

use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, Instant};

use hakoniwa::{Container, MountOptions, Namespace, Stdio};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::StatVfsMountFlags;
use rustix::mount::{MountFlags, MountPropagationFlags};
use rustix::process::{Pid, Signal, kill_process};

use super::watch::Watch;
use super::{
    Ended, Exit, Failure, Jail, Mount, NOBODY, Order, Part, Placement, Report, SandboxError, inodes_for, overlay,
    reachable_by_all, watch,
};
use crate::model::{Achieved, Backend};

/// Refuses what could cover the system or thymus's own paths inside, and what isn't plain.
pub(super) fn check(jail: &Jail) -> Result<(), SandboxError> {
    let refuse = |why: String| Err(SandboxError::Jail(why));
    if jail.command.is_empty() {
        return refuse("the command is empty; name a program".into());
    }
    let plain = |path: &Path| {
        path.is_absolute()
            && path.to_str().is_some_and(|s| !s.contains('\0'))
            && !path.components().any(|c| c == Component::ParentDir)
    };
    for mount in &jail.mounts {
        let (Mount::ReadOnly { inside, .. }
        | Mount::Writable { inside, .. }
        | Mount::Tmpfs { inside, .. }
        | Mount::Overlay { inside, .. }) = mount;
        let taken = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/proc", "/dev", "/thymus"];
        let covers = |t: &&str| inside.starts_with(t) || Path::new(t).starts_with(inside);
        if !plain(inside) || taken.iter().any(covers) {
            return refuse(format!(
                "{} can't be a mount inside; choose an absolute path outside the system's directories",
                inside.display()
            ));
        }
    }
    Ok(())
}

/// Never returns. Prints one JSON answer.
pub fn helper_main() -> ! {
    let answer = std::env::args_os()
        .nth(2)
        .ok_or_else(|| Failure::from("no order".to_owned()))
        .and_then(|order| {
            let text = std::fs::read(&order).map_err(|e| format!("reading the order: {e}"))?;
            Ok(serde_json::from_slice(&text).map_err(|e| format!("the order: {e}"))?)
        })
        .and_then(|order: Order| {
            // Before anything else, so that everything else is inside.
            for door in &order.doors {
                std::fs::write(door, "0").map_err(|e| format!("joining {}: {e}", door.display()))?;
            }
            if rustix::process::geteuid().is_root() { become_nobody(order) } else { run(&order) }
        });
    let done = serde_json::to_writer(std::io::stdout().lock(), &answer).is_ok();
    std::process::exit(i32::from(!done));
}

/// Binds what `nobody` can't reach below the run's directory, then starts this program again as `nobody`.
fn become_nobody(mut order: Order) -> Result<Ended, Failure> {
    let say = |e: rustix::io::Errno| Part::Root.failed(format!("preparing as root: {e}"));
    #[allow(deprecated)] // the safe form; this process has one thread and no shared descriptors
    rustix::thread::unshare(rustix::thread::UnshareFlags::NEWNS).map_err(say)?;
    rustix::mount::mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC).map_err(say)?;
    let stage = order.run.join("stage");
    rustix::mount::mount("tmpfs", &stage, "tmpfs", MountFlags::empty(), Some(c"mode=755")).map_err(say)?;
    let mut count = 0;
    let mut reach = |path: &mut PathBuf| -> Result<(), Failure> {
        if reachable_by_all(path) {
            return Ok(());
        }
        let meta = std::fs::metadata(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let target = stage.join(count.to_string());
        count += 1;
        let made = if meta.is_dir() { std::fs::create_dir(&target) } else { std::fs::write(&target, b"") };
        made.map_err(|e| format!("staging: {e}"))?;
        rustix::mount::mount_bind_recursive(&*path, &target).map_err(say)?;
        *path = target;
        Ok(())
    };
    reach(&mut order.exe)?;
    for mount in &mut order.jail.mounts {
        match mount {
            Mount::ReadOnly { host, .. } | Mount::Writable { host, .. } | Mount::Overlay { lower: host, .. } => {
                reach(host)?;
            }
            Mount::Tmpfs { .. } => {}
        }
    }
    for placement in &mut order.jail.place {
        if let Placement::Write { host, .. } = placement {
            reach(host)?;
        }
    }
    order.doors.clear();
    let text = serde_json::to_vec(&order).map_err(|e| e.to_string())?;
    let again = stage.join("order.json");
    std::fs::write(&again, text).map_err(|e| format!("staging: {e}"))?;
    std::fs::set_permissions(&again, std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .map_err(|e| format!("staging: {e}"))?;
    // This process is replaced; std also drops the supplementary groups.
    let why =
        std::process::Command::new(&order.exe).arg("__sandbox").arg(again).uid(NOBODY).gid(NOBODY).env_clear().exec();
    Err(Part::Root.failed(format!("starting again as nobody: {why}")))
}

/// The last bytes of a stream and how many came before.
struct Tail {
    bytes: std::collections::VecDeque<u8>,
    max: usize,
    dropped: u64,
}

impl Tail {
    fn new(max: u64) -> Self {
        Self { bytes: std::collections::VecDeque::new(), max: usize::try_from(max).unwrap_or(usize::MAX), dropped: 0 }
    }

    fn push(&mut self, chunk: &[u8]) {
        self.bytes.extend(chunk);
        let over = self.bytes.len().saturating_sub(self.max);
        self.bytes.drain(..over);
        self.dropped += over as u64;
    }
}

fn run(order: &Order) -> Result<Ended, Failure> {
    // No controlling terminal: nothing inside can write to, or type into, the person's.
    let _ = rustix::process::setsid();
    let jail = &order.jail;
    let started = Instant::now();
    let laid = overlay::lay_over(order).map_err(|why| Part::Namespaces.failed(why))?;
    let to_copy = |(n, mount): (usize, &Mount)| {
        (matches!(mount, Mount::Overlay { .. }) && laid[n].is_none()).then(|| n.to_string())
    };
    let to_copy: Vec<String> = jail.mounts.iter().enumerate().filter_map(to_copy).collect();
    let container = container(order, &laid)?;
    let mut child = container
        .command("/thymus/bin/thymus")
        .arg("__enter")
        .arg(&to_copy.join(","))
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| e.to_string())?;
    drop(child.stdin.take());
    let deadline = started + Duration::from_millis(jail.limits.wall_millis);
    let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
    let mut stdout = Tail::new(jail.limits.stdout_bytes);
    let mut stderr = Tail::new(jail.limits.stderr_bytes);
    let mut watch = Watch::new(child.id(), jail, order.cgroup.iter().any(|limit| limit == "memory"))?;
    let mut killed = None;
    let mut chunk = vec![0; 1 << 16];
    let status = loop {
        if out.is_none()
            && err.is_none()
            && let Some(status) = child.try_wait().map_err(|e| e.to_string())?
        {
            break status;
        }
        let (lifeline, out_ready, err_ready) = wait_for_any(out.as_ref(), err.as_ref());
        if killed.is_none() {
            // The other end of the lifeline knows better why, if it still lives.
            let late = (lifeline || Instant::now() >= deadline).then_some(Exit::TimedOut);
            killed = late.or_else(|| watch.look());
            if killed.is_some() {
                kill(child.id());
            }
        }
        for (ready, pipe, tail) in [(out_ready, &mut out, &mut stdout), (err_ready, &mut err, &mut stderr)] {
            if ready && let Some(open) = pipe {
                match open.read(&mut chunk) {
                    Ok(n) if n > 0 => tail.push(&chunk[..n]),
                    _ => *pipe = None,
                }
            }
        }
    };
    let report = std::fs::read(order.run.join("report/status")).unwrap_or_default();
    let report: Report = serde_json::from_slice(&report).unwrap_or_default();
    let overfull = || watch.overfull().then_some(Exit::OutOfDisk);
    let exit = match killed.or_else(overfull).or(report.exit) {
        Some(exit) if report.proven => exit,
        // Only the kernel, short of memory, or somebody outside can end the shim once the command runs.
        None if report.proven => Exit::Signal(9),
        // Somebody's time was up before the walls stood: nothing hostile has run.
        Some(exit) if killed.is_some() => exit,
        _ => {
            let text: Vec<u8> = stderr.bytes.iter().copied().take(1000).collect();
            let said = String::from_utf8_lossy(&text);
            // Without a word from the shim it never ran: hakoniwa's own part failed.
            return Err(report.failure.unwrap_or_else(|| Part::Mounts.failed(format!("{} {said}", status.reason))));
        }
    };
    let mut collected = Vec::new();
    for (n, (wanted, there)) in jail.collect.iter().zip(report.collected).enumerate() {
        if there && let Ok(bytes) = std::fs::read(order.run.join(format!("report/{n}"))) {
            collected.push((wanted.inside.clone(), bytes));
        }
    }
    Ok(Ended {
        exit,
        stdout: stdout.bytes.into(),
        stdout_dropped: stdout.dropped,
        stderr: stderr.bytes.into(),
        stderr_dropped: stderr.dropped,
        collected,
        millis: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        copied: to_copy.len(),
        achieved: Achieved {
            backend: Backend::Hakoniwa,
            namespaces: namespaces(jail.network).1,
            landlock_abi: report.landlock_abi,
            seccomp: report.seccomp,
            cgroup: order.cgroup.clone(),
        },
    })
}

/// The kernel ends a namespace with its first process, and that one when hakoniwa's ends; but not if that comes before
/// the first process could ask for it. So all are killed, the outermost last.
fn kill(outermost: u32) {
    for pid in watch::descendants(outermost).into_iter().filter(|pid| *pid != outermost).chain([outermost]) {
        if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
            // Gone already is as good.
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// Waits a moment: has the lifeline closed, and which pipes have something (an end counts)?
fn wait_for_any(out: Option<&impl AsFd>, err: Option<&impl AsFd>) -> (bool, bool, bool) {
    let stdin = std::io::stdin();
    let mut fds = vec![PollFd::from_borrowed_fd(stdin.as_fd(), PollFlags::IN)];
    fds.extend(out.map(|p| PollFd::from_borrowed_fd(p.as_fd(), PollFlags::IN)));
    fds.extend(err.map(|p| PollFd::from_borrowed_fd(p.as_fd(), PollFlags::IN)));
    let tick = Timespec { tv_sec: 0, tv_nsec: 10_000_000 };
    let _ = poll(&mut fds, Some(&tick));
    let mut ready = fds.iter().map(|fd| !fd.revents().is_empty());
    let lifeline = ready.next().unwrap_or(true);
    let out_ready = out.is_some() && ready.next().unwrap_or(false);
    let err_ready = err.is_some() && ready.next().unwrap_or(false);
    (lifeline, out_ready, err_ready)
}

fn namespaces(network: bool) -> (Vec<Namespace>, Vec<String>) {
    let mut all = vec![
        (Namespace::User, "user"),
        (Namespace::Mount, "mount"),
        (Namespace::Pid, "pid"),
        (Namespace::Ipc, "ipc"),
        (Namespace::Uts, "uts"),
        (Namespace::Cgroup, "cgroup"),
    ];
    if !network {
        all.push((Namespace::Network, "network"));
    }
    all.into_iter().map(|(n, s)| (n, s.to_owned())).unzip()
}

fn text(path: &Path) -> Result<&str, String> {
    path.to_str().ok_or_else(|| format!("{} is not UTF-8", path.display()))
}

/// `laid` says where the overlays lie that need no copy.
fn container(order: &Order, laid: &[Option<PathBuf>]) -> Result<Container, String> {
    let (jail, run) = (&order.jail, &order.run);
    let mut c = Container::empty();
    c.rootdir(run.join("root"));
    for namespace in namespaces(jail.network).0 {
        c.unshare(namespace);
    }
    c.uidmap(1000).gidmap(1000).hostname("jail").procfsmount("/proc");
    system(&mut c, jail.network);
    let tmp = |c: &mut Container, inside: &str, bytes: u64, inodes: u64| {
        // 0 would mean "no limit".
        let data = format!("size={},nr_inodes={},mode=700", bytes.max(4096), inodes.max(16));
        let flags = MountOptions::NOSUID | MountOptions::NODEV;
        c.mount("tmpfs", inside, "tmpfs", flags, Some(data));
    };
    let bytes = jail.limits.tmp_bytes;
    tmp(&mut c, "/tmp", bytes, inodes_for(bytes));
    tmp(&mut c, "/home", bytes, inodes_for(bytes));
    tmp(&mut c, "/dev/shm", bytes, 1024);
    bind(&mut c, &order.exe, "/thymus/bin/thymus", true)?;
    bind(&mut c, &run.join("in"), "/thymus/in", true)?;
    bind(&mut c, &run.join("report"), "/thymus/report", false)?;
    for (n, mount) in jail.mounts.iter().enumerate() {
        match mount {
            Mount::ReadOnly { host, inside } => bind(&mut c, host, text(inside)?, true)?,
            Mount::Writable { host, inside } => bind(&mut c, host, text(inside)?, false)?,
            Mount::Tmpfs { inside, bytes, inodes } => tmp(&mut c, text(inside)?, *bytes, *inodes),
            Mount::Overlay { lower, inside, bytes } => {
                if let Some(merged) = &laid[n] {
                    bind(&mut c, merged, text(inside)?, false)?;
                } else {
                    bind(&mut c, lower, &format!("/thymus/lower/{n}"), true)?;
                    tmp(&mut c, text(inside)?, *bytes, inodes_for(*bytes));
                }
            }
        }
    }
    for (n, placement) in jail.place.iter().enumerate() {
        if let Placement::Write { host, .. } = placement {
            bind(&mut c, host, &format!("/thymus/place/{n}"), true)?;
        }
    }
    Ok(c)
}

/// The read-only system, a handful of devices and an `/etc` that knows nobody.
fn system(c: &mut Container, network: bool) {
    let read_only =
        MountOptions::BIND | MountOptions::REC | MountOptions::NOSUID | MountOptions::NODEV | MountOptions::RDONLY;
    for dir in ["/usr", "/bin", "/sbin", "/lib", "/lib64"] {
        match std::fs::read_link(dir) {
            Ok(to) => {
                c.symlink(&to.to_string_lossy(), dir);
            }
            Err(_) if Path::new(dir).is_dir() => {
                c.mount(dir, dir, "", read_only | as_strict_as(Path::new(dir)), None);
            }
            Err(_) => {}
        }
    }
    let mut etc = vec!["/etc/ld.so.cache", "/etc/alternatives"];
    if network {
        etc.extend(["/etc/resolv.conf", "/etc/ssl/certs"]);
    }
    for path in etc {
        if Path::new(path).exists() {
            c.mount(path, path, "", read_only | as_strict_as(Path::new(path)), None);
        }
    }
    for device in ["null", "zero", "full", "random", "urandom"] {
        let path = format!("/dev/{device}");
        let flags = MountOptions::BIND | MountOptions::NOSUID | as_strict_as(Path::new(&path));
        c.mount(&path, &path, "", flags, None);
    }
    c.symlink("/proc/self/fd", "/dev/fd")
        .dir("/etc", 0o755)
        .file("/etc/passwd", "jail:x:1000:1000::/home:/bin/sh\n")
        .file("/etc/group", "jail:x:1000:\n")
        .file("/etc/hosts", "127.0.0.1 localhost\n")
        .file("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n");
}

fn bind(c: &mut Container, host: &Path, inside: &str, read_only: bool) -> Result<(), String> {
    let host = host.canonicalize().map_err(|e| format!("{}: {e}", host.display()))?;
    let mut flags = MountOptions::BIND | MountOptions::NOSUID | MountOptions::NODEV;
    if read_only {
        flags |= MountOptions::RDONLY;
    }
    c.mount(text(&host)?, inside, "", flags | as_strict_as(&host), None);
    Ok(())
}

/// A stricter mount outside has to stay as strict: the kernel lets no user namespace loosen it.
fn as_strict_as(host: &Path) -> MountOptions {
    let flags = rustix::fs::statvfs(host).map_or(StatVfsMountFlags::empty(), |about| about.f_flag);
    let mut options = MountOptions::empty();
    for (flag, option) in [
        (StatVfsMountFlags::NOEXEC, MountOptions::NOEXEC),
        (StatVfsMountFlags::NODEV, MountOptions::NODEV),
        (StatVfsMountFlags::RDONLY, MountOptions::RDONLY),
    ] {
        if flags.contains(flag) {
            options |= option;
        }
    }
    options
}
