//! Runs a command that somebody hostile chose, behind walls that the kernel keeps.
//!
//! Plugin workers and tests both need it, so it is a room below both (docs/decisions/0001). It fails closed: a wall
//! that doesn't stand is an error, never a run without it. It knows nothing of plugins, tests or verdicts.

mod cgroup;
mod enter;
mod examine;
mod helper;
mod jail;
mod overlay;
mod run_dir;
mod walls;
mod watch;

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

use cgroup::Cgroup;
pub use enter::enter_main;
pub use examine::{Check, Failure, Part, Refusal, examine};
pub use helper::helper_main;
pub use jail::{Collect, Ended, Exit, Jail, JailLimits, Mount, Placement};
pub use overlay::hand_over;
pub use run_dir::RunDir;

/// Who the helper becomes when thymus itself runs as root; nothing inside is ever root outside.
pub const NOBODY: u32 = 65534;

/// Proof that this machine gives a sandbox.
#[derive(Clone, Debug)]
pub struct Sandbox {
    exe: PathBuf,
    achieved: Achieved,
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
    Wall(Failure),
    /// What was asked for can't be done.
    #[error("TH-SBX-JAIL: {0}")]
    Jail(String),
}

/// What goes to the helper.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Order {
    jail: Jail,
    /// The thymus executable.
    exe: PathBuf,
    /// The run's directory: `root`, `report`, `in`, `stage` and `over`.
    run: PathBuf,
    /// Where the helper joins the jail's cgroups.
    doors: Vec<PathBuf>,
    /// The limits that those keep.
    cgroup: Vec<String>,
}

/// What the shim inside says, in a file that the command can't reach.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Report {
    landlock_abi: u32,
    seccomp: bool,
    /// Set once the walls are proven.
    proven: bool,
    failure: Option<Failure>,
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
        Self::stand(backend, exe).map_err(Failure::refuse)
    }

    fn stand(backend: Backend, exe: PathBuf) -> Result<Self, Failure> {
        if backend != Backend::Hakoniwa {
            return Err("this build only drives the `hakoniwa` backend".to_owned().into());
        }
        run_dir::sweep();
        cgroup::sweep(run_dir::PREFIX);
        let mut sandbox = Self {
            exe,
            achieved: Achieved { backend, namespaces: Vec::new(), landlock_abi: 0, seccomp: false, cgroup: Vec::new() },
        };
        let ended = sandbox.run(&trial(), &Cancel::default())?;
        if ended.exit != Exit::Code(0) {
            return Err(format!("the trial run ended with {:?}", ended.exit).into());
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
        let run = RunDir::new().map_err(io("making the run's directory"))?;
        let cgroup = Cgroup::make(&run.name(), &jail.limits);
        prepare(jail, &self.exe, &run, &cgroup)?;
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
        let mut stdout =
            child.stdout.take().ok_or_else(|| SandboxError::Wall("the helper has no output".to_owned().into()))?;
        let mut stopped = None;
        let mut answer = Vec::new();
        let mut chunk = vec![0; 1 << 16];
        loop {
            let ready = {
                let mut fds = [PollFd::from_borrowed_fd(stdout.as_fd(), PollFlags::IN)];
                let tick = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
                poll(&mut fds, Some(&tick)).unwrap_or(0) > 0
            };
            if stopped.is_none() {
                let out_of_memory = || cgroup.ran_out_of_memory().then_some(Exit::OutOfMemory);
                stopped = cancel.is_cancelled().then_some(Exit::Cancelled).or_else(out_of_memory);
                if stopped.is_some() {
                    lifeline.take();
                }
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
        let answer: Result<Ended, Failure> = serde_json::from_slice(&answer)
            .map_err(|e| SandboxError::Wall(format!("the helper gave no answer ({e}) {complaint}").into()))?;
        let mut ended = answer.map_err(SandboxError::Wall)?;
        // Asked again: what ended the last process of all may be younger than the last look.
        if stopped.is_none() && cgroup.ran_out_of_memory() {
            stopped = Some(Exit::OutOfMemory);
        }
        ended.exit = stopped.unwrap_or(ended.exit);
        Ok(ended)
    }
}

/// Fills the run's directory.
fn prepare(jail: &Jail, exe: &Path, run: &RunDir, cgroup: &Cgroup) -> Result<(), SandboxError> {
    let root = rustix::process::geteuid().is_root();
    for name in ["root", "report", "in", "stage", "over"] {
        let dir = run.path().join(name);
        std::fs::create_dir(&dir).map_err(io("making the run's directory"))?;
        if root && name != "in" {
            std::os::unix::fs::chown(&dir, Some(NOBODY), Some(NOBODY))
                .map_err(io("giving the run's directory away"))?;
        }
    }
    let order = Order {
        jail: jail.clone(),
        exe: exe.to_path_buf(),
        run: run.path().to_path_buf(),
        doors: cgroup.doors(),
        cgroup: cgroup.limits().to_vec(),
    };
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
    Ok(())
}

/// How many files a file system in memory may hold: even an empty one takes the machine's memory, about 1 KiB of it.
fn inodes_for(bytes: u64) -> u64 {
    (bytes / 4096).clamp(1024, 1 << 18)
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
            written_bytes: 0,
            open_files: 64,
            stdout_bytes: 4096,
            stderr_bytes: 4096,
            tmp_bytes: 1 << 20,
        },
    }
}
