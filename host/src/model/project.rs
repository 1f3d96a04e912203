//! What the healed repository says of itself in `thymus.toml`. It is untrusted: it describes, the policy decides.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A test runner whose reports thymus knows how to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Framework {
    NodeTest,
    Jest,
    Vitest,
    Pytest,
    Unittest,
    CargoNextest,
    /// Any command; whether it writes a report is said beside it.
    Command,
}

/// Where results come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum TestReport {
    /// A JUnit XML file, relative to the repository.
    Junit {
        /// Where the command writes it.
        path: String,
    },
    /// Only the exit status: gates say what they then cannot know.
    ExitStatus,
}

/// How to test the repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestRun {
    /// The runner.
    pub framework: Framework,
    /// Program and arguments, run at the top of the repository; no shell.
    pub command: Vec<String>,
    /// Where results come from.
    pub report: TestReport,
    /// Globs of the files that are tests.
    pub files: Vec<String>,
    /// Environment, beside the sandbox's own.
    pub env: BTreeMap<String, String>,
    /// Wall clock of one run, in seconds; the policy may lower it.
    pub timeout_seconds: u64,
}

/// How dependencies are installed, once per lock file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetUp {
    /// Commands, one after another; no shell.
    pub commands: Vec<Vec<String>>,
    /// Files whose bytes decide whether to run it again.
    pub lock_files: Vec<String>,
    /// Folders it makes, mounted read-only afterwards.
    pub produces: Vec<String>,
}

/// `thymus.toml`, checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// What people call it.
    pub name: String,
    /// As in `javascript`, `typescript`, `python`.
    pub languages: Vec<String>,
    /// How to test it.
    pub test: TestRun,
    /// How to install what it needs; absent when it needs nothing.
    pub set_up: Option<SetUp>,
    /// Globs of documented sequences.
    pub sequences: Vec<String>,
    /// Globs of documentation.
    pub docs: Vec<String>,
}
