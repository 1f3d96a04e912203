//! What a speed test calls, how often, and what it may promise.
//!
//! The host measures seven interleaved pairs of the test's whole time, runner and all, and holds the proposal to its
//! promise. Production measured the same calls before and after they became slow, so the promise is a cautious part of what
//! is known to be there.

use crate::slowdown::{Call, Slowdown};

/// How long the slow calls shall take together, in nanoseconds: far more than a runner's own time for a test.
const LONG_ENOUGH: f64 = 150e6;
const MOST_ROUNDS: f64 = 20_000.0;
/// Calls that are repeated.
const MOST_CALLS: usize = 3;
/// Of the gain that production showed, what is surely left in a test.
const SURE: f64 = 0.4;

/// What a test does.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// The calls, each with a known result.
    pub calls: Vec<&'a Call>,
    /// How often all of them are made.
    pub rounds: u64,
    /// The promise.
    pub percent: f64,
}

/// The slowest calls of which production always gave the same; none where there is none.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // at most `MOST_ROUNDS`
pub fn plan(slowdown: &Slowdown) -> Option<Plan<'_>> {
    let calls: Vec<&Call> = slowdown.calls.iter().filter(|call| call.result.is_some()).take(MOST_CALLS).collect();
    let together: f64 = calls.iter().map(|call| call.nanos).sum();
    if calls.is_empty() {
        return None;
    }
    let rounds = (LONG_ENOUGH / together.max(1.0)).ceil().clamp(1.0, MOST_ROUNDS) as u64;
    let percent = (slowdown.gain() * SURE * 100.0).round().clamp(10.0, 40.0);
    Some(Plan { calls, rounds, percent })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn short_calls_are_repeated_and_long_ones_are_not() {
        let slow = |nanos: f64| Slowdown {
            handler: "f".to_owned(),
            path: None,
            line: None,
            now_ns: nanos,
            before_ns: Some(nanos / 4.0),
            more_calls: false,
            calls: vec![
                Call { args: json!([1]), result: Some(json!(1)), nanos },
                Call { args: json!([2]), result: None, nanos },
            ],
        };
        let short = slow(1e5);
        let short = plan(&short).unwrap();
        assert_eq!((short.calls.len(), short.rounds), (1, 1500));
        assert!((short.percent - 30.0).abs() < 1e-9);
        assert_eq!(plan(&slow(1e9)).unwrap().rounds, 1);
        assert!(plan(&Slowdown { calls: Vec::new(), ..slow(1e6) }).is_none());
    }
}
