//! Reads JUnit XML that hostile code may have written: bounded, without a DTD, never trusted beyond "the run says so".
//!
//! What comes out is one outcome per test id. It knows nothing of gates.

use std::collections::BTreeMap;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use serde::{Deserialize, Serialize};

use super::text::plain;

/// A longer report is not fetched from the jail.
pub(super) const MAX_BYTES: u64 = 32 << 20;
const MAX_TESTS: usize = 200_000;
const MAX_DEPTH: usize = 64;
const MAX_ATTRIBUTES: usize = 64;
const MAX_ID: usize = 400;
const MAX_WHY: usize = 300;

/// How one test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Status {
    Passed,
    Skipped,
    Failed,
}

/// What the report says of one test.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outcome {
    pub(super) status: Status,
    pub(super) seconds: f64,
    /// The failure's message, for people.
    pub(super) why: String,
}

/// By id: file, suites, class and name, and a number where several are called the same.
pub(super) type Tests = BTreeMap<String, Outcome>;

/// Why a report cannot be used.
#[derive(Debug, thiserror::Error, PartialEq)]
pub(super) enum Unusable {
    #[error("it is not UTF-8")]
    Encoding,
    #[error("it is no well-formed XML: {0}")]
    Malformed(String),
    #[error("it declares a document type, which no test runner does")]
    DocumentType,
    #[error("it is no JUnit report: its outermost element is <{0}>")]
    NotJunit(String),
    #[error("it holds more {0} than thymus reads")]
    TooMuch(&'static str),
}

/// Reads a report. `root` is where the repository lay, to take off absolute paths.
pub(super) fn parse(bytes: &[u8], root: &str) -> Result<Tests, Unusable> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unusable::Encoding)?;
    let malformed = |error: &dyn std::fmt::Display| Unusable::Malformed(plain(&error.to_string(), MAX_WHY));
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut gathering = Gathering { root, ..Gathering::default() };
    loop {
        match reader.read_event().map_err(|error| malformed(&error))? {
            Event::Start(tag) => gathering.open(&tag, false)?,
            Event::Empty(tag) => gathering.open(&tag, true)?,
            Event::End(_) => gathering.close(),
            Event::DocType(_) => return Err(Unusable::DocumentType),
            Event::Eof => break,
            _ => {}
        }
    }
    if !gathering.seen || !gathering.open.is_empty() {
        return Err(Unusable::Malformed("it ends in the middle".to_owned()));
    }
    Ok(number(gathering.found))
}

#[derive(Default)]
struct Gathering<'a> {
    root: &'a str,
    seen: bool,
    /// The elements that are open; a suite with its name.
    open: Vec<Element>,
    /// The test that is open.
    current: Option<(String, Outcome)>,
    /// By id, in any order, as reports of parallel runs have none.
    found: BTreeMap<String, Vec<Outcome>>,
    count: usize,
}

enum Element {
    Suite { name: String, file: String },
    Test,
    Other,
}

