//! Dependencies: made by the repository's set-up commands in a jail of their own, once for what the lock files,
//! commands and programs are, then read-only. No test ever writes to them; they are mounted, not copied.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::model::{Cancel, Digest, RepoPath, SetUp};
use crate::sandbox::{Ended, Exit, Jail, Mount, NOBODY, Sandbox};

use super::gate::{Halt, Said};
use super::runner::{self, ROOT};
use super::text::{plain, tail};
use super::toolchain::Toolchain;
use super::{Ground, ValidateError, bench, shelf};

/// Changes when dependencies are made in another way.
const VERSION: &str = "1";
const COMPLETE: &str = "complete";
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The folders to mount, and what they were made of.
type Provided = (Vec<Mount>, Option<Digest>);

/// Finds the dependencies of earlier, or makes them.
pub(super) fn provide(
    sandbox: &Sandbox,
    home: &Path,
    ground: &Ground<'_>,
    toolchain: &Toolchain,
    cancel: &Cancel,
) -> Result<Provided, Halt> {
    let Some(set_up) = &ground.project.set_up else { return Ok((Vec::new(), None)) };
    let key = key(ground, set_up, toolchain)?;
    let shelf = home.join("dependencies");
    let kept = shelf.join(key.to_string());
    if !is_complete(&kept, key) {
        let _claim = shelf::claim(&shelf, &key.to_string(), cancel)?;
        if !is_complete(&kept, key) {
            make(sandbox, home, ground, set_up, toolchain, cancel, &kept, key)?;
        }
    }
    let folders = set_up.produces.iter().enumerate();
    let mounts = folders
        .map(|(n, folder)| Mount::ReadOnly { host: kept.join(n.to_string()), inside: Path::new(ROOT).join(folder) });
    Ok((mounts.collect(), Some(key)))
}

/// Everything that decides what set-up makes.
fn key(ground: &Ground<'_>, set_up: &SetUp, toolchain: &Toolchain) -> Result<Digest, Halt> {
    for folder in &set_up.produces {
        let below = |path: &RepoPath| Path::new(path.as_str()).starts_with(folder);
        if let Some(path) = ground.files.keys().find(|path| below(path)) {
            let detail =
                format!("set-up is said to make {folder}, but {path} is in the repository; correct `produces`");
            return Err(failed(&detail, &[]));
        }
    }
    let mut parts = vec![VERSION.as_bytes().to_vec(), toolchain.digest.to_string().into_bytes()];
    for lock in &set_up.lock_files {
        let known = RepoPath::new(lock).is_ok_and(|path| ground.files.contains_key(&path));
        if !known {
            return Err(failed(&format!("the lock file {lock} is not in the commit; correct `lock_files`"), &[]));
        }
        let path = ground.tree.join(lock);
        parts.push(lock.clone().into_bytes());
        parts.push(fs::read(&path).map_err(ValidateError::io("reading", &path))?);
    }
    for words in set_up.commands.iter().chain([&set_up.produces]) {
        parts.push(Digest::of_parts(words).as_bytes().to_vec());
    }
    Ok(Digest::of_parts(parts))
}

fn is_complete(kept: &Path, key: Digest) -> bool {
    shelf::read(&kept.join(COMPLETE), 64).is_some_and(|text| text == key.to_string().as_bytes())
}

fn failed(detail: &str, output: &[String]) -> Halt {
    Halt::Failed(Said::failed("TH-VAL-SETUP", plain(detail, 600)).with(output.to_vec()))
}

#[expect(clippy::too_many_arguments, reason = "one call, from above")]
fn make(
    sandbox: &Sandbox,
    home: &Path,
    ground: &Ground<'_>,
    set_up: &SetUp,
    toolchain: &Toolchain,
    cancel: &Cancel,
    kept: &Path,
    key: Digest,
) -> Result<(), Halt> {
    let staging = shelf::scratch(home)?;
    let repo = staging.path().join("repo");
    copy(ground, &repo)?;
    for command in &set_up.commands {
        let jail = jail(ground, toolchain, command, &repo);
        let (ended, too_large) = run(sandbox, &jail, &repo, ground.rules.disk_bytes, cancel)?;
        let words = match ended.exit {
            Exit::Code(0) => continue,
            Exit::Cancelled if too_large => {
                format!("wrote more than {} MiB", ground.rules.disk_bytes >> 20)
            }
            Exit::Cancelled => return Err(ValidateError::Cancelled.into()),
            Exit::TimedOut => format!("did not end within {} s", ground.rules.run_seconds),
            Exit::Code(code) => format!("ended with exit status {code}"),
            other => format!("ended with {other:?}"),
        };
        let network = if ground.rules.set_up_network { "" } else { " (the policy gives set-up no network)" };
        let mut output = tail(&ended.stdout, 8, 300);
        output.extend(tail(&ended.stderr, 12, 300));
        return Err(failed(&format!("set-up failed: `{}` {words}{network}", command.join(" ")), &output));
    }
    let entry = staging.path().join("entry");
    shelf::folder(&entry)?;
    for (n, folder) in set_up.produces.iter().enumerate() {
        let Some(made) = real_folder(&repo, folder) else {
            return Err(failed(&format!("set-up ended well but made no folder {folder}; correct `produces`"), &[]));
        };
        fs::rename(&made, entry.join(n.to_string())).map_err(ValidateError::io("keeping", &made))?;
    }
    shelf::write(&entry, COMPLETE, key.to_string().as_bytes())?;
    Ok(fs::rename(&entry, kept).map_err(ValidateError::io("keeping", kept))?)
}

