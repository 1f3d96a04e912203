//! A handler now against better times: its middle, and its tail.

use thymus_sdk::host::{Level, log};

use super::Settings;
use super::behaviour::{Behaviour, Times, called_by};
use super::executions::Executions;
use super::load::Load;
use super::verdict::{Rule, Verdict};
use crate::statistics::binomial::at_least;
use crate::statistics::rank;
use crate::statistics::sample::{median, thinned, two_kinds};
use crate::statistics::{float, size};

/// By chance, over all handlers together.
const MOST_CHANCE: f64 = 0.01;
/// Calls on each side; fewer tell nothing.
const FEWEST: u64 = 4;
/// How far out of the other handlers' scatter, in its own measure.
const LEAST_DEVIATIONS: f64 = 3.0;
/// The values of each side that are ranked.
const RANKED: usize = 400;
/// A part of the calls is at least this share, and so many.
const LEAST_TAIL: f64 = 0.02;
const FEWEST_TAIL: u64 = 5;
/// Nanoseconds below which a difference is the clock's and the recorder's.
const NOISE: f64 = 5e4;
/// A handler that adds this share of all time matters, however short its calls.
const LEAST_SHARE: f64 = 0.03;
/// So many times as long is several times.
const SEVERAL: f64 = 3.0;

/// What every comparison needs.
pub struct Scene<'a> {
    pub executions: &'a Executions,
    pub all: &'a [Behaviour],
    /// All handlers' own time, in nanoseconds.
    pub spent: f64,
    pub settings: &'a Settings,
}

