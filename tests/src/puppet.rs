//! A small repository and hostile or honest patches for it, handed in by `hostile/puppet`: a plugin that proposes whatever
//! a policy file says, so that a patch comes to thymus the way a stranger's would.

use std::path::PathBuf;
use std::process::Command;

use crate::{Shop, components, samples};

/// The repository: one module with a fault, one test that does not see it, tests that take no time.
pub const FILES: [(&str, &str); 4] = [
    ("thymus.toml", THYMUS),
    ("package.json", "{ \"name\": \"halves\", \"type\": \"module\", \"scripts\": { \"test\": \"node --test\" } }\n"),
    ("src/half.js", "export function half(n) {\n  return n / 3;\n}\n"),
    ("test/half.test.js", OLD_TEST),
];

/// The same, committed.
pub fn halves() -> Shop {
    Shop::with(&FILES)
}

const THYMUS: &str = r#"name = "halves"
languages = ["javascript"]
[test]
framework = "node-test"
command = ["node", "--test", "--test-reporter=junit", "--test-reporter-destination=junit.xml"]
files = ["test/**/*.test.js"]
junit = "junit.xml"
timeout_seconds = 20
"#;

const OLD_TEST: &str = "import assert from 'node:assert/strict';
import { test } from 'node:test';
import { half } from '../src/half.js';

test('half of nothing is nothing', () => assert.equal(half(0), 0));
";

/// A test that only a right repair passes.
pub const NEW_TEST: &str = "import assert from 'node:assert/strict';
import { test } from 'node:test';
import { half } from '../src/half.js';

test('half of four is two', () => assert.equal(half(4), 2));
";

/// One change of a proposal, as TOML.
pub fn create(path: &str, content: &str, role: &str) -> String {
    format!("{{ kind = \"create\", path = {}, content = {}, role = \"{role}\" }}", text(path), text(content))
}

pub fn edit(path: &str, find: &str, replace: &str) -> String {
    let (path, find, replace) = (text(path), text(find), text(replace));
    format!("{{ kind = \"edit\", path = {path}, find = {find}, replace = {replace}, role = \"source\" }}")
}

/// The right repair with its test.
pub fn repair() -> Vec<String> {
    vec![edit("src/half.js", "n / 3", "n / 2"), create("test/four.test.js", NEW_TEST, "test")]
}

/// A policy whose puppet proposes these changes.
pub fn policy(shop: &Shop, changes: &[String]) -> PathBuf {
    shop.beside("policy.toml", &policy_text(changes))
}

/// Without changes it only finds.
pub fn policy_text(changes: &[String]) -> String {
    let changes = changes.join(", ");
    let proposals = if changes.is_empty() {
        String::new()
    } else {
        format!("proposals = [{{ title = \"Halve by two\", changes = [{changes}] }}]\n")
    };
    format!("name = \"puppet\"\n[plugin.puppet.settings]\npath = \"src/half.js\"\n{proposals}")
}

/// `thymus heal` with the puppet.
pub fn heal(shop: &Shop, changes: &[String]) -> Command {
    let policy = policy(shop, changes);
    let telemetry = samples().join("order-shop/recordings/faulty.jsonl.gz");
    let mut command = shop.heal(&components("hostile").join("puppet.wasm"), &telemetry);
    command.arg("--policy").arg(policy);
    command
}

/// A string of TOML.
fn text(value: &str) -> String {
    // JSON's escapes are TOML's too.
    serde_json::Value::from(value).to_string()
}
