//! What the healed repository says of itself: reads `thymus.toml`, and writes a first one by looking.
//!
//! Both are hostile: the file describes, every path and number in it is checked, and what is permitted is policy's to
//! say; a repository that is looked at is read in bounds, and nothing in it is ever run.

mod declarations;
mod look;
mod mistake;
mod parse;
mod runners;
#[cfg(test)]
mod tests;
mod write;

use std::path::PathBuf;

pub use look::look;
pub use mistake::{ProjectErrors, ProjectMistake};
pub use parse::{MAX_TEXT, MAX_TIMEOUT, parse};

/// Why there is no project.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ProjectError {
    /// `thymus.toml` has mistakes.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Mistakes(#[from] ProjectErrors),
    /// A folder or file can't be read.
    #[error("can't read {path:?}: {source}; check that it exists and that you may read it")]
    #[diagnostic(code("TH-PROJECT-READ"))]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Nothing in the folder says how its tests are run.
    #[error(
        "found no tests that thymus can run in {dir:?}: no test script in package.json, no pytest or unittest files, \
         no Cargo.toml"
    )]
    #[diagnostic(
        code("TH-PROJECT-UNKNOWN"),
        help(
            "write thymus.toml yourself: name, languages, and [test] with framework = \"command\", command and files"
        )
    )]
    Unknown {
        /// Where it was looked.
        dir: PathBuf,
    },
}
