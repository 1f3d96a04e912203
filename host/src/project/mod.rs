//! Reads `thymus.toml`, in which the healed repository says how to test it. The text is hostile: it describes, and
//! every path and number in it is checked; what is permitted is policy's to say.

use std::collections::BTreeMap;

use miette::{Diagnostic, NamedSource, SourceSpan};
use serde::Deserialize;

use crate::model::{Framework, Project, RepoPath, SetUp, TestReport, TestRun};

/// Bytes of a `thymus.toml`.
pub const MAX_TEXT: usize = 256 << 10;
/// Seconds of one test run.
pub const MAX_TIMEOUT: u64 = 86_400;

/// What is wrong with a `thymus.toml`, and where.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("thymus.toml:{line}:{column}: {why}")]
#[diagnostic(code("TH-PROJECT"), help("see the commented file that `thymus init` writes"))]
pub struct ProjectError {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub why: String,
    #[source_code]
    source_code: NamedSource<String>,
    #[label("here")]
    span: SourceSpan,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    languages: Vec<String>,
    test: toml::Spanned<Test>,
    set_up: Option<toml::Spanned<Install>>,
    #[serde(default)]
    sequences: Vec<String>,
    #[serde(default)]
    docs: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    framework: Framework,
    command: Vec<String>,
    junit: Option<String>,
    files: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default = "ten_minutes")]
    timeout_seconds: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Install {
    commands: Vec<Vec<String>>,
    lock_files: Vec<String>,
    produces: Vec<String>,
}

fn ten_minutes() -> u64 {
    600
}

/// Checks a `thymus.toml`; the first mistake is told with its line and column.
pub fn parse(text: &str) -> Result<Project, ProjectError> {
    if text.len() > MAX_TEXT {
        return Err(mistake("", 0..0, format!("the file has more than {MAX_TEXT} bytes")));
    }
    let file: File = toml::from_str(text)
        .map_err(|error| mistake(text, error.span().unwrap_or(0..0), error.message().to_owned()))?;
    let at = file.test.span();
    let test = file.test.into_inner();
    let wrong = |why: String| Err(mistake(text, at.clone(), why));
    if test.command.first().is_none_or(String::is_empty) {
        return wrong("`command` names no program".to_owned());
    }
    if !(1..=MAX_TIMEOUT).contains(&test.timeout_seconds) {
        return wrong(format!("`timeout_seconds` is not between 1 and {MAX_TIMEOUT}"));
    }
    if let Some(Err(why)) = test.junit.as_ref().map(RepoPath::new) {
        return wrong(format!("`junit`: {why}"));
    }
    for glob in test.files.iter().chain(&file.sequences).chain(&file.docs) {
        if let Err(why) = globset::Glob::new(glob) {
            return wrong(why.to_string());
        }
    }
    let set_up = match file.set_up {
        None => None,
        Some(install) => {
            let at = install.span();
            let Install { commands, lock_files, produces } = install.into_inner();
            for path in lock_files.iter().chain(&produces) {
                RepoPath::new(path).map_err(|why| mistake(text, at.clone(), format!("{path:?}: {why}")))?;
            }
            if commands.iter().any(|command| command.first().is_none_or(String::is_empty)) {
                return Err(mistake(text, at, "a command names no program".to_owned()));
            }
            Some(SetUp { commands, lock_files, produces })
        }
    };
    let report = test.junit.map_or(TestReport::ExitStatus, |path| TestReport::Junit { path });
    let Test { framework, command, files, env, timeout_seconds, .. } = test;
    let run = TestRun { framework, command, report, files, env, timeout_seconds };
    let File { name, languages, sequences, docs, .. } = file;
    Ok(Project { name, languages, test: run, set_up, sequences, docs })
}

fn mistake(text: &str, span: std::ops::Range<usize>, why: String) -> ProjectError {
    let before = text.get(..span.start).unwrap_or("");
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    let source_code = NamedSource::new("thymus.toml", text.to_owned());
    ProjectError { line, column, why, source_code, span: span.into() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const GOOD: &str = "name = \"shop\"\nlanguages = [\"javascript\"]\n[test]\nframework = \"node-test\"\n\
        command = [\"node\", \"--test\"]\njunit = \"out.xml\"\nfiles = [\"test/**\"]\n";

    #[test]
    fn a_good_file_is_read() {
        let project = parse(GOOD).unwrap();
        assert_eq!(project.test.framework, Framework::NodeTest);
        assert_eq!(project.test.report, TestReport::Junit { path: "out.xml".to_owned() });
    }

    #[test]
    fn mistakes_have_a_place() {
        let error = parse(&format!("{GOOD}  shell = true\n")).unwrap_err();
        assert_eq!((error.line, error.column), (8, 3), "{error}");
        assert_eq!(parse(&GOOD.replace("out.xml", "../x")).unwrap_err().line, 3);
        assert_eq!(parse(&GOOD.replace("node-test", "mocha")).unwrap_err().line, 4);
        assert!(parse("").is_err());
    }
}
