//! Which files stand in a run: the snapshot, and over it what may come from the patch. Test, CI and configuration files
//! that a patch changes stay the snapshot's, whatever the policy lets it deliver; so do new ones that decide how tests run.

use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::model::{PROTECTED, Project, RepoPath, TESTS, TestReport};
use crate::sandbox::Placement;

use super::Candidate;
use super::runner::ROOT;

/// The snapshot with changes over it.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    pub(super) changes: Vec<Placement>,
}

impl Tree {
    /// The same tree with one more file, whose bytes lie at `host`.
    pub(super) fn with(mut self, path: &RepoPath, host: PathBuf) -> Self {
        self.changes.push(Placement::Write { inside: inside(path), host, executable: false });
        self
    }
}

/// The trees of one proof.
pub(super) struct Trees {
    /// New test files of the patch.
    pub(super) own_tests: Vec<RepoPath>,
    /// Files of the patch that runs don't see, because they are the snapshot's there.
    pub(super) put_back: Vec<RepoPath>,
    /// The files that the patch takes away.
    pub(super) removed: Vec<RepoPath>,
    /// The patch's other files that there are afterwards.
    pub(super) code: Vec<RepoPath>,
    tests: Vec<Placement>,
    rest: Vec<Placement>,
    layer: PathBuf,
}

impl Trees {
    pub(super) fn new(candidate: &Candidate<'_>) -> Self {
        let tests = tests(candidate.ground.project);
        let protected = protected(candidate);
        let mut trees = Self {
            own_tests: Vec::new(),
            put_back: Vec::new(),
            removed: candidate.removed.to_vec(),
            code: Vec::new(),
            tests: Vec::new(),
            rest: Vec::new(),
            layer: candidate.layer.to_owned(),
        };
        for file in &candidate.patch.files {
            let (path, is_test) = (&file.path, tests.is_match(&file.path));
            let there = file.before.is_some() || candidate.ground.files.contains_key(path);
            let after = file.after.as_ref().filter(|_| !candidate.removed.contains(path));
            if protected.is_match(path) || (is_test && there) {
                trees.put_back.push(path.clone());
                continue;
            }
            let change = match after {
                Some(after) => Placement::Write {
                    inside: inside(path),
                    host: candidate.layer.join(path),
                    executable: after.executable,
                },
                None => Placement::Remove { inside: inside(path) },
            };
            if is_test {
                trees.own_tests.push(path.clone());
                trees.tests.push(change);
            } else {
                trees.code.extend(after.map(|_| path.clone()));
                trees.rest.push(change);
            }
        }
        trees
    }

    /// The unpatched tree with the patch's new tests.
    pub(super) fn with_own_tests(&self) -> Tree {
        Tree { changes: self.tests.clone() }
    }

    /// The patched tree.
    pub(super) fn patched(&self) -> Tree {
        Tree { changes: [self.rest.clone(), self.tests.clone()].concat() }
    }

    /// Where the bytes of one of the patch's files lie.
    pub(super) fn host(&self, path: &RepoPath) -> PathBuf {
        self.layer.join(path)
    }
}

/// Where a file lies inside.
pub(super) fn inside(path: &RepoPath) -> PathBuf {
    Path::new(ROOT).join(path)
}

/// What a test runner, or the project, takes for a test.
pub(super) fn tests(project: &Project) -> GlobSet {
    set(TESTS.iter().copied().chain(project.test.files.iter().map(String::as_str)))
}

/// Only what the project itself calls a test.
pub(super) fn named_tests(project: &Project) -> GlobSet {
    set(project.test.files.iter().map(String::as_str))
}

/// What the project calls documentation.
pub(super) fn docs(project: &Project) -> GlobSet {
    set(project.docs.iter().map(String::as_str))
}

fn protected(candidate: &Candidate<'_>) -> GlobSet {
    let project = candidate.ground.project;
    let mut globs: Vec<String> = PROTECTED.iter().map(|glob| (*glob).to_owned()).collect();
    globs.push("**/thymus.toml".to_owned());
    if let TestReport::Junit { path } = &project.test.report {
        globs.push(literal(path));
    }
    globs.extend(project.set_up.iter().flat_map(|set_up| &set_up.lock_files).map(|path| literal(path)));
    globs.extend(project.set_up.iter().flat_map(|set_up| &set_up.produces).map(|path| format!("{}/**", literal(path))));
    // A script that the command names decides about the result.
    globs.extend(project.test.command.iter().map(|word| literal(word.trim_start_matches("./"))));
    set(globs.iter().map(String::as_str))
}

fn literal(path: &str) -> String {
    globset::escape(path)
}

/// Globs that can't be read are left out: thymus.toml's were checked, the others are thymus's own.
fn set<'a>(globs: impl Iterator<Item = &'a str>) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        if let Ok(glob) = GlobBuilder::new(glob).literal_separator(true).case_insensitive(true).build() {
            set.add(glob);
        }
    }
    set.build().unwrap_or_else(|_| GlobSet::empty())
}
