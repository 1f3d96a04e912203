//! Canaries: tests that fail, planted by the host at the end of test files, under names made for one run. Code under test
//! that hides failures (an exit status, a report, an assertion that was replaced) hides these too, and is caught by that.
//!
//! Each stands in a file that loads the code under test, because that is where such code is at work. Some call the
//! framework's assertions, one each; one throws.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

use crate::model::{Framework, RepoPath};

use super::ValidateError;
use super::bench::{Bench, Ran};
use super::report::Status;
use super::tree::{Tree, Trees, named_tests};

/// Files that get canaries, beside the proposal's own.
const MAX_FILES: usize = 60;
const MAX_BYTES: u64 = 1 << 20;

/// A run's canaries.
pub(super) struct Planted {
    pub(super) tree: Tree,
    /// By file: the names.
    names: BTreeMap<RepoPath, Vec<String>>,
}

/// Plants canaries in the snapshot's test files and in the proposal's; `None` where there is no file to plant one in.
pub(super) fn plant(bench: &Bench<'_>, trees: Option<&Trees>) -> Result<Option<Planted>, ValidateError> {
    let ground = &bench.ground;
    let framework = ground.project.test.framework;
    let named = named_tests(ground.project);
    let is_test = |path: &&RepoPath| named.is_match(path) && is_runners(framework, path);
    let old = ground.files.keys().filter(is_test).take(MAX_FILES);
    let own = trees.into_iter().flat_map(|trees| &trees.own_tests).filter(is_test);
    let mut planted = Planted { tree: trees.map(Trees::patched).unwrap_or_default(), names: BTreeMap::new() };
    for (n, path) in old.chain(own).enumerate() {
        let own = trees.filter(|trees| trees.own_tests.contains(path));
        let host = own.map_or_else(|| ground.tree.join(path), |trees| trees.host(path));
        let mut text = String::new();
        let file = std::fs::File::open(&host).map_err(ValidateError::io("reading", &host))?;
        if file.take(MAX_BYTES).read_to_string(&mut text).is_err() {
            continue;
        }
        let name = unguessable()?;
        let Some((code, kinds)) = failing(framework, path, &text, &name) else { continue };
        let kept = bench.keep(&format!("canary-{n}"), format!("{text}\n{code}").as_bytes())?;
        planted.tree = planted.tree.with(path, kept);
        planted.names.insert(path.clone(), kinds.iter().map(|kind| format!("{name}_{kind}")).collect());
    }
    Ok((!planted.names.is_empty()).then_some(planted))
}

impl Planted {
    /// Those that the run reports as failed: by file, which kinds.
    pub(super) fn seen(&self, ran: &Ran) -> BTreeMap<String, BTreeSet<String>> {
        let failing: BTreeSet<&str> = ran.failing().map(String::as_str).collect();
        let mut seen = BTreeMap::new();
        for (path, names) in &self.names {
            let failed = |name: &&String| failing.iter().any(|id| ends_with_name(id, name));
            let kinds: BTreeSet<String> = names.iter().filter(failed).map(|name| kind_of(name)).collect();
            if !kinds.is_empty() {
                seen.insert(path.to_string(), kinds);
            }
        }
        seen
    }

