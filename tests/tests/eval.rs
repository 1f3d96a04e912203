//! The instrument, on truths that are known: what is right must be called right, and what is wrong wrong.
#![allow(clippy::unwrap_used, missing_docs)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use thymus_tests::suite::Suite;
use thymus_tests::{components, json, program, puppet, run, said, samples};

#[test]
fn healing_the_order_shop_is_measured() {
    let suite = Suite::of_samples(&["order-shop-faulty", "order-shop-healthy"]);
    let out = suite.path().join("out");
    let mut eval = thymus_eval(&suite, &components("plugins").join("thymus-errors.wasm"));
    let first = json(eval.arg("--out").arg(&out), 0);
    keeps_to_the_schema(&first);

    let all = &first["scores"][0];
    for figure in ["recall", "precision", "file", "function", "line", "fixed", "right", "healed"] {
        assert_eq!((&all[figure]["hits"], &all[figure]["of"]), (&3.into(), &3.into()), "{figure}: {all:#}");
    }
    assert_eq!((&all["clean_windows"], &all["clean_alarms"]), (&1.into(), &0.into()));
    assert_eq!(all["no_fix"]["hits"], 0, "the hidden tests fail where nobody healed");
    assert_eq!(all["saved"]["minutes"], 3.0 * (90.0 - 15.0));
    assert!(all["time"]["worst"].as_f64().unwrap() >= all["time"]["median"].as_f64().unwrap());
    // The stack's last frame lies one line below the missing `await`, and where the others break.
    assert_eq!(all["last_frame"]["line"]["hits"], 3, "{:#}", all["last_frame"]);

    let page = std::fs::read_to_string(out.join("index.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("order-shop-faulty"));
    for outside in ["http:", "https:", "src=", "<script", "<link"] {
        assert!(!page.contains(outside), "the page asks for something outside: {outside}");
    }

    // The same again is the same; with a plugin that sees nothing of it, it is worse.
    let mut again = thymus_eval(&suite, &components("hostile").join("puppet.wasm"));
    suite
        .write("cases/order-shop-faulty/policy.toml", "name = \"p\"\n[plugin.puppet.settings]\npath = \"README.md\"\n");
    suite.edit("cases/order-shop-faulty/case.toml", "judged", "policy = [\"policy.toml\"]\njudged");
    suite.write(
        "cases/order-shop-healthy/policy.toml",
        "name = \"p\"\n[plugin.puppet.settings]\npath = \"README.md\"\n",
    );
    suite.edit("cases/order-shop-healthy/case.toml", "clean", "policy = [\"policy.toml\"]\nclean");
    let second = json(again.arg("--previous").arg(out.join("results.json")), 0);
    keeps_to_the_schema(&second);
    assert_eq!((&second["comparison"]["worse"], &second["comparison"]["better"]), (&2.into(), &0.into()));
}

#[test]
fn fixes_and_findings_are_judged_by_the_truth() {
    let suite = Suite::named("halves");
    case(&suite, "a-right", TRUTH, HALF_OF_TEN, &puppet::repair());
    // What the hidden test says is not what the fix does, though it passes every gate.
    case(&suite, "b-contradicted", TRUTH, &HALF_OF_TEN.replace("10), 5", "10), 4"), &puppet::repair());
    // Nothing of the kind is wrong there, so the finding is false and what was expected is missed.
    let elsewhere = TRUTH.replace("\"puppet\"", "\"other\"").replace("src/half.js", "src/other.js");
    case(&suite, "c-elsewhere", &elsewhere, HALF_OF_TEN, &puppet::repair());
    // Without a fix the hidden test passes too.
    case(&suite, "d-blind", TRUTH, &HALF_OF_TEN.replace("10), 5", "0), 0"), &puppet::repair());
    // It brings a file that nobody asked for.
    let more = [puppet::repair(), vec![puppet::create("src/extra.js", "export const extra = 1;\n", "source")]].concat();
    case(&suite, "e-touches-more", TRUTH, HALF_OF_TEN, &more);
    case(&suite, "f-clean", "clean = true\n", HALF_OF_TEN, &puppet::repair());
    case(&suite, "g-tolerated", "clean = true\n[[tolerate]]\nhandler = \"puppet\"\n", HALF_OF_TEN, &puppet::repair());
    // A mutant survives the old tests, and must not survive the new ones.
    let mutant = format!("{TRUTH}must = \"fail\"\n");
    case(&suite, "h-mutant", &mutant, MUTANT, &puppet::repair());
    series(&suite, "i-series");

    let report = json(&mut thymus_eval(&suite, &components("hostile").join("puppet.wasm")), 0);
    keeps_to_the_schema(&report);
    let fix = |case: &str| of(&report, case)["issues"][0]["fix"].clone();
    assert_eq!(fix("a-right")["state"], "right", "{:#}", of(&report, "a-right"));
    assert_eq!(fix("a-right")["holds_without"], false);
    assert_eq!(fix("b-contradicted")["state"], "wrong");
    assert!(fix("b-contradicted")["why"].as_str().unwrap().contains("hidden check 1"), "{:#}", fix("b-contradicted"));
    assert_eq!(fix("d-blind")["state"], "not-judged");
    assert_eq!(fix("h-mutant")["state"], "right", "{:#}", fix("h-mutant"));
    let why = fix("e-touches-more")["why"].to_string();
    assert!(why.contains("src/extra.js (new)"), "{:#}", of(&report, "e-touches-more"));

    let elsewhere = of(&report, "c-elsewhere");
    assert_eq!(
        (&elsewhere["issues"][0]["found"], &elsewhere["issues"][0]["fix"]["state"]),
        (&Value::Null, &"absent".into())
    );
    assert_eq!(elsewhere["false_alarms"][0]["fix"]["state"], "wrong", "a fix for nothing is a wrong one");
    let clean = of(&report, "f-clean");
    assert_eq!(clean["false_alarms"][0]["finding"]["rule"], "puppet");
    assert_eq!(
        (of(&report, "g-tolerated")["false_alarms"].clone(), of(&report, "g-tolerated")["uncounted"].clone()),
        (Value::Array(vec![]), 1.into())
    );
    let series = of(&report, "i-series");
    assert_eq!((&series["series"], &series["issues"][0]["rank"]), (&true.into(), &1.into()), "{series:#}");

    let all = &report["scores"][0];
    assert_eq!(
        (&all["clean_windows"], &all["clean_alarms"], &all["clean_critical"]),
        (&2.into(), &1.into(), &0.into())
    );
    assert_eq!((&all["recall"]["hits"], &all["recall"]["of"]), (&6.into(), &7.into()));
    assert_eq!(all["not_judged"], 1);
    // Six answer an issue and two don't, each as sure as the others.
    let bins = all["findings"]["bins"].as_array().unwrap();
    assert_eq!(bins.len(), 1);
    assert!((all["findings"]["error"].as_f64().unwrap() - (0.9 - 6.0 / 8.0)).abs() < 1e-9);
}

#[test]
fn what_is_finished_is_reported_when_a_person_stops_it() {
    let suite = Suite::named("halves");
    for name in ["one", "two", "three"] {
        case(&suite, name, TRUTH, HALF_OF_TEN, &[]);
    }
    let mut eval = thymus_eval(&suite, &components("hostile").join("puppet.wasm"));
    let mut eval = eval.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(eval.stderr.take().unwrap()).lines();
    assert!(lines.by_ref().any(|line| line.unwrap().starts_with("[1/3]")), "the first case is told of when it ends");
    let id = rustix::process::Pid::from_child(&eval);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    let mut text = String::new();
    eval.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    lines.for_each(drop);
    assert_eq!(eval.wait().unwrap().code(), Some(1));
    let report: Value = serde_json::from_str(&text).unwrap();
    keeps_to_the_schema(&report);
    assert_eq!((&report["partial"], &report["planned"]), (&true.into(), &3.into()));
    assert!((1..3).contains(&report["cases"].as_array().unwrap().len()), "{report:#}");
}

#[test]
fn a_wrong_suite_is_refused_with_its_place() {
    let words = [
        ("expect]]\n", "expect]]\ncolour = \"red\"\n", "unknown field `colour`"),
        ("\"../../telemetry.gz\"", "\"../../../telemetry.gz\"", "leads out of the suite"),
        ("\"../../telemetry.gz\"", "\"/etc/passwd\"", "leads out of the suite"),
        ("\"../../telemetry.gz\"", "\"nothing.gz\"", "No such file"),
        ("path = \"src/half.js\"", "path = \"../half.js\"", "`..` name"),
        ("\nlines = [1, 2]", "\nlines = [9, 2]", "these are no lines"),
        ("capability = \"error\"", "capability = \"mistakes\"", "unknown variant"),
        ("files = \"hidden\"", "files = \"hiden\"", "No such file"),
        ("[[expect.hidden]]\nfiles = \"hidden\"\n", "", "whether a fix of this is right"),
        ("repository =", "clean = true\nrepository =", "is it clean, or is something wrong in it?"),
    ];
    for (from, to, message) in words {
        let suite = Suite::named("halves");
        case(&suite, "one", TRUTH, HALF_OF_TEN, &[]);
        suite.edit("cases/one/case.toml", from, to);
        let done = run(&mut thymus_eval(&suite, &components("hostile").join("puppet.wasm")), 2);
        assert!(said(&done).contains(message) && said(&done).contains("case.toml:"), "{from} → {to}: {}", said(&done));
    }
    let suite = Suite::named("halves");
    case(&suite, "one", TRUTH, HALF_OF_TEN, &[]);
    std::fs::remove_file(suite.path().join("telemetry.gz")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", suite.path().join("telemetry.gz")).unwrap();
    let done = run(&mut thymus_eval(&suite, &components("hostile").join("puppet.wasm")), 2);
    assert!(said(&done).contains("is a symbolic link"), "{}", said(&done));
    let none = run(&mut thymus_eval(&Suite::named("empty"), &components("hostile").join("puppet.wasm")), 2);
    assert!(said(&none).contains("put each case into a folder"), "{}", said(&none));
    run(Command::new(program()).args(["eval", "/nowhere"]), 2);
}

#[test]
fn a_case_that_cannot_be_run_costs_the_others_nothing() {
    let suite = Suite::named("halves");
    case(&suite, "good", TRUTH, HALF_OF_TEN, &[]);
    case(&suite, "broken", TRUTH, HALF_OF_TEN, &[]);
    suite.write("cases/broken/repo/thymus.toml", "nonsense = 1\n");
    let report = json(&mut thymus_eval(&suite, &components("hostile").join("puppet.wasm")), 1);
    assert!(of(&report, "broken")["error"].as_str().unwrap().contains("nonsense"), "{report:#}");
    assert_eq!(of(&report, "good")["error"], Value::Null);
    assert_eq!(report["scores"][0]["recall"]["of"], 1, "it counts nowhere");
}

/// What the puppet finds, where it says that it lies.
const TRUTH: &str = "[[expect]]
capability = \"error\"
handler = \"puppet\"
path = \"src/half.js\"
function_lines = [1, 3]
lines = [1, 2]
[[expect.hidden]]
files = \"hidden\"
";

const HALF_OF_TEN: &str = "import assert from 'node:assert/strict';
import { test } from 'node:test';
import { half } from '../src/half.js';

test('half of ten is five', () => assert.equal(half(10), 5));
";

const MUTANT: &str = "export function half(n) {\n  return n === 4 ? NaN : n / 2;\n}\n";

/// A case of the halving project: its truth, a hidden file, and what the puppet proposes.
fn case(suite: &Suite, name: &str, truth: &str, hidden: &str, changes: &[String]) {
    let dir = format!("cases/{name}");
    for (path, text) in puppet::FILES {
        suite.write(&format!("{dir}/repo/{path}"), text);
    }
    std::fs::copy(samples().join("order-shop/recordings/faulty.jsonl.gz"), suite.path().join("telemetry.gz")).unwrap();
    let hides = if truth.contains("must = \"fail\"") { "src/half.js" } else { "test/hidden.test.js" };
    suite.write(&format!("{dir}/hidden/{hides}"), hidden);
    suite.write(&format!("{dir}/policy.toml"), &puppet::policy_text(changes));
    let head = "repository = \"repo\"\ntelemetry = [\"../../telemetry.gz\"]\npolicy = [\"policy.toml\"]\n";
    suite.write(&format!("{dir}/case.toml"), &format!("{head}{truth}"));
}

/// A case that only findings are judged of.
fn series(suite: &Suite, name: &str) {
    suite.write(&format!("cases/{name}/policy.toml"), &puppet::policy_text(&[]));
    suite.write(
        &format!("cases/{name}/case.toml"),
        "telemetry = [\"../../telemetry.gz\"]\npolicy = [\"policy.toml\"]\n[[expect]]\ncapability = \"error\"\nhandler = \"puppet\"\n",
    );
}

fn of<'a>(report: &'a Value, case: &str) -> &'a Value {
    report["cases"].as_array().unwrap().iter().find(|one| one["case"] == case).unwrap()
}

fn thymus_eval(suite: &Suite, plugin: &Path) -> Command {
    let mut command = Command::new(program());
    // As people type it: relative to where they are.
    command.current_dir(suite.path()).args(["eval", "."]).arg("--plugins").arg(plugin).args(["--format", "json"]);
    command.env("NO_COLOR", "1");
    command
}

fn keeps_to_the_schema(report: &Value) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/eval.schema.json");
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    let schema = compiler.compile(file.to_str().unwrap(), &mut schemas).unwrap();
    if let Err(error) = schemas.validate(report, schema) {
        panic!("docs/eval.schema.json: {error}");
    }
}
