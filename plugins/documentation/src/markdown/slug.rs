//! Anchors of headings, as GitHub makes them: lower case, blanks to hyphens, everything but letters, digits, `-` and `_` gone, and
//! a number behind what was there before. <https://docs.github.com/en/get-started/writing-on-github> says so in words.

use std::collections::BTreeMap;

/// Makes anchors for the headings of one document, in their order.
#[derive(Debug, Default)]
pub struct Slugs {
    seen: BTreeMap<String, usize>,
}

impl Slugs {
    /// The next heading's anchor.
    pub fn next(&mut self, heading: &str) -> String {
        let slug = slug(heading);
        let times = self.seen.entry(slug.clone()).or_default();
        let own = if *times == 0 { slug } else { format!("{slug}-{times}") };
        *times += 1;
        own
    }
}

/// The anchor of a heading that is the first of its text.
pub fn slug(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).flat_map(char::to_lowercase).collect()
}

/// What of an anchor readers see: other renderers treat punctuation in other ways.
pub fn essence(anchor: &str) -> String {
    anchor.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_made_as_github_makes_them() {
        let mut slugs = Slugs::default();
        for (heading, anchor) in [
            ("Where things are", "where-things-are"),
            ("`npm test`, again!", "npm-test-again"),
            ("Over & Out", "over--out"),
            ("Größe_x", "größe_x"),
            ("Over & Out", "over--out-1"),
            ("🚀 Go", "-go"),
        ] {
            assert_eq!(slugs.next(heading), anchor);
        }
    }
}
