//! Where a series changes: D. S. Matteson and N. A. James, "A nonparametric approach for multiple change point analysis of
//! multivariate data", Journal of the American Statistical Association 109 (2014), known as E-divisive. A segment is
//! divided where the energy distance between its two sides is largest, as long as shuffling the segment seldom gives
//! as much; both sides are then looked at the same way.

use super::size;

/// Shuffles a segment is held against: the smallest chance that can be told is one in two hundred.
const SHUFFLES: u32 = 199;
/// The longest series that is looked at as it is; the work grows with the square of its length.
pub const LONGEST: usize = 160;

/// A place where the series changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The first value after it.
    pub at: usize,
    /// How often shuffling the segment divides it as clearly.
    pub chance: f64,
}

/// The changes of a series of at most [`LONGEST`] values, in order; of a longer one only its beginning is looked at.
/// Segments have at least `shortest` values, and chance alone makes a change at most so often.
pub fn changes(series: &[f64], shortest: usize, most_chance: f64) -> Vec<Change> {
    let series = &series[..series.len().min(LONGEST)];
    let shortest = shortest.max(2);
    let (mut found, mut open) = (Vec::new(), vec![(0, series.len())]);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    while let Some((start, end)) = open.pop() {
        let segment = &series[start..end];
        let Some((at, energy)) = divide(segment, shortest) else { continue };
        let chance = chance(segment, shortest, energy, &mut random);
        if chance <= most_chance {
            found.push(Change { at: start + at, chance });
            open.push((start, start + at));
            open.push((start + at, end));
        }
    }
    found.sort_by_key(|change| change.at);
    found
}

/// Where the two sides differ most, and by how much; none where there is no room for two segments.
fn divide(values: &[f64], shortest: usize) -> Option<(usize, f64)> {
    let n = values.len();
    if n < 2 * shortest {
        return None;
    }
    // What moving one value from the right to the left takes from and gives to the three sums.
    let distance = |a: usize, b: usize| (values[a] - values[b]).abs();
    let (mut left, mut right, mut between) = (0.0, 0.0, 0.0);
    for a in 0..n {
        for b in a + 1..n {
            right += distance(a, b);
        }
    }
    let mut best: Option<(usize, f64)> = None;
    for moved in 0..n - shortest {
        let to_left: f64 = (0..moved).map(|other| distance(other, moved)).sum();
        let to_right: f64 = (moved + 1..n).map(|other| distance(other, moved)).sum();
        left += to_left;
        right -= to_right;
        between += to_right - to_left;
        let (m, k) = (moved + 1, n - moved - 1);
        if m < shortest {
            continue;
        }
        let pairs = |count: usize| size(count) * size(count - 1) / 2.0;
        let (m_size, k_size) = (size(m), size(k));
        let energy = 2.0 * between / (m_size * k_size) - left / pairs(m) - right / pairs(k);
        let weighted = energy * m_size * k_size / (m_size + k_size);
        if best.is_none_or(|(_, most)| weighted > most) {
            best = Some((m, weighted));
        }
    }
    best
}

/// How often a shuffled segment divides as clearly; given up as soon as it is surely too often.
fn chance(segment: &[f64], shortest: usize, energy: f64, random: &mut Random) -> f64 {
    let mut shuffled = segment.to_vec();
    let mut reached = 0_u32;
    for done in 1..=SHUFFLES {
        random.shuffle(&mut shuffled);
        if divide(&shuffled, shortest).is_some_and(|(_, other)| other >= energy) {
            reached += 1;
        }
        if reached > 20 {
            return f64::from(reached + 1) / f64::from(done + 1);
        }
    }
    f64::from(reached + 1) / f64::from(SHUFFLES + 1)
}

/// S. Vigna's `SplitMix64`, always from the same seed: a detector gives the same bytes twice.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    #[allow(clippy::cast_possible_truncation)] // below the length
    fn shuffle(&mut self, values: &mut [f64]) {
        for last in (1..values.len()).rev() {
            let other = (self.next() % (last as u64 + 1)) as usize;
            values.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(length: usize) -> Vec<f64> {
        let mut random = Random(7);
        #[allow(clippy::cast_precision_loss)]
        (0..length).map(|_| (random.next() >> 11) as f64 / (1_u64 << 53) as f64).collect()
    }

    #[test]
    fn steps_are_found_where_they_are() {
        let mut series = noise(90);
        series[30..60].iter_mut().for_each(|value| *value += 1.5);
        let found: Vec<usize> = changes(&series, 5, 0.01).iter().map(|change| change.at).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].abs_diff(30) <= 1 && found[1].abs_diff(60) <= 1, "{found:?}");
    }

    #[test]
    fn a_change_of_spread_alone_is_one_too() {
        let mut series: Vec<f64> = noise(120).iter().map(|value| value - 0.5).collect();
        series[60..].iter_mut().for_each(|value| *value *= 12.0);
        let found = changes(&series, 10, 0.01);
        assert!(found.iter().any(|change| change.at.abs_diff(60) <= 6), "{found:?}");
    }

    #[test]
    fn noise_has_no_changes() {
        let random = noise(2000);
        let false_alarms = random.chunks(50).filter(|series| !changes(series, 5, 0.01).is_empty()).count();
        assert!(false_alarms <= 2, "{false_alarms} of 40");
    }

    #[test]
    fn short_and_constant_series_are_quiet() {
        assert!(changes(&[], 3, 0.05).is_empty());
        assert!(changes(&[1.0; 5], 3, 0.05).is_empty());
        assert!(changes(&[1.0; 60], 3, 0.05).is_empty());
    }
}
