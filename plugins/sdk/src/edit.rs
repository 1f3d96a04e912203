//! Changes that can't go wrong: the digest of the file they were made against, in order, without overlap, on character
//! boundaries, all as the contract wants it.

use std::fmt::Write as _;
use std::ops::Range;

use sha2::{Digest as _, Sha256};

use crate::source::Text;
use crate::{Change, CreateFile, DeleteFile, Edit, EditFile, Failure, RenameFile, Role};

/// Why edits are none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// Two edits want the same bytes, or two insertions the same place, where their order would be a guess.
    #[error("two edits of {path:?} overlap at byte {at}")]
    Overlap {
        /// Which file.
        path: String,
        /// Where.
        at: usize,
    },
    /// A range ends before it starts, lies outside the file or splits a character.
    #[error("{start}..{end} is no range of characters of {path:?}")]
    Range {
        /// Which file.
        path: String,
        /// First byte.
        start: usize,
        /// The byte after the last.
        end: usize,
    },
    /// What should be replaced stands there `times` times, not once.
    #[error("{search:?} stands in {path:?} {times} times, not once")]
    NotOnce {
        /// Which file.
        path: String,
        /// What was looked for.
        search: String,
        /// How often it was found.
        times: usize,
    },
    /// Nothing would change.
    #[error("the edits change nothing in {path:?}")]
    Nothing {
        /// Which file.
        path: String,
    },
}

impl From<EditError> for Failure {
    fn from(error: EditError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// The edits of one file. Offsets are always those of the text as it stands, however many edits there are already.
#[derive(Clone, Debug)]
pub struct Edits<'a> {
    text: &'a Text,
    edits: Vec<(Range<usize>, String)>,
}

impl<'a> Edits<'a> {
    /// No edits yet.
    pub fn of(text: &'a Text) -> Self {
        Self { text, edits: Vec::new() }
    }

    /// Puts `replacement` where these bytes are.
    #[must_use]
    pub fn replace(mut self, range: Range<usize>, replacement: impl Into<String>) -> Self {
        self.edits.push((range, replacement.into()));
        self
    }

    /// Puts `addition` before this byte.
    #[must_use]
    pub fn insert(self, at: usize, addition: impl Into<String>) -> Self {
        self.replace(at..at, addition)
    }

    /// Replaces what stands in the file exactly once.
    pub fn replace_once(self, search: &str, replacement: impl Into<String>) -> Result<Self, EditError> {
        let mut places = self.text.content.match_indices(search);
        match (places.next(), places.count()) {
            (Some((at, _)), 0) => Ok(self.replace(at..at + search.len(), replacement)),
            (first, more) => {
                let times = more + usize::from(first.is_some());
                Err(EditError::NotOnce { path: self.text.path.clone(), search: search.to_owned(), times })
            }
        }
    }

    /// The change, or why there is none.
    pub fn finish(self, role: Role) -> Result<Change, EditError> {
        let sorted = self.sorted()?;
        let path = self.text.path.clone();
        let edits: Vec<Edit> = sorted
            .into_iter()
            .map(|(range, replacement)| Edit { start: range.start as u64, end: range.end as u64, replacement })
            .collect();
        if edits.is_empty() {
            return Err(EditError::Nothing { path });
        }
        Ok(Change::Edit(EditFile { path, base_sha256: sha256(&self.text.content), edits, role }))
    }

    /// The text as it will be; what a fixer parses again before it proposes.
    pub fn preview(&self) -> Result<String, EditError> {
        let mut content = self.text.content.clone();
        for (range, replacement) in self.sorted()?.into_iter().rev() {
            content.replace_range(range, &replacement);
        }
        Ok(content)
    }

    /// In order, without those that change nothing.
    fn sorted(&self) -> Result<Vec<(Range<usize>, String)>, EditError> {
        let content = &self.text.content;
        let mut sorted = Vec::new();
        for (range, replacement) in &self.edits {
            match content.get(range.clone()) {
                None => {
                    let (path, start, end) = (self.text.path.clone(), range.start, range.end);
                    return Err(EditError::Range { path, start, end });
                }
                Some(there) if there == replacement => {}
                Some(_) => sorted.push((range.clone(), replacement.clone())),
            }
        }
        sorted.sort_by_key(|(range, _)| (range.start, range.end));
        for pair in sorted.windows(2) {
            let (first, second) = (&pair[0].0, &pair[1].0);
            if second.start < first.end || (first.is_empty() && second.is_empty() && first.start == second.start) {
                return Err(EditError::Overlap { path: self.text.path.clone(), at: second.start });
            }
        }
        Ok(sorted)
    }
}

/// A new file.
pub fn create(path: impl Into<String>, content: impl Into<String>, role: Role) -> Change {
    Change::Create(CreateFile { path: path.into(), content: content.into(), role })
}

/// A file that gets another name.
pub fn rename(text: &Text, to: impl Into<String>, role: Role) -> Change {
    Change::Rename(RenameFile { from: text.path.clone(), to: to.into(), base_sha256: sha256(&text.content), role })
}

/// A file that goes.
pub fn delete(text: &Text, role: Role) -> Change {
    Change::Delete(DeleteFile { path: text.path.clone(), base_sha256: sha256(&text.content), role })
}

fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> Text {
        Text::new("src/a.js", "const a = b.c;\nconst d = é;\n")
    }

    #[test]
    fn edits_come_sorted_with_the_digest_of_what_they_were_made_against() {
        let text = text();
        let edits = Edits::of(&text).replace(25..27, "e").insert(11, "?").replace_once("const a", "let a").unwrap();
        assert_eq!(edits.preview().unwrap(), "let a = b?.c;\nconst d = e;\n");
        let Change::Edit(change) = edits.finish(Role::Source).unwrap() else { panic!("no edit") };
        assert_eq!(
            change.edits.iter().map(|edit| (edit.start, edit.end)).collect::<Vec<_>>(),
            [(0, 7), (11, 11), (25, 27)]
        );
        assert_eq!(change.base_sha256, "5ff9c5e96343a9d080eddba3380c45205416ae489c7865bf7cee1c2295e5f14f");
    }

    #[test]
    fn what_would_be_a_guess_is_refused() {
        let text = text();
        let overlap = Edits::of(&text).replace(0..5, "x").replace(4..6, "y").finish(Role::Source);
        assert!(matches!(overlap, Err(EditError::Overlap { at: 4, .. })));
        let twice = Edits::of(&text).insert(3, "x").insert(3, "y").finish(Role::Source);
        assert!(matches!(twice, Err(EditError::Overlap { at: 3, .. })));
        for range in [26..27, 0..1000, Range { start: 5, end: 4 }] {
            let split = Edits::of(&text).replace(range, "x").finish(Role::Source);
            assert!(matches!(split, Err(EditError::Range { .. })));
        }
        let many = Edits::of(&text).replace_once("const", "let").unwrap_err();
        assert!(matches!(many, EditError::NotOnce { times: 2, .. }));
        let none = Edits::of(&text).replace_once("absent", "let").unwrap_err();
        assert!(matches!(none, EditError::NotOnce { times: 0, .. }));
        let nothing = Edits::of(&text).replace(0..5, "const").finish(Role::Source);
        assert!(matches!(nothing, Err(EditError::Nothing { .. })));
    }

    #[test]
    fn an_insertion_may_touch_a_replacement() {
        let text = text();
        let edits = Edits::of(&text).replace(0..5, "let").insert(5, " mut").insert(0, "/* x */ ");
        assert_eq!(edits.preview().unwrap(), "/* x */ let mut a = b.c;\nconst d = é;\n");
    }
}
