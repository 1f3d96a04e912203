#![allow(clippy::unwrap_used)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use super::*;
use crate::model::Cancel;

/// Runs the real git, with nobody's configuration.
fn git(dir: &Path, args: &[&str]) -> String {
    let out = Command::new("git")
        .args(["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "protocol.file.allow=always"])
        .args(args)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(out.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

fn project() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    git(dir.path(), &["init", "-q", "-b", "main"]);
    fs::create_dir(dir.path().join("src")).unwrap();
    fs::write(dir.path().join("src/a.js"), "a\r\n").unwrap();
    fs::write(dir.path().join("run.sh"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(dir.path().join("run.sh"), Permissions::from_mode(0o755)).unwrap();
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "one"]);
    dir
}

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

fn why<'a>(snapshot: &'a Snapshot, path: &str) -> &'a str {
    &snapshot.left_out.iter().find(|(left, _)| left == path).unwrap_or_else(|| panic!("{path}")).1
}

#[test]
fn the_committed_bytes_are_laid_out_and_not_the_working_tree() {
    let dir = project();
    fs::write(dir.path().join("src/a.js"), "uncommitted").unwrap();
    let repository = Repository::open(dir.path()).unwrap();
    let snapshot = repository.take(&repository.head().unwrap()).unwrap();
    assert_eq!(repository.read_file(&snapshot, &path("src/a.js")).unwrap(), b"a\r\n");
    let out = tempfile::tempdir().unwrap();
    let laid = repository.lay_out(&snapshot, &[], &out.path().join("x"), &Cancel::default()).unwrap();
    assert_eq!((laid.files, fs::read(laid.dir.join("src/a.js")).unwrap()), (2, b"a\r\n".to_vec()));
    assert_eq!(laid.dir.join("run.sh").metadata().unwrap().permissions().mode() & 0o777, 0o555);
    assert_eq!(laid.dir.join("src/a.js").metadata().unwrap().permissions().mode() & 0o777, 0o444);
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1, "no temporary folder stays");
}

#[test]
fn a_tampered_folder_is_made_anew_and_a_right_one_is_kept() {
    let dir = project();
    let repository = Repository::open(dir.path()).unwrap();
    let snapshot = repository.take(&repository.head().unwrap()).unwrap();
    let out = tempfile::tempdir().unwrap();
    let at = out.path().join("x");
    let lay = |globs: &[String]| repository.lay_out(&snapshot, globs, &at, &Cancel::default()).unwrap();
    lay(&[]);
    let inode = |p: &Path| std::os::unix::fs::MetadataExt::ino(&p.metadata().unwrap());
    let first = inode(&at);
    lay(&[]);
    assert_eq!(inode(&at), first);
    fs::write(at.join("planted"), "x").unwrap();
    lay(&[]);
    assert!(!at.join("planted").exists());
    fs::remove_file(at.join("run.sh")).unwrap();
    symlink("/etc/passwd", at.join("run.sh")).unwrap();
    lay(&[]);
    assert_eq!(fs::read(at.join("run.sh")).unwrap(), b"#!/bin/sh\n");
    assert_eq!(lay(&["src/**".to_owned()]).files, 1);
    assert!(!at.join("run.sh").exists());
}

