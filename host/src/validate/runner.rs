//! What each test framework is asked, so that it tells of every test. It only makes words; `bench` runs them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::model::{Framework, TestReport, TestRun};

/// Where the repository lies inside.
pub(super) const ROOT: &str = "/work/repo";
/// Where the host's own runner for unittest lies inside, and what it is.
pub(super) const SCRIPT: &str = "/runner/unittest_junit.py";
pub(super) const SCRIPT_TEXT: &str = include_str!("unittest_junit.py");
/// Where a report goes that the repository didn't ask for.
const REPORT: &str = "/tmp/junit.xml";

/// A command and where its report comes out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    pub(super) command: Vec<String>,
    /// Absent where only the exit status tells.
    pub(super) report: Option<PathBuf>,
    /// Whether [`SCRIPT`] is needed.
    pub(super) script: bool,
}

/// The repository's own command, with a report asked for where that needs no more than words.
pub(super) fn ask(test: &TestRun) -> Asked {
    let command = to_the_end(test.framework, inside(&test.command));
    if let Some(command) = unittest(test, &command) {
        return Asked { command, report: Some(REPORT.into()), script: true };
    }
    if let TestReport::Junit { path } = &test.report {
        return Asked { command, report: Some(Path::new(ROOT).join(path)), script: false };
    }
    let mut command = command;
    let has = |option: &str| test.command.iter().any(|word| word.starts_with(option));
    let asked = match test.framework {
        Framework::NodeTest if !has("--test-reporter") => match command.iter().position(|word| word == "--test") {
            Some(at) => {
                let destination = format!("--test-reporter-destination={REPORT}");
                command.splice(at + 1..=at, ["--test-reporter=junit".to_owned(), destination]);
                true
            }
            None => false,
        },
        Framework::Pytest if !has("--junit") => {
            command.push(format!("--junitxml={REPORT}"));
            true
        }
        _ => false,
    };
    Asked { command, report: asked.then(|| REPORT.into()), script: false }
}

/// Takes away what stops a run at its first failure: then nothing would be known of the tests behind it.
fn to_the_end(framework: Framework, command: Vec<String>) -> Vec<String> {
    let (stops, goes_on): (&[&str], &str) = match framework {
        Framework::Pytest => (&["-x", "--exitfirst", "--maxfail"], "--maxfail=0"),
        Framework::Jest | Framework::Vitest => (&["--bail"], "--bail=0"),
        Framework::Unittest => (&["-f", "--failfast"], ""),
        Framework::CargoNextest => (&["--fail-fast", "--max-fail"], "--no-fail-fast"),
        Framework::NodeTest | Framework::Command => return command,
    };
    let name = |word: &str| word.split('=').next().unwrap_or(word).to_owned();
    let (mut kept, mut number_follows) = (Vec::new(), false);
    for word in command {
        let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
        let stop = stops.contains(&name(&word).as_str());
        if !(stop || number_follows && is_number) {
            kept.push(word.clone());
        }
        number_follows = stop && !word.contains('=');
    }
    let runner = match framework {
        Framework::Pytest => "pytest",
        Framework::Jest => "jest",
        Framework::Vitest => "vitest",
        _ => "nextest",
    };
    // Only where the runner itself reads the words: a script of the repository might not understand one more.
    let direct = kept.iter().any(|word| word.rsplit('/').next() == Some(runner));
    // One file that can't be loaded must not hide the tests of the others.
    let loads_on = if framework == Framework::Pytest { "--continue-on-collection-errors" } else { "" };
    for word in [goes_on, loads_on] {
        if direct && !word.is_empty() && !kept.iter().any(|known| known == word) {
            // Behind `--` options are names of tests.
            let end = kept.iter().position(|word| word == "--").unwrap_or(kept.len());
            kept.insert(end, word.to_owned());
        }
    }
    kept
}

/// `python -m unittest …` becomes `python unittest_junit.py REPORT …`.
fn unittest(test: &TestRun, command: &[String]) -> Option<Vec<String>> {
    let at = command.windows(2).position(|words| words[0] == "-m" && words[1] == "unittest")?;
    if test.framework != Framework::Unittest {
        return None;
    }
    let mut asked = command[..at].to_vec();
    asked.extend([SCRIPT.to_owned(), REPORT.to_owned()]);
    asked.extend_from_slice(&command[at + 2..]);
    Some(asked)
}

