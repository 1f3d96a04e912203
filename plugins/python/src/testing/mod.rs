//! Writes tests: captured calls, in a new file beside the tests that are there, in their framework, importing the
//! handler as they do.
//!
//! What can't be called from the outside with what telemetry captured (a method of an object nobody knows how to make, a
//! value that JSON can't say) gets no test. [`write`] is enough for tests that call and compare. Who writes a body of
//! their own (a loop around a call, a look at an argument afterwards) takes a [`Bench`] and puts the pieces together.

pub mod place;
pub mod subject;
pub mod value;

use std::fmt::Write as _;

use serde_json::Value;
use thymus_sdk::source::{Source, Text};
use thymus_sdk::{Change, Role, edit};

use self::place::{Async, Framework, Place};
pub use self::subject::Subject;
use super::project::Project;
use super::syntax::Module;

/// One test: calls, each with what it does.
#[derive(Clone, Debug)]
pub struct TestCase {
    /// What it is called, in snake case and without `test_`.
    pub name: String,
    /// What it is for, in a sentence.
    pub words: String,
    /// In this order, in one test function.
    pub calls: Vec<Call>,
}

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    /// As they were captured: a list is positional, an object is by parameter name.
    pub args: Value,
    /// What it does.
    pub expect: Expect,
}

/// What a call does.
#[derive(Clone, Debug)]
pub enum Expect {
    /// It returns exactly this.
    Returns(Value),
    /// It returns what telemetry writes down as this: JSON, which knows no tuples.
    Captured(Value),
    /// It returns, and what it returns has the type that the code says, and the keys that these have in common.
    Something {
        /// What healthy calls returned.
        like: Vec<Value>,
    },
    /// It raises.
    Raises {
        /// The exception's class.
        kind: String,
        /// The whole message, where it is known.
        message: Option<String>,
        /// What it raised before, class and message, when that must be told apart.
        instead_of: Option<(String, String)>,
    },
}

/// A test with a body of one's own.
#[derive(Clone, Debug)]
pub struct Test {
    /// What it is called, in snake case and without `test_`.
    pub name: String,
    /// What it is for, in a sentence.
    pub words: String,
    /// Names of fixtures that it takes.
    pub fixtures: Vec<String>,
    /// The lines of its function, without their common indentation.
    pub body: Vec<String>,
    /// Whether an `await` stands among them.
    pub waits: bool,
}

/// The file with these tests, named after the subject and `mark`; none when the subject can't be called.
pub fn write(subject: &Subject, mark: &str, cases: &[TestCase], project: &Project, source: &Source) -> Option<Change> {
    let bench = Bench::of(*subject, mark, project, source)?;
    let mut imports = Imports::default();
    let tests: Option<Vec<Test>> = cases.iter().map(|case| bench.test(case, &mut imports)).collect();
    bench.finish(&tests?, &imports)
}

/// Import lines, in order and each but once.
#[derive(Clone, Debug, Default)]
pub struct Imports {
    /// `import asyncio`.
    modules: Vec<String>,
    /// Module and name of `from … import …`.
    names: Vec<(String, String)>,
}

impl Imports {
    /// `import name`
    pub fn module(&mut self, name: &str) {
        if !self.modules.iter().any(|known| known == name) {
            self.modules.push(name.to_owned());
        }
    }

    /// `from module import name`
    pub fn name(&mut self, module: &str, name: &str) {
        let pair = (module.to_owned(), name.to_owned());
        if !self.names.contains(&pair) {
            self.names.push(pair);
        }
    }

    /// Takes over what others need.
    pub fn join(&mut self, others: &Self) {
        others.modules.iter().for_each(|module| self.module(module));
        others.names.iter().for_each(|(module, name)| self.name(module, name));
    }

    /// Standard library, then what is installed, then the project's own.
    fn lines(&self) -> String {
        const INSTALLED: [&str; 2] = ["pytest", "anyio"];
        const STANDARD: [&str; 7] = ["datetime", "decimal", "uuid", "pathlib", "fractions", "unittest", "json"];
        let mut groups = [Vec::new(), Vec::new(), Vec::new()];
        for module in &self.modules {
            let group = usize::from(INSTALLED.contains(&module.as_str()));
            groups[group].push(format!("import {module}"));
        }
        let mut froms: Vec<&str> = self.names.iter().map(|(module, _)| module.as_str()).collect();
        froms.sort_unstable();
        froms.dedup();
        for module in froms {
            let mut names: Vec<&str> =
                self.names.iter().filter(|(from, _)| from == module).map(|(_, name)| name.as_str()).collect();
            names.sort_unstable();
            let group = if STANDARD.contains(&module) { 0 } else { 2 };
            groups[group].push(format!("from {module} import {}", names.join(", ")));
        }
        let groups: Vec<String> = groups
            .into_iter()
            .filter(|lines| !lines.is_empty())
            .map(|mut lines| {
                lines.sort_by_key(|line| (line.starts_with("from"), line.clone()));
                lines.join("\n")
            })
            .collect();
        groups.join("\n\n")
    }
}

