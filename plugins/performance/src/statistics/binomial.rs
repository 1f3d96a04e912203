//! How often chance alone gives at least so many successes.

use super::float;

/// The upper tail of the binomial distribution: at least `successes` of `trials`, each with probability `rate`.
pub fn at_least(successes: u64, trials: u64, rate: f64) -> f64 {
    if successes == 0 {
        return 1.0;
    }
    if successes > trials || rate <= 0.0 {
        return 0.0;
    }
    if rate >= 1.0 {
        return 1.0;
    }
    let ln_factorial = |n: u64| libm::lgamma(float(n) + 1.0);
    let ln_all = ln_factorial(trials);
    let mut sum = 0.0;
    for k in successes..=trials {
        let ways = ln_all - ln_factorial(k) - ln_factorial(trials - k);
        let term = (ways + float(k) * rate.ln() + float(trials - k) * (-rate).ln_1p()).exp();
        sum += term;
        // Beyond the mean each term is smaller than the one before; the rest no longer shows.
        if float(k) > float(trials) * rate && term < sum * 1e-12 {
            break;
        }
    }
    sum.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::at_least;

    #[test]
    fn tails_are_what_tables_say() {
        for (successes, trials, rate, expected) in
            [(0, 10, 0.5, 1.0), (10, 10, 0.5, 1.0 / 1024.0), (5, 10, 0.5, 0.623_046_875), (2, 20, 0.01, 0.016_859)]
        {
            let got = at_least(successes, trials, rate);
            assert!((got - expected).abs() < 1e-6, "{successes} of {trials} at {rate}: {got}");
        }
        assert!(at_least(3, 2, 0.5) < f64::EPSILON && at_least(1, 2, 0.0) < f64::EPSILON);
        assert!(at_least(40_000, 1_000_000, 0.03) < 1e-100);
    }
}
