//! Why a plugin was refused, with a stable code for scripts and the ledger.

use std::io;
use std::path::PathBuf;

use crate::sandbox::SandboxError;

/// What happened, to which file, and what to do about it. Texts of the plugin are quoted in their escaped form.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum PluginError {
    #[error("{}: {source}; check that the file exists and that you may read it", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}: not a regular file; give the path of the component itself", path.display())]
    NotAFile { path: PathBuf },
    #[error("{}: larger than {limit} bytes, the most a plugin may have; build it in release mode and strip it", path.display())]
    TooLarge { path: PathBuf, limit: u64 },
    #[error(
        "{}: machine code compiled by wasmtime (.cwasm), which thymus never loads; give the .wasm component it was made from",
        path.display()
    )]
    Compiled { path: PathBuf },
    #[error("{}: not WebAssembly; give a component (.wasm)", path.display())]
    NotWasm { path: PathBuf },
    #[error("{}: a core module, not a component; build for wasm32-wasip2 or wrap it with `wasm-tools component new`", path.display())]
    CoreModule { path: PathBuf },
    #[error("{}: malformed, truncated, or using a WebAssembly feature that thymus keeps off: {why}; build or download it again", path.display())]
    Malformed { path: PathBuf, why: String },
    #[error(
        "{}: exports none of thymus:plugin/detector, diagnoser and fixer in a version this thymus knows (0.1.x); build it against wit/0.1.0",
        path.display()
    )]
    NoExports { path: PathBuf },
    #[error("{}: exports {export:?}, but its function is not of the contract's type; build it against wit/0.1.0", path.display())]
    WrongType { path: PathBuf, export: String },
    #[error("{}: bad metadata in the section {section:?}: {why}; ask its author to pack it again", path.display())]
    Metadata { path: PathBuf, section: String, why: String },
    #[error("the plugin {plugin:?} imports {import:?}: {why}; use a plugin that does not need it")]
    Import { plugin: String, import: String, why: &'static str },
    #[error(
        "the plugin {plugin:?} imports {import:?}, which the policy does not grant; grant it in the policy or use another plugin"
    )]
    NotGranted { plugin: String, import: String },
    #[error("{name:?} is no plugin's name: 1 to 64 letters, digits, `.`, `_` and `-`, the first a letter or digit")]
    Name { name: String },
    #[error("the plugin {name:?} is already installed; remove it first with `thymus plugin remove`")]
    Exists { name: String },
    #[error("{}: {why}; thymus keeps the seal of its plugin cache here: repair it, or remove it and it is made anew", path.display())]
    State { path: PathBuf, why: String },
    #[error("the plugin {plugin:?} changed since it was looked at; look at it again with `thymus plugin inspect`")]
    Changed { plugin: String },
    #[error("the plugin {plugin:?} could not be compiled: {why}; raise its limits in the policy or use another plugin")]
    Compile { plugin: String, why: String },
    #[error("loading a plugin was stopped")]
    Cancelled,
    #[error("the plugin {plugin:?} could not be compiled in the sandbox: {source}")]
    Sandbox { plugin: String, source: SandboxError },
    #[error("the engine could not be set up: {why}; report it, with the output of `thymus doctor`")]
    Engine { why: String },
    #[error("no plugin {name:?} is installed; `thymus plugin list` shows those that are")]
    Missing { name: String },
}

impl PluginError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "TH-PLUGIN-IO",
            Self::NotAFile { .. } => "TH-PLUGIN-NOT-A-FILE",
            Self::TooLarge { .. } => "TH-PLUGIN-TOO-LARGE",
            Self::Compiled { .. } => "TH-PLUGIN-COMPILED",
            Self::NotWasm { .. } => "TH-PLUGIN-NOT-WASM",
            Self::CoreModule { .. } => "TH-PLUGIN-CORE-MODULE",
            Self::Malformed { .. } => "TH-PLUGIN-MALFORMED",
            Self::NoExports { .. } => "TH-PLUGIN-NO-EXPORTS",
            Self::WrongType { .. } => "TH-PLUGIN-WRONG-TYPE",
            Self::Metadata { .. } => "TH-PLUGIN-METADATA",
            Self::Import { .. } => "TH-PLUGIN-IMPORT",
            Self::NotGranted { .. } => "TH-PLUGIN-NOT-GRANTED",
            Self::Name { .. } => "TH-PLUGIN-NAME",
            Self::Exists { .. } => "TH-PLUGIN-EXISTS",
            Self::Missing { .. } => "TH-PLUGIN-MISSING",
            Self::State { .. } => "TH-PLUGIN-STATE",
            Self::Changed { .. } => "TH-PLUGIN-CHANGED",
            Self::Compile { .. } => "TH-PLUGIN-COMPILE",
            Self::Cancelled => "TH-PLUGIN-CANCELLED",
            Self::Sandbox { .. } => "TH-PLUGIN-SANDBOX",
            Self::Engine { .. } => "TH-PLUGIN-ENGINE",
        }
    }
}
