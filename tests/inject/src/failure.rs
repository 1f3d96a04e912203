//! What can go wrong, in words that say what to do about it.

use std::io;
use std::path::PathBuf;

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("could not start `{command}`: {source}; is it installed, and on PATH?")]
    Start { command: String, source: io::Error },
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{}: {why}", path.display())]
    Plan { path: PathBuf, why: String },
    /// The project can't be used; the others can.
    #[error("{0}")]
    Unfit(String),
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
