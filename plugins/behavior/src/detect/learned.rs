//! What nobody documented, learned from better times: which steps a handler ran, how often, and what came before what.
//!
//! Only [`rules`](crate::rules) that the baseline keeps without exception count, and only those that enough runs of it
//! speak for. A run that breaks one is aligned with the runs of the baseline to tell the smallest change that explains it.

use std::collections::{BTreeMap, BTreeSet};

use crate::align::align;
use crate::automaton::Automaton;
use crate::deviation::{Deviation, deviations, expected};
use crate::rules::Rules;
use crate::significance::chance;
use crate::traces::{Executions, Name, Run};

use super::seen::{Seen, TRACES};

/// Runs of the baseline that must speak for a rule.
pub const SUPPORT: u64 = 10;
/// And for one that says that something never runs.
const SUPPORT_OF_ABSENCE: u64 = 20;
/// Runs that must break it.
const FLOOR: u64 = 3;
/// The largest chance that a finding is one.
pub const CHANCE: f64 = 0.001;
/// Distinct runs of a handler that are learned from, the most frequent ones.
const MOST_VARIANTS: usize = 64;
/// Distinct runs of a handler that are told apart.
const MOST_RUNS: usize = 2_000;
/// Longer runs are not aligned: loops over data, for the most part.
const LONGEST: usize = 48;
/// Deviations of one run that are still the same run gone wrong.
const MOST_DEVIATIONS: usize = 2;

/// A handler and how it left what is known of it.
#[derive(Debug)]
pub struct Departure {
    /// The handler whose steps they are.
    pub handler: Name,
    /// The steps' handlers, by number.
    pub steps: Vec<Name>,
    /// How it was left.
    pub deviation: Deviation,
    /// How often.
    pub seen: Seen,
    /// Runs of the window.
    pub runs: u64,
    /// Runs of the baseline's sample that speak for the rule.
    pub support: u64,
}

/// Distinct runs, how many of each there were, and in which traces.
type Runs = BTreeMap<Run, (u64, BTreeSet<u128>)>;

/// Numbers for the names of two sets of executions, the same for the same name.
#[derive(Default)]
struct Numbers {
    names: Vec<Name>,
    known: BTreeMap<Name, u32>,
}

impl Numbers {
    fn of(&mut self, all: &Executions) -> Vec<u32> {
        let number = |name: &Name| {
            *self.known.entry(name.clone()).or_insert_with(|| {
                self.names.push(name.clone());
                u32::try_from(self.names.len() - 1).unwrap_or(u32::MAX)
            })
        };
        all.names.iter().map(number).collect()
    }
}

/// Where handlers of the window leave what the baseline shows without exception.
pub fn departures(window: &Executions, baseline: &Executions) -> Vec<Departure> {
    let mut numbers = Numbers::default();
    let (in_window, in_baseline) = (numbers.of(window), numbers.of(baseline));
    let before = runs(baseline, &in_baseline, &BTreeSet::new());
    let usual: BTreeSet<u32> = before.keys().copied().collect();
    let now = runs(window, &in_window, &usual);
    let known: BTreeSet<u32> = in_baseline.iter().copied().collect();
    let mut found = Vec::new();
    for (handler, runs) in now {
        let Some(before) = before.get(&handler) else { continue };
        let model = Model::of(before);
        if model.runs < SUPPORT {
            continue;
        }
        for (deviation, (seen, support)) in model.broken_by(&runs, &known) {
            let all = runs.values().map(|(count, _)| count).sum();
            if seen.runs >= FLOOR && chance(seen.runs, all, 0, support) < CHANCE {
                let handler = numbers.names[handler as usize].clone();
                let steps = numbers.names.clone();
                found.push(Departure { handler, steps, deviation, seen, runs: all, support });
            }
        }
    }
    found
}

/// The runs of every handler that ran others, and of those that usually do.
fn runs(all: &Executions, numbers: &[u32], usual: &BTreeSet<u32>) -> BTreeMap<u32, Runs> {
    let mut found: BTreeMap<u32, Runs> = BTreeMap::new();
    // Runs without a step say something only of handlers that have runs with some.
    let mut idle: BTreeMap<u32, Runs> = BTreeMap::new();
    for trace in all.traces() {
        let children = trace.children();
        for (at, execution) in trace.executions.iter().enumerate() {
            let Some(mut run) = Run::direct(all, &trace, &children, at) else { continue };
            run.steps.iter_mut().for_each(|step| step.what = numbers[step.what as usize]);
            let into = if run.steps.is_empty() { &mut idle } else { &mut found };
            let runs = into.entry(numbers[execution.name as usize]).or_default();
            if runs.len() >= MOST_RUNS && !runs.contains_key(&run) {
                continue;
            }
            let (count, traces) = runs.entry(run).or_default();
            *count += 1;
            if traces.len() < TRACES {
                traces.insert(trace.id);
            }
        }
    }
    for (handler, runs) in idle {
        if usual.contains(&handler) || found.contains_key(&handler) {
            found.entry(handler).or_default().extend(runs);
        }
    }
    found
}

/// What is known of one handler's runs.
struct Model<'a> {
    /// Those that came to their end, the most frequent first.
    variants: Vec<(&'a Run, u64)>,
    runs: u64,
    automaton: Automaton,
}

