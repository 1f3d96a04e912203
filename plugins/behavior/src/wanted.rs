//! What a recording test asserts: the fewest calls that tell right from wrong.

use crate::disorder::{Disorder, Kind};
use crate::sequence::last_name;

/// The calls of these functions, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The functions' own names, as often as they are called.
    pub calls: Vec<String>,
    /// That as a sentence, without its full stop.
    pub words: String,
}

impl Wanted {
    /// Of what a disorder is about.
    pub fn of(disorder: &Disorder) -> Option<Self> {
        let beat = last_name(&disorder.beat.handler).to_owned();
        let expected: Vec<&str> = disorder.expected.iter().map(|beat| last_name(&beat.handler)).collect();
        let (calls, words) = match disorder.kind {
            Kind::Swapped => {
                let first = last_name(&disorder.other.as_ref()?.handler).to_owned();
                let words = format!("{first} runs before {beat}");
                (vec![first, beat], words)
            }
            Kind::Repeated => (vec![beat.clone()], format!("{beat} runs once")),
            Kind::Missing => {
                let at = expected.iter().position(|name| *name == beat)?;
                match (at.checked_sub(1).map(|before| expected[before]), expected.get(at + 1)) {
                    (Some(before), _) => (vec![before.to_owned(), beat.clone()], format!("{beat} runs after {before}")),
                    (None, Some(behind)) => {
                        (vec![beat.clone(), (*behind).to_owned()], format!("{beat} runs before {behind}"))
                    }
                    (None, None) => (vec![beat.clone()], format!("{beat} runs")),
                }
            }
            Kind::Extra => return None,
        };
        let words = match &disorder.documented {
            Some(documented) => format!("{words}, as {} has it", documented.path),
            None => format!("{words}, as it always did"),
        };
        Some(Self { calls, words })
    }

    /// The first of these names that is none of the words in these lines.
    pub fn free_name<'n>(lines: &[String], names: &[&'n str]) -> Option<&'n str> {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
        let is_word = |name: &str| lines.iter().any(|line| line.split(|c| !is_part(c)).any(|word| word == name));
        names.iter().copied().find(|name| !is_word(name))
    }

    /// The functions, each once.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.calls.iter().map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}
