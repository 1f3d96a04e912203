//! From an explanation's moves to what a person would say: a beat is missing, is one too many, ran twice, ran too early.

use crate::align::Move;

/// How a run left its sequence. Numbers stand for beats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Deviation {
    /// The first ran before the second, and comes after it by rights.
    Swapped(u32, u32),
    /// It did not run.
    Missing(u32),
    /// It ran once more than it should.
    Repeated(u32),
    /// It ran, and has no place there.
    Extra(u32),
}

impl Deviation {
    /// The beats it is about.
    pub fn beats(self) -> impl Iterator<Item = u32> {
        let (first, second) = match self {
            Self::Swapped(first, second) => (first, Some(second)),
            Self::Missing(one) | Self::Repeated(one) | Self::Extra(one) => (one, None),
        };
        std::iter::once(first).chain(second)
    }
}

/// What an explanation says, each thing once.
pub fn deviations(moves: &[Move]) -> Vec<Deviation> {
    let mut missing: Vec<(usize, u32)> = Vec::new();
    let mut extra: Vec<(usize, u32)> = Vec::new();
    for (at, one) in moves.iter().enumerate() {
        match one {
            Move::Missing(what) => missing.push((at, *what)),
            Move::Extra(_, what) => extra.push((at, *what)),
            Move::Both(..) => {}
        }
    }
    let mut found = Vec::new();
    for (ran, what) in extra {
        let was_to_run = missing.iter().position(|(_, other)| *other == what);
        found.push(match was_to_run.map(|number| missing.remove(number).0) {
            Some(was_to_run) => moved(moves, what, ran, was_to_run),
            None if moves.iter().any(|one| matches!(one, Move::Both(_, other) if *other == what)) => {
                Deviation::Repeated(what)
            }
            None => Deviation::Extra(what),
        });
    }
    found.extend(missing.into_iter().map(|(_, what)| Deviation::Missing(what)));
    found.sort_unstable();
    found.dedup();
    found
}

fn moved(moves: &[Move], what: u32, ran: usize, was_to_run: usize) -> Deviation {
    let kept = |one: &Move| if let Move::Both(_, other) = one { Some(*other) } else { None };
    if ran < was_to_run {
        // Too early: the last that it overtook is the one it comes after by rights.
        let overtaken = moves[ran..was_to_run].iter().rev().find_map(kept);
        overtaken.map_or(Deviation::Extra(what), |other| Deviation::Swapped(what, other))
    } else {
        let overtaken = moves[was_to_run..ran].iter().find_map(kept);
        overtaken.map_or(Deviation::Extra(what), |other| Deviation::Swapped(other, what))
    }
}

/// The beats as the explanation would have them: what ran in its place and what was missing there.
pub fn expected(moves: &[Move]) -> Vec<u32> {
    let kept = moves.iter().filter_map(|one| match one {
        Move::Both(_, what) | Move::Missing(what) => Some(*what),
        Move::Extra(..) => None,
    });
    kept.collect()
}

#[cfg(test)]
mod tests {
    use super::Deviation::{Extra, Missing, Repeated, Swapped};
    use super::*;
    use crate::align::align;
    use crate::automaton::Automaton;
    use crate::traces::Run;

    #[test]
    fn the_smallest_explanation_is_told_as_people_would() {
        let mut line = Automaton::of_lines([[0, 1, 2, 3].as_slice()]);
        for (run, told) in [
            (vec![0, 1, 2, 3], vec![]),
            (vec![0, 2, 1, 3], vec![Swapped(2, 1)]),
            (vec![3, 0, 1, 2], vec![Swapped(3, 2)]),
            (vec![1, 2, 3, 0], vec![Swapped(1, 0)]),
            (vec![0, 1, 3], vec![Missing(2)]),
            (vec![0, 1, 1, 2, 3], vec![Repeated(1)]),
            (vec![0, 1, 9, 2, 3], vec![Extra(9)]),
            (vec![0, 1, 1, 3], vec![Missing(2), Repeated(1)]),
        ] {
            let (_, moves) = align(&Run::in_order(run.iter().copied(), false), &mut line).unwrap();
            assert_eq!(deviations(&moves), told, "{run:?}");
            assert_eq!(expected(&moves), [0, 1, 2, 3], "{run:?}");
        }
    }
}
