//! Judges a delivered fix by what no plugin saw: which files it touches, the project's whole test suite, the hidden checks.
//! Doing nothing is tried too: a check that also holds where nobody healed proves nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::model::{Cancel, Project, RepoPath, TESTS, ValidationRules};
use crate::snapshot::{Repository, Snapshot};
use crate::validate::{Ground, Validator};

use super::EvalError;
use super::result::{Fix, FixState};
use super::suite::{Case, Expect};
use super::watch::Seen;

/// What a project calls documentation, whether it says so or not.
const DOCS: [&str; 6] = ["**/*.md", "**/*.rst", "**/*.adoc", "**/*.txt", "docs/**", "doc/**"];
/// Files of one list that are named.
const NAMED: usize = 10;

/// What the fixes of one case are judged with.
pub(super) struct Judge<'a> {
    pub case: &'a Case,
    pub repository: &'a Repository,
    pub before: &'a Snapshot,
    /// Absent where there is nothing to test: nothing is delivered then.
    pub project: Option<&'a Project>,
    pub rules: ValidationRules,
    pub validator: Validator,
    /// Where trees are laid out.
    pub work: &'a Path,
    pub cancel: &'a Cancel,
}

/// A tree on disk.
struct Tree {
    commit: String,
    dir: PathBuf,
    files: BTreeMap<RepoPath, bool>,
}

impl Judge<'_> {
    /// Judges what became of a finding that answers an expectation, or of one that answers none.
    pub fn judge(&self, seen: &Seen, expect: Option<&Expect>) -> Result<Fix, EvalError> {
        let mut fix = described(seen);
        let (Some(commit), Some(project)) = (&seen.commit, self.project) else {
            fix.state = if expect.is_some_and(|expect| expect.fix) { FixState::Absent } else { FixState::NotDue };
            return Ok(fix);
        };
        let wrong = |mut fix: Fix, why: String| {
            (fix.state, fix.why) = (FixState::Wrong, why);
            Ok(fix)
        };
        let Some(expect) = expect else { return wrong(fix, "nothing is wrong there".to_owned()) };
        if !expect.fix {
            return wrong(fix, "the suite says that no fix of this can be right".to_owned());
        }
        let after = self.repository.take(commit)?;
        let touched = self.touched(project, &after, &expect.touches);
        if !touched.is_empty() {
            return wrong(fix, format!("it touches what it shouldn't: {}", touched.join(", ")));
        }
        let (old, new) = (self.lay_out(self.before)?, self.lay_out(&after)?);
        let known = &self.case.known_failures;
        let suite =
            self.validator.suite(&self.ground(project, &old), &self.ground(project, &new), known, self.cancel)?;
        fix.test_seconds = Some(seconds(suite.millis));
        if !suite.holds {
            fix.evidence = suite.evidence;
            return wrong(fix, format!("the project's own tests: {}", suite.detail));
        }
        let healed = self.validator.checks(&self.ground(project, &new), &expect.hidden, known, self.cancel)?;
        let ill = self.validator.checks(&self.ground(project, &old), &expect.hidden, known, self.cancel)?;
        fix.holds_without = Some(ill.iter().all(|check| check.holds));
        if let Some(check) = ill.iter().find(|check| !check.started) {
            let why = format!("a hidden check can't be run: {}; the suite has to be corrected", check.detail);
            (fix.state, fix.why, fix.holds_without) = (FixState::NotJudged, why, None);
            return Ok(fix);
        }
        if let Some((at, failed)) = healed.iter().enumerate().find(|(_, check)| !check.holds) {
            fix.evidence.clone_from(&failed.evidence);
            return wrong(fix, format!("hidden check {}: {}", at + 1, failed.detail));
        }
        if fix.holds_without == Some(true) {
            let why = "every hidden check holds without a fix too, so they can't tell; the suite has to be corrected";
            (fix.state, fix.why) = (FixState::NotJudged, why.to_owned());
            return Ok(fix);
        }
        fix.state = FixState::Right;
        fix.why = format!("the project's own tests pass, and {} hidden check(s) hold", healed.len());
        Ok(fix)
    }

    fn lay_out(&self, snapshot: &Snapshot) -> Result<Tree, EvalError> {
        let dir = self.work.join(&snapshot.commit);
        let dir = self.repository.lay_out(snapshot, &[], &dir, self.cancel)?.dir;
        let files = snapshot.files.iter().map(|(path, entry)| (path.clone(), entry.executable)).collect();
        Ok(Tree { commit: snapshot.commit.clone(), dir, files })
    }

    fn ground<'a>(&'a self, project: &'a Project, tree: &'a Tree) -> Ground<'a> {
        let Tree { commit, dir, files } = tree;
        Ground { project, rules: &self.rules, tree: dir, commit, files }
    }

    /// What a right fix leaves alone, and this one doesn't.
    fn touched(&self, project: &Project, after: &Snapshot, allowed: &GlobSet) -> Vec<String> {
        let welcome = welcome(project);
        let mut touched = Vec::new();
        for (path, entry) in &self.before.files {
            if after.files.get(path) != Some(entry) && !allowed.is_match(path) {
                touched.push(path.to_string());
            }
        }
        for path in after.files.keys().filter(|path| !self.before.files.contains_key(*path)) {
            if !allowed.is_match(path) && !welcome.is_match(path) {
                touched.push(format!("{path} (new)"));
            }
        }
        touched.truncate(NAMED);
        touched
    }
}

/// New files that nobody minds: tests and documentation.
fn welcome(project: &Project) -> GlobSet {
    let own = project.test.files.iter().chain(&project.docs).map(String::as_str);
    let mut set = GlobSetBuilder::new();
    for glob in TESTS.iter().copied().chain(DOCS).chain(own) {
        if let Ok(glob) = GlobBuilder::new(glob).literal_separator(true).case_insensitive(true).build() {
            set.add(glob);
        }
    }
    set.build().unwrap_or_else(|_| GlobSet::empty())
}

fn described(seen: &Seen) -> Fix {
    let reported = seen.reported.as_ref();
    let proposal = reported.and_then(|case| case.proposal.as_ref());
    let proved = if seen.is_proved() { seen.proved_after } else { None };
    Fix {
        why: reported.map(|case| case.reason.clone()).unwrap_or_default(),
        title: proposal.map(|proposal| proposal.title.clone()).unwrap_or_default(),
        diff: proposal.map(|proposal| proposal.diff.clone()).unwrap_or_default(),
        confidence: seen.confidence,
        gates: reported.map(|case| case.gates.clone()).unwrap_or_default(),
        seconds: proved.map(|after| after.as_secs_f64()),
        ..Fix::default()
    }
}

#[allow(clippy::cast_precision_loss)] // milliseconds of a test run
fn seconds(millis: u64) -> f64 {
    millis as f64 / 1000.0
}
