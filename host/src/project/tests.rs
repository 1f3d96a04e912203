//! What people write, what attackers write, and what `look` makes of ordinary repositories.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::model::{Framework, Project, TestReport};

const GOOD: &str = "name = \"shop\"\nlanguages = [\"javascript\"]\n[test]\nframework = \"node-test\"\n\
    command = [\"node\", \"--test\"]\njunit = \"out.xml\"\nfiles = [\"test/**\"]\n";
const INSTALL: &str = "[set_up]\ncommands = [[\"npm\", \"ci\"]]\nlock_files = [\"package-lock.json\"]\n\
    produces = [\"node_modules\"]\n";

#[test]
fn a_good_file_is_read() {
    let project = parse(&format!("{GOOD}env = {{ NODE_ENV = \"test\" }}\n{INSTALL}")).unwrap();
    assert_eq!(project.test.framework, Framework::NodeTest);
    assert_eq!(project.test.report, TestReport::Junit { path: "out.xml".to_owned() });
    assert_eq!(project.test.timeout_seconds, 600);
    assert_eq!(project.test.env["NODE_ENV"], "test");
    assert_eq!(project.set_up.unwrap().produces, ["node_modules"]);
}

#[test]
fn the_samples_files_are_read() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/samples");
    let mut read = 0;
    for sample in std::fs::read_dir(samples).unwrap() {
        let file = sample.unwrap().path().join("thymus.toml");
        if let Ok(text) = std::fs::read_to_string(&file) {
            assert!(parse(&text).is_ok(), "{}: {:?}", file.display(), parse(&text));
            read += 1;
        }
    }
    assert!(read > 0);
}

/// The only mistake of a text: line, column, what and fix.
fn one(text: &str) -> (usize, usize, String, String) {
    let errors = parse(text).unwrap_err();
    assert_eq!(errors.mistakes.len(), 1, "{errors:?}");
    let mistake = &errors.mistakes[0];
    (mistake.line, mistake.column, mistake.what.clone(), mistake.fix.clone())
}

