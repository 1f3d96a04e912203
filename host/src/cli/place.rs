//! Where things lie when nobody says: the repository around this folder, its state outside of it, and one folder of
//! plugins for all of a person's repositories.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Complaint;
use crate::heal::default_state;
use crate::ledger::{self, Ledger};
use crate::model::CaseId;

/// Which repository, and where its record lies.
#[derive(Args, Clone, Debug)]
pub(super) struct Place {
    /// The repository, or a folder in it.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub repo: PathBuf,
    /// Where the ledger and the caches lie [default: a folder per repository in `$XDG_STATE_HOME/thymus`].
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

impl Place {
    /// The state folder, absolute; it need not be there yet.
    pub fn state(&self) -> Result<PathBuf, Complaint> {
        let none = || {
            Complaint::usage("there is no place for the ledger: neither XDG_STATE_HOME nor HOME is set")
                .help("name a folder with --state")
        };
        let state = self.state.clone().or_else(|| default_state(&self.repo)).ok_or_else(none)?;
        // Workers start elsewhere, so a relative folder would lead them astray.
        std::path::absolute(&state).map_err(|error| Complaint::usage(format!("{}: {error}", shown(&state))))
    }

    /// The ledger, for commands that only make sense where thymus ran before.
    pub fn ledger(&self) -> Result<Ledger, Complaint> {
        let state = self.state()?;
        if !state.join(ledger::FILE).exists() {
            return Err(Complaint::failed(format!("there is no ledger in {}", state.display()))
                .help("run `thymus heal` on this repository first, or name its folder with --state or --repo"));
        }
        Ok(Ledger::open(&state)?)
    }
}

/// The plugins folder of this person: `$XDG_DATA_HOME/thymus/plugins`.
pub(super) fn default_plugins() -> Result<PathBuf, Complaint> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")));
    base.map(|base| base.join("thymus/plugins")).ok_or_else(|| {
        Complaint::usage("there is no place for plugins: neither XDG_DATA_HOME nor HOME is set")
            .help("name a folder with --plugins")
    })
}

/// A case as a person typed it.
pub(super) fn case_id(text: &str) -> Result<CaseId, String> {
    CaseId::parse(text)
        .ok_or_else(|| "a case is named like error-3f9a1c2b7d40; `thymus case list` shows them".to_owned())
}

/// A path as people like to read it: relative to where they are, if it lies below.
pub(super) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let short = path.strip_prefix(&here).ok().filter(|short| !short.as_os_str().is_empty());
    crate::model::inert_line(&short.unwrap_or(path).display().to_string())
}
