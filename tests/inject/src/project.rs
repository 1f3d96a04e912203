//! A project made ready: a pristine copy, what runs its tests and its driver, and which of its files are source.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::fetch::{Origin, copy};
use crate::plan::Wanted;
use crate::process::{Ended, Stop, run};
use crate::{node, python};

const TEST_LIMIT: Duration = Duration::from_mins(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    JavaScript,
    Python,
}

impl Language {
    pub fn name(self) -> &'static str {
        match self {
            Self::JavaScript => "javascript",
            Self::Python => "python",
        }
    }
}

/// A project with a passing test suite.
#[derive(Debug)]
pub struct Project {
    pub slug: String,
    /// For people: where it comes from, and its licence.
    pub source: String,
    pub language: Language,
    /// The healthy files, as they would be committed. Nothing is ever run in here.
    pub root: PathBuf,
    /// Everything of this project's that can be made again.
    pub work: PathBuf,
    /// Source files, relative.
    pub sources: Vec<String>,
    /// Those that are ECMAScript modules.
    pub esm: Vec<String>,
    /// Test files, relative.
    pub tests: Vec<String>,
    /// Folders that imports start from.
    pub paths: Vec<String>,
    /// As in thymus.toml: relative to the project.
    pub test_command: Vec<String>,
    pub test_env: Vec<(String, String)>,
    /// The runner's own arguments, for the driver.
    pub test_arguments: Vec<String>,
    /// What set-up makes: `.venv`, `node_modules`. Linked into copies.
    pub made: &'static str,
    /// How long the tests take.
    pub test_time: Duration,
}

/// Where everything lies.
pub struct Folders {
    /// Packages as they came.
    pub cache: PathBuf,
    /// One folder a project.
    pub work: PathBuf,
    /// The drivers and the OpenTelemetry SDKs, one folder a language.
    pub harness: PathBuf,
}

impl Project {
    /// Fetches it, installs what its tests need, and runs them twice.
    pub fn ready(wanted: &Wanted, folders: &Folders, stop: &Stop) -> Result<Self, Failure> {
        let origin = Origin::parse(&wanted.from)?;
        let work = folders.work.join(origin.slug());
        let root = work.join("healthy");
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&work).map_err(Failure::at(&work))?;
        origin.lay(&folders.cache, &root, stop)?;
        let source = match &origin {
            Origin::Folder(path) => path.display().to_string(),
            _ => format!(
                "{} ({})",
                wanted.from,
                if wanted.licence.is_empty() { "licence within" } else { &wanted.licence }
            ),
        };
        let language = match origin {
            Origin::Npm { .. } => Language::JavaScript,
            Origin::Folder(_) if root.join("package.json").is_file() => Language::JavaScript,
            Origin::PyPi { .. } | Origin::Folder(_) => Language::Python,
        };
        let mut project = match language {
            Language::Python => python::prepare(wanted, &origin.slug(), root, work, stop)?,
            Language::JavaScript => node::prepare(wanted, &origin.slug(), root, work, stop)?,
        };
        project.source = source;
        if project.sources.is_empty() {
            return Err(Failure::Unfit("no source files were found".to_owned()));
        }
        project.baseline(stop)?;
        Ok(project)
    }

    fn baseline(&mut self, stop: &Stop) -> Result<(), Failure> {
        for turn in ["", "again "] {
            let copy = self.copy()?;
            let started = Instant::now();
            let ended = self.test(copy.path(), stop)?;
            if !ended.well() {
                return Err(Failure::Unfit(format!("its own tests {turn}fail ({})", ended.why())));
            }
            self.test_time = started.elapsed();
        }
        Ok(())
    }

    /// A copy to run things in, with what set-up made linked in.
    pub fn copy(&self) -> Result<tempfile::TempDir, Failure> {
        let dir = tempfile::Builder::new().prefix("copy-").tempdir_in(&self.work).map_err(Failure::at(&self.work))?;
        copy(&self.root, dir.path())?;
        self.link_made(dir.path())?;
        Ok(dir)
    }

    /// Links what set-up made.
    pub fn link_made(&self, root: &Path) -> Result<(), Failure> {
        let made = self.work.join(self.made);
        if made.is_dir() {
            let link = root.join(self.made);
            std::os::unix::fs::symlink(&made, &link).map_err(Failure::at(link))?;
        }
        Ok(())
    }

    /// The project's own tests, in a copy.
    pub fn test(&self, root: &Path, stop: &Stop) -> Result<Ended, Failure> {
        let mut command = Command::new(&self.test_command[0]);
        command.current_dir(root).args(&self.test_command[1..]).envs(self.test_env.iter().cloned());
        run(&mut command, TEST_LIMIT, stop)
    }
}

/// All files, relative and sorted; bounded in number and depth.
pub fn files(root: &Path) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    let mut folders = vec![(root.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(Failure::at(&folder))? {
            let entry = entry.map_err(Failure::at(&folder))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(Failure::at(&path))?;
            if kind.is_dir() && depth < 12 {
                folders.push((path, depth + 1));
            } else if kind.is_file()
                && found.len() < 5000
                && let Some(relative) = path.strip_prefix(root).ok().and_then(Path::to_str)
            {
                found.push(relative.to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}