    /// Whether the run mentions one of a file's canaries, with whatever status but failed.
    pub(super) fn hidden(&self, ran: &Ran) -> Option<String> {
        let tests = ran.tests()?;
        let names = self.names.values().flatten();
        let said = |name: &&String| {
            tests.iter().any(|(id, outcome)| ends_with_name(id, name) && outcome.status != Status::Failed)
        };
        names.into_iter().find(said).map(|name| kind_of(name))
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &RepoPath> {
        self.names.keys()
    }
}

fn ends_with_name(id: &str, name: &str) -> bool {
    id.ends_with(name)
}

fn kind_of(name: &str) -> String {
    name.rsplit('_').next().unwrap_or_default().to_owned()
}

/// Letters only, so that it fits into every language's names; from the kernel, so that no code under test knows it.
fn unguessable() -> Result<String, ValidateError> {
    let path = std::path::Path::new("/dev/urandom");
    let mut bytes = [0; 10];
    let mut file = std::fs::File::open(path).map_err(ValidateError::io("reading", path))?;
    file.read_exact(&mut bytes).map_err(ValidateError::io("reading", path))?;
    Ok(bytes.iter().map(|byte| char::from(b'a' + byte % 26)).collect())
}

/// Whether the framework's runner takes the file for a test, by the names that runners go by.
fn is_runners(framework: Framework, path: &RepoPath) -> bool {
    let name = path.file_name();
    match framework {
        Framework::NodeTest | Framework::Jest | Framework::Vitest => {
            let script = matches!(path.extension(), Some("js" | "mjs" | "cjs" | "ts" | "mts" | "cts" | "jsx" | "tsx"));
            let marks = [".test.", ".spec.", "-test.", "_test."];
            script && (marks.iter().any(|mark| name.contains(mark)) || name.starts_with("test-"))
        }
        Framework::Pytest | Framework::Unittest => {
            path.extension() == Some("py") && (name.starts_with("test") || name.ends_with("_test.py"))
        }
        Framework::CargoNextest => path.extension() == Some("rs"),
        Framework::Command => false,
    }
}

/// Writes one test: of this name and kind, with this code in it.
type Write = fn(&str, &str, &str) -> String;
/// What a failing test is called, and the code that fails.
type Kinds = &'static [(&'static str, &'static str)];

/// The code of failing tests, and the kinds of them.
fn failing(framework: Framework, path: &RepoPath, text: &str, name: &str) -> Option<(String, Vec<&'static str>)> {
    let (head, one, kinds): (String, Write, Kinds) = match framework {
        Framework::NodeTest => {
            let head = if is_module(path, text) {
                format!("import {{ test as t_{name} }} from 'node:test';\nimport a_{name} from 'node:assert';\n")
            } else {
                format!("const t_{name} = require('node:test').test;\nconst a_{name} = require('node:assert');\n")
            };
            let one = |name: &str, kind: &str, code: &str| {
                format!(
                    "t_{name}('{name}_{kind}', async () => {{ {} }});\n",
                    code.replace("assert", &format!("a_{name}"))
                )
            };
            (head, one, NODE)
        }
        Framework::Jest | Framework::Vitest => {
            let head = if framework == Framework::Vitest {
                format!("import {{ test as t_{name}, expect as e_{name} }} from 'vitest';\n")
            } else {
                format!("const t_{name} = test;\nconst e_{name} = expect;\n")
            };
            let one = |name: &str, kind: &str, code: &str| {
                format!(
                    "t_{name}('{name}_{kind}', async () => {{ {} }});\n",
                    code.replace("expect", &format!("e_{name}"))
                )
            };
            (head, one, JEST)
        }
        Framework::Pytest => {
            (String::new(), |name, kind, code| format!("\ndef test_{name}_{kind}():\n    {code}\n"), PYTEST)
        }
        Framework::Unittest => {
            let head = format!("\nimport unittest as u_{name}\n\n\nclass Test_{name}(u_{name}.TestCase):\n");
            (head, |name, kind, code| format!("    def test_{name}_{kind}(self):\n        {code}\n\n"), UNITTEST)
        }
        Framework::CargoNextest => {
            let one =
                |name: &str, kind: &str, code: &str| format!("\n#[test]\nfn {name}_{kind}() {{\n    {code}\n}}\n");
            (String::new(), one, RUST)
        }
        Framework::Command => return None,
    };
    let tests: String = kinds.iter().map(|(kind, code)| one(name, kind, code)).collect();
    Some((head + &tests, kinds.iter().map(|(kind, _)| *kind).collect()))
}

const NODE: Kinds = &[
    ("throw", "throw new Error('no');"),
    ("later", "await new Promise((done) => setTimeout(done, 20)); throw new Error('no');"),
    ("ok", "assert.ok(false);"),
    ("equal", "assert.equal(1, 2);"),
    ("strict", "assert.strictEqual(1, 2);"),
    ("deep", "assert.deepStrictEqual({ a: 1 }, { a: 2 });"),
    ("throws", "assert.throws(() => 1);"),
    ("rejects", "await assert.rejects(async () => 1);"),
    ("match", "assert.match('a', /b/);"),
    ("strictmode", "assert.strict.equal(1, 2);"),
];
const JEST: Kinds = &[
    ("throw", "throw new Error('no');"),
    ("later", "await new Promise((done) => setTimeout(done, 20)); throw new Error('no');"),
    ("be", "expect(1).toBe(2);"),
    ("equal", "expect({ a: 1 }).toEqual({ a: 2 });"),
    ("throws", "expect(() => 1).toThrow();"),
    ("truthy", "expect(false).toBeTruthy();"),
];
const PYTEST: Kinds = &[
    ("throw", "raise RuntimeError('no')"),
    ("equal", "assert 1 == 2"),
    ("deep", "assert {'a': [1]} == {'a': [2]}"),
    ("raises", "import pytest; pytest.raises(ValueError, lambda: 1)"),
];
const UNITTEST: Kinds = &[
    ("throw", "raise RuntimeError('no')"),
    ("assert", "assert 1 == 2"),
    ("equal", "self.assertEqual(1, 2)"),
    ("deep", "self.assertEqual({'a': [1]}, {'a': [2]})"),
    ("true", "self.assertTrue(False)"),
    ("raises", "self.assertRaises(ValueError, lambda: 1)"),
];
const RUST: Kinds = &[("throw", "panic!(\"no\");"), ("equal", "assert_eq!(1, 2);")];

/// Whether a script is a module, as far as its text and name say.
fn is_module(path: &RepoPath, text: &str) -> bool {
    match path.extension() {
        Some("mjs" | "mts") => true,
        Some("cjs" | "cts") => false,
        _ => {
            let statement =
                |line: &str| line.starts_with("import ") || line.starts_with("export ") || line.starts_with("import{");
            text.lines().any(statement) || !text.contains("require(")
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_are_new_each_time() {
        assert_ne!(unguessable().unwrap(), unguessable().unwrap());
    }

    #[test]
    fn a_script_is_planted_in_its_own_kind() {
        let path = RepoPath::new("test/a.test.js").unwrap();
        let (module, kinds) = failing(Framework::NodeTest, &path, "import x from 'y';", "abc").unwrap();
        assert!(module.starts_with("import { test as t_abc }") && kinds.len() == NODE.len());
        let (common, _) = failing(Framework::NodeTest, &path, "const x = require('y');", "abc").unwrap();
        assert!(common.starts_with("const t_abc = require("), "{common}");
        assert!(common.contains("t_abc('abc_equal', async () => { a_abc.equal(1, 2); });"), "{common}");
    }
}
