//! What one execution ran, as a partial order: for each step, which others surely came before it.

use super::read::{Execution, Executions, Trace};

/// Steps of a run that are looked at; a longer one is left out.
pub const MOST_STEPS: usize = 128;
/// How deep below its handler a beat may lie.
const DEEPEST: usize = 64;
/// The resolution of a start in JavaScript's SDK.
const COARSE_NS: u64 = 1_000_000;

/// The steps of one execution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Run {
    /// In the order of their start.
    pub steps: Vec<Step>,
    /// It failed or refused on its way, so what is missing at its end is not missed.
    pub ended_early: bool,
}

/// One execution in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Step {
    /// What ran: a number that stands for a handler or a beat.
    pub what: u32,
    /// The steps that came before it, as bits.
    pub after: u128,
}

impl Run {
    /// Steps one after another.
    pub fn in_order(steps: impl IntoIterator<Item = u32>, ended_early: bool) -> Self {
        let numbered = steps.into_iter().take(MOST_STEPS).enumerate();
        Self { steps: numbered.map(|(at, what)| Step { what, after: below(at) }).collect(), ended_early }
    }

    /// What the execution at `root` ran itself; none when that is too much.
    pub fn direct(all: &Executions, trace: &Trace<'_>, children: &[Vec<u32>], root: usize) -> Option<Self> {
        let steps: Vec<_> = children[root].iter().map(|at| (*at as usize, 0)).collect();
        Self::of(all, trace, root, &steps, |execution| execution.name)
    }

    /// Those executions below `root` that `beat` knows, at any depth. With `nested`, also those below another of them.
    pub fn below(
        all: &Executions,
        trace: &Trace<'_>,
        children: &[Vec<u32>],
        root: usize,
        nested: bool,
        beat: impl Fn(&Execution) -> Option<u32>,
    ) -> Option<Self> {
        let mut steps = Vec::new();
        let mut open: Vec<(usize, usize)> = children[root].iter().rev().map(|at| (*at as usize, 1)).collect();
        while let Some((at, depth)) = open.pop() {
            let is_beat = beat(&trace.executions[at]).is_some();
            if is_beat {
                steps.push((at, depth));
            }
            if depth < DEEPEST && (nested || !is_beat) {
                open.extend(children[at].iter().rev().map(|child| (*child as usize, depth + 1)));
            }
            if steps.len() > MOST_STEPS {
                return None;
            }
        }
        // By their start; what runs in another execution that began at the same instant comes behind it.
        steps.sort_by_key(|(at, depth)| (trace.executions[*at].start_ns, *depth, *at));
        Self::of(all, trace, root, &steps, |execution| beat(execution).unwrap_or(u32::MAX))
    }

    fn of(
        all: &Executions,
        trace: &Trace<'_>,
        root: usize,
        steps: &[(usize, usize)],
        what: impl Fn(&Execution) -> u32,
    ) -> Option<Self> {
        if steps.len() > MOST_STEPS {
            return None;
        }
        let mut run = Self { steps: Vec::new(), ended_early: all.refused(&trace.executions[root]) };
        for (number, (at, depth)) in steps.iter().enumerate() {
            let step = &trace.executions[*at];
            let mut after = 0;
            for (other, (earlier, outer)) in steps[..number].iter().enumerate() {
                if outer < depth && contains(&trace.executions[*earlier], step)
                    || !at_once(&trace.executions[*earlier], step)
                {
                    after |= 1 << other;
                }
            }
            run.steps.push(Step { what: what(step), after });
            // What comes behind a failure is no longer the sequence: cleaning up, another attempt, an answer.
            if all.refused(step) {
                run.ended_early = true;
                break;
            }
        }
        Some(run)
    }
}

/// All bits below this one.
pub(crate) fn below(bit: usize) -> u128 {
    if bit >= 128 { u128::MAX } else { (1 << bit) - 1 }
}

/// Whether they ran at the same time, as far as their clocks tell.
fn at_once(a: &Execution, b: &Execution) -> bool {
    let coarse = [a, b].iter().all(|one| one.start_ns.is_multiple_of(COARSE_NS));
    let overlap = a.end_ns.min(b.end_ns).saturating_sub(a.start_ns.max(b.start_ns));
    overlap > if coarse { COARSE_NS } else { 0 }
}

fn contains(outer: &Execution, inner: &Execution) -> bool {
    outer.start_ns <= inner.start_ns && inner.end_ns <= outer.end_ns
}
