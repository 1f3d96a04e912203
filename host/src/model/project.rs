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

/// How long a handler may take, as the team promises it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// As telemetry names it.
    pub handler: String,
    /// Its file, where one name stands for several handlers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Which share of the calls must keep to it: 0.95 for nineteen of twenty.
    pub quantile: f64,
    /// The longest such a call may take.
    pub millis: f64,
}

/// What a handler may change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateContract {
    /// As telemetry names it.
    pub handler: String,
    /// Its file, where one name stands for several handlers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The only state it may change, named as in `order.status`; `*` is any name. None at all where it is empty.
    pub changes: Vec<String>,
}

/// `thymus.toml`, checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// Promised times.
    #[serde(default)]
    pub thresholds: Vec<Threshold>,
    /// Promised effects.
    #[serde(default)]
    pub states: Vec<StateContract>,
}