impl<'a> Model<'a> {
    fn of(runs: &'a Runs) -> Self {
        let mut variants: Vec<(&Run, u64)> =
            runs.iter().filter(|(run, _)| !run.ended_early).map(|(run, (count, _))| (run, *count)).collect();
        variants.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let lines: Vec<Vec<u32>> = variants
            .iter()
            .filter(|(run, _)| run.steps.len() <= LONGEST)
            .take(MOST_VARIANTS)
            .map(|(run, _)| line(run))
            .collect();
        let automaton = Automaton::of_lines(lines.iter().map(Vec::as_slice));
        let runs = variants.iter().map(|(_, count)| count).sum();
        Self { variants, runs, automaton }
    }

    /// Which of its rules these runs break, how often, and how many runs speak for the rule.
    fn broken_by(mut self, runs: &Runs, known: &BTreeSet<u32>) -> BTreeMap<Deviation, (Seen, u64)> {
        let mut broken: BTreeMap<Deviation, (Seen, u64)> = BTreeMap::new();
        let rules = Rules::of(self.variants.iter().copied(), SUPPORT);
        for (run, (count, traces)) in runs {
            if run.steps.len() > LONGEST || rules.broken_by(run).is_empty() {
                continue;
            }
            let Some((_, moves)) = align(run, &mut self.automaton) else { continue };
            let found = deviations(&moves);
            if found.is_empty() || found.len() > MOST_DEVIATIONS {
                continue;
            }
            for deviation in found {
                let Some(support) = self.speaks_against(deviation, run, known) else { continue };
                let entry = broken.entry(deviation).or_insert_with(|| (Seen::default(), support));
                entry.0.add(run, *count, traces, &expected(&moves), None);
                entry.1 = entry.1.min(support);
            }
        }
        broken
    }

    /// How many runs of the baseline speak for the rule that this run breaks; none where one speaks against it or too few
    /// for it.
    fn speaks_against(&self, deviation: Deviation, run: &Run, known: &BTreeSet<u32>) -> Option<u64> {
        match deviation {
            Deviation::Swapped(first, second) => self.always(SUPPORT, |other| {
                (times(other, first) > 0 && times(other, second) > 0).then(|| all_before(other, second, first))
            }),
            Deviation::Extra(what) => {
                // What better times never ran anywhere is new, not out of order.
                if !known.contains(&what) {
                    return None;
                }
                self.always(SUPPORT_OF_ABSENCE, |other| Some(times(other, what) == 0))
            }
            Deviation::Missing(what) => {
                let left: BTreeSet<u32> = run.steps.iter().map(|step| step.what).filter(|one| *one != what).collect();
                self.always(SUPPORT, |other| has_all(other, &left).then(|| times(other, what) > times(run, what)))
                    .or_else(|| self.unequal(what, run))
            }
            Deviation::Repeated(what) => self
                .always(SUPPORT, |other| (times(other, what) > 0).then(|| times(other, what) < times(run, what)))
                .filter(|_| self.is_constant(what))
                .or_else(|| self.unequal(what, run)),
        }
    }

    /// Where each time that the step ran, another ran as often, and here it didn't.
    fn unequal(&self, what: u32, run: &Run) -> Option<u64> {
        let partners: BTreeSet<u32> = run.steps.iter().map(|step| step.what).filter(|one| *one != what).collect();
        let mut supports =
            partners.into_iter().filter(|partner| times(run, *partner) != times(run, what)).filter_map(|partner| {
                self.always(SUPPORT, |other| {
                    let (one, two) = (times(other, what), times(other, partner));
                    (one + two > 0).then_some(one == two)
                })
            });
        supports.next()
    }

    fn is_constant(&self, what: u32) -> bool {
        let mut counts = self.variants.iter().map(|(run, _)| times(run, what)).filter(|count| *count > 0);
        let first = counts.next();
        counts.all(|count| Some(count) == first)
    }

    /// How many runs a rule is about, where it holds for all of them and they are enough.
    fn always(&self, enough: u64, rule: impl Fn(&Run) -> Option<bool>) -> Option<u64> {
        let mut support = 0;
        for (run, count) in &self.variants {
            match rule(run) {
                Some(false) => return None,
                Some(true) => support += count,
                None => {}
            }
        }
        (support >= enough).then_some(support)
    }
}

fn line(run: &Run) -> Vec<u32> {
    run.steps.iter().map(|step| step.what).collect()
}

fn times(run: &Run, what: u32) -> usize {
    run.steps.iter().filter(|step| step.what == what).count()
}

fn has_all(run: &Run, some: &BTreeSet<u32>) -> bool {
    some.iter().all(|what| times(run, *what) > 0)
}

/// Whether each execution of the one surely ended before each of the other began.
fn all_before(run: &Run, first: u32, second: u32) -> bool {
    let bits = |what: u32| {
        let all = run.steps.iter().enumerate().filter(move |(_, step)| step.what == what);
        all.fold(0_u128, |bits, (at, _)| bits | 1 << at)
    };
    let firsts = bits(first);
    run.steps.iter().filter(|step| step.what == second).all(|step| step.after & firsts == firsts)
}
