//! Writes tests: captured calls, in the project's own framework, in a new file beside its neighbours. They call the
//! handler as the neighbours do; where none shows how, they import it plainly; where neither can be done surely, there
//! is no test.
//!
//! [`write`] is enough for tests that call and compare. Who writes a body of their own (a loop around a call, a look at
//! an argument afterwards) takes a [`Bench`] and puts the pieces together.

pub mod assertions;
pub mod framework;
pub mod neighbour;
pub mod subject;

use std::fmt::Write as _;

use serde_json::Value;
use thymus_sdk::{Change, Role, edit};

pub use self::framework::Framework;
use self::neighbour::SetUp;
pub use self::subject::Subject;
use super::code::{is_sound, last_segment};
use super::project::Project;
use super::style::Style;

/// A longer call is no example any more.
const LONGEST_CALL: usize = 8_192;

/// One test: calls, each with what it does.
#[derive(Clone, Debug)]
pub struct TestCase {
    /// What it is called, as a sentence.
    pub title: String,
    /// In this order, in one test function.
    pub calls: Vec<Call>,
}

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    /// As they were captured: a list is positional, an object is by parameter name.
    pub args: Value,
    /// Whether the nulls among them stand for `undefined`, which JSON can't say.
    pub null_was_undefined: bool,
    /// What it does.
    pub expect: Expect,
}

/// What a call does.
#[derive(Clone, Debug)]
pub enum Expect {
    /// It returns exactly this.
    Returns(Value),
    /// It returns what telemetry writes down as this: JSON, which knows no `undefined` and no classes.
    Captured(Value),
    /// It returns, and what it returns has the shape that these have in common.
    Something {
        /// What healthy calls returned.
        like: Vec<Value>,
    },
    /// It throws.
    Throws {
        /// The error's class.
        kind: String,
        /// The whole message, where it is known.
        message: Option<String>,
    },
}

/// A test with a body of one's own.
#[derive(Clone, Debug)]
pub struct Test {
    /// What it is called, as a sentence.
    pub title: String,
    /// The lines of its function, without their common indentation. An `await` in them makes it `async`.
    pub body: Vec<String>,
}

/// The file with these tests, named after the subject and, where it is not empty, `mark` (`reading-limits`); none when
/// the subject can't be called surely.
pub fn write(subject: &Subject, mark: &str, cases: &[TestCase], project: &Project) -> Option<Change> {
    let bench = Bench::of(subject, project)?;
    let tests: Option<Vec<Test>> = cases.iter().map(|case| bench.test(case, project)).collect();
    bench.finish(&tests?, mark, project)
}

/// All that a test of one subject needs.
#[derive(Debug)]
pub struct Bench<'s> {
    subject: &'s Subject,
    set_up: SetUp,
}

impl<'s> Bench<'s> {
    /// As a neighbouring test calls the subject, else with a plain import.
    pub fn of(subject: &'s Subject, project: &Project) -> Option<Self> {
        let set_up = neighbour::set_up(subject, project).or_else(|| plain_set_up(subject, project))?;
        Some(Self { subject, set_up })
    }

    /// How the project's tests look.
    pub fn framework(&self) -> &Framework {
        &self.set_up.framework
    }

    /// What stands before the arguments: `couponDiscount`, `service.couponDiscount`.
    pub fn callee(&self) -> &str {
        &self.set_up.callee
    }

    /// Captured arguments as source, one for each parameter that is given.
    pub fn arguments(&self, args: &Value, null_was_undefined: bool, project: &Project) -> Option<Vec<String>> {
        let style = &self.framework().style;
        let values: Vec<Value> = match args {
            Value::Array(items) => items.clone(),
            Value::Object(_) => self.subject.positional(args)?,
            Value::Null => Vec::new(),
            _ => return None,
        };
        let cast = if framework::is_type_checked(self.framework(), project) { " as never" } else { "" };
        let literal = |value: &Value| match value {
            Value::Null if null_was_undefined => "undefined".to_owned(),
            value => format!("{}{cast}", style.literal(value)),
        };
        Some(values.iter().map(literal).collect())
    }

    /// The statements that make the `number`th call of a test, counted from 0, and look at what it does.
    pub fn check(&self, call: &str, expect: &Expect, number: usize) -> Vec<String> {
        assertions::write(self.framework(), call, self.subject.is_async, expect, number)
    }

    fn test(&self, case: &TestCase, project: &Project) -> Option<Test> {
        let mut body = Vec::new();
        for (number, call) in case.calls.iter().enumerate() {
            let arguments = self.arguments(&call.args, call.null_was_undefined, project)?;
            let invocation = format!("{}({})", self.callee(), arguments.join(", "));
            if invocation.len() > LONGEST_CALL {
                return None;
            }
            body.extend(self.check(&invocation, &call.expect, number));
        }
        Some(Test { title: case.title.clone(), body })
    }

    /// The file with these tests, when it is a sound program.
    pub fn finish(&self, tests: &[Test], mark: &str, project: &Project) -> Option<Change> {
        let content = self.file(tests);
        let path = self.free_path(mark, project)?;
        is_sound(&path, &content).then(|| edit::create(path, content, Role::Test))
    }

    /// The whole file: imports, set-up, test functions.
    pub fn file(&self, tests: &[Test]) -> String {
        let Style { indent, newline, .. } = &self.framework().style;
        let mut content = String::new();
        for line in &self.set_up.imports {
            text(&mut content, format_args!("{line}{newline}"));
        }
        for statement in &self.set_up.statements {
            text(&mut content, format_args!("{newline}{statement}{newline}"));
        }
        for test in tests {
            let lines = self.set_up.local.iter().chain(&test.body);
            let waits = lines.clone().any(|line| line.contains("await "));
            let (start, end) = self.framework().test_function(&test.title, waits);
            text(&mut content, format_args!("{newline}{start}"));
            for line in lines {
                text(&mut content, format_args!("{indent}{line}{newline}"));
            }
            content.push_str(&end);
        }
        content.push_str(&self.framework().closing());
        content
    }

    /// A new file's path: named after the subject and the mark, as its neighbours are.
    pub fn free_path(&self, mark: &str, project: &Project) -> Option<String> {
        let Framework { folder, prefix, suffix, .. } = self.framework();
        let snake = prefix.ends_with('_') || suffix.starts_with('_');
        let joint = if snake { "_" } else { "-" };
        let name = self.framework().file_stem(last_segment(&self.subject.name));
        let stem = [name.as_str(), mark].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
        let stem = if snake { stem.replace('-', "_") } else { stem };
        let numbers = std::iter::once(String::new()).chain((2..10).map(|number| format!("{joint}{number}")));
        numbers.map(|number| format!("{folder}{prefix}{stem}{number}{suffix}")).find(|path| !project.exists(path))
    }
}

/// Without a neighbour that calls the subject: the style of any other test, and an import.
fn plain_set_up(subject: &Subject, project: &Project) -> Option<SetUp> {
    let framework = Framework::of(project, &subject.path)?;
    let (import, callee) = subject.import(&framework)?;
    Some(SetUp {
        imports: framework.imports().into_iter().map(|(_, line)| line).chain([import]).collect(),
        statements: Vec::new(),
        local: Vec::new(),
        callee,
        framework,
    })
}

/// Writing into a text can't fail.
fn text(content: &mut String, what: std::fmt::Arguments) {
    let _ = content.write_fmt(what);
}
