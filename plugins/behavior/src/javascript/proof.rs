//! Tests that fail while the order is wrong and pass once it is right: by what the caller gives, where better times tell
//! that, else by recording the calls while the caller runs as it did in production or as a test that is there runs it.

use std::fmt::Write as _;

use thymus_javascript::code::is_sound;
use thymus_javascript::project::Project;
use thymus_javascript::testing::{Bench, Call, Expect, Framework, Subject, TestCase, write};
use thymus_sdk::{Change, Role, edit};

use super::driver::{Driver, drivers};
use super::recorder::Recorder;
use crate::disorder::Disorder;
use crate::flow::Flow;
use crate::history::History;
use crate::trigger::Trigger;
use crate::wanted::Wanted;

/// What a test's file is named for, beside the function.
const MARK: &str = "order";
/// Calls of one test.
const MOST_CALLS: usize = 3;
/// Tests of the project that are tried.
const MOST_DRIVERS: usize = 2;

/// Tests that show the order, the surest first.
pub fn proofs(disorder: &Disorder, flow: &Flow, history: &History, project: &Project) -> Vec<Change> {
    let mut proofs = Vec::new();
    let name = flow.name.as_deref().unwrap_or_default();
    let handler = disorder.caller.as_ref().map_or(name, |caller| caller.handler.as_str());
    let subject = Subject::find(handler, &[flow.path.as_str()], None, project);
    if let Some(subject) = &subject {
        proofs.extend(by_result(subject, history, project));
    }
    let Some(framework) = Framework::of(project, &flow.path) else { return proofs };
    let Some(recorder) = Wanted::of(disorder).and_then(|wanted| Recorder::of(wanted, flow, &framework, project)) else {
        return proofs;
    };
    let stem = framework.file_stem(if name.is_empty() { MARK } else { name });
    let path = std::iter::once(format!("{stem}-{MARK}"))
        .chain((2..10).map(|number| format!("{stem}-{MARK}-{number}")))
        .map(|stem| format!("{}{stem}{}", framework.folder, framework.suffix))
        .find(|path| !project.exists(path));
    let Some(path) = path else { return proofs };
    let as_in_production = subject.as_ref().and_then(|subject| called(subject, history, &framework, project));
    let as_tests_do =
        drivers(&Trigger::of(disorder, flow, history), &framework, project).into_iter().take(MOST_DRIVERS);
    for driver in as_in_production.into_iter().chain(as_tests_do) {
        let words: Vec<String> = driver.body.iter().chain(&driver.definitions).cloned().collect();
        let Some(order) = Wanted::free_name(&words, &["order", "calls", "recorded"]) else { continue };
        let content = file(&recorder, &driver, &framework, order);
        if is_sound(&path, &content) {
            proofs.push(edit::create(path.clone(), content, Role::Test));
        }
    }
    proofs
}

/// The caller gives again what it gave in better times.
fn by_result(subject: &Subject, history: &History, project: &Project) -> Option<Change> {
    let calls: Vec<Call> = history
        .changed
        .iter()
        .filter_map(|call| {
            let expect = Expect::Returns(call.result.clone()?);
            Some(Call { args: call.args.clone(), null_was_undefined: false, expect })
        })
        .take(MOST_CALLS)
        .collect();
    let title = format!("{} gives what it gave before its steps were changed", subject.name);
    if calls.is_empty() { None } else { write(subject, MARK, &[TestCase { title, calls }], project) }
}

/// The caller, called as it was in production.
fn called(subject: &Subject, history: &History, framework: &Framework, project: &Project) -> Option<Driver> {
    let bench = Bench::of(subject, project)?;
    let call = history.usual.iter().chain(&history.changed).next()?;
    let arguments = bench.arguments(&call.args, false, project)?;
    let (import, callee) = subject.import(framework)?;
    let waits = if subject.is_async { "await " } else { "" };
    let end = &framework.style.semicolon;
    let mut driver = Driver {
        body: vec![format!("{waits}{callee}({}){end}", arguments.join(", "))],
        is_refused: false,
        packages: framework.imports().into_iter().map(|(_, line)| line).collect(),
        files: Vec::new(),
        definitions: Vec::new(),
    };
    let (taken, specifier) = taken(&import)?;
    driver.files.push((taken, specifier));
    Some(driver)
}

/// What a line that imports takes, and from where.
fn taken(import: &str) -> Option<(String, String)> {
    let words = import.trim_end_matches(';');
    let Some(words) = words.strip_prefix("import ") else {
        let (left, right) = words.strip_prefix("const ")?.split_once(" = require(")?;
        return Some((left.to_owned(), right.strip_suffix(')')?.trim_matches(['\'', '"']).to_owned()));
    };
    let (left, specifier) = words.split_once(" from ")?;
    let left = if left.starts_with('{') { left.replace(" as ", ": ") } else { format!("{{ default: {left} }}") };
    Some((left, specifier.trim_matches(['\'', '"']).to_owned()))
}

/// The whole file: the packages, the recorder, what is under test, and the test.
fn file(recorder: &Recorder, driver: &Driver, framework: &Framework, order: &str) -> String {
    let style = &framework.style;
    let (indent, end, newline) = (&style.indent, &style.semicolon, &style.newline);
    let mut content = String::new();
    let mut line = |text: &str| {
        let _ = write!(content, "{text}{newline}");
    };
    recorder.imports(framework).iter().chain(&driver.packages).for_each(|text| line(text));
    line("");
    recorder.lines(framework, order).iter().for_each(|text| line(text));
    line("");
    for (taken, specifier) in &driver.files {
        let specifier = style.string(specifier);
        line(&if recorder.is_module {
            format!("const {taken} = await import({specifier}){end}")
        } else {
            format!("const {taken} = require({specifier}){end}")
        });
    }
    let mut was_long = true;
    for definition in &driver.definitions {
        let is_long = definition.contains('\n');
        if is_long || was_long {
            line("");
        }
        definition.lines().for_each(&mut line);
        was_long = is_long;
    }
    line("");
    let marker = if driver.body.iter().any(|text| text.contains("await ")) { "async " } else { "" };
    line(&format!("{}({}, {marker}() => {{", framework.test, style.string(recorder.title())));
    driver.body.iter().for_each(|text| line(&format!("{indent}{text}")));
    line(&format!("{indent}{}", recorder.assertion(framework, order)));
    line(&format!("}}){end}"));
    content
}
