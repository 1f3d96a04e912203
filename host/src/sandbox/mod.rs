//! Runs a command that somebody hostile chose, behind walls that the kernel keeps.
//!
//! Plugin workers and tests both need it, so it is a room below both (docs/decisions/0001). It fails closed: a wall
//! that doesn't stand is an error, never a run without it. It knows nothing of plugins, tests or verdicts.

mod enter;
mod helper;
mod walls;

use std::collections::BTreeMap;
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde::{Deserialize, Serialize};

use crate::model::Cancel;
use crate::model::{Achieved, Backend};

pub use enter::enter_main;
pub use helper::helper_main;

/// Who the helper becomes when thymus itself runs as root; nothing inside is ever root outside.
pub const NOBODY: u32 = 65534;

/// Proof that this machine gives a sandbox.
#[derive(Clone, Debug)]
pub struct Sandbox {
    exe: PathBuf,
    achieved: Achieved,
}

/// Why the machine gives none, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{code}: no sandbox: {why}; {remedy}")]
pub struct Refusal {
    /// The stable code.
    pub code: &'static str,
    /// What failed.
    pub why: String,
    /// What a person can do.
    pub remedy: String,
}

/// A run that didn't happen, or whose end nobody can vouch for.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// Our side of the run failed.
    #[error("TH-SBX-IO: {at}: {why}")]
    Io {
        /// The step.
        at: &'static str,
        /// The system's word.
        why: std::io::Error,
    },
    /// A wall couldn't be built or didn't hold.
    #[error("TH-SBX-WALL: the sandbox could not be set up: {0}; run `thymus doctor` to see what this machine lacks")]
    Wall(String),
    /// What was asked for can't be done.
    #[error("TH-SBX-JAIL: {0}")]
    Jail(String),
}

/// One command and everything it may see.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Jail {
    /// Program and arguments; nothing goes through a shell.
    pub command: Vec<String>,
    /// The whole environment.
    pub env: BTreeMap<String, String>,
    /// Where it starts, inside.
    pub cwd: PathBuf,
    /// What is visible beyond the read-only system.
    pub mounts: Vec<Mount>,
    /// Files written or removed inside before the command starts.
    pub place: Vec<Placement>,
    /// Files fetched afterwards.
    pub collect: Vec<Collect>,
    /// What the command reads.
    pub stdin: Vec<u8>,
    /// Whether it shares the machine's network.
    pub network: bool,
    /// How much it may use.
    pub limits: JailLimits,
}

/// One thing made visible inside.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Mount {
    /// A file or directory that can't be changed.
    ReadOnly {
        /// Outside.
        host: PathBuf,
        /// Inside.
        inside: PathBuf,
    },
    /// A directory whose changes stay. Where thymus runs as root it must be writable by uid 65534.
    Writable {
        /// Outside.
        host: PathBuf,
        /// Inside.
        inside: PathBuf,
    },
    /// Empty memory, gone afterwards.
    Tmpfs {
        /// Inside.
        inside: PathBuf,
        /// Size.
        bytes: u64,
        /// Files at most.
        inodes: u64,
    },
    /// A writable private copy of `lower`, gone afterwards.
    Overlay {
        /// Outside.
        lower: PathBuf,
        /// Inside.
        inside: PathBuf,
        /// Size of the copy and all changes.
        bytes: u64,
    },
}

/// One change before the command starts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Placement {
    /// A file is written.
    Write {
        /// Inside.
        inside: PathBuf,
        /// The bytes' source, outside.
        host: PathBuf,
        /// Whether it can be executed.
        executable: bool,
    },
    /// A file is removed.
    Remove {
        /// Inside.
        inside: PathBuf,
    },
}

/// One file fetched afterwards: a regular file reached without symbolic links, or nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Collect {
    /// Inside.
    pub inside: PathBuf,
    /// A longer file isn't fetched.
    pub max_bytes: u64,
}

