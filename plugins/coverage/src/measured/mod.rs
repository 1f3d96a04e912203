//! Coverage that was measured and lies in the snapshot: which lines of which files ran. lcov, Cobertura's XML (also what
//! coverage.py writes as XML), coverage.py's JSON, and Istanbul's `coverage-final.json`.
//!
//! A report is only as new as its commit; it is believed where it names lines that the file has.

mod cobertura;
mod json;
mod lcov;

use std::collections::BTreeMap;

use thymus_sdk::places::Places;
use thymus_sdk::source::Source;

/// Larger reports are of larger projects than anybody heals at once.
const LARGEST: usize = 8 << 20;
/// The most lines that are remembered.
const MOST_LINES: usize = 1_000_000;
/// The most reports that are read.
const MOST_REPORTS: usize = 8;

/// The lines of a file and whether they ran.
pub type Lines = BTreeMap<u32, bool>;

/// What reports say.
#[derive(Debug, Default)]
pub struct Measured {
    files: BTreeMap<String, Lines>,
}

/// Takes what a report says of a line.
type Take<'t> = dyn FnMut(&str, u32, bool) + 't;

impl Measured {
    /// Reads the reports that lie where tools leave them.
    pub fn read(source: &Source, places: &mut Places) -> Self {
        let mut measured = Self::default();
        let mut lines = 0;
        for path in source.files().iter().filter(|path| is_report(path)).take(MOST_REPORTS) {
            let Ok(text) = source.text(path) else { continue };
            if text.content.len() > LARGEST {
                continue;
            }
            let mut take = |file: &str, line: u32, ran: bool| {
                if lines < MOST_LINES
                    && let Some(file) = places.file(file)
                {
                    lines += 1;
                    *measured.files.entry(file).or_default().entry(line).or_default() |= ran;
                }
            };
            match path.rsplit_once('.') {
                Some((_, "json")) => json::read(&text.content, &mut take),
                Some((_, "xml")) => cobertura::read(&text.content, &mut take),
                _ => lcov::read(&text.content, &mut take),
            }
        }
        measured
    }

    /// Whether a report names the file.
    pub fn knows(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// How many of these lines ran, of how many that could; none where no report knows the file.
    pub fn between(&self, path: &str, first: u32, last: u32) -> Option<(usize, usize)> {
        let lines = self.files.get(path)?;
        // The first line of a function runs when its file is loaded.
        let inside = lines.range(first.saturating_add(1)..=last.max(first.saturating_add(1)));
        let (mut ran, mut all) = (0, 0);
        for (_, did) in inside {
            all += 1;
            ran += usize::from(*did);
        }
        (all > 0).then_some((ran, all))
    }
}

fn is_report(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(
        name,
        "lcov.info"
            | "coverage.lcov"
            | "coverage.xml"
            | "cobertura.xml"
            | "cobertura-coverage.xml"
            | "coverage.json"
            | "coverage-final.json"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_says_which_lines_ran() {
        let lcov = "TN:\nSF:/srv/shop/src/a.js\nDA:1,1\nDA:2,0\nDA:3,0\nend_of_record\n";
        let xml = r#"<?xml version="1.0"?><!DOCTYPE coverage><coverage><packages><package><classes>
            <class name="a" filename="src/a.js"><lines><line number="1" hits="1"/><line number="2" hits="0"/>
            <line hits="0" number="3"/></lines></class></classes></package></packages></coverage>"#;
        let coverage_py = r#"{"meta":{},"files":{"src/a.js":{"executed_lines":[1],"missing_lines":[2,3]}}}"#;
        let istanbul = r#"{"/srv/src/a.js":{"path":"/srv/src/a.js","statementMap":{"0":{"start":{"line":1}},
            "1":{"start":{"line":2}},"2":{"start":{"line":3}}},"s":{"0":1,"1":0,"2":0}}}"#;
        for (name, content) in [
            ("coverage/lcov.info", lcov),
            ("coverage.xml", xml),
            ("coverage.json", coverage_py),
            ("coverage/coverage-final.json", istanbul),
        ] {
            let dir = tempfile::tempdir().unwrap();
            std::fs::create_dir_all(dir.path().join("src")).unwrap();
            std::fs::create_dir_all(dir.path().join("coverage")).unwrap();
            std::fs::write(dir.path().join("src/a.js"), "1\n2\n3\n").unwrap();
            std::fs::write(dir.path().join(name), content).unwrap();
            let source = Source::at(dir.path());
            let measured = Measured::read(&source, &mut Places::of(&source));
            assert_eq!(measured.between("src/a.js", 1, 3), Some((0, 2)), "{name}");
            assert_eq!(measured.between("src/b.js", 1, 3), None, "{name}");
        }
    }

    #[test]
    fn what_is_no_report_says_nothing() {
        for content in ["", "{", "<a", "SF:a.js\nDA:x,y\nDA:99999999999,1\n", "[1]", "{\"files\": 7}"] {
            let mut count = 0;
            let mut take = |_: &str, _: u32, _: bool| count += 1;
            json::read(content, &mut take);
            cobertura::read(content, &mut take);
            lcov::read(content, &mut take);
            assert_eq!(count, 0, "{content}");
        }
    }
}
