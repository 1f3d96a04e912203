//! A beat doesn't run any more: its call comes back where it can be told surely how it was written and where it stood.

use std::collections::BTreeSet;

use thymus_sdk::source::Text;

use super::{Repair, expected};
use crate::disorder::Disorder;
use crate::flow::{Flow, Statement, lines};
use crate::sequence::last_name;

/// How a call is written, as its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The whole statement, without indentation.
    pub statement: String,
    /// Names that must be known where it stands.
    pub needs: BTreeSet<String>,
    /// What says that it is written so.
    pub because: String,
}

/// The insertion of this call between its neighbours of the sequence.
pub fn repair(disorder: &Disorder, flow: &Flow, text: &Text, comment: &str, written: &Written) -> Option<Repair> {
    let name = last_name(&disorder.beat.handler);
    let wanted = expected(disorder);
    let at = wanted.iter().position(|other| *other == name)?;
    if flow.blocks.iter().flatten().any(|statement| statement.calls(name)) {
        return None;
    }
    let (block, place, is_before) = neighbour(flow, &wanted, at)?;
    // What it needs must be made before it, in this block or around it.
    let first_own = if is_before { place } else { place + 1 };
    if block[first_own..].iter().any(|statement| !statement.writes.is_disjoint(&written.needs)) {
        return None;
    }
    let range = lines(text, &block[place].range, comment)?;
    let own = &text.content[range.clone()];
    let position = if is_before { range.start } else { range.end };
    let indent = text.indent_at(block[place].range.start);
    let newline = if own.ends_with("\r\n") { "\r\n" } else { "\n" };
    Some(Repair {
        title: format!("Call {name} again"),
        explanation: format!(
            "`{name}` no longer ran. Its call comes back {} the beat next to it in the sequence. {}",
            if is_before { "before" } else { "behind" },
            written.because
        ),
        edits: vec![(position..position, format!("{indent}{}{newline}", written.statement))],
    })
}

/// The statement beside which the beat stood: behind the one that calls the beat before it, or before the one that calls
/// the beat behind it.
fn neighbour<'f>(flow: &'f Flow, wanted: &[&str], at: usize) -> Option<(&'f [Statement], usize, bool)> {
    let beside = |name: &str| {
        flow.blocks.iter().rev().find_map(|block| {
            let mut found = (0..block.len()).filter(|at| block[*at].calls(name));
            let place = found.next()?;
            (found.next().is_none() && block[place].is_plain).then_some((block.as_slice(), place))
        })
    };
    let before =
        at.checked_sub(1).and_then(|before| beside(wanted[before])).map(|(block, place)| (block, place, false));
    before.or_else(|| beside(wanted.get(at + 1)?).map(|(block, place)| (block, place, true)))
}
