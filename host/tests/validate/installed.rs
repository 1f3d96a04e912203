//! Runners that have to be installed or compile first; slow, so they run with `--ignored`. pytest is in `python.rs`.

use thymus::model::Framework;

use crate::bench::{Trial, all_passed};

const SUM: &str = "export const total = (lines) => lines.reduce((sum, line) => sum + line.price.cents, 0);\n";
const FIXED: &str = "export const total = (lines) => lines.reduce((sum, line) => sum + (line.price?.cents ?? 0), 0);\n";

fn script(framework: Framework, package: &str, command: &[&str]) -> Trial {
    let mut trial = Trial::new(framework, command, Some("junit.xml"), "test/**/*.test.js")
        .file("package.json", package)
        .set_up(&[&["npm", "install", "--no-audit", "--no-fund"]], "package.json", "node_modules");
    trial.rules.set_up_network = true;
    trial.rules.run_seconds = 300;
    trial.rules.disk_bytes = 1 << 30;
    trial.project.test.timeout_seconds = 120;
    trial
}

/// The same test of one file or another.
fn fill(test: &str, name: &str, lines: &str, sum: &str) -> String {
    test.replace("NAME", name).replace("LINES", lines).replace("SUM", sum)
}

#[test]
#[ignore = "needs the npm registry"]
fn jest() {
    let package = r#"{"devDependencies": {"jest": "30.2.0", "jest-junit": "16.0.0"}}"#;
    let command = ["node_modules/.bin/jest", "--ci", "--reporters=jest-junit"];
    let common = |text: &str| text.replace("export const total =", "exports.total =");
    let test = "const { total } = require('../src/sum.js');\ntest('NAME', () => expect(total(LINES)).toBe(SUM));\n";
    let mut trial = script(Framework::Jest, package, &command)
        .file("src/sum.js", &common(SUM))
        .file("test/sum.test.js", &fill(test, "adds", "[{ price: { cents: 2 } }]", "2"))
        .change("src/sum.js", &common(FIXED))
        .change("test/price.test.js", &fill(test, "no price", "[{}]", "0"));
    trial.project.test.env.insert("JEST_JUNIT_OUTPUT_FILE".into(), "junit.xml".into());
    let verdict = trial.prove();
    println!("{verdict:#?}");
    all_passed(&verdict);
}

#[test]
#[ignore = "needs the npm registry"]
fn vitest() {
    let package = r#"{"type": "module", "devDependencies": {"vitest": "3.2.4"}}"#;
    let command = ["node_modules/.bin/vitest", "run", "--reporter=junit", "--outputFile=junit.xml"];
    let test = "import { test, expect } from 'vitest';\nimport { total } from '../src/sum.js';\n\
                test('NAME', () => expect(total(LINES)).toBe(SUM));\n";
    let trial = script(Framework::Vitest, package, &command)
        .file("src/sum.js", SUM)
        .file("test/sum.test.js", &fill(test, "adds", "[{ price: { cents: 2 } }]", "2"))
        .change("src/sum.js", FIXED)
        .change("test/price.test.js", &fill(test, "no price", "[{}]", "0"));
    let verdict = trial.prove();
    println!("{verdict:#?}");
    all_passed(&verdict);
}

#[test]
#[ignore = "compiles in every run"]
fn cargo_nextest() {
    let command = ["cargo", "nextest", "run", "--offline", "--no-fail-fast", "--profile", "ci"];
    let source = "pub fn first(all: &[u32]) -> u32 {\n    all[0]\n}\n";
    let fixed = "pub fn first(all: &[u32]) -> u32 {\n    all.first().copied().unwrap_or(0)\n}\n";
    let mut trial = Trial::new(Framework::CargoNextest, &command, Some("target/nextest/ci/junit.xml"), "tests/**/*.rs")
        .file("Cargo.toml", "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2021\"\n")
        .file(".config/nextest.toml", "[profile.ci.junit]\npath = \"junit.xml\"\n")
        .file("src/lib.rs", source)
        .file("tests/one.rs", "#[test]\nfn one() {\n    assert_eq!(shop::first(&[1]), 1);\n}\n")
        .change("src/lib.rs", fixed)
        .change("tests/none.rs", "#[test]\nfn none() {\n    assert_eq!(shop::first(&[]), 0);\n}\n");
    trial.rules.run_seconds = 120;
    trial.rules.disk_bytes = 1 << 30;
    trial.project.test.timeout_seconds = 120;
    let verdict = trial.prove();
    println!("{verdict:#?}");
    all_passed(&verdict);
}
