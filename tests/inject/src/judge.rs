//! Whether a planted fault is natural: whether telemetry shows it, in the way that its kind shows, and in what.

use std::collections::BTreeMap;

use crate::driver::{Call, Frame, Outcome, Probed};
use crate::fault::Fault;
use crate::plan::Capability;

/// How much slower the calls of one handler are.
const SLOWER: f64 = 1.6;
/// Milliseconds that a slowed call takes at least, so that it is more than noise.
const LEAST_MS: f64 = 0.08;

/// What a fault changes.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The handler in which it shows.
    pub handler: String,
    /// The calls that show it.
    pub wrong: Vec<usize>,
    /// Calls of the same handler that are as before.
    pub right: Vec<usize>,
    /// Where exceptions came from.
    pub raised: Option<Frame>,
    /// For people.
    pub how: String,
    /// Performance: how many times slower.
    pub factor: f64,
}

/// The healthy program's traffic and what it gave.
pub struct Healthy<'a> {
    pub calls: &'a [Call],
    pub outcomes: &'a BTreeMap<usize, Outcome>,
    /// Files that can't be loaded here: they need what isn't installed.
    pub failed: &'a BTreeMap<String, String>,
}

impl Healthy<'_> {
    fn call(&self, id: usize) -> Option<&Call> {
        self.calls.get(id).filter(|call| call.id == id)
    }

    fn all_load(&self, faulty: &Probed) -> bool {
        faulty.failed.keys().all(|path| self.failed.contains_key(path))
    }
}

/// What a fault shows; the reason why it is unnatural otherwise.
pub fn judge(fault: &Fault, healthy: &Healthy, faulty: &Probed) -> Result<Shown, &'static str> {
    match fault.capability {
        Capability::Error => errors(fault, healthy, faulty),
        Capability::Performance => slower(fault, healthy, faulty),
        Capability::State => state(fault, healthy, faulty),
        Capability::Behavior => behavior(fault, healthy, faulty),
        Capability::Dependency => dependency(healthy, faulty),
        Capability::Documentation | Capability::Coverage => Err("no traffic shows it"),
    }
}

fn errors(fault: &Fault, healthy: &Healthy, faulty: &Probed) -> Result<Shown, &'static str> {
    if !healthy.all_load(faulty) {
        return Err("a module can't be loaded any more");
    }
    let fails = |it: &&Outcome| {
        let before = healthy.outcomes.get(&it.id);
        !it.ok
            && !it.refused
            && !it.same
            && before.is_some_and(|before| before.same)
            && it.error.as_deref().is_some_and(|why| !why.starts_with("TooLong"))
    };
    let failing: Vec<&Outcome> = faulty.outcomes.iter().filter(fails).collect();
    let wrong: Vec<usize> = failing.iter().map(|it| it.id).filter(|id| settled(healthy, *id)).collect();
    if wrong.is_empty() {
        return Err("no call fails");
    }
    // The innermost frame that most calls fail in.
    let mut frames: BTreeMap<(String, usize, String), (usize, Frame)> = BTreeMap::new();
    for frame in failing.iter().filter_map(|it| it.frames.last()) {
        let key = (frame.path.clone(), frame.line, frame.function.clone());
        frames.entry(key).or_insert((0, frame.clone())).0 += 1;
    }
    let raised = frames.into_values().max_by_key(|(count, _)| *count).map(|(_, frame)| frame);
    let raised = raised.ok_or("exceptions come from no frame of the project")?;
    let place = fault.place.as_ref().map_or("", |place| &place.function);
    let in_fault = failing.iter().any(|it| it.frames.iter().any(|frame| within(&frame.function, place)));
    let handler = if in_fault { place.to_owned() } else { outer(&raised.function).to_owned() };
    let first = failing.first().and_then(|it| it.error.clone()).unwrap_or_default();
    Ok(Shown {
        handler: handler.clone(),
        right: right(healthy, faulty, &handler),
        how: format!("{} of {} calls fail: {first}", failing.len(), faulty.outcomes.len()),
        wrong,
        raised: Some(raised),
        factor: 1.0,
    })
}

