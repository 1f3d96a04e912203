//! What the rules do on code as people write it: a fault and its exception go in, a repair and its regression test come
//! out, and, where Node.js is installed, the test is really run, red before the repair and green after it.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use thymus_sdk::Change;
use thymus_sdk::source::{Source, Text};

use crate::exception::{Before, Call, Exception, Frame, Language, Outcome};
use crate::javascript::{diagnose, regression_test, repairs};
use crate::repair::{Promise, Repair};

/// Where V8 says that it happened; the innermost frame is the first file's.
const MARK: char = '⟦';

/// A neighbour that shows the framework.
pub const NODE: (&str, &str) = (
    "test/other.test.js",
    "import { test } from 'node:test';\nimport assert from 'node:assert/strict';\n\ntest('x', () => { assert.ok(true); });\n",
);
pub const MODULE: (&str, &str) = ("package.json", "{ \"type\": \"module\" }");

pub struct Example {
    pub dir: TempDir,
    pub exception: Exception,
}

impl Example {
    /// A project of these files. A file may hold the mark once; such files are the frames.
    pub fn new(kind: &str, message: &str, handler: &str, args: Value, files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut frames = Vec::new();
        for (path, content) in files {
            if let Some(at) = content.find(MARK) {
                let before = &content[..at];
                let line_start = before.rfind('\n').map_or(0, |at| at + 1);
                let line = u32::try_from(before.matches('\n').count() + 1).unwrap();
                let column = u32::try_from(before[line_start..].encode_utf16().count() + 1).unwrap();
                frames.push(Frame { path: (*path).to_owned(), line, column: Some(column), function: None });
            }
            let file = dir.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content.replacen(MARK, "", 1)).unwrap();
        }
        let exception = Exception {
            language: Language::Javascript,
            kind: kind.to_owned(),
            message: message.to_owned(),
            handler: handler.to_owned(),
            handler_path: frames.last().map(|frame| frame.path.clone()),
            handler_line: None,
            frames,
            failed: vec![Call { args, result: None }],
            returned: Vec::new(),
            before: Vec::new(),
        };
        Self { dir, exception }
    }

    pub fn returned(mut self, args: Value, result: Value) -> Self {
        self.exception.returned.push(Call { args, result: Some(result) });
        self
    }

    /// What the call that fails did in better times.
    pub fn before(mut self, outcome: Outcome) -> Self {
        let args = self.exception.failed[0].args.clone();
        self.exception.before.push(Before { args, outcome });
        self
    }

    pub fn source(&self) -> Source {
        Source::at(self.dir.path())
    }

    pub fn rule(&self) -> Option<String> {
        diagnose(&self.exception, &self.source()).map(|cause| cause.rule)
    }

    pub fn repairs(&self) -> Vec<Repair> {
        let source = self.source();
        diagnose(&self.exception, &source).map(|cause| repairs(&self.exception, &cause, &source)).unwrap_or_default()
    }

    pub fn test_of(&self, repair: &Repair) -> Option<(String, String)> {
        match regression_test(&self.exception, repair, &self.source())? {
            Change::Create(file) => Some((file.path, file.content)),
            _ => None,
        }
    }

    /// A file after a repair.
    pub fn after(&self, repair: &Repair, path: &str) -> String {
        let mut text = self.source().text(path).unwrap();
        for change in &repair.changes {
            apply(&mut text, change);
        }
        text.content
    }

    /// The first repair must leave this in the file, and its test must go from red to green.
    pub fn heals(&self, path: &str, expected: &str) {
        let cause = diagnose(&self.exception, &self.source()).expect("a cause");
        let repairs = self.repairs();
        let first = repairs.first().unwrap_or_else(|| panic!("no repair, cause {cause:?}"));
        let after = self.after(first, path);
        assert!(after.contains(expected), "{}\n--- is not in\n{after}\n--- of {:?}", expected, first.title);
        self.proves(first);
    }

    /// Runs the regression test without and with the repair.
    pub fn proves(&self, repair: &Repair) {
        let (path, content) = self.test_of(repair).expect("a regression test");
        if !has_node() || !content.contains("node:test") {
            return;
        }
        let copy = tempfile::tempdir().unwrap();
        copy_tree(self.dir.path(), copy.path());
        fs::create_dir_all(copy.path().join(&path).parent().unwrap()).unwrap();
        fs::write(copy.path().join(&path), &content).unwrap();
        assert!(!node_test(copy.path(), &path), "not red before the repair:\n{content}");
        for change in &repair.changes {
            let Change::Edit(file) = change else { panic!("no edit") };
            fs::write(copy.path().join(&file.path), self.after(repair, &file.path)).unwrap();
        }
        assert!(node_test(copy.path(), &path), "not green after the repair:\n{content}\n{repair:?}");
    }

    pub fn stays_unhealed_by(&self, word: &str) {
        let path = &self.exception.frames[0].path;
        let was = self.source().text(path).unwrap().content.matches(word).count();
        let repairs = self.repairs();
        assert!(repairs.iter().all(|repair| self.after(repair, path).matches(word).count() == was), "{repairs:?}");
    }

    pub fn stays_unhealed(&self) {
        let repairs = self.repairs();
        assert!(repairs.is_empty(), "{repairs:?}");
    }
}

fn apply(text: &mut Text, change: &Change) {
    let Change::Edit(file) = change else { return };
    if file.path != text.path {
        return;
    }
    for edit in file.edits.iter().rev() {
        text.content
            .replace_range(usize::try_from(edit.start).unwrap()..usize::try_from(edit.end).unwrap(), &edit.replacement);
    }
}

