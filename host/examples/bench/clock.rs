//! Times things: a few times, and the median counts.

use std::time::{Duration, Instant};

pub fn time<T>(act: impl FnOnce() -> T) -> (Duration, T) {
    let started = Instant::now();
    let done = act();
    (started.elapsed(), done)
}

pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Two things by turns, so that a busy moment of the machine meets both; the median of each.
pub fn by_turns(rounds: u32, mut one: impl FnMut(u32), mut other: impl FnMut(u32)) -> (Duration, Duration) {
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        ones.push(time(|| one(round)).0);
        others.push(time(|| other(round)).0);
    }
    (median(ones), median(others))
}
