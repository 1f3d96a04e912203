//! The test that shows a repair's worth: captured calls, each asserted once to give what production gave, then repeated
//! often enough to be measured. Where no captured result is known, or it can't be called, there is no test.

use serde_json::Value;
use thymus_javascript::project::Project;
use thymus_javascript::testing::{Bench, Expect, Subject, Test, assertions};
use thymus_sdk::Change;
use thymus_sdk::source::Source;

use crate::measure::{Plan, plan};
use crate::slowdown::Slowdown;

/// The longest call that is written down.
const LONGEST: usize = 6_000;

/// The test file, and how many percent faster its tests will surely be.
pub fn test(slowdown: &Slowdown, source: &Source) -> Option<(Change, f64)> {
    let project = Project::of(source);
    let path = slowdown.path.as_deref()?;
    let subject = Subject::find(&slowdown.handler, &[path], slowdown.line, &project)?;
    let bench = Bench::of(&subject, &project)?;
    let Plan { calls, rounds, percent } = plan(slowdown)?;
    let style = &bench.framework().style;
    let (unit, end) = (style.indent.as_str(), style.semicolon);
    let mut body = Vec::new();
    let mut invocations = Vec::new();
    for (number, call) in calls.iter().enumerate() {
        let arguments = bench.arguments(&call.args, false, &project)?.join(", ");
        let invocation = format!("{}({arguments})", bench.callee());
        if invocation.len() > LONGEST {
            continue;
        }
        let result = call.result.clone()?;
        let asserted = asserted(&invocation, &result, subject.is_async);
        // What was captured went through JSON, so what is asserted does too.
        body.extend(match asserted {
            Some(through_json) => {
                assertions::write(bench.framework(), &through_json, false, &Expect::Returns(result), number)
            }
            None => bench.check(&invocation, &Expect::Returns(result), number),
        });
        invocations.push(invocation);
    }
    if invocations.is_empty() {
        return None;
    }
    body.push(format!("for (let round = 0; round < {rounds}; round += 1) {{"));
    let wait = if subject.is_async { "await " } else { "" };
    body.extend(invocations.iter().map(|call| format!("{unit}{wait}{call}{end}")));
    body.push("}".to_owned());
    let title = format!("{} gives the same as in production, quickly", subject.name);
    let change = bench.finish(&[Test { title, body }], "speed", &project)?;
    Some((change, percent))
}

/// For lists and objects: the value as JSON sees it.
fn asserted(invocation: &str, result: &Value, is_async: bool) -> Option<String> {
    let wait = if is_async { "await " } else { "" };
    (result.is_array() || result.is_object()).then(|| format!("JSON.parse(JSON.stringify({wait}{invocation}))"))
}
