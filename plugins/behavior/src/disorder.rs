//! What the detector hands to the diagnoser and the fixer: one way in which handlers leave one sequence.

use serde::{Deserialize, Serialize};

/// One deviation of one sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disorder {
    /// How it deviates.
    pub kind: Kind,
    /// What it is about: the beat that ran too early, is missing, or ran too often.
    pub beat: Place,
    /// For what ran too early: the beat that it comes after by rights.
    pub other: Option<Place>,
    /// The beats of a run as they should be.
    pub expected: Vec<Place>,
    /// And as they were.
    pub observed: Vec<Place>,
    /// The handler that ran them; none where telemetry doesn't name its code.
    pub caller: Option<Place>,
    /// The documented sequence; none where it was learned from better times.
    pub documented: Option<Documented>,
    /// What is wrong.
    pub verdict: Verdict,
    /// Traces in which it was seen.
    pub traces: Vec<String>,
}

/// How a run deviates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Two beats in the wrong order.
    Swapped,
    /// A beat that didn't run.
    Missing,
    /// A beat that ran once more.
    Repeated,
    /// A beat that has no place there.
    Extra,
}

/// A handler and its file in the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// As telemetry or the definition names it.
    pub handler: String,
    /// Its file, where it lies in the source.
    pub path: Option<String>,
}

/// Where a sequence is documented.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Documented {
    /// Its name.
    pub name: String,
    /// The file.
    pub path: String,
    /// What it starts with.
    pub starts_with: Option<String>,
}

/// Which of code and definition is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The code.
    Code,
    /// The definition is outdated.
    Definition,
    /// It can't be told.
    Unsure,
}

impl Kind {
    /// The rule's name.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Swapped => "swapped-beats",
            Self::Missing => "missing-beat",
            Self::Repeated => "repeated-beat",
            Self::Extra => "extra-beat",
        }
    }
}
