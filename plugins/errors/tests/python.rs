//! The Python cases: small projects in the style of real code, exceptions that `CPython` really raised in them (`record.py`),
//! and the repair that a careful reviewer would accept, or none.
//!
//! Every case is judged by its diff. Where Python is there, the proof is run as well: the regression test fails before the
//! repair and passes after it, and every other test of the project stays green.

#![allow(clippy::unwrap_used)] // Helpers of tests count as no tests.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use thymus_errors::exception::Exception;
use thymus_errors::python;
use thymus_errors::repair::Repair;
use thymus_sdk::Change;
use thymus_sdk::source::Source;

struct Case {
    name: String,
    files: BTreeMap<String, String>,
    exception: Exception,
    /// The lines that go and come; none when there must be no repair.
    wanted: Option<String>,
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "case"));
    paths.sort();
    paths.iter().map(|path| case(path)).collect()
}

fn case(path: &Path) -> Case {
    let text = fs::read_to_string(path).unwrap();
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let (mut files, mut exception, mut wanted, mut none) = (BTreeMap::new(), None, None, false);
    for section in text.split("=== ").skip(1) {
        let (head, body) = section.split_once('\n').unwrap();
        match head.trim() {
            "exception" => exception = Some(serde_json::from_str(body).unwrap()),
            "repair" => wanted = Some(body.trim_end().to_owned()),
            "no repair" => none = true,
            "calls" => {}
            file => {
                files.insert(file.strip_prefix("file ").unwrap().to_owned(), body.to_owned());
            }
        }
    }
    assert!(none != wanted.is_some(), "{name}: say either `=== repair` or `=== no repair`");
    Case { name, files, exception: exception.expect("run record.py"), wanted }
}

