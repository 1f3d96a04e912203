//! The snapshot as a plugin sees it: those files of one commit that the team's policy grants, read-only at `/source`.
//!
//! Paths are relative to it, with `/` between names. Whatever else a path tries (`..`, a leading `/`, a control
//! character) is not in the snapshot, so paths out of telemetry can be asked for as they come.

use std::fs;
use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::{Failure, Location};

/// The most files that [`Source::files`] names.
const MOST_FILES: usize = 100_000;
/// The deepest folder it looks into.
const DEEPEST: usize = 64;
/// The most bytes of a file that [`Source::text`] reads.
const LARGEST: u64 = 8 << 20;

/// Why a file can't be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It is no path inside the snapshot, or no file is there.
    #[error("{0:?} is no file of the snapshot")]
    Missing(String),
    /// Binary, or another encoding.
    #[error("{0:?} is not UTF-8")]
    NotUtf8(String),
    /// Generated or data: nothing that a plugin repairs.
    #[error("{0:?} is larger than 8 MiB")]
    TooLarge(String),
    /// The system says so.
    #[error("can't read {path:?}: {why}")]
    Io {
        /// Which file.
        path: String,
        /// The system's words.
        why: std::io::Error,
    },
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self::BadInput(error.to_string())
    }
}

/// The files of the snapshot.
#[derive(Clone, Debug)]
pub struct Source {
    root: PathBuf,
}

impl Source {
    /// The snapshot that the host laid out; `/source` in a plugin.
    pub fn open(root: impl AsRef<Path>) -> Self {
        Self { root: root.as_ref().to_owned() }
    }

    /// Any directory, for tests.
    pub fn at(root: impl AsRef<Path>) -> Self {
        Self::open(root)
    }

    /// Every file's path, sorted; at most 100,000, at most 64 folders deep, without `.git` and without links.
    pub fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        self.walk("", 0, &mut files);
        files.sort_unstable();
        files
    }

    /// Folders are read in no certain order, so what a full list leaves out would depend on it: names are sorted first.
    fn walk(&self, folder: &str, depth: usize, files: &mut Vec<String>) {
        let Ok(entries) = fs::read_dir(self.root.join(folder)) else { return };
        let mut entries: Vec<_> = entries
            .flatten()
            .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.file_type().ok()?)))
            .collect();
        entries.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        for (name, kind) in entries {
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            if kind.is_dir() && depth < DEEPEST && name != ".git" {
                self.walk(&path, depth + 1, files);
            } else if kind.is_file() && files.len() < MOST_FILES && is_inside(&path) {
                files.push(path);
            }
        }
    }

    /// Whether this is a file of the snapshot. A hostile path is none.
    pub fn exists(&self, path: &str) -> bool {
        is_inside(path) && fs::symlink_metadata(self.root.join(path)).is_ok_and(|about| about.is_file())
    }

    /// Reads a file of text.
    pub fn text(&self, path: &str) -> Result<Text, SourceError> {
        if !self.exists(path) {
            return Err(SourceError::Missing(path.to_owned()));
        }
        let io = |why| SourceError::Io { path: path.to_owned(), why };
        let mut bytes = Vec::new();
        let file = fs::File::open(self.root.join(path)).map_err(io)?;
        file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(io)?;
        if bytes.len() as u64 > LARGEST {
            return Err(SourceError::TooLarge(path.to_owned()));
        }
        let content = String::from_utf8(bytes).map_err(|_| SourceError::NotUtf8(path.to_owned()))?;
        Ok(Text { path: path.to_owned(), content })
    }
}

/// Whether a path could name a file of the snapshot: relative, no `.` or `..`, no empty name, nothing that a terminal or
/// another system reads differently.
pub fn is_inside(path: &str) -> bool {
    path.len() <= 4096
        && !path.contains(|c: char| c == '\\' || c.is_control())
        && path.split('/').all(|name| !matches!(name, "" | "." | ".."))
}

/// A file's text. Offsets are bytes; lines and columns count from 1, columns in UTF-8 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Relative to the snapshot.
    pub path: String,
    /// Just as it stands there: line endings and a byte order mark too.
    pub content: String,
}

impl Text {
    /// A text that is in no file, for tests.
    pub fn new(path: impl Into<String>, content: impl Into<String>) -> Self {
        Self { path: path.into(), content: content.into() }
    }

    /// Where a byte stands. Past the end counts as the end.
    pub fn line_column(&self, byte: usize) -> (u32, u32) {
        let before = &self.content.as_bytes()[..byte.min(self.content.len())];
        let line = before.split(|byte| *byte == b'\n').count();
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        (number(line), number(before.len() - start + 1))
    }

