//! The root cause of a finding.

use serde::{Deserialize, Serialize};

use super::{Confidence, RepoPath};

/// A range in a file of the snapshot; lines and columns (in UTF-8 bytes) count from 1.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Location {
    /// The file.
    pub path: RepoPath,
    /// First line.
    pub start_line: u32,
    /// First column.
    pub start_column: u32,
    /// Last line, not before the first.
    pub end_line: u32,
    /// The column after the last byte.
    pub end_column: u32,
}

/// Where it goes wrong, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The construct that is at fault.
    pub location: Location,
    /// For a person.
    pub explanation: String,
    /// How sure.
    pub confidence: Confidence,
    /// Other places worth a look, the closest first.
    pub related: Vec<Location>,
    /// The plugin's own notes, for its fixer.
    pub notes: String,
}