/// Whether a frame's function is this handler or lies within it.
fn within(function: &str, handler: &str) -> bool {
    // V8 names a method after its receiver, so the last name has to do.
    let last = |name: &str| name.rsplit('.').next().map(str::to_owned);
    last(outer(function)) == last(handler)
}

fn outer(function: &str) -> &str {
    function.split(".<locals>").next().unwrap_or(function)
}

/// Calls of a handler that are and stay as they were.
fn right(healthy: &Healthy, faulty: &Probed, handler: &str) -> Vec<usize> {
    let fine = faulty.outcomes.iter().filter(|it| it.same && it.same_after);
    let own = fine.filter(|it| settled(healthy, it.id) && healthy.call(it.id).is_some_and(|call| call.name == handler));
    own.map(|it| it.id).take(15).collect()
}

fn slower(fault: &Fault, healthy: &Healthy, faulty: &Probed) -> Result<Shown, &'static str> {
    if !healthy.all_load(faulty) || faulty.outcomes.iter().any(|it| !it.same && settled(healthy, it.id)) {
        return Err("calls give something else");
    }
    let mut of: BTreeMap<&str, Vec<(usize, f64, f64)>> = BTreeMap::new();
    for it in &faulty.outcomes {
        let (Some(call), Some(before)) = (healthy.call(it.id), healthy.outcomes.get(&it.id)) else { continue };
        if before.ok && it.ok {
            of.entry(&call.name).or_default().push((it.id, before.ms, it.ms));
        }
    }
    let place = fault.place.as_ref().map_or("", |place| &place.function);
    let factor = |times: &[(usize, f64, f64)]| {
        let (before, after) = times.iter().fold((0.0, 0.0), |(b, a), (_, before, after)| (b + before, a + after));
        let many = times.iter().filter(|(_, before, after)| after / before.max(1e-6) >= SLOWER && *after >= LEAST_MS);
        let enough = many.count() * 8 >= times.len().max(8);
        if enough { after / f64::max(before, 1e-6) } else { 1.0 }
    };
    let handler = if of.get(place).is_some_and(|times| factor(times) >= SLOWER) {
        place
    } else {
        let worst = of.iter().max_by(|a, b| factor(a.1).total_cmp(&factor(b.1))).map(|(name, _)| *name);
        worst.ok_or("no call is there")?
    };
    let times = of.get(handler).map(Vec::as_slice).unwrap_or_default();
    let factor = factor(times);
    if factor < SLOWER {
        return Err("no handler is clearly slower");
    }
    let mut slow: Vec<&(usize, f64, f64)> =
        times.iter().filter(|(_, before, after)| after / before.max(1e-6) >= SLOWER && *after >= LEAST_MS).collect();
    slow.sort_by(|a, b| (b.2 - b.1).total_cmp(&(a.2 - a.1)));
    let wrong: Vec<usize> = slow.iter().map(|it| it.0).filter(|id| settled(healthy, *id)).take(12).collect();
    if wrong.is_empty() {
        return Err("what is slower gives something else each time");
    }
    Ok(Shown {
        handler: handler.to_owned(),
        right: Vec::new(),
        raised: None,
        how: format!("{handler} takes {factor:.1} times as long over {} calls", times.len()),
        factor: pace(&slow),
        wrong,
    })
}

/// How many times slower the slowed calls are, taken together.
fn pace(slow: &[&(usize, f64, f64)]) -> f64 {
    let few = &slow[..slow.len().min(12)];
    let (before, after) = few.iter().fold((0.0, 0.0), |(b, a), (_, before, after)| (b + before, a + after));
    after / f64::max(before, 1e-6)
}

/// Whether a call gives the same each time.
fn settled(healthy: &Healthy, id: usize) -> bool {
    healthy.call(id).is_some_and(|call| call.settled) && healthy.outcomes.get(&id).is_some_and(|it| it.same)
}

