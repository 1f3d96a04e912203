//! Figures of a sample that one strange value does not move.

use super::size;

/// The value below which this share lies, between neighbours by their distance; 0 of an empty sample.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a place in the sample
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let at = share.clamp(0.0, 1.0) * size(last);
    let (low, part) = (at.floor() as usize, at.fract());
    let high = (low + 1).min(last);
    sorted[low] + (sorted[high] - sorted[low]) * part
}

/// The middle one.
pub fn median(values: &[f64]) -> f64 {
    quantile(&sorted(values), 0.5)
}

/// In order.
pub fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The mean of those between two shares; of the middle half it is Tukey's midmean, nearly additive like a mean and
/// nearly as steady as a median.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // places in the sample
pub fn mean_between(sorted: &[f64], low: f64, high: f64) -> f64 {
    if sorted.is_empty() {
        return 0.0;
    }
    let first = ((low * size(sorted.len())).floor() as usize).min(sorted.len() - 1);
    let end = ((high * size(sorted.len())).ceil() as usize).clamp(first + 1, sorted.len());
    sorted[first..end].iter().sum::<f64>() / size(end - first)
}

/// At most so many, evenly over the sample as it is ordered.
pub fn thinned(values: &[f64], most: usize) -> Vec<f64> {
    if values.len() <= most {
        return values.to_vec();
    }
    (0..most).map(|at| values[at * values.len() / most]).collect()
}

/// Two kinds of calls in one sample, as with a cache: Otsu's threshold ("A threshold selection method from gray-level
/// histograms", 1979) over logarithms, taken for real when Ashman's D ("Detecting bimodality in astronomical datasets",
/// 1994) is above 4 and each kind has at least a twentieth. None where there is one kind.
pub fn two_kinds(sorted: &[f64]) -> Option<f64> {
    if sorted.len() < 20 || sorted[0] <= 0.0 {
        return None;
    }
    let logs: Vec<f64> = sorted.iter().map(|value| value.ln()).collect();
    let (all, squares): (f64, f64) = logs.iter().fold((0.0, 0.0), |(a, b), value| (a + value, b + value * value));
    let (mut low, mut low_squares) = (0.0, 0.0);
    let mut best: Option<(f64, usize, f64)> = None;
    for (at, value) in logs.iter().enumerate().take(logs.len() - 1) {
        low += value;
        low_squares += value * value;
        let (left, right) = (size(at + 1), size(logs.len() - at - 1));
        let (m1, m2) = (low / left, (all - low) / right);
        let spread = left * right * (m2 - m1).powi(2);
        if best.is_none_or(|(most, ..)| spread > most) {
            let v1 = (low_squares / left - m1 * m1).max(0.0);
            let v2 = ((squares - low_squares) / right - m2 * m2).max(0.0);
            let apart = std::f64::consts::SQRT_2 * (m2 - m1) / (v1 + v2).sqrt().max(1e-9);
            best = Some((spread, at, apart));
        }
    }
    let (_, at, apart) = best?;
    let fewest = sorted.len().div_ceil(20);
    let real = apart > 4.0 && at + 1 >= fewest && logs.len() - at > fewest && logs[at + 1] - logs[at] > 0.2;
    real.then(|| f64::midpoint(logs[at], logs[at + 1]).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_neighbours() {
        let values = sorted(&[4.0, 1.0, 3.0, 2.0]);
        assert!((quantile(&values, 0.5) - 2.5).abs() < 1e-12);
        assert!((quantile(&values, 1.0) - 4.0).abs() < 1e-12);
        assert!(quantile(&[], 0.5).abs() < 1e-12);
        assert!((mean_between(&[1.0, 2.0, 3.0, 100.0], 0.25, 0.75) - 2.5).abs() < 1e-12);
        assert_eq!(thinned(&[1.0, 2.0, 3.0, 4.0], 2), [1.0, 3.0]);
    }

    #[test]
    fn hits_and_misses_are_two_kinds_and_a_long_tail_is_one() {
        let hits = (0..80).map(|at| 1.0 + f64::from(at) * 0.002);
        let misses = (0..20).map(|at| 12.0 + f64::from(at) * 0.1);
        let mixed: Vec<f64> = hits.chain(misses).collect();
        let threshold = two_kinds(&mixed).unwrap();
        assert!((1.2..12.0).contains(&threshold), "{threshold}");
        let tail: Vec<f64> = (0..100).map(|at| (f64::from(at) / 30.0).exp()).collect();
        assert_eq!(two_kinds(&tail), None);
    }
}