impl Scene<'_> {
    /// Whether so much a call, so often, is worth anybody's time: short calls matter where they add up, or where they have
    /// become several times as long.
    pub fn matters(&self, added: f64, ratio: f64, calls: u64) -> bool {
        let adds_up = self.share(added, calls) >= LEAST_SHARE || ratio >= SEVERAL;
        added >= self.settings.millis * 1e6 || (added >= NOISE && adds_up)
    }

    /// Which share of all time that is.
    pub fn share(&self, added: f64, calls: u64) -> f64 {
        if self.spent > 0.0 { (added * float(calls) / self.spent).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// For evidence and log.
    pub fn name(&self, handler: u32) -> &str {
        self.executions.handlers.get(handler as usize).map_or("", |facts| &facts.key.handler)
    }
}

/// Whether the middle moved; then whether the tail did.
pub fn judge(behaviour: &Behaviour, load: Load, scene: &Scene) -> Option<Verdict> {
    let before = behaviour.before.as_ref()?;
    if behaviour.now.count < FEWEST || before.count < FEWEST {
        return None;
    }
    middle(behaviour, before, load, scene).or_else(|| tail(behaviour, before, load, scene))
}

fn middle(behaviour: &Behaviour, before: &Times, load: Load, scene: &Scene) -> Option<Verdict> {
    let (now, then) = (behaviour.now.typical(), before.typical() * load.factor());
    if then <= 0.0 || now / then < scene.settings.ratio {
        return None;
    }
    let (ratio, added) = (now / then, now - then);
    if behaviour.now.quantile(0.5) < before.quantile(0.5) * load.factor() * 1.25 {
        return None;
    }
    if ratio.ln() / load.spread < LEAST_DEVIATIONS || !scene.matters(added, ratio, behaviour.now.count) {
        return None;
    }
    let scaled: Vec<f64> = thinned(&before.sorted, RANKED).iter().map(|value| value * load.factor()).collect();
    let ranked = rank::larger(&thinned(&behaviour.now.sorted, RANKED), &scaled);
    let chance = (ranked.chance * size(scene.all.len())).min(1.0);
    // Few calls can't get below a certain chance, however slow they are; then all of them must be slower than any was.
    let few = behaviour.now.count.min(before.count) < 8;
    let apart = few && ranked.larger > 0.999 && ratio >= 2.0;
    if chance > MOST_CHANCE && !apart {
        return None;
    }
    if only_mix_changed(&behaviour.now, before, load) {
        log(
            Level::Info,
            &format!(
                "{}: its kinds of calls are as fast as ever, only their mix changed",
                scene.name(behaviour.handler)
            ),
        );
        return None;
    }
    let (own, more_calls) = blame(behaviour, added, load, scene)?;
    Some(Verdict {
        handler: behaviour.handler,
        rule: Rule::Slower,
        chance: if apart { chance.min(0.1) } else { chance },
        ratio,
        added,
        calls: behaviour.now.count,
        calls_before: before.count,
        share: scene.share(added, behaviour.now.count),
        own,
        more_calls,
        now,
        before: Some(then),
        load,
        said: format!(
            "{:.0} of 100 calls now take longer than one of better times would (one-sided Mann–Whitney test, by chance \
             in {:.2e} of cases)",
            ranked.larger * 100.0,
            ranked.chance
        ),
    })
}

/// Whether what is new is the handler's own, or that it calls others more often; none when it waits for what is slower.
fn blame(behaviour: &Behaviour, added: f64, load: Load, scene: &Scene) -> Option<(f64, bool)> {
    let own_before = behaviour.own_before.unwrap_or(0.0) * load.factor();
    let own = ((behaviour.own.typical() - own_before) / added).clamp(0.0, 1.0);
    if own >= 0.5 {
        return Some((own, false));
    }
    let calls = float(behaviour.now.count.max(1));
    let slower: f64 = called_by(behaviour.handler, scene.executions)
        .filter_map(|(called, count)| {
            let called = scene.all.get(called as usize)?;
            // One that better times don't know is new, and what it takes is its own.
            let then = called.before.as_ref().map_or(0.0, |then| then.typical() * load.factor());
            Some(float(count) / calls * (called.now.typical() - then).max(0.0))
        })
        .sum();
    (slower < added * 0.5).then_some((own, true))
}

/// Whether there were two kinds of calls, and each is as fast as it was.
fn only_mix_changed(now: &Times, before: &Times, load: Load) -> bool {
    let Some(threshold) = two_kinds(&before.sorted) else { return false };
    let split = |times: &Times, at: f64| {
        let place = times.sorted.partition_point(|value| *value < at);
        (median(&times.sorted[..place]), median(&times.sorted[place..]))
    };
    let ((fast, slow), (fast_before, slow_before)) = (split(now, threshold * load.factor()), split(before, threshold));
    fast < fast_before * load.factor() * 1.25 && slow < slow_before * load.factor() * 1.25
}

/// How long a call seldom took.
fn seldom(before: &Times, load: Load) -> f64 {
    let seldom = if before.count >= 50 { before.quantile(0.99) } else { before.quantile(1.0) };
    seldom * load.factor() * 1.5
}

fn tail(behaviour: &Behaviour, before: &Times, load: Load, scene: &Scene) -> Option<Verdict> {
    if before.count < 20 {
        return None;
    }
    let (limit, calls) = (seldom(before, load), behaviour.now.count);
    let slow = |times: &Times, limit: f64| times.sorted.len() - times.sorted.partition_point(|value| *value <= limit);
    let count = slow(&behaviour.now, limit) as u64;
    if count < FEWEST_TAIL || float(count) < LEAST_TAIL * float(calls) {
        return None;
    }
    // Pauses of the runtime and of the machine meet all handlers.
    let others = scene.all.iter().filter(|other| other.handler != behaviour.handler);
    let (met, seen) = others
        .filter_map(|other| Some((slow(&other.now, seldom(other.before.as_ref()?, load)) as u64, other.now.count)))
        .fold((0, 0), |(met, seen), (more, calls)| (met + more, seen + calls));
    let usual = (float(met) / float(seen.max(1))).max(0.01) * 1.5;
    let chance = (at_least(count, calls, usual) * size(scene.all.len())).min(1.0);
    let place = behaviour.now.sorted.len() - usize::try_from(count).ok()?;
    let slow_call = median(&behaviour.now.sorted[place..]);
    let usual_call = before.quantile(0.9) * load.factor();
    let (added, ratio) = (slow_call - usual_call, slow_call / usual_call.max(1.0));
    // Seldom slow by less than this is what every machine does.
    let matters = added >= scene.settings.millis * 1e6;
    if chance > MOST_CHANCE / 10.0 || ratio < 2.0 || !matters {
        return None;
    }
    // Of the slow calls, those that are slow by themselves.
    let middle = before.typical() * load.factor();
    let slow_calls = scene.executions.of(behaviour.handler).iter().filter(|one| float(one.total()) > limit);
    let own = slow_calls.filter(|one| float(one.own) >= (float(one.total()) - middle) * 0.5).count();
    let own = size(own) / float(count);
    (own >= 0.5).then(|| Verdict {
        handler: behaviour.handler,
        rule: Rule::SlowerTail,
        chance,
        ratio,
        added,
        calls: count,
        calls_before: before.count,
        share: scene.share(added, count),
        own,
        more_calls: false,
        now: slow_call,
        before: Some(usual_call),
        load,
        said: format!(
            "{count} of {calls} calls take more than {:.1} ms, half as much again as 99 of 100 took; of all other handlers' \
             calls {:.1} % do the like (binomial test, by chance in {chance:.2e} of cases)",
            limit / 1e6,
            float(met) / float(seen.max(1)) * 100.0
        ),
    })
}