/// How to call the handler: what must be set up, and the expression.
#[derive(Clone, Debug)]
pub struct Called {
    /// What its parts need.
    pub imports: Imports,
    /// Fixtures of the test function.
    pub fixtures: Vec<String>,
    /// What stands before the arguments.
    pub callee: String,
    /// The arguments as source.
    pub arguments: Vec<String>,
    /// Whether it must be awaited.
    pub is_async: bool,
}

/// All that a test of one subject needs.
#[derive(Debug)]
pub struct Bench<'p> {
    /// What is tested.
    pub subject: Subject<'p>,
    /// Where the file goes and how it is written.
    pub place: Place,
    project: &'p Project,
}

impl<'p> Bench<'p> {
    /// A place beside the tests that are there.
    pub fn of(subject: Subject<'p>, mark: &str, project: &'p Project, source: &Source) -> Option<Self> {
        let place = Place::find(&subject, mark, project, source)?;
        Some(Self { subject, place, project })
    }

    /// A call with captured arguments, in its parts.
    pub fn call(&self, args: &Value) -> Option<Called> {
        self.subject.call(args, self.project, &self.place)
    }

    /// The call as an expression that waits for its result, as the neighbours do.
    pub fn expression(&self, called: &Called, imports: &mut Imports) -> String {
        let call = format!("{}({})", called.callee, called.arguments.join(", "));
        match (called.is_async, self.place.style) {
            (false, _) => call,
            (true, Async::Run) => {
                imports.module("asyncio");
                format!("asyncio.run({call})")
            }
            (true, _) => format!("await {call}"),
        }
    }

    fn test(&self, case: &TestCase, imports: &mut Imports) -> Option<Test> {
        let TestCase { name, words, .. } = case.clone();
        let mut test = Test { name, words, fixtures: Vec::new(), body: Vec::new(), waits: false };
        for call in &case.calls {
            let called = self.call(&call.args)?;
            imports.join(&called.imports);
            let expr = self.expression(&called, imports);
            test.body.extend(self.check(&expr, &call.expect, imports)?);
            test.waits |= expr.starts_with("await ");
            let new = called.fixtures.into_iter().filter(|name| !test.fixtures.contains(name)).collect::<Vec<_>>();
            test.fixtures.extend(new);
        }
        Some(test)
    }

    /// The statements that make a call and look at what it does.
    pub fn check(&self, expr: &str, expect: &Expect, imports: &mut Imports) -> Option<Vec<String>> {
        let pytest = self.place.framework == Framework::Pytest;
        let quote = self.place.quote;
        match expect {
            Expect::Raises { kind, .. } if self.subject.catches(kind, self.project) => Some(vec![expr.to_owned()]),
            Expect::Raises { kind, message, instead_of } => {
                self.raises(expr, kind, message.as_deref(), instead_of.as_ref(), imports)
            }
            Expect::Returns(wanted) => Some(match (wanted, pytest) {
                (Value::Null, true) => vec![format!("assert {} is None", bracketed(expr))],
                (Value::Null, false) => vec![format!("self.assertIsNone({expr})")],
                (wanted, true) => vec![format!("assert {} == {}", bracketed(expr), value::plain(wanted, quote)?)],
                (wanted, false) => vec![format!("self.assertEqual({expr}, {})", value::plain(wanted, quote)?)],
            }),
            Expect::Captured(value @ (Value::Array(_) | Value::Object(_))) => {
                // What was captured went through JSON, so what is compared to it goes there too.
                imports.module("json");
                let wanted = value::plain(value, quote)?;
                let through = format!("json.loads(json.dumps({expr}))");
                let equal = if pytest {
                    format!("assert {through} == {wanted}")
                } else {
                    format!("self.assertEqual({through}, {wanted})")
                };
                Some(vec![equal])
            }
            Expect::Captured(value) => self.check(expr, &Expect::Returns(value.clone()), imports),
            Expect::Something { like } => Some(match shape(like, &self.subject, quote) {
                Some(shape) => {
                    let assertion = if pytest { format!("assert {}", shape.0) } else { shape.1 };
                    vec![format!("result = {expr}"), assertion]
                }
                None => vec![expr.to_owned()],
            }),
        }
    }

