//! The test that shows a repair's worth: captured calls, each asserted once to give what production gave, then repeated
//! often enough to be measured. Where no captured result is known, or it can't be called, there is no test.

use serde_json::Value;
use thymus_python::testing::{Bench, Expect, Imports, Subject, Test};
use thymus_sdk::Change;
use thymus_sdk::source::Source;

use crate::measure::{Plan, plan};
use crate::slowdown::Slowdown;

/// The longest call that is written down.
const LONGEST: usize = 6_000;

/// The test file, and how many percent faster its tests will surely be.
pub fn test(slowdown: &Slowdown, source: &Source) -> Option<(Change, f64)> {
    let project = super::project(slowdown, source);
    let path = slowdown.path.as_deref()?;
    let subject = Subject::find(&slowdown.handler, &[path], slowdown.line, &project)?;
    let bench = Bench::of(subject, "speed", &project, source)?;
    let Plan { calls, rounds, percent } = plan(slowdown)?;
    let mut imports = Imports::default();
    let mut test = Test {
        name: format!(
            "{}_is_quick_on_calls_of_production",
            thymus_python::testing::place::plain_word(subject.function.def.name.as_str())
        ),
        words: "Gives the same as in production, quickly.".to_owned(),
        fixtures: Vec::new(),
        body: Vec::new(),
        waits: false,
    };
    let mut repeated = Vec::new();
    for call in calls {
        let Some(called) = bench.call(&call.args) else { continue };
        let expression = bench.expression(&called, &mut imports);
        if expression.len() > LONGEST {
            continue;
        }
        let result = call.result.clone()?;
        let asserted = through_json(&expression, &result, &mut imports);
        test.body.extend(bench.check(&asserted, &Expect::Returns(result), &mut imports)?);
        imports.join(&called.imports);
        test.waits |= expression.starts_with("await ");
        test.fixtures
            .extend(called.fixtures.into_iter().filter(|name| !test.fixtures.contains(name)).collect::<Vec<_>>());
        repeated.push(expression);
    }
    if repeated.is_empty() {
        return None;
    }
    let unit = &bench.place.unit;
    test.body.push(format!("for _ in range({rounds}):"));
    test.body.extend(repeated.iter().map(|expression| format!("{unit}{expression}")));
    Some((bench.finish(&[test], &imports)?, percent))
}

/// What was captured went through JSON, which has lists only; so what is asserted goes through it too.
fn through_json(expression: &str, result: &Value, imports: &mut Imports) -> String {
    if !result.is_array() && !result.is_object() {
        return expression.to_owned();
    }
    imports.module("json");
    format!("json.loads(json.dumps({expression}))")
}
