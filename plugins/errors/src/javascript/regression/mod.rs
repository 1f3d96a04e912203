//! The regression test: the captured call, written down in the project's own framework, in a new file beside its
//! neighbours. It calls the handler as the neighbours do; where none shows how, it imports it plainly; where neither can
//! be done surely, there is no test.

mod assertions;
mod framework;
mod neighbour;
mod subject;

use std::fmt::Write as _;

use serde_json::Value;
use thymus_sdk::{Change, Role, edit};

use self::framework::Framework;
use self::neighbour::SetUp;
use self::subject::Subject;
use super::code::is_sound;
use super::message::{self, Absent, Fault};
use super::project::Project;
use super::scene::last_segment;
use super::style::Style;
use crate::exception::{Call, Exception};
use crate::repair::Repair;

/// A longer call is no example any more.
const LONGEST_CALL: usize = 8_192;

/// The test file; none when the handler can't be called surely.
pub fn write(exception: &Exception, repair: &Repair, project: &Project) -> Option<Change> {
    let subject = subject::find(exception, project)?;
    let call = exception.failed.first()?;
    let set_up = neighbour::set_up(&subject, project).or_else(|| plain_set_up(&subject, project))?;
    let arguments = arguments(&set_up, &subject, exception, call, project)?;
    let is_async = subject.is_async || becomes_async(repair);
    let invocation = format!("{}({arguments})", set_up.callee);
    if invocation.len() > LONGEST_CALL {
        return None;
    }
    let asserted = assertions::write(&set_up, &invocation, is_async, &repair.promise, &exception.returned);
    let content = file(&set_up, &title(exception), &asserted);
    let path = free_path(project, &set_up, &subject)?;
    is_sound(&path, &content).then(|| edit::create(path, content, Role::Test))
}

fn title(exception: &Exception) -> String {
    let message: String =
        exception.message.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(100).collect();
    format!("{} does not fail with: {message}", last_segment(&exception.handler))
}

/// Without a neighbour that calls the handler: the style of any other test, and an import.
fn plain_set_up(subject: &Subject, project: &Project) -> Option<SetUp> {
    let framework = Framework::of(project, &subject.path)?;
    let (import, callee) = subject.import(&framework, project)?;
    Some(SetUp {
        imports: framework.imports().into_iter().chain([import]).collect(),
        statements: Vec::new(),
        local: Vec::new(),
        callee,
        framework,
    })
}

/// The whole file.
fn file(set_up: &SetUp, title: &str, asserted: &[String]) -> String {
    let style = &set_up.framework.style;
    let Style { semicolon, indent, newline, .. } = style;
    let mut content = String::new();
    for line in &set_up.imports {
        content.push_str(line);
        content.push_str(newline);
    }
    for statement in &set_up.statements {
        text(&mut content, format_args!("{newline}{statement}{newline}"));
    }
    let waits = set_up.local.iter().chain(asserted).any(|line| line.contains("await "));
    let marker = if waits { "async " } else { "" };
    let name = &set_up.framework.test;
    text(&mut content, format_args!("{newline}{name}({}, {marker}() => {{{newline}", style.string(title)));
    for statement in set_up.local.iter().chain(asserted) {
        text(&mut content, format_args!("{indent}{statement}{newline}"));
    }
    text(&mut content, format_args!("}}){semicolon}{newline}"));
    content
}

/// Writing into a text can't fail.
fn text(content: &mut String, what: std::fmt::Arguments) {
    let _ = content.write_fmt(what);
}

/// A new file's path: named after the handler, as its neighbours are.
fn free_path(project: &Project, set_up: &SetUp, subject: &Subject) -> Option<String> {
    let framework = &set_up.framework;
    let stem = framework.file_stem(last_segment(&subject.name));
    ["", "regression", "regression-2", "regression-3", "regression-4"].into_iter().find_map(|more| {
        let stem = if more.is_empty() { stem.clone() } else { format!("{stem}-{more}") };
        let path = format!("{}{stem}{}", framework.folder, framework.suffix);
        let taken = project.exists(&path) || project.text(&path).is_some();
        (!taken).then_some(path)
    })
}

/// The captured arguments as source. `undefined` did not survive being captured: it came back as `null`.
fn arguments(
    set_up: &SetUp,
    subject: &Subject,
    exception: &Exception,
    call: &Call,
    project: &Project,
) -> Option<String> {
    let style = &set_up.framework.style;
    let undefined = matches!(
        message::read(&exception.kind, &exception.message),
        Fault::Read { of: Absent::Undefined, .. }
            | Fault::Write { of: Absent::Undefined, .. }
            | Fault::Destructure { of: Absent::Undefined, .. }
    ) || exception.message.contains("undefined");
    let values: Vec<Value> = match &call.args {
        Value::Array(items) => items.clone(),
        Value::Object(_) => subject.positional(&call.args)?,
        Value::Null => Vec::new(),
        _ => return None,
    };
    let cast = if framework::is_type_checked(set_up, project) { " as never" } else { "" };
    let literal = |value: &Value| match value {
        Value::Null if undefined => "undefined".to_owned(),
        value => format!("{}{cast}", style.literal(value)),
    };
    Some(values.iter().map(literal).collect::<Vec<_>>().join(", "))
}

fn becomes_async(repair: &Repair) -> bool {
    repair.changes.iter().any(|change| match change {
        Change::Edit(file) => file.edits.iter().any(|edit| edit.replacement == "async "),
        _ => false,
    })
}
