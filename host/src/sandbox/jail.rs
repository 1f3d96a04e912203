//! What is asked of a jail, and what came of it: plain data.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::model::Achieved;

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
    /// A writable private copy of `lower`, gone afterwards. It costs next to nothing where the kernel can lay changes
    /// over a tree that was given to [`super::hand_over`] before; any other tree is really copied, for every run.
    Overlay {
        /// Outside.
        lower: PathBuf,
        /// Inside.
        inside: PathBuf,
        /// Size of all changes, and of the copy where one is made.
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

/// How much a jail may use. CPU, open files and the size of a file hold for each process, the rest for the whole jail.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct JailLimits {
    pub wall_millis: u64,
    pub cpu_seconds: u64,
    /// Where a cgroup counts it, the files in memory (`/tmp`, overlays) are part of it; else they have their own sizes.
    pub memory_bytes: u64,
    pub processes: u64,
    pub file_bytes: u64,
    /// How much the [`Mount::Writable`] directories may grow, all together.
    pub written_bytes: u64,
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
    /// How many overlays were copied, because the kernel could not lay changes over them.
    pub copied: usize,
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
    /// It used more memory than it may.
    OutOfMemory,
    /// It wrote more to the machine's disk than it may.
    OutOfDisk,
    /// The person ended it.
    Cancelled,
}
