//! Whether one set of durations is really shorter than another, or only happened to be.

/// The exact one-sided Mann–Whitney test: how likely chance alone would make `after` look at least this much shorter.
pub(super) fn chance(before: &[f64], after: &[f64]) -> f64 {
    let (m, n) = (before.len(), after.len());
    let mut halves = 0_usize;
    for b in before {
        for a in after {
            halves += if b > a { 2 } else { usize::from((b - a).abs() < f64::EPSILON) };
        }
    }
    // Ties count half; rounding them down makes the answer more careful.
    let wins = halves / 2;
    let ways = arrangements(m, n);
    let all: f64 = ways.iter().sum();
    ways[wins.min(ways.len() - 1)..].iter().sum::<f64>() / all
}

/// In how many orders of `m` and `n` durations each number of wins comes out.
fn arrangements(m: usize, n: usize) -> Vec<f64> {
    let mut ways = vec![vec![Vec::new(); n + 1]; m + 1];
    for i in 0..=m {
        for j in 0..=n {
            let mut here = vec![0.0; i * j + 1];
            if i == 0 || j == 0 {
                here[0] = 1.0;
            } else {
                // The longest of all is one of `before`, and wins against all of `after`, or it is one of `after`.
                for (wins, count) in ways[i - 1][j].iter().enumerate() {
                    here[wins + j] += count;
                }
                for (wins, count) in ways[i][j - 1].iter().enumerate() {
                    here[wins] += count;
                }
            }
            ways[i][j] = here;
        }
    }
    ways.swap_remove(m).swap_remove(n)
}

/// The middle one.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        len if len % 2 == 1 => sorted[len / 2],
        len => f64::midpoint(sorted[len / 2 - 1], sorted[len / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_what_tables_say() {
        // All of 5 against all of 5: one of 252 orders.
        let (slow, fast) = ([6.0, 7.0, 8.0, 9.0, 10.0], [1.0, 2.0, 3.0, 4.0, 5.0]);
        assert!((chance(&slow, &fast) - 1.0 / 252.0).abs() < 1e-12);
        assert!((chance(&fast, &slow) - 1.0).abs() < 1e-12);
        assert!(chance(&fast, &fast) > 0.5);
        // A table's U = 2 of 4 and 4, one-sided: 4 of 70.
        assert!((chance(&[3.0, 6.0, 7.0, 8.0], &[1.0, 2.0, 4.0, 5.0]) - 4.0 / 70.0).abs() < 1e-12);
    }

    #[test]
    fn medians_are_in_the_middle() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < f64::EPSILON);
    }
}
