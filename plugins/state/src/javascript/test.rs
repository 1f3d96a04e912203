//! The test that pins the contract: a captured call, and a look at what it must not have changed.

use thymus_javascript::code::{is_name, last_segment};
use thymus_javascript::project::Project;
use thymus_javascript::testing::{Bench, Expect, Subject, Test, assertions};

use super::scene::Scene;
use crate::change::{Call, Change, What};

/// The file; none when the handler can't be called surely.
pub fn write(change: &Change, project: &Project) -> Option<thymus_sdk::Change> {
    let subject = Subject::find(&change.handler, &[&change.path], change.line, project)?;
    let bench = Bench::of(&subject, project)?;
    let name = last_segment(&change.handler);
    // A call that returned is one that ends; where nothing is returned, nobody knows.
    let call = change.calls.iter().find(|call| call.result.is_some()).or(change.calls.first())?;
    let (title, body) = match &change.what {
        What::Argument(argument) => (
            format!("{name} leaves its arguments as they were"),
            unchanged((&bench, &subject), change, call, argument, project)?,
        ),
        What::State(_) | What::Results => {
            (format!("{name} gives the same for the same call"), repeated(&bench, &subject, call, project)?)
        }
    };
    bench.finish(&[Test { title, body }], "state", project)
}

fn unchanged(
    (bench, subject): (&Bench, &Subject),
    change: &Change,
    call: &Call,
    argument: &str,
    project: &Project,
) -> Option<Vec<String>> {
    let mut arguments = bench.arguments(&call.args, false, project)?;
    let at = if let Ok(at) = argument.parse::<usize>() {
        at
    } else {
        // By name, in the order of the parameters.
        let (all, one) = (subject.positional(&call.args)?, call.args.get(argument)?);
        all.iter().position(|value| value == one)?
    };
    let end = bench.framework().style.semicolon;
    let before = match &call.args {
        serde_json::Value::Array(args) => args.get(at)?,
        by_name => by_name.get(argument)?,
    };
    let parameter = Scene::with(change, project, |scene| scene.parameter_name().map(str::to_owned)).flatten();
    let name = local_name(bench, parameter.as_deref());
    let literal = std::mem::replace(arguments.get_mut(at)?, name.clone());
    let wait = if subject.is_async { "await " } else { "" };
    let mut lines = vec![
        format!("const {name} = {literal}{end}"),
        format!("{wait}{}({}){end}", bench.callee(), arguments.join(", ")),
    ];
    lines.extend(assertions::write(bench.framework(), &name, false, &Expect::Returns(before.clone()), 0));
    Some(lines)
}

/// The first result is kept as text: what is returned may be the very thing that changes.
fn repeated(bench: &Bench, subject: &Subject, call: &Call, project: &Project) -> Option<Vec<String>> {
    let arguments = bench.arguments(&call.args, false, project)?;
    let end = bench.framework().style.semicolon;
    let wait = if subject.is_async { "await " } else { "" };
    let text = format!("JSON.stringify({wait}{}({}))", bench.callee(), arguments.join(", "));
    let mut lines = vec![format!("const first = {text}{end}"), format!("const second = {text}{end}")];
    lines.push(assertions::equal(bench.framework(), "second", "first"));
    Some(lines)
}

fn local_name(bench: &Bench, parameter: Option<&str>) -> String {
    let taken = [bench.callee(), bench.framework().test.as_str(), "assert", "expect"];
    let usable = |name: &&str| is_name(name) && !taken.iter().any(|taken| taken.split('.').next() == Some(name));
    parameter.filter(usable).unwrap_or("argument").to_owned()
}
