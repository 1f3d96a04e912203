//! The regression test: the captured call, written down as a test that the project could have written itself.

use thymus_python::project::Project;
use thymus_python::testing::place::plain_word;
use thymus_python::testing::{self, Call, Expect, Subject, TestCase};
use thymus_sdk::Change;
use thymus_sdk::source::Source;

use crate::exception::{Exception, Outcome};
use crate::repair::{Promise, Repair};

/// The most calls that one test makes.
const MOST_CALLS: usize = 3;

/// The test file; none when the handler can't be called.
pub fn write(exception: &Exception, repair: &Repair, project: &Project, source: &Source) -> Option<Change> {
    let mut subject = Subject::find(&exception.handler, &paths(exception), exception.handler_line, project)?;
    let kind = exception.kind.as_str();
    subject.wants_little = matches!(kind, "IndexError" | "ZeroDivisionError" | "StatisticsError" | "ValueError")
        || kind == "TypeError" && exception.message.contains("NoneType");
    let mut calls: Vec<Call> = exception
        .known_calls()
        .take(MOST_CALLS)
        .map(|(call, outcome)| Call { args: call.args.clone(), expect: as_before(exception, outcome) })
        .collect();
    if calls.is_empty() {
        calls.push(Call { args: exception.failed.first()?.args.clone(), expect: expect(exception, &repair.promise) });
    }
    let word = plain_word(kind).trim_end_matches("_error").to_owned();
    let function = subject.function.def.name.as_str();
    let case = TestCase {
        name: format!("{}_after_{word}_in_production", plain_word(function)),
        words: format!("In production, {} ended this call with {}.", short(function), short(kind)),
        calls,
    };
    testing::write(&subject, &word, &[case], project, source)
}

/// The files that may have the handler: the one that telemetry names, else those of frames that are called so.
fn paths(exception: &Exception) -> Vec<&str> {
    if let Some(path) = &exception.handler_path {
        return vec![path];
    }
    let name = exception.handler.rsplit('.').next();
    let frames = exception.frames.iter();
    let called = frames.filter(|frame| frame.function.as_deref().is_some_and(|f| f.rsplit('.').next() == name));
    called.map(|frame| frame.path.as_str()).collect()
}

fn short(name: &str) -> String {
    name.chars().take(60).collect()
}

fn as_before(exception: &Exception, outcome: &Outcome) -> Expect {
    match outcome.clone() {
        Outcome::Returned(value) => Expect::Captured(value),
        Outcome::Threw { kind, message } => Expect::Raises {
            kind,
            message: Some(message),
            instead_of: Some((exception.kind.clone(), exception.message.clone())),
        },
    }
}

fn expect(exception: &Exception, promise: &Promise) -> Expect {
    match promise {
        Promise::Returns(value) => Expect::Returns(value.clone()),
        Promise::ReturnsSomething => {
            let like = exception.returned.iter().filter_map(|call| call.result.clone()).collect();
            Expect::Something { like }
        }
        Promise::Throws { kind, message } => Expect::Raises {
            kind: kind.clone(),
            message: message.clone(),
            instead_of: Some((exception.kind.clone(), exception.message.clone())),
        },
    }
}
