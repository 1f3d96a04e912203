//! The whole way of the plugin, from a window and a snapshot to proposals, without a host.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use thymus_documentation::Documentation;
use thymus_documentation::detect::{Settings, detect};
use thymus_sdk::source::Source;
use thymus_sdk::telemetry::Telemetry;
use thymus_sdk::{Change, Diagnoser as _, Expectation, Finding, Fixer as _, Proposal, Role, Severity};

struct Scene {
    dir: tempfile::TempDir,
}

impl Scene {
    fn new(files: &[(&str, &str)], handlers: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, content: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        };
        for (path, content) in files {
            write(&format!("source/{path}"), content);
        }
        write("telemetry/window.json", "{\"start_ns\": 1, \"end_ns\": 2}");
        write("telemetry/handlers.json", &format!("{{\"spans\": 1, \"handlers\": [{handlers}]}}"));
        Self { dir }
    }

    fn telemetry(&self) -> Telemetry {
        Telemetry::open(self.dir.path().join("telemetry"))
    }

    fn source(&self) -> Source {
        Source::at(self.dir.path().join("source"))
    }

    fn findings(&self) -> Vec<Finding> {
        detect(&self.telemetry(), &self.source(), &Settings::default()).unwrap()
    }

    fn proposals(&self, finding: &Finding) -> Vec<Proposal> {
        let diagnosis = Documentation::diagnose(finding, &self.telemetry(), &self.source()).unwrap().unwrap();
        Documentation::propose(finding, &diagnosis, &self.telemetry(), &self.source()).unwrap()
    }
}

const LOTS: &str = "def pick(lots, wanted):\n    \"\"\"Picks.\n\n    Args:\n        lots: The lots.\n        quantity: How many.\n    \"\"\"\n    \
                    return lots[:wanted]\n";

#[test]
fn what_production_uses_comes_first_and_a_proposal_promises_that_documentation_agrees() {
    let files = [("a.py", LOTS), ("b/lots.py", LOTS), ("README.md", "# X\n")];
    let scene = Scene::new(&files, "{\"handler\": \"pick\", \"path\": \"b/lots.py\", \"count\": 7}");
    let findings = scene.findings();
    let seen: Vec<_> = findings.iter().map(|found| (found.subject.path.as_deref(), found.severity)).collect();
    assert_eq!(seen, [(Some("b/lots.py"), Severity::Medium), (Some("a.py"), Severity::Low)]);
    assert_eq!(findings[0].subject.line, Some(6));
    let [proposal] = &scene.proposals(&findings[0])[..] else { panic!("one") };
    assert_eq!(proposal.expects, [Expectation::DocsAgree]);
    let [Change::Edit(edit)] = &proposal.changes[..] else { panic!("one edit") };
    assert_eq!((edit.role, edit.edits.len(), edit.edits[0].replacement.as_str()), (Role::Source, 1, "wanted"));
}

#[test]
fn a_file_that_changed_since_gets_no_edit() {
    let scene = Scene::new(&[("a.py", LOTS)], "");
    let finding = scene.findings().remove(0);
    std::fs::write(scene.dir.path().join("source/a.py"), LOTS.replace("Picks.", "Picks lots.")).unwrap();
    assert!(scene.proposals(&finding).is_empty());
}

#[test]
fn the_same_snapshot_gives_the_same_findings() {
    let scene = Scene::new(&[("a.py", LOTS), ("README.md", "[x](y.md)\n"), ("docs/y.md", "")], "");
    assert_eq!(format!("{:?}", scene.findings()), format!("{:?}", scene.findings()));
}

#[test]
fn hostile_files_cost_neither_a_panic_nor_much_time() {
    let many = |one: &str, times: usize| (0..times).map(|at| one.replace('#', &at.to_string())).collect::<String>();
    let python = format!(
        "def f({}):\n    \"\"\"X.\n\n    Args:\n{}    \"\"\"\n",
        many("a#, ", 9_000),
        many("        b#: B.\n", 9_000)
    );
    let script = many("/** X\n * @param a - A.\n * @throws {E#} */\nexport function f#(b) { throw new E(); }\n", 9_000);
    let page = format!("{}\n{}", many("[a](b#.md#c) [d](#e#)\n\n", 9_000), many("## H #\n\n", 9_000));
    let table = format!("| handler | file |\n|---|---|\n{}", many("| `f#` | `src/x#.js` |\n", 9_000));
    let example = format!("```js\nimport {{ {} }} from './src/x';\n```\n", many("a#, ", 4_000));
    let odd = "def f(ä):\n    \"\"\"Ü.\n\n    Args:\n        ö (ß: é\n        :param\n    Raises\n    ---\n\"\"\"\n";
    let odd_script = "/** @param {{{ [a=\n * @param\n * @returns {\n * @param {x} [ */\nfunction f(ä = '@param') {}\n/***/function g() {}\n/**/";
    let odd_page = "[a]( [b](<>) [c](%ff%) [d](#%) `` ` ``\n\n|a|\n|-|\n||\n\n```js\nimport\n";
    let files = [
        ("src/a.py", python.as_str()),
        ("src/x.js", &script),
        ("README.md", &page),
        ("docs/table.md", &table),
        ("docs/example.md", &example),
        ("src/odd.py", odd),
        ("src/odd.js", odd_script),
        ("docs/odd.md", odd_page),
    ];
    let scene = Scene::new(&files, "");
    let started = Instant::now();
    for finding in scene.findings() {
        scene.proposals(&finding);
    }
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}