#[test]
fn mistakes_have_a_place_and_a_fix() {
    for (from, to, line, column, fix) in [
        ("junit", "junitt", 6, 1, "did you mean `junit`?"),
        ("[test]", "[test]\ntimeout-seconds = 5", 4, 1, "did you mean `timeout_seconds`?"),
        ("node-test", "node_test", 4, 13, "did you mean `node-test`?"),
        ("node-test", "mocha", 4, 13, "\"command\" fits every other runner"),
        ("javascript", "javscript", 2, 14, "write \"javascript\""),
        ("[\"node\", \"--test\"]", "\"node --test\"", 5, 11, "command = [\"node\", \"--test\"]"),
        ("[\"node\", \"--test\"]", "[\"npm test\"]", 5, 12, "[\"npm\", \"test\"]"),
        ("[\"node\", \"--test\"]", "[\"a\", \"&&\", \"b\"]", 5, 17, "one program"),
        ("[\"node\", \"--test\"]", "[]", 5, 11, "[\"npm\", \"test\"]"),
        ("out.xml", "../out.xml", 6, 9, "below the top"),
        ("out.xml", ".git/hooks/post-checkout", 6, 9, "below the top"),
        ("test/**", "/etc/**", 7, 10, "relative"),
        ("test/**", "a/../../**", 7, 10, "relative"),
        ("test/**", "{a", 7, 10, "close its brackets"),
        ("[\"test/**\"]", "[]", 7, 9, "globs"),
        ("\"shop\"", "\"\"", 1, 8, "people call"),
        ("\"shop\"", "7", 1, 8, "quotes"),
        ("\"shop\"", "\"a\\u001b[31m\"", 1, 8, "remove"),
    ] {
        let (at_line, at_column, what, told) = one(&GOOD.replacen(from, to, 1));
        assert_eq!((at_line, at_column), (line, column), "{to}: {what}");
        assert!(told.contains(fix), "{to}: {what}: {told}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_in_order() {
    let errors = parse("nam = 1\nlanguages = \"python\"\n[test]\nframework = \"pytests\"\nfiles = 3\n").unwrap_err();
    let places: Vec<usize> = errors.mistakes.iter().map(|mistake| mistake.line).collect();
    assert!(places.len() >= 5 && places.is_sorted(), "{errors:?}");
    assert!(errors.mistakes.iter().any(|m| m.fix.contains("languages = [\"python\"]")), "{errors:?}");
    assert!(parse("").unwrap_err().mistakes.len() == 3);
    assert!(one("name = \n").3.contains("TOML"));
    let report = format!("{:?}", miette::Report::new(parse("nam = 1").unwrap_err()));
    assert!(report.contains("thymus.toml") && report.contains("did you mean `name`"), "{report}");
}

#[test]
fn promises_are_read_and_their_mistakes_told() {
    let promises = "[[threshold]]\nhandler = \"checkout\"\nquantile = 0.95\nmillis = 300\n\
        [[state]]\nhandler = \"payOrder\"\nfile = \"src/payment.js\"\nchanges = [\"order.status\"]\n\
        [[state]]\nhandler = \"getOrder\"\nchanges = []\n";
    let project = parse(&format!("{GOOD}{promises}")).unwrap();
    assert_eq!((project.thresholds[0].quantile, project.thresholds[0].millis), (0.95, 300.0));
    assert_eq!(project.states[0].file.as_deref(), Some("src/payment.js"));
    assert_eq!((project.states.len(), project.states[1].changes.len()), (2, 0));

    for (from, to, line, column, what) in [
        ("quantile = 0.95", "quantile = 95", 10, 12, "between 0 and 1"),
        ("quantile = 0.95", "quantile = nan", 10, 12, "between 0 and 1"),
        ("millis = 300", "millis = \"300\"", 11, 10, "no number"),
        ("millis = 300", "millis = 1e99", 11, 10, "of a day"),
        ("millis = 300", "milis = 300\nmillis = 300", 11, 1, "no key `milis`"),
        ("quantile = 0.95\n", "", 8, 1, "lacks `quantile`"),
        ("\"checkout\"", "\" \"", 9, 11, "empty"),
        ("src/payment.js", "../payment.js", 14, 8, "file"),
        ("changes = []\n", "", 16, 1, "lacks `changes`"),
        ("changes = []", "changes = \"all\"", 18, 11, "a list"),
    ] {
        let (at_line, at_column, told, _) = one(&format!("{GOOD}{}", promises.replacen(from, to, 1)));
        assert_eq!((at_line, at_column), (line, column), "{to}: {told}");
        assert!(told.contains(what), "{to}: {told}");
    }
    assert!(one(&format!("{GOOD}{}", promises.replacen("[[threshold]]", "[threshold]", 1))).2.contains("a list"));
}

#[test]
fn the_environment_stays_the_sandboxs() {
    for name in ["LD_PRELOAD", "PATH", "HOME", "THYMUS_KEY", "DYLD_INSERT_LIBRARIES", "GLIBC_TUNABLES"] {
        let (_, _, what, _) = one(&format!("{GOOD}env = {{ {name} = \"x\" }}\n"));
        assert!(what.contains("sandbox"), "{name}: {what}");
    }
    for name in ["\"A=B\"", "\"\"", "\"1A\"", "\"Ä\"", "\"A B\""] {
        assert!(one(&format!("{GOOD}env = {{ {name} = \"x\" }}\n")).2.contains("no name"), "{name}");
    }
    assert!(one(&format!("{GOOD}env = {{ A = \"x\\u0000y\" }}\n")).2.contains("control"));
}

#[test]
fn set_ups_mistakes() {
    for (from, to, fix) in [
        ("[[\"npm\", \"ci\"]]", "[\"npm\", \"ci\"]", "[[\"npm\", \"ci\"]]"),
        ("[[\"npm\", \"ci\"]]", "[[]]", "npm"),
        ("[\"package-lock.json\"]", "[]", "at least one"),
        ("\"node_modules\"", "\"../x\"", "below"),
        ("\"node_modules\"", "\"a\", \"a/b\"", "once"),
        ("\"node_modules\"", "\"a\", \"a/\"", "once"),
        ("produces", "produce", "did you mean `produces`"),
    ] {
        let errors = parse(&format!("{GOOD}{}", INSTALL.replacen(from, to, 1))).unwrap_err();
        assert!(errors.mistakes.iter().any(|mistake| mistake.fix.contains(fix)), "{to}: {errors:?}");
    }
}

#[test]
fn counts_and_lengths_are_bounded() {
    let many = |count: usize, one: &str| vec![one; count].join(", ");
    assert!(parse(&GOOD.replace("\"test/**\"", &many(257, "\"a\""))).is_err());
    assert!(parse(&GOOD.replace("\"--test\"", &many(257, "\"a\""))).is_err());
    assert!(parse(&GOOD.replace("--test", &"a".repeat(4097))).is_err());
    assert!(parse(&GOOD.replace("shop", &"a".repeat(101))).is_err());
    assert!(parse(&GOOD.replace("test/**", &"{a,b}".repeat(100))).is_ok());
    assert!(parse(&GOOD.replace("test/**", &"a".repeat(513))).is_err());
    assert!(parse(&"#".repeat(MAX_TEXT + 1)).unwrap_err().to_string().contains("bytes"));
    assert!(parse(&format!("{GOOD}timeout_seconds = 86401")).is_err());
    assert!(parse(&format!("{GOOD}timeout_seconds = -1")).is_err());
    assert!(parse(&format!("{GOOD}timeout_seconds = 99999999999999999999999")).is_err());
    assert_eq!(parse("x = 1\n").unwrap_err().mistakes.len(), 4);
    let flood: String = (0..10_000).fold(String::new(), |all, n| format!("{all}k{n} = 1\n"));
    assert_eq!(parse(&flood).unwrap_err().mistakes.len(), 20);
    assert!(parse(&format!("x = {}", "[".repeat(100_000))).is_err());
}

fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    dir
}

fn looked(files: &[(&str, &str)]) -> (Project, String) {
    look(repository(files).path()).unwrap()
}

#[test]
fn node_test_is_seen() {
    let package = r#"{"name": "shop", "scripts": {"test": "NODE_ENV=test node --import tsx --test test/*.ts"},
        "devDependencies": {"tsx": "4"}}"#;
    let (project, text) = looked(&[
        ("package.json", package),
        ("package-lock.json", "{}"),
        ("src/a.ts", ""),
        ("test/a.test.ts", ""),
        ("README.md", ""),
        ("docs/guide/x.md", ""),
        ("docs/sequences/checkout.yaml", ""),
        ("node_modules/x/test/b.test.js", ""),
    ]);
    assert_eq!(project.name, "shop");
    assert_eq!(project.languages, ["typescript"]);
    assert_eq!(project.test.framework, Framework::NodeTest);
    let junit = ["--test-reporter=junit", "--test-reporter-destination=junit.xml"];
    assert_eq!(project.test.command, ["node", "--import", "tsx", "--test", junit[0], junit[1], "test/*.ts"]);
    assert_eq!(project.test.env["NODE_ENV"], "test");
    assert_eq!(project.test.files.len(), 1, "{text}");
    assert_eq!(project.set_up.unwrap().lock_files, ["package-lock.json"]);
    assert_eq!(project.docs, ["README.md", "docs/**/*.md"]);
    assert_eq!(project.sequences, ["docs/sequences/*.yaml"]);
}