fn lay_out(case: &Case, dir: &Path) {
    for (path, content) in &case.files {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

fn heal(case: &Case, dir: &Path) -> Vec<Repair> {
    let source = Source::at(dir);
    let Some(cause) = python::diagnose(&case.exception, &source) else { return Vec::new() };
    assert!(!cause.explanation.is_empty() && cause.start < cause.end, "{}", case.name);
    python::repairs(&case.exception, &cause, &source)
}

fn apply(change: &Change, dir: &Path) {
    match change {
        Change::Create(file) => {
            let path = dir.join(&file.path);
            assert!(!path.exists());
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &file.content).unwrap();
        }
        Change::Edit(file) => {
            let mut content = fs::read_to_string(dir.join(&file.path)).unwrap();
            for edit in file.edits.iter().rev() {
                let range = usize::try_from(edit.start).unwrap()..usize::try_from(edit.end).unwrap();
                content.replace_range(range, &edit.replacement);
            }
            fs::write(dir.join(&file.path), content).unwrap();
        }
        other => panic!("no Python repair makes {other:?}"),
    }
}

/// The lines that go and come.
fn diff(before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let mut table = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            table[i][j] = if old[i] == new[j] { table[i + 1][j + 1] + 1 } else { table[i + 1][j].max(table[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
        } else if i < old.len() && (j == new.len() || table[i + 1][j] >= table[i][j + 1]) {
            lines.push(format!("-{}", old[i]));
            i += 1;
        } else {
            lines.push(format!("+{}", new[j]));
            j += 1;
        }
    }
    lines.join("\n")
}

#[test]
fn cases_are_repaired_as_a_reviewer_would() {
    let mut wrong = Vec::new();
    for case in cases() {
        let dir = tempfile::tempdir().unwrap();
        lay_out(&case, dir.path());
        let repairs = heal(&case, dir.path());
        let found = repairs.first().map(|repair| {
            for change in &repair.changes {
                apply(change, dir.path());
            }
            let changed = case
                .files
                .iter()
                .filter(|(path, _)| Path::new(path).extension().is_some_and(|extension| extension == "py"));
            changed
                .map(|(path, before)| diff(before, &fs::read_to_string(dir.path().join(path)).unwrap()))
                .filter(|diff| !diff.is_empty())
                .collect::<Vec<_>>()
                .join("\n")
        });
        if found != case.wanted {
            let others: Vec<String> =
                repairs.iter().map(|r| format!("  {:.2} {} {:?}", r.confidence, r.title, r.promise)).collect();
            wrong.push(format!(
                "{}: {}: {}\nwanted:\n{}\nfound:\n{}\n{}",
                case.name,
                case.exception.kind,
                case.exception.message,
                case.wanted.unwrap_or_else(|| "no repair".into()),
                found.unwrap_or_else(|| "no repair".into()),
                others.join("\n")
            ));
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n\n{}", wrong.len(), wrong.join("\n\n"));
}

/// A Python with pytest: `THYMUS_TEST_PYTHON`, else `python3` if it has one.
fn python() -> Option<PathBuf> {
    let wanted = std::env::var_os("THYMUS_TEST_PYTHON").map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    let has = Command::new(&wanted).args(["-c", "import pytest"]).output().is_ok_and(|output| output.status.success());
    has.then_some(wanted)
}

/// Whether a run of the tests is green, and what it said.
fn run(python: &Path, dir: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(python)
        .args(["-B", "-W", "ignore", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"])
        .args(arguments)
        .current_dir(dir)
        .env("PYTHONPATH", format!("{0}:{0}/src", dir.display()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    // 5: no tests were collected.
    (output.status.success() || output.status.code() == Some(5), said)
}

#[test]
fn proofs_are_red_before_and_green_after() {
    let Some(python) = python() else {
        eprintln!("skipped: no pytest; set THYMUS_TEST_PYTHON to a Python that has one");
        return;
    };
    let mut wrong = Vec::new();
    for case in cases().into_iter().filter(|case| case.wanted.is_some()) {
        let dir = tempfile::tempdir().unwrap();
        lay_out(&case, dir.path());
        let repairs = heal(&case, dir.path());
        let Some(repair) = repairs.first() else { continue };
        let Some(test) = python::regression_test(&case.exception, repair, &Source::at(dir.path())) else {
            wrong.push(format!("{}: no test", case.name));
            continue;
        };
        let Change::Create(file) = &test else { panic!("a test is a new file") };
        apply(&test, dir.path());
        let (green, said) = run(&python, dir.path(), &[&file.path]);
        if green
            || said.contains("error during collection")
            || said.contains("ImportError")
            || said.contains("SyntaxError")
        {
            wrong.push(format!("{}: not red before:\n{}\n{said}", case.name, file.content));
            continue;
        }
        for change in &repair.changes {
            apply(change, dir.path());
        }
        let (green, said) = run(&python, dir.path(), &["."]);
        if !green {
            wrong.push(format!("{}: not green after:\n{}\n{said}", case.name, file.content));
        }
    }
    assert!(wrong.is_empty(), "{} proofs:\n\n{}", wrong.len(), wrong.join("\n\n"));
}

/// The inventory service's planted faults: handler, its arguments, the error, where it was raised; then the wanted repair.
const PLANTED: [(&str, &str, &str, (&str, &str), &str, u32, &str); 6] = [
    (
        "purchase_cost",
        r#"{"supplier_id": "fjordpakk", "quantity": 30, "unit_cents": 1290}"#,
        "suppliers",
        ("KeyError", "'rebate_percent'"),
        "79",
        79,
        "-    rebate = gross * supplier.terms[\"rebate_percent\"] // 100
+    rebate = gross * supplier.terms.get(\"rebate_percent\", 0) // 100",
    ),
    (
        "supplier_contact",
        r#"{"sku": "ROPE-8"}"#,
        "suppliers",
        ("AttributeError", "'NoneType' object has no attribute 'name'"),
        "53",
        54,
        "+    if supplier is None:
+        raise NotFound(f\"no supplier {item.supplier_id}\")",
    ),
    (
        "days_of_cover",
        "[80, []]",
        "forecast",
        ("ZeroDivisionError", "division by zero"),
        "47",
        47,
        "-    pace = sum(sold) / len(sold)
+    pace = sum(sold) / len(sold) if sold else 0",
    ),
    (
        "parse_count_line",
        r#"["rope-8; 310 pcs"]"#,
        "counts",
        ("ValueError", "invalid literal for int() with base 10: ' 310 pcs'"),
        "50",
        50,
        "-    counted = int(parts[1])
+    try:
+        counted = int(parts[1])
+    except ValueError:
+        raise BadRequest(f\"not `sku; counted`: {line!r}\") from None",
    ),
    (
        "earliest_lot",
        "[[]]",
        "lots",
        ("IndexError", "list index out of range"),
        "34",
        34,
        "+    if not by_date:
+        raise Conflict(\"no lot is left\")",
    ),
    (
        "book_delivery",
        r#"{"order_id": "o-9", "parcels": 1, "express": true}"#,
        "deliveries",
        ("TypeError", "'coroutine' object is not subscriptable"),
        "53",
        56,
        "-        slot = carrier.express_slot(parcels=parcels)
+        slot = await carrier.express_slot(parcels=parcels)",
    ),
];

#[test]
fn the_planted_faults_of_the_sample_are_repaired_as_its_readme_says() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/samples/inventory-service");
    let read = Source::at(&sample);
    let files: BTreeMap<String, String> = read
        .files()
        .into_iter()
        .filter(|path| !path.starts_with("recordings/") && !path.starts_with('.'))
        .map(|path| (path.clone(), read.text(&path).unwrap().content))
        .collect();
    for (handler, args, module, (kind, message), cause_line, line, wanted) in PLANTED {
        let path = format!("inventory/handlers/{module}.py");
        let exception = serde_json::json!({
            "language": "python", "kind": kind, "message": message, "handler": handler, "handler_path": path,
            "frames": [
                {"path": path, "line": line, "column": null, "function": handler},
                {"path": "inventory/telemetry.py", "line": 133, "column": null, "function": "call"},
            ],
            "failed": [{"args": serde_json::from_str::<serde_json::Value>(args).unwrap(), "result": null}], "returned": [],
        });
        let exception: Exception = serde_json::from_value(exception).unwrap();
        let case = Case { name: handler.to_owned(), files: files.clone(), exception, wanted: Some(wanted.to_owned()) };
        let dir = tempfile::tempdir().unwrap();
        lay_out(&case, dir.path());
        let source = Source::at(dir.path());
        let cause = python::diagnose(&case.exception, &source).unwrap();
        let text = source.text(&cause.path).unwrap();
        assert_eq!(text.line_column(cause.start).0.to_string(), cause_line, "{handler}: {}", cause.explanation);
        let repairs = heal(&case, dir.path());
        let repair = repairs.first().unwrap_or_else(|| panic!("{handler}: no repair"));
        let test =
            python::regression_test(&case.exception, repair, &source).unwrap_or_else(|| panic!("{handler}: no test"));
        let Change::Create(file) = &test else { panic!("a test is a new file") };
        apply(&test, dir.path());
        let red = python().map(|python| run(&python, dir.path(), &[&file.path]));
        for change in &repair.changes {
            apply(change, dir.path());
        }
        let after = fs::read_to_string(dir.path().join(&path)).unwrap();
        assert_eq!(diff(&files[&path], &after), wanted, "{handler}");
        let Some((green_before, said)) = red else { continue };
        assert!(!green_before, "{handler}:\n{}\n{said}", file.content);
        let (green, said) = run(&python().unwrap(), dir.path(), &["."]);
        assert!(green, "{handler}:\n{}\n{said}", file.content);
        eprintln!("{handler}: {}\n{}", cause.explanation, file.content);
    }
}
