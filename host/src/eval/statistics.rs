//! The numbers behind the tables, each by a method that has a name.
//!
//! - Shares: Wilson's score interval (E. B. Wilson, *Probable inference, the law of succession, and statistical
//!   inference*, JASA 22, 1927), which stays within 0 and 1 and is right for few cases and for shares near 1.
//! - Medians: the interval between two order statistics, from the binomial distribution (W. J. Conover, *Practical
//!   Nonparametric Statistics*, 3rd ed. 1999, §3.2). It assumes nothing about the distribution of times.
//! - Calibration: the expected calibration error over ten bins of equal width (M. P. Naeini, G. F. Cooper, M. Hauskrecht,
//!   *Obtaining well calibrated probabilities using Bayesian binning*, AAAI 2015).
//! - Two runs over the same cases: the exact form of `McNemar`'s test (Psychometrika 12, 1947): of the cases that
//!   changed, as many should have become better as worse if nothing changed.

use serde::{Deserialize, Serialize};

/// The quantile of the normal distribution for 95 % on both sides.
const Z: f64 = 1.959_963_984_540_054;
const ALPHA: f64 = 0.05;
const BINS: usize = 10;

/// So many of so many, and between which shares the truth lies with 95 % confidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// How many.
    pub hits: u64,
    /// Of how many.
    pub of: u64,
    /// `hits / of`; null when there is nothing to divide by.
    pub share: Option<f64>,
    /// The lower end of the interval.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

impl Share {
    /// The share and its interval.
    pub fn new(hits: u64, of: u64) -> Self {
        if of == 0 {
            return Self { hits, of, ..Self::default() };
        }
        let (n, p) = (float(of), float(hits) / float(of));
        let (z2, scale) = (Z * Z, 1.0 + Z * Z / n);
        let middle = (p + z2 / (2.0 * n)) / scale;
        let half = Z / scale * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
        // At the ends the interval reaches the end exactly; rounding must not push it beyond.
        let low = if hits == 0 { 0.0 } else { (middle - half).max(0.0) };
        let high = if hits == of { 1.0 } else { (middle + half).min(1.0) };
        Self { hits, of, share: Some(p), low: Some(low), high: Some(high) }
    }
}

/// Where the middle of some times lies, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Middle {
    /// How many times.
    pub of: u64,
    /// Half are smaller.
    pub median: f64,
    /// The lower end of the median's interval; null below six times, where no interval of 95 % exists.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// The longest.
    pub worst: f64,
}

impl Middle {
    /// The median of some times and its interval; `None` of nothing.
    pub fn of(times: &[f64]) -> Option<Self> {
        let mut sorted: Vec<f64> = times.iter().copied().filter(|time| time.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let worst = *sorted.last()?;
        let half = sorted.len() / 2;
        let median = if sorted.len() % 2 == 1 { sorted[half] } else { f64::midpoint(sorted[half - 1], sorted[half]) };
        let ends = order_statistics(sorted.len()).map(|rank| (sorted[rank - 1], sorted[sorted.len() - rank]));
        let (low, high) = ends.unzip();
        Some(Self { of: sorted.len() as u64, median, low, high, worst })
    }
}

/// The largest rank `r` for which the `r`-th smallest and the `r`-th largest of `n` values enclose the median with at least
/// 95 % confidence: fewer than `r` of `n` fair coins show heads in at most 2.5 % of all throws.
fn order_statistics(n: usize) -> Option<usize> {
    let mut below = 0.0;
    let mut rank = 0;
    let mut log_choose = 0.0_f64;
    for k in 0..=n / 2 {
        below += (log_choose - float(n as u64) * std::f64::consts::LN_2).exp();
        if below > ALPHA / 2.0 {
            break;
        }
        rank = k + 1;
        log_choose += (float((n - k) as u64) / float(k as u64 + 1)).ln();
    }
    (rank > 0).then_some(rank)
}

/// How far stated confidence can be believed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// The expected calibration error: how far confidence and truth lie apart on average; null of nothing.
    pub error: Option<f64>,
    /// Ten bins of equal width, the empty ones left out.
    pub bins: Vec<Bin>,
}

/// Statements of about the same confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Where the bin begins, as in 0.9.
    pub from: f64,
    /// The mean of what was stated.
    pub confidence: f64,
    /// How often it was right.
    pub right: Share,
}

