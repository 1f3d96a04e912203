//! What can go wrong in a chore, in words that say what to do about it.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

/// A chore that did not end well.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("could not start `{command}`: {source}; is it installed, and on PATH?")]
    Start { command: String, source: io::Error },
    #[error("`{command}` failed ({status}); its own message stands above")]
    Status { command: String, status: ExitStatus },
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{path}: {why}", path = path.display())]
    Component { path: PathBuf, why: String },
    #[error("{0}")]
    Toolchain(String),
    #[error("{0}")]
    Demo(String),
    #[error("stopped on request")]
    Stopped,
}

impl Failure {
    /// Names the file that a failed operation was about.
    pub fn at(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |source| Self::File { path, source }
    }
}
