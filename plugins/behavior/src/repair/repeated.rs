//! A beat runs once more than it should: of two statements that say the same, one goes.

use thymus_sdk::source::Text;

use super::{Repair, calls, expected};
use crate::disorder::Disorder;
use crate::flow::{Flow, lines};
use crate::sequence::last_name;

/// The removal of the second of two equal calls, if there are just two and they are equal.
pub fn repair(disorder: &Disorder, flow: &Flow, text: &Text, comment: &str) -> Option<Repair> {
    let name = last_name(&disorder.beat.handler);
    let wanted = expected(disorder);
    let count = |names: &[&str]| names.iter().filter(|other| **other == name).count();
    if count(&calls(flow, &wanted)) < 2 {
        return None;
    }
    let block = flow
        .blocks
        .iter()
        .rev()
        .find(|block| block.iter().filter(|statement| statement.is_plain && statement.calls(name)).count() >= 2)?;
    let same: Vec<usize> = (0..block.len()).filter(|at| block[*at].is_plain && block[*at].calls(name)).collect();
    let words = |at: usize| text.content[block[at].range.clone()].split_whitespace().collect::<Vec<_>>().join(" ");
    // Three in a row may be three on purpose. What is assigned twice may have been read in between, unless nothing is there.
    let [first, second] = same.as_slice() else { return None };
    let is_plain_twice = *second == first + 1 || (block[*first].is_call && block[*second].is_call);
    if words(*first) != words(*second) || !is_plain_twice {
        return None;
    }
    // Of two that stand apart, the one that the sequence has no place for goes.
    let without = |gone: usize| {
        let rest: Vec<&str> = block
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != gone)
            .flat_map(|(_, statement)| &statement.calls)
            .map(|(name, _)| name.as_str())
            .filter(|called| wanted.contains(called))
            .collect();
        super::is_in_order(&rest, &wanted)
    };
    let gone = [*second, *first].into_iter().find(|at| without(*at))?;
    let range = lines(text, &block[gone].range, comment)?;
    Some(Repair {
        title: format!("Call {name} once"),
        explanation: format!(
            "`{name}` ran once more than it should: the same statement stands there twice, and one of them goes."
        ),
        edits: vec![(range, String::new())],
    })
}