impl Gathering<'_> {
    fn open(&mut self, tag: &BytesStart<'_>, empty: bool) -> Result<(), Unusable> {
        let name = String::from_utf8_lossy(tag.local_name().into_inner().as_ref()).into_owned();
        if self.open.is_empty() && (self.seen || !matches!(name.as_str(), "testsuites" | "testsuite")) {
            return Err(Unusable::NotJunit(plain(&name, 40)));
        }
        self.seen = true;
        if self.open.len() >= MAX_DEPTH {
            return Err(Unusable::TooMuch("nested elements"));
        }
        let element = match name.as_str() {
            "testsuite" => {
                let attributes = attributes(tag)?;
                Element::Suite { name: attributes.get("name"), file: attributes.get("file") }
            }
            "testcase" if self.current.is_none() => {
                self.count += 1;
                if self.count > MAX_TESTS {
                    return Err(Unusable::TooMuch("tests"));
                }
                let attributes = attributes(tag)?;
                let seconds = attributes.get("time").parse().ok().filter(|s: &f64| s.is_finite() && *s >= 0.0);
                let outcome = Outcome { status: Status::Passed, seconds: seconds.unwrap_or(0.0), why: String::new() };
                self.current = Some((self.id(&attributes), outcome));
                Element::Test
            }
            // A result that flipped within the run is no pass either.
            "failure" | "error" | "flakyFailure" | "flakyError" | "rerunFailure" | "rerunError" => {
                let why = attributes(tag)?.get("message");
                self.mark(Status::Failed, &why);
                Element::Other
            }
            "skipped" => {
                self.mark(Status::Skipped, "");
                Element::Other
            }
            _ => Element::Other,
        };
        self.open.push(element);
        if empty {
            self.close();
        }
        Ok(())
    }

    fn close(&mut self) {
        if let Some(Element::Test) = self.open.pop()
            && let Some((id, outcome)) = self.current.take()
        {
            self.found.entry(id).or_default().push(outcome);
        }
    }

    /// The worst that is said of a test counts.
    fn mark(&mut self, status: Status, why: &str) {
        if let Some((_, outcome)) = &mut self.current
            && status > outcome.status
        {
            outcome.status = status;
            outcome.why = plain(why, MAX_WHY);
        }
    }

    fn id(&self, attributes: &Attributes) -> String {
        let mut file = attributes.get("file");
        let mut parts = Vec::new();
        for element in &self.open {
            if let Element::Suite { name, file: suite_file } = element {
                parts.push(name.clone());
                if file.is_empty() {
                    file.clone_from(suite_file);
                }
            }
        }
        parts.push(attributes.get("classname"));
        parts.insert(0, file);
        let mut said: Vec<String> = Vec::new();
        for part in parts {
            let part = part.replace(self.root, "");
            // What node:test and pytest write everywhere tells nothing apart.
            if !part.is_empty() && !matches!(part.as_str(), "test" | "pytest") && !said.contains(&part) {
                said.push(part);
            }
        }
        said.push(attributes.get("name").replace(self.root, ""));
        plain(&said.join(" > "), MAX_ID)
    }
}

/// Those of one name are told apart by a number. Passing ones first: which of them ran first doesn't matter then.
fn number(found: BTreeMap<String, Vec<Outcome>>) -> Tests {
    let mut tests = Tests::new();
    for (id, mut outcomes) in found {
        outcomes.sort_by_key(|outcome| outcome.status);
        for (n, outcome) in outcomes.into_iter().enumerate() {
            let id = if n == 0 { id.clone() } else { format!("{id} #{}", n + 1) };
            tests.insert(id, outcome);
        }
    }
    tests
}

struct Attributes(Vec<(String, String)>);