#[test]
fn the_samples_are_seen_as_their_authors_described_them() {
    for sample in ["order-shop", "inventory-service"] {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/samples").join(sample);
        let (seen, text) = look(&sample).unwrap();
        let written = parse(&std::fs::read_to_string(sample.join("thymus.toml")).unwrap()).unwrap();
        assert_eq!(seen.test.command, written.test.command, "{text}");
        assert_eq!(seen.test.report, written.test.report);
        assert_eq!((seen.name, seen.languages), (written.name, written.languages));
        assert_eq!(seen.sequences, written.sequences);
        assert_eq!(seen.docs[0], written.docs[0]);
        // The order shop's tests need nothing installed, which a look can't know.
        assert!(written.set_up.is_none() || seen.set_up == written.set_up, "{text}");
    }
}

#[test]
fn jest_and_vitest_are_seen() {
    let (project, text) = looked(&[
        ("package.json", r#"{"scripts": {"test": "jest --watchAll --coverage"}, "devDependencies": {"jest": "30"}}"#),
        ("src/__tests__/a.js", ""),
    ]);
    assert_eq!(project.test.framework, Framework::Jest);
    assert_eq!(project.test.command, ["node_modules/.bin/jest", "--ci", "--coverage"]);
    assert_eq!(project.test.report, TestReport::ExitStatus);
    assert!(text.contains("jest-junit"), "{text}");

    let (project, _) = looked(&[
        ("package.json", r#"{"scripts": {"test": "cross-env CI=1 npx vitest"}, "devDependencies": {"vitest": "4"}}"#),
        ("pnpm-lock.yaml", ""),
        ("src/a.spec.ts", ""),
    ]);
    assert_eq!(project.test.framework, Framework::Vitest);
    assert_eq!(project.test.report, TestReport::Junit { path: "junit.xml".to_owned() });
    assert_eq!(project.test.env["CI"], "1");
    assert_eq!(project.set_up.unwrap().commands[0][0], "pnpm");
}

#[test]
fn a_script_that_needs_a_shell_is_run_as_it_is() {
    for script in ["tsc && jest", "sh -c 'x'", "jest $(id)", "jest `id`", "PATH=/x jest", "jest\u{b}"] {
        let package = serde_json::json!({ "scripts": { "test": script } }).to_string();
        let (project, _) = looked(&[("package.json", &package), ("a.test.js", "")]);
        assert_eq!(project.test.framework, Framework::Command);
        assert_eq!(project.test.command, ["npm", "test", "--silent"]);
    }
}

#[test]
fn a_runner_behind_linters_and_coverage_is_seen() {
    let scripts = r#"{"scripts": {"pretest": "eslint .", "test": "npm run unit", "unit": "nyc tape 'test/**/*.js'"}}"#;
    let (project, text) = looked(&[("package.json", scripts), ("test/parse.js", ""), ("test/more/a.js", "")]);
    assert_eq!(project.test.framework, Framework::NodeTest, "{text}");
    let junit = ["--test-reporter=junit", "--test-reporter-destination=junit.xml"];
    assert_eq!(project.test.command, ["node", "--test", junit[0], junit[1]]);
    assert!(text.contains("tells of files"), "{text}");

    // Node would not find these by itself, so tape runs them.
    let scripts = r#"{"scripts": {"test": "standard && tape specs/*.js"}}"#;
    let (project, _) = looked(&[("package.json", scripts), ("specs/a.js", ""), ("a.test.js", "")]);
    assert_eq!(project.test.command, ["node_modules/.bin/tape", "specs/*.js"]);
    assert_eq!(project.test.report, TestReport::ExitStatus);

    let scripts = r#"{"scripts": {"test": "c8 mocha -R dot --bail test/*.js && xo"}}"#;
    let (project, _) = looked(&[("package.json", scripts), ("test/a.js", "")]);
    let xunit = ["--reporter=xunit", "--reporter-option=output=junit.xml"];
    assert_eq!(project.test.command, ["node_modules/.bin/mocha", xunit[0], xunit[1], "test/*.js"]);
    assert_eq!(project.test.report, TestReport::Junit { path: "junit.xml".to_owned() });

    let scripts = r#"{"scripts": {"test": "node test"}}"#;
    let (project, _) = looked(&[("package.json", scripts), ("test/index.js", "")]);
    assert_eq!(project.test.command, ["node", "--test", junit[0], junit[1]]);
}

/// What the set-up would install, without pip's own words.
fn installed(files: &[(&str, &str)]) -> Vec<String> {
    let set_up = looked(files).0.set_up.unwrap();
    assert_eq!(set_up.commands[0], ["python3", "-m", "venv", ".venv"]);
    assert_eq!(set_up.commands[1][..2], [".venv/bin/pip", "install"]);
    set_up.commands[1][2..].to_vec()
}

#[test]
fn what_python_tests_need_is_read_from_where_people_write_it() {
    let test = ("tests/test_a.py", "def test_x(): pass");
    let package = ("src/stock/__init__.py", "");
    let extras = "[project]\nname = \"stock\"\n[project.optional-dependencies]\ntest = [\"pytest>=8\"]\n";
    assert_eq!(installed(&[("pyproject.toml", extras), package, test]), ["-e", ".[test]", "pytest"]);
    let groups = "[project]\nname = \"stock\"\ndependencies = []\n[dependency-groups]\n\
                  dev = [\"pytest>=8\", \"tox>=4\", \"--evil\", {include-group = \"x\"}]\n";
    let words = installed(&[("pyproject.toml", groups), package, test]);
    assert_eq!(words, ["-e", ".", "pytest>=8", "pytest"]);
    let tox = "[tox]\nenvlist = py3\n[testenv]\ndeps =\n    pytest\n    freezegun>=1\n    -rx.txt\n    py27: mock\ncommands = x\n";
    assert_eq!(installed(&[("setup.py", ""), ("tox.ini", tox), test]), ["-e", ".", "pytest", "freezegun>=1"]);
    let cfg = "[metadata]\nname = stock\n[options.extras_require]\ntesting =\n    pytest\n[tool:pytest]\naddopts = --cov stock\n";
    assert_eq!(installed(&[("setup.cfg", cfg), test]), ["-e", ".[testing]", "pytest-cov", "pytest"]);
    let listed = [("requirements_test.txt", "pytest\n"), ("pyproject.toml", extras), package, test];
    assert_eq!(installed(&listed), ["-r", "requirements_test.txt", "-e", ".[test]"]);
    // Nothing to install, and nothing that says so.
    assert!(looked(&[("stock.py", ""), test]).0.set_up.is_none());
}

#[test]
fn pytest_and_unittest_are_seen() {
    let (project, _) = looked(&[
        ("requirements.txt", "flask==3\npytest==8\n"),
        ("inventory/app.py", ""),
        ("tests/test_app.py", "def test_x(): pass"),
        ("tests/conftest.py", ""),
        ("venv/lib/test_x.py", ""),
    ]);
    assert_eq!(project.test.framework, Framework::Pytest);
    assert_eq!(project.test.command, [".venv/bin/python", "-m", "pytest", "--junitxml=junit.xml"]);
    assert_eq!(project.test.files, ["tests/**/*.py"]);
    assert_eq!(project.set_up.unwrap().commands[1], [".venv/bin/pip", "install", "-r", "requirements.txt"]);

    let pyproject = "[project]\nname = \"stock\"\n[dependency-groups]\ndev = [\"pytest>=8\"]\n";
    let (project, _) = looked(&[("pyproject.toml", pyproject), ("uv.lock", ""), ("test_a.py", "import unittest")]);
    assert_eq!((project.name.as_str(), project.test.framework), ("stock", Framework::Pytest));
    assert_eq!(project.set_up.unwrap().commands, [["uv", "sync", "--frozen"]]);

    let (project, text) = looked(&[("a.py", ""), ("test_a.py", "import unittest\n")]);
    assert_eq!(project.test.framework, Framework::Unittest);
    assert_eq!(project.test.command, ["python3", "-m", "unittest", "discover"]);
    assert_eq!(project.test.report, TestReport::ExitStatus);
    assert!(text.contains("xmlrunner"), "{text}");
}

#[test]
fn cargo_and_nextest_are_seen() {
    let manifest = "[package]\nname = \"shop\"\n";
    let (project, _) = looked(&[("Cargo.toml", manifest), ("src/lib.rs", "")]);
    assert_eq!(project.test.command, ["cargo", "test", "--offline"]);
    assert!(project.set_up.is_none());
    let (project, _) = looked(&[
        ("Cargo.toml", manifest),
        (
            "Cargo.lock",
            "[[package]]\nname = \"x\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n",
        ),
        (".config/nextest.toml", "[profile.ci.junit]\npath = \"junit.xml\"\n"),
        ("tests/a.rs", ""),
    ]);
    assert_eq!(project.test.framework, Framework::CargoNextest);
    assert_eq!(project.test.report, TestReport::Junit { path: "target/nextest/ci/junit.xml".to_owned() });
    assert_eq!(project.set_up.unwrap().produces, ["vendor"]);
}

#[test]
fn what_has_no_tests_is_said_to_have_none() {
    let dir = repository(&[
        ("main.c", ""),
        ("package.json", "{\"scripts\": {\"test\": \"echo \\\"Error: no test specified\\\" && exit 1\"}}"),
    ]);
    assert!(matches!(look(dir.path()), Err(ProjectError::Unknown { .. })));
    assert!(matches!(look(&dir.path().join("none")), Err(ProjectError::Read { .. })));
}

#[test]
fn hostile_repositories_are_looked_at_safely() {
    let package = serde_json::json!({
        "name": "a\u{1b}[2J\"\n[set_up]\ncommands = [[\"sh\"]]",
        "scripts": { "test": "node --test 'x\"]\nframework = \"command'" },
    });
    let dir = repository(&[
        ("package.json", &package.to_string()),
        ("a]\"\n/sequences/x.yaml", ""),
        ("do{cs/sequences/x.yaml", ""),
        ("x.test.js", ""),
    ]);
    // A pipe would block whoever opens it, a link leads out.
    rustix::fs::mknodat(
        rustix::fs::CWD,
        dir.path().join("pyproject.toml"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    std::os::unix::fs::symlink("/", dir.path().join("root")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", dir.path().join("Cargo.toml")).unwrap();
    let (project, text) = look(dir.path()).unwrap();
    assert!(project.set_up.is_none(), "{text}");
    assert!(!text.contains('\u{1b}') && project.sequences.is_empty(), "{text}");
    assert!(!project.name.contains('\n'));
}

proptest! {
    #[test]
    fn no_text_panics(text in "(?s)(name|test|\\[set_up\\]|files|env|[\\[\\]{}=\",. \\n*a-z0-9\u{1b}é]){0,60}") {
        let _ = parse(&text);
        let _ = parse(&format!("{GOOD}{text}"));
    }

    #[test]
    fn no_package_panics_and_every_draft_is_read(name in ".{0,20}", script in ".{0,40}", file in "[a-z\\[\\]{}! .]{1,9}") {
        let package = serde_json::json!({ "name": name, "scripts": { "test": format!("node --test {script}") } });
        let dir = repository(&[("package.json", &package.to_string()), (&format!("{file}.test.js"), "")]);
        let looked = look(dir.path());
        prop_assert!(looked.is_ok(), "{:?}", looked);
    }
}
