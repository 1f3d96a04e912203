//! The sample repositories: what they need, and a fresh copy as its users would have it.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::failure::Failure;
use crate::step;

/// A folder of `tests/samples/`.
pub struct Sample {
    pub name: &'static str,
    pub about: &'static str,
    needs: Tool,
}

pub const SAMPLES: [Sample; 2] = [
    Sample { name: "order-shop", about: "JavaScript, node:test", needs: Tool::Node },
    Sample { name: "inventory-service", about: "Python, pytest", needs: Tool::Python },
];

/// What runs a sample's tests.
#[derive(Clone, Copy)]
enum Tool {
    Node,
    Python,
}

/// Files that lie over the sample's own in the release that brought some of its faults to production.
pub const RELEASE: &str = "release";
/// Left out of a copy: what is made, the release, and the telemetry, which no repository holds of itself.
const LEFT_OUT: [&str; 6] = ["node_modules", ".venv", "__pycache__", ".pytest_cache", "recordings", RELEASE];

impl Sample {
    /// Whether this machine can run its tests; if not, why, and what to do.
    pub fn runs_here(&self) -> Result<(), String> {
        match self.needs {
            Tool::Node => new_enough("Node.js", step::ask(Command::new("node").arg("--version")), (20, 0)),
            Tool::Python => {
                new_enough("Python", step::ask(Command::new("python3").arg("--version")), (3, 9))?;
                // Debian ships it apart, and without it there is no place for pytest.
                let venv = step::ask(Command::new("python3").args(["-c", "import venv, ensurepip"]));
                let missing = "Python's venv module is missing (Debian: `apt-get install python3-venv`)";
                venv.map(drop).ok_or_else(|| missing.to_owned())
            }
        }
    }
}

fn new_enough(name: &str, answer: Option<String>, least: (u32, u32)) -> Result<(), String> {
    let (major, minor) = least;
    let Some(answer) = answer else {
        return Err(format!("{name} is not installed; install {name} {major}.{minor} or newer"));
    };
    // As in `v20.1.0` and `Python 3.11.7`.
    let mut numbers = answer.trim().trim_start_matches(|c: char| !c.is_ascii_digit()).split('.');
    let mut number = || numbers.next()?.parse::<u32>().ok();
    match (number(), number()) {
        (Some(a), Some(b)) if (a, b) >= least => Ok(()),
        _ => Err(format!("{} is too old; install {name} {major}.{minor} or newer", answer.trim())),
    }
}

/// Makes a repository of a sample and its release, always with the same commits, in place of what is there.
pub fn copy(sample: &Path, repo: &Path) -> Result<(), Failure> {
    if repo.exists() {
        fs::remove_dir_all(repo).map_err(Failure::at(repo))?;
    }
    copy_files(sample, repo)?;
    git(repo, &["init", "--quiet", "--initial-branch=main", "--template="])?;
    git(repo, &["add", "--all"])?;
    git(repo, &["commit", "--quiet", "--message=Import the sample"])?;
    let release = sample.join(RELEASE);
    if release.is_dir() {
        copy_files(&release, repo)?;
        git(repo, &["add", "--all"])?;
        git(repo, &["commit", "--quiet", "--message=Release"])?;
    }
    Ok(())
}

/// What `git status` says of the working tree; nothing, when it is as it was committed.
pub fn changes(repo: &Path) -> Result<String, Failure> {
    git(repo, &["status", "--porcelain", "--untracked-files=all"])
}

/// Runs git on a copy of ours, as if no user had ever configured it.
fn git(repo: &Path, arguments: &[&str]) -> Result<String, Failure> {
    let mut git = Command::new("git");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
        git.env_remove(name);
    }
    git.current_dir(repo).args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for role in ["AUTHOR", "COMMITTER"] {
        git.env(format!("GIT_{role}_NAME"), "Sample").env(format!("GIT_{role}_EMAIL"), "sample@example.com");
        git.env(format!("GIT_{role}_DATE"), "2026-01-01T00:00:00Z");
    }
    let output = step::read(&mut git)?;
    if !output.status.success() {
        return Err(Failure::Status { command: step::shown(&git), status: output.status });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The files of a folder, without what is made and without telemetry.
pub fn copy_files(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::create_dir_all(to).map_err(Failure::at(to))?;
    for entry in fs::read_dir(from).map_err(Failure::at(from))? {
        let entry = entry.map_err(Failure::at(from))?;
        let (name, path) = (entry.file_name(), entry.path());
        if LEFT_OUT.iter().any(|out| name == *out) {
            continue;
        }
        let target = to.join(&name);
        if entry.file_type().map_err(Failure::at(&path))?.is_dir() {
            copy_files(&path, &target)?;
        } else {
            fs::copy(&path, &target).map_err(Failure::at(&path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_tools_are_told_from_new_ones() {
        let node = |version: &str| new_enough("Node.js", Some(version.to_owned()), (20, 0));
        assert_eq!(node("v20.0.0\n"), Ok(()));
        assert_eq!(node("v22.3.1\n"), Ok(()));
        assert!(node("v18.19.0\n").unwrap_err().contains("v18.19.0 is too old; install Node.js 20.0"));
        let python = |version: &str| new_enough("Python", Some(version.to_owned()), (3, 9));
        assert_eq!(python("Python 3.11.7\n"), Ok(()));
        assert_eq!(python("Python 3.9.0rc1\n"), Ok(()));
        assert!(python("Python 3.8.20\n").is_err());
        assert!(python("Python 2.7.18\n").is_err());
        assert!(new_enough("Python", None, (3, 9)).unwrap_err().contains("not installed"));
    }

    #[test]
    fn two_copies_are_the_same_commit_and_clean() {
        let dir = tempfile::tempdir().unwrap();
        let sample = dir.path().join("sample");
        fs::create_dir_all(sample.join("src")).unwrap();
        fs::create_dir_all(sample.join("recordings")).unwrap();
        fs::write(sample.join("src/a.js"), "1\n").unwrap();
        fs::write(sample.join("recordings/faulty.jsonl"), "{}\n").unwrap();
        fs::create_dir_all(sample.join("release/src")).unwrap();
        fs::write(sample.join("release/src/a.js"), "2\n").unwrap();
        let repo = dir.path().join("repo");
        let head = || {
            copy(&sample, &repo).unwrap();
            assert_eq!(changes(&repo).unwrap(), "");
            git(&repo, &["rev-parse", "HEAD"]).unwrap()
        };
        assert_eq!(head(), head());
        assert_eq!(git(&repo, &["ls-files"]).unwrap(), "src/a.js\n");
        assert_eq!(git(&repo, &["show", "HEAD:src/a.js"]).unwrap(), "2\n");
        assert_eq!(git(&repo, &["show", "HEAD~1:src/a.js"]).unwrap(), "1\n");
        fs::write(repo.join("new"), "").unwrap();
        assert_eq!(changes(&repo).unwrap(), "?? new\n");
    }
}
