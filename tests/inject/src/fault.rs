//! A fault before anybody knows whether it shows: which bytes of which files become what, and where that is.

use std::fs;
use std::ops::Range;
use std::path::Path;

use crate::failure::Failure;
use crate::plan::Capability;

/// One change of a file's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub range: Range<usize>,
    pub text: String,
}

impl Edit {
    pub fn new(range: Range<usize>, text: impl Into<String>) -> Self {
        Self { range, text: text.into() }
    }
}

/// A function of the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// As telemetry names it: `Class.method`.
    pub function: String,
    /// First and last line, in the healthy file.
    pub lines: (usize, usize),
}

/// A planted fault.
#[derive(Clone, Debug)]
pub struct Fault {
    pub capability: Capability,
    /// Which planting rule made it.
    pub rule: &'static str,
    pub path: String,
    pub place: Option<Place>,
    /// In order, without overlap.
    pub edits: Vec<Edit>,
    /// Other files that a right repair may change.
    pub may_touch: Vec<String>,
    /// Documentation: the name that must vanish, and the one that must be back.
    pub words: Option<(String, String)>,
    /// What was done, for people.
    pub what: String,
}

impl Fault {
    /// The changed file; none when an edit doesn't fit.
    pub fn changed(&self, text: &str) -> Option<String> {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for edit in &self.edits {
            if edit.range.start < at || edit.range.end < edit.range.start {
                return None;
            }
            out.push_str(text.get(at..edit.range.start)?);
            text.get(edit.range.clone())?;
            out.push_str(&edit.text);
            at = edit.range.end;
        }
        out.push_str(text.get(at..)?);
        Some(out)
    }

    /// Plants it into a copy of the project.
    pub fn plant(&self, root: &Path) -> Result<(), Failure> {
        if !self.edits.is_empty() {
            let path = root.join(&self.path);
            let text = fs::read_to_string(&path).map_err(Failure::at(&path))?;
            let changed = self.changed(&text).ok_or_else(|| Failure::Unfit("an edit doesn't fit".to_owned()))?;
            fs::write(&path, changed).map_err(Failure::at(&path))?;
        }
        Ok(())
    }

    /// The lines of the faulty file that the edits lie in.
    pub fn faulty_lines(&self, healthy: &str) -> (usize, usize) {
        let (Some(first), Some(last)) = (self.edits.first(), self.edits.last()) else { return (1, 1) };
        let line = |byte: usize| healthy[..byte.min(healthy.len())].matches('\n').count() + 1;
        let start = line(first.range.start) + first.text.len() - first.text.trim_start_matches('\n').len();
        (
            start,
            line(last.range.start).max(start)
                + self.grown_before(healthy, last)
                + last.text.trim_end().matches('\n').count(),
        )
    }

    /// How many lines the edits before one add.
    fn grown_before(&self, healthy: &str, last: &Edit) -> usize {
        let before = self.edits.iter().take_while(|edit| edit.range.start < last.range.start);
        let (mut added, mut gone) = (0, 0);
        for edit in before {
            added += edit.text.matches('\n').count();
            gone += healthy[edit.range.clone()].matches('\n').count();
        }
        added.saturating_sub(gone)
    }

    /// By how many lines the file grows; less than nothing where it shrinks.
    pub fn growth(&self, healthy: &str) -> isize {
        let lines = |text: &str| isize::try_from(text.matches('\n').count()).unwrap_or(0);
        self.edits.iter().map(|edit| lines(&edit.text) - lines(&healthy[edit.range.clone()])).sum()
    }

    /// What stood there before: the ideal repair.
    pub fn original<'t>(&self, healthy: &'t str) -> &'t str {
        match (self.edits.first(), self.edits.last()) {
            (Some(first), Some(last)) => healthy.get(first.range.start..last.range.end).unwrap_or_default(),
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(edits: Vec<Edit>) -> Fault {
        Fault {
            capability: Capability::Error,
            rule: "guard",
            path: "a.py".to_owned(),
            place: None,
            edits,
            may_touch: Vec::new(),
            words: None,
            what: String::new(),
        }
    }

    #[test]
    fn edits_are_made_in_order_and_what_overlaps_is_refused() {
        let text = "one\ntwo\nthree\n";
        let both = fault(vec![Edit::new(0..4, ""), Edit::new(8..13, "3")]);
        assert_eq!(both.changed(text).unwrap(), "two\n3\n");
        assert_eq!(both.growth(text), -1);
        assert_eq!(both.original(text), "one\ntwo\nthree");
        assert_eq!(fault(vec![Edit::new(0..4, ""), Edit::new(2..5, "")]).changed(text), None);
        assert_eq!(fault(vec![Edit::new(0..99, "")]).changed(text), None);
    }
}
