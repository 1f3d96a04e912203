//! How things are written on the page. Everything from outside passes [`escape`].

use std::fmt::Write as _;

use crate::eval::statistics::Share;
use crate::model::inert;

/// Text that can do nothing in HTML, nor to whoever reads it: no markup, no invisible or turning characters.
pub(super) fn escape(hostile: &str) -> String {
    let mut safe = String::with_capacity(hostile.len());
    for c in inert(hostile).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// As in `95 %` and `97.5 %`.
pub(super) fn percent(share: f64) -> String {
    let text = format!("{:.1}", share * 100.0);
    format!("{} %", text.strip_suffix(".0").unwrap_or(&text))
}

/// A cell: the share, what it is of, and its interval below.
pub(super) fn share(share: &Share) -> String {
    let Some(value) = share.share else { return "–".to_owned() };
    format!("{} <small>{}/{}{}</small>", percent(value), share.hits, share.of, interval(share))
}

/// As in `, 88–99 %`; nothing where there is none.
pub(super) fn interval(share: &Share) -> String {
    let Some((low, high)) = share.low.zip(share.high) else { return String::new() };
    format!(", {:.0}–{:.0} %", low * 100.0, high * 100.0)
}

/// As in `0.4 s`, `12 s` and `2.5 min`.
pub(super) fn duration(seconds: f64) -> String {
    if seconds < 10.0 {
        format!("{seconds:.1} s")
    } else if seconds < 120.0 {
        format!("{seconds:.0} s")
    } else {
        format!("{:.1} min", seconds / 60.0)
    }
}

/// As in `2 h 30 min`, with a sign.
pub(super) fn minutes(minutes: f64) -> String {
    let sign = if minutes < 0.0 { "−" } else { "" };
    let whole = minutes.abs().round();
    if whole < 120.0 { format!("{sign}{whole} min") } else { format!("{sign}{:.1} h", whole / 60.0) }
}

/// A unified diff, its lines told apart by colour and by their first character.
pub(super) fn diff(diff: &str) -> String {
    let mut html = String::from("<pre>");
    for line in diff.lines() {
        let class = match line.as_bytes().first() {
            _ if line.starts_with("+++") || line.starts_with("---") || line.starts_with("@@") => "h",
            Some(b'+') => "a",
            Some(b'-') => "d",
            _ => "c",
        };
        let line = if line.is_empty() { " " } else { line };
        let _ = write!(html, "<span class=\"{class}\">{}</span>", escape(line));
    }
    html + "</pre>"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_is_only_text() {
        assert_eq!(escape("<script>\"'&\u{202e}\u{1b}"), "&lt;script&gt;&quot;&#39;&amp;\\u{202e}\\u{1b}");
        assert!(diff("+<img src=x onerror=alert(1)>").contains("&lt;img"));
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!((percent(0.95), percent(0.975)), ("95 %".to_owned(), "97.5 %".to_owned()));
        assert_eq!([0.42, 12.3, 150.0].map(duration), ["0.4 s", "12 s", "2.5 min"].map(str::to_owned));
        assert_eq!([-30.0, 150.0].map(minutes), ["−30 min", "2.5 h"].map(str::to_owned));
    }
}
