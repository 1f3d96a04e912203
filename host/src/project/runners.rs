//! Which test runners a repository uses, and how each is asked for a report. What is read here is hostile: scripts are
//! split into words, never run, and only plain ones are understood.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::look::Seen;
use super::parse::is_the_sandboxs;
use crate::model::SetUp;

/// One way of testing the repository.
pub(super) struct Runner {
    /// For a comment.
    pub(super) what: &'static str,
    pub(super) language: &'static str,
    pub(super) framework: &'static str,
    pub(super) command: Vec<String>,
    pub(super) junit: Option<String>,
    pub(super) files: Vec<String>,
    pub(super) env: BTreeMap<String, String>,
    pub(super) set_up: Option<SetUp>,
    /// What a person should do to get more out of it.
    pub(super) notes: Vec<&'static str>,
    /// What its manifest calls the project.
    pub(super) name: Option<String>,
    /// How many files are tests.
    pub(super) tests: usize,
}

/// All that were found.
pub(super) fn find(seen: &Seen<'_>) -> Vec<Runner> {
    [node(seen), python(seen), cargo(seen)].into_iter().flatten().collect()
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

const SCRIPT_TESTS: [&str; 10] = [
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

/// The first glob that finds tests, with those that find more.
fn tests(seen: &Seen<'_>, globs: &[&str]) -> (Vec<String>, usize) {
    let (all, most) = seen.matching(globs);
    let mut chosen: Vec<&str> = Vec::new();
    let mut count = 0;
    for glob in &all {
        chosen.push(glob);
        let now = seen.matching(&chosen).1;
        if now == count {
            chosen.pop();
        }
        count = now.max(count);
        if count == most {
            break;
        }
    }
    (chosen.into_iter().map(str::to_owned).collect(), most)
}

fn node(seen: &Seen<'_>) -> Option<Runner> {
    let package: Value = serde_json::from_str(&seen.text("package.json")?).ok()?;
    let script = package.pointer("/scripts/test").and_then(Value::as_str).unwrap_or("");
    let depends = |name: &str| {
        ["dependencies", "devDependencies"].iter().any(|key| package.get(key).and_then(|all| all.get(name)).is_some())
    };
    let (env, said) = script_words(script).unwrap_or_default();
    let program = said.first().map_or("", String::as_str);
    let (mut files, count) = tests(seen, &SCRIPT_TESTS);
    if files.is_empty() {
        files = words(&["**/*.test.*"]);
    }
    let set_up = node_set_up(seen, &package);
    let mut runner = Runner {
        what: "package.json's test script",
        language: "javascript",
        framework: "command",
        command: words(&["npm", "test", "--silent"]),
        junit: None,
        files,
        env,
        set_up,
        notes: Vec::new(),
        name: package.get("name").and_then(Value::as_str).map(str::to_owned),
        tests: count,
    };
    let after = |from: usize| said.get(from..).unwrap_or_default().to_vec();
    if program == "node" && said.iter().any(|word| word == "--test") {
        runner.framework = "node-test";
        let reporters = ["--test-reporter=junit", "--test-reporter-destination=junit.xml"];
        let rest = after(1).into_iter().filter(|word| !word.starts_with("--test-reporter"));
        // Node takes its own options only before the first file.
        let (mut options, mut paths) = (words(&["node"]), Vec::new());
        for word in rest {
            if paths.is_empty() && word.starts_with('-') || is_value_of(options.last()) {
                options.push(word);
            } else {
                paths.push(word);
            }
        }
        options.extend(words(&reporters));
        options.extend(paths);
        runner.command = options;
        runner.junit = Some("junit.xml".to_owned());
    } else if program == "vitest" || (said.is_empty() && depends("vitest")) {
        runner.framework = "vitest";
        runner.command = words(&["node_modules/.bin/vitest", "run", "--reporter=junit", "--outputFile=junit.xml"]);
        runner.command.extend(after(1).into_iter().filter(|word| {
            word != "run" && word != "--watch" && !word.starts_with("--reporter") && !word.starts_with("--outputFile")
        }));
        runner.junit = Some("junit.xml".to_owned());
    } else if program == "jest" || (said.is_empty() && depends("jest")) {
        runner.framework = "jest";
        runner.command = words(&["node_modules/.bin/jest", "--ci"]);
        let watch = |word: &String| word.starts_with("--watch") || word.starts_with("--reporters") || word == "--ci";
        runner.command.extend(after(1).into_iter().filter(|word| !watch(word)));
        if depends("jest-junit") {
            runner.command.push("--reporters=jest-junit".to_owned());
            runner.env.insert("JEST_JUNIT_OUTPUT_FILE".to_owned(), "junit.xml".to_owned());
            runner.junit = Some("junit.xml".to_owned());
        } else {
            runner.notes.push("Add jest-junit to devDependencies and --reporters=jest-junit to the command for it.");
        }
    } else if script.is_empty() || script.contains("no test specified") {
        return None;
    } else {
        runner.notes.push("The test script is more than one plain command, so it runs as it is.");
        runner.env.clear();
    }
    Some(runner)
}

/// Options of node that take the next word.
fn is_value_of(option: Option<&String>) -> bool {
    const TAKES: [&str; 6] = ["--import", "--require", "-r", "--loader", "--experimental-loader", "-C"];
    option.is_some_and(|option| TAKES.contains(&option.as_str()))
}

/// Variables and words of a script that is one plain command; anything that needs a shell is not understood.
fn script_words(script: &str) -> Option<(BTreeMap<String, String>, Vec<String>)> {
    if script.len() > 2000
        || script.contains(char::is_control)
        || script.contains(['&', '|', ';', '<', '>', '$', '`', '(', ')', '\\', '#'])
    {
        return None;
    }
    let mut words = shlex::split(script)?.into_iter().peekable();
    words.next_if(|word| word == "cross-env" || word == "npx");
    let mut env = BTreeMap::new();
    while let Some(word) = words.next_if(|word| is_assignment(word)) {
        let (name, value) = word.split_once('=')?;
        if is_the_sandboxs(name) {
            return None;
        }
        env.insert(name.to_owned(), value.to_owned());
    }
    words.next_if(|word| word == "npx");
    let words: Vec<String> = words.take(100).collect();
    (env.len() <= 32).then_some((env, words))
}

fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map_or("", |(name, _)| name);
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

fn node_set_up(seen: &Seen<'_>, package: &Value) -> Option<SetUp> {
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

const PYTHON_TESTS: [&str; 4] = ["tests/**/*.py", "test/**/*.py", "**/test_*.py", "**/*_test.py"];

fn python(seen: &Seen<'_>) -> Option<Runner> {
    let (files, count) = tests(seen, &PYTHON_TESTS);
    if count == 0 {
        return None;
    }
    let pyproject = seen.text("pyproject.toml").and_then(|text| text.parse::<toml::Table>().ok());
    let tool = |name: &str| pyproject.as_ref().is_some_and(|t| t.get("tool").and_then(|t| t.get(name)).is_some());
    let requirements = ["requirements-dev.txt", "requirements-test.txt", "dev-requirements.txt", "requirements.txt"];
    let required: Vec<&str> = requirements.into_iter().filter(|file| seen.has(file)).collect();
    let wanted = |name: &str| {
        let listed = |text: String| text.lines().any(|line| line.trim_start().to_lowercase().starts_with(name));
        required.iter().any(|file| seen.text(file).is_some_and(listed))
            || pyproject.as_ref().is_some_and(|table| mentions(table, name, 0))
    };
    let conftest = seen.files.iter().any(|file| file == "conftest.py" || file.ends_with("/conftest.py"));
    let says = |file: &str, section: &str| seen.text(file).is_some_and(|text| text.contains(section));
    let is_python = |file: &str| Path::new(file).extension().is_some_and(|ending| ending == "py");
    let mut pytest = conftest
        || seen.has("pytest.ini")
        || tool("pytest")
        || wanted("pytest")
        || says("tox.ini", "[pytest]")
        || says("setup.cfg", "[tool:pytest]");
    if !pytest {
        let (globs, _) = seen.matching(&["**/test*.py", "**/*_test.py"]);
        let one = seen.files.iter().filter(|file| is_python(file) && file.contains("test")).take(200);
        let uses = one.filter_map(|file| seen.text(file)).any(|text| text.contains("unittest"));
        pytest = !uses || globs.is_empty();
    }
    let (set_up, python) = python_set_up(seen, &required);
    let name = pyproject.as_ref().and_then(|t| t.get("project")?.get("name")?.as_str().map(str::to_owned));
    let mut runner = Runner {
        what: "Python tests",
        language: "python",
        framework: "pytest",
        command: vec![python.to_owned()],
        junit: Some("junit.xml".to_owned()),
        files,
        env: BTreeMap::new(),
        set_up,
        notes: Vec::new(),
        name,
        tests: count,
    };
    if pytest {
        runner.command.extend(words(&["-m", "pytest", "--junitxml=junit.xml"]));
    } else if wanted("unittest-xml-reporting") || wanted("xmlrunner") {
        runner.framework = "unittest";
        runner.command.extend(words(&["-m", "xmlrunner", "discover", "--output-file", "junit.xml"]));
    } else {
        runner.framework = "unittest";
        runner.command.extend(words(&["-m", "unittest", "discover"]));
        runner.junit = None;
        runner.notes.push("unittest-xml-reporting writes it: python3 -m xmlrunner discover --output-file junit.xml");
    }
    Some(runner)
}

/// Whether a list of requirements somewhere in the table begins one with that name.
fn mentions(table: &toml::Table, name: &str, depth: usize) -> bool {
    let is = |text: &str| text.trim_start().to_lowercase().starts_with(name);
    depth < 8
        && table.iter().any(|(key, value)| match value {
            toml::Value::Array(list) => list.iter().any(|one| one.as_str().is_some_and(is)),
            toml::Value::Table(inner) => {
                (key.contains("dependencies") && inner.contains_key(name)) || mentions(inner, name, depth + 1)
            }
            _ => false,
        })
}

/// How the environment is made, and the interpreter to call.
fn python_set_up(seen: &Seen<'_>, required: &[&str]) -> (Option<SetUp>, &'static str) {
    const INSIDE: &str = ".venv/bin/python";
    let venv = words(&["python3", "-m", "venv", ".venv"]);
    let made = |commands, lock_files: &[&str]| {
        (Some(SetUp { commands, lock_files: words(lock_files), produces: words(&[".venv"]) }), INSIDE)
    };
    if seen.has("uv.lock") {
        return made(vec![words(&["uv", "sync", "--frozen"])], &["uv.lock"]);
    }
    if seen.has("poetry.lock") {
        return made(vec![venv, words(&["poetry", "install", "--no-interaction"])], &["poetry.lock"]);
    }
    if !required.is_empty() {
        let mut pip = words(&[".venv/bin/pip", "install"]);
        for file in required {
            pip.extend(words(&["-r", file]));
        }
        return made(vec![venv, pip], required);
    }
    (None, "python3")
}

fn cargo(seen: &Seen<'_>) -> Option<Runner> {
    let manifest = seen.text("Cargo.toml")?.parse::<toml::Table>().ok()?;
    let (mut files, count) = seen.matching(&["tests/**", "*/tests/**", "**/tests.rs", "benches/**"]);
    if files.is_empty() {
        files = words(&["tests/**"]);
    }
    // A folder of crates is offline once their sources lie in the tree; command-line options name the folder.
    let lock = seen.text("Cargo.lock").unwrap_or_default();
    let foreign = lock.contains("source = \"registry+");
    let vendored = ["--config", "source.crates-io.replace-with=\"vendored\"", "--config"];
    let mut runner = Runner {
        what: "Cargo's tests",
        language: "rust",
        framework: "command",
        command: words(&["cargo", "test", "--offline"]),
        junit: None,
        files,
        env: BTreeMap::new(),
        set_up: None,
        notes: Vec::new(),
        name: manifest.get("package").and_then(|p| p.get("name")?.as_str().map(str::to_owned)),
        tests: count.max(1),
    };
    let nextest = [".config/nextest.toml"].iter().find_map(|file| seen.text(file)?.parse::<toml::Table>().ok());
    if let Some(config) = nextest {
        runner.framework = "cargo-nextest";
        runner.command = words(&["cargo", "nextest", "run", "--offline", "--no-fail-fast"]);
        let profiles = config.get("profile").and_then(toml::Value::as_table);
        let report = |(name, profile): (&String, &toml::Value)| {
            Some((name.clone(), profile.get("junit")?.get("path")?.as_str()?.to_owned()))
        };
        if let Some((profile, path)) = profiles.and_then(|all| all.iter().find_map(report)) {
            let path = format!("target/nextest/{profile}/{path}");
            if crate::model::RepoPath::new(&path).is_ok() && is_profile(&profile) {
                runner.command.extend(["--profile".to_owned(), profile]);
                runner.junit = Some(path);
            }
        } else {
            runner.notes.push("Say [profile.default.junit] path = \"junit.xml\" in .config/nextest.toml for it.");
        }
    } else {
        runner.notes.push("cargo-nextest writes one; see [profile.default.junit] in its documentation.");
    }
    if foreign {
        runner.command.extend(words(&vendored));
        runner.command.push("source.vendored.directory=\"vendor\"".to_owned());
        runner.set_up = Some(SetUp {
            commands: vec![words(&["cargo", "vendor", "--locked", "--quiet", "vendor"])],
            lock_files: words(&["Cargo.lock"]),
            produces: words(&["vendor"]),
        });
    }
    Some(runner)
}

fn is_profile(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') && !name.starts_with('-')
}
