//! Texts that people read, made to fit the contract. A text that passes a limit refuses the whole result, and what
//! telemetry says can have any length, so whatever quotes it goes through here.

use crate::{Evidence, Measure};

/// The most bytes of a finding's title, counted in bytes.
pub const TITLE: usize = 200;
/// The most characters of a proposal's title.
pub const COMMIT_LINE: usize = 72;
/// The most bytes of an evidence's statement.
pub const STATEMENT: usize = 4096;
/// The most bytes of an explanation.
pub const EXPLANATION: usize = 16 << 10;
/// The most trace ids of one evidence.
pub const TRACES: usize = 16;

/// The text on one line, without control characters, in at most so many bytes; a cut shows as `…`.
pub fn one_line(text: &str, most: usize) -> String {
    let printable = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    cut(&printable.collect::<Vec<_>>().join(" "), most)
}

/// The text in at most so many bytes; a cut shows as `…`.
pub fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let at = text.floor_char_boundary(most.saturating_sub('…'.len_utf8()));
    format!("{}…", text[..at].trim_end())
}

impl Evidence {
    /// One sentence.
    pub fn of(statement: &str) -> Self {
        Self { statement: cut(statement, STATEMENT), measures: Vec::new(), trace_ids: Vec::new() }
    }

    /// With a number that a person can check. One that is not finite would refuse the result, and is left out.
    #[must_use]
    pub fn measure(mut self, name: &str, value: f64, unit: &str) -> Self {
        if value.is_finite() {
            self.measures.push(Measure { name: cut(name, 512), value, unit: cut(unit, 64) });
        }
        self
    }

    /// With traces that a person should open: the first 16 that are trace ids.
    #[must_use]
    pub fn traces<'a>(mut self, ids: impl IntoIterator<Item = &'a str>) -> Self {
        let is_id = |id: &&str| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        let room = TRACES.saturating_sub(self.trace_ids.len());
        self.trace_ids.extend(ids.into_iter().filter(is_id).take(room).map(str::to_owned));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_and_fits() {
        assert_eq!(one_line("a\r\n\tb \u{1b}[31m c", 100), "a b [31m c");
        assert_eq!(one_line("äöü", 5), "ä…");
        assert_eq!(cut("abc", 3), "abc");
        for most in 3..20 {
            assert!(cut("ein längerer Täxt über ä", most).len() <= most);
        }
    }

    #[test]
    fn evidence_keeps_to_the_contract() {
        let id = "0af7651916cd43dd8448eb211c80319c";
        let evidence = Evidence::of(&"x".repeat(5000)).measure("share", f64::NAN, "1").measure("calls", 3.0, "{call}");
        let evidence = evidence.traces(["none", ""]).traces(std::iter::repeat_n(id, 20));
        assert!(evidence.statement.len() <= STATEMENT);
        assert_eq!(evidence.measures.len(), 1);
        assert_eq!(evidence.trace_ids.len(), 16);
    }
}