    /// The byte at a line and column; none when the line isn't there or is shorter.
    pub fn offset(&self, line: u32, column: u32) -> Option<usize> {
        let start = self.line_start(line)?;
        let at = start + usize::try_from(column).ok()?.checked_sub(1)?;
        let end = self.content[start..].find('\n').map_or(self.content.len(), |length| start + length);
        (at <= end && self.content.is_char_boundary(at)).then_some(at)
    }

    /// The bytes of a line without its line ending; none when it isn't there.
    pub fn line(&self, line: u32) -> Option<Range<usize>> {
        let start = self.line_start(line)?;
        let rest = &self.content[start..];
        let length = rest.find('\n').unwrap_or(rest.len());
        let length = rest[..length].strip_suffix('\r').map_or(length, str::len);
        Some(start..start + length)
    }

    fn line_start(&self, line: u32) -> Option<usize> {
        match line {
            0 => None,
            1 => Some(0),
            _ => {
                let breaks = usize::try_from(line).ok()? - 2;
                self.content.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').nth(breaks).map(|(at, _)| at + 1)
            }
        }
    }

    /// These bytes as a place in the contract's terms.
    pub fn location(&self, range: Range<usize>) -> Location {
        let (start_line, start_column) = self.line_column(range.start);
        let (end_line, end_column) = self.line_column(range.end.max(range.start));
        Location { path: self.path.clone(), start_line, start_column, end_line, end_column }
    }

    /// The spaces and tabs that begin the line of this byte.
    pub fn indent_at(&self, byte: usize) -> &str {
        let byte = self.content.floor_char_boundary(byte);
        let start = self.content[..byte].rfind('\n').map_or(0, |at| at + 1);
        let line = &self.content[start..];
        &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
    }

    /// The file's line ending: that of its first line.
    pub fn newline(&self) -> &'static str {
        match self.content.split_once('\n') {
            Some((first, _)) if first.ends_with('\r') => "\r\n",
            _ => "\n",
        }
    }
}

/// Files have at most 8 MiB, so this never saturates.
fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_in_order_and_hostile_paths_are_none_of_them() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("src/deep")).unwrap();
        fs::create_dir_all(dir.path().join(".git")).unwrap();
        for path in ["src/b.js", "src/deep/a.js", "README.md", ".git/config"] {
            fs::write(dir.path().join(path), "x").unwrap();
        }
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("link")).unwrap();
        let source = Source::at(dir.path());
        assert_eq!(source.files(), ["README.md", "src/b.js", "src/deep/a.js"]);
        assert!(source.exists("src/b.js"));
        for hostile in
            ["/etc/passwd", "../x", "src/../README.md", "link", "src", "", "src//b.js", "./README.md", "a\\b"]
        {
            assert!(!source.exists(hostile), "{hostile}");
            assert!(source.text(hostile).is_err(), "{hostile}");
        }
    }

    #[test]
    fn what_is_not_text_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("binary"), [0xff, 0xfe]).unwrap();
        fs::write(dir.path().join("large"), vec![b'x'; 9 << 20]).unwrap();
        let source = Source::at(dir.path());
        assert!(matches!(source.text("binary"), Err(SourceError::NotUtf8(_))));
        assert!(matches!(source.text("large"), Err(SourceError::TooLarge(_))));
    }

    #[test]
    fn bytes_and_places_agree() {
        let text = Text::new("a.js", "let ä = 1;\r\n\tif (x) {\r\n}");
        assert_eq!(text.line_column(0), (1, 1));
        assert_eq!(text.line_column(7), (1, 8));
        assert_eq!(text.line_column(13), (2, 1));
        assert_eq!(text.line_column(9999), (3, 2));
        for byte in (0..text.content.len()).filter(|byte| text.content.is_char_boundary(*byte)) {
            let (line, column) = text.line_column(byte);
            assert_eq!(text.offset(line, column), Some(byte));
        }
        assert_eq!(text.offset(1, 6), None, "inside the letter ä");
        assert_eq!(text.offset(1, 14), None, "past the line");
        assert_eq!(text.offset(4, 1), None);
        assert_eq!(text.offset(0, 1), None);
        assert_eq!(text.line(1).map(|range| &text.content[range]), Some("let ä = 1;"));
        assert_eq!(text.indent_at(16), "\t");
        assert_eq!(text.newline(), "\r\n");
        let place = text.location(14..16);
        assert_eq!((place.start_line, place.start_column, place.end_line, place.end_column), (2, 2, 2, 4));
    }
}
