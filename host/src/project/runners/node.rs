//! The test runners of package.json: node's own, vitest, jest, mocha; any other by npm.

use serde_json::Value;

use super::script::{self, Command};
use super::{Runner, Seen, tests, words};
use crate::model::SetUp;

const TESTS: [&str; 10] = [
    "test/**/*.{test,spec}.{js,mjs,cjs,jsx,ts,mts,cts,tsx}",
    "tests/**/*.{test,spec}.{js,mjs,cjs,jsx,ts,mts,cts,tsx}",
    "**/*.{test,spec}.{js,mjs,cjs,jsx,ts,mts,cts,tsx}",
    "**/__tests__/**/*.{js,jsx,ts,tsx}",
    "test/**/*.{js,mjs,cjs,ts}",
    "tests/**/*.{js,mjs,cjs,ts}",
    "**/*[-_]test.{js,mjs,cjs,ts}",
    "**/test-*.{js,mjs,cjs,ts}",
    "test.{js,mjs,cjs,ts}",
    "spec/**/*.{js,ts}",
];
/// Where node's runner looks by itself, in every version since 20.
const NODE_LOOKS: [&str; 4] =
    ["**/test/**/*.{js,cjs,mjs}", "**/test.{js,cjs,mjs}", "**/test-*.{js,cjs,mjs}", "**/*[._-]test.{js,cjs,mjs}"];
const NODE_JUNIT: [&str; 2] = ["--test-reporter=junit", "--test-reporter-destination=junit.xml"];
const JUNIT: &str = "junit.xml";

pub(super) fn find(seen: &Seen<'_>) -> Option<Runner> {
    let package: Value = serde_json::from_str(&seen.text("package.json")?).ok()?;
    let script = package.pointer("/scripts/test").and_then(Value::as_str).unwrap_or("");
    let depends = |name: &str| {
        ["dependencies", "devDependencies"].iter().any(|key| package.get(key).and_then(|all| all.get(name)).is_some())
    };
    let (mut files, count) = tests(seen, &TESTS);
    if files.is_empty() {
        files = words(&["**/*.test.*"]);
    }
    let mut runner = Runner {
        what: "package.json's test script",
        language: "javascript",
        framework: "command",
        command: words(&["npm", "test", "--silent"]),
        junit: None,
        files,
        env: std::collections::BTreeMap::new(),
        set_up: set_up(seen, &package),
        notes: Vec::new(),
        name: package.get("name").and_then(Value::as_str).map(str::to_owned),
        tests: count,
    };
    let no_script = script.is_empty() || script.contains("no test specified");
    let command = match script::test_command(&package) {
        Some(command) => command,
        None if no_script && depends("vitest") => Command { words: words(&["vitest"]), ..Command::default() },
        None if no_script && depends("jest") => Command { words: words(&["jest"]), ..Command::default() },
        None if no_script => return None,
        None => {
            runner.notes.push("The test script does more than check and test, so it runs as it is.");
            return Some(runner);
        }
    };
    runner.env = command.env;
    let (program, arguments) = command.words.split_first()?;
    match program.as_str() {
        "node" if arguments.iter().any(|word| word == "--test") => node_test(&mut runner, arguments),
        // Node's runner takes a file that fails as a failed test, whatever it was written with.
        "node" | "tape" => match files_by_node(seen, arguments) {
            Some(options) => {
                node_test(&mut runner, &[vec!["--test".to_owned()], options].concat());
                runner.notes.push("The tests are no tests of node's own; it runs each file, and tells of files.");
            }
            None => as_it_is(&mut runner, program, arguments),
        },
        "vitest" => vitest(&mut runner, arguments),
        "jest" => jest(&mut runner, arguments, depends("jest-junit")),
        "mocha" => mocha(&mut runner, arguments),
        _ => as_it_is(&mut runner, program, arguments),
    }
    Some(runner)
}

fn bin(program: &str) -> String {
    format!("node_modules/.bin/{program}")
}

fn as_it_is(runner: &mut Runner, program: &str, arguments: &[String]) {
    let program = if program == "node" { program.to_owned() } else { bin(program) };
    runner.command = [vec![program], arguments.to_vec()].concat();
    runner.notes.push("This runner writes no JUnit XML by itself.");
}

fn node_test(runner: &mut Runner, arguments: &[String]) {
    runner.framework = "node-test";
    runner.junit = Some(JUNIT.to_owned());
    // Node takes its own options only before the first file.
    let (mut options, mut paths) = (words(&["node"]), Vec::new());
    for word in arguments.iter().filter(|word| !word.starts_with("--test-reporter")) {
        if paths.is_empty() && word.starts_with('-') || takes_the_next(options.last()) {
            options.push(word.clone());
        } else {
            paths.push(word.clone());
        }
    }
    options.extend(words(&NODE_JUNIT));
    options.extend(paths);
    runner.command = options;
}

