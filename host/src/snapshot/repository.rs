//! Opens a repository so that its configuration has no say.

use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice;

use super::SnapshotError;

/// A repository that is only read.
pub struct Repository {
    inner: gix::ThreadSafeRepository,
    git_dir: PathBuf,
    work_dir: Option<PathBuf>,
}

impl Repository {
    /// Opens the repository whose top is `dir` (or a bare one). Another user's is refused, and so is one whose `.git`
    /// file or `core.worktree` leads to a repository or folder that doesn't lead back.
    pub fn open(dir: &Path) -> Result<Self, SnapshotError> {
        let open = |why: String| SnapshotError::Open { path: dir.to_owned(), why };
        let top = dir.canonicalize().map_err(|error| open(error.to_string()))?;
        // Isolated: no system, user or environment configuration, no includes. Replace references would let a
        // repository show a plugin another commit than the one a reviewer sees.
        let options = gix::open::Options::isolated()
            .bail_if_untrusted(true)
            .config_overrides(["core.useReplaceRefs=false", "core.logAllRefUpdates=false"]);
        let inner = options.open(&top).map_err(|error| open(reasons(&error)))?;
        let local = inner.to_thread_local();
        let git_dir = local.git_dir().canonicalize().map_err(|error| open(error.to_string()))?;
        let work_dir = local.workdir().and_then(|path| path.canonicalize().ok());
        if let Some(work_dir) = &work_dir
            && *work_dir != top
            && git_dir != top
        {
            return Err(SnapshotError::Elsewhere {
                path: top,
                why: format!("its configuration puts the working tree at {}", work_dir.display()),
            });
        }
        leads_back(&top, &git_dir)?;
        borrows_nothing(&top, &local.common_dir().join("objects/info/alternates"))?;
        Ok(Self { inner, git_dir, work_dir })
    }

    /// The folder of git's own files; a linked working tree has one of its own.
    pub fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// The folder people work in; a bare repository has none.
    pub fn work_dir(&self) -> Option<&Path> {
        self.work_dir.as_deref()
    }

    /// The commit that is checked out, in hexadecimal.
    pub fn head(&self) -> Result<String, SnapshotError> {
        self.resolve("HEAD")
    }

    /// The branch that `HEAD` names, as in `main`; none when a commit is checked out by itself.
    pub fn head_branch(&self) -> Result<Option<String>, SnapshotError> {
        let name = self.local().head_name().map_err(|error| self.no_commit("HEAD", error.to_string()))?;
        Ok(name.map(|name| name.shorten().to_string()))
    }

    /// The commit that a name a person typed stands for: a branch, a tag, an abbreviated id.
    pub fn resolve(&self, name: &str) -> Result<String, SnapshotError> {
        let local = self.local();
        let missing = |why: String| self.no_commit(name, why);
        let id = local.rev_parse_single(name.as_bytes().as_bstr()).map_err(|error| missing(error.to_string()))?;
        let object = id.object().map_err(|error| missing(error.to_string()))?;
        let commit = object.peel_to_commit().map_err(|error| missing(error.to_string()))?;
        Ok(commit.id.to_string())
    }

    pub(super) fn local(&self) -> gix::Repository {
        self.inner.to_thread_local()
    }

    pub(super) fn no_commit(&self, commit: &str, why: String) -> SnapshotError {
        SnapshotError::NoCommit { path: self.git_dir.clone(), commit: commit.to_owned(), why }
    }
}

/// An error and what caused it; git's library says what is wrong only in the last of them.
fn reasons(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let text = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
    if text.to_lowercase().contains("sha256") {
        return format!("its objects are named by SHA-256, and thymus reads those named by SHA-1 only ({text})");
    }
    text
}

/// A `.git` *file* may name any repository of the same user; only a linked working tree's repository names it back.
fn leads_back(top: &Path, git_dir: &Path) -> Result<(), SnapshotError> {
    let dot_git = top.join(".git");
    let Ok(found) = dot_git.symlink_metadata() else { return Ok(()) };
    if found.is_dir() {
        return Ok(());
    }
    let back = std::fs::read_to_string(git_dir.join("gitdir")).unwrap_or_default();
    let back = git_dir.join(back.trim_end());
    if found.is_file() && back.canonicalize().is_ok_and(|back| dot_git.canonicalize().is_ok_and(|own| own == back)) {
        return Ok(());
    }
    Err(SnapshotError::Elsewhere {
        path: top.to_owned(),
        why: format!("its .git leads to {}, which doesn't lead back", git_dir.display()),
    })
}

/// Alternates make the objects of any repository on this machine part of this one: whoever knows an id could have a
/// plugin read a file that is not his.
fn borrows_nothing(top: &Path, alternates: &Path) -> Result<(), SnapshotError> {
    if alternates.symlink_metadata().is_err() {
        return Ok(());
    }
    let why = "it borrows objects of another repository (objects/info/alternates); `git repack -a -d` and then removing \
               that file makes it stand alone";
    Err(SnapshotError::Elsewhere { path: top.to_owned(), why: why.to_owned() })
}
