//! The window's spans as executions of handlers with their own time: that of an execution without what it spent waiting
//! for the executions it called.
//!
//! A million spans take some 60 MB here, whatever order they come in: of each only numbers are kept, which are sorted
//! twice.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::Value;
use thymus_sdk::host::{Level, log};
use thymus_sdk::telemetry::Telemetry;

use super::Unread;

/// The most executions that are looked at; thymus lays out no more.
const MOST: usize = 2_000_000;
/// The most handlers that are told apart.
const MOST_HANDLERS: usize = 4_096;
/// Clocks of JavaScript name the millisecond in which a span began, but measure its duration finely. Siblings that seem
/// to overlap by less than this ran one after the other.
const CLOCK_STEP: u64 = 2_000_000;

/// A handler as telemetry names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub service: String,
    pub handler: String,
    pub path: Option<String>,
}

/// A handler's facts beside its name.
#[derive(Clone, Debug)]
pub struct Facts {
    pub key: Key,
    pub line: Option<u32>,
}

/// One execution.
#[derive(Clone, Copy, Debug)]
pub struct Execution {
    id: u64,
    parent: u64,
    pub start: u64,
    pub end: u64,
    /// Nanoseconds without those it waited for others.
    pub own: u64,
    pub handler: u32,
    /// The length of its captured arguments; 0 where there are none.
    pub size: u32,
    /// Its status is `error`.
    pub failed: bool,
}

impl Execution {
    /// Nanoseconds.
    pub fn total(&self) -> u64 {
        self.end - self.start
    }
}

