//! The **scope** gate: which files a patch may touch, and how much.

use globset::{Glob, GlobBuilder};

use crate::model::{Capability, Gate, GateName, GateStatus, PROTECTED, Patch, Project, RepoPath, TESTS};

use super::Policy;

/// Never touched by a patch, whatever a policy says: they decide what patches may do.
const NEVER: &[&str] = &["**/thymus.toml", "policies/*.toml", "**/.thymus/**", "**/CODEOWNERS", "**/.gitmodules"];

/// What the gate looks at; all of it measured by the host.
pub struct ScopeFacts<'a> {
    /// The patch.
    pub patch: &'a Patch,
    /// What the repository says of itself; it can only add tests.
    pub project: &'a Project,
    /// Whether the snapshot has the file.
    pub existing: &'a dyn Fn(&RepoPath) -> bool,
    /// What it heals.
    pub capability: Capability,
}

impl Policy {
    /// Runs the gate. `millis` is 0: the caller measures.
    pub fn scope(&self, facts: &ScopeFacts<'_>) -> Gate {
        let refused = self.refuse(facts);
        let (status, code, detail) = match refused {
            None => (GateStatus::Passed, "", format!("{} file(s), all within the policy", facts.patch.files.len())),
            Some((code, detail)) => (GateStatus::Failed, code, detail),
        };
        Gate { name: GateName::Scope, status, millis: 0, detail, code: code.to_owned(), evidence: Vec::new() }
    }

    fn refuse(&self, facts: &ScopeFacts<'_>) -> Option<(&'static str, String)> {
        let size = facts.patch.size;
        let files = u64::try_from(facts.patch.files.len()).unwrap_or(u64::MAX).max(size.files.into());
        let lines = u64::from(size.added) + u64::from(size.removed);
        if files == 0 {
            return Some(("TH-SCOPE-EMPTY", "the patch changes nothing".to_owned()));
        }
        for (key, has) in [("limits.files", files), ("limits.lines", lines)] {
            let most = self.count(key);
            if has > most {
                return Some(("TH-SCOPE-SIZE", format!("the patch has {has}, `{key}` allows {most}")));
            }
        }
        facts.patch.files.iter().find_map(|file| {
            let path = &file.path;
            let exempt = any_matches(self.texts("paths.exempt"), path);
            let there = file.before.is_some() || (facts.existing)(path);
            let test = any_matches(TESTS, path) || any_matches(&facts.project.test.files, path);
            let set_up = facts.project.set_up.iter().flat_map(|set_up| &set_up.lock_files);
            let lock = set_up.into_iter().any(|lock| lock.eq_ignore_ascii_case(path.as_str()));
            let keep_tests = self.get("paths.existing_tests").is_none_or(|s| s.value != super::Value::Bool(false));
            if any_matches(NEVER, path) {
                Some(("TH-SCOPE-NEVER", format!("{path} decides what patches may do; no patch touches it")))
            } else if any_matches(self.texts("paths.protected"), path) {
                Some(("TH-SCOPE-PROTECTED", format!("{path} is protected by `paths.protected`")))
            } else if there && test && keep_tests {
                Some(("TH-SCOPE-TEST", format!("{path} is a test that was already there (`paths.existing_tests`)")))
            } else if (lock || any_matches(PROTECTED, path)) && !exempt {
                Some(("TH-SCOPE-PROTECTED", format!("{path} is protected by default; `paths.exempt` could allow it")))
            } else if !allowed(self.texts("paths.allowed"), path) {
                Some(("TH-SCOPE-OUTSIDE", format!("{path} is not among `paths.allowed`")))
            } else {
                None
            }
        })
    }
}

/// Protection ignores case, as some file systems do; `*` stops at `/`.
pub(super) fn glob(text: &str) -> Result<Glob, globset::Error> {
    GlobBuilder::new(text).literal_separator(true).case_insensitive(true).build()
}

/// Whether some glob matches. A glob that can't be read (a repository may write such) matches everything: it protects.
pub(super) fn any_matches<T: AsRef<str>>(globs: &[T], path: &RepoPath) -> bool {
    globs.iter().any(|text| glob(text.as_ref()).map_or(true, |glob| glob.compile_matcher().is_match(path.as_str())))
}

/// Permission keeps to the letter.
fn allowed(globs: &[String], path: &RepoPath) -> bool {
    globs.iter().any(|text| {
        let glob = GlobBuilder::new(text).literal_separator(true).build();
        glob.is_ok_and(|glob| glob.compile_matcher().is_match(path.as_str()))
    })
}
