//! Makes what hostile code wrote fit to stand in a gate's detail or evidence: short, and unable to move a cursor.

use crate::model::{Digest, is_invisible};

/// Control characters and those that turn or hide text become their escapes; a longer text ends with a digest of all of
/// it, so that two long ones stay two.
pub(super) fn plain(text: &str, most: usize) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c == '\n' || c == '\t' {
            out.push(' ');
        } else if c.is_control() || is_invisible(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
        if out.len() > most {
            out.truncate(out.floor_char_boundary(most));
            out.push('…');
            out.push_str(&Digest::of(text).short());
            break;
        }
    }
    out
}

/// The last lines of a stream.
pub(super) fn tail(bytes: &[u8], lines: usize, most: usize) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let all: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    all[all.len().saturating_sub(lines)..].iter().map(|line| plain(line, most)).collect()
}
