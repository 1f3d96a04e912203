//! How alike two names are: what somebody mistyped, or wrote in another convention.

/// Longer names are not compared letter by letter.
const LONGEST: usize = 64;

/// A name without what conventions change: case, `-`, `_`, `.`.
pub fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_' | '.')).flat_map(char::to_lowercase).collect()
}

/// Whether one is the other with a slip or two of the keyboard: one edit up to seven letters, two beyond; none in names
/// so short that any edit makes another word.
pub fn is_slip(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let shorter = a.len().min(b.len());
    let most = match shorter {
        0..=2 => return false,
        3..=7 => 1,
        _ => 2,
    };
    if a.len().max(b.len()) > LONGEST || a.len().abs_diff(b.len()) > most {
        return false;
    }
    let distance = distance(&a, &b);
    distance > 0 && distance <= most
}

/// The restricted Damerau-Levenshtein distance (optimal string alignment): insertions, deletions, substitutions, and
/// neighbours that changed places (F. J. Damerau, 1964; R. A. Wagner and M. J. Fischer, 1974).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut best = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_told_from_other_words() {
        for (a, b) in [("money", "moeny"), ("money", "mony"), ("percentOf", "percentfO"), ("subtotal", "subtotals")] {
            assert!(is_slip(a, b) && is_slip(b, a), "{a} {b}");
        }
        for (a, b) in [("money", "money"), ("cart", "chart2"), ("a", "b"), ("id", "ids"), ("format", "report")] {
            assert!(!is_slip(a, b), "{a} {b}");
        }
        assert_eq!(plain("Packing-Slip_v2.js"), "packingslipv2js");
    }
}
