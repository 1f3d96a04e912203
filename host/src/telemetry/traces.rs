//! How many traces there are, in bounded memory.

use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

/// Distinct traces are counted exactly up to here, and estimated above.
const TRACES: usize = 100_000;

/// Counts distinct traces by keeping the smallest hashes: exact while all fit, and an estimate from how densely the
/// kept ones lie after that.
#[derive(Default)]
pub(super) struct Traces(BTreeSet<u64>);

impl Traces {
    pub(super) fn add(&mut self, trace: u128) {
        self.0.insert(BuildHasherDefault::<DefaultHasher>::default().hash_one(trace));
        if self.0.len() > TRACES {
            self.0.pop_last();
        }
    }

    pub(super) fn count(&self) -> u64 {
        let kept = self.0.len();
        match self.0.last() {
            Some(&last) if kept >= TRACES => {
                let all = (kept as u128 - 1) * u128::from(u64::MAX) / u128::from(last.max(1));
                u64::try_from(all).unwrap_or(u64::MAX)
            }
            _ => kept as u64,
        }
    }
}
