//! Text that somebody hostile wrote, on its way to a person's eyes.
//!
//! What is stored stays as it was written. Before a terminal, a page or a commit message shows it, whatever such a place
//! would act on instead of showing is made visible.

use std::fmt::Write as _;

/// Whether nobody sees this character, or it turns the direction of those around it: soft hyphens, joiners, bidi
/// controls, variation selectors, tags (Unicode's default ignorables and their kin).
pub fn is_invisible(c: char) -> bool {
    matches!(u32::from(c),
        0x00AD | 0x034F | 0x061C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
        | 0x2028..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB
        | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}

/// The text with everything visible that a terminal would act on; lines stay lines, tabs stay tabs.
pub fn inert(hostile: &str) -> String {
    escape(hostile, |c| c == '\n' || c == '\t')
}

/// The same on one line.
pub fn inert_line(hostile: &str) -> String {
    escape(hostile, |_| false)
}

fn escape(hostile: &str, keep: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(hostile.len());
    for c in hostile.chars() {
        if (c.is_control() && !keep(c)) || is_invisible(c) {
            // Writing to a string can't fail.
            let _ = write!(shown, "{}", c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_acts_on_becomes_visible() {
        assert_eq!(inert("a\u{1b}[31mred\r\nb\u{202e}c"), "a\\u{1b}[31mred\\u{d}\nb\\u{202e}c");
        assert_eq!(inert_line("a\tb\nc\u{9b}d"), "a\\u{9}b\\u{a}c\\u{9b}d");
    }

    #[test]
    fn ordinary_text_of_any_language_stays() {
        for text in ["größer", "価格", "שלום", "a\u{301}", "x = {\n\ty\n}"] {
            assert_eq!(inert(text), text);
        }
    }
}
