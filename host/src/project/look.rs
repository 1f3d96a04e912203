//! Looks at a folder to describe it: which languages, which tests, which runner. Nothing in it is run, links are not
//! followed, and what is read is bounded. The answer is a draft for a person to correct.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use globset::{GlobBuilder, GlobMatcher};

use super::{ProjectError, parse, runners, write};
use crate::model::{Project, RepoPath};

const MAX_FILES: usize = 200_000;
const MAX_DEPTH: usize = 24;
const MAX_READ: u64 = 1 << 20;
/// Folders that others wrote: installed, built or cached.
const FOREIGN: [&str; 12] = [
    "node_modules",
    "bower_components",
    "vendor",
    "target",
    "dist",
    "build",
    "out",
    "coverage",
    "venv",
    "env",
    "site-packages",
    "__pycache__",
];

/// What was seen.
pub(super) struct Seen<'a> {
    top: &'a Path,
    /// Files, relative, in the order of their names.
    pub(super) files: Vec<String>,
}

impl<'a> Seen<'a> {
    pub(super) fn walk(top: &'a Path) -> Result<Self, ProjectError> {
        let mut seen = Self { top, files: Vec::new() };
        let mut folders = vec![(String::new(), 0)];
        while let Some((folder, depth)) = folders.pop() {
            let path = top.join(&folder);
            let entries = match std::fs::read_dir(&path) {
                Ok(entries) => entries,
                Err(source) if depth == 0 => return Err(ProjectError::Read { path, source }),
                // A folder that may not be read doesn't say how tests run.
                Err(_) => continue,
            };
            for entry in entries.flatten() {
                let Ok(name) = entry.file_name().into_string() else { continue };
                let Ok(kind) = entry.file_type() else { continue };
                let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
                if RepoPath::new(&path).is_err() {
                    continue;
                }
                if kind.is_dir() {
                    let hidden = name.starts_with('.') && name != ".config";
                    if !hidden && !FOREIGN.contains(&name.as_str()) && depth < MAX_DEPTH {
                        folders.push((path, depth + 1));
                    }
                } else if kind.is_file() && seen.files.len() < MAX_FILES {
                    seen.files.push(path);
                }
            }
        }
        seen.files.sort();
        Ok(seen)
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.files.binary_search_by(|file| file.as_str().cmp(path)).is_ok()
    }

