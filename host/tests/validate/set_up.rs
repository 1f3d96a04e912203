//! Dependencies: made once, kept, read-only.

use std::time::Instant;

use thymus::model::GateName;
use thymus::validate::ValidateError;

use crate::bench::{Trial, all_passed, refused};
use crate::python::{FIXED, NEW, inventory};

/// An inventory whose set-up takes note of each time it runs, and whose tests need what it made.
fn with_dependency(script: &str) -> Trial {
    let needs = "import unittest\n\nimport dep\n\n\nclass Needs(unittest.TestCase):\n    def test_dep(self):\n        \
        self.assertEqual(dep.VALUE, 41)\n\n    def test_read_only(self):\n        with self.assertRaises(OSError):\n            \
        open('vendor/dep.py', 'a')\n";
    let mut trial = inventory()
        .file("lock.txt", "41")
        .file("install.sh", script)
        .file("tests/test_dep.py", needs)
        .set_up(&[&["sh", "install.sh"]], "lock.txt", "vendor")
        .change("stock.py", FIXED)
        .change("tests/test_unknown.py", NEW);
    trial.project.test.env.insert("PYTHONPATH".into(), "vendor".into());
    trial
}

const INSTALL: &str = "mkdir -p vendor && date +%N > vendor/made && echo \"VALUE = $(cat lock.txt)\" > vendor/dep.py\n";

fn made(trial: &Trial) -> Vec<String> {
    let shelf = trial.state.path().join("validate/dependencies");
    let entries = std::fs::read_dir(shelf).unwrap().flatten();
    let mut all: Vec<String> = entries.filter_map(|e| std::fs::read_to_string(e.path().join("0/made")).ok()).collect();
    all.sort();
    all
}

#[test]
fn set_up_runs_once_for_two_proofs_and_again_for_another_lock_file() {
    let mut trial = with_dependency(INSTALL);
    std::thread::scope(|scope| {
        let proofs = [scope.spawn(|| trial.prove()), scope.spawn(|| trial.prove())];
        for proof in proofs {
            all_passed(&proof.join().unwrap());
        }
    });
    let first = made(&trial);
    assert_eq!(first.len(), 1);
    trial.commit = "another".into();
    all_passed(&trial.prove());
    assert_eq!(made(&trial), first);
    let lock = trial.files.iter_mut().find(|(name, _)| name == "lock.txt").unwrap();
    lock.1 = "41 ".into();
    all_passed(&trial.prove());
    assert_eq!(made(&trial).len(), 2);
}

#[test]
fn a_set_up_that_fails_says_how_and_is_not_kept() {
    let trial = with_dependency("echo looking >&2; echo no such package >&2; exit 3\n");
    let gate = refused(&trial.prove(), GateName::Baseline, "TH-VAL-SETUP");
    assert!(gate.detail.contains("`sh install.sh` ended with exit status 3"), "{gate:?}");
    assert!(gate.evidence.contains(&"no such package".to_owned()), "{gate:?}");
    assert!(made(&trial).is_empty());
    refused(&with_dependency("true\n").prove(), GateName::Baseline, "TH-VAL-SETUP");
}

#[test]
fn a_set_up_cannot_make_the_host_take_another_folder() {
    let secret = tempfile::tempdir().unwrap();
    std::fs::write(secret.path().join("key"), "secret").unwrap();
    let script = format!("ln -s {} vendor\n", secret.path().display());
    let gate = refused(&with_dependency(&script).prove(), GateName::Baseline, "TH-VAL-SETUP");
    assert!(gate.detail.contains("made no folder vendor"), "{gate:?}");
    assert!(secret.path().join("key").exists());
    let mut trial = with_dependency("mkdir real && ln -s / deep\n");
    trial.project.set_up.as_mut().unwrap().produces = vec!["deep/etc".into()];
    refused(&trial.prove(), GateName::Baseline, "TH-VAL-SETUP");
}

#[test]
fn a_set_up_cannot_fill_the_disk_nor_reach_the_network_unasked() {
    let mut trial =
        with_dependency("mkdir vendor; i=0; while :; do head -c 4000000 /dev/zero > vendor/$i; i=$((i+1)); done\n");
    trial.rules.disk_bytes = 64 << 20;
    let gate = refused(&trial.prove(), GateName::Baseline, "TH-VAL-SETUP");
    assert!(gate.detail.contains("wrote more than 64 MiB"), "{gate:?}");
    let script = format!("test \"$(grep -c : /proc/net/dev)\" = 1 && {INSTALL}");
    all_passed(&with_dependency(&script).prove());
}

#[test]
fn a_person_can_stop_a_set_up() {
    let trial = with_dependency("sleep 60\n");
    let cancel = trial.cancel.clone();
    let started = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(800));
            cancel.cancel();
        });
        assert!(matches!(trial.try_prove(), Err(ValidateError::Cancelled)));
    });
    assert!(started.elapsed().as_secs() < 5);
}