/// What one handler spent on calls of another.
#[derive(Clone, Copy, Debug, Default)]
pub struct Called {
    pub calls: u64,
    pub nanos: u64,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Executions {
    pub handlers: Vec<Facts>,
    /// By handler, then by start.
    pub all: Vec<Execution>,
    /// By caller and called.
    pub edges: BTreeMap<(u32, u32), Called>,
    /// Of each caller: how long it waited, and the sum of what its calls took; less waiting than sum is work side by side.
    pub waited: HashMap<u32, (u64, u64)>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Line {
    trace_id: String,
    span_id: String,
    parent_span_id: Option<String>,
    start_ns: u64,
    end_ns: u64,
    service: String,
    handler: String,
    path: Option<String>,
    status: String,
    attributes: Attributes,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Attributes {
    #[serde(rename = "thymus.args")]
    args: Value,
    #[serde(rename = "code.line.number")]
    line: Value,
}

impl Executions {
    /// Reads the window.
    pub fn read(telemetry: &Telemetry) -> Self {
        let mut executions = Self::default();
        let (mut known, mut unread, mut left_out) = (HashMap::new(), Unread::default(), 0_u64);
        for line in telemetry.spans_as::<Line>(&[]).filter_map(|line| unread.keep(line)) {
            match executions.handler(&mut known, &line) {
                Some(handler) if executions.all.len() < MOST => executions.add(&line, handler),
                _ => left_out += 1,
            }
        }
        if left_out > 0 {
            log(Level::Warn, &format!("{left_out} spans beyond a bound were left out"));
        }
        executions.find_own_times();
        executions.all.sort_unstable_by_key(|one| (one.handler, one.start, one.id));
        executions
    }

    /// Those of one handler, by start.
    pub fn of(&self, handler: u32) -> &[Execution] {
        let start = self.all.partition_point(|one| one.handler < handler);
        let end = self.all.partition_point(|one| one.handler <= handler);
        &self.all[start..end]
    }

    fn handler(&mut self, known: &mut HashMap<String, u32>, line: &Line) -> Option<u32> {
        let name = format!("{}\0{}\0{}", line.service, line.handler, line.path.as_deref().unwrap_or("\0"));
        if let Some(handler) = known.get(&name) {
            return Some(*handler);
        }
        if self.handlers.len() >= MOST_HANDLERS {
            return None;
        }
        let number = u32::try_from(self.handlers.len()).ok()?;
        self.handlers.push(Facts {
            key: Key { service: line.service.clone(), handler: line.handler.clone(), path: line.path.clone() },
            line: line.attributes.line.as_u64().and_then(|line| u32::try_from(line).ok()),
        });
        known.insert(name, number);
        Some(number)
    }

    fn add(&mut self, line: &Line, handler: u32) {
        let trace = line.trace_id.as_bytes().iter().fold(0_u64, |hash, byte| {
            // FNV-1a: span ids are random already, the trace only tells namesakes apart.
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let id = |hex: &str| match u64::from_str_radix(hex, 16) {
            Ok(id) if id != 0 => (id ^ trace).max(1),
            _ => 0,
        };
        self.all.push(Execution {
            id: id(&line.span_id),
            parent: line.parent_span_id.as_deref().map_or(0, id),
            start: line.start_ns,
            end: line.end_ns.max(line.start_ns),
            own: line.end_ns.saturating_sub(line.start_ns),
            handler,
            size: line.attributes.args.as_str().map_or(0, |args| u32::try_from(args.len()).unwrap_or(u32::MAX)),
            failed: line.status == "error",
        });
    }

    /// Takes from each execution the time in which it waited for those it called.
    fn find_own_times(&mut self) {
        self.all.sort_unstable_by_key(|one| (one.id, one.start));
        let mut called: Vec<u32> = (0..self.all.len())
            .filter(|at| self.all[*at].parent != 0)
            .filter_map(|at| u32::try_from(at).ok())
            .collect();
        let all = &self.all;
        let order = |at: &u32| {
            let one = &all[*at as usize];
            (one.parent, one.start, one.id)
        };
        called.sort_unstable_by_key(order);
        let mut own = Vec::new();
        for siblings in called.chunk_by(|a, b| all[*a as usize].parent == all[*b as usize].parent) {
            let wanted = all[siblings[0] as usize].parent;
            let Ok(parent) = all.binary_search_by_key(&wanted, |one| one.id) else { continue };
            let caller = &all[parent];
            let waited = covered(siblings.iter().map(|at| &all[*at as usize])).min(caller.total());
            let mut sum = 0_u64;
            for called in siblings.iter().map(|at| &all[*at as usize]) {
                let edge = self.edges.entry((caller.handler, called.handler)).or_default();
                edge.calls += 1;
                edge.nanos = edge.nanos.saturating_add(called.total());
                sum = sum.saturating_add(called.total());
            }
            let (all_waited, all_summed) = self.waited.entry(caller.handler).or_default();
            *all_waited = all_waited.saturating_add(waited);
            *all_summed = all_summed.saturating_add(sum);
            own.push((parent, caller.total() - waited));
        }
        for (at, nanos) in own {
            self.all[at].own = nanos;
        }
    }
}

/// How much time executions in order of their start cover together.
fn covered<'a>(siblings: impl Iterator<Item = &'a Execution>) -> u64 {
    let (mut sum, mut reached) = (0_u64, 0_u64);
    for one in siblings {
        let coarse = one.start.is_multiple_of(1_000_000);
        let overlap = reached.saturating_sub(one.start);
        let new = if overlap == 0 || (coarse && overlap < CLOCK_STEP && overlap < one.total().max(CLOCK_STEP)) {
            one.total()
        } else {
            one.end.saturating_sub(reached)
        };
        sum = sum.saturating_add(new);
        reached = reached.max(one.end);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::scenes::Recording;

    fn own_of(recording: &Recording, handler: &str) -> Vec<u64> {
        let (_dir, telemetry) = recording.laid_out();
        let executions = Executions::read(&telemetry);
        let at = executions.handlers.iter().position(|facts| facts.key.handler == handler).unwrap();
        executions.of(u32::try_from(at).unwrap()).iter().map(|one| one.own).collect()
    }

    #[test]
    fn time_of_others_is_taken_out_once() {
        let mut recording = Recording::default();
        let outer = recording.span(None, "outer", 1_000_001, 100_000_000);
        // Side by side for 20 ms, then one alone, then one that outlives its caller.
        recording.span(Some(outer), "a", 10_000_001, 40_000_000);
        recording.span(Some(outer), "a", 30_000_001, 40_000_000);
        recording.span(Some(outer), "b", 90_000_001, 11_000_000);
        assert_eq!(own_of(&recording, "outer"), [29_000_000]);
        assert_eq!(own_of(&recording, "a"), [40_000_000, 40_000_000]);
    }

    #[test]
    fn a_clock_of_milliseconds_makes_nobody_parallel() {
        let mut recording = Recording::default();
        let outer = recording.span(None, "outer", 5_000_000, 2_000_000);
        recording.span(Some(outer), "a", 5_000_000, 700_000);
        recording.span(Some(outer), "a", 5_000_000, 700_000);
        recording.span(Some(outer), "a", 6_000_000, 500_000);
        assert_eq!(own_of(&recording, "outer"), [100_000]);
    }

    #[test]
    fn order_does_not_matter_and_strange_parents_are_none() {
        let mut recording = Recording::default();
        let outer = recording.span(None, "outer", 1_000_001, 10_000_000);
        recording.span(Some(outer), "a", 2_000_001, 4_000_000);
        recording.span(Some(77), "orphan", 2_000_001, 4_000_000);
        recording.lines.reverse();
        assert_eq!(own_of(&recording, "outer"), [6_000_000]);
        assert_eq!(own_of(&recording, "orphan"), [4_000_000]);
    }
}
