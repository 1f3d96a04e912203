//! What ran, held against what is documented, in the window and in better times.

use std::collections::{BTreeMap, BTreeSet};

use thymus_sdk::places::Places;

use crate::align::align;
use crate::automaton::Automaton;
use crate::deviation::{Deviation, deviations, expected};
use crate::sequence::Sequence;
use crate::traces::{Execution, Executions, Name, Run, Trace};

use super::seen::{Seen, TRACES};

/// More deviations in one run are another sequence, not this one gone wrong.
const MOST_DEVIATIONS: usize = 3;
/// Distinct runs that are told apart.
const MOST_RUNS: usize = 5_000;

/// How one sequence was kept to.
#[derive(Debug, Default)]
pub struct Kept {
    /// Executions that ran it, or a part of it.
    pub runs: u64,
    /// How it was left, and how often.
    pub deviations: BTreeMap<Deviation, Seen>,
    /// Beats of which anything was seen.
    pub beats_seen: BTreeSet<u32>,
    /// The handlers that ran its beats themselves.
    pub callers: BTreeSet<Name>,
    pub(super) cost: u64,
}

/// The runs of one sequence, each distinct one once.
type Runs = BTreeMap<Run, (u64, BTreeSet<u128>, Option<Name>)>;

/// How a sequence was kept to in the window and in the baseline.
pub fn check(sequence: &Sequence, window: &Executions, baseline: &Executions, places: &mut Places) -> (Kept, Kept) {
    let mut automaton = Automaton::of(&sequence.pattern);
    let in_window = Known::of(sequence, window, places);
    let in_baseline = Known::of(sequence, baseline, places);
    // Whether beats below another beat are that one's own business isn't written anywhere: the reading that fits better
    // is the right one.
    let mut readings = [false, true].map(|nested| {
        let window = judge(in_window.runs(window, nested, &in_baseline), &mut automaton);
        (window, judge(in_baseline.runs(baseline, nested, &in_window), &mut automaton))
    });
    readings.sort_by_key(|(window, baseline)| window.cost + baseline.cost);
    let [best, _] = readings;
    best
}

/// What a sequence's words mean in one set of executions.
struct Known {
    /// The beat that each handler is.
    beats: Vec<Option<u32>>,
    /// The handlers that it starts with.
    starts: Vec<bool>,
    names: Vec<Name>,
    /// Of a sequence without a start, the handlers that ran enough of its beats themselves.
    callers: BTreeSet<Name>,
}

impl Known {
    fn of(sequence: &Sequence, all: &Executions, places: &mut Places) -> Self {
        let mut is_beat = |name: &Name| {
            sequence.beats.iter().position(|beat| {
                let same_file = match (&beat.file, &name.path) {
                    (Some(file), Some(path)) => path == file || places.file(path).is_none_or(|found| found == *file),
                    _ => true,
                };
                beat.is(&name.handler) && same_file
            })
        };
        let beats = all.names.iter().map(|name| is_beat(name).and_then(|beat| u32::try_from(beat).ok())).collect();
        let starts =
            all.names.iter().map(|name| sequence.starts_with.as_deref().is_some_and(|start| starts(start, name)));
        let starts = starts.collect();
        let mut known = Self { beats, starts, names: all.names.clone(), callers: BTreeSet::new() };
        if sequence.starts_with.is_none() {
            known.find_callers(all, sequence.beats.len());
        }
        known
    }

    fn beat(&self, execution: &Execution) -> Option<u32> {
        self.beats[execution.name as usize]
    }

    /// More than half of the beats, and two at least where there are two.
    fn find_callers(&mut self, all: &Executions, beats: usize) {
        let enough = (beats / 2 + 1).max(2).min(beats);
        for trace in all.traces() {
            for (at, children) in trace.children().iter().enumerate() {
                let ran = |child: &u32| self.beat(&trace.executions[*child as usize]);
                if children.len() >= enough && children.iter().filter_map(ran).collect::<BTreeSet<_>>().len() >= enough
                {
                    self.callers.insert(self.names[trace.executions[at].name as usize].clone());
                }
            }
        }
    }

    fn runs(&self, all: &Executions, nested: bool, other: &Known) -> Runs {
        let mut runs = Runs::new();
        let by_callers = !self.callers.is_empty() || !other.callers.is_empty();
        let is_root = |execution: &Execution| {
            let name = &self.names[execution.name as usize];
            self.starts[execution.name as usize]
                || (by_callers && (self.callers.contains(name) || other.callers.contains(name)))
        };
        for trace in all.traces() {
            let roots: Vec<usize> = (0..trace.executions.len()).filter(|at| is_root(&trace.executions[*at])).collect();
            if roots.is_empty() {
                continue;
            }
            let children = trace.children();
            for root in roots {
                let found = Run::below(all, &trace, &children, root, nested, |execution| self.beat(execution));
                let Some(run) = found.filter(|run| !run.steps.is_empty()) else { continue };
                if runs.len() >= MOST_RUNS && !runs.contains_key(&run) {
                    continue;
                }
                let (count, traces, caller) = runs.entry(run).or_default();
                *count += 1;
                if traces.len() < TRACES {
                    traces.insert(trace.id);
                }
                if caller.is_none() {
                    *caller = self.caller(&trace, &children, root);
                }
            }
        }
        runs
    }

    /// The handler at or below the root that ran most beats itself.
    fn caller(&self, trace: &Trace<'_>, children: &[Vec<u32>], root: usize) -> Option<Name> {
        let ran =
            |at: usize| children[at].iter().filter(|child| self.beat(&trace.executions[**child as usize]).is_some());
        let mut open = vec![(root, 0)];
        let mut best = (0, root);
        while let Some((at, depth)) = open.pop() {
            let count = ran(at).count();
            if count > best.0 {
                best = (count, at);
            }
            if depth < 64 {
                open.extend(children[at].iter().map(|child| (*child as usize, depth + 1)));
            }
        }
        (best.0 > 0).then(|| self.names[trace.executions[best.1].name as usize].clone())
    }
}

/// Whether this handler is what a sequence starts with.
fn starts(start: &str, name: &Name) -> bool {
    let beat = crate::sequence::Beat { handler: start.to_owned(), file: None };
    name.request.as_deref() == Some(start) || beat.is(&name.handler)
}

fn judge(runs: Runs, automaton: &mut Automaton) -> Kept {
    let mut kept = Kept::default();
    for (run, (count, traces, caller)) in runs {
        let Some((cost, moves)) = align(&run, automaton) else { continue };
        kept.runs += count;
        kept.cost += u64::from(cost) * count;
        kept.beats_seen.extend(run.steps.iter().map(|step| step.what));
        kept.callers.extend(caller.clone());
        let found = deviations(&moves);
        if found.len() > MOST_DEVIATIONS {
            continue;
        }
        for deviation in found {
            kept.deviations.entry(deviation).or_default().add(&run, count, &traces, &expected(&moves), caller.as_ref());
        }
    }
    kept
}
