//! A call that is gone comes back where captured runs of better times tell what it was given.

#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;

use serde_json::{Value, json};
use thymus_behavior::Behavior;
use thymus_sdk::source::Source;
use thymus_sdk::telemetry::Telemetry;
use thymus_sdk::{Change, Detector as _, Diagnoser as _, Fixer as _};

/// `process` of one order: what it is given and gives, and what its steps are given and give.
fn trace(lines: &mut String, path: [&str; 2], number: usize, checks: bool) {
    let start = 1_700_000_000_000_000_000 + number as u64 * 1_000_000;
    let loaded = json!([number, number + 1]);
    let mut spans: Vec<(&str, &str, Value, Option<Value>)> = vec![
        ("process", path[0], json!([{"id": number, "of": "c"}]), Some(json!(2))),
        ("load", path[1], json!([number]), Some(loaded.clone())),
        ("check", path[1], json!([loaded]), None),
        ("save", path[1], json!([number, loaded]), None),
    ];
    if !checks {
        spans.remove(2);
    }
    for (at, (handler, path, args, result)) in spans.into_iter().enumerate() {
        let mut attributes = json!({"thymus.args": args.to_string()});
        if let Some(result) = result {
            attributes["thymus.result"] = result.to_string().into();
        }
        let (begin, end) = if at == 0 {
            (start, start + 900_000)
        } else {
            (start + at as u64 * 1_001, start + at as u64 * 1_001 + 900)
        };
        let span = json!({
            "trace_id": format!("{number:032x}"), "span_id": format!("{:016x}", at + 1),
            "parent_span_id": (at > 0).then(|| format!("{:016x}", 1)), "start_ns": begin, "end_ns": end, "status": "unset",
            "service": "s", "handler": handler, "path": path, "attributes": attributes, "events": [],
        });
        let _ = writeln!(lines, "{span}");
    }
}

/// The file as the first proposal leaves it, and its test.
fn healed(files: &[(&str, &str)], path: [&str; 2]) -> Option<(String, String)> {
    let dir = tempfile::tempdir().unwrap();
    let (source, telemetry) = (dir.path().join("source"), dir.path().join("telemetry"));
    fs::create_dir_all(&telemetry).unwrap();
    for (name, content) in files {
        let file = source.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }
    for (name, checks) in [("spans.jsonl", false), ("baseline-spans.jsonl", true)] {
        let mut lines = String::new();
        (1..40).for_each(|number| trace(&mut lines, path, number, checks));
        fs::write(telemetry.join(name), lines).unwrap();
    }
    let (telemetry, source) = (Telemetry::open(&telemetry), Source::at(&source));
    let findings = Behavior::detect(&telemetry, &source).unwrap();
    let [finding] = findings.as_slice() else { panic!("{findings:?}") };
    assert_eq!((finding.rule.as_str(), finding.subject.handler.as_str()), ("missing-beat", "process"));
    let diagnosis = Behavior::diagnose(finding, &telemetry, &source).unwrap().unwrap();
    let proposal = Behavior::propose(finding, &diagnosis, &telemetry, &source).unwrap().into_iter().next()?;
    let [Change::Edit(edit), Change::Create(test)] = proposal.changes.as_slice() else { panic!("{proposal:?}") };
    let mut text = source.text(&edit.path).unwrap().content;
    for one in edit.edits.iter().rev() {
        text.replace_range(usize::try_from(one.start).unwrap()..usize::try_from(one.end).unwrap(), &one.replacement);
    }
    Some((text, test.content.clone()))
}

#[test]
fn in_javascript() {
    let steps = "export function load(id) { return [id, id + 1]; }\nexport function check(lines) {}\nexport function save(id, lines) {}\n";
    let process = "import { check, load, save } from './steps.js';\n\nexport function process(order) {\n  const lines = load(order.id);\n  save(order.id, lines);\n  return lines.length;\n}\n";
    let other = "import { test } from 'node:test';\nimport assert from 'node:assert/strict';\nimport { load } from '../src/steps.js';\n\ntest('it loads', () => {\n  assert.equal(load(1).length, 2);\n});\n";
    let package = "{\"type\": \"module\"}";
    let files = [
        ("src/steps.js", steps),
        ("src/process.js", process),
        ("test/steps.test.js", other),
        ("package.json", package),
    ];
    let (after, test) = healed(&files, ["src/process.js", "src/steps.js"]).expect("a proposal");
    assert_eq!(after, process.replace("  save(", "  check(lines);\n  save("));
    assert!(test.contains("'load, check'") && test.contains("process({ id: 1, of: 'c' })"), "{test}");
}

#[test]
fn in_python() {
    let steps =
        "def load(id):\n    return [id, id + 1]\n\n\ndef check(lines):\n    pass\n\n\ndef save(id, lines):\n    pass\n";
    let process = "from . import steps\n\n\ndef process(order):\n    lines = steps.load(order[\"id\"])\n    steps.save(order[\"id\"], lines)\n    return len(lines)\n";
    let other = "from shop.steps import load\n\n\ndef test_it_loads():\n    assert len(load(1)) == 2\n";
    let files = [
        ("shop/__init__.py", ""),
        ("shop/steps.py", steps),
        ("shop/process.py", process),
        ("tests/test_steps.py", other),
    ];
    let (after, test) = healed(&files, ["shop/process.py", "shop/steps.py"]).expect("a proposal");
    assert_eq!(after, process.replace("    steps.save", "    steps.check(lines)\n    steps.save"));
    assert!(test.contains("== [\"load\", \"check\"]"), "{test}");
}
