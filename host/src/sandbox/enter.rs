//! The shim inside the jail (`thymus __enter`), its first process: lays files out, builds the last walls, proves
//! them, starts the command and says how it ended through a file that the command can't reach.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags};
use rustix::process::{DumpableBehavior, WaitOptions};

use super::{Exit, Failure, Jail, Mount, Order, Part, Placement, Report, walls};

/// Never returns; the end of this process is the end of every process inside.
pub fn enter_main() -> ! {
    let argument = std::env::args().nth(2).unwrap_or_default();
    if helper_is_gone() {
        std::process::exit(1);
    }
    if argument == "nothing" {
        std::process::exit(0);
    }
    let to_copy: Vec<usize> = argument.split(',').filter_map(|n| n.parse().ok()).collect();
    let Ok(mut status) = File::create("/thymus/report/status") else { std::process::exit(1) };
    let mut report = Report::default();
    if let Err(why) = enter(&mut report, &mut status, &to_copy) {
        report.failure = Some(why);
    }
    let done = tell(&mut status, &report).is_ok();
    std::process::exit(i32::from(!done));
}

/// A helper that died before the kernel was asked to end this process with it can't be told by a signal any more; but
/// nobody reads what it would read.
fn helper_is_gone() -> bool {
    let stderr = std::io::stderr();
    let mut fds = [PollFd::new(&stderr, PollFlags::OUT)];
    let _ = poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
    fds[0].revents().contains(PollFlags::ERR)
}

/// Writes the report anew. The helper reads it only once this process is gone.
fn tell(status: &mut File, report: &Report) -> std::io::Result<()> {
    let text = serde_json::to_vec(report)?;
    status.set_len(0)?;
    status.write_all_at(&text, 0)
}

fn enter(report: &mut Report, status: &mut File, to_copy: &[usize]) -> Result<(), Failure> {
    let say = |at: &str| {
        let at = at.to_owned();
        move |e: std::io::Error| format!("{at}: {e}")
    };
    // When memory is short it is the jail that goes, not the helper that has to say so.
    fs::write("/proc/self/oom_score_adj", "1000").map_err(say("oom_score_adj"))?;
    // The command has the same uid: keep it out of this process's memory and descriptors.
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|e| format!("undumpable: {e}"))?;
    let order = fs::read("/thymus/in/order.json").map_err(say("reading the order"))?;
    let order: Order = serde_json::from_slice(&order).map_err(|e| format!("the order: {e}"))?;
    let jail = order.jail;
    lay_out(&jail, to_copy)?;
    let stdin = File::open("/thymus/in/stdin").map_err(say("opening the input"))?;
    let mut out = Vec::new();
    for n in 0..jail.collect.len() {
        out.push(File::create(format!("/thymus/report/{n}")).map_err(say("a report file"))?);
    }
    let (read, write) = visible(&jail);
    report.landlock_abi = walls::landlock(&read, &write).map_err(|why| Part::Landlock.failed(why))?;
    if report.landlock_abi == 0 {
        return Err(Part::Landlock.failed("this kernel enforces no Landlock".into()));
    }
    walls::limits(&jail.limits)?;
    walls::seccomp().map_err(|why| Part::Seccomp.failed(why))?;
    report.seccomp = true;
    walls::prove(jail.network).map_err(|why| Part::Proof.failed(why))?;
    report.proven = true;
    // Said now, because a command that has to be killed takes this process with it.
    tell(status, report).map_err(say("reporting"))?;

    let Some((program, arguments)) = jail.command.split_first() else {
        return Err("the command is empty".to_owned().into());
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", "/home")
        .env("TMPDIR", "/tmp")
        .envs(&jail.env)
        .current_dir(&jail.cwd)
        .stdin(Stdio::from(stdin));
    report.exit = Some(match command.spawn() {
        // What a shell would say of a command that can't be started.
        Err(e) => {
            eprintln!("thymus: {program}: {e}");
            Exit::Code(127)
        }
        Ok(child) => wait_for(child.id())?,
    });
    for (wanted, out) in jail.collect.iter().zip(&mut out) {
        report.collected.push(fetch(&wanted.inside, wanted.max_bytes, out).is_some());
    }
    Ok(())
}

/// Reaps everything, as the first process must, until the command itself ends.
fn wait_for(id: u32) -> Result<Exit, String> {
    loop {
        match rustix::process::wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if u32::try_from(pid.as_raw_nonzero().get()) == Ok(id) => {
                let status = std::process::ExitStatus::from_raw(status.as_raw());
                return Ok(match (status.code(), status.signal()) {
                    (Some(code), _) => Exit::Code(code),
                    (None, signal) => Exit::Signal(signal.unwrap_or(9)),
                });
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(e) => return Err(format!("waiting for the command: {e}")),
        }
    }
}

/// Copies those overlays that aren't laid over and applies placements, before the command exists.
fn lay_out(jail: &Jail, to_copy: &[usize]) -> Result<(), String> {
    for n in to_copy {
        if let Some(Mount::Overlay { inside, .. }) = jail.mounts.get(*n) {
            copy(Path::new(&format!("/thymus/lower/{n}")), inside)
                .map_err(|e| format!("copying {}: {e}", inside.display()))?;
        }
    }
    for (n, placement) in jail.place.iter().enumerate() {
        let done = match placement {
            Placement::Remove { inside } => match fs::remove_file(inside) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e),
                _ => Ok(()),
            },
            Placement::Write { inside, executable, .. } => place(n, inside, *executable),
        };
        done.map_err(|e| format!("placement {n}: {e}"))?;
    }
    Ok(())
}

fn place(n: usize, inside: &Path, executable: bool) -> std::io::Result<()> {
    if let Some(dir) = inside.parent() {
        fs::create_dir_all(dir)?;
    }
    let _ = fs::remove_file(inside);
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(if executable { 0o755 } else { 0o644 }).open(inside)?;
    std::io::copy(&mut File::open(format!("/thymus/place/{n}"))?, &mut file)?;
    Ok(())
}

/// Symbolic links stay links, so a hostile one leads nowhere that the jail doesn't show anyway.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            fs::create_dir_all(&target)?;
            copy(&entry.path(), &target)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path())?, &target)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), &target)?;
            let mode = fs::metadata(&target)?.permissions().mode() | 0o200;
            fs::set_permissions(&target, fs::Permissions::from_mode(mode))?;
        }
    }
    Ok(())
}

/// What Landlock lets the command read, and what it lets it change. Never `/thymus/in` nor `/thymus/report`.
fn visible(jail: &Jail) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let mut read: Vec<PathBuf> =
        ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/proc", "/thymus/bin"].iter().map(PathBuf::from).collect();
    let mut write: Vec<PathBuf> = ["/tmp", "/home", "/dev"].iter().map(PathBuf::from).collect();
    for mount in &jail.mounts {
        match mount {
            Mount::ReadOnly { inside, .. } => read.push(inside.clone()),
            Mount::Writable { inside, .. } | Mount::Tmpfs { inside, .. } | Mount::Overlay { inside, .. } => {
                write.push(inside.clone());
            }
        }
    }
    (read, write)
}

/// Copies a regular file that is no longer than `max`, reached without any symbolic link.
fn fetch(inside: &Path, max: u64, out: &mut File) -> Option<()> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::openat2(CWD, inside, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS).ok()?;
    let stat = rustix::fs::fstat(&file).ok()?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return None;
    }
    let mut bytes = Vec::new();
    File::from(file).take(max.saturating_add(1)).read_to_end(&mut bytes).ok()?;
    if bytes.len() as u64 > max {
        return None;
    }
    out.write_all(&bytes).ok()
}
