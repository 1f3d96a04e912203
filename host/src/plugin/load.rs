//! Loading: from a file that anybody could have written to a plugin that may be called. Audit, compile in the jail, keep.

use std::fs::{self, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use rustix::fs::OFlags;

use super::cache::{self, Cache};
use super::facts::{facts_of, read};
use super::order::{Answer, COMPONENT, OUT, OUT_FILE, Order};
use super::{PluginError, PluginFacts, audit, engine};
use crate::model::{CallEnd, Cancel, Digest, Grant};
use crate::sandbox::{Exit, Jail, JailLimits, Mount, RunDir, Sandbox, hand_over};

/// Memory of a compiling worker; the compiler needs far more than what it compiles.
const COMPILER_BYTES: u64 = 3 << 30;

/// The engine room: loads plugins and calls them, each time in a process of its own inside the jail. Several threads
/// may share one.
pub struct Plugins {
    pub(super) sandbox: Sandbox,
    cache: Cache,
    /// What code is compiled for, without and with fuel.
    engines: [Digest; 2],
}

/// A plugin that passed the audit and is compiled.
#[derive(Clone, Debug)]
pub struct Plugin {
    facts: PluginFacts,
    grant: Grant,
    pub(super) code: Arc<Code>,
    from_cache: bool,
    millis: u64,
}

/// Machine code in a private copy: the cache may lose its file while a loop runs.
#[derive(Debug)]
pub(super) struct Code {
    dir: RunDir,
    pub digest: Digest,
    pub bytes: u64,
}

impl Code {
    pub fn file(&self) -> PathBuf {
        self.dir.path().join("compiled")
    }
}

impl Plugin {
    /// What it is.
    pub fn facts(&self) -> &PluginFacts {
        &self.facts
    }

    /// What it may do.
    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    /// Whether its code came from the cache.
    pub fn was_cached(&self) -> bool {
        self.from_cache
    }

    /// How long loading took.
    pub fn load_millis(&self) -> u64 {
        self.millis
    }
}

impl Plugins {
    /// Opens the cache below `state`, which is made if it is not there. Refuses a key that others could have read.
    pub fn new(sandbox: Sandbox, state: &Path) -> Result<Self, PluginError> {
        let digest = |metered| {
            let engine = engine::engine(metered).map_err(|why| PluginError::Engine { why: format!("{why:#}") })?;
            Ok(cache::engine_digest(&engine))
        };
        Ok(Self { sandbox, cache: Cache::open(state)?, engines: [digest(false)?, digest(true)?] })
    }

    /// Loads the plugin that lies in the file now.
    pub fn load(&self, file: &Path, grant: Grant, cancel: &Cancel) -> Result<Plugin, PluginError> {
        self.load_bytes(file, &read(file)?, grant, cancel)
    }

    /// Loads the plugin that was inspected: another one under its name is refused.
    pub fn load_inspected(
        &self,
        file: &Path,
        inspected: &Digest,
        grant: Grant,
        cancel: &Cancel,
    ) -> Result<Plugin, PluginError> {
        let bytes = read(file)?;
        if Digest::of(&bytes) != *inspected {
            return Err(PluginError::Changed { plugin: file.display().to_string() });
        }
        self.load_bytes(file, &bytes, grant, cancel)
    }

    fn load_bytes(&self, file: &Path, bytes: &[u8], grant: Grant, cancel: &Cancel) -> Result<Plugin, PluginError> {
        let started = Instant::now();
        let facts = facts_of(file, bytes)?;
        audit(&facts, &grant)?;
        let engine = &self.engines[usize::from(grant.limits.fuel > 0)];
        let kept = self.cache.get(&facts.digest, engine);
        let from_cache = kept.is_some();
        let code = if let Some(code) = kept {
            code
        } else {
            let code = self.compile(&facts, bytes, &grant, cancel)?;
            // A cache that can't take it costs the next run time, and this one nothing.
            let _ = self.cache.put(&facts.digest, engine, &code);
            code
        };
        let code = Arc::new(private_copy(&code).map_err(|source| PluginError::Io { path: file.to_owned(), source })?);
        let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(Plugin { facts, grant, code, from_cache, millis })
    }

    /// Compiles in the jail: a component may be made to cost the compiler all its time, or to break it.
    fn compile(
        &self,
        facts: &PluginFacts,
        bytes: &[u8],
        grant: &Grant,
        cancel: &Cancel,
    ) -> Result<Vec<u8>, PluginError> {
        let refuse = |why: String| PluginError::Compile { plugin: facts.name.clone(), why };
        let io = |e: std::io::Error| refuse(e.to_string());
        let room = RunDir::new().map_err(io)?;
        let component = room.path().join("component.wasm");
        write_readable(&component, bytes).map_err(io)?;
        let out = room.path().join("out");
        fs::create_dir(&out).map_err(io)?;
        hand_over(&out).map_err(io)?;
        let limits = grant.limits;
        let order = Order::Compile { component: facts.digest, metered: limits.fuel > 0 };
        let mounts = vec![
            Mount::ReadOnly { host: component, inside: COMPONENT.into() },
            Mount::Writable { host: out.clone(), inside: OUT.into() },
        ];
        let jail = jail(
            mounts,
            serde_json::to_vec(&order).map_err(|e| refuse(e.to_string()))?,
            JailLimits {
                wall_millis: limits.compile_millis,
                cpu_seconds: (limits.compile_millis / 1000 + 1) * 4,
                memory_bytes: COMPILER_BYTES,
                processes: 64,
                file_bytes: cache::LARGEST,
                written_bytes: cache::LARGEST,
                open_files: 64,
                stdout_bytes: 64 << 10,
                stderr_bytes: 16 << 10,
                tmp_bytes: 1 << 20,
            },
        );
        let ended = self
            .sandbox
            .run(&jail, cancel)
            .map_err(|source| PluginError::Sandbox { plugin: facts.name.clone(), source })?;
        match ended.exit {
            Exit::Cancelled => return Err(PluginError::Cancelled),
            Exit::TimedOut => return Err(refuse(format!("it took longer than {} ms", limits.compile_millis))),
            Exit::Code(0) => {}
            exit => return Err(refuse(format!("the compiler died ({exit:?})"))),
        }
        match serde_json::from_slice::<Answer<()>>(&ended.stdout).map(|answer| answer.end) {
            Ok(CallEnd::Returned) => fetch(&out.join(OUT_FILE)).map_err(refuse),
            Ok(CallEnd::Failed { why }) => Err(refuse(why.escape_debug().take(2000).collect())),
            _ => Err(refuse("the compiler gave no answer".to_owned())),
        }
    }
}

/// A worker's jail: no environment, no network, no placement.
pub(super) fn jail(mounts: Vec<Mount>, stdin: Vec<u8>, limits: JailLimits) -> Jail {
    Jail {
        command: vec!["/thymus/bin/thymus".to_owned(), "__worker".to_owned()],
        env: std::collections::BTreeMap::new(),
        cwd: "/".into(),
        mounts,
        place: Vec::new(),
        collect: Vec::new(),
        stdin,
        network: false,
        limits,
    }
}

/// The jail has ended, so nothing changes this any more; but what it left may be a link or a pipe.
fn fetch(path: &Path) -> Result<Vec<u8>, String> {
    let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY).bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(|e| e.to_string())?;
    if !file.metadata().is_ok_and(|about| about.is_file()) {
        return Err("the compiler left no regular file".to_owned());
    }
    let mut code = Vec::new();
    file.take(cache::LARGEST + 1).read_to_end(&mut code).map_err(|e| e.to_string())?;
    if code.is_empty() || code.len() as u64 > cache::LARGEST {
        return Err(format!("its machine code has {} bytes", code.len()));
    }
    Ok(code)
}

fn private_copy(code: &[u8]) -> std::io::Result<Code> {
    let dir = RunDir::new()?;
    let code_file = Code { dir, digest: Digest::of(code), bytes: code.len() as u64 };
    write_readable(&code_file.file(), code)?;
    Ok(code_file)
}

/// The jail's user may be another one (`nobody`, where thymus runs as root); the directory above keeps everybody else out.
fn write_readable(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.set_permissions(fs::Permissions::from_mode(0o444))
}
