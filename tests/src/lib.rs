//! What the end-to-end tests share: the program as it was built, sample repositories as a user has them, and one run of
//! `thymus` with everything it said. Sample repositories and their recorded telemetry lie in `samples/`, attacks in `hostile/`.
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    missing_docs,
    reason = "it serves tests: a failure here is a failed test"
)]

pub mod puppet;
pub mod suite;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// The `thymus` program, built beside this test.
pub fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.ancestors().nth(2).unwrap().join("thymus");
    assert!(program.is_file(), "{} is not built: run `cargo xtask test`", program.display());
    program
}

/// A folder of components that `cargo xtask build` made: `plugins` or `hostile`.
pub fn components(kind: &str) -> PathBuf {
    let target = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned();
    let target = std::env::var_os("THYMUS_TEST_COMPONENTS").map_or(target, PathBuf::from);
    let dir = target.join(kind);
    assert!(dir.is_dir(), "{} is not there: run `cargo xtask build`", dir.display());
    dir
}

/// Where the samples lie.
pub fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

/// A repository with one commit, and a state folder beside it.
pub struct Shop {
    dir: TempDir,
}

impl Shop {
    /// A sample as its users have it: without its recordings, and without what was installed.
    pub fn of_sample(name: &str) -> Self {
        let shop = Self::empty();
        copy(&samples().join(name), &shop.repo());
        shop.commit("Import");
        shop
    }

    /// A sample with the release whose telemetry is the faulty one.
    pub fn of_released_sample(name: &str) -> Self {
        let shop = Self::of_sample(name);
        copy(&samples().join(name).join("release"), &shop.repo());
        shop.commit("Release");
        shop
    }

    /// A repository with these files.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let shop = Self::empty();
        for (path, text) in files {
            shop.write(path, text);
        }
        shop.commit("Import");
        shop
    }

    fn empty() -> Self {
        let shop = Self { dir: tempfile::tempdir().unwrap() };
        std::fs::create_dir(shop.repo()).unwrap();
        shop.git(&["init", "--quiet", "--initial-branch", "main"]);
        shop
    }

    pub fn repo(&self) -> PathBuf {
        self.dir.path().join("repo")
    }

    pub fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    /// Takes over what another shop's runs compiled.
    pub fn share_plugin_cache(&self, other: &Self) {
        std::fs::create_dir_all(self.state()).unwrap();
        rights(&self.state(), 0o700);
        std::fs::create_dir(self.state().join("plugin-cache")).unwrap();
        rights(&self.state().join("plugin-cache"), 0o700);
        std::fs::copy(other.state().join("key"), self.state().join("key")).unwrap();
        for entry in std::fs::read_dir(other.state().join("plugin-cache")).unwrap().flatten() {
            std::fs::copy(entry.path(), self.state().join("plugin-cache").join(entry.file_name())).unwrap();
        }
    }

    /// A file beside the repository: a policy, say.
    pub fn beside(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.repo().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
    }

    /// What git says, without the configuration of whoever runs the tests.
    pub fn git(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.arg("-C").arg(self.repo()).args(arguments);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), "Ada").env(format!("GIT_{role}_EMAIL"), "ada@example.org");
            command.env(format!("GIT_{role}_DATE"), "2026-01-01T00:00:00Z");
        }
        let done = command.output().unwrap();
        assert!(done.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    /// The program, pointed at this repository and its state; the subcommand comes first.
    pub fn thymus(&self, subcommand: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.args(subcommand).arg("--repo").arg(self.repo()).arg("--state").arg(self.state());
        command.env("NO_COLOR", "1");
        command
    }

    /// `thymus heal --format json` with these plugins, on this telemetry.
    pub fn heal(&self, plugins: &Path, telemetry: &Path) -> Command {
        let mut command = self.thymus(&["heal", "--format", "json"]);
        command.arg("--plugins").arg(plugins).arg("--telemetry").arg(telemetry);
        command
    }
}

/// Runs a command that ends with this status, and gives the one JSON document that it prints.
pub fn json(command: &mut Command, status: i32) -> Value {
    let done = run(command, status);
    serde_json::from_slice(&done.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(&done)))
}

/// Runs a command that ends with this status.
pub fn run(command: &mut Command, status: i32) -> Output {
    let done = command.output().unwrap();
    assert_eq!(done.status.code(), Some(status), "{command:?}\n{}", said(&done));
    done
}

/// Everything a program said.
pub fn said(done: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr))
}

fn rights(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        let target = to.join(&name);
        if entry.file_type().unwrap().is_dir() {
            let skipped = ["node_modules", ".venv", "recordings", "release", "__pycache__", ".pytest_cache"];
            if !skipped.iter().any(|skip| name == *skip) {
                std::fs::create_dir_all(&target).unwrap();
                copy(&entry.path(), &target);
            }
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}
