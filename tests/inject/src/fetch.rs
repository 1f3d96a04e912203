//! From a name to a folder: packages come with the ordinary clients, once, into a cache that no repository holds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::failure::Failure;
use crate::process::{Stop, run};

const DOWNLOAD: Duration = Duration::from_mins(3);

/// Where a project comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Npm { name: String, version: String },
    PyPi { name: String, version: String },
    Folder(PathBuf),
}

impl Origin {
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let wrong = || Failure::Unfit(format!("{text}: neither npm:NAME@VERSION nor pypi:NAME==VERSION nor a folder"));
        let pinned = |pair: Option<(&str, &str)>| {
            let (name, version) = pair.ok_or_else(wrong)?;
            let fine = |text: &str, more: &str| {
                !text.is_empty()
                    && !text.starts_with('-')
                    && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-+".contains(c) || more.contains(c))
            };
            if fine(name, "@/") && fine(version, "") { Ok((name.to_owned(), version.to_owned())) } else { Err(wrong()) }
        };
        if let Some(package) = text.strip_prefix("npm:") {
            let (name, version) = pinned(package.rsplit_once('@'))?;
            Ok(Self::Npm { name, version })
        } else if let Some(package) = text.strip_prefix("pypi:") {
            let (name, version) = pinned(package.split_once("=="))?;
            Ok(Self::PyPi { name, version })
        } else {
            Path::new(text).is_dir().then(|| Self::Folder(text.into())).ok_or_else(wrong)
        }
    }

    /// A name for folders and cases.
    pub fn slug(&self) -> String {
        let text = match self {
            Self::Npm { name, version } | Self::PyPi { name, version } => format!("{name}-{version}"),
            Self::Folder(path) => path.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default(),
        };
        let plain = text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' });
        plain.collect::<String>().trim_matches(['-', '.']).to_owned()
    }

    /// Lays the project's files into a folder that isn't there yet.
    pub fn lay(&self, cache: &Path, target: &Path, stop: &Stop) -> Result<(), Failure> {
        let from = match self {
            Self::Folder(path) => path.clone(),
            Self::Npm { .. } | Self::PyPi { .. } => self.unpacked(cache, stop)?,
        };
        copy(&from, target)
    }

    fn unpacked(&self, cache: &Path, stop: &Stop) -> Result<PathBuf, Failure> {
        let folder = cache.join(self.slug());
        let done = folder.join("unpacked");
        if !done.is_dir() {
            let fresh = cache.join(format!("{}.part", self.slug()));
            let _ = fs::remove_dir_all(&fresh);
            fs::create_dir_all(&fresh).map_err(Failure::at(&fresh))?;
            ask(&mut self.download(&fresh), stop)?;
            let archive = only_entry(&fresh)?;
            let into = fresh.join("unpacked");
            fs::create_dir_all(&into).map_err(Failure::at(&into))?;
            let mut tar = Command::new("tar");
            tar.arg("--extract").arg("--file").arg(&archive).arg("--directory").arg(&into).arg("--strip-components=1");
            ask(tar.args(["--no-same-owner", "--no-same-permissions"]), stop)?;
            let _ = fs::remove_dir_all(&folder);
            fs::rename(&fresh, &folder).map_err(Failure::at(&folder))?;
        }
        Ok(done)
    }

    fn download(&self, into: &Path) -> Command {
        let mut command = Command::new(if matches!(self, Self::Npm { .. }) { "npm" } else { "python3" });
        match self {
            Self::Npm { name, version } => command.args(["pack", "--ignore-scripts", &format!("{name}@{version}")]),
            Self::PyPi { name, version } => command
                .args(["-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", "."])
                .arg(format!("{name}=={version}")),
            Self::Folder(_) => &mut command,
        };
        command.current_dir(into);
        command
    }
}

fn ask(command: &mut Command, stop: &Stop) -> Result<(), Failure> {
    let ended = run(command, DOWNLOAD, stop)?;
    if ended.well() {
        return Ok(());
    }
    Err(Failure::Unfit(format!("`{}` failed: {}", command.get_program().to_string_lossy(), ended.why())))
}

fn only_entry(folder: &Path) -> Result<PathBuf, Failure> {
    let mut entries = fs::read_dir(folder).map_err(Failure::at(folder))?.flatten();
    entries.next().map(|it| it.path()).ok_or_else(|| Failure::Unfit("the download left no file".to_owned()))
}

/// What is made, not written: it isn't copied.
const MADE: [&str; 9] =
    [".git", "node_modules", ".venv", "__pycache__", ".pytest_cache", "recordings", ".tox", ".mypy_cache", "junit.xml"];

/// Copies plain files and folders; links and special files are left out.
pub fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::create_dir_all(to).map_err(Failure::at(to))?;
    for entry in fs::read_dir(from).map_err(Failure::at(from))? {
        let entry = entry.map_err(Failure::at(from))?;
        let (name, path) = (entry.file_name(), entry.path());
        let kind = entry.file_type().map_err(Failure::at(&path))?;
        if MADE.iter().any(|made| name == *made) || name.to_string_lossy().ends_with(".egg-info") {
            continue;
        }
        if kind.is_dir() {
            copy(&path, &to.join(name))?;
        } else if kind.is_file() {
            let target = to.join(name);
            fs::copy(&path, &target).map_err(Failure::at(&target))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_named_with_their_version() {
        let npm = Origin::parse("npm:@scope/name@1.2.3").unwrap();
        assert_eq!(npm, Origin::Npm { name: "@scope/name".to_owned(), version: "1.2.3".to_owned() });
        assert_eq!(npm.slug(), "scope-name-1.2.3");
        assert_eq!(Origin::parse("pypi:tinydb==4.9.0").unwrap().slug(), "tinydb-4.9.0");
        for wrong in ["npm:name", "pypi:name", "npm:--evil@1", "pypi:a b==1", "/no/such/folder"] {
            assert!(Origin::parse(wrong).is_err(), "{wrong}");
        }
    }
}
