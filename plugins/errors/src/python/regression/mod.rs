//! Writes the regression test of a repair: a captured call that failed, in a new file beside the tests that are there, in
//! their framework, importing the handler as they do.
//!
//! What can't be called from the outside with what telemetry captured (a method of an object nobody knows how to make, a
//! value that JSON can't say) gets no test, and so no proposal.

mod place;
mod target;
mod value;

use std::fmt::Write as _;

use serde_json::Value;
use thymus_sdk::source::{Source, Text};
use thymus_sdk::{Change, Role, edit};

use super::project::Project;
use super::syntax::Module;
use crate::exception::Exception;
use crate::repair::{Promise, Repair};
use place::{Async, Framework, Place};
use target::Target;

/// The test file; none when the handler can't be called.
pub fn test(exception: &Exception, repair: &Repair, project: &Project, source: &Source) -> Option<Change> {
    let target = Target::find(exception, project)?;
    let place = Place::find(&target, exception, project, source)?;
    let call = target.call(exception.failed.first()?, project, &place)?;
    let content = write(exception, repair, project, &target, &place, &call)?;
    // A test that is no Python would only waste a sandbox.
    Module::parse(Text::new(place.path.clone(), content.clone()))?;
    Some(edit::create(place.path, content, Role::Test))
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
    pub fn module(&mut self, name: &str) {
        if !self.modules.iter().any(|known| known == name) {
            self.modules.push(name.to_owned());
        }
    }

    pub fn name(&mut self, module: &str, name: &str) {
        let pair = (module.to_owned(), name.to_owned());
        if !self.names.contains(&pair) {
            self.names.push(pair);
        }
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
    pub imports: Imports,
    /// Fixtures of the test function.
    pub fixtures: Vec<String>,
    /// Lines before the call.
    pub before: Vec<String>,
    pub expr: String,
    pub is_async: bool,
}

fn write(
    exception: &Exception,
    repair: &Repair,
    project: &Project,
    target: &Target,
    place: &Place,
    called: &Called,
) -> Option<String> {
    let mut imports = called.imports.clone();
    let quote = place.quote;
    let style = if called.is_async { place.style } else { Async::Plain };
    let expr = match (called.is_async, style) {
        (false, _) => called.expr.clone(),
        (true, Async::Run) => {
            imports.module("asyncio");
            format!("asyncio.run({})", called.expr)
        }
        (true, _) => format!("await {}", called.expr),
    };
    let mut lines: Vec<String> = called.before.clone();
    lines.extend(checks(exception, repair, project, target, place, &mut imports, &expr)?);
    let mut text = String::new();
    let name = format!("test_{}", place.name);
    let prefix = if called.is_async && !matches!(style, Async::Run) { "async def" } else { "def" };
    let unit = &place.unit;
    let words = sentence(exception, target);
    match place.framework {
        Framework::Pytest => {
            let mark = match style {
                Async::Asyncio => "@pytest.mark.asyncio\n",
                Async::Anyio => "@pytest.mark.anyio\n",
                _ => "",
            };
            if !mark.is_empty() {
                imports.module("pytest");
            }
            let _ = writeln!(text, "{mark}{prefix} {name}({}):", called.fixtures.join(", "));
            let _ = writeln!(text, "{unit}{quote}{quote}{quote}{words}{quote}{quote}{quote}");
            for line in lines {
                let _ = writeln!(text, "{}", if line.is_empty() { line } else { format!("{unit}{line}") });
            }
        }
        Framework::Unittest => {
            imports.module("unittest");
            let base = if matches!(style, Async::Isolated) { "IsolatedAsyncioTestCase" } else { "TestCase" };
            let _ = writeln!(text, "class {}(unittest.{base}):", place.class);
            let _ = write!(text, "{unit}{prefix} {name}(self):\n{unit}{unit}# {words}\n");
            for line in lines {
                let _ = writeln!(text, "{unit}{unit}{line}");
            }
        }
    }
    let content = format!("{}\n\n\n{text}", imports.lines());
    Some(if place.newline == "\r\n" { content.replace('\n', "\r\n") } else { content })
}

/// What the test is for, in a line that is safe in a docstring and in a comment.
fn sentence(exception: &Exception, target: &Target) -> String {
    let clean = |text: &str| {
        let kept: String = text
            .chars()
            .filter(|c| c.is_ascii_graphic() || *c == ' ')
            .filter(|c| !matches!(c, '"' | '\'' | '\\'))
            .collect();
        kept.chars().take(60).collect::<String>()
    };
    format!(
        "In production, {} ended this call with {}.",
        clean(target.function.def.name.as_str()),
        clean(&exception.kind)
    )
}

/// The statements that make the call and look at what it does.
fn checks(
    exception: &Exception,
    repair: &Repair,
    project: &Project,
    target: &Target,
    place: &Place,
    imports: &mut Imports,
    expr: &str,
) -> Option<Vec<String>> {
    let pytest = place.framework == Framework::Pytest;
    let unit = &place.unit;
    match &repair.promise {
        Promise::Throws { kind, .. } if target.catches(kind, project) => Some(vec![expr.to_owned()]),
        Promise::Throws { kind, message } => {
            let class = target.exception_class(kind, project, place, imports)?;
            // Where the error that was there is one of this class too, only its message tells them apart.
            let alike = Target::is_of_class(&exception.kind, kind);
            let raises = if pytest {
                imports.module("pytest");
                "pytest.raises"
            } else {
                "self.assertRaises"
            };
            let mut lines = vec![format!("with {raises}({class}) as caught:"), format!("{unit}{expr}")];
            if !message.is_some() && !alike {
                lines[0] = format!("with {raises}({class}):");
            }
            let caught = if pytest { "caught.value" } else { "caught.exception" };
            let said = match message {
                Some(message) => Some(("==", value::text(message, place.quote))),
                None if alike => Some(("!=", value::text(&exception.message, place.quote))),
                None => None,
            };
            if let Some((operator, text)) = said {
                lines.push(match (pytest, operator) {
                    (true, operator) => format!("assert str({caught}) {operator} {text}"),
                    (false, "==") => format!("self.assertEqual(str({caught}), {text})"),
                    (false, _) => format!("self.assertNotEqual(str({caught}), {text})"),
                });
            }
            Some(lines)
        }
        Promise::Returns(wanted) => Some(match (wanted, pytest) {
            (Value::Null, true) => vec![format!("assert {} is None", bracketed(expr))],
            (Value::Null, false) => vec![format!("self.assertIsNone({expr})")],
            (wanted, true) => vec![format!("assert {} == {}", bracketed(expr), value::plain(wanted, place.quote)?)],
            (wanted, false) => vec![format!("self.assertEqual({expr}, {})", value::plain(wanted, place.quote)?)],
        }),
        Promise::ReturnsSomething => {
            let mut lines = vec![format!("result = {expr}")];
            match shape(exception, target, place.quote) {
                Some(shape) if pytest => lines.push(format!("assert {}", shape.0)),
                Some(shape) => lines.push(shape.1),
                None => lines = vec![expr.to_owned()],
            }
            Some(lines)
        }
    }
}

fn bracketed(expr: &str) -> String {
    if expr.starts_with("await ") { format!("({expr})") } else { expr.to_owned() }
}

/// What healthy calls returned, as a condition for pytest and a line for unittest: only what the code itself shows to be
/// the value's real type, for a capture may have turned it into JSON.
fn shape(exception: &Exception, target: &Target, quote: char) -> Option<(String, String)> {
    let results: Vec<&Value> = exception.returned.iter().filter_map(|call| call.result.as_ref()).collect();
    let kind = target.returned_type()?;
    if kind == "dict" {
        let mut keys: Vec<Vec<&String>> =
            results.iter().filter_map(|value| value.as_object()).map(|object| object.keys().collect()).collect();
        for keys in &mut keys {
            keys.sort();
        }
        if let Some(first) = keys.first() {
            let fixed = target.returns_literal_keys()
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
