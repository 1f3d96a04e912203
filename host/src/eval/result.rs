//! What an evaluation says: the document that `thymus eval --format json` prints and `--previous` reads. Its JSON Schema is
//! `docs/eval.schema.json`; fields are only ever added. Texts in it come from plugins, telemetry and suites: hostile until
//! escaped.

use serde::{Deserialize, Serialize};

use crate::model::{Capability, GateStatus, ReportedGate, Severity};

use super::compare::Comparison;
use super::score::Score;
use super::suite::Assumptions;

/// The whole of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Evaluation {
    /// thymus's own version.
    pub thymus: String,
    /// When it began, as in `2026-11-25T15:00:00Z`.
    pub started: String,
    /// How long it took.
    pub seconds: f64,
    /// Where it ran.
    pub machine: Machine,
    /// Whether it was stopped before its last case.
    pub partial: bool,
    /// How many cases there are in all suites.
    pub planned: u64,
    /// The plugins that took part.
    pub plugins: Vec<Plugin>,
    /// What was evaluated.
    pub suites: Vec<SuiteFacts>,
    /// All figures; the first is of everything, the others are one a capability that occurs.
    pub scores: Vec<Score>,
    /// What changed since an earlier run; null when none was named.
    pub comparison: Option<Comparison>,
    /// Each case that was run.
    pub cases: Vec<CaseResult>,
}

/// A machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Machine {
    /// As in `linux x86_64`.
    pub system: String,
    /// Processors that thymus may use.
    pub processors: u64,
}

/// A plugin.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Plugin {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Of its bytes, hexadecimal.
    pub digest: String,
}

/// A suite.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SuiteFacts {
    /// Its name.
    pub name: String,
    /// What its author says of it.
    pub description: String,
    /// Where it comes from.
    pub source: String,
    /// How many cases it has.
    pub cases: u64,
    /// What a person's time is taken to be.
    pub assumptions: Assumptions,
}

/// What became of one case.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CaseResult {
    /// Its suite.
    pub suite: String,
    /// Its name.
    pub case: String,
    /// As the suite says.
    pub language: String,
    /// What the suite's author says of it.
    pub note: String,
    /// Whether nothing is wrong in it.
    pub clean: bool,
    /// Whether it has no repository, so that only findings are judged.
    pub series: bool,
    /// Why it could not be run; null when it was.
    pub error: Option<String>,
    /// What a person should know of the run.
    pub warnings: Vec<String>,
    /// How long the loop ran, without the judging.
    pub seconds: f64,
    /// For which capabilities the truth is complete.
    pub judged: Vec<Capability>,
    /// What was to be found.
    pub issues: Vec<Issue>,
    /// Findings that nothing stands behind.
    pub false_alarms: Vec<FalseAlarm>,
    /// Findings that count neither way.
    pub uncounted: u64,
    /// What simple methods make of the same window.
    pub yardsticks: Vec<Yardstick>,
}

/// A problem that was to be found.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Issue {
    /// The kind of healing.
    pub capability: Option<Capability>,
    /// The truth.
    pub truth: Place,
    /// The finding that answers it; null when it was missed.
    pub found: Option<Found>,
    /// Where the finding stands among all of its case, the surest first, from 1.
    pub rank: Option<u64>,
    /// Whether the diagnosis is right.
    pub diagnosis: Levels,
    /// Whether the last frame of the stack trace would have been.
    pub last_frame: Levels,
    /// What was done about it.
    pub fix: Fix,
}

/// A place in the source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// What telemetry calls the handler.
    pub handler: Option<String>,
    /// The file.
    pub path: Option<String>,
    /// The function.
    pub function: Option<String>,
    /// First and last line.
    pub lines: Option<[u32; 2]>,
}

/// A finding, and where its diagnosis puts the cause.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Found {
    /// The detector, as `name@version`.
    pub plugin: String,
    /// The kind of healing.
    pub capability: Capability,
    /// The rule.
    pub rule: String,
    /// One line.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: f64,
    /// The handler.
    pub subject: String,
    /// Why the detector believes it, with its numbers.
    pub evidence: Vec<String>,
    /// Where the cause is said to lie.
    pub place: Option<Place>,
    /// Why.
    pub explanation: String,
    /// How its case ended, when there is no fix.
    pub reason: String,
}

/// At which level a place is right; null where the truth doesn't say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Levels {
    /// The file.
    pub file: Option<bool>,
    /// The function.
    pub function: Option<bool>,
    /// The line.
    pub line: Option<bool>,
}

/// How a fix is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FixState {
    /// There is none.
    #[default]
    Absent,
    /// There is none, and none is asked for.
    NotDue,
    /// It passes everything.
    Right,
    /// It doesn't.
    Wrong,
    /// The hidden checks hold without it too, so they can't tell.
    NotJudged,
}

/// A fix that a person would have been asked to merge.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Fix {
    /// How it is judged.
    pub state: FixState,
    /// Why.
    pub why: String,
    /// What was printed where it failed.
    pub evidence: Vec<String>,
    /// The commit message's first line.
    pub title: String,
    /// A unified diff.
    pub diff: String,
    /// How sure its plugin was.
    pub confidence: Option<f64>,
    /// What thymus's own gates said.
    pub gates: Vec<ReportedGate>,
    /// From the window's end (the run's begin, as recordings lie in the past) until every gate had passed.
    pub seconds: Option<f64>,
    /// What one run of the project's own tests takes.
    pub test_seconds: Option<f64>,
    /// Whether the hidden checks hold where nobody healed; null when that was not tried.
    pub holds_without: Option<bool>,
}

/// A finding that nothing stands behind.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FalseAlarm {
    /// What was claimed.
    pub finding: Found,
    /// Whether it repeats another finding's problem.
    pub repeats: bool,
    /// What was done about it.
    pub fix: Fix,
}

/// What a simple method makes of a window. It names no capability, so none is asked of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Yardstick {
    /// Which method.
    pub name: String,
    /// Which issues it found, in their order.
    pub found: Vec<bool>,
    /// Handlers it names for no reason.
    pub false_alarms: u64,
}

impl Fix {
    /// Whether a person was asked to merge something.
    pub fn is_delivered(&self) -> bool {
        matches!(self.state, FixState::Right | FixState::Wrong | FixState::NotJudged)
    }

    /// The gate that refused it, if one did.
    pub fn refused_by(&self) -> Option<&ReportedGate> {
        self.gates.iter().find(|gate| gate.status == GateStatus::Failed)
    }
}

impl CaseResult {
    /// As in `shop/coupon`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.suite, self.case)
    }

    /// Every fix that a person would have been asked to merge.
    pub fn fixes(&self) -> impl Iterator<Item = &Fix> {
        let of_issues = self.issues.iter().map(|issue| &issue.fix);
        of_issues.chain(self.false_alarms.iter().map(|alarm| &alarm.fix)).filter(|fix| fix.is_delivered())
    }
}
