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
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

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

fn prove(python: &Path, case: &Case) -> Result<(), String> {
    let dir = tempfile::tempdir().unwrap();
    lay_out(case, dir.path());
    let repairs = heal(case, dir.path());
    let repair = repairs.first().ok_or_else(|| format!("{}: no repair", case.name))?;
    let test = python::regression_test(&case.exception, repair, &Source::at(dir.path()))
        .ok_or_else(|| format!("{}: no test", case.name))?;
    let Change::Create(file) = &test else { panic!("a test is a new file") };
    apply(&test, dir.path());
    let (green, said) = run(python, dir.path(), &[&file.path]);
    if green || ["error during collection", "ImportError", "SyntaxError"].iter().any(|word| said.contains(word)) {
        return Err(format!("{}: not red before:\n{}\n{said}", case.name, file.content));
    }
    for change in &repair.changes {
        apply(change, dir.path());
    }
    match run(python, dir.path(), &["."]) {
        (true, _) => Ok(()),
        (false, said) => Err(format!("{}: not green after:\n{}\n{said}", case.name, file.content)),
    }
}

#[test]
fn proofs_are_red_before_and_green_after() {
    let Some(python) = python() else {
        eprintln!("skipped: no pytest; set THYMUS_TEST_PYTHON to a Python that has one");
        return;
    };
    let open: Vec<Case> = cases().into_iter().filter(|case| case.wanted.is_some()).collect();
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(case) = open.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(why) = prove(&python, case) {
                        wrong.lock().unwrap().push(why);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} proofs:\n\n{}", wrong.len(), wrong.join("\n\n"));
}

/// The inventory service's planted faults: handler, its arguments, the error, where it was raised; then the wanted repair.
type Planted =
    (&'static str, &'static str, &'static str, (&'static str, &'static str), &'static str, u32, &'static str);

const PLANTED: [Planted; 6] = [
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
        .filter(|path| !["recordings/", "release/", "."].iter().any(|other| path.starts_with(other)))
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

/// A case of every kind, changed in ways that its repair must survive or refuse: never a panic, never broken Python.
#[test]
fn line_endings_and_indentation_stay_and_nothing_panics() {
    for case in cases() {
        let retyped = |change: &dyn Fn(&str) -> String| Case {
            name: case.name.clone(),
            files: case.files.iter().map(|(path, content)| (path.clone(), change(content))).collect(),
            exception: case.exception.clone(),
            wanted: case.wanted.clone(),
        };
        let crlf = retyped(&|content| content.replace('\n', "\r\n"));
        let dir = tempfile::tempdir().unwrap();
        lay_out(&crlf, dir.path());
        let repairs = heal(&crlf, dir.path());
        assert_eq!(repairs.is_empty(), case.wanted.is_none(), "{}", case.name);
        for repair in repairs.iter().take(1) {
            if let Some(Change::Create(test)) =
                python::regression_test(&case.exception, repair, &Source::at(dir.path()))
            {
                assert_eq!(test.content.matches('\n').count(), test.content.matches("\r\n").count(), "{}", case.name);
            }
            repair.changes.iter().for_each(|change| apply(change, dir.path()));
            for path in case.files.keys() {
                let after = fs::read_to_string(dir.path().join(path)).unwrap();
                assert_eq!(after.matches('\n').count(), after.matches("\r\n").count(), "{}: {path}", case.name);
            }
        }
        let tabs = retyped(&|content| content.replace("    ", "\t"));
        let dir = tempfile::tempdir().unwrap();
        lay_out(&tabs, dir.path());
        for repair in heal(&tabs, dir.path()).iter().take(1) {
            repair.changes.iter().for_each(|change| apply(change, dir.path()));
            for path in case.files.keys().filter(|path| !path.contains("test")) {
                let after = fs::read_to_string(dir.path().join(path)).unwrap();
                assert!(!after.lines().any(|line| line.starts_with("    ")), "{}: {path}\n{after}", case.name);
            }
        }
    }
}

/// Frames, messages and arguments come from strangers: any line, any text, any file cut off anywhere.
#[test]
fn hostile_exceptions_and_cut_files_give_no_panic() {
    for case in cases().into_iter().step_by(3) {
        let path = case.exception.frames[0].path.clone();
        let content = case.files[&path].clone();
        for cut in (0..content.len()).step_by(37).filter(|cut| content.is_char_boundary(*cut)) {
            let dir = tempfile::tempdir().unwrap();
            lay_out(&case, dir.path());
            fs::write(dir.path().join(&path), &content[..cut]).unwrap();
            heal(&case, dir.path());
        }
        let dir = tempfile::tempdir().unwrap();
        lay_out(&case, dir.path());
        let source = Source::at(dir.path());
        let lines = u32::try_from(content.lines().count()).unwrap();
        let messages = [
            case.exception.message.as_str(),
            "",
            "\u{202e}'\\\0\u{1b}[2J\"\"\"",
            "'NoneType' object has no attribute 'é'",
        ];
        for (line, message) in (0..lines + 3).flat_map(|line| messages.map(|message| (line, message))) {
            let mut exception = case.exception.clone();
            exception.message = message.to_owned();
            exception.frames[0].line = if line == lines + 2 { u32::MAX } else { line };
            exception.handler.push_str(if line % 2 == 0 { "" } else { ".<locals>.x" });
            let Some(cause) = python::diagnose(&exception, &source) else { continue };
            for repair in python::repairs(&exception, &cause, &source) {
                assert!(!repair.changes.is_empty());
                if let Some(Change::Create(test)) = python::regression_test(&exception, &repair, &source) {
                    assert!(!test.content.contains(['\u{1b}', '\u{202e}', '\0']), "{}", test.content);
                }
            }
        }
    }
}
