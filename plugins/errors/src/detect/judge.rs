//! Whether a group is new or has risen, how bad it is, and how sure that is.
//!
//! The baseline says for each handler in how many of its calls which class of exception was reported, so a group is held
//! against its class. Baselines of earlier versions only say how many calls failed; then it is held against all of them.

use thymus_sdk::host::{Level, log};
use thymus_sdk::telemetry::{ExceptionCount, Handler, Handlers, Telemetry};
use thymus_sdk::{Failure, Severity};

use super::Settings;
use super::groups::Group;
use super::stack::last_segment;

/// A rise by chance is taken for a real one this often.
const SIGNIFICANCE: f64 = 0.01;
/// With many calls the smallest rise is significant; it must also be half as much again.
const LEAST_RISE: f64 = 1.5;
/// The least time over which a rate is spread: ten exceptions in a window of a second are not 36,000 an hour.
const LEAST_HOURS: f64 = 1.0;

/// How the handlers behave now, and how they did.
pub struct Behaviour {
    window: Handlers,
    baseline: Option<Handlers>,
    hours: f64,
}

/// Why a group is a finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub rule: &'static str,
    pub severity: Severity,
    pub confidence: f64,
    /// The handler's calls in the window, where they are known.
    pub calls: Option<u64>,
    pub compared: Compared,
    pub per_hour: f64,
}

/// What the baseline says.
#[derive(Clone, Debug, PartialEq)]
pub enum Compared {
    /// There is none.
    NoBaseline,
    /// There is one, but not of this handler.
    UnknownHandler,
    /// Calls then, those that ended like this, and how likely so many now would be by chance.
    Numbers { then: Then, chance: f64 },
    /// As before, where only all that end like this have risen, this group among them.
    Together { then: Then, errors_now: u64, chance: f64 },
    /// Only in log records without a span: records then, and spans as a measure of how much there was to do.
    Elsewhere { then: Then, chance: f64 },
}

/// A handler, or everything, in the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Then {
    pub calls: u64,
    pub errors: u64,
    /// The errors are those with this class of exception; else all.
    pub of_class: bool,
}

impl Behaviour {
    /// Reads both.
    pub fn read(telemetry: &Telemetry) -> Result<Self, Failure> {
        let window = telemetry.window()?;
        let nanoseconds = window.end_ns.saturating_sub(window.start_ns);
        let hours = (float(nanoseconds) / 3.6e12).max(LEAST_HOURS);
        Ok(Self { window: telemetry.handlers()?, baseline: telemetry.baseline()?, hours })
    }

    /// The verdict, or none for what is too rare or was so before; the log says why.
    pub fn judge(&self, group: &Group, settings: &Settings) -> Option<Verdict> {
        let none = |why: String| {
            log(Level::Info, &format!("{}: no finding, {why}", group.fingerprint()));
        };
        if group.count < settings.floor {
            none(format!("seen {} times, and the floor is {}", group.count, settings.floor));
            return None;
        }
        let key = group.handler.as_ref().map(|handler| &handler.key);
        let find = |handlers: &Handlers| -> Option<Handler> {
            key.and_then(|key| handlers.find(&key.service, &key.handler, key.path.as_deref())).cloned()
        };
        let now = find(&self.window);
        let compared = match (&self.baseline, &now) {
            (None, _) => Ok(Compared::NoBaseline),
            (Some(baseline), Some(now)) => {
                find(baseline).map_or(Ok(Compared::UnknownHandler), |then| compare(group, now, &then))
            }
            (Some(baseline), None) => self.elsewhere(group, baseline),
        };
        let compared = match compared {
            Ok(compared) => compared,
            Err(why) => {
                none(why);
                return None;
            }
        };
        let calls = now.as_ref().map(|now| now.count.max(group.in_handler));
        let per_hour = float(group.count) / self.hours;
        let rule = match compared {
            Compared::NoBaseline => "exception",
            Compared::UnknownHandler => "new-exception",
            Compared::Numbers { then, .. } | Compared::Elsewhere { then, .. } if then.errors == 0 => "new-exception",
            Compared::Numbers { .. } | Compared::Together { .. } | Compared::Elsewhere { .. } => "risen-exception",
        };
        let share = calls.map_or(0.0, |calls| float(group.in_handler) / float(calls));
        let severity = severity(share, per_hour, group.count);
        let confidence = confidence(group, &compared);
        Some(Verdict { rule, severity, confidence, calls, compared, per_hour })
    }

    /// What no span tells of, held against the same then, by how many spans there were.
    fn elsewhere(&self, group: &Group, baseline: &Handlers) -> Result<Compared, String> {
        let Some(counts) = baseline.exceptions_elsewhere.as_deref().filter(|_| group.handler.is_none()) else {
            return Ok(Compared::UnknownHandler);
        };
        let errors = of_class(counts, &group.recorded).min(baseline.spans);
        let then = Then { calls: baseline.spans, errors, of_class: true };
        let spans = self.window.spans.max(group.count);
        risen(group.count, spans, then)
            .map(|chance| Compared::Elsewhere { then, chance })
            .ok_or_else(|| as_before(group.count, spans, then))
    }
}

fn compare(group: &Group, now: &Handler, then: &Handler) -> Result<Compared, String> {
    let of_class = then.exceptions.as_deref().map(|counts| of_class(counts, &group.recorded));
    let errors_now = match now.exceptions.as_deref().filter(|_| of_class.is_some()) {
        Some(counts) => self::of_class(counts, &group.recorded),
        None => now.errors,
    };
    let calls_now = now.count.max(group.in_handler);
    let errors_now = errors_now.max(group.in_handler).min(calls_now);
    let errors = of_class.unwrap_or(then.errors).min(then.count);
    let then = Then { calls: then.count, errors, of_class: of_class.is_some() };
    if let Some(chance) = risen(group.in_handler, calls_now, then) {
        return Ok(Compared::Numbers { then, chance });
    }
    if let Some(chance) = risen(errors_now, calls_now, then) {
        return Ok(Compared::Together { then, errors_now, chance });
    }
    Err(as_before(group.in_handler, calls_now, then))
}

