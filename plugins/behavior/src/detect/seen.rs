//! One deviation, and what was seen of it.

use std::collections::BTreeSet;

use crate::traces::{Name, Run};

/// Traces of a deviation that are remembered, to tell whether two findings are one problem.
pub const TRACES: usize = 1_000;

/// How often, where, and an example.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Runs with it.
    pub runs: u64,
    /// Some of their traces.
    pub traces: BTreeSet<u128>,
    /// What ran in the most frequent of them.
    pub observed: Vec<u32>,
    /// What should have run there.
    pub expected: Vec<u32>,
    /// The handler that ran it.
    pub caller: Option<Name>,
    pub(super) most: u64,
}

impl Seen {
    /// Adds so many runs of the same kind.
    pub fn add(&mut self, run: &Run, count: u64, traces: &BTreeSet<u128>, expected: &[u32], caller: Option<&Name>) {
        self.runs += count;
        let room = TRACES.saturating_sub(self.traces.len());
        self.traces.extend(traces.iter().take(room));
        if count > self.most {
            self.most = count;
            self.observed = run.steps.iter().map(|step| step.what).collect();
            self.expected = expected.to_vec();
            self.caller = caller.cloned();
        }
    }
}
