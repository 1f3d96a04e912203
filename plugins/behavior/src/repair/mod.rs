//! What puts an order right again, in terms of statements: one rule a file, each for one way in which runs deviate.

pub mod missing;
pub mod repeated;
pub mod swapped;

use std::collections::BTreeSet;
use std::ops::Range;

use crate::disorder::Disorder;
use crate::flow::Flow;
use crate::sequence::last_name;

/// Edits of the function's file, and what they do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// The first line of the commit's message.
    pub title: String,
    /// Why it is right.
    pub explanation: String,
    /// What is replaced by what.
    pub edits: Vec<(Range<usize>, String)>,
}

/// The names of the beats that a run should have, in their order.
pub fn expected(disorder: &Disorder) -> Vec<&str> {
    disorder.expected.iter().map(|beat| last_name(&beat.handler)).collect()
}

/// Whether calls in this order are those of the sequence: where code calls a beat once it is where the sequence has it.
pub fn is_in_order(calls: &[&str], expected: &[&str]) -> bool {
    let once = |names: &[&str], name: &str| names.iter().filter(|other| **other == name).count() == 1;
    let calls: Vec<&str> = calls.iter().copied().filter(|name| once(calls, name) && once(expected, name)).collect();
    let wanted: Vec<&str> = expected.iter().copied().filter(|name| calls.contains(name)).collect();
    calls == wanted
}

/// The calls of the expected beats in a function, in the order in which they are made.
pub fn calls<'f>(flow: &'f Flow, expected: &[&str]) -> Vec<&'f str> {
    let names: BTreeSet<&str> = expected.iter().copied().collect();
    flow.calls_of(&names).into_iter().map(|(name, _)| name).collect()
}
