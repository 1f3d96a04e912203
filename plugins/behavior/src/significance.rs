//! Whether more of the window deviates than of better times, beyond chance.

/// The chance to see at least `hits` of `runs` in the window if window and baseline deviate alike: Fisher's exact test, one
/// side (Fisher, "On the interpretation of χ² from contingency tables, and the calculation of P", 1922).
pub fn chance(hits: u64, runs: u64, baseline_hits: u64, baseline_runs: u64) -> f64 {
    let (hits, baseline_hits) = (hits.min(runs), baseline_hits.min(baseline_runs));
    let all_hits = hits + baseline_hits;
    let most = all_hits.min(runs);
    let all = choose(runs + baseline_runs, all_hits);
    let term = |k: u64| (choose(runs, k) + choose(baseline_runs, all_hits - k) - all).exp();
    // Terms fall from the mode on; what is beyond ten thousand of them can't be seen in the sum.
    (hits..=most).take(10_000).map(term).sum::<f64>().clamp(0.0, 1.0)
}

/// The logarithm of how many ways there are to choose `k` of `n`; of none, negative infinity.
fn choose(n: u64, k: u64) -> f64 {
    if k > n {
        return f64::NEG_INFINITY;
    }
    factorial(n) - factorial(k) - factorial(n - k)
}

#[expect(clippy::cast_precision_loss, reason = "counts of runs are far below 2^52")]
fn factorial(n: u64) -> f64 {
    libm::lgamma(n as f64 + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_are_those_of_the_textbook() {
        // Fisher's tea: 3 of 4 against 1 of 4.
        assert!((chance(3, 4, 1, 4) - 17.0 / 70.0).abs() < 1e-9);
        assert!((chance(4, 4, 0, 4) - 1.0 / 70.0).abs() < 1e-9);
        assert!((chance(0, 10, 3, 10) - 1.0).abs() < 1e-9);
        assert!(chance(50, 50, 0, 100) < 1e-30);
        assert!(chance(5, 1000, 5, 1000) > 0.5);
        assert!((chance(3, 3, 0, 0) - 1.0).abs() < 1e-9);
    }
}
