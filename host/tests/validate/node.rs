//! node:test.

use thymus::model::{Expectation, Framework, GateName, GateStatus};

use crate::bench::{Trial, all_passed, refused};

const SUM: &str =
    "export function total(lines) {\n  return lines.reduce((sum, line) => sum + line.price.cents, 0);\n}\n";
const FIXED: &str =
    "export function total(lines) {\n  return lines.reduce((sum, line) => sum + (line.price?.cents ?? 0), 0);\n}\n";
const OLD_TEST: &str = "import test from 'node:test';\nimport assert from 'node:assert/strict';\nimport { total } from '../src/sum.js';\n\
    test('adds', () => assert.equal(total([{ price: { cents: 2 } }, { price: { cents: 3 } }]), 5));\ntest('nothing', () => assert.equal(total([]), 0));\n";
const NEW_TEST: &str = "import test from 'node:test';\nimport assert from 'node:assert/strict';\nimport { total } from '../src/sum.js';\n\
    test('a line without a price', () => assert.equal(total([{}]), 0));\n";

fn shop() -> Trial {
    let command = ["node", "--test", "--test-reporter=junit", "--test-reporter-destination=junit.xml"];
    Trial::new(Framework::NodeTest, &command, Some("junit.xml"), "test/**/*.test.js")
        .file("package.json", "{\"type\": \"module\"}")
        .file("src/sum.js", SUM)
        .file("test/sum.test.js", OLD_TEST)
}

#[test]
fn an_honest_patch_passes_every_gate_and_its_baseline_is_kept() {
    let trial = shop().change("src/sum.js", FIXED).change("test/price.test.js", NEW_TEST);
    let verdict = trial.prove();
    println!("{verdict:#?}");
    all_passed(&verdict);
    let reproduces = &verdict.gates[1];
    assert!(reproduces.evidence[0].contains("Cannot read properties of undefined"), "{reproduces:?}");
    let again = trial.prove();
    all_passed(&again);
    assert!(again.gates[0].detail.ends_with("known from an earlier run"), "{again:#?}");
    assert!(again.gates[0].millis < 1000);
}