/// A program named by a relative path is the repository's own, or one that set-up made.
pub(super) fn inside(command: &[String]) -> Vec<String> {
    let mut command = command.to_vec();
    if let Some(program) = command.first_mut()
        && program.contains('/')
        && !program.starts_with('/')
    {
        *program = format!("{ROOT}/{}", program.trim_start_matches("./"));
    }
    command
}

/// The environment of every run: an allow-list, not the person's.
pub(super) fn environment(path: &str, own: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut env = own.clone();
    let fixed = [
        ("PATH", path),
        ("HOME", "/home"),
        ("TMPDIR", "/tmp"),
        ("LANG", "C.UTF-8"),
        ("TZ", "UTC"),
        ("CI", "1"),
        ("NO_COLOR", "1"),
        ("PYTHONDONTWRITEBYTECODE", "1"),
    ];
    for (name, value) in fixed {
        // thymus.toml may choose its own language or time zone, never a path.
        let keep = !matches!(name, "PATH" | "HOME" | "TMPDIR") && env.contains_key(name);
        if !keep {
            env.insert(name.to_owned(), value.to_owned());
        }
    }
    env
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(framework: Framework, command: &[&str], junit: Option<&str>) -> TestRun {
        TestRun {
            framework,
            command: command.iter().map(|word| (*word).to_owned()).collect(),
            report: junit.map_or(TestReport::ExitStatus, |path| TestReport::Junit { path: path.to_owned() }),
            files: Vec::new(),
            env: BTreeMap::new(),
            timeout_seconds: 1,
        }
    }

    #[test]
    fn a_report_is_asked_for_where_words_suffice() {
        let node = ask(&test(Framework::NodeTest, &["node", "--test", "test/"], None));
        let words = ["node", "--test", "--test-reporter=junit", "--test-reporter-destination=/tmp/junit.xml", "test/"];
        assert_eq!(node.command, words);
        let pytest = ask(&test(Framework::Pytest, &[".venv/bin/python", "-m", "pytest"], None));
        let program = ["/work/repo/.venv/bin/python", "-m", "pytest"];
        let options = ["--maxfail=0", "--continue-on-collection-errors", "--junitxml=/tmp/junit.xml"];
        assert_eq!(pytest.command, [program, options].concat());
        let unittest = ask(&test(Framework::Unittest, &["python3", "-B", "-m", "unittest", "discover"], None));
        assert_eq!(unittest.command, ["python3", "-B", SCRIPT, "/tmp/junit.xml", "discover"]);
        let own = ask(&test(Framework::Command, &["make", "test"], None));
        assert_eq!((own.command.len(), own.report), (2, None));
    }

    #[test]
    fn no_run_ends_at_its_first_failure() {
        let jest = ask(&test(Framework::Jest, &["node_modules/.bin/jest", "--bail", "2", "--ci"], Some("j.xml")));
        assert_eq!(jest.command, ["/work/repo/node_modules/.bin/jest", "--ci", "--bail=0"]);
        let nextest = ask(&test(Framework::CargoNextest, &["cargo", "nextest", "run", "--", "--skip", "x"], None));
        assert_eq!(nextest.command, ["cargo", "nextest", "run", "--no-fail-fast", "--", "--skip", "x"]);
        let unittest = ask(&test(Framework::Unittest, &["python3", "-m", "unittest", "-f"], None));
        assert_eq!(unittest.command, ["python3", SCRIPT, "/tmp/junit.xml"]);
    }

    #[test]
    fn what_the_repository_says_is_kept() {
        let own = ask(&test(Framework::NodeTest, &["node", "--test", "--test-reporter=junit"], Some("out/j.xml")));
        assert_eq!(own.command, ["node", "--test", "--test-reporter=junit"]);
        assert_eq!(own.report, Some("/work/repo/out/j.xml".into()));
    }

    #[test]
    fn the_repository_chooses_no_path() {
        let own = BTreeMap::from([("PATH".into(), "/evil".into()), ("TZ".into(), "Asia/Tokyo".into())]);
        let env = environment("/usr/bin", &own);
        assert_eq!((env["PATH"].as_str(), env["TZ"].as_str()), ("/usr/bin", "Asia/Tokyo"));
    }
}
