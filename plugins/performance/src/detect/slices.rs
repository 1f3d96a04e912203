//! Changes inside of the window: a handler's own time in slices of equally many calls, its changes by E-divisive
//! ([`crate::statistics::change`]), what all handlers' slices have in common taken out.

use super::behaviour::Behaviour;
use super::compare::Scene;
use super::executions::Execution;
use super::growth;
use super::load::Load;
use super::verdict::{Rule, Verdict};
use crate::statistics::sample::{median, quantile, sorted, thinned};
use crate::statistics::{change, float, rank, size};

/// Calls a handler needs to be looked at.
const FEWEST: usize = 60;
/// The most slices, and the fewest calls of one.
const SLICES: usize = 60;
const SLICE: usize = 5;
/// Slices of a segment.
const SHORTEST: usize = 4;
/// By chance, of the change; and of the ranks on its both sides, over all handlers.
const MOST_CHANCE: f64 = 0.01;
/// Parts of the window in which the load is told.
const HOURS: usize = 20;
/// Handlers that tell it.
const ENOUGH: usize = 3;

/// How slow everything is in each part of the window, as logarithms.
pub struct Tide {
    start: u64,
    length: u64,
    shifts: Vec<f64>,
}

impl Tide {
    /// Told by all handlers: each against itself.
    pub fn of(scene: &Scene) -> Self {
        let bounds = scene
            .executions
            .all
            .iter()
            .fold((u64::MAX, 0), |(start, end), one| (start.min(one.start), end.max(one.start)));
        let (start, length) = (bounds.0, (bounds.1.saturating_sub(bounds.0) / HOURS as u64).max(1));
        let mut tide = Self { start, length, shifts: vec![0.0; HOURS] };
        let mut parts: Vec<Vec<f64>> = vec![Vec::new(); HOURS];
        for behaviour in scene.all {
            let usual = behaviour.own.quantile(0.5);
            if usual <= 0.0 {
                continue;
            }
            let mut own: Vec<Vec<f64>> = vec![Vec::new(); HOURS];
            for one in scene.executions.of(behaviour.handler) {
                own[tide.part(one.start)].push(float(one.own));
            }
            for (part, values) in parts.iter_mut().zip(own).filter(|(_, values)| values.len() >= 3) {
                part.push((median(&values).max(1.0) / usual).ln());
            }
        }
        tide.shifts = parts.iter().map(|part| if part.len() < ENOUGH { 0.0 } else { median(part) }).collect();
        tide
    }

    #[allow(clippy::cast_possible_truncation)] // below `HOURS`
    fn part(&self, at: u64) -> usize {
        ((at.saturating_sub(self.start) / self.length) as usize).min(HOURS - 1)
    }

    /// A call's own time without the tide.
    fn level(&self, one: &Execution) -> f64 {
        float(one.own).max(1.0) / self.shifts[self.part(one.start)].exp()
    }
}

/// A handler whose own time rises inside of the window and stays risen.
pub fn judge(behaviour: &Behaviour, tide: &Tide, load: Load, scene: &Scene) -> Option<Verdict> {
    let executions: Vec<Execution> =
        scene.executions.of(behaviour.handler).iter().filter(|one| !one.failed).copied().collect();
    if executions.len() < FEWEST {
        return None;
    }
    let levels: Vec<f64> = executions.iter().map(|one| tide.level(one)).collect();
    let slices = (executions.len() / SLICE).min(SLICES);
    let place = |slice: usize| slice * levels.len() / slices;
    let series: Vec<f64> = (0..slices).map(|at| median(&levels[place(at)..place(at + 1)]).ln()).collect();
    // Cheap first: most handlers end as they began.
    let (half, last) = (median(&series[..slices / 2]), median(&series[slices - SHORTEST..]));
    if last - half < scene.settings.ratio.ln() * 0.8 {
        return None;
    }
    let found = change::changes(&series, SHORTEST, MOST_CHANCE);
    let (first, last) = (found.first()?, found.last()?);
    let (before, after) = (&levels[..place(first.at)], &levels[place(last.at)..]);
    let (then, now) = (median(before), median(after));
    let (ratio, added) = (now / then, now - then);
    if ratio < scene.settings.ratio || !scene.matters(added, ratio, after.len() as u64) {
        return None;
    }
    // What better times knew as usual is no news: they knew this hour's mix of calls too.
    let usual = behaviour.own_before.zip(behaviour.before.as_ref());
    if usual.is_some_and(|(own, before)| now < own.max(before.quantile(0.75)) * load.factor() * scene.settings.ratio) {
        return None;
    }
    let ranked = rank::larger(&thinned(&sorted(after), 300), &thinned(&sorted(before), 300));
    let chance = (ranked.chance.max(last.chance / 10.0) * size(scene.all.len())).min(1.0);
    if ranked.chance * size(scene.all.len()) > MOST_CHANCE || quantile(&sorted(after), 0.25) < then * 1.1 {
        return None;
    }
    if growth::explains(&executions[..place(first.at)], &executions[place(last.at)..], ratio) {
        return None;
    }
    let rule = if found.len() > 1 && rises(&series) { Rule::Drift } else { Rule::Step };
    let how = if rule == Rule::Drift { "little by little" } else { "at once" };
    Some(Verdict {
        handler: behaviour.handler,
        rule,
        chance,
        ratio,
        added,
        calls: after.len() as u64,
        calls_before: before.len() as u64,
        share: scene.share(added, after.len() as u64),
        own: 1.0,
        more_calls: false,
        now,
        before: Some(then),
        load,
        said: format!(
            "its own time rose {how} inside of the window, from call {} on ({} change(s) by E-divisive, each by chance in at \
             most {:.1} % of cases; one-sided Mann–Whitney test of both sides: {:.2e})",
            place(first.at) + 1,
            found.len(),
            found.iter().map(|change| change.chance).fold(0.0, f64::max) * 100.0,
            ranked.chance
        ),
    })
}

/// Kendall's tau ("A new measure of rank correlation", Biometrika 30, 1938) with the order of time.
fn rises(series: &[f64]) -> bool {
    let mut sum = 0_i64;
    for (at, one) in series.iter().enumerate() {
        for later in &series[at + 1..] {
            sum += i64::from(later > one) - i64::from(later < one);
        }
    }
    let pairs = size(series.len()) * size(series.len().saturating_sub(1)) / 2.0;
    #[allow(clippy::cast_precision_loss)] // at most 60 · 59 / 2
    let tau = sum as f64 / pairs.max(1.0);
    tau > 0.6
}
