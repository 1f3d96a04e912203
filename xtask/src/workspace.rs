//! Where things lie in this repository, and how its cargo is started.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The working copy that this xtask was built from.
pub struct Workspace {
    root: PathBuf,
    built: PathBuf,
}

impl Workspace {
    pub fn here() -> Self {
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        // Asked now: a later build may put another xtask in the place of this one.
        let program = std::env::current_exe().unwrap_or_default();
        let built = program.parent().unwrap_or(own).to_owned();
        Self { root: own.parent().unwrap_or(own).to_owned(), built }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Everything that can be made again.
    pub fn target(&self) -> PathBuf {
        self.root.join("target")
    }

    /// The plugins' own Cargo workspace.
    pub fn plugins(&self) -> PathBuf {
        self.root.join("plugins")
    }

    /// The plugins that tests let loose on the host, each a crate of its own.
    pub fn hostile(&self) -> PathBuf {
        self.root.join("tests/hostile")
    }

    /// Small services as people write them, with recorded telemetry.
    pub fn samples(&self) -> PathBuf {
        self.root.join("tests/samples")
    }

    /// The finished plugins.
    pub fn plugin_components(&self) -> PathBuf {
        self.target().join("plugins")
    }

    /// The finished hostile plugins.
    pub fn hostile_components(&self) -> PathBuf {
        self.target().join("hostile")
    }

    /// The `thymus` program: cargo puts it beside xtask, whatever the target directory.
    pub fn thymus(&self) -> PathBuf {
        self.built.join("thymus")
    }

    /// An example program of the host's workspace.
    pub fn example(&self, name: &str) -> PathBuf {
        self.built.join("examples").join(name)
    }

    /// A path as one types it in this repository.
    pub fn relative(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root).unwrap_or(path).to_owned()
    }

    /// One target directory for everything that is not of the host's workspace, so that what it shares is built once.
    pub fn guests(&self) -> PathBuf {
        self.target().join("guests")
    }

    /// The cargo that started xtask, in the host's workspace.
    pub fn cargo(&self) -> Command {
        let mut cargo = cargo();
        cargo.current_dir(&self.root);
        cargo
    }

    /// The cargo that started xtask, for a crate or workspace of guests; not for their components.
    pub fn guest_cargo(&self, folder: &Path) -> Command {
        let mut cargo = cargo();
        cargo.current_dir(folder).env("CARGO_TARGET_DIR", self.guests());
        cargo
    }
}

fn cargo() -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Command::new(cargo)
}
