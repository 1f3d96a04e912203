//! How a handler's time depends on what it is given: larger arguments may take longer, and seldom by more than they are
//! larger.

use super::executions::Execution;
use crate::statistics::sample::{median, quantile, sorted};
use crate::statistics::{float, size};

/// Calls that are compared with each other.
const COMPARED: usize = 160;
/// Sizes must differ by this factor to say something.
const LEAST_FACTOR: f64 = 1.5;
/// From here on time grows clearly faster than the arguments.
pub const SUPERLINEAR: f64 = 1.4;

/// The exponent `e` of time ~ size^e over captured arguments: the median slope of pairs (H. Theil, "A rank-invariant
/// method of linear and polynomial regression analysis", 1950). None where sizes don't differ enough.
pub fn exponent(executions: &[Execution]) -> Option<f64> {
    let sized: Vec<(f64, f64)> = executions
        .iter()
        .filter(|one| one.size > 0 && one.own > 0)
        .map(|one| (f64::from(one.size).ln(), float(one.own).ln()))
        .collect();
    let step = sized.len().div_ceil(COMPARED).max(1);
    let compared: Vec<(f64, f64)> = sized.into_iter().step_by(step).collect();
    let sizes = sorted(&compared.iter().map(|one| one.0).collect::<Vec<_>>());
    if compared.len() < 20 || quantile(&sizes, 0.9) - quantile(&sizes, 0.1) < LEAST_FACTOR.ln() {
        return None;
    }
    let mut slopes = Vec::new();
    for (at, one) in compared.iter().enumerate() {
        for other in &compared[at + 1..] {
            if (one.0 - other.0).abs() > 0.2 {
                slopes.push((one.1 - other.1) / (one.0 - other.0));
            }
        }
    }
    (slopes.len() >= 20).then(|| median(&slopes))
}

/// Whether larger arguments alone explain that calls became slower by this ratio.
pub fn explains(before: &[Execution], after: &[Execution], ratio: f64) -> bool {
    let typical = |executions: &[Execution]| {
        let sizes: Vec<f64> = executions.iter().filter(|one| one.size > 0).map(|one| f64::from(one.size)).collect();
        (size(sizes.len()) >= size(executions.len()) * 0.8).then(|| median(&sizes))
    };
    match typical(before).zip(typical(after)) {
        Some((small, large)) => large / small >= 1.2 && ratio <= (large / small).powf(1.2) * 1.2,
        None => false,
    }
}
