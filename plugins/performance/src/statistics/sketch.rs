//! The durations of better times, out of a sketch: C. Masson, J. E. Rim, H. K. Lee, "`DDSketch`: a fast and
//! fully-mergeable quantile sketch with relative-error guarantees", VLDB 2019. Each value is within 1 % of what it was.

use sketches_ddsketch::DDSketch;

use super::sample::sorted;
use super::size;

/// The most values that are taken out of a sketch: more change no verdict.
const MOST: u64 = 400;
/// A longer text was not written by thymus.
const LONGEST: usize = 1 << 20;

/// Values spread evenly over the sketch's distribution, in order: all of them where there are few. None where the text is
/// no sketch.
#[allow(clippy::cast_possible_truncation)] // at most `MOST`
pub fn values(base64: &str, count: u64) -> Option<Vec<f64>> {
    if base64.len() > LONGEST {
        return None;
    }
    let bytes = base64_simd::STANDARD.decode_to_vec(base64).ok()?;
    let sketch = DDSketch::from_java_bytes(&bytes).ok()?;
    let wanted = count.min(MOST) as usize;
    let values: Option<Vec<f64>> = (0..wanted)
        .map(|at| {
            let share = (size(at) + 0.5) / size(wanted);
            sketch.quantile(share).ok().flatten().filter(|value| value.is_finite() && *value >= 0.0)
        })
        .collect();
    // At its ends a sketch clips to what it saw exactly, and so may step back a little.
    values.map(|values| sorted(&values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sketches_ddsketch::Config;

    #[test]
    fn what_went_in_comes_out() {
        let mut sketch = DDSketch::new(Config::defaults());
        for value in 1..=100 {
            sketch.add(f64::from(value) * 1e6);
        }
        let text = base64_simd::STANDARD.encode_to_string(sketch.to_java_bytes());
        let values = values(&text, 100).unwrap();
        assert_eq!(values.len(), 100);
        // Within 1 %, and which of two neighbours a rank between them means is the sketch's to say.
        for (at, value) in (1..=100).zip(values) {
            let off = (value / 1e6 - f64::from(at)).abs();
            assert!(off <= 1.0 + 0.011 * f64::from(at), "{at}: {value}");
        }
    }

    #[test]
    fn what_is_no_sketch_gives_nothing() {
        assert_eq!(values("", 3), None);
        assert_eq!(values("!!!", 3), None);
        assert_eq!(values("AAAA", 3), None);
    }
}
