//! What a rule sees: one contradiction between documentation and code, where it stands, and how to end it.
//!
//! It travels in a finding's and a diagnosis's notes as it is, so that the fixer writes exactly what the detector judged. Every
//! edit says what it replaces; against another state of the file it is void.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use thymus_sdk::Severity;

/// One contradiction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// The rule, in kebab-case.
    pub rule: String,
    /// For a list of findings.
    pub title: String,
    /// The file whose documentation drifted.
    pub path: String,
    /// The documented function, or the document itself.
    pub subject: String,
    /// What documentation says and what the code does.
    pub statement: String,
    /// What tells this drift from others of its rule and subject, without lines.
    pub key: String,
    /// What drifted.
    pub place: Range<usize>,
    /// The code that contradicts it: a file and its bytes.
    pub against: Option<(String, Range<usize>)>,
    /// How much it misleads, before traffic is known.
    pub weight: Weight,
    /// From 0 to 1.
    pub confidence: f64,
    /// How to end it, where there is one way.
    pub repair: Option<Repair>,
}

/// How much a drift misleads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// Something is not said.
    Gap,
    /// Something wrong is said.
    Wrong,
    /// Who follows it fails.
    Breaks,
}

/// The one way to end a drift.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Repair {
    /// In the imperative, as a commit's first line.
    pub title: String,
    /// Why this is right.
    pub why: String,
    /// What to write, in the file that drifted.
    pub edits: Vec<Replace>,
}

/// Bytes that become others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replace {
    /// First byte.
    pub start: usize,
    /// What stands there.
    pub was: String,
    /// What shall.
    pub becomes: String,
}

impl Drift {
    /// Stable between windows and commits.
    pub fn fingerprint(&self) -> String {
        format!("{} {} {} {}", self.rule, self.path, self.subject, self.key)
    }

    /// How bad it is for those who read it; what production uses is read more.
    pub fn severity(&self, is_used: bool) -> Severity {
        match (self.weight, is_used) {
            (Weight::Gap, false) => Severity::Info,
            (Weight::Gap, true) | (Weight::Wrong, false) => Severity::Low,
            (Weight::Wrong, true) | (Weight::Breaks, _) => Severity::Medium,
        }
    }
}

impl Replace {
    /// Of bytes of a text; none when they are none.
    pub fn of(content: &str, at: Range<usize>, becomes: impl Into<String>) -> Option<Self> {
        let was = content.get(at.clone())?.to_owned();
        Some(Self { start: at.start, was, becomes: becomes.into() })
    }

    /// Where it was made, if the text still has there what it had.
    pub fn range(&self, content: &str) -> Option<Range<usize>> {
        let range = self.start..self.start.checked_add(self.was.len())?;
        (content.get(range.clone())? == self.was).then_some(range)
    }
}