/// How likely it is by chance that there are so many now; none where there are not more than before, or no more than
/// chance makes.
fn risen(now: u64, calls_now: u64, then: Then) -> Option<f64> {
    let chance = chance(now, calls_now, then.errors, then.calls);
    let grown = chance < SIGNIFICANCE && rise(now, calls_now, then.errors, then.calls) >= LEAST_RISE;
    (then.errors == 0 || grown).then_some(chance)
}

fn as_before(now: u64, calls_now: u64, then: Then) -> String {
    let chance = chance(now, calls_now, then.errors, then.calls);
    format!(
        "the baseline shows it at the same rate: {now} of {calls_now} now, {} of {} then (one-sided Fisher's exact test: \
         p = {chance:.3})",
        then.errors, then.calls
    )
}

/// Classes are compared without their modules: runtimes and versions differ in naming those.
fn of_class(counts: &[ExceptionCount], kind: &str) -> u64 {
    let same = counts.iter().filter(|one| last_segment(&one.kind) == kind);
    same.fold(0, |sum, one| sum.saturating_add(one.count))
}

fn rise(now: u64, calls_now: u64, then: u64, calls_then: u64) -> f64 {
    (float(now) / float(calls_now.max(1))) / (float(then.max(1)) / float(calls_then.max(1)))
}

/// Fisher's exact test, one-sided: with the failures of both windows dealt out at random over all calls, how often
/// this window would get at least as many as it has.
fn chance(now: u64, calls_now: u64, then: u64, calls_then: u64) -> f64 {
    // Beyond this, `f64` no longer tells neighbours apart.
    let [calls_now, calls_then] = [calls_now, calls_then].map(|calls| calls.min(1 << 40));
    let (now, then) = (now.min(calls_now), then.min(calls_then));
    let failures = now + then;
    let ln_choose = |n: u64, k: u64| {
        let ln_factorial = |n: u64| libm::lgamma(float(n) + 1.0);
        ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
    };
    let all = ln_choose(calls_now + calls_then, failures);
    let least = now.max(failures.saturating_sub(calls_then));
    let mut sum = 0.0;
    for dealt in least..=failures.min(calls_now) {
        let term = (ln_choose(calls_now, dealt) + ln_choose(calls_then, failures - dealt) - all).exp();
        sum += term;
        // Beyond the middle each term is smaller than the one before; the rest no longer shows.
        if term < sum * 1e-12 {
            break;
        }
    }
    sum.clamp(0.0, 1.0)
}

/// Which share of the calls fail says how bad it is for whoever makes one; the rate says for how many.
fn severity(share: f64, per_hour: f64, count: u64) -> Severity {
    if share >= 0.5 && count >= 20 && per_hour >= 20.0 {
        Severity::Critical
    } else if share >= 0.1 {
        Severity::High
    } else if share >= 0.01 || per_hour >= 60.0 {
        Severity::Medium
    } else {
        Severity::Low
    }
}

/// An exception that was recorded did happen; what may be wrong is that it matters, is new, and is the project's.
fn confidence(group: &Group, compared: &Compared) -> f64 {
    // One sighting may be an accident; twenty are none.
    let often = float(group.count) / (float(group.count) + 0.5);
    // Thrown outside of the project, it may be the network's or a library's.
    let located = if group.frames.is_empty() { 0.6 } else { 1.0 };
    // Log records say less surely than spans that somebody's call failed.
    let logged = if group.logged == group.count { 0.9 } else { 1.0 };
    let compared = match compared {
        Compared::NoBaseline | Compared::UnknownHandler => 0.85,
        Compared::Numbers { chance, .. } | Compared::Elsewhere { chance, .. } => 1.0 - chance.min(0.5),
        Compared::Together { .. } => 0.6,
    };
    0.97 * often * located * logged * compared
}

#[allow(clippy::cast_precision_loss)] // counts, and a few hours in nanoseconds
fn float(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_that_of_fishers_exact_test() {
        // Computed with exact fractions.
        for (now, calls_now, then, calls_then, expected) in [
            (3, 10, 0, 10, 0.105_263_157_9),
            (8, 10, 1, 10, 0.002_738_532_6),
            (0, 10, 5, 10, 1.0),
            (10, 100, 10, 100, 0.592_851_103_5),
            (19, 100, 0, 1000, 0.0),
        ] {
            let got = chance(now, calls_now, then, calls_then);
            assert!((got - expected).abs() < 1e-6, "{now}/{calls_now} against {then}/{calls_then}: {got}");
        }
        let large = chance(30_000, 1_000_000, 20_000, 1_000_000);
        assert!(large < 1e-100, "{large}");
        assert!(chance(20_000, 1_000_000, 20_000, 1_000_000) > 0.4);
    }

    #[test]
    fn share_and_rate_make_it_grave() {
        assert_eq!(severity(0.9, 200.0, 200), Severity::Critical);
        assert_eq!(severity(0.9, 2.0, 2), Severity::High);
        assert_eq!(severity(0.02, 1.0, 3), Severity::Medium);
        assert_eq!(severity(0.0001, 100.0, 500), Severity::Medium);
        assert_eq!(severity(0.0001, 1.0, 5), Severity::Low);
    }
}
