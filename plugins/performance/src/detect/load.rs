//! What all handlers have in common: when they are all slower by the same factor, it is the machine or the hour, and no
//! handler's code.

use super::behaviour::Behaviour;
use crate::statistics::sample::median;

/// Calls on both sides that a handler must have to say something of the load.
const FEWEST: u64 = 5;
/// With so many handlers their middle is not moved by those that changed.
const ENOUGH: usize = 4;
/// The least that handlers are taken to scatter: two recordings of the same program differ that much.
const LEAST_SPREAD: f64 = 0.1;

/// The common factor, and how handlers scatter around it; both as logarithms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// At least 0: a faster machine makes nobody slower.
    pub shift: f64,
    pub spread: f64,
    /// How many handlers say so.
    pub handlers: usize,
}

impl Load {
    /// By what durations of better times are multiplied.
    pub fn factor(&self) -> f64 {
        self.shift.exp()
    }

    /// Told by those handlers that spend at least half of their time themselves: the others only show what they call.
    pub fn of<'a>(behaviours: impl Iterator<Item = &'a Behaviour>) -> Self {
        let shifts: Vec<f64> = behaviours.filter_map(shift).collect();
        Self::of_shifts(&shifts)
    }

    fn of_shifts(shifts: &[f64]) -> Self {
        let handlers = shifts.len();
        if handlers < ENOUGH {
            // Of two or three, what the least changed one has is common to all; one alone says nothing.
            let least = shifts.iter().copied().fold(f64::INFINITY, f64::min);
            let shift = if handlers > 1 { least.max(0.0) } else { 0.0 };
            return Self { shift, spread: LEAST_SPREAD, handlers };
        }
        let middle = median(shifts);
        // Slower handlers are what is looked for, so only the lower half tells what is usual.
        let below: Vec<f64> = shifts.iter().filter(|shift| **shift <= middle).map(|shift| middle - shift).collect();
        Self { shift: middle.max(0.0), spread: (1.4826 * median(&below)).max(LEAST_SPREAD), handlers }
    }
}

fn shift(behaviour: &Behaviour) -> Option<f64> {
    let before = behaviour.before.as_ref()?;
    if behaviour.now.count < FEWEST || before.count < FEWEST {
        return None;
    }
    let (now, then) = (behaviour.now.typical(), before.typical());
    let own = behaviour.own.typical() >= now * 0.5;
    (own && now > 0.0 && then > 0.0).then(|| (now / then).ln())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_common_and_one_slow_handler_does_not_move_it() {
        let load = Load::of_shifts(&[0.5, 0.52, 0.48, 0.5, 3.0]);
        assert!((load.shift - 0.5).abs() < 1e-9 && load.spread < 0.2, "{load:?}");
        assert!(Load::of_shifts(&[-1.0, -1.0, -1.1, -0.9]).shift.abs() < 1e-9, "faster is no load");
    }

    #[test]
    fn few_handlers_share_what_the_least_changed_has() {
        assert!((Load::of_shifts(&[1.0, 0.4]).shift - 0.4).abs() < 1e-9);
        assert!(Load::of_shifts(&[1.0]).shift.abs() < 1e-9);
        assert!(Load::of_shifts(&[]).shift.abs() < 1e-9);
    }
}
