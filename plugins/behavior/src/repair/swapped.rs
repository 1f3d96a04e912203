//! Two beats run in the wrong order: one statement goes past others, where none of them minds.

use thymus_sdk::source::Text;

use super::{Repair, calls, expected, is_in_order};
use crate::disorder::Disorder;
use crate::flow::{Flow, Statement, lines, may_pass};
use crate::sequence::last_name;

/// The move that leaves the sequence's order, if there is one and it is sure.
pub fn repair(disorder: &Disorder, flow: &Flow, text: &Text, comment: &str) -> Option<Repair> {
    let (early, late) = (last_name(&disorder.beat.handler), last_name(&disorder.other.as_ref()?.handler));
    let (block, first, second) = flow.apart(early, late)?;
    if first > second {
        return None;
    }
    let wanted = expected(disorder);
    // Either what ran too early waits, or what ran too late comes forward: whichever leaves the whole order right.
    let later =
        may_pass(&block[first], &block[first + 1..=second]) && leaves_order(flow, block, first, second, &wanted);
    let sooner = may_pass(&block[second], &block[first..second]) && leaves_order(flow, block, second, first, &wanted);
    let (moved, to) = match (sooner, later) {
        (true, _) => (second, first),
        (false, true) => (first, second),
        (false, false) => return None,
    };
    let lines_of = |statement: &Statement| lines(text, &statement.range, comment);
    let (from, target) = (lines_of(&block[moved])?, lines_of(&block[to])?);
    // The statements between keep their lines; so nothing of theirs may lie in the moved ones.
    let words = text.content.get(from.clone())?.to_owned();
    let at = if moved > to { target.start } else { target.end };
    if from.contains(&at) {
        return None;
    }
    Some(Repair {
        title: format!("Call {late} before {early} again"),
        explanation: format!(
            "`{early}` ran before `{late}`, which the sequence has the other way round. The statement with `{}` moves {} \
             the other; none of the statements that it passes reads what it writes or writes what it reads, so nothing \
             but the order changes.",
            if moved == first { early } else { late },
            if moved > to { "before" } else { "behind" },
        ),
        edits: vec![(from, String::new()), (at..at, words)],
    })
}

/// Whether the beats stand in the sequence's order once a statement has gone to another's place.
fn leaves_order(flow: &Flow, block: &[Statement], moved: usize, to: usize, wanted: &[&str]) -> bool {
    let mut order: Vec<usize> = (0..block.len()).collect();
    let statement = order.remove(moved);
    order.insert(to, statement);
    let within: Vec<&str> = order
        .iter()
        .flat_map(|at| {
            let mut calls: Vec<_> =
                block[*at].calls.iter().filter(|(name, _)| wanted.contains(&name.as_str())).collect();
            calls.sort_by_key(|(_, range)| (range.end, range.start));
            calls.into_iter().map(|(name, _)| name.as_str())
        })
        .collect();
    // What stands outside of the block stays where it is, before or behind all of it.
    let all = calls(flow, wanted);
    let start = all.iter().position(|name| within.contains(name)).unwrap_or(0);
    let rest = all.len().saturating_sub(start + within.len());
    let whole: Vec<&str> =
        all[..start].iter().copied().chain(within).chain(all[all.len() - rest..].iter().copied()).collect();
    is_in_order(&whole, wanted)
}
