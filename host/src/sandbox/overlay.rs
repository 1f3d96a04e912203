//! Private copies that aren't copied: the kernel lays a run's changes, which live in memory, over a tree that nobody
//! changes. Where that would not look to the command like a copy of its own, a copy is made (`enter.rs`).

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::XattrFlags;
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_bind, mount_change};
use rustix::thread::UnshareFlags;

use super::{Mount, NOBODY, Order, inodes_for};

/// Makes a tree the jail's user's own: from now on an [`Mount::Overlay`] over it needs no copy. Links are not followed.
pub fn hand_over(tree: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{PermissionsExt, lchown};
    let about = fs::symlink_metadata(tree)?;
    if rustix::process::geteuid().is_root() {
        lchown(tree, Some(NOBODY), Some(NOBODY))?;
    }
    if about.is_symlink() {
        return Ok(());
    }
    let needed = if about.is_dir() { 0o700 } else { 0o600 };
    if about.mode() & needed != needed {
        fs::set_permissions(tree, fs::Permissions::from_mode(about.mode() & 0o777 | needed))?;
    }
    if about.is_dir() {
        for entry in fs::read_dir(tree)? {
            hand_over(&entry?.path())?;
        }
    }
    Ok(())
}

/// Whether the jail's user could do with the tree itself all that it may do with a copy.
fn handed_over(tree: &Path) -> bool {
    let Ok(about) = fs::symlink_metadata(tree) else { return false };
    let needed = if about.is_dir() { 0o700 } else { 0o600 };
    if about.uid() != rustix::process::geteuid().as_raw() || (!about.is_symlink() && about.mode() & needed != needed) {
        return false;
    }
    !about.is_dir()
        || fs::read_dir(tree).is_ok_and(|mut entries| entries.all(|e| e.is_ok_and(|e| handed_over(&e.path()))))
}

/// Enters a user and a mount namespace in which this helper may mount, and nothing that it mounts is seen outside.
fn enter_namespaces() -> Result<(), String> {
    let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    #[allow(deprecated)] // the safe form; this process has one thread and no shared descriptors
    rustix::thread::unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWNS).map_err(|e| format!("namespaces: {e}"))?;
    let write = |file: &str, text: String| {
        fs::write(format!("/proc/self/{file}"), text).map_err(|e| format!("writing {file}: {e}"))
    };
    write("setgroups", "deny".into())?;
    write("uid_map", format!("{uid} {uid} 1"))?;
    write("gid_map", format!("{gid} {gid} 1"))?;
    mount_change("/", MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC)
        .map_err(|e| format!("keeping mounts private: {e}"))
}

/// Enters namespaces of this helper's own, and mounts what can be laid over. Gives, for each of the jail's mounts, where
/// it lies; `None` is for the shim to copy.
pub(super) fn lay_over(order: &Order) -> Result<Vec<Option<PathBuf>>, String> {
    let mounts = order.jail.mounts.iter();
    // Looked at before, because inside every foreign owner looks like the same one, which may be `nobody`.
    let own: Vec<bool> =
        mounts.clone().map(|mount| matches!(mount, Mount::Overlay { lower, .. } if handed_over(lower))).collect();
    enter_namespaces()?;
    let lay = |(n, mount): (usize, &Mount)| match mount {
        Mount::Overlay { lower, bytes, .. } if own[n] => {
            overlay(&order.run.join("over").join(n.to_string()), lower, *bytes).ok()
        }
        _ => None,
    };
    Ok(mounts.enumerate().map(lay).collect())
}

fn overlay(dir: &Path, lower: &Path, bytes: u64) -> std::io::Result<PathBuf> {
    fs::create_dir(dir)?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    let size = format!("size={},nr_inodes={},mode=700", bytes.max(4096), inodes_for(bytes));
    mount("tmpfs", dir, "tmpfs", flags, Some(std::ffi::CString::new(size)?.as_c_str()))?;
    let done = over_tmpfs(dir, lower, flags);
    if done.is_err() {
        let _ = rustix::mount::unmount(dir, rustix::mount::UnmountFlags::DETACH);
    }
    done
}

fn over_tmpfs(dir: &Path, lower: &Path, flags: MountFlags) -> std::io::Result<PathBuf> {
    for name in ["lower", "upper", "work", "merged"] {
        fs::create_dir(dir.join(name))?;
    }
    // Without this attribute a directory that was removed and made anew would show the old one's files.
    let attribute = c"user.overlay.opaque";
    rustix::fs::setxattr(dir.join("upper"), attribute, b"y", XattrFlags::empty())?;
    rustix::fs::removexattr(dir.join("upper"), attribute)?;
    mount_bind(lower, dir.join("lower"))?;
    // Relative names, because a `,` or `:` in a path would mean something here.
    std::env::set_current_dir(dir)?;
    let options = c"lowerdir=lower,upperdir=upper,workdir=work,userxattr";
    let done = mount("overlay", "merged", "overlay", flags, Some(options));
    std::env::set_current_dir("/")?;
    done?;
    Ok(dir.join("merged"))
}