fn state(fault: &Fault, healthy: &Healthy, faulty: &Probed) -> Result<Shown, &'static str> {
    if !healthy.all_load(faulty) {
        return Err("a module can't be loaded any more");
    }
    let place = fault.place.as_ref().map_or("", |place| &place.function);
    let own = |it: &&Outcome| settled(healthy, it.id) && healthy.call(it.id).is_some_and(|call| call.name == place);
    let changed = |it: &&Outcome| it.ok && (!it.same_shown || (fault.rule == "mutable-default" && !it.same));
    let wrong: Vec<usize> = faulty.outcomes.iter().filter(own).filter(changed).map(|it| it.id).collect();
    if wrong.is_empty() {
        return Err("no call changes what it was given");
    }
    if faulty.outcomes.iter().filter(own).any(|it| !it.ok && !it.same) {
        return Err("calls fail");
    }
    Ok(Shown {
        handler: place.to_owned(),
        right: right(healthy, faulty, place),
        raised: None,
        how: format!("{} calls of {place} leave their arguments changed", wrong.len()),
        wrong,
        factor: 1.0,
    })
}

fn behavior(fault: &Fault, healthy: &Healthy, faulty: &Probed) -> Result<Shown, &'static str> {
    if !healthy.all_load(faulty) {
        return Err("a module can't be loaded any more");
    }
    let place = fault.place.as_ref().map_or("", |place| &place.function);
    let own = |it: &&Outcome| settled(healthy, it.id) && healthy.call(it.id).is_some_and(|call| call.name == place);
    if faulty.outcomes.iter().filter(own).any(|it| !it.ok && !it.same) {
        return Err("calls fail");
    }
    let other = |it: &&Outcome| healthy.outcomes.get(&it.id).is_some_and(|before| before.sequence != it.sequence);
    let wrong: Vec<usize> = faulty.outcomes.iter().filter(own).filter(other).map(|it| it.id).collect();
    let first = wrong.first().ok_or("no sequence of handlers changes")?;
    let sequence = |outcomes: Option<&Outcome>| outcomes.map(|it| it.sequence.join(", ")).unwrap_or_default();
    let before = sequence(healthy.outcomes.get(first));
    let after = sequence(faulty.outcomes.iter().find(|it| it.id == *first));
    Ok(Shown {
        handler: place.to_owned(),
        right: right(healthy, faulty, place),
        raised: None,
        how: format!("{} calls of {place} run other handlers: `{after}`, not `{before}`", wrong.len()),
        wrong,
        factor: 1.0,
    })
}

/// What Python and Node say of what isn't there.
const MISSING: [&str; 5] = ["ModuleNotFoundError", "ImportError", "NameError", "ReferenceError", "Error: Cannot find"];

fn dependency(healthy: &Healthy, faulty: &Probed) -> Result<Shown, &'static str> {
    let missing = |why: &str| MISSING.iter().any(|kind| why.starts_with(kind)) || why.contains("ERR_MODULE_NOT_FOUND");
    let fails = |it: &&Outcome| !it.ok && !it.same && it.error.as_deref().is_some_and(missing);
    let failing: Vec<&Outcome> = faulty.outcomes.iter().filter(fails).collect();
    let first = failing.first().ok_or("nothing is missing")?;
    let wrong: Vec<usize> = failing.iter().map(|it| it.id).filter(|id| settled(healthy, *id)).collect();
    if wrong.is_empty() {
        return Err("no steady call is missing anything");
    }
    let raised = first.frames.last().cloned();
    let handler = raised.as_ref().filter(|it| it.function != "<module>").map(|it| outer(&it.function).to_owned());
    Ok(Shown {
        handler: handler.unwrap_or_default(),
        right: Vec::new(),
        raised,
        how: format!(
            "{} of {} calls fail: {}",
            failing.len(),
            faulty.outcomes.len(),
            first.error.as_deref().unwrap_or_default()
        ),
        wrong,
        factor: 1.0,
    })
}