/// Node's options that say the same as these arguments, where node's runner finds by itself what they name.
fn files_by_node(seen: &Seen<'_>, arguments: &[String]) -> Option<Vec<String>> {
    let (mut options, mut paths) = (Vec::new(), Vec::new());
    let mut rest = arguments.iter();
    while let Some(word) = rest.next() {
        match word.as_str() {
            "-r" | "--require" => options.extend(["--require".to_owned(), rest.next()?.clone()]),
            "--import" => options.extend([word.clone(), rest.next()?.clone()]),
            option if option.starts_with('-') => return None,
            path => paths.push(path.trim_start_matches("./").trim_end_matches('/').to_owned()),
        }
    }
    // As node and tape read a path: a file, with or without its ending, a folder, or a glob.
    let named = |path: &str| {
        let globs = [path.to_owned(), format!("{path}.js"), format!("{path}/index.js")];
        let globs: Vec<&str> = globs.iter().map(String::as_str).collect();
        seen.matching(&globs)
    };
    let looked: Vec<String> = paths.iter().flat_map(|path| named(path).0).collect();
    let all: Vec<&str> = looked.iter().map(String::as_str).collect();
    let outside = seen.matching(&all).1 != seen.matching_both(&all, &NODE_LOOKS);
    (!looked.is_empty() && !outside).then_some(options)
}

fn vitest(runner: &mut Runner, arguments: &[String]) {
    runner.framework = "vitest";
    runner.command = [vec![bin("vitest")], words(&["run", "--reporter=junit", "--outputFile=junit.xml"])].concat();
    let ours = |word: &&String| {
        *word == "run" || *word == "--watch" || word.starts_with("--reporter") || word.starts_with("--outputFile")
    };
    runner.command.extend(arguments.iter().filter(|word| !ours(word)).cloned());
    runner.junit = Some(JUNIT.to_owned());
}

fn jest(runner: &mut Runner, arguments: &[String], has_junit: bool) {
    runner.framework = "jest";
    runner.command = vec![bin("jest"), "--ci".to_owned()];
    let ours = |word: &&String| word.starts_with("--watch") || word.starts_with("--reporters") || *word == "--ci";
    runner.command.extend(arguments.iter().filter(|word| !ours(word)).cloned());
    if has_junit {
        runner.command.push("--reporters=jest-junit".to_owned());
        runner.env.insert("JEST_JUNIT_OUTPUT_FILE".to_owned(), JUNIT.to_owned());
        runner.junit = Some(JUNIT.to_owned());
    } else {
        runner.notes.push("Add jest-junit to devDependencies and --reporters=jest-junit to the command for it.");
    }
}

/// Mocha's own reporter `xunit` writes what JUnit's readers read.
fn mocha(runner: &mut Runner, arguments: &[String]) {
    let mut rest = arguments.iter();
    runner.command = vec![bin("mocha"), "--reporter=xunit".to_owned(), format!("--reporter-option=output={JUNIT}")];
    while let Some(word) = rest.next() {
        match word.split('=').next().unwrap_or(word) {
            "-R" | "--reporter" | "-O" | "--reporter-option" | "--reporter-options" => {
                if !word.contains('=') {
                    rest.next();
                }
            }
            "-b" | "--bail" | "-w" | "--watch" => {}
            _ => runner.command.push(word.clone()),
        }
    }
    runner.junit = Some(JUNIT.to_owned());
}

/// Options of node that take the next word.
fn takes_the_next(option: Option<&String>) -> bool {
    const TAKES: [&str; 6] = ["--import", "--require", "-r", "--loader", "--experimental-loader", "-C"];
    option.is_some_and(|option| TAKES.contains(&option.as_str()))
}

fn set_up(seen: &Seen<'_>, package: &Value) -> Option<SetUp> {
    let kinds = ["dependencies", "devDependencies", "optionalDependencies"];
    let needs = |key: &&str| package.get(key).and_then(Value::as_object).is_some_and(|all| !all.is_empty());
    if !kinds.iter().any(needs) {
        return None;
    }
    let ways: [(&str, &[&str]); 4] = [
        ("package-lock.json", &["npm", "ci", "--no-audit", "--no-fund"]),
        ("pnpm-lock.yaml", &["pnpm", "install", "--frozen-lockfile"]),
        ("yarn.lock", &["yarn", "install", "--frozen-lockfile"]),
        ("package.json", &["npm", "install", "--no-audit", "--no-fund"]),
    ];
    let (lock, command) = ways.iter().find(|(lock, _)| seen.has(lock))?;
    Some(SetUp { commands: vec![words(command)], lock_files: words(&[lock]), produces: words(&["node_modules"]) })
}
