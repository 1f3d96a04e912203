//! Small projects in memory: what a rule's tests are written with.

use std::path::Path;

use thymus_sdk::Change;
use thymus_sdk::source::Source;

use super::repairs;
use crate::fault::Fault;
use crate::javascript::survey::Survey;
use crate::repair::Repair;

/// A project.
pub struct Example {
    dir: tempfile::TempDir,
}

impl Example {
    /// With these files.
    pub fn of(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        for (path, content) in files {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).expect("a folder");
            std::fs::write(path, content).expect("a file");
        }
        Self { dir }
    }

    /// A repair turns these words of a file into those, and changes nothing else in it.
    pub fn repairs(&self, path: &str, before: &str, after: &str) -> &Self {
        let source = Source::at(self.dir.path());
        let text = source.text(path).expect("the file");
        let wanted = text.content.replacen(before, after, 1);
        let repairs = self.all();
        let contents: Vec<String> = repairs
            .iter()
            .flat_map(|(_, repair)| &repair.changes)
            .filter_map(|change| edited(change, path, &text.content))
            .collect();
        assert!(contents.contains(&wanted), "{path}: {contents:#?} {:#?}", self.faults());
        self
    }

    /// How many faults are reported before anybody hits them.
    pub fn is_sure(&self, count: usize) -> &Self {
        let sure: Vec<Fault> = self.faults().into_iter().filter(|fault| fault.sure).collect();
        assert_eq!(sure.len(), count, "{sure:#?}");
        self
    }

    /// There are faults, and none has a repair.
    pub fn has_no_repair(&self) -> &Self {
        assert!(!self.faults().is_empty());
        let repairs = self.all();
        assert!(repairs.is_empty(), "{repairs:#?}");
        self
    }

    /// There is no fault at all.
    pub fn has_no_fault(&self) -> &Self {
        assert_eq!(self.faults(), []);
        self
    }

    fn faults(&self) -> Vec<Fault> {
        Survey::of(&Source::at(self.dir.path())).faults()
    }

    fn all(&self) -> Vec<(Fault, Repair)> {
        let source = Source::at(self.dir.path());
        let survey = Survey::of(&source);
        let faults = survey.faults();
        faults
            .into_iter()
            .flat_map(|fault| repairs(&fault, &survey).into_iter().map(move |it| (fault.clone(), it)))
            .collect()
    }
}

fn edited(change: &Change, path: &str, content: &str) -> Option<String> {
    let Change::Edit(file) = change else { return None };
    if file.path != path {
        return None;
    }
    let mut content = content.to_owned();
    for edit in file.edits.iter().rev() {
        let range = usize::try_from(edit.start).ok()?..usize::try_from(edit.end).ok()?;
        content.replace_range(range, &edit.replacement);
    }
    Some(content)
}
