//! Two beats run in the wrong order: one statement goes past others, where none of them minds.

use std::collections::BTreeSet;

use thymus_sdk::source::Text;

use super::{Repair, calls, expected, is_in_order};
use crate::disorder::Disorder;
use crate::flow::{Flow, Statement, lines, may_pass};
use crate::sequence::last_name;

/// The move that leaves the sequence's order, if there is one and it is sure.
pub fn repair(disorder: &Disorder, flow: &Flow, text: &Text, comment: &str) -> Option<Repair> {
    let (early, late) = (last_name(&disorder.beat.handler), last_name(&disorder.other.as_ref()?.handler));
    let (block, first, second) = flow.apart(early, late)?;
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
    let explanation = format!(
        "`{early}` ran before `{late}`, which the sequence has the other way round. The statement with `{}` moves {} the \
         other; none of the statements that it passes reads what it writes or writes what it reads, so nothing but the \
         order changes.",
        if moved == first { early } else { late },
        if moved > to { "before" } else { "behind" },
    );
    let title = format!("Call {late} before {early} again");
    if second == first + 1 && comments_stay(text, &block[first], &block[second], comment) {
        let words = |statement: &Statement| text.content.get(statement.range.clone()).map(str::to_owned);
        let edits = vec![
            (block[first].range.clone(), words(&block[second])?),
            (block[second].range.clone(), words(&block[first])?),
        ];
        return Some(Repair { title, explanation, edits });
    }
    let lines_of = |statement: &Statement| lines(text, &statement.range, comment);
    let (from, target) = (lines_of(&block[moved])?, lines_of(&block[to])?);
    // The statements between keep their lines; so nothing of theirs may lie in the moved ones.
    let words = text.content.get(from.clone())?.to_owned();
    let at = if moved > to { target.start } else { target.end };
    if from.contains(&at) {
        return None;
    }
    Some(Repair { title, explanation, edits: vec![(from, String::new()), (at..at, words)] })
}

/// Whether the comments above two neighbours speak of the respective other: then only the statements changed places, and
/// change them again.
fn comments_stay(text: &Text, first: &Statement, second: &Statement, comment: &str) -> bool {
    let above = |statement: &Statement| {
        let lines = lines(text, &statement.range, comment)?;
        text.content.get(lines.start..statement.range.start).map(words)
    };
    let own = |statement: &Statement| words(text.content.get(statement.range.clone()).unwrap_or_default());
    let (one, two) = (own(first), own(second));
    let speaks_of_other = |comment: Option<BTreeSet<String>>, own: &BTreeSet<String>, other: &BTreeSet<String>| {
        comment.is_some_and(|comment| comment.is_disjoint(own) && !comment.is_disjoint(other))
    };
    speaks_of_other(above(first), &one, &two) || speaks_of_other(above(second), &two, &one)
}

/// The words of a text, also those that names are made of; short ones say nothing.
fn words(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let mut word = String::new();
    for letter in text.chars().chain([' ']) {
        if (!letter.is_alphabetic() || letter.is_uppercase()) && !word.is_empty() {
            if word.len() > 3 {
                words.insert(std::mem::take(&mut word));
            }
            word.clear();
        }
        if letter.is_alphabetic() {
            word.extend(letter.to_lowercase());
        }
    }
    words
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_names_too() {
        let all = words("self.clearCache(the_query) # Write it");
        assert_eq!(all.iter().map(String::as_str).collect::<Vec<_>>(), ["cache", "clear", "query", "self", "write"]);
    }
}
