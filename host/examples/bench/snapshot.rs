//! Laying out a commit, against git's own way to do it.

use std::fs;
use std::path::Path;
use std::process::Command;

use thymus::model::Cancel;
use thymus::snapshot::Repository;

use crate::clock::by_turns;
use crate::table::Table;

const FILES: usize = 5000;
const ROUNDS: u32 = 5;

pub fn measure(table: &mut Table, work: &Path) {
    let repo = work.join("repo");
    generate(&repo);
    let lay_out = |round| {
        let repository = Repository::open(&repo).unwrap();
        let snapshot = repository.take(&repository.head().unwrap()).unwrap();
        let dir = work.join(format!("laid-out-{round}"));
        let done = repository.lay_out(&snapshot, &[], &dir, &Cancel::default()).unwrap();
        assert_eq!(done.files, FILES);
    };
    let worktree = |round| {
        let dir = work.join(format!("worktree-{round}"));
        git(&repo, &["worktree", "add", "--quiet", "--detach", &dir.display().to_string()]);
    };
    let (ours, gits) = by_turns(ROUNDS, lay_out, worktree);
    table.compare(&format!("lay out a snapshot of {FILES} files"), ours, "git worktree add", gits);
}

/// Files as long as people's, in as many folders, and no two alike.
fn generate(repo: &Path) {
    for number in 0..FILES {
        let folder = repo.join(format!("src/room{:02}/part{:02}", number % 50, number / 50 % 20));
        fs::create_dir_all(&folder).unwrap();
        let line = format!("export const value{number} = {number}; // and a few words more, as people write them\n");
        fs::write(folder.join(format!("file{number}.js")), line.repeat(20 + number % 80)).unwrap();
    }
    git(repo, &["init", "--quiet", "--initial-branch=main", "--template="]);
    git(repo, &["add", "--all"]);
    git(repo, &["commit", "--quiet", "--message=All of it"]);
}

fn git(repo: &Path, arguments: &[&str]) {
    let mut git = Command::new("git");
    git.current_dir(repo).args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for role in ["AUTHOR", "COMMITTER"] {
        git.env(format!("GIT_{role}_NAME"), "Bench").env(format!("GIT_{role}_EMAIL"), "bench@example.com");
    }
    assert!(git.status().unwrap().success());
}