/// Lays the snapshot out where set-up may write, as whoever runs inside.
fn copy(ground: &Ground<'_>, repo: &Path) -> Result<(), ValidateError> {
    let root = rustix::process::geteuid().is_root();
    let give = |path: &Path| {
        let owner = root.then_some(NOBODY);
        std::os::unix::fs::chown(path, owner, owner).map_err(ValidateError::io("giving away", path))
    };
    let folder = |path: &Path| {
        match fs::create_dir(path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(()),
            made => made.map_err(ValidateError::io("making", path))?,
        }
        give(path)
    };
    folder(repo)?;
    for (path, executable) in ground.files {
        let mut at = repo.to_owned();
        for part in path.parent().into_iter().flat_map(|parent| parent.split('/')) {
            at.push(part);
            folder(&at)?;
        }
        let to = repo.join(path);
        let at = ValidateError::io("copying", &to);
        fs::copy(ground.tree.join(path), &to).map_err(&at)?;
        let mode = if *executable { 0o755 } else { 0o644 };
        fs::set_permissions(&to, fs::Permissions::from_mode(mode)).map_err(&at)?;
        give(&to)?;
    }
    Ok(())
}

fn jail(ground: &Ground<'_>, toolchain: &Toolchain, command: &[String], repo: &Path) -> Jail {
    let mut mounts = vec![Mount::Writable { host: repo.to_owned(), inside: ROOT.into() }];
    mounts.extend(toolchain.mounts.iter().cloned());
    let mut env = runner::environment(&toolchain.path, &BTreeMap::new());
    if ground.rules.set_up_network {
        env.extend(network());
    }
    Jail {
        command: runner::inside(command),
        env,
        cwd: ROOT.into(),
        mounts,
        place: Vec::new(),
        collect: Vec::new(),
        stdin: Vec::new(),
        network: ground.rules.set_up_network,
        limits: bench::limits(ground, ground.rules.run_seconds.max(1)),
    }
}

/// How to reach the network: the system's certificates, and proxies unless they hold a password.
fn network() -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    if Path::new(CERTIFICATES).exists() {
        for name in ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CARGO_HTTP_CAINFO"] {
            env.insert(name.to_owned(), CERTIFICATES.to_owned());
        }
    }
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"] {
        if let Ok(value) = std::env::var(name)
            && !value.contains('@')
        {
            env.insert(name.to_owned(), value);
        }
    }
    env
}

/// Runs while another thread watches how much the folder holds: it lies on a disk without a quota.
fn run(
    sandbox: &Sandbox,
    jail: &Jail,
    folder: &Path,
    most: u64,
    cancel: &Cancel,
) -> Result<(Ended, bool), ValidateError> {
    const TICK: Duration = Duration::from_millis(50);
    const LOOK: Duration = Duration::from_secs(2);
    let (stop, done, too_large) = (Cancel::default(), AtomicBool::new(false), AtomicBool::new(false));
    let watch = || {
        let mut looked = Instant::now();
        while !done.load(Ordering::SeqCst) {
            if looked.elapsed() > LOOK {
                too_large.store(size(folder, most) > most, Ordering::SeqCst);
                looked = Instant::now();
            }
            if cancel.is_cancelled() || too_large.load(Ordering::SeqCst) {
                return stop.cancel();
            }
            std::thread::sleep(TICK);
        }
    };
    let ended = std::thread::scope(|scope| {
        scope.spawn(watch);
        let ended = sandbox.run(jail, &stop);
        done.store(true, Ordering::SeqCst);
        ended
    })?;
    if cancel.is_cancelled() {
        return Err(ValidateError::Cancelled);
    }
    let large = too_large.load(Ordering::SeqCst) || size(folder, most) > most;
    let exit = if large { Exit::Cancelled } else { ended.exit };
    Ok((Ended { exit, ..ended }, large))
}

/// Bytes on disk below a folder; stops counting once there are more than `most`. Links are not followed.
fn size(folder: &Path, most: u64) -> u64 {
    let mut total = 0;
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let Ok(meta) = entry.metadata() else { continue };
            // An empty file costs an inode, so it counts for something.
            total += meta.blocks() * 512 + 256;
            if meta.is_dir() {
                open.push(entry.path());
            }
            if total > most {
                return total;
            }
        }
    }
    total
}

/// The folder, if no part of the way to it is a link: set-up could have put one there.
fn real_folder(repo: &Path, folder: &str) -> Option<PathBuf> {
    let mut at = repo.to_owned();
    for part in Path::new(folder).components() {
        let Component::Normal(part) = part else { return None };
        at.push(part);
        if !at.symlink_metadata().ok()?.is_dir() {
            return None;
        }
    }
    Some(at)
}
