//! node:test, and what each gate says of it.

use thymus::model::{Expectation, Framework, GateName, GateStatus, Recheck};

use crate::bench::{Trial, all_passed, refused};

const SUM: &str =
    "export function total(lines) {\n  return lines.reduce((sum, line) => sum + line.price.cents, 0);\n}\n";
const FIXED: &str =
    "export function total(lines) {\n  return lines.reduce((sum, line) => sum + (line.price?.cents ?? 0), 0);\n}\n";
const HEAD: &str =
    "import test from 'node:test';\nimport assert from 'node:assert/strict';\nimport { total } from '../src/sum.js';\n";
const OLD: &str = "test('adds', () => assert.equal(total([{ price: { cents: 2 } }, { price: { cents: 3 } }]), 5));\n\
                   test('nothing', () => assert.equal(total([]), 0));\n";
const NEW: &str = "test('a line without a price', () => assert.equal(total([{}]), 0));\n";

fn test(body: &str) -> String {
    format!("{HEAD}{body}")
}

/// A shop with a fault in `total`.
pub fn shop() -> Trial {
    let command = ["node", "--test", "--test-reporter=junit", "--test-reporter-destination=junit.xml"];
    Trial::new(Framework::NodeTest, &command, Some("junit.xml"), "test/**/*.test.js")
        .file("package.json", "{\"type\": \"module\"}")
        .file("src/sum.js", SUM)
        .file("test/sum.test.js", &test(OLD))
}

/// The shop with the repair that a careful person would write.
pub fn repaired() -> Trial {
    shop().change("src/sum.js", FIXED).change("test/price.test.js", &test(NEW))
}

#[test]
fn an_honest_patch_passes_every_gate_and_its_baseline_is_kept() {
    let trial = repaired();
    let verdict = trial.prove();
    all_passed(&verdict);
    let reproduces = &verdict.gates[1];
    assert!(reproduces.evidence[0].contains("Cannot read properties of undefined"), "{reproduces:?}");
    let again = trial.prove();
    all_passed(&again);
    assert!(again.gates[0].detail.ends_with("known from an earlier run"), "{again:#?}");
    assert!(again.gates[0].millis < 1000);
}

#[test]
fn a_kept_baseline_that_was_changed_is_made_again() {
    let trial = repaired();
    all_passed(&trial.prove());
    let shelf = trial.state.path().join("validate/baselines");
    let mut entries = std::fs::read_dir(shelf).unwrap().flatten().map(|entry| entry.path());
    let kept = entries.find(|path| path.extension().is_some_and(|ending| ending == "json")).unwrap();
    let text = std::fs::read_to_string(&kept).unwrap();
    std::fs::write(&kept, text.replace("\"adds\":\"passed\"", "\"adds\":\"failed\"")).unwrap();
    let verdict = trial.prove();
    all_passed(&verdict);
    assert_eq!(verdict.gates[0].detail, "2 of 2 tests pass in each of 2 runs");
}

#[test]
fn a_test_that_passes_before_shows_nothing() {
    let body = "test('three', () => assert.equal(total([{ price: { cents: 3 } }]), 3));\n";
    let trial = shop().change("src/sum.js", FIXED).change("test/three.test.js", &test(body));
    refused(&trial.prove(), GateName::Reproduces, "TH-VAL-NOT-RED");
    // Nor does one that only passes, beside one that is skipped.
    let body = format!("{body}test.skip('no price', () => assert.equal(total([{{}}]), 0));\n");
    let trial = shop().change("src/sum.js", FIXED).change("test/three.test.js", &test(&body));
    refused(&trial.prove(), GateName::Reproduces, "TH-VAL-NOT-RED");
}

#[test]
fn a_test_that_cannot_be_loaded_before_shows_nothing() {
    let fixed = format!("{FIXED}export const helper = 1;\n");
    let body =
        format!("import {{ helper }} from '../src/sum.js';\n{NEW}test('helps', () => assert.equal(helper, 1));\n");
    let trial = shop().change("src/sum.js", &fixed).change("test/price.test.js", &test(&body));
    refused(&trial.prove(), GateName::Reproduces, "TH-VAL-NOT-LOADED");
}

#[test]
fn a_repair_that_does_not_repair_is_told_so() {
    let trial = shop().change("src/sum.js", &format!("// nothing\n{SUM}")).change("test/price.test.js", &test(NEW));
    let gate = refused(&trial.prove(), GateName::Reproduces, "TH-VAL-STILL-RED");
    assert!(gate.evidence[0].contains("Cannot read properties"), "{gate:?}");
}

#[test]
fn a_proposal_without_a_test_is_no_proof() {
    let trial = shop().change("src/sum.js", FIXED);
    refused(&trial.prove(), GateName::Reproduces, "TH-VAL-NO-TEST");
    let mut trial = shop().change("src/sum.js", FIXED);
    trial.expects = Vec::new();
    let verdict = trial.prove();
    assert_eq!((verdict.gates[1].status, verdict.gates[1].code.as_str()), (GateStatus::Unknown, "TH-VAL-NO-TEST"));
    assert_eq!(verdict.gates[3].status, GateStatus::Skipped);
    // A file that the runner doesn't pick up is none.
    let trial = shop().change("src/sum.js", FIXED).change("tests/data.json", "{}");
    refused(&trial.prove(), GateName::Reproduces, "TH-VAL-NOT-RED");
}

