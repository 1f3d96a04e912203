//! Finds a toolchain that builds components for `wasm32-wasip2`, or sets one up (DESIGN §9).
//!
//! What is installed comes before what must be fetched, and rustup, whose compiler is the host's own, before Debian's
//! packages, which have no library for this target and build one.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::debian;
use crate::failure::Failure;
use crate::step;
use crate::workspace::Workspace;

/// The target of all components.
pub const TARGET: &str = "wasm32-wasip2";
/// Long enough for a slow line and 25 MB, and the end of a network that swallows packets.
const RUSTUP_LIMIT: Duration = Duration::from_mins(3);

/// How components are built on this machine.
pub struct Toolchain {
    pub cargo: PathBuf,
    /// What cargo is told beside the usual.
    pub arguments: Vec<OsString>,
    pub env: Vec<(OsString, OsString)>,
    pub rustflags: Vec<OsString>,
    /// What tells two toolchains apart: components of one are not those of the other.
    pub identity: String,
}

impl Toolchain {
    /// The one that is installed already. Quick: every chore asks.
    pub fn installed(workspace: &Workspace) -> Result<Option<Self>, Failure> {
        match with_target() {
            Some(toolchain) => Ok(Some(toolchain)),
            None => debian::toolchain(&workspace.guests()),
        }
    }

    /// The one that is installed, or one that it installs.
    pub fn ready(workspace: &Workspace) -> Result<Self, Failure> {
        if let Some(toolchain) = Self::installed(workspace)? {
            return Ok(toolchain);
        }
        let rustup = rustup()?;
        if let (Ok(()), Some(toolchain)) = (&rustup, with_target()) {
            return Ok(toolchain);
        }
        let debian = debian::install()?;
        if let (Ok(()), Some(toolchain)) = (&debian, debian::toolchain(&workspace.guests())?) {
            return Ok(toolchain);
        }
        let why = |tried: Result<(), String>| tried.err().unwrap_or_else(|| "it changed nothing".to_owned());
        Err(Failure::Toolchain(advice(&why(rustup), &why(debian))))
    }

    /// Starts cargo for components; without what the cargo that started xtask left in the environment for its own
    /// crate, which would send another toolchain astray.
    pub fn cargo(&self, workspace: &Workspace, folder: &Path) -> Command {
        let mut cargo = Command::new(&self.cargo);
        cargo.current_dir(folder).args(["build", "--release", "--locked", "--target", TARGET]).args(&self.arguments);
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_of_cargo(name)) {
            cargo.env_remove(name);
        }
        cargo.env("CARGO_TARGET_DIR", workspace.guests());
        cargo.env("CARGO_ENCODED_RUSTFLAGS", self.rustflags_for(workspace).join(&OsString::from("\x1f")));
        cargo.envs(self.env.iter().map(|(name, value)| (name, value)));
        cargo
    }

    /// Paths of this machine stand in panic messages; without them the same source makes the same component.
    fn rustflags_for(&self, workspace: &Workspace) -> Vec<OsString> {
        let remap = |from: &Path, to: &str| {
            let mut flag = OsString::from("--remap-path-prefix=");
            flag.push(from);
            flag.push(to);
            flag
        };
        let mut flags = self.rustflags.clone();
        flags.push(remap(workspace.root(), "=/thymus"));
        flags.extend(cargo_home().map(|home| remap(&home, "=/cargo")));
        flags
    }
}

fn with_target() -> Option<Toolchain> {
    let cargo = PathBuf::from(std::env::var_os("CARGO")?);
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let folder = step::ask(Command::new(&rustc).args(["--print", "target-libdir", "--target", TARGET]))?;
    let mut files = std::fs::read_dir(folder.trim()).ok()?.flatten();
    files.find(|file| file.file_name().to_string_lossy().starts_with("libstd-"))?;
    let identity = step::ask(Command::new(&rustc).arg("-vV"))?;
    // rustup's `rustc` is told by this variable which of its toolchains is meant.
    let env = ["RUSTUP_TOOLCHAIN", "RUSTC"].map(|name| Some((name.into(), std::env::var_os(name)?)));
    let env = env.into_iter().flatten().collect();
    Some(Toolchain { cargo, arguments: Vec::new(), env, rustflags: Vec::new(), identity })
}

fn rustup() -> Result<Result<(), String>, Failure> {
    let mut rustup = Command::new("rustup");
    step::attempt(rustup.args(["target", "add", TARGET]).env("RUSTUP_MAX_RETRIES", "0"), RUSTUP_LIMIT)
}

fn is_of_cargo(name: &std::ffi::OsStr) -> bool {
    let name = name.to_string_lossy();
    // The user's own settings (CARGO_HOME, CARGO_HTTP_…, CARGO_REGISTRIES_…, CARGO_NET_…) stay.
    name == "CARGO"
        || ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BUILD_", "CARGO_PROFILE_", "RUSTC", "RUSTFLAGS", "RUSTUP_TOOLCHAIN"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

fn cargo_home() -> Option<PathBuf> {
    let given = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    given.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")))
}

fn advice(rustup: &str, debian: &str) -> String {
    format!(
        "the target {TARGET}, for which plugins are built, is not installed and could not be:\n  \
         rustup: {rustup}\n  Debian: {debian}\n\
         Do one of these, then start again:\n  \
         rustup target add {TARGET}\n  \
         sudo apt-get install {}    (Debian; `lld-22` or newer)\n\
         On other systems, install your distribution's Rust standard library for {TARGET}.",
        debian::packages("lld-22").join(" ")
    )
}
