//! Tests that fail while the order is wrong and pass once it is right: by what the caller gives, where better times tell
//! that, else by recording the calls while the caller runs as it did in production or as a test that is there runs it.

use thymus_python::project::Project;
use thymus_python::syntax::Module;
use thymus_python::testing::place::Place;
use thymus_python::testing::{Call, Expect, Imports, Subject, TestCase, write};
use thymus_sdk::source::{Source, Text};
use thymus_sdk::{Change, Role, edit};

use super::{driver, recorder};
use crate::disorder::Disorder;
use crate::flow::Flow;
use crate::history::History;
use crate::trigger::Trigger;

/// What a test's file is named for, beside the function.
const MARK: &str = "order";
/// Calls of one test.
const MOST_CALLS: usize = 3;
/// Tests of the project that are tried.
const MOST_DRIVERS: usize = 2;

/// Tests that show the order, the surest first.
pub fn proofs(disorder: &Disorder, flow: &Flow, history: &History, project: &Project, source: &Source) -> Vec<Change> {
    let Some(name) = &flow.name else { return Vec::new() };
    let handler = disorder.caller.as_ref().map_or(name.as_str(), |caller| caller.handler.as_str());
    let Some(subject) = Subject::find(handler, &[flow.path.as_str()], None, project) else { return Vec::new() };
    let mut proofs: Vec<Change> = by_result(&subject, history, project, source).into_iter().collect();
    proofs.extend(by_recording(disorder, flow, history, &subject, project, source));
    proofs
}

/// The caller gives again what it gave in better times.
fn by_result(subject: &Subject, history: &History, project: &Project, source: &Source) -> Option<Change> {
    let name = subject.function.def.name.as_str();
    let calls: Vec<Call> = history
        .changed
        .iter()
        .filter_map(|call| Some(Call { args: call.args.clone(), expect: Expect::Returns(call.result.clone()?) }))
        .take(MOST_CALLS)
        .collect();
    let case = TestCase {
        name: format!("{}_gives_what_it_gave", thymus_python::testing::place::plain_word(name)),
        words: format!("{name} gives what it gave before its steps were changed."),
        calls,
    };
    if case.calls.is_empty() { None } else { write(subject, MARK, &[case], project, source) }
}

fn by_recording(
    disorder: &Disorder,
    flow: &Flow,
    history: &History,
    subject: &Subject,
    project: &Project,
    source: &Source,
) -> Vec<Change> {
    let mut proofs = Vec::new();
    let Some(place) = Place::find(subject, MARK, project, source) else { return proofs };
    let Some(recorder) = recorder::Recorder::of(disorder, flow, subject, &place) else { return proofs };
    // As in production.
    if let Some(call) = history.usual.iter().chain(&history.changed).next()
        && let Some(bench) = thymus_python::testing::Bench::of(*subject, MARK, project, source)
        && let Some(called) = bench.call(&call.args)
    {
        let mut imports = Imports::default();
        imports.join(&called.imports);
        let expression = bench.expression(&called, &mut imports);
        if let Some(mut test) = recorder.test(&[], std::slice::from_ref(&expression), &mut imports) {
            test.waits = expression.starts_with("await ");
            test.fixtures.extend(called.fixtures);
            proofs.extend(bench.finish(&[test], &imports));
        }
    }
    // As a test does that is there.
    for driver in driver::drivers(&Trigger::of(disorder, flow, history), &place, project).into_iter().take(MOST_DRIVERS)
    {
        proofs.extend(copied(&recorder, &driver, &place));
    }
    proofs
}

fn copied(recorder: &recorder::Recorder, driver: &driver::Driver, place: &Place) -> Option<Change> {
    let mut imports = Imports::default();
    let mut test = recorder.test(&driver.before, &driver.run, &mut imports)?;
    test.fixtures.extend(driver.fixtures.clone());
    test.waits = driver.is_async;
    let content = driver.file(&test, place);
    Module::parse(Text::new(place.path.clone(), content.clone()))?;
    Some(edit::create(place.path.clone(), content, Role::Test))
}
