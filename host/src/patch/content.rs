//! What text a proposal may bring in: what a reviewer sees must be what the compiler reads.
//!
//! Only new text is judged; what the repository already holds is its own affair.

use std::borrow::Cow;

use super::{MAX_FILE, MAX_LINE, Refusal};
use crate::model::RepoPath;

const BOM: &str = "\u{feff}";

/// The byte order mark a text begins with, or nothing.
pub(super) fn bom(text: &str) -> &str {
    if text.starts_with(BOM) { &text[..BOM.len()] } else { "" }
}

/// How the lines of a file end. Mixed files are left to the plugin: there is no style to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineEnd {
    Lf,
    CrLf,
    Mixed,
}

impl LineEnd {
    pub(super) fn of(text: &str) -> Self {
        let all = text.matches('\n').count();
        let windows = text.matches("\r\n").count();
        match (all, windows) {
            (0, _) => Self::Mixed,
            (_, 0) => Self::Lf,
            (all, windows) if all == windows => Self::CrLf,
            _ => Self::Mixed,
        }
    }

    /// A replacement with the file's line ends.
    pub(super) fn adopt(self, replacement: &str) -> Cow<'_, str> {
        match self {
            Self::Lf if replacement.contains("\r\n") => Cow::Owned(replacement.replace("\r\n", "\n")),
            Self::CrLf if replacement.contains('\n') => {
                Cow::Owned(replacement.replace("\r\n", "\n").replace('\n', "\r\n"))
            }
            _ => Cow::Borrowed(replacement),
        }
    }

    /// Ends the result the way the file ended. A file that was or became empty has no last line to speak of.
    pub(super) fn keep_last(self, before: &str, mut after: String) -> String {
        if before.len() == bom(before).len() || after.len() == bom(&after).len() {
            return after;
        }
        if before.ends_with('\n') {
            if !after.ends_with('\n') {
                after.push_str(if self == Self::CrLf { "\r\n" } else { "\n" });
            }
            return after;
        }
        while after.ends_with('\n') {
            after.pop();
            if after.ends_with('\r') {
                after.pop();
            }
        }
        after
    }
}

/// Whether a text may be cut here: not inside a character, not between CR and LF.
pub(super) fn is_boundary(text: &str, at: usize) -> bool {
    text.is_char_boundary(at) && !(text[..at].ends_with('\r') && text[at..].starts_with('\n'))
}

/// All of a new file.
pub(super) fn check_new(path: &RepoPath, text: &str) -> Result<(), Refusal> {
    check_text(path, text, None)
}

/// A replacement; `before` is the character it will stand behind.
pub(super) fn check_text(path: &RepoPath, text: &str, mut before: Option<char>) -> Result<(), Refusal> {
    if text.len() > MAX_FILE {
        let why = format!("{} bytes of new text, at most {MAX_FILE} are taken", text.len());
        return Err(Refusal::at("TH-PATCH-SIZE", path, why));
    }
    if let Some(line) = text.split('\n').find(|line| line.len() > MAX_LINE) {
        let why = format!("a new line of {} bytes, at most {MAX_LINE} are taken", line.len());
        return Err(Refusal::at("TH-PATCH-SIZE", path, why));
    }
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let (code, what) = match u32::from(c) {
            0x09 | 0x0A => (None, ""),
            0x0D if rest.peek() == Some(&'\n') => (None, ""),
            0x00..=0x1F | 0x7F..=0x9F => (Some("TH-PATCH-CONTROL"), "a control character"),
            0x061C | 0x200E | 0x200F | 0x202A..=0x202E | 0x2066..=0x2069 => {
                (Some("TH-PATCH-BIDI"), "a character that turns the direction of text")
            }
            // Emoji and several scripts need these; behind ASCII they only hide something.
            0x200C | 0x200D | 0xFE0E | 0xFE0F if before.is_some_and(|b| !b.is_ascii() && !is_invisible(b)) => {
                (None, "")
            }
            _ if is_invisible(c) => (Some("TH-PATCH-INVISIBLE"), "a character that nobody sees"),
            _ => (None, ""),
        };
        if let Some(code) = code {
            let why = format!("the new text holds {what}, U+{:04X}; write it as an escape", u32::from(c));
            return Err(Refusal::at(code, path, why));
        }
        before = Some(c);
    }
    Ok(())
}

fn is_invisible(c: char) -> bool {
    matches!(u32::from(c),
        0x00AD | 0x034F | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F | 0x200B..=0x200D | 0x2028 | 0x2029
        | 0x2060..=0x2065 | 0x206A..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB
        | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}