impl Attributes {
    fn get(&self, key: &str) -> String {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

/// Without the check for doubles, which costs the square of their number; there are few, by the bound.
fn attributes(tag: &BytesStart<'_>) -> Result<Attributes, Unusable> {
    let mut all = Vec::new();
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| Unusable::Malformed(plain(&error.to_string(), MAX_WHY)))?;
        if all.len() >= MAX_ATTRIBUTES {
            return Err(Unusable::TooMuch("attributes"));
        }
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| Unusable::Malformed(plain(&error.to_string(), MAX_WHY)))?;
        all.push((String::from_utf8_lossy(attribute.key.into_inner().as_ref()).into_owned(), value.into_owned()));
    }
    Ok(Attributes(all))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn statuses(xml: &str) -> Vec<(String, Status)> {
        parse(xml.as_bytes(), "/work/repo/").unwrap().into_iter().map(|(id, o)| (id, o.status)).collect()
    }

    #[test]
    fn node_pytest_and_nextest_reports_are_read() {
        let node = r#"<?xml version="1.0" encoding="utf-8"?><testsuites>
            <testcase name="x" time="0.5" classname="test"/>
            <testcase name="/work/repo/test/b.test.js" classname="test" failure="no"><failure message="no">&lt;b></failure></testcase>
            <testsuite name="s"><testcase name="in" classname="test"><skipped type="todo"/></testcase></testsuite>
            <!-- tests 3 --></testsuites>"#;
        assert_eq!(
            statuses(node),
            [
                ("s > in".to_owned(), Status::Skipped),
                ("test/b.test.js".to_owned(), Status::Failed),
                ("x".to_owned(), Status::Passed)
            ]
        );
        let pytest = r#"<testsuites><testsuite name="pytest"><testcase classname="tests.test_a" name="test_x[1]"/>
            <testcase classname="tests.test_a" name="test_y"><error message="failed on setup">t</error></testcase></testsuite></testsuites>"#;
        assert_eq!(
            statuses(pytest),
            [
                ("tests.test_a > test_x[1]".to_owned(), Status::Passed),
                ("tests.test_a > test_y".to_owned(), Status::Failed)
            ]
        );
        let nextest = r#"<testsuites name="nextest-run"><testsuite name="shop::it"><testcase name="pays" classname="shop::it">
            <flakyFailure message="once"/></testcase></testsuite></testsuites>"#;
        assert_eq!(statuses(nextest), [("shop::it > pays".to_owned(), Status::Failed)]);
    }

    #[test]
    fn tests_of_one_name_are_told_apart_whatever_their_order() {
        let one = r#"<testsuite><testcase name="a"/><testcase name="a"><failure/></testcase></testsuite>"#;
        let other = r#"<testsuite><testcase name="a"><failure/></testcase><testcase name="a"/></testsuite>"#;
        assert_eq!(statuses(one), statuses(other));
        assert_eq!(statuses(one)[1], ("a #2".to_owned(), Status::Failed));
    }

    #[test]
    fn a_failure_cannot_be_taken_back() {
        let xml = r#"<testsuite><testcase name="a"><failure message="m"/><skipped/></testcase></testsuite>"#;
        assert_eq!(statuses(xml), [("a".to_owned(), Status::Failed)]);
        let nested = r#"<testsuite><testcase name="a"><testcase name="b"/><failure/></testcase></testsuite>"#;
        assert_eq!(statuses(nested), [("a".to_owned(), Status::Failed)]);
    }

    #[test]
    fn hostile_reports_are_refused() {
        let bomb =
            r#"<!DOCTYPE t [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>"#;
        assert_eq!(parse(bomb.as_bytes(), "/"), Err(Unusable::DocumentType));
        let entity = r#"<testsuite><testcase name="&b;"/></testsuite>"#;
        assert!(matches!(parse(entity.as_bytes(), "/"), Err(Unusable::Malformed(_))));
        for cut in ["", "<testsuite>", "<testsuite><testcase name='a'/>", "<testsuite></testcase>", "ok"] {
            assert!(parse(cut.as_bytes(), "/").is_err(), "{cut}");
        }
        assert!(matches!(parse(b"<html/>", "/"), Err(Unusable::NotJunit(_))));
        assert!(matches!(parse(b"<testsuite/><testsuite/>", "/"), Err(Unusable::NotJunit(_))));
        let deep = "<testsuite>".repeat(100_000);
        assert_eq!(parse(deep.as_bytes(), "/"), Err(Unusable::TooMuch("nested elements")));
        let many: Vec<String> = (0..50_000).map(|n| format!("a{n}='1'")).collect();
        let wide = format!("<testsuite><testcase {}/></testsuite>", many.join(" "));
        assert_eq!(parse(wide.as_bytes(), "/"), Err(Unusable::TooMuch("attributes")));
        assert_eq!(parse(b"\xff\xfe<\0", "/"), Err(Unusable::Encoding));
    }

    #[test]
    fn names_can_move_no_cursor() {
        let xml = "<testsuite><testcase name=\"a&#x1b;[2Jb&#x202e;c&#10;d\"/></testsuite>";
        let id = &statuses(xml)[0].0;
        assert!(!id.chars().any(|c| c.is_control() || c == '\u{202e}'), "{id:?}");
    }
}
