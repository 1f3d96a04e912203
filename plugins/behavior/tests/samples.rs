//! The whole way, on copies of the sample projects: two beats swapped, one dropped, one doubled, and what was there before
//! comes back, with a test.

#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use thymus_behavior::Behavior;
use thymus_sdk::source::Source;
use thymus_sdk::telemetry::Telemetry;
use thymus_sdk::{Change, Detector as _, Diagnoser as _, Finding, Fixer as _, Proposal};

/// A copy of a sample, and telemetry of its runs.
struct Scene {
    dir: tempfile::TempDir,
}

/// A request and the beats it ran, each with its file.
struct Request<'a> {
    route: &'a str,
    beats: Vec<(&'a str, &'a str)>,
}

impl Scene {
    fn of(sample: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/samples").join(sample);
        copy(&from, &dir.path().join("source"));
        fs::create_dir(dir.path().join("telemetry")).unwrap();
        Self { dir }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join("source").join(path)
    }

    /// Plants a fault, and gives back what the file was before.
    fn plant(&self, path: &str, from: &str, to: &str) -> String {
        let before = fs::read_to_string(self.path(path)).unwrap();
        assert_eq!(before.matches(from).count(), 1, "{from}");
        fs::write(self.path(path), before.replacen(from, to, 1)).unwrap();
        before
    }

    fn telemetry(&self, window: &[(usize, Request)], baseline: &[(usize, Request)]) {
        let dir = self.dir.path().join("telemetry");
        let write = |name: &str, runs: &[(usize, Request)], salt: usize| {
            let mut lines = String::new();
            let mut number = salt;
            for (count, request) in runs {
                for _ in 0..*count {
                    number += 1;
                    spans(&mut lines, number, request);
                }
            }
            fs::write(dir.join(name), lines).unwrap();
        };
        write("spans.jsonl", window, 0);
        write("baseline-spans.jsonl", baseline, 1_000_000);
        let declared = json!({"sequences": ["docs/sequences/*.yaml"], "docs": ["README.md", "docs/**/*.md"]});
        fs::write(dir.join("expectations.json"), declared.to_string()).unwrap();
    }

    fn heal(&self) -> Vec<(Finding, Vec<Proposal>)> {
        let telemetry = Telemetry::open(self.dir.path().join("telemetry"));
        let source = Source::at(self.dir.path().join("source"));
        let findings = Behavior::detect(&telemetry, &source).unwrap();
        let healed = findings.into_iter().map(|finding| {
            let diagnosis = Behavior::diagnose(&finding, &telemetry, &source).unwrap();
            let proposals =
                diagnosis.map(|diagnosis| Behavior::propose(&finding, &diagnosis, &telemetry, &source).unwrap());
            (finding, proposals.unwrap_or_default())
        });
        healed.collect()
    }

    /// A file as a proposal leaves it.
    fn healed(&self, proposal: &Proposal, path: &str) -> String {
        let mut text = fs::read_to_string(self.path(path)).unwrap();
        for change in &proposal.changes {
            if let Change::Edit(file) = change
                && file.path == path
            {
                for edit in file.edits.iter().rev() {
                    let range = usize::try_from(edit.start).unwrap()..usize::try_from(edit.end).unwrap();
                    text.replace_range(range, &edit.replacement);
                }
            }
        }
        text
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            if !matches!(name.as_str(), "node_modules" | ".venv" | "recordings" | "release" | "__pycache__") {
                copy(&entry.path(), &to.join(name));
            }
        } else {
            fs::copy(entry.path(), to.join(name)).unwrap();
        }
    }
}

/// One trace: a request's span, and below it the beats one after another, all within a millisecond or two.
fn spans(lines: &mut String, number: usize, request: &Request) {
    let start = 1_700_000_000_000_000_000 + number as u64 * 50_000_000;
    let line = |id: usize, parent: Option<usize>, start: u64, nanos: u64, handler: &str, path: Option<&str>| -> Value {
        json!({
            "trace_id": format!("{number:032x}"), "span_id": format!("{id:016x}"),
            "parent_span_id": parent.map(|id| format!("{id:016x}")), "start_ns": start, "end_ns": start + nanos,
            "status": "unset", "service": "sample", "handler": handler, "path": path, "attributes": {}, "events": [],
        })
    };
    let _ = writeln!(lines, "{}", line(1, None, start, 20_000_000, request.route, None));
    for (at, (handler, path)) in request.beats.iter().enumerate() {
        let start = start + at as u64 / 3 * 1_000_000;
        let _ = writeln!(lines, "{}", line(at + 2, Some(1), start, 400_000, handler, Some(path)));
    }
}

const CHECKOUT: [(&str, &str); 6] = [
    ("cartTotals", "src/handlers/cart.js"),
    ("deliveryCountry", "src/handlers/checkout.js"),
    ("shippingQuote", "src/handlers/shipping.js"),
    ("reserveStock", "src/handlers/checkout.js"),
    ("placeOrder", "src/handlers/checkout.js"),
    ("payOrder", "src/handlers/payment.js"),
];
const DISPATCH: [(&str, &str); 6] = [
    ("quote_delivery", "inventory/handlers/deliveries.py"),
    ("reserve_stock", "inventory/handlers/stock.py"),
    ("list_lots", "inventory/handlers/lots.py"),
    ("split_pick", "inventory/handlers/lots.py"),
    ("book_delivery", "inventory/handlers/deliveries.py"),
    ("issue_stock", "inventory/handlers/stock.py"),
];

fn request<'a>(route: &'a str, beats: &[(&'a str, &'a str)], order: &[usize]) -> Request<'a> {
    Request { route, beats: order.iter().map(|at| beats[*at]).collect() }
}

