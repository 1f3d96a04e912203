//! What a detector saw, and the scales it is measured on.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::RepoPath;

/// The seven kinds of healing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "wit/0.1.0/plugin.wit says what each is")]
pub enum Capability {
    Performance,
    Behavior,
    Coverage,
    Error,
    State,
    Dependency,
    Documentation,
}

impl Capability {
    /// All of them, in the order of the documents.
    pub const ALL: [Self; 7] = [
        Self::Performance,
        Self::Behavior,
        Self::Coverage,
        Self::Error,
        Self::State,
        Self::Dependency,
        Self::Documentation,
    ];

    /// The word that policies, JSON and messages use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Performance => "performance",
            Self::Behavior => "behavior",
            Self::Coverage => "coverage",
            Self::Error => "error",
            Self::State => "state",
            Self::Dependency => "dependency",
            Self::Documentation => "documentation",
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// From "good to know" to "wake somebody".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    /// The word that policies, JSON and messages use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How sure somebody is: finite, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(into = "f64", try_from = "f64")]
pub struct Confidence(f64);

/// A number outside the bounds its meaning sets.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{0} is not between 0 and 1")]
pub struct OutOfBounds(pub f64);

impl Confidence {
    /// Checks the bounds; NaN lies outside.
    pub fn new(value: f64) -> Result<Self, OutOfBounds> {
        if (0.0..=1.0).contains(&value) { Ok(Self(value)) } else { Err(OutOfBounds(value)) }
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl From<Confidence> for f64 {
    fn from(confidence: Confidence) -> Self {
        confidence.0
    }
}

impl TryFrom<f64> for Confidence {
    type Error = OutOfBounds;

    fn try_from(value: f64) -> Result<Self, OutOfBounds> {
        Self::new(value)
    }
}

/// The handler a finding is about, as telemetry names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// `code.function.name`, or the span's name.
    pub handler: String,
    /// Its file, when that lies in the snapshot.
    pub path: Option<RepoPath>,
    /// The line that telemetry or a stack trace names, from 1.
    pub line: Option<u32>,
}

/// A number that a person can check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// What was measured.
    pub name: String,
    /// Finite.
    pub value: f64,
    /// UCUM, as OpenTelemetry uses it.
    pub unit: String,
}

/// Why a plugin believes what it says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// One sentence.
    pub statement: String,
    /// The numbers behind it.
    pub measures: Vec<Measure>,
    /// Those traces a person should open first, in hexadecimal.
    pub trace_ids: Vec<String>,
}

/// What a detector saw. Text in here comes from a plugin and so from telemetry: hostile until escaped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The kind of healing it asks for.
    pub capability: Capability,
    /// The rule that fired, in kebab-case.
    pub rule: String,
    /// One line for a list.
    pub title: String,
    /// What it is about.
    pub subject: Subject,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// Why.
    pub evidence: Vec<Evidence>,
    /// The same problem has the same fingerprint in every window and at every commit.
    pub fingerprint: String,
    /// The plugin's own notes, for its diagnoser and fixer.
    pub notes: String,
}