/// How much a jail may use. CPU, memory and file size hold for each process, the rest for the whole jail.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct JailLimits {
    pub wall_millis: u64,
    pub cpu_seconds: u64,
    pub memory_bytes: u64,
    pub processes: u64,
    pub file_bytes: u64,
    pub open_files: u64,
    pub stdout_bytes: u64,
    pub stderr_bytes: u64,
    pub tmp_bytes: u64,
}

/// How a run ended. Output is the last bytes of each stream.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Ended {
    pub exit: Exit,
    pub stdout: Vec<u8>,
    pub stdout_dropped: u64,
    pub stderr: Vec<u8>,
    pub stderr_dropped: u64,
    pub collected: Vec<(PathBuf, Vec<u8>)>,
    pub millis: u64,
    pub achieved: Achieved,
}

/// The end itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exit {
    /// It ended by itself.
    Code(i32),
    /// A signal ended it.
    Signal(i32),
    /// The wall-clock limit ended it.
    TimedOut,
    /// The memory limit ended it; only a cgroup can say so.
    OutOfMemory,
    /// The person ended it.
    Cancelled,
}

/// What goes to the helper.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Order {
    jail: Jail,
    /// The thymus executable.
    exe: PathBuf,
    /// The run's directory: `root`, `report` and `in`.
    run: PathBuf,
}

/// What the shim inside says, in a file that the command can't reach.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Report {
    landlock_abi: u32,
    seccomp: bool,
    /// Set once the walls are proven.
    proven: bool,
    failure: Option<String>,
    exit: Option<Exit>,
    collected: Vec<bool>,
}

/// The running thymus.
pub fn executable() -> PathBuf {
    std::fs::read_link("/proc/self/exe").unwrap_or_else(|_| PathBuf::from("/proc/self/exe"))
}

fn io(at: &'static str) -> impl Fn(std::io::Error) -> SandboxError {
    move |why| SandboxError::Io { at, why }
}

impl Sandbox {
    /// Tries the walls with the running executable.
    pub fn prove(backend: Backend) -> Result<Self, Refusal> {
        Self::prove_with(backend, executable())
    }

    /// Tries the walls: a run in which the shim attempts forbidden acts and each fails.
    pub fn prove_with(backend: Backend, exe: PathBuf) -> Result<Self, Refusal> {
        let refuse = |why: String| {
            Refusal {
            code: "TH-SBX-NONE",
            why,
            remedy: "allow unprivileged user namespaces (sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns)".into(),
        }
        };
        if backend != Backend::Hakoniwa {
            return Err(refuse("this build only drives the `hakoniwa` backend".into()));
        }
        let mut sandbox = Self {
            exe,
            achieved: Achieved { backend, namespaces: Vec::new(), landlock_abi: 0, seccomp: false, cgroup: Vec::new() },
        };
        let ended = sandbox.run(&trial(), &Cancel::default()).map_err(|e| refuse(e.to_string()))?;
        if ended.exit != Exit::Code(0) {
            return Err(refuse(format!("the trial run ended with {:?}", ended.exit)));
        }
        sandbox.achieved = ended.achieved;
        Ok(sandbox)
    }

    /// The walls of the trial run.
    pub fn achieved(&self) -> &Achieved {
        &self.achieved
    }

