//! Runs that don't end, flip, or take too much, and runs that a person stops.

use std::time::{Duration, Instant};

use thymus::model::{GateName, GateStatus};
use thymus::validate::ValidateError;

use crate::bench::{all_passed, refused};
use crate::node::repaired;
use crate::python::{FIXED, NEW, inventory};

#[test]
fn a_test_that_never_ends_is_stopped() {
    let mut trial = repaired();
    trial.project.test.timeout_seconds = 3;
    let fixed = trial.patch[0].1.clone().unwrap();
    trial.patch[0].1 = Some(format!("{fixed}while (globalThis.process) {{}}\n"));
    let started = Instant::now();
    let verdict = trial.prove();
    let last = verdict.gates.last().unwrap();
    assert_eq!(last.status, GateStatus::Failed, "{verdict:#?}");
    assert!(last.detail.contains("did not end within 3 s"), "{verdict:#?}");
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_commit_whose_tests_never_end_has_no_baseline() {
    let mut trial = repaired().file("test/hang.test.js", "for (;;);\n");
    trial.rules.run_seconds = 2;
    let gate = refused(&trial.prove(), GateName::Baseline, "TH-VAL-BASELINE");
    assert!(gate.detail.contains("did not end within 2 s"), "{gate:?}");
}

#[test]
fn limits_are_named_in_words() {
    let allocating = "x = []\nwhile True:\n    x.append(bytearray(1 << 24))\n";
    let mut trial =
        inventory().change("stock.py", &format!("{allocating}{FIXED}")).change("tests/test_unknown.py", NEW);
    trial.rules.memory_bytes = 256 << 20;
    let verdict = trial.prove();
    let said = format!("{:?}", verdict.gates.last().unwrap());
    assert!(!verdict.passed() && said.contains("memory limit of 256 MiB"), "{verdict:#?}");
    let writing = "open('big', 'wb').write(bytes(100 << 20))\n";
    let mut trial = inventory().change("stock.py", &format!("{writing}{FIXED}")).change("tests/test_unknown.py", NEW);
    trial.rules.disk_bytes = 16 << 20;
    let verdict = trial.prove();
    let said = format!("{:?}", verdict.gates.last().unwrap());
    assert!(!verdict.passed() && said.contains("disk limit of 16 MiB"), "{verdict:#?}");
}

#[test]
fn a_new_test_that_flips_is_no_pass() {
    let flaky = "import time\n\n\ndef level(items, name):\n    \
        return items.get(name, {}).get('count', 0 if time.time_ns() // 1000 % 10 < 5 else 1)\n";
    let mut trial = inventory().change("stock.py", flaky).change("tests/test_unknown.py", NEW);
    trial.rules.repeats = 12;
    let verdict = trial.prove();
    assert!(!verdict.passed(), "{verdict:#?}");
}

#[test]
fn a_test_that_flips_without_the_patch_is_named_and_not_held_against_it() {
    let flaky = "import time, unittest\n\n\nclass Dice(unittest.TestCase):\n    def test_dice(self):\n        \
        self.assertLess(time.time_ns() // 1000 % 10, 5)\n";
    let mut trial =
        inventory().file("tests/test_dice.py", flaky).change("stock.py", FIXED).change("tests/test_unknown.py", NEW);
    trial.rules.repeats = 8;
    let verdict = trial.prove();
    let stable = verdict.gates.last().unwrap();
    assert_eq!((stable.status, stable.code.as_str()), (GateStatus::Unknown, "TH-VAL-FLAKY"), "{verdict:#?}");
    assert_eq!(stable.evidence, ["flips: tests.test_dice.Dice > test_dice"]);
}

#[test]
fn a_person_can_stop_it_at_once() {
    let mut trial = repaired().file("test/hang.test.js", "for (;;);\n");
    trial.rules.run_seconds = 60;
    let cancel = trial.cancel.clone();
    let started = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            std::thread::sleep(Duration::from_millis(1500));
            cancel.cancel();
        });
        assert!(matches!(trial.try_prove(), Err(ValidateError::Cancelled)));
    });
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[test]
fn tests_see_neither_the_machine_nor_the_person() {
    let nosy = "import os, unittest\n\n\nclass Nosy(unittest.TestCase):\n    def test_nothing_there(self):\n        \
        self.assertEqual(sorted(n for n in os.environ if n not in ('PWD', 'SHLVL', '_', 'OLDPWD', 'LC_CTYPE')), \
        ['CI', 'HOME', 'LANG', 'NO_COLOR', 'PATH', 'PYTHONDONTWRITEBYTECODE', 'TMPDIR', 'TZ'])\n        \
        self.assertEqual(os.listdir(os.environ['HOME']), [])\n        \
        self.assertFalse(os.path.exists('/etc/shadow'))\n        self.assertNotEqual(os.getuid(), 0)\n";
    let trial =
        inventory().file("tests/test_nosy.py", nosy).change("stock.py", FIXED).change("tests/test_unknown.py", NEW);
    all_passed(&trial.prove());
}

#[test]
fn a_program_that_is_not_installed_is_named() {
    let mut trial = repaired();
    trial.project.test.command[0] = "no-such-runner".into();
    let gate = refused(&trial.prove(), GateName::Baseline, "TH-VAL-PROGRAM");
    assert!(gate.detail.starts_with("no-such-runner is not on this machine's PATH"), "{gate:?}");
}

#[test]
fn tests_run_with_the_hosts_own_interpreter() {
    let ask = ["-I", "-c", "import sys; print(sys.base_prefix, end='')"];
    let host = std::process::Command::new("python3").args(ask).current_dir("/").output().unwrap();
    let host = String::from_utf8(host.stdout).unwrap();
    let same = format!(
        "import sys, unittest\n\n\nclass Same(unittest.TestCase):\n    def test_same(self):\n        \
         self.assertEqual(sys.base_prefix, '{host}')\n"
    );
    let trial =
        inventory().file("tests/test_same.py", &same).change("stock.py", FIXED).change("tests/test_unknown.py", NEW);
    let verdict = trial.prove();
    all_passed(&verdict);
    assert_eq!(verdict.gates[0].detail, "3 of 3 tests pass in each of 2 runs");
}
