//! A run against an automaton: the cheapest way to explain the one by the other.
//!
//! This is alignment as conformance checking knows it (Adriansyah, "Aligning observed and modeled behavior", 2014; van der
//! Aalst, Adriansyah, van Dongen, "Replaying history on process models for conformance checking and performance analysis",
//! 2012): a step of the run and one of the model together cost nothing, either alone costs one, and the shortest path
//! (Dijkstra) through both is the minimal explanation. Runs are partial orders, as in Lu, Fahland, van der Aalst,
//! "Conformance checking based on partially ordered event data", 2014: a step can be taken once all that came before it is.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use crate::automaton::{Automaton, State};
use crate::traces::Run;

/// States that are looked at for one run; one that needs more is not explained.
const MOST_VISITED: usize = 50_000;
/// A run that is further from the sequence than this is not that sequence.
const DEAREST: u32 = 12;

/// A part of an explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Move {
    /// It ran, and was to run: the step's number and what ran.
    Both(usize, u32),
    /// It ran and was not to run here.
    Extra(usize, u32),
    /// It was to run here and didn't.
    Missing(u32),
}

type Place = (u128, State);

/// The cheapest explanation and its cost; none where there is none that is worth looking at.
pub fn align(run: &Run, automaton: &mut Automaton) -> Option<(u32, Vec<Move>)> {
    let all = if run.steps.is_empty() { 0 } else { u128::MAX >> (128 - run.steps.len()) };
    let start: Place = (0, automaton.start());
    let mut best: HashMap<Place, u32> = HashMap::from([(start, 0)]);
    let mut came: HashMap<Place, (Place, Move)> = HashMap::new();
    // Of places with the same cost the first that was found goes first, so that the same run has the same explanation.
    let mut open = BinaryHeap::from([Reverse((0, 0_usize, start))]);
    let mut found = 0;
    while let Some(Reverse((cost, _, place))) = open.pop() {
        if cost > best[&place] {
            continue;
        }
        let (taken, state) = place;
        if taken == all && (run.ended_early || automaton.may_end(state)) {
            return (!automaton.is_too_complex()).then(|| (cost, way(&came, place)));
        }
        if best.len() > MOST_VISITED {
            return None;
        }
        let arrows = automaton.next(state);
        let mut reach = |place: Place, cost: u32, by: Move, from: Place| {
            if cost <= DEAREST && best.get(&place).is_none_or(|known| cost < *known) {
                best.insert(place, cost);
                came.insert(place, (from, by));
                found += 1;
                open.push(Reverse((cost, found, place)));
            }
        };
        for (number, step) in run.steps.iter().enumerate() {
            if taken & (1 << number) != 0 || step.after & !taken != 0 {
                continue;
            }
            for (_, next) in arrows.iter().filter(|(what, _)| *what == step.what) {
                reach((taken | 1 << number, *next), cost, Move::Both(number, step.what), place);
            }
            reach((taken | 1 << number, state), cost + 1, Move::Extra(number, step.what), place);
        }
        for (what, next) in arrows.iter() {
            reach((taken, *next), cost + 1, Move::Missing(*what), place);
        }
    }
    None
}

fn way(came: &HashMap<Place, (Place, Move)>, end: Place) -> Vec<Move> {
    let mut moves = Vec::new();
    let mut place = end;
    while let Some((before, by)) = came.get(&place) {
        moves.push(*by);
        place = *before;
    }
    moves.reverse();
    moves
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sequence::Pattern;
    use crate::traces::Step;

    fn beats(numbers: &[usize]) -> Pattern {
        Pattern::InOrder(numbers.iter().map(|number| Pattern::Beat(*number)).collect())
    }

    fn cost(pattern: &Pattern, run: &[u32], ended_early: bool) -> u32 {
        align(&Run::in_order(run.iter().copied(), ended_early), &mut Automaton::of(pattern)).unwrap().0
    }

    #[test]
    fn a_run_costs_what_has_to_be_added_and_left_out() {
        let line = beats(&[0, 1, 2]);
        for (run, expected) in
            [(vec![0, 1, 2], 0), (vec![0, 2], 1), (vec![0, 1, 1, 2], 1), (vec![0, 2, 1], 2), (vec![], 3), (vec![7], 4)]
        {
            assert_eq!(cost(&line, &run, false), expected, "{run:?}");
        }
        assert_eq!(cost(&line, &[0, 1], true), 0, "it stopped early");
        assert_eq!(cost(&line, &[0, 2], true), 1, "but what ran was not in order");
    }

    #[test]
    fn loops_choices_and_parallel_parts_are_what_they_say() {
        let repeat = |part, least, most| Pattern::Repeat(Box::new(part), least, most);
        let pattern = Pattern::InOrder(vec![
            Pattern::Beat(0),
            repeat(beats(&[1, 2]), 0, Some(2)),
            Pattern::Parallel(vec![beats(&[3, 4]), Pattern::Beat(5)]),
            Pattern::OneOf(vec![Pattern::Beat(6), beats(&[7, 8])]),
            repeat(Pattern::Beat(9), 1, None),
        ]);
        for (run, expected) in [
            (vec![0, 3, 4, 5, 6, 9], 0),
            (vec![0, 1, 2, 1, 2, 5, 3, 4, 7, 8, 9, 9, 9, 9], 0),
            (vec![0, 3, 5, 4, 6, 9], 0),
            (vec![0, 4, 5, 3, 6, 9], 2),
            (vec![0, 1, 2, 1, 2, 1, 2, 3, 4, 5, 6, 9], 2),
            (vec![0, 1, 3, 4, 5, 6, 9], 1),
            (vec![0, 3, 4, 5, 7, 9], 1),
            (vec![0, 3, 4, 5, 6], 1),
        ] {
            assert_eq!(cost(&pattern, &run, false), expected, "{run:?}");
        }
    }

    #[test]
    fn what_ran_at_the_same_time_is_in_any_order() {
        // Steps 1 and 2 ran at once.
        let steps = [(0, 0), (2, 1), (1, 1), (3, 0b111)];
        let run = Run { steps: steps.map(|(what, after)| Step { what, after }).to_vec(), ended_early: false };
        assert_eq!(align(&run, &mut Automaton::of(&beats(&[0, 1, 2, 3]))).unwrap().0, 0);
        assert_eq!(align(&run, &mut Automaton::of(&beats(&[1, 0, 2, 3]))).unwrap().0, 2);
    }

    #[test]
    fn hostile_patterns_and_runs_end() {
        let wide = Pattern::Parallel((0..60).map(Pattern::Beat).collect());
        let _ = align(&Run::in_order((0..60).rev(), false), &mut Automaton::of(&wide));
        let nested = (0..8).fold(Pattern::Beat(0), |inner, _| Pattern::Repeat(Box::new(inner), 0, None));
        assert_eq!(cost(&nested, &[0; 100], false), 0);
        let unordered = (0..128).map(|what| Step { what, after: 0 }).collect();
        let _ = align(&Run { steps: unordered, ended_early: false }, &mut Automaton::of(&beats(&[5, 4, 3])));
    }
}
