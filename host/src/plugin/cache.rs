//! Machine code that was compiled before: kept below the state directory, sealed with a key that never leaves the host,
//! and believed only while the seal holds.
//!
//! The seal covers what the code was made from and for, so a file under another's name is as worthless as a forged one.
//! What does not verify is no error: it is removed, and the plugin is compiled anew.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::hash::{Hash as _, Hasher};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit as _, Mac as _};
use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::PluginError;
use crate::model::Digest;

const MAGIC: &[u8; 16] = b"thymus compiled\n";
const TAG: usize = 32;
/// The most machine code of one plugin; it is several times larger than the component.
pub(super) const LARGEST: u64 = 512 << 20;
/// The most files kept; the oldest go first.
const MOST_FILES: usize = 64;

/// The cache and its key.
pub(super) struct Cache {
    dir: PathBuf,
    key: [u8; 32],
}

impl Cache {
    /// Opens or makes `state/key` and `state/plugin-cache`. Refuses both when somebody else could have touched them.
    pub fn open(state: &Path) -> Result<Self, PluginError> {
        private_directory(state)?;
        let dir = state.join("plugin-cache");
        private_directory(&dir)?;
        Ok(Self { dir, key: key(state)? })
    }

    fn file(&self, plugin: &Digest, engine: &Digest) -> PathBuf {
        self.dir.join(format!("{plugin}-{}.sealed", engine.short()))
    }

    fn seal(&self, plugin: &Digest, engine: &Digest, code: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        for part in [MAGIC.as_slice(), plugin.as_bytes(), engine.as_bytes(), &(code.len() as u64).to_le_bytes(), code] {
            mac.update(part);
        }
        mac
    }

    /// The code, when there is some and its seal holds.
    pub fn get(&self, plugin: &Digest, engine: &Digest) -> Option<Vec<u8>> {
        let path = self.file(plugin, engine);
        let bytes = read_own(&path, LARGEST + 1024).ok()?;
        let code = bytes.strip_prefix(MAGIC).and_then(|rest| rest.split_at_checked(TAG)).and_then(|(tag, code)| {
            // In constant time, so that nobody finds the seal byte by byte.
            self.seal(plugin, engine, code).verify_slice(tag).is_ok().then(|| code.to_vec())
        });
        if code.is_none() {
            let _ = fs::remove_file(&path);
        }
        code
    }

    /// Keeps code for the next time. It appears under its name complete or not at all.
    pub fn put(&self, plugin: &Digest, engine: &Digest, code: &[u8]) -> Result<(), PluginError> {
        let path = self.file(plugin, engine);
        let io = |source| PluginError::Io { path: path.clone(), source };
        let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(&self.dir).map_err(io)?;
        let tag = self.seal(plugin, engine, code).finalize().into_bytes();
        for part in [MAGIC.as_slice(), &tag, code] {
            file.write_all(part).map_err(io)?;
        }
        file.persist(&path).map_err(|e| io(e.error))?;
        self.make_room();
        Ok(())
    }

    /// A cache that can't be tidied is still a cache.
    fn make_room(&self) {
        let Ok(entries) = fs::read_dir(&self.dir) else { return };
        let mut files: Vec<_> = entries
            .flatten()
            .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "sealed"))
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        files.sort();
        for (_, path) in files.iter().take(files.len().saturating_sub(MOST_FILES)) {
            let _ = fs::remove_file(path);
        }
    }
}

/// What code was compiled for: wasmtime's version, its configuration and the processor.
pub(super) fn engine_digest(engine: &Engine) -> Digest {
    struct Sha(Sha256);
    impl Hasher for Sha {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update((bytes.len() as u64).to_le_bytes());
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut sha = Sha(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut sha);
    sha.write(std::env::consts::ARCH.as_bytes());
    Digest::from(<[u8; 32]>::from(sha.0.finalize()))
}

/// Makes a component of machine code, when the code is the one that was asked for. For workers only.
#[allow(unsafe_code)]
pub(super) fn component(engine: &Engine, code: &[u8], expected: &Digest) -> Result<Component, String> {
    if Digest::of(code) != *expected {
        return Err("the machine code is not the one that was asked for".to_owned());
    }
    // SAFETY: wasmtime asks that the bytes come from `Engine::precompile_component`, unchanged. The host took them from
    // its own compiling worker or from the cache under its seal, and put their SHA-256 into this worker's order; the
    // digest was just compared over the very bytes that are loaded, so nothing can change between check and use.
    // wasmtime compares its version, configuration and processor features by itself. Should all of that fail, this
    // process holds nothing but the guest's own grant: it runs in the jail.
    unsafe { Component::deserialize(engine, code) }.map_err(|why| format!("{why:#}"))
}

fn private_directory(dir: &Path) -> Result<(), PluginError> {
    let io = |source| PluginError::Io { path: dir.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(io)?;
    let about = fs::metadata(dir).map_err(io)?;
    let state = |why: &str| PluginError::State { path: dir.to_owned(), why: why.to_owned() };
    if about.uid() != rustix::process::geteuid().as_raw() {
        return Err(state("it belongs to another user"));
    }
    if about.mode() & 0o022 != 0 {
        return Err(state("other users may write to it"));
    }
    Ok(())
}

/// Reads the key, or makes it. Of several processes that make it at once, one wins and all read the winner's.
fn key(state: &Path) -> Result<[u8; 32], PluginError> {
    let path = state.join("key");
    if let Err(error) = fs::symlink_metadata(&path)
        && error.kind() == std::io::ErrorKind::NotFound
    {
        make_key(state, &path).map_err(|source| PluginError::Io { path: path.clone(), source })?;
    }
    let refuse = |why: String| PluginError::State { path: path.clone(), why };
    let bytes = read_own(&path, 32).map_err(&refuse)?;
    bytes.try_into().map_err(|_| refuse("it does not hold 32 bytes".to_owned()))
}

fn make_key(state: &Path, path: &Path) -> std::io::Result<()> {
    let mut key = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut key)?;
    // Made with O_EXCL and mode 0600 under a name of its own, and visible as `key` only once it is complete.
    let mut file = tempfile::Builder::new().prefix(".key-").tempfile_in(state)?;
    file.write_all(&key)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(failed) if failed.error.kind() != std::io::ErrorKind::AlreadyExists => Err(failed.error),
        _ => Ok(()),
    }
}

/// Reads a file that is this user's alone: no symbolic link, no other owner, no access for anybody else.
fn read_own(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let say = |error: std::io::Error| error.to_string();
    let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY).bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(say)?;
    let about = file.metadata().map_err(say)?;
    if !about.is_file() {
        return Err("it is no regular file".to_owned());
    }
    if about.uid() != rustix::process::geteuid().as_raw() {
        return Err("it belongs to another user".to_owned());
    }
    if about.mode() & 0o077 != 0 {
        return Err("other users may read or write it".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(say)?;
    if bytes.len() as u64 > most {
        return Err(format!("it has more than {most} bytes"));
    }
    Ok(bytes)
}
