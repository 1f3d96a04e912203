//! What is broken: an import, a name or a package of the source that leads nowhere, and the places that say it.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// The language of the files at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// JavaScript and TypeScript.
    Javascript,
    /// Python.
    Python,
}

/// In which way it leads nowhere; also the finding's rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An import of a file of the project that is not there.
    ModuleNotFound,
    /// An import of a name that the file which is there doesn't have.
    NameNotExported,
    /// An import of a package that no manifest declares.
    PackageNotDeclared,
    /// A name that is used and neither defined nor imported.
    NameNotImported,
    /// Files that import each other before they are ready.
    CircularImport,
}

impl Kind {
    /// The rule's name.
    pub fn rule(self) -> &'static str {
        match self {
            Self::ModuleNotFound => "module-not-found",
            Self::NameNotExported => "name-not-exported",
            Self::PackageNotDeclared => "package-not-declared",
            Self::NameNotImported => "name-not-imported",
            Self::CircularImport => "circular-import",
        }
    }
}

/// What makes a fault the same one tomorrow: names only, never lines.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// Of the files at fault.
    pub language: Language,
    /// In which way.
    pub kind: Kind,
    /// What is imported: the path that is not there, the file that lacks the name, the package. For a name that is not
    /// imported, the file that uses it.
    pub target: String,
    /// The name that is missing; empty where it is not about one.
    pub name: String,
}

/// One fault: every place of the source that says the same wrong thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What it is.
    pub key: Key,
    /// Where it is said; at least one.
    pub sites: Vec<Site>,
    /// Nothing in the source can excuse it, so it is worth a finding before anybody has hit it.
    pub sure: bool,
    /// It is sure, and whoever loads the file runs into it; else only a call does.
    pub on_load: bool,
}

/// One place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The file.
    pub path: String,
    /// The bytes of the specifier or the name, quotes included.
    pub range: Range<usize>,
    /// The specifier or name as it is written, without quotes.
    pub written: String,
    /// It lies in a function, so that loading the file does not run it.
    pub lazy: bool,
}