fn has_node() -> bool {
    Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success())
}

pub fn node_test(dir: &Path, path: &str) -> bool {
    let mut command = Command::new("node");
    command.arg("--test").current_dir(dir).env_remove("NODE_TEST_CONTEXT");
    if !path.is_empty() {
        command.arg(path);
    }
    let output = command.output().unwrap();
    if std::env::var_os("SHOW").is_some() {
        eprintln!("{}", String::from_utf8_lossy(&output.stdout));
    }
    output.status.success()
}

fn copy_tree(from: &Path, to: &Path) {
    // The sample's release is another state of the same files.
    for entry in fs::read_dir(from).unwrap().flatten().filter(|entry| entry.file_name() != "release") {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy_tree(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

mod order_shop {
    use super::*;

    /// The sample repository with one of the exceptions of its recording.
    fn shop(
        kind: &str,
        message: &str,
        frame: (&str, u32, u32),
        handler: &str,
        args: Value,
        returned: &[(Value, Value)],
    ) -> Example {
        let dir = tempfile::tempdir().unwrap();
        copy_tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/samples/order-shop"), dir.path());
        let frame =
            Frame { path: frame.0.into(), line: frame.1, column: Some(frame.2), function: Some(handler.into()) };
        let exception = Exception {
            language: Language::Javascript,
            kind: kind.into(),
            message: message.into(),
            handler: handler.into(),
            handler_path: Some(frame.path.clone()),
            handler_line: None,
            frames: vec![frame],
            failed: vec![Call { args, result: None }],
            returned: returned
                .iter()
                .map(|(args, result)| Call { args: args.clone(), result: Some(result.clone()) })
                .collect(),
            before: Vec::new(),
        };
        Example { dir, exception }
    }

    fn coupon() -> Example {
        shop(
            "TypeError",
            "Cannot read properties of undefined (reading 'minimumCents')",
            ("src/handlers/cart.js", 52, 33),
            "couponDiscount",
            json!([{ "code": "FRIENDS5", "subtotalCents": 3750 }]),
            &[(
                json!([{ "code": "WELCOME10", "subtotalCents": 2500 }]),
                json!({ "code": "WELCOME10", "discountCents": 250 }),
            )],
        )
    }

    fn refund() -> Example {
        shop(
            "TypeError",
            "Cannot read properties of undefined (reading 'slice')",
            ("src/handlers/payment.js", 46, 85),
            "refundPayment",
            json!([{ "reference": "ch_000004", "cents": 100, "paidCents": 1580 }]),
            &[(
                json!([{ "reference": "ch_000123", "cents": 500, "paidCents": 500 }]),
                json!({ "reference": "re_000123", "cents": 500, "lastDigits": "0123" }),
            )],
        )
    }

    fn wrap() -> Example {
        shop(
            "SyntaxError",
            "Unexpected end of JSON input",
            ("src/handlers/shipping.js", 54, 23),
            "giftWrap",
            json!([{ "preferences": "" }]),
            &[(json!([{ "preferences": "{}" }]), json!(false))],
        )
    }

    #[test]
    fn a_coupon_without_limits_has_no_minimum() {
        let example = coupon();
        assert_eq!(example.rule().as_deref(), Some("null-property-read"));
        example.heals("src/handlers/cart.js", "const minimum = coupon.limits?.minimumCents ?? 0;\n");
    }

    #[test]
    fn a_refund_is_waited_for() {
        let example = refund();
        assert_eq!(example.rule().as_deref(), Some("missing-await"));
        let source = example.source();
        let cause = diagnose(&example.exception, &source).unwrap();
        let text = source.text("src/handlers/payment.js").unwrap();
        assert_eq!(&text.content[cause.start..cause.end], "refund({ reference, cents })");
        assert_eq!(text.line_column(cause.start).0, 45);
        example.heals("src/handlers/payment.js", "const part = await refund({ reference, cents });\n");
    }

    #[test]
    fn broken_preferences_are_a_bad_request() {
        let example = wrap();
        assert_eq!(example.rule().as_deref(), Some("bad-json"));
        let expected = "  let wishes;\n  try {\n    wishes = JSON.parse(preferences);\n  } catch {\n    throw badRequest('preferences is not valid JSON');\n  }\n";
        example.heals("src/handlers/shipping.js", expected);
        let first = example.repairs().remove(0);
        let message = Some("preferences is not valid JSON".to_owned());
        assert_eq!(first.promise, Promise::Throws { kind: "HttpError".to_owned(), message });
    }

    /// All three at once, with their tests: the whole suite stays green.
    #[test]
    fn the_whole_suite_stays_green() {
        if !has_node() {
            return;
        }
        let copy = tempfile::tempdir().unwrap();
        copy_tree(coupon().dir.path(), copy.path());
        for example in [coupon(), refund(), wrap()] {
            let repair = example.repairs().remove(0);
            let (path, content) = example.test_of(&repair).unwrap();
            assert!(path.starts_with("test/") && path.ends_with(".test.js"), "{path}");
            fs::write(copy.path().join(path), content).unwrap();
            for change in &repair.changes {
                let Change::Edit(file) = change else { panic!("no edit") };
                fs::write(copy.path().join(&file.path), example.after(&repair, &file.path)).unwrap();
            }
        }
        assert!(node_test(copy.path(), ""));
    }
}
