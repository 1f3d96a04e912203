//! Whether code or definition is wrong, and what says so. Where nothing does, that is the answer.

use super::documented::Kept;
use super::seen::Seen;
use crate::disorder::Verdict;
use crate::significance::chance;

/// Runs of the baseline that can say something.
const HISTORY: u64 = 5;
/// And that can say that it was always so.
const LONG_HISTORY: u64 = 10;
/// A share that is as good as all.
const NEARLY_ALL: f64 = 0.9;
/// The largest chance at which a share has risen.
const CHANCE: f64 = 0.01;
/// Runs that must deviate.
const FLOOR: u64 = 2;
/// The share of runs from which it is worth saying that a definition and the code never quite agreed.
const WORTH_SAYING: f64 = 0.2;

/// What is wrong, how sure that is, and why.
#[derive(Debug)]
pub struct Ruling {
    pub verdict: Verdict,
    pub confidence: f64,
    pub why: String,
}

/// What to think of a deviation from a documented sequence; none where it is nothing to speak of.
pub fn decide(seen: &Seen, window: &Kept, before: Option<&Seen>, baseline: &Kept) -> Option<Ruling> {
    let hits_before = before.map_or(0, |seen| seen.runs);
    let (now, once) = (share(seen.runs, window.runs), share(hits_before, baseline.runs));
    if seen.runs < FLOOR {
        return None;
    }
    let ruling = |verdict, confidence, why: String| Some(Ruling { verdict, confidence, why });
    if baseline.runs < HISTORY {
        return if now >= NEARLY_ALL {
            ruling(
                Verdict::Unsure,
                0.6,
                format!(
                    "Nearly every run deviates and only {} of better times are known, so it can't be told whether \
                    the code or the definition is wrong.",
                    baseline.runs
                ),
            )
        } else {
            ruling(
                Verdict::Code,
                0.75,
                "Other runs keep to the definition, so the code can and this once did not.".to_owned(),
            )
        };
    }
    if baseline.runs >= LONG_HISTORY && now >= NEARLY_ALL && once >= NEARLY_ALL {
        return ruling(
            Verdict::Definition,
            0.9,
            format!(
                "It was always so: {hits_before} of {} runs of better times deviate in the same way, so the \
                definition is outdated.",
                baseline.runs
            ),
        );
    }
    if now > 2.0 * once && chance(seen.runs, window.runs, hits_before, baseline.runs) < CHANCE {
        return ruling(
            Verdict::Code,
            0.95,
            format!(
                "In better times {hits_before} of {} runs deviated in this way, so the code has changed and not the \
                definition.",
                baseline.runs
            ),
        );
    }
    (now >= WORTH_SAYING && hits_before > 0).then(|| Ruling {
        verdict: Verdict::Unsure,
        confidence: 0.5,
        why: format!(
            "{hits_before} of {} runs of better times deviate in the same way and the others don't, so the code \
            may have two ways and the definition lacks one.",
            baseline.runs
        ),
    })
}

/// Never more than one, and none of nothing.
#[expect(clippy::cast_precision_loss, reason = "counts of runs are far below 2^52")]
pub fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part.min(whole) as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(now: (u64, u64), before: (u64, u64)) -> Option<Verdict> {
        let seen = |runs| Seen { runs, ..Seen::default() };
        let kept = |runs| Kept { runs, ..Kept::default() };
        decide(&seen(now.0), &kept(now.1), Some(&seen(before.0)), &kept(before.1)).map(|ruling| ruling.verdict)
    }

    #[test]
    fn history_says_whether_code_or_definition_is_wrong() {
        for (now, before, expected) in [
            ((50, 50), (0, 80), Some(Verdict::Code)),
            ((50, 50), (80, 80), Some(Verdict::Definition)),
            ((5, 50), (0, 80), Some(Verdict::Code)),
            ((50, 50), (0, 0), Some(Verdict::Unsure)),
            ((5, 50), (0, 0), Some(Verdict::Code)),
            ((20, 50), (30, 80), Some(Verdict::Unsure)),
            ((2, 50), (3, 80), None),
            ((1, 50), (0, 80), None),
            ((2, 5), (0, 5), None),
        ] {
            assert_eq!(verdict(now, before), expected, "{now:?} {before:?}");
        }
    }
}
