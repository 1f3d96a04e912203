//! What a person asks of one run: where things lie and how far to go. It holds no policy: what is permitted is said in
//! the policy files alone, and nothing here can widen it.

use std::path::{Path, PathBuf};

use crate::model::Digest;

use super::run::top_of;

/// How far a run goes at most. The policy's level per capability may stop it earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Until {
    /// Findings only.
    Observe,
    /// Their causes.
    Diagnose,
    /// Fixes, not tried.
    Propose,
    /// Fixes, proved, and what the policy says of them; no branch.
    Validate,
    /// The whole way.
    Deliver,
}

/// What a person asks of one run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The repository's top, or a folder in it.
    pub repo: PathBuf,
    /// OTLP files and folders; `-` is standard input.
    pub telemetry: Vec<PathBuf>,
    /// OTLP of healthy times; when empty, earlier windows of the ledger are the baseline.
    pub baseline: Vec<PathBuf>,
    /// Policy layers, the organisation's first; when empty, the built-in default.
    pub policy: Vec<PathBuf>,
    /// Folders with plugins (`*.wasm`), and plugins themselves.
    pub plugins: Vec<PathBuf>,
    /// Where the ledger lies, and what belongs to one repository.
    pub state: PathBuf,
    /// Where compiled plugins, dependencies and baselines lie, which runs on several repositories may share; `None`:
    /// beside the ledger.
    pub caches: Option<PathBuf>,
    /// How far.
    pub until: Until,
    /// Leave nothing behind: no branch, no ledger. Caches are used and kept.
    pub dry_run: bool,
}

impl Settings {
    /// Where what was made once is kept.
    pub(super) fn caches(&self) -> &Path {
        self.caches.as_ref().unwrap_or(&self.state)
    }
}

/// Where a repository's ledger and caches lie when nobody says: outside the repository, so that its working tree stays
/// as it is. `$XDG_STATE_HOME/thymus/<name>-<digest of the path>`, with `~/.local/state` as the XDG base directory
/// specification has it; `None` when neither variable is set.
pub fn default_state(repo: &Path) -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    let full = top_of(repo);
    let name = full.file_name().map_or_else(|| "root".into(), |name| name.to_string_lossy().into_owned());
    let digest = Digest::of(full.as_os_str().as_encoded_bytes()).short();
    Some(base.join("thymus").join(format!("{name}-{digest}")))
}