    /// The text of a file that was seen, if it is text and not large. A pipe or link put there since is not opened.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        if !self.has(path) {
            return None;
        }
        let flags = rustix::fs::OFlags::RDONLY
            | rustix::fs::OFlags::NOFOLLOW
            | rustix::fs::OFlags::NONBLOCK
            | rustix::fs::OFlags::CLOEXEC;
        let file = rustix::fs::open(self.top.join(path), flags, rustix::fs::Mode::empty()).ok()?;
        let file = std::fs::File::from(file);
        if !file.metadata().ok()?.is_file() {
            return None;
        }
        let mut text = String::new();
        let count = file.take(MAX_READ + 1).read_to_string(&mut text).ok()?;
        (count as u64 <= MAX_READ).then_some(text)
    }

    /// Those of the globs that some file matches, and how many files match any.
    pub(super) fn matching(&self, globs: &[&str]) -> (Vec<String>, usize) {
        let matchers: Vec<(&str, GlobMatcher)> = globs
            .iter()
            .filter_map(|glob| {
                let built = GlobBuilder::new(glob).literal_separator(true).build().ok()?;
                Some((*glob, built.compile_matcher()))
            })
            .collect();
        let used = matchers.iter().filter(|(_, matcher)| self.files.iter().any(|file| matcher.is_match(file)));
        let used = used.map(|(glob, _)| (*glob).to_owned()).collect();
        let count = self.files.iter().filter(|file| matchers.iter().any(|(_, matcher)| matcher.is_match(file))).count();
        (used, count)
    }

    /// How many files match one of `some` and one of `others`.
    pub(super) fn matching_both(&self, some: &[&str], others: &[&str]) -> usize {
        let set = |globs: &[&str]| {
            let built = globs.iter().filter_map(|glob| GlobBuilder::new(glob).literal_separator(true).build().ok());
            built.map(|glob| glob.compile_matcher()).collect::<Vec<_>>()
        };
        let (some, others) = (set(some), set(others));
        let any = |set: &[GlobMatcher], file: &str| set.iter().any(|matcher| matcher.is_match(file));
        self.files.iter().filter(|file| any(&some, file) && any(&others, file)).count()
    }

    /// The most common first.
    fn languages(&self) -> Vec<String> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for file in &self.files {
            let extension = file.rsplit('/').next().unwrap_or(file).rsplit_once('.').map_or("", |(_, end)| end);
            let language = match extension {
                "js" | "mjs" | "cjs" | "jsx" => "javascript",
                "ts" | "tsx" | "mts" | "cts" => "typescript",
                "py" => "python",
                "rs" => "rust",
                "go" => "go",
                "java" => "java",
                "kt" => "kotlin",
                "cs" => "csharp",
                "rb" => "ruby",
                "php" => "php",
                "swift" => "swift",
                "ex" | "exs" => "elixir",
                _ => continue,
            };
            *counts.entry(language).or_default() += 1;
        }
        let mut languages: Vec<(&str, usize)> = counts.into_iter().collect();
        languages.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        languages.into_iter().map(|(language, _)| language.to_owned()).collect()
    }

    /// Globs for files of these endings in every folder that `is` picks.
    fn folders(&self, is: impl Fn(&str) -> bool, endings: &[&str], deep: bool) -> Vec<String> {
        let mut globs = Vec::new();
        for file in &self.files {
            let Some((folder, name)) = file.rsplit_once('/') else { continue };
            let Some(ending) = endings.iter().find(|end| name.ends_with(*end)) else { continue };
            // The outermost folder of that name, unless its name reads as a wild card.
            let mut at = 0;
            for part in folder.split('/') {
                at += part.len();
                if is(part) {
                    let outer = &folder[..at];
                    let plain = outer.len() < 400 && !outer.contains(['[', ']', '{', '}', '!']);
                    let glob = if deep { format!("{outer}/**/*{ending}") } else { format!("{outer}/*{ending}") };
                    if plain && (deep || outer == folder) && !globs.contains(&glob) && globs.len() < 32 {
                        globs.push(glob);
                    }
                    break;
                }
                at += 1;
            }
        }
        globs
    }
}

/// Describes the folder: the project, and the commented `thymus.toml` that says the same.
pub fn look(dir: &Path) -> Result<(Project, String), ProjectError> {
    let seen = Seen::walk(dir)?;
    let mut found = runners::find(&seen);
    // The runner with the most tests is the project's; the others are named in a comment.
    found.sort_by_key(|runner| std::cmp::Reverse(runner.tests));
    let mut found = found.into_iter();
    let Some(runner) = found.next() else { return Err(ProjectError::Unknown { dir: dir.to_path_buf() }) };
    let mut languages = seen.languages();
    languages.truncate(8);
    if languages.is_empty() {
        languages.push(runner.language.to_owned());
    }
    let folder = || {
        let full = std::fs::canonicalize(dir).unwrap_or_else(|_| dir.to_path_buf());
        full.file_name().map(|name| name.to_string_lossy().into_owned())
    };
    let name = runner.name.clone().filter(|name| is_name(name)).or_else(folder).filter(|name| is_name(name));
    let mut docs: Vec<String> = seen.matching(&["README.md", "README.rst"]).0;
    docs.extend(seen.folders(|name| matches!(name, "docs" | "doc"), &[".md", ".rst"], true));
    let sequences = seen.folders(|name| name == "sequences", &[".yaml", ".yml", ".json", ".toml", ".md"], false);
    let draft = write::Draft {
        name: name.unwrap_or_else(|| "project".to_owned()),
        languages,
        docs,
        sequences,
        runner,
        others: found.map(|other| other.what).collect(),
    };
    let text = write::toml(&draft);
    // What is answered is what the file says, so the two can't differ.
    Ok((parse(&text)?, text))
}

fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && name.len() <= 100 && !name.chars().any(char::is_control)
}