#[test]
fn documentation_agrees_when_its_finder_sees_nothing_any_more() {
    let mut trial = shop().file("README.md", "# Shop\n").change("README.md", "# The shop\n");
    trial.expects = vec![Expectation::DocsAgree];
    let improves = |trial: &Trial| trial.prove().gates[3].clone();
    assert_eq!((improves(&trial).status, improves(&trial).code.as_str()), (GateStatus::Unknown, "TH-VAL-DOCS"));
    trial.recheck = Recheck::Gone;
    assert_eq!(improves(&trial).status, GateStatus::Passed);
    trial.recheck = Recheck::Still;
    refused(&trial.prove(), GateName::Improves, "TH-VAL-DOCS");
    trial.recheck = Recheck::Others(vec!["another link is dead".to_owned()]);
    let gate = refused(&trial.prove(), GateName::Improves, "TH-VAL-DOCS-NEW");
    assert_eq!(gate.evidence, ["another link is dead"]);
}

#[test]
fn what_passed_must_pass() {
    let broken = FIXED
        .replace("?? 0), 0)", "?? 0), 1)")
        .replace("return lines", "if (!lines[0]?.price) return 0;\n  return lines");
    let trial = shop().change("src/sum.js", &broken).change("test/price.test.js", &test(NEW));
    let gate = refused(&trial.prove(), GateName::RegressesNothing, "TH-VAL-REGRESSION");
    assert!(gate.detail.starts_with("adds passed before and fails now: "), "{gate:?}");
}

#[test]
fn tests_and_configuration_stay_the_commits() {
    // Each would hide the regression; both come from the commit in every run.
    let broken = FIXED
        .replace("?? 0), 0)", "?? 0), 1)")
        .replace("return lines", "if (!lines[0]?.price) return 0;\n  return lines");
    let trial = shop().change("src/sum.js", &broken).change("test/price.test.js", &test(NEW)).change(
        "test/sum.test.js",
        "import test from 'node:test';\ntest('adds', () => {});\ntest('nothing', () => {});\n",
    );
    refused(&trial.prove(), GateName::RegressesNothing, "TH-VAL-REGRESSION");
    // Where nothing is hidden, it is still not known how the patch does with its own configuration.
    let trial = repaired().change("package.json", "{\"type\": \"module\", \"private\": true}");
    let verdict = trial.prove();
    let gate = &verdict.gates[2];
    assert_eq!((gate.status, gate.code.as_str()), (GateStatus::Unknown, "TH-VAL-PUT-BACK"), "{verdict:#?}");
    assert!(gate.detail.contains("package.json"));
}

#[test]
fn failures_of_before_are_tolerated_and_named() {
    let trial = repaired().file(
        "test/old.test.js",
        "import test from 'node:test';\ntest('long broken', () => { throw new Error('x'); });\n",
    );
    let verdict = trial.prove();
    all_passed(&verdict);
    assert_eq!(verdict.gates[0].detail, "2 of 3 tests pass in each of 2 runs; 1 fail already");
    assert_eq!(verdict.gates[0].evidence, ["fail already: long broken"]);
}

#[test]
fn a_commit_in_which_nothing_passes_leaves_it_to_a_person() {
    let mut trial = repaired();
    trial.files.retain(|(name, _)| name != "test/sum.test.js");
    let trial =
        trial.file("test/sum.test.js", "import test from 'node:test';\ntest('no', () => { throw new Error('x'); });\n");
    let verdict = trial.prove();
    let gate = &verdict.gates[0];
    assert_eq!((gate.status, gate.code.as_str()), (GateStatus::Unknown, "TH-VAL-NOTHING-PASSES"), "{verdict:#?}");
}

#[test]
fn covering_tests_must_notice_a_broken_handler() {
    let covers = |body: &str| {
        let mut trial = shop().change("test/cover.test.js", &test(body));
        trial.expects = vec![Expectation::TestsCover { handler: "sum.total".into() }];
        trial.prove()
    };
    let verdict = covers("test('three', () => assert.equal(total([{ price: { cents: 3 } }]), 3));\n");
    all_passed(&verdict);
    assert!(verdict.gates[1].detail.contains("1 of 1 fail when sum.total is broken on purpose"), "{verdict:#?}");
    let idle = covers("test('is there', () => assert.equal(typeof total, 'function'));\n");
    refused(&idle, GateName::Reproduces, "TH-VAL-COVERS-NOTHING");
    refused(&covers(NEW), GateName::Reproduces, "TH-VAL-STILL-RED");
    let mut trial = shop().change("test/cover.test.js", &test("test('x', () => total([]));\n"));
    trial.expects = vec![Expectation::TestsCover { handler: "nowhere".into() }];
    assert_eq!(trial.prove().gates[1].code, "TH-VAL-NO-MUTANT");
}

#[test]
fn a_promise_of_speed_is_measured() {
    let slow = "export function total(lines) {\n  let n = 0;\n  for (let i = 0; i < 2e8; i += 1) n += i % 3;\n  return lines.length + n * 0;\n}\n";
    let trial = |after: &str, percent: f64| {
        let mut trial = shop();
        trial.files.retain(|(name, _)| name == "package.json");
        let mut trial = trial
            .file("src/sum.js", slow)
            .file("test/sum.test.js", &test("test('none', () => assert.equal(total([]), 0));\n"))
            .change("src/sum.js", after)
            .change("test/fast.test.js", &test("test('counts', () => assert.equal(total([1, 2]), 2));\n"));
        trial.expects = vec![Expectation::Faster { handler: "total".into(), percent }];
        trial.rules.off = vec![GateName::Stable];
        trial.prove()
    };
    let verdict = trial("export const total = (lines) => lines.length;\n", 50.0);
    assert_eq!(verdict.gates[3].status, GateStatus::Passed, "{verdict:#?}");
    assert_eq!(verdict.gates[4].status, GateStatus::Skipped);
    refused(&trial(&slow.replace("2e8", "2.01e8"), 50.0), GateName::Improves, "TH-VAL-NOT-FASTER");
}