fn checkout(order: &[usize]) -> Request<'static> {
    request("POST /checkout", &CHECKOUT, order)
}

fn dispatch(order: &[usize]) -> Request<'static> {
    request("POST /dispatches", &DISPATCH, order)
}

const RESERVE: &str = "  await call.reserveStock({ lines });\n";
const PLACE: &str = "  const order = await call.placeOrder({ customerId, shippingCents: quote.cents, preferences });\n";

#[test]
fn swapped_calls_of_javascript_change_places_again() {
    let scene = Scene::of("order-shop");
    let before = scene.plant("src/app.js", &format!("{RESERVE}{PLACE}"), &format!("{PLACE}{RESERVE}"));
    scene.telemetry(&[(40, checkout(&[0, 1, 2, 4, 3, 5]))], &[(40, checkout(&[0, 1, 2, 3, 4, 5]))]);
    let healed = scene.heal();
    let [(finding, proposals)] = healed.as_slice() else { panic!("{healed:?}") };
    assert_eq!(finding.rule, "swapped-beats");
    let proposal = proposals.first().expect("a proposal");
    assert_eq!(scene.healed(proposal, "src/app.js"), before);
    let Some(Change::Create(test)) = proposal.changes.last() else { panic!("no test") };
    assert_eq!(test.path, "test/checkout-order.test.js");
    assert!(test.content.contains("assert.equal(order.join(', '), 'reserveStock, placeOrder');"), "{}", test.content);
    assert!(test.content.contains("await ask(shop, 'POST', '/checkout',"), "{}", test.content);
}

#[test]
fn swapped_calls_of_python_change_places_again() {
    let scene = Scene::of("inventory-service");
    let text = fs::read_to_string(scene.path("inventory/app.py")).unwrap();
    let line = |word: &str| format!("{}\n", text.lines().find(|line| line.contains(word)).unwrap());
    let (book, issue) = (line("booking = await"), line("issued = stock"));
    let before = scene.plant("inventory/app.py", &format!("{book}{issue}"), &format!("{issue}{book}"));
    scene.telemetry(&[(40, dispatch(&[0, 1, 2, 3, 5, 4]))], &[(40, dispatch(&[0, 1, 2, 3, 4, 5]))]);
    let healed = scene.heal();
    let [(finding, proposals)] = healed.as_slice() else { panic!("{healed:?}") };
    assert_eq!(finding.rule, "swapped-beats");
    let proposal = proposals.first().expect("a proposal");
    assert_eq!(scene.healed(proposal, "inventory/app.py"), before);
    let Some(Change::Create(test)) = proposal.changes.last() else { panic!("no test") };
    assert!(test.content.contains("assert calls == [\"book_delivery\", \"issue_stock\"]"), "{}", test.content);
}

#[test]
fn a_doubled_call_goes() {
    let scene = Scene::of("order-shop");
    let before = scene.plant("src/app.js", RESERVE, &format!("{RESERVE}{RESERVE}"));
    scene.telemetry(&[(40, checkout(&[0, 1, 2, 3, 3, 4, 5]))], &[(40, checkout(&[0, 1, 2, 3, 4, 5]))]);
    let healed = scene.heal();
    let [(finding, proposals)] = healed.as_slice() else { panic!("{healed:?}") };
    assert_eq!(finding.rule, "repeated-beat");
    assert_eq!(scene.healed(proposals.first().expect("a proposal"), "src/app.js"), before);
}

#[test]
fn what_is_not_documented_is_learned_from_better_times() {
    let scene = Scene::of("order-shop");
    fs::remove_dir_all(scene.path("docs")).unwrap();
    scene.telemetry(&[(40, checkout(&[0, 1, 2, 4, 3, 5]))], &[(40, checkout(&[0, 1, 2, 3, 4, 5]))]);
    let healed = scene.heal();
    let [(finding, _)] = healed.as_slice() else { panic!("{healed:?}") };
    assert_eq!(finding.rule, "swapped-beats");
    assert!(finding.evidence.iter().any(|evidence| evidence.statement.contains("In better times it was never so")));
}

#[test]
fn a_definition_that_was_always_wrong_is_corrected_and_code_is_not() {
    let scene = Scene::of("order-shop");
    let always = [0, 1, 2, 4, 3, 5];
    scene.telemetry(&[(40, checkout(&always))], &[(40, checkout(&always))]);
    let healed = scene.heal();
    let [(finding, proposals)] = healed.as_slice() else { panic!("{healed:?}") };
    assert_eq!(finding.rule, "definition-outdated");
    let after = scene.healed(proposals.first().expect("a proposal"), "docs/sequences/checkout.yaml");
    assert!(after.find("placeOrder").unwrap() < after.find("reserveStock").unwrap(), "{after}");
}

#[test]
fn runs_that_are_in_order_or_stop_early_are_nothing() {
    let scene = Scene::of("order-shop");
    let good = checkout(&[0, 1, 2, 3, 4, 5]);
    scene.telemetry(&[(40, checkout(&[0, 1, 2, 3, 4, 5]))], &[(40, good)]);
    assert!(scene.heal().is_empty());
    // One run of a hundred is an accident; and without history nobody knows which is wrong.
    scene.telemetry(&[(1, checkout(&[0, 1, 2, 4, 3, 5])), (99, checkout(&[0, 1, 2, 3, 4, 5]))], &[]);
    assert!(scene.heal().is_empty());
    scene.telemetry(&[(50, checkout(&[0, 1, 2, 4, 3, 5]))], &[]);
    let unsure = scene.heal();
    assert!(unsure.len() == 1 && unsure[0].1.is_empty(), "{unsure:?}");
}
