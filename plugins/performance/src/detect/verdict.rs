//! What makes a handler a finding, in numbers; and from these how grave and how sure it is.

use thymus_sdk::Severity;

use super::load::Load;
use crate::statistics::float;

/// Which rule found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Calls are slower than in better times.
    Slower,
    /// Only a part of the calls is, and much.
    SlowerTail,
    /// Calls became slower inside of the window, at once.
    Step,
    /// Little by little.
    Drift,
    /// Slower than the project declares.
    Threshold,
}

impl Rule {
    /// Its name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Slower => "slower-handler",
            Self::SlowerTail => "slower-tail",
            Self::Step => "slower-within-window",
            Self::Drift => "slow-drift",
            Self::Threshold => "over-threshold",
        }
    }
}

/// A slower handler.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub handler: u32,
    pub rule: Rule,
    /// By chance, after what was tried is counted.
    pub chance: f64,
    /// How many times slower than the common load explains.
    pub ratio: f64,
    /// Nanoseconds a call that are new.
    pub added: f64,
    /// Calls that are slower.
    pub calls: u64,
    /// Calls in better times, or before the step.
    pub calls_before: u64,
    /// Which share of all handlers' time is new, from 0 to 1.
    pub share: f64,
    /// Which share of what is new the handler spends itself, from 0 to 1.
    pub own: f64,
    /// Whether it runs more calls of others than it did.
    pub more_calls: bool,
    /// Typical nanoseconds now and before.
    pub now: f64,
    pub before: Option<f64>,
    pub load: Load,
    /// The rule's own sentence.
    pub said: String,
}

impl Verdict {
    /// For whoever waits: how much slower, and how much of the time it takes.
    pub fn severity(&self) -> Severity {
        let strong = self.ratio >= 5.0 && self.calls >= 100 && self.added >= 1e8 && self.confidence() >= 0.9;
        if strong && self.share >= 0.5 {
            Severity::Critical
        } else if self.share >= 0.2 && self.ratio >= 2.0 && self.added >= 1e6 {
            Severity::High
        } else if self.share >= 0.05 {
            Severity::Medium
        } else {
            Severity::Low
        }
    }

    /// Chance is small by then; what may still be wrong is that something else than code differs between two recordings,
    /// which fewer calls, smaller factors and fewer handlers to compare with leave more room for.
    pub fn confidence(&self) -> f64 {
        let fewest = float(self.calls.min(self.calls_before));
        let often = fewest / (fewest + 1.5);
        let large = 0.7 + 0.3 * (self.ratio.ln() / 3_f64.ln()).clamp(0.0, 1.0);
        let compared = match (self.rule, self.load.handlers) {
            (Rule::Threshold, _) | (_, 4..) => 1.0,
            (_, 2..) => 0.93,
            _ => 0.85,
        };
        let rule = match self.rule {
            Rule::Slower | Rule::Threshold => 1.0,
            Rule::SlowerTail | Rule::Step => 0.85,
            Rule::Drift => 0.75,
        };
        (0.98 * (1.0 - self.chance.clamp(0.0, 0.5)) * often * large * compared * rule).clamp(0.0, 1.0)
    }
}
