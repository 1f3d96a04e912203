//! The rank-sum test: H. B. Mann and D. R. Whitney, "On a test of whether one of two random variables is stochastically
//! larger than the other", Annals of Mathematical Statistics 18 (1947). It asks for no shape of the distribution, so one
//! long pause of a garbage collector weighs no more than any other long call.

use super::size;

/// Below this many of both together, chance is counted out instead of approximated.
const EXACT: usize = 24;

/// What the test says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked {
    /// How likely chance alone makes `after` look at least this much larger.
    pub chance: f64,
    /// How likely one of `after` is larger than one of `before`; ties count half.
    pub larger: f64,
}

/// One-sided: whether `after` is larger. Without values on both sides nothing is known.
pub fn larger(after: &[f64], before: &[f64]) -> Ranked {
    let (m, n) = (after.len(), before.len());
    if m == 0 || n == 0 {
        return Ranked { chance: 1.0, larger: 0.5 };
    }
    let mut all: Vec<(f64, bool)> =
        after.iter().map(|value| (*value, true)).chain(before.iter().map(|value| (*value, false))).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut rank_sum, mut ties, mut at) = (0.0, 0.0, 0);
    while at < all.len() {
        let end = at + all[at..].iter().take_while(|one| one.0.total_cmp(&all[at].0).is_eq()).count();
        let alike = size(end - at);
        let rank = size(at) + f64::midpoint(alike, 1.0);
        rank_sum += rank * size(all[at..end].iter().filter(|one| one.1).count());
        ties += alike * alike * alike - alike;
        at = end;
    }
    let wins = rank_sum - size(m) * (size(m) + 1.0) / 2.0;
    let pairs = size(m) * size(n);
    let chance = if m + n <= EXACT { exact(wins, m, n) } else { approximate(wins, m, n, ties) };
    Ranked { chance, larger: wins / pairs }
}

/// Normal, with the variance corrected for ties, and for that wins come in steps.
fn approximate(wins: f64, m: usize, n: usize, ties: f64) -> f64 {
    let (m, n) = (size(m), size(n));
    let all = m + n;
    let variance = m * n / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    if variance <= 0.0 {
        return 1.0;
    }
    let z = (wins - m * n / 2.0 - 0.5) / variance.sqrt();
    0.5 * libm::erfc(z / std::f64::consts::SQRT_2)
}

/// Counts the orders in which there are at least so many wins; half wins are rounded down, which is the careful way.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // at most `m * n`, and not negative
fn exact(wins: f64, m: usize, n: usize) -> f64 {
    let wins = wins.floor().max(0.0) as usize;
    // ways[i][j][w]: orders of i after and j before with w wins.
    let mut ways = vec![vec![Vec::new(); n + 1]; m + 1];
    for i in 0..=m {
        for j in 0..=n {
            let mut here = vec![0.0; i * j + 1];
            if i == 0 || j == 0 {
                here[0] = 1.0;
            } else {
                for (won, count) in ways[i - 1][j].iter().enumerate() {
                    here[won + j] += count;
                }
                for (won, count) in ways[i][j - 1].iter().enumerate() {
                    here[won] += count;
                }
            }
            ways[i][j] = here;
        }
    }
    let last = &ways[m][n];
    let all: f64 = last.iter().sum();
    last[wins.min(last.len() - 1)..].iter().sum::<f64>() / all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_samples_are_what_tables_say() {
        let all = larger(&[6.0, 7.0, 8.0, 9.0, 10.0], &[1.0, 2.0, 3.0, 4.0, 5.0]);
        assert!((all.chance - 1.0 / 252.0).abs() < 1e-12);
        assert!((all.larger - 1.0).abs() < 1e-12);
        let some = larger(&[3.0, 6.0, 7.0, 8.0], &[1.0, 2.0, 4.0, 5.0]);
        assert!((some.chance - 4.0 / 70.0).abs() < 1e-12);
        assert!(larger(&[1.0; 5], &[1.0; 5]).chance > 0.5);
        assert!((larger(&[], &[1.0]).chance - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn large_samples_are_approximated_the_same() {
        let before: Vec<f64> = (0..13).map(f64::from).collect();
        let after: Vec<f64> = (0..12).map(|at| f64::from(at) + 3.4).collect();
        let approximated = larger(&after, &before).chance;
        let counted = exact(larger(&after, &before).larger * 12.0 * 13.0, 12, 13);
        assert!((approximated - counted).abs() < 0.003, "{approximated} against {counted}");
    }

    #[test]
    fn one_huge_value_changes_nothing() {
        let before: Vec<f64> = (0..100).map(f64::from).collect();
        let mut after = before.clone();
        after[0] = 1e9;
        assert!(larger(&after, &before).chance > 0.1);
    }
}
