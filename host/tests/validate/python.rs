//! unittest with thymus's own runner, and pytest where the registry can be reached.

use thymus::model::{Expectation, Framework, GateName, GateStatus, TestReport};

use crate::bench::{Trial, all_passed, refused};

pub const STOCK: &str = "def level(items, name):\n    return items[name]['count']\n";
pub const FIXED: &str = "def level(items, name):\n    return items.get(name, {}).get('count', 0)\n";
const OLD: &str = "import unittest\nfrom stock import level\n\n\nclass Levels(unittest.TestCase):\n    \
    def test_known(self):\n        self.assertEqual(level({'nut': {'count': 3}}, 'nut'), 3)\n\n    \
    def test_each(self):\n        for n in range(3):\n            with self.subTest(n=n):\n                \
    self.assertEqual(level({'nut': {'count': n}}, 'nut'), n)\n";
pub const NEW: &str = "import unittest\nfrom stock import level\n\n\nclass Unknown(unittest.TestCase):\n    \
    def test_unknown(self):\n        self.assertEqual(level({}, 'nut'), 0)\n";

/// An inventory with a fault in `level`.
pub fn inventory() -> Trial {
    let command = ["python3", "-m", "unittest", "discover", "-s", "tests", "-t", "."];
    Trial::new(Framework::Unittest, &command, None, "tests/**/*.py")
        .file("stock.py", STOCK)
        .file("tests/__init__.py", "")
        .file("tests/test_levels.py", OLD)
}

#[test]
fn unittest_tells_of_each_test_without_a_writer_of_its_own() {
    let trial = inventory().change("stock.py", FIXED).change("tests/test_unknown.py", NEW);
    let verdict = trial.prove();
    all_passed(&verdict);
    assert_eq!(
        verdict.gates[1].evidence,
        ["tests.test_unknown.Unknown > test_unknown: KeyError: 'nut'"],
        "{verdict:#?}"
    );
    assert!(verdict.gates[2].detail.contains("12 failing tests planted in 2 file(s)"), "{verdict:#?}");
}

#[test]
fn an_import_that_only_the_patch_satisfies_shows_nothing() {
    let trial = inventory()
        .change("stock.py", &format!("{FIXED}\n\ndef helper():\n    return 1\n"))
        .change("tests/test_unknown.py", &NEW.replace("import level", "import helper, level"));
    refused(&trial.prove(), GateName::Reproduces, "TH-VAL-NOT-LOADED");
}

#[test]
fn a_failing_subtest_fails_its_test() {
    let broken = "def level(items, name):\n    return min(items.get(name, {}).get('count', 0), 1)\n";
    let trial = inventory().change("stock.py", broken).change("tests/test_unknown.py", NEW);
    let gate = refused(&trial.prove(), GateName::RegressesNothing, "TH-VAL-REGRESSION");
    assert!(gate.evidence.iter().any(|line| line.contains("test_known")), "{gate:?}");
}

#[test]
fn covering_python_tests_must_notice_a_broken_handler() {
    let covers = |call: &str| {
        let test = NEW.replace("self.assertEqual(level({}, 'nut'), 0)", call);
        let mut trial = inventory().change("tests/test_cover.py", &test);
        trial.expects = vec![Expectation::TestsCover { handler: "stock.level".into() }];
        trial.prove()
    };
    all_passed(&covers("self.assertEqual(level({'a': {'count': 2}}, 'a'), 2)"));
    refused(&covers("self.assertTrue(callable(level))"), GateName::Reproduces, "TH-VAL-COVERS-NOTHING");
}

#[test]
fn an_exit_status_alone_leaves_much_unknown() {
    let mut trial = inventory().change("stock.py", FIXED).change("tests/test_unknown.py", NEW);
    trial.project.test.framework = Framework::Command;
    let verdict = trial.prove();
    assert!(verdict.passed() && verdict.gates.len() == 5, "{verdict:#?}");
    for gate in &verdict.gates[..4] {
        assert_eq!(gate.status, GateStatus::Unknown, "{gate:?}");
    }
    let mut trial = inventory().change("stock.py", STOCK).change("tests/test_unknown.py", NEW);
    trial.project.test.framework = Framework::Command;
    refused(&trial.prove(), GateName::Reproduces, "TH-VAL-EXIT");
}

/// A venv with pytest in it.
pub fn with_pytest(trial: Trial) -> Trial {
    let mut trial = trial.file("requirements.txt", "pytest==8.4.2\n").set_up(
        &[&["python3", "-m", "venv", ".venv"], &[".venv/bin/pip", "install", "-q", "-r", "requirements.txt"]],
        "requirements.txt",
        ".venv",
    );
    trial.rules.set_up_network = true;
    trial.rules.run_seconds = 300;
    trial.project.test.framework = Framework::Pytest;
    trial.project.test.command =
        [".venv/bin/python", "-m", "pytest", "--junitxml=junit.xml"].map(String::from).to_vec();
    trial.project.test.report = TestReport::Junit { path: "junit.xml".into() };
    trial
}

#[test]
fn pytest_from_an_environment_that_set_up_made() {
    let old = "from stock import level\n\n\ndef test_known():\n    assert level({'nut': {'count': 3}}, 'nut') == 3\n";
    let new = "from stock import level\n\n\ndef test_unknown():\n    assert level({}, 'nut') == 0\n";
    let trial = with_pytest(inventory()).file("tests/test_more.py", old).change("stock.py", FIXED);
    let trial = trial.change("tests/test_unknown.py", new);
    let verdict = trial.prove();
    if verdict.gates[0].code == "TH-VAL-SETUP" {
        println!("skipped: pytest can't be installed here: {:?}", verdict.gates[0]);
        return;
    }
    all_passed(&verdict);
    assert!(verdict.gates[1].evidence[0].starts_with("tests.test_unknown > test_unknown: KeyError"), "{verdict:#?}");
    // A source that ends the interpreter well, whatever the tests said.
    let forged = format!("import atexit\nimport os\n\natexit.register(lambda: os._exit(0))\n\n\n{FIXED}");
    let mut trial = trial;
    trial.patch[0].1 = Some(forged);
    let again = trial.prove();
    refused(&again, GateName::RegressesNothing, "TH-VAL-FORGED");
    assert!(again.gates[0].detail.ends_with("known from an earlier run"));
    // Tests that are never called.
    let forged = format!("import _pytest.python\n\n_pytest.python.Function.runtest = lambda self: None\n\n\n{FIXED}");
    trial.patch[0].1 = Some(forged);
    refused(&trial.prove(), GateName::RegressesNothing, "TH-VAL-FORGED");
}
