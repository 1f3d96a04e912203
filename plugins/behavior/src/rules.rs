//! What all runs of better times have in common, as rules: those of DECLARE (Pesic, Schonenberg, van der Aalst, "DECLARE:
//! full support for loosely-structured processes", 2007) that hold without exception and that enough runs speak for.
//!
//! Against labelled sequences that others made (HDFS block operations, in `examples/hdfs.rs`) they do better than the
//! usual model, which calls a run unusual that has a pair of neighbours nobody saw before.

use std::collections::{BTreeMap, BTreeSet};

use crate::traces::Run;

/// Different steps of one handler; with more of them there are too many pairs, and loops over data for the most part.
const MOST_STEPS: usize = 128;

/// A rule that a run breaks. Numbers stand for steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// It never ran here (absence).
    Never(u32),
    /// It runs in every run (existence).
    Always(u32),
    /// It runs just so often, if it runs (exactly).
    Exactly(u32, usize),
    /// Where both run, each execution of the first ended before the second began (precedence).
    Before(u32, u32),
    /// Where the first runs, the second does too (responded existence).
    With(u32, u32),
    /// Where both run, they run as often (co-existence, counted).
    AsOften(u32, u32),
}

/// The rules of one handler's runs.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    known: BTreeSet<u32>,
    runs: u64,
    support: u64,
    kept: Vec<Rule>,
}

/// What was counted of two steps.
#[derive(Clone, Copy, Default)]
struct Pair {
    both: u64,
    before: u64,
    as_often: u64,
}

impl Rules {
    /// Learns from runs, each with how often it ran.
    pub fn of<'r>(runs: impl IntoIterator<Item = (&'r Run, u64)>, support: u64) -> Self {
        let mut rules = Self { support, ..Self::default() };
        let mut counts: BTreeMap<u32, BTreeMap<usize, u64>> = BTreeMap::new();
        let mut pairs: BTreeMap<(u32, u32), Pair> = BTreeMap::new();
        for (run, count) in runs {
            rules.runs += count;
            let steps = Steps::of(run);
            rules.known.extend(steps.0.keys());
            if rules.known.len() > MOST_STEPS {
                return Self::default();
            }
            for (a, one) in &steps.0 {
                *counts.entry(*a).or_default().entry(one.times).or_default() += count;
                for (b, other) in steps.0.iter().filter(|(b, _)| *b != a) {
                    let pair = pairs.entry((*a, *b)).or_default();
                    pair.both += count;
                    pair.before += if one.is_before(other) { count } else { 0 };
                    pair.as_often += if one.times == other.times { count } else { 0 };
                }
            }
        }
        rules.keep(&counts, &pairs);
        rules
    }

    fn keep(&mut self, counts: &BTreeMap<u32, BTreeMap<usize, u64>>, pairs: &BTreeMap<(u32, u32), Pair>) {
        let ran = |step: u32| counts[&step].values().sum::<u64>();
        for (step, times) in counts {
            if ran(*step) < self.support {
                continue;
            }
            if ran(*step) == self.runs {
                self.kept.push(Rule::Always(*step));
            }
            if let (1, Some(only)) = (times.len(), times.keys().next()) {
                self.kept.push(Rule::Exactly(*step, *only));
            }
        }
        for ((a, b), pair) in pairs.iter().filter(|(_, pair)| pair.both >= self.support) {
            if pair.before == pair.both {
                self.kept.push(Rule::Before(*a, *b));
            }
            if pair.both == ran(*a) {
                self.kept.push(Rule::With(*a, *b));
            }
            if a < b && pair.as_often == pair.both {
                self.kept.push(Rule::AsOften(*a, *b));
            }
        }
    }

    /// The rules that a run breaks; of one that stopped early only those that it broke on its way.
    pub fn broken_by(&self, run: &Run) -> Vec<Rule> {
        let steps = Steps::of(run);
        let times = |step: u32| steps.0.get(&step).map_or(0, |step| step.times);
        let mut broken: Vec<Rule> = if self.runs >= self.support && !self.known.is_empty() {
            steps.0.keys().filter(|step| !self.known.contains(step)).map(|step| Rule::Never(*step)).collect()
        } else {
            Vec::new()
        };
        broken.extend(self.kept.iter().copied().filter(|rule| match *rule {
            Rule::Never(_) => false,
            Rule::Always(step) => !run.ended_early && times(step) == 0,
            Rule::Exactly(step, only) => {
                times(step) > only || (!run.ended_early && times(step) > 0 && times(step) < only)
            }
            Rule::Before(a, b) => match (steps.0.get(&a), steps.0.get(&b)) {
                (Some(a), Some(b)) => !a.is_before(b),
                _ => false,
            },
            Rule::With(a, b) => !run.ended_early && times(a) > 0 && times(b) == 0,
            Rule::AsOften(a, b) => !run.ended_early && times(a) > 0 && times(b) > 0 && times(a) != times(b),
        }));
        broken
    }
}

/// The distinct steps of a run.
struct Steps(BTreeMap<u32, Executed>);

#[derive(Default)]
struct Executed {
    times: usize,
    /// Its steps, as bits.
    own: u128,
    /// What came before every one of them.
    after: u128,
}

impl Executed {
    fn is_before(&self, other: &Executed) -> bool {
        other.after & self.own == self.own
    }
}

impl Steps {
    fn of(run: &Run) -> Self {
        let mut steps: BTreeMap<u32, Executed> = BTreeMap::new();
        for (at, step) in run.steps.iter().enumerate() {
            let known = steps.entry(step.what).or_insert(Executed { times: 0, own: 0, after: u128::MAX });
            known.times += 1;
            known.own |= 1 << at;
            known.after &= step.after;
        }
        Self(steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(steps: &[u32]) -> Run {
        Run::in_order(steps.iter().copied(), false)
    }

    #[test]
    fn only_rules_without_exception_are_kept_and_breaking_one_is_told() {
        let usual = [run(&[0, 1, 2]), run(&[0, 1, 2, 1, 2]), run(&[0, 3])];
        let rules = Rules::of(usual.iter().map(|run| (run, 20)), 10);
        for (steps, broken) in [
            (vec![0, 1, 2], vec![]),
            (vec![0, 1, 2, 1, 2, 1, 2], vec![]),
            (vec![0, 9, 3], vec![Rule::Never(9)]),
            (vec![3], vec![Rule::Always(0), Rule::With(3, 0)]),
            (vec![1, 0, 2], vec![Rule::Before(0, 1)]),
            (vec![0, 1, 1, 2], vec![Rule::AsOften(1, 2)]),
            (vec![0, 1], vec![Rule::With(1, 2)]),
            (vec![0, 0, 3], vec![Rule::Exactly(0, 1), Rule::AsOften(0, 3)]),
        ] {
            assert_eq!(rules.broken_by(&run(&steps)), broken, "{steps:?}");
        }
        let early = Run { ended_early: true, ..run(&[0, 1]) };
        assert_eq!(rules.broken_by(&early), []);
    }

    #[test]
    fn few_runs_say_nothing() {
        let usual = run(&[0, 1]);
        assert_eq!(Rules::of([(&usual, 3)], 10).broken_by(&run(&[1, 0, 7])), []);
    }
}
