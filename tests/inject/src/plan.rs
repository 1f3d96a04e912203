//! What is asked for: which projects, which faults, how many, and from which seed. `tests/suites/public.toml` is such a
//! plan.

use std::fmt;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// A file that names projects.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Of everything that is chosen at random.
    pub seed: u64,
    /// Faults of each kind, at most, for each project.
    pub cases: usize,
    /// Windows of the healthy program beside its baseline, for each project.
    #[serde(default)]
    pub clean: usize,
    /// The most seconds for one project.
    pub seconds: u64,
    #[serde(rename = "project")]
    pub projects: Vec<Wanted>,
}

/// One project.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// `npm:NAME@VERSION`, `pypi:NAME==VERSION`, or a folder.
    pub from: String,
    /// For people who read the suite.
    #[serde(default)]
    pub licence: String,
    /// What its tests need beside what it declares, as its package manager takes it.
    #[serde(default)]
    pub needs: Vec<String>,
    /// What its tests are run with; found by looking where it isn't said.
    #[serde(default)]
    pub test: Vec<String>,
    /// Globs that are not telemetry's business: generated or vendored files.
    #[serde(default)]
    pub without: Vec<String>,
}

impl Plan {
    /// What is asked for where only projects are named.
    pub fn of(projects: &[String]) -> Self {
        let wanted = |from: &String| Wanted {
            from: from.clone(),
            licence: String::new(),
            needs: Vec::new(),
            test: Vec::new(),
            without: Vec::new(),
        };
        Self { seed: 1, cases: 5, clean: 1, seconds: 900, projects: projects.iter().map(wanted).collect() }
    }

    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(path).map_err(Failure::at(path))?;
        toml::from_str(&text).map_err(|why| Failure::Plan { path: path.to_owned(), why: why.to_string() })
    }
}

/// What a fault is of: thymus's capabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Capability {
    Error,
    Performance,
    State,
    Dependency,
    Behavior,
    Documentation,
    Coverage,
}

impl Capability {
    pub const ALL: [Self; 7] = [
        Self::Error,
        Self::Performance,
        Self::State,
        Self::Dependency,
        Self::Behavior,
        Self::Documentation,
        Self::Coverage,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Performance => "performance",
            Self::State => "state",
            Self::Dependency => "dependency",
            Self::Behavior => "behavior",
            Self::Documentation => "documentation",
            Self::Coverage => "coverage",
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