impl Calibration {
    /// Of statements, each with its confidence and whether it was right.
    pub fn of(statements: &[(f64, bool)]) -> Self {
        let mut sums = [(0.0, 0_u64, 0_u64); BINS];
        for (confidence, right) in statements {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates at both ends")]
            let at = ((confidence * float(BINS as u64)) as usize).min(BINS - 1);
            sums[at].0 += confidence;
            sums[at].1 += u64::from(*right);
            sums[at].2 += 1;
        }
        let filled = sums.iter().enumerate().filter(|(_, (_, _, of))| *of > 0);
        let bins: Vec<Bin> = filled
            .map(|(at, (sum, hits, of))| Bin {
                from: float(at as u64) / float(BINS as u64),
                confidence: sum / float(*of),
                right: Share::new(*hits, *of),
            })
            .collect();
        let all = float(statements.len() as u64);
        let apart = |bin: &Bin| float(bin.right.of) / all * (bin.right.share.unwrap_or(0.0) - bin.confidence).abs();
        let error = (!bins.is_empty()).then(|| bins.iter().map(apart).sum());
        Self { error, bins }
    }
}

/// How likely it is that chance alone makes at least so great a difference between better and worse (exact, both sides).
pub fn sign_test(better: u64, worse: u64) -> f64 {
    let n = better + worse;
    let (mut tail, mut log_choose) = (0.0, 0.0_f64);
    for k in 0..=better.min(worse) {
        tail += (log_choose - float(n) * std::f64::consts::LN_2).exp();
        log_choose += (float(n - k) / float(k + 1)).ln();
    }
    (2.0 * tail).min(1.0)
}

#[allow(clippy::cast_precision_loss)] // counts of cases
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn close(found: Option<f64>, known: f64) {
        assert!((found.unwrap() - known).abs() < 5e-4, "{found:?} is not {known}");
    }

    #[test]
    fn wilsons_interval_has_its_known_values() {
        // R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        for (hits, of, low, high) in
            [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
        {
            let share = Share::new(hits, of);
            close(share.low, low);
            close(share.high, high);
        }
        assert_eq!(Share::new(20, 20).high, Some(1.0));
        assert_eq!(Share::new(0, 0).share, None);
    }

    #[test]
    fn the_medians_ranks_have_their_known_values() {
        // The usual table of ranks for the sign test at 95 %.
        for (n, rank) in [(6, 1), (8, 1), (9, 2), (12, 3), (15, 4), (20, 6), (25, 8), (40, 14), (100, 40)] {
            assert_eq!(order_statistics(n), Some(rank), "{n}");
        }
        assert_eq!(order_statistics(5), None);
        assert!(order_statistics(100_000).is_some());
    }

    #[test]
    fn the_median_of_even_and_odd() {
        let nine = Middle::of(&[9.0, 1.0, 8.0, 2.0, 7.0, 3.0, 6.0, 4.0, 5.0]).unwrap();
        assert_eq!((nine.median, nine.low, nine.high, nine.worst), (5.0, Some(2.0), Some(8.0), 9.0));
        let two = Middle::of(&[1.0, 2.0]).unwrap();
        assert_eq!((two.median, two.low), (1.5, None));
        assert_eq!(Middle::of(&[]), None);
    }

    #[test]
    fn calibration_is_the_distance_between_words_and_truth() {
        let mut said = vec![(0.9, true); 9];
        said.push((0.9, false));
        close(Calibration::of(&said).error, 0.0);
        let braggart = vec![(1.0, true), (1.0, false), (0.25, false), (0.25, false)];
        let calibration = Calibration::of(&braggart);
        close(calibration.error, 0.375);
        assert_eq!(calibration.bins.iter().map(|bin| bin.from).collect::<Vec<_>>(), [0.2, 0.9]);
        assert_eq!(Calibration::of(&[]).error, None);
    }

    #[test]
    fn the_sign_test_has_its_known_values() {
        for (better, worse, p) in [(0, 0, 1.0), (5, 0, 0.0625), (6, 0, 0.03125), (8, 2, 0.109_375), (4, 4, 1.0)] {
            close(Some(sign_test(better, worse)), p);
            close(Some(sign_test(worse, better)), p);
        }
    }
}
