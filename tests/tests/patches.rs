//! Hostile patches and hostile tests, proposed the way a stranger's plugin would: each is contained, each leaves an event
//! that says what happened, and the repository stays as it was.
#![allow(clippy::unwrap_used, missing_docs)]

use serde_json::Value;
use thymus_tests::puppet::{create, edit, halves, heal, repair};
use thymus_tests::{Shop, json, run};

/// Heals with these changes; the run itself is fine, and nothing is delivered. Gives the report.
fn refused(shop: &Shop, changes: &[String]) -> Value {
    let report = json(&mut heal(shop, changes), 0);
    untouched(shop);
    report
}

fn untouched(shop: &Shop) {
    assert_eq!(shop.git(&["status", "--porcelain"]), "");
    assert_eq!(shop.git(&["for-each-ref", "refs/heads/thymus"]), "");
    run(&mut shop.thymus(&["ledger", "verify"]), 0);
}

/// The ledger's lines, as JSON.
fn ledger(shop: &Shop) -> String {
    String::from_utf8(run(&mut shop.thymus(&["ledger", "show", "--format", "json"]), 0).stdout).unwrap()
}

/// The last gate that ran, with the code that the ledger has for it.
fn last_gate(shop: &Shop, report: &Value) -> (String, String, String) {
    let gate = report["cases"][0]["gates"].as_array().unwrap().last().unwrap_or(&Value::Null).clone();
    let text = |key: &str| gate[key].as_str().unwrap_or_default().to_owned();
    let events: Vec<Value> = ledger(shop).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ran = events.iter().rev().find(|event| event["event"] == "gate-ran").unwrap();
    (text("name"), text("status"), ran["gate"]["code"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn a_path_out_of_the_repository_is_no_value() {
    for path in
        ["../../etc/x", "/etc/x", ".git/hooks/post-checkout", ".GIT/config", "src/.g\u{200c}it/x", "a\u{1b}[31m"]
    {
        let shop = halves();
        let report = refused(&shop, &[create(path, "x", "source")]);
        assert_eq!(report["plugins"][0]["failures"], 1, "{path:?}: {report:#}");
        assert!(ledger(&shop).contains("\"bad-value\""), "{path:?}");
        assert!(!shop.repo().join(".git/hooks/post-checkout").exists());
    }
}

#[test]
fn a_write_through_a_symlink_is_refused() {
    let shop = halves();
    std::os::unix::fs::symlink("/etc", shop.repo().join("src/etc")).unwrap();
    shop.commit("Link");
    let report = refused(&shop, &[create("src/etc/thymus-was-here", "x", "source")]);
    let (name, status, code) = last_gate(&shop, &report);
    assert_eq!((name.as_str(), status.as_str()), ("applies", "failed"), "{code}");
    assert!(!std::path::Path::new("/etc/thymus-was-here").exists());
}

#[test]
fn tests_scripts_and_configuration_are_out_of_bounds() {
    let protected: [(String, &str); 5] = [
        (edit("test/half.test.js", "half(0), 0", "0, 0"), "TH-SCOPE-TEST"),
        (edit("package.json", "node --test", "true"), "TH-SCOPE-PROTECTED"),
        (edit("thymus.toml", "halves", "other"), "TH-SCOPE-NEVER"),
        (create(".github/workflows/ci.yml", "on: push", "source"), "TH-SCOPE-PROTECTED"),
        (create(".npmrc", "script-shell=/bin/true", "source"), "TH-SCOPE-PROTECTED"),
    ];
    for (change, code) in protected {
        let shop = halves();
        let report = refused(&shop, std::slice::from_ref(&change));
        let (name, status, found) = last_gate(&shop, &report);
        assert_eq!((name.as_str(), status.as_str(), found.as_str()), ("scope", "failed", code), "{change}");
    }
}

/// The right repair, with a test file that also attacks. What it tries must not work, so its own assertion says so:
/// the patch is refused where the attack succeeds *or* where it breaks the run.
fn with_attack(attack: &str) -> Vec<String> {
    let test = format!(
        "import assert from 'node:assert/strict';\nimport {{ test }} from 'node:test';\n\
         import {{ half }} from '../src/half.js';\n{attack}\n\
         test('half of four is two', () => assert.equal(half(4), 2));\n"
    );
    vec![edit("src/half.js", "n / 3", "n / 2"), create("test/four.test.js", &test, "test")]
}

#[test]
fn a_test_that_looks_for_secrets_finds_none() {
    let shop = halves();
    let home = std::env::var("HOME").unwrap_or_else(|_| "/root".to_owned());
    let attack = format!(
        "import {{ existsSync }} from 'node:fs';\n\
         test('secrets', () => assert.ok(!['{home}/.ssh', '/root/.ssh', '/etc/shadow', '{state}', '{repo}'].some(existsSync)));\n\
         test('environment', () => assert.ok(!Object.keys(process.env).some((name) => /TOKEN|SECRET|CARGO/.test(name))));",
        state = shop.state().display(),
        repo = shop.repo().display(),
    );
    let report = json(heal(&shop, &with_attack(&attack)).env("GITHUB_TOKEN", "hunter2"), 0);
    // Its new tests must fail without the patch; the two attacks pass both ways, the third turns green.
    assert_eq!(report["cases"][0]["gates"].as_array().unwrap().len(), 7, "{report:#}");
}

#[test]
fn a_test_that_wants_the_network_gets_none() {
    let shop = halves();
    let attack = "import net from 'node:net';\nimport dns from 'node:dns/promises';\n\
        test('no network', async () => {\n\
          await assert.rejects(dns.lookup('example.org'));\n\
          await assert.rejects(new Promise((ok, no) => net.connect(53, '1.1.1.1').on('connect', ok).on('error', no)));\n\
        });";
    let report = json(&mut heal(&shop, &with_attack(attack)), 0);
    assert_eq!(report["cases"][0]["gates"].as_array().unwrap().len(), 7, "{report:#}");
}

#[test]
fn a_test_that_never_ends_is_ended() {
    let shop = halves();
    let mut changes = with_attack("for (;;) ;");
    changes[0] = repair().remove(0);
    let report = refused(&shop, &changes);
    let (name, status, _) = last_gate(&shop, &report);
    assert_eq!((name.as_str(), status.as_str()), ("reproduces", "failed"), "{report:#}");
}

#[test]
fn a_test_that_forks_without_end_fills_the_disk_or_kills_its_parent_ends_alone() {
    let attacks = [
        "import { spawn } from 'node:child_process';\nfor (let n = 0; n < 100000; n += 1) spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']).on('error', () => {});",
        "import { appendFileSync } from 'node:fs';\nconst block = Buffer.alloc(1 << 26);\nfor (;;) appendFileSync('/tmp/full', block);",
        "process.kill(process.ppid, 'SIGKILL');",
        "for (let pid = 1; pid < 5000; pid += 1) try { if (pid !== process.pid) process.kill(pid, 'SIGKILL'); } catch {}",
        "const all = [];\nfor (;;) all.push(Buffer.alloc(1 << 26, 1));",
    ];
    for attack in attacks {
        let shop = halves();
        let report = refused(&shop, &with_attack(attack));
        let (_, status, _) = last_gate(&shop, &report);
        assert_eq!(status, "failed", "{attack}: {report:#}");
        // The machine, and thymus with it, is as good as before.
        let honest = halves();
        let report = json(&mut heal(&honest, &repair()), 0);
        assert_eq!(report["cases"][0]["state"], "held", "after {attack}: {report:#}");
    }
}