#[test]
fn what_cannot_be_represented_is_named() {
    let dir = project();
    let other = project();
    symlink("/etc/passwd", dir.path().join("link")).unwrap();
    fs::write(dir.path().join("big.bin"), "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
        .unwrap();
    fs::write(dir.path().join("ab:c"), "x").unwrap();
    git(dir.path(), &["submodule", "add", "-q", other.path().to_str().unwrap(), "sub"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "two"]);
    let repository = Repository::open(dir.path()).unwrap();
    let snapshot = repository.take(&repository.head().unwrap()).unwrap();
    assert!(why(&snapshot, "link").contains("symbolic link"));
    assert!(why(&snapshot, "big.bin").contains("LFS"));
    assert!(why(&snapshot, "sub").contains("submodule"));
    assert!(why(&snapshot, "ab:c").contains(':'));
    assert!(snapshot.symlinks.contains(&path("link")));
    assert!(snapshot.files.keys().all(|p| !["link", "big.bin", "sub", "ab:c"].contains(&p.as_str())));
    // The submodule's own checkout leads into its parent, which knows nothing of it.
    assert!(matches!(Repository::open(&dir.path().join("sub")), Err(SnapshotError::Elsewhere { .. })));
}

#[test]
fn a_hostile_configuration_executes_nothing() {
    let dir = project();
    let proof = dir.path().join("executed");
    let act = format!("touch {}", proof.display());
    fs::write(dir.path().join(".gitattributes"), "* filter=evil diff=evil export-ignore\n").unwrap();
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "attributes"]);
    for key in [
        "core.fsmonitor",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "diff.evil.command",
        "core.sshCommand",
        "core.pager",
    ] {
        git(dir.path(), &["config", key, &act]);
    }
    let repository = Repository::open(dir.path()).unwrap();
    let snapshot = repository.take(&repository.head().unwrap()).unwrap();
    let out = tempfile::tempdir().unwrap();
    let laid = repository.lay_out(&snapshot, &[], &out.path().join("x"), &Cancel::default()).unwrap();
    assert_eq!(laid.files, 3, "export-ignore hides nothing");
    assert!(!proof.exists());
    git(dir.path(), &["fsck", "--strict"]);
    // The trap is a real one; git itself fails in it.
    Command::new("git").arg("status").current_dir(dir.path()).output().unwrap();
    assert!(proof.exists());
}

#[test]
fn a_replace_reference_shows_nothing_else() {
    let dir = project();
    let first = git(dir.path(), &["rev-parse", "HEAD"]);
    fs::write(dir.path().join("src/a.js"), "other").unwrap();
    git(dir.path(), &["commit", "-qam", "two"]);
    git(dir.path(), &["replace", "HEAD", &first]);
    let repository = Repository::open(dir.path()).unwrap();
    let snapshot = repository.take(&repository.head().unwrap()).unwrap();
    assert_eq!(repository.read_file(&snapshot, &path("src/a.js")).unwrap(), b"other");
}

#[test]
fn a_repository_that_leads_elsewhere_is_refused_and_a_linked_tree_is_not() {
    let victim = project();
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(".git"), format!("gitdir: {}/.git\n", victim.path().display())).unwrap();
    assert!(matches!(Repository::open(dir.path()), Err(SnapshotError::Elsewhere { .. })));
    let linked = dir.path().join("linked");
    git(victim.path(), &["worktree", "add", "-q", "--detach", linked.to_str().unwrap()]);
    assert_eq!(Repository::open(&linked).unwrap().head().unwrap().len(), 40);
    git(victim.path(), &["config", "core.worktree", dir.path().to_str().unwrap()]);
    assert!(matches!(Repository::open(victim.path()), Err(SnapshotError::Elsewhere { .. })));
}

#[test]
fn no_commit_and_no_repository_are_said_plainly() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(Repository::open(dir.path()), Err(SnapshotError::Open { .. })));
    git(dir.path(), &["init", "-q"]);
    let repository = Repository::open(dir.path()).unwrap();
    assert!(matches!(repository.head(), Err(SnapshotError::NoCommit { .. })));
    assert!(matches!(repository.take("../x"), Err(SnapshotError::NoCommit { .. })));
}

#[test]
fn a_cancelled_lay_out_leaves_nothing() {
    let dir = project();
    let repository = Repository::open(dir.path()).unwrap();
    let snapshot = repository.take(&repository.head().unwrap()).unwrap();
    let out = tempfile::tempdir().unwrap();
    let cancel = Cancel::default();
    cancel.cancel();
    let end = repository.lay_out(&snapshot, &[], &out.path().join("x"), &cancel);
    assert!(matches!(end, Err(SnapshotError::Cancelled)));
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
}
