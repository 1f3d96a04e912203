//! The test that pins the contract: a captured call, and a look at what it must not have changed.

use thymus_python::project::Project;
use thymus_python::syntax::takes_instance;
use thymus_python::testing::place::{Framework, plain_word};
use thymus_python::testing::{Bench, Expect, Subject, Test};
use thymus_sdk::source::Source;

use super::scene::{Scene, Watched};
use crate::change::{Call, Change, What, argument};

/// The file; none when the handler can't be called.
pub fn write(change: &Change, project: &Project, source: &Source) -> Option<thymus_sdk::Change> {
    let subject = Subject::find(&change.handler, &[&change.path], change.line, project)?;
    let bench = Bench::of(subject, "state", project, source)?;
    let call = best(change)?;
    let called = bench.call(&call.args)?;
    let mut imports = called.imports.clone();
    let function = plain_word(subject.function.def.name.as_str());
    let mut test = Test {
        name: format!("{function}_leaves_its_arguments_alone"),
        words: "What a caller hands in stays as it was.".to_owned(),
        fixtures: called.fixtures.clone(),
        body: Vec::new(),
        waits: false,
    };
    match &change.what {
        What::Argument(name) => {
            let (at, keyword) = position(change, project, name)?;
            let mut called = called;
            let before = argument(&call.args, name)?;
            let prefix = format!("{keyword}=");
            // By name, or in its place.
            let given = called.arguments.iter().position(|argument| argument.starts_with(&prefix)).unwrap_or(at);
            let text = called.arguments.get(given)?.clone();
            let literal = text.strip_prefix(&prefix);
            let variable = if keyword == called.callee { "argument".to_owned() } else { keyword };
            test.body.push(format!("{variable} = {}", literal.unwrap_or(&text)));
            called.arguments[given] = if literal.is_some() { format!("{prefix}{variable}") } else { variable.clone() };
            let expr = bench.expression(&called, &mut imports);
            test.waits = expr.starts_with("await ");
            test.body.push(expr);
            test.body.extend(bench.check(&variable, &Expect::Returns(before.clone()), &mut imports)?);
        }
        What::State(_) | What::Results => {
            test.name = format!("{function}_gives_the_same_twice");
            "One call leaves nothing behind for the next.".clone_into(&mut test.words);
            let expr = bench.expression(&called, &mut imports);
            test.waits = expr.starts_with("await ");
            imports.module("copy");
            // What is returned may be the very thing that changes.
            test.body.push(format!("first = copy.deepcopy({expr})"));
            test.body.push(match (bench.place.framework, test.waits) {
                (Framework::Pytest, false) => format!("assert {expr} == first"),
                (Framework::Pytest, true) => format!("assert ({expr}) == first"),
                (Framework::Unittest, _) => format!("self.assertEqual({expr}, first)"),
            });
        }
    }
    bench.finish(&[test], &imports)
}

/// The smallest call that returned; where none is known to have, the smallest.
fn best(change: &Change) -> Option<&Call> {
    change.calls.iter().find(|call| call.result.is_some()).or(change.calls.first())
}

/// Where the argument stands in a call, and what the parameter is called.
fn position(change: &Change, project: &Project, name: &str) -> Option<(usize, String)> {
    let scene = Scene::of(change, project)?;
    let Watched::Parameter(watched) = scene.watched else { return None };
    let called = watched.parameter.name.to_string();
    let all = scene.function.def.parameters.iter_non_variadic_params();
    let at = all.enumerate().find(|(_, one)| one.parameter.name == watched.parameter.name)?.0;
    let at = name.parse().unwrap_or(at - usize::from(takes_instance(scene.function)));
    Some((at, called))
}