    /// Runs the command to its end. Safe from any thread; when this process dies, so does the jail.
    pub fn run(&self, jail: &Jail, cancel: &Cancel) -> Result<Ended, SandboxError> {
        helper::check(jail)?;
        let run = prepare(jail, &self.exe)?;
        let mut child = Command::new(&self.exe)
            .arg("__sandbox")
            .arg(run.path().join("in/order.json"))
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(io("starting the sandbox helper"))?;
        // The lifeline: when it closes (cancelled, or this process died), the helper kills the jail.
        let mut lifeline = child.stdin.take();
        let mut stdout = child.stdout.take().ok_or_else(|| SandboxError::Wall("the helper has no output".into()))?;
        let mut cancelled = false;
        let mut answer = Vec::new();
        let mut chunk = vec![0; 1 << 16];
        loop {
            let ready = {
                let mut fds = [PollFd::from_borrowed_fd(stdout.as_fd(), PollFlags::IN)];
                let tick = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
                poll(&mut fds, Some(&tick)).unwrap_or(0) > 0
            };
            if cancel.is_cancelled() && lifeline.take().is_some() {
                cancelled = true;
            }
            if ready {
                match stdout.read(&mut chunk).map_err(io("reading the helper"))? {
                    0 => break,
                    n => answer.extend_from_slice(&chunk[..n]),
                }
            }
        }
        drop(lifeline);
        let mut complaint = String::new();
        if let Some(stderr) = child.stderr.take() {
            let _ = stderr.take(4096).read_to_string(&mut complaint);
        }
        child.wait().map_err(io("waiting for the helper"))?;
        let answer: Result<Ended, String> = serde_json::from_slice(&answer)
            .map_err(|e| SandboxError::Wall(format!("the helper gave no answer ({e}) {complaint}")))?;
        let mut ended = answer.map_err(SandboxError::Wall)?;
        if cancelled {
            ended.exit = Exit::Cancelled;
        }
        Ok(ended)
    }
}

/// Makes the run's directory; it goes away with the returned value.
fn prepare(jail: &Jail, exe: &Path) -> Result<tempfile::TempDir, SandboxError> {
    let run = tempfile::Builder::new().prefix("thymus-jail-").tempdir().map_err(io("making the run's directory"))?;
    let root = rustix::process::geteuid().is_root();
    for name in ["root", "report", "in", "stage"] {
        let dir = run.path().join(name);
        std::fs::create_dir(&dir).map_err(io("making the run's directory"))?;
        if root && name != "in" {
            std::os::unix::fs::chown(&dir, Some(NOBODY), Some(NOBODY))
                .map_err(io("giving the run's directory away"))?;
        }
    }
    let order = Order { jail: jail.clone(), exe: exe.to_path_buf(), run: run.path().to_path_buf() };
    let order = serde_json::to_vec(&order).map_err(|e| SandboxError::Jail(e.to_string()))?;
    std::fs::write(run.path().join("in/order.json"), order).map_err(io("writing the order"))?;
    std::fs::write(run.path().join("in/stdin"), &jail.stdin).map_err(io("writing the input"))?;
    if root {
        // `nobody` has to pass through, to read the order and to use its own two directories.
        let open = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
                .map_err(io("opening the run's directory"))
        };
        open(run.path(), 0o711)?;
        open(&run.path().join("in"), 0o755)?;
        open(&run.path().join("in/order.json"), 0o644)?;
        open(&run.path().join("in/stdin"), 0o644)?;
    }
    Ok(run)
}

/// Whether everybody may pass through each directory above `path`.
fn reachable_by_all(path: &Path) -> bool {
    path.ancestors().skip(1).all(|dir| std::fs::metadata(dir).is_ok_and(|m| m.mode() & 0o001 != 0))
}

fn trial() -> Jail {
    Jail {
        command: vec!["/thymus/bin/thymus".into(), "__enter".into(), "nothing".into()],
        env: BTreeMap::new(),
        cwd: "/tmp".into(),
        mounts: Vec::new(),
        place: Vec::new(),
        collect: Vec::new(),
        stdin: Vec::new(),
        network: false,
        limits: JailLimits {
            wall_millis: 10_000,
            cpu_seconds: 5,
            memory_bytes: 1 << 30,
            processes: 16,
            file_bytes: 1 << 20,
            open_files: 64,
            stdout_bytes: 4096,
            stderr_bytes: 4096,
            tmp_bytes: 1 << 20,
        },
    }
}
