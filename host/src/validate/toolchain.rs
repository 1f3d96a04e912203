//! The programs that tests and set-up need, found on the host's PATH and made visible inside, read-only.
//!
//! Only the host says where they are: nothing in the repository is asked, and a folder that is not an installation (a
//! home, say) is never shown. What lies in /usr is visible anyway.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::model::{Digest, Framework, Project};
use crate::sandbox::Mount;

/// Single programs are shown here.
const PROGRAMS: &str = "/toolchain/bin";
const SYSTEM: [&str; 5] = ["/usr", "/bin", "/sbin", "/lib", "/lib64"];

/// What is visible of the host's programs.
#[derive(Clone, Debug)]
pub(super) struct Toolchain {
    /// PATH inside.
    pub(super) path: String,
    pub(super) mounts: Vec<Mount>,
    /// Changes when a program does.
    pub(super) digest: Digest,
    /// Programs that commands name and that are not on the host's PATH.
    pub(super) missing: Vec<String>,
}

/// A language's interpreter or compiler, which lives in an installation of many files.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Language {
    Node,
    Python,
    Rust,
}

impl Language {
    const ALL: [Self; 3] = [Self::Node, Self::Python, Self::Rust];

    /// What to look for on PATH, and what to ask it for its own real path below its installation's `bin`.
    fn question(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::Node => (&["node"], &["-p", "process.execPath"]),
            // A shim (pyenv's) or an environment's link answers with the interpreter behind it.
            Self::Python => (
                &["python3", "python"],
                &["-I", "-S", "-c", "import sys, os; print(os.path.join(sys.base_prefix, 'bin', 'python3'))"],
            ),
            Self::Rust => (&["rustc"], &["--print", "sysroot"]),
        }
    }

    /// What an installation of it holds, below its top.
    fn is_installation(self, top: &Path) -> bool {
        match self {
            Self::Node => top.join("lib/node_modules").is_dir() || top.join("include/node").is_dir(),
            Self::Python => std::fs::read_dir(top.join("lib")).is_ok_and(|entries| {
                entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("python3"))
            }),
            Self::Rust => top.join("lib/rustlib").is_dir(),
        }
    }

    fn is_used_by(self, project: &Project, programs: &BTreeSet<&str>) -> bool {
        let (framework, names, languages): (&[Framework], &[&str], &[&str]) = match self {
            Self::Node => (
                &[Framework::NodeTest, Framework::Jest, Framework::Vitest],
                &["node", "npm", "npx", "pnpm", "yarn"],
                &["javascript", "typescript"],
            ),
            Self::Python => (
                &[Framework::Pytest, Framework::Unittest],
                &["python", "python3", "pip", "pip3", "uv", "poetry", "pytest", "tox"],
                &["python"],
            ),
            Self::Rust => (&[Framework::CargoNextest], &["cargo", "rustc"], &["rust"]),
        };
        framework.contains(&project.test.framework)
            || names.iter().any(|name| programs.contains(name))
            || project.languages.iter().any(|language| languages.contains(&language.as_str()))
    }
}

/// Finds what the project's commands need.
pub(super) fn find(project: &Project) -> Toolchain {
    let set_up = project.set_up.iter().flat_map(|set_up| &set_up.commands);
    let first = set_up.chain([&project.test.command]).filter_map(|command| command.first());
    let mut programs: BTreeSet<&str> = first.map(String::as_str).filter(|word| !word.contains('/')).collect();
    let mut found = Found::default();
    for language in Language::ALL {
        if language.is_used_by(project, &programs) {
            found.language(language);
        }
    }
    if project.test.framework == Framework::CargoNextest {
        programs.insert("cargo-nextest");
    }
    for program in programs {
        found.program(program);
    }
    found.into_toolchain()
}

#[derive(Default)]
struct Found {
    /// Folders of PATH inside, in order.
    path: Vec<PathBuf>,
    /// Outside, by inside.
    mounts: BTreeMap<PathBuf, PathBuf>,
    seen: Vec<String>,
    missing: Vec<String>,
}

impl Found {
    fn language(&mut self, language: Language) {
        let (names, question) = language.question();
        let answered = names.iter().flat_map(|name| on_path(name)).find_map(|program| ask(&program, question));
        let Some(answer) = answered else { return };
        let executable = if language == Language::Rust { answer.join("bin/rustc") } else { answer };
        let Ok(executable) = executable.canonicalize() else { return };
        self.seen(&executable);
        let Some(bin) = executable.parent() else { return };
        self.path.push(bin.to_owned());
        if is_system(&executable) {
            return;
        }
        match bin.parent().filter(|top| language.is_installation(top) && !holds_a_home(top)) {
            Some(top) => drop(self.mounts.insert(top.to_owned(), top.to_owned())),
            // Only the file: its folder is somebody's, not an installation's.
            None => self.single(&executable, names[0]),
        }
    }

    fn program(&mut self, name: &str) {
        if self.path.iter().any(|bin| is_executable(&bin.join(name))) {
            return;
        }
        let Some(program) = on_path(name).into_iter().find_map(|program| program.canonicalize().ok()) else {
            return self.missing.push(name.to_owned());
        };
        self.seen(&program);
        if !is_system(&program) && !self.mounts.keys().any(|top| program.starts_with(top)) {
            self.single(&program, name);
        }
    }

    fn single(&mut self, program: &Path, name: &str) {
        self.mounts.insert(Path::new(PROGRAMS).join(name), program.to_owned());
    }

    fn seen(&mut self, program: &Path) {
        let meta = std::fs::metadata(program);
        let state = meta.map(|meta| (meta.len(), meta.mtime(), meta.mtime_nsec())).unwrap_or_default();
        self.seen.push(format!("{} {state:?}", program.display()));
    }

    fn into_toolchain(mut self) -> Toolchain {
        self.path.extend([PROGRAMS, "/usr/local/bin", "/usr/bin", "/bin"].map(PathBuf::from));
        let mut path: Vec<String> = Vec::new();
        for folder in self.path {
            let folder = folder.to_string_lossy().into_owned();
            if !folder.contains(':') && !path.contains(&folder) {
                path.push(folder);
            }
        }
        let digest = Digest::of_parts(path.iter().chain(&self.seen));
        let mounts = self.mounts.into_iter().map(|(inside, host)| Mount::ReadOnly { host, inside }).collect();
        Toolchain { path: path.join(":"), mounts, digest, missing: self.missing }
    }
}

/// Where a program of this name lies on PATH, in order. Relative entries would mean the repository, so they don't count.
fn on_path(name: &str) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join(name)).filter(|program| is_executable(program)).collect()
}

fn is_executable(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Asks the host's own program; a shim for a version that isn't there fails, and the next on PATH is asked.
fn ask(program: &Path, question: &[&str]) -> Option<PathBuf> {
    let mut asked = Command::new(program);
    asked.args(question).current_dir("/").stdin(Stdio::null()).stderr(Stdio::null());
    let answer = asked.output().ok().filter(|answer| answer.status.success())?;
    let path = PathBuf::from(String::from_utf8(answer.stdout).ok()?.trim());
    path.is_absolute().then_some(path)
}

fn is_system(path: &Path) -> bool {
    SYSTEM.iter().any(|dir| path.starts_with(dir))
}

fn holds_a_home(top: &Path) -> bool {
    let home = std::env::var_os("HOME").map(PathBuf::from).and_then(|home| home.canonicalize().ok());
    top.parent().is_none()
        || home.is_some_and(|home| home.starts_with(top))
        || top.file_name() == Some(OsStr::new("home"))
}
