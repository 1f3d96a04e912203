//! A path inside a repository: the only kind of path that plugins, patches and policies talk about.
//!
//! What is refused here can't exist as a value, so no room has to remember to check it. Where a path may lead (through
//! a symlink, say) is not a question of its text: the rooms that write ask the file system.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::is_invisible;

/// Relative, UTF-8, `/` between its names, at most 4,096 bytes and 128 names, and harmless on Linux, macOS and
/// Windows alike: a repair made here is checked out there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct RepoPath(String);

/// Why a text is no [`RepoPath`]. `code` is stable, for scripts and the ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathRefusal {
    /// Nothing, or too much.
    #[error("a path has between 1 and 4096 bytes and at most 128 names")]
    Length,
    /// `/etc`, `C:\`, `~`.
    #[error("the path is not relative to the repository")]
    Absolute,
    /// `..`, `.` or two slashes in a row.
    #[error("the path has an empty, `.` or `..` name in it")]
    Dots,
    /// `.git` in any of the spellings that some file system takes for it.
    #[error("the path leads into git's own files")]
    Git,
    /// Control characters, backslashes, colons and the like.
    #[error("the path holds {0:?}, which some file system or terminal would take for something else")]
    Character(char),
    /// `CON`, `aux.txt`, a trailing dot or space.
    #[error("the name {0:?} means something else on Windows")]
    Reserved(String),
}

impl PathRefusal {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Length => "TH-PATH-LENGTH",
            Self::Absolute => "TH-PATH-ABSOLUTE",
            Self::Dots => "TH-PATH-DOTS",
            Self::Git => "TH-PATH-GIT",
            Self::Character(_) => "TH-PATH-CHARACTER",
            Self::Reserved(_) => "TH-PATH-RESERVED",
        }
    }
}

impl RepoPath {
    /// Checks a text.
    pub fn new(text: impl Into<String>) -> Result<Self, PathRefusal> {
        let text = text.into();
        if text.is_empty() || text.len() > 4096 || text.split('/').count() > 128 {
            return Err(PathRefusal::Length);
        }
        if text.starts_with('/') || text.starts_with('~') || is_drive(&text) {
            return Err(PathRefusal::Absolute);
        }
        if let Some(bad) = text.chars().find(|c| is_refused(*c)) {
            return Err(PathRefusal::Character(bad));
        }
        for name in text.split('/') {
            check_name(name)?;
        }
        Ok(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last name.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The path of the folder, or `None` at the top.
    pub fn parent(&self) -> Option<&str> {
        self.0.rsplit_once('/').map(|(parent, _)| parent)
    }

    /// What stands behind the last dot of the last name, as in `js`.
    pub fn extension(&self) -> Option<&str> {
        self.file_name().rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, extension)| extension)
    }
}

fn is_drive(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':'
}

/// Controls, what Windows reserves (a colon opens an NTFS stream), and characters that are invisible or turn the
/// direction of text: HFS+ ignores some of them, so that `.g<U+200C>it` is `.git` there.
fn is_refused(c: char) -> bool {
    c.is_control() || matches!(c, '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|') || is_invisible(c)
}

fn check_name(name: &str) -> Result<(), PathRefusal> {
    if name.is_empty() || name == "." || name == ".." {
        return Err(PathRefusal::Dots);
    }
    let lower = name.to_lowercase();
    let bare = lower.trim_end_matches(['.', ' ']);
    if bare == ".git" || bare.strip_prefix("git~").is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit())) {
        return Err(PathRefusal::Git);
    }
    let stem = bare.split('.').next().unwrap_or(bare).trim_end();
    let device = matches!(stem, "con" | "prn" | "aux" | "nul" | "conin$" | "conout$")
        || (stem.len() == 4
            && (stem.starts_with("com") || stem.starts_with("lpt"))
            && stem.as_bytes()[3].is_ascii_digit());
    if device || name.ends_with('.') || name.ends_with(' ') {
        return Err(PathRefusal::Reserved(name.to_owned()));
    }
    Ok(())
}

impl From<RepoPath> for String {
    fn from(path: RepoPath) -> Self {
        path.0
    }
}

impl TryFrom<String> for RepoPath {
    type Error = PathRefusal;

    fn try_from(text: String) -> Result<Self, PathRefusal> {
        Self::new(text)
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<std::path::Path> for RepoPath {
    fn as_ref(&self) -> &std::path::Path {
        std::path::Path::new(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_paths_pass() {
        for text in
            ["a", "src/orders.js", ".github/workflows/ci.yml", "a b/ü.py", ".gitignore", "legit/config", "git~x"]
        {
            assert!(RepoPath::new(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn paths_out_of_the_repository_are_refused() {
        assert_eq!(RepoPath::new("../../etc/x"), Err(PathRefusal::Dots));
        assert_eq!(RepoPath::new("a/../b"), Err(PathRefusal::Dots));
        assert_eq!(RepoPath::new("a//b"), Err(PathRefusal::Dots));
        assert_eq!(RepoPath::new("/etc/passwd"), Err(PathRefusal::Absolute));
        assert_eq!(RepoPath::new("C:/x"), Err(PathRefusal::Absolute));
        assert_eq!(RepoPath::new("~root/x"), Err(PathRefusal::Absolute));
        assert_eq!(RepoPath::new(""), Err(PathRefusal::Length));
    }

    #[test]
    fn every_spelling_of_dot_git_is_refused() {
        for text in [".git/hooks/post-checkout", "sub/.GIT/config", "git~1/config", ".git./x", ".git /x", "GIT~2"] {
            assert_eq!(RepoPath::new(text), Err(PathRefusal::Git), "{text}");
        }
        assert_eq!(RepoPath::new(".g\u{200c}it/config"), Err(PathRefusal::Character('\u{200c}')));
        assert_eq!(RepoPath::new(".git::$INDEX_ALLOCATION/x"), Err(PathRefusal::Character(':')));
    }

    #[test]
    fn names_that_lie_are_refused() {
        assert_eq!(RepoPath::new("a\u{1b}[31mb"), Err(PathRefusal::Character('\u{1b}')));
        assert_eq!(RepoPath::new("a\u{202e}sj.exe"), Err(PathRefusal::Character('\u{202e}')));
        assert_eq!(RepoPath::new("a\\b"), Err(PathRefusal::Character('\\')));
        assert!(matches!(RepoPath::new("CON"), Err(PathRefusal::Reserved(_))));
        assert!(matches!(RepoPath::new("src/aux.txt"), Err(PathRefusal::Reserved(_))));
        assert!(matches!(RepoPath::new("src/lpt1.js"), Err(PathRefusal::Reserved(_))));
        assert!(matches!(RepoPath::new("src/a."), Err(PathRefusal::Reserved(_))));
    }
}
