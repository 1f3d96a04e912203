//! Scores the docstring rules on pydoclint's own test data: documented functions with the violations that its authors expect.
//! `cargo run --example pydoclint -- EXPECTED SDIST`, where EXPECTED is what `examples/pydoclint_expected.py SDIST` prints (one
//! line a violation: file, code, function) and SDIST the unpacked source distribution 0.12.0.
//!
//! In scope are those codes that mean that a docstring says something else than the code: DOC102 and DOC103 where a documented
//! argument does not exist, DOC101 and DOC103 where one is left out, DOC104 order, DOC105 types, DOC202 a return value that is
//! none, DOC503 exceptions. The others are about style (which section is wanted, where types stand).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use thymus_documentation::documented::File;
use thymus_documentation::drift::Drift;
use thymus_documentation::python;
use thymus_documentation::rules::{self, Habits, Thoroughness};
use thymus_python::syntax::Module;
use thymus_sdk::source::Text;

/// What each rule says, in pydoclint's terms.
fn code(rule: &str) -> Option<&'static str> {
    Some(match rule {
        "parameter-renamed" | "parameter-gone" => "argument that does not exist (DOC102, DOC103)",
        "parameter-undocumented" => "argument left out (DOC101, DOC103)",
        "parameter-order" => "order (DOC104)",
        "parameter-type" => "type (DOC105)",
        "return-value" => "return value that is none (DOC202)",
        "exception-renamed" | "exception-undocumented" => "exceptions (DOC503)",
        _ => return None,
    })
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [expected, sdist] = arguments.as_slice() else {
        eprintln!("usage: pydoclint EXPECTED SDIST");
        std::process::exit(2);
    };
    let expected = std::fs::read_to_string(expected).expect("the expectations read");
    let mut wanted: BTreeMap<&str, BTreeSet<(String, String)>> = BTreeMap::new();
    let mut files = BTreeSet::new();
    for line in expected.lines() {
        let mut parts = line.splitn(3, '\t');
        let (Some(file), Some(kind), Some(function)) = (parts.next(), parts.next(), parts.next()) else { continue };
        files.insert(file.to_owned());
        if !kind.is_empty() {
            // What it says of a constructor, it may have read in the docstring of the class.
            let function = function.trim_end_matches(".__init__");
            wanted.entry(kind).or_default().insert((file.to_owned(), function.to_owned()));
        }
    }
    let mut seen: BTreeMap<&str, BTreeSet<(String, String)>> = BTreeMap::new();
    let mut functions = 0;
    for file in &files {
        let (count, drifts) = check(&Path::new(sdist).join(file));
        functions += count;
        for drift in drifts {
            if let Some(kind) = code(&drift.rule) {
                let function = drift.subject.trim_end_matches(".__init__").to_owned();
                seen.entry(kind).or_default().insert((file.clone(), function));
            }
        }
    }
    println!("{} files, {functions} documented functions", files.len());
    let none = BTreeSet::new();
    for kind in wanted.keys().chain(seen.keys()).collect::<BTreeSet<_>>() {
        let (wanted, seen) = (wanted.get(kind).unwrap_or(&none), seen.get(kind).unwrap_or(&none));
        let right = wanted.intersection(seen).count();
        println!("{kind}: {right} of {} found, {} others", wanted.len(), seen.len() - right);
        for (file, function) in seen.difference(wanted) {
            println!("    not expected: {file} {function}");
        }
        for (file, function) in wanted.difference(seen) {
            println!("    not found: {file} {function}");
        }
    }
}

/// The drifts of a file, which is taken for one of a project that documents everything.
fn check(path: &Path) -> (usize, Vec<Drift>) {
    let Ok(content) = std::fs::read_to_string(path) else { return (0, Vec::new()) };
    let Some(module) = Module::parse(Text::new("case.py", content.clone())) else { return (0, Vec::new()) };
    let mut habits = Habits { thoroughness: Thoroughness::Full, lists_exceptions: true, ..Habits::default() };
    python::classes(&module, &mut habits.classes);
    let functions = python::functions(&module);
    let file = File { path: "case.py".to_owned(), content, functions };
    let drifts = file.functions.iter().flat_map(|function| rules::check(&file, function, &habits)).collect();
    (file.functions.len(), drifts)
}
