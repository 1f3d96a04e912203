//! Which test runners a repository uses, and how each is asked for a report. What is read here is hostile: scripts are
//! split into words, never run, and only plain ones are understood.

mod cargo;
mod node;
mod python;
mod script;

use std::collections::BTreeMap;

use super::look::Seen;
use crate::model::SetUp;

/// One way of testing the repository.
pub(super) struct Runner {
    /// For a comment.
    pub(super) what: &'static str,
    pub(super) language: &'static str,
    pub(super) framework: &'static str,
    pub(super) command: Vec<String>,
    pub(super) junit: Option<String>,
    pub(super) files: Vec<String>,
    pub(super) env: BTreeMap<String, String>,
    pub(super) set_up: Option<SetUp>,
    /// What a person should do to get more out of it.
    pub(super) notes: Vec<&'static str>,
    /// What its manifest calls the project.
    pub(super) name: Option<String>,
    /// How many files are tests.
    pub(super) tests: usize,
}

/// All that were found.
pub(super) fn find(seen: &Seen<'_>) -> Vec<Runner> {
    [node::find(seen), python::find(seen), cargo::find(seen)].into_iter().flatten().collect()
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

/// The first glob that finds tests, with those that find more.
fn tests(seen: &Seen<'_>, globs: &[&str]) -> (Vec<String>, usize) {
    let (all, most) = seen.matching(globs);
    let mut chosen: Vec<&str> = Vec::new();
    let mut count = 0;
    for glob in &all {
        chosen.push(glob);
        let now = seen.matching(&chosen).1;
        if now == count {
            chosen.pop();
        }
        count = now.max(count);
        if count == most {
            break;
        }
    }
    (chosen.into_iter().map(str::to_owned).collect(), most)
}