    fn raises(
        &self,
        expr: &str,
        kind: &str,
        message: Option<&str>,
        instead_of: Option<&(String, String)>,
        imports: &mut Imports,
    ) -> Option<Vec<String>> {
        let pytest = self.place.framework == Framework::Pytest;
        let class = self.subject.exception_class(kind, self.project, &self.place, imports)?;
        let raises = if pytest {
            imports.module("pytest");
            "pytest.raises"
        } else {
            "self.assertRaises"
        };
        // Where the error that was there is one of this class too, only its message tells them apart.
        let alike = instead_of.filter(|(was, _)| Subject::is_of_class(was, kind));
        let said = match (message, alike) {
            (Some(message), _) => Some((true, value::text(message, self.place.quote))),
            (None, Some((_, before))) => Some((false, value::text(before, self.place.quote))),
            (None, None) => None,
        };
        let name = if said.is_some() { " as caught" } else { "" };
        let mut lines = vec![format!("with {raises}({class}){name}:"), format!("{}{expr}", self.place.unit)];
        lines.extend(said.map(|(same, text)| match (pytest, same) {
            (true, true) => format!("assert str(caught.value) == {text}"),
            (true, false) => format!("assert str(caught.value) != {text}"),
            (false, true) => format!("self.assertEqual(str(caught.exception), {text})"),
            (false, false) => format!("self.assertNotEqual(str(caught.exception), {text})"),
        }));
        Some(lines)
    }

    /// The file with these tests, when it is Python.
    pub fn finish(&self, tests: &[Test], imports: &Imports) -> Option<Change> {
        let content = self.file(tests, imports);
        Module::parse(Text::new(self.place.path.clone(), content.clone()))?;
        Some(edit::create(self.place.path.clone(), content, Role::Test))
    }

    /// The whole file: imports and test functions.
    pub fn file(&self, tests: &[Test], imports: &Imports) -> String {
        let Place { unit, quote, framework, style, class, .. } = &self.place;
        let mut imports = imports.clone();
        let mut text = String::new();
        if *framework == Framework::Unittest {
            imports.module("unittest");
            let isolated = tests.iter().any(|test| test.waits);
            let base = if isolated { "IsolatedAsyncioTestCase" } else { "TestCase" };
            let _ = writeln!(text, "class {class}(unittest.{base}):");
        }
        for (number, test) in tests.iter().enumerate() {
            let prefix = if test.waits { "async def" } else { "def" };
            let words = plain(&test.words);
            match framework {
                Framework::Pytest => {
                    let mark = match style {
                        Async::Asyncio if test.waits => "@pytest.mark.asyncio\n",
                        Async::Anyio if test.waits => "@pytest.mark.anyio\n",
                        _ => "",
                    };
                    if !mark.is_empty() {
                        imports.module("pytest");
                    }
                    let gap = if number == 0 { "" } else { "\n\n" };
                    let _ = writeln!(text, "{gap}{mark}{prefix} test_{}({}):", test.name, test.fixtures.join(", "));
                    let _ = writeln!(text, "{unit}{quote}{quote}{quote}{words}{quote}{quote}{quote}");
                    for line in &test.body {
                        let _ = writeln!(text, "{unit}{line}");
                    }
                }
                Framework::Unittest => {
                    let gap = if number == 0 { "" } else { "\n" };
                    let _ = write!(text, "{gap}{unit}{prefix} test_{}(self):\n{unit}{unit}# {words}\n", test.name);
                    for line in &test.body {
                        let _ = writeln!(text, "{unit}{unit}{line}");
                    }
                }
            }
        }
        let content = format!("{}\n\n\n{text}", imports.lines());
        if self.place.newline == "\r\n" { content.replace('\n', "\r\n") } else { content }
    }
}

/// Words that are safe in a docstring and in a comment.
fn plain(words: &str) -> String {
    words.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').filter(|c| !matches!(c, '"' | '\'' | '\\')).collect()
}

fn bracketed(expr: &str) -> String {
    if expr.starts_with("await ") { format!("({expr})") } else { expr.to_owned() }
}

/// What healthy calls returned, as a condition for pytest and a line for unittest: only what the code itself shows to be
/// the value's real type, for a capture may have turned it into JSON.
fn shape(like: &[Value], subject: &Subject, quote: char) -> Option<(String, String)> {
    let kind = subject.returned_type()?;
    if kind == "dict" {
        let mut keys: Vec<Vec<&String>> =
            like.iter().filter_map(Value::as_object).map(|object| object.keys().collect()).collect();
        for keys in &mut keys {
            keys.sort();
        }
        if let Some(first) = keys.first() {
            let fixed = subject.returns_literal_keys()
                && !first.is_empty()
                && first.len() <= 12
                && keys.iter().all(|other| other == first);
            if fixed {
                let names: Vec<String> = first.iter().map(|key| value::text(key, quote)).collect();
                let set = format!("{{{}}}", names.join(", "));
                return Some((format!("set(result) == {set}"), format!("self.assertEqual(set(result), {set})")));
            }
        }
    }
    let types = if kind == "float" { "(int, float)" } else { kind };
    Some((format!("isinstance(result, {types})"), format!("self.assertIsInstance(result, {types})")))
}
