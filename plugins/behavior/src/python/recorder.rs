//! Lines of a test that note the order in which functions are called, by putting a recording one in the place of each.

use ruff_python_ast::{Expr, ExprCall};
use thymus_python::project::is_global;
use thymus_python::syntax::{Node, callee_name, walk};
use thymus_python::testing::place::{Framework, Place};
use thymus_python::testing::{Imports, Subject, Test};

use crate::disorder::Disorder;
use crate::flow::Flow;
use crate::sequence::last_name;
use crate::wanted::Wanted;

/// The module and the name that the recording needs.
pub const IMPORT: (&str, &str) = ("importlib", "import_module");

/// What is recorded, and what the record should be.
#[derive(Debug)]
pub struct Recorder {
    recorded: Vec<Recorded>,
    wanted: Vec<String>,
    name: String,
    words: String,
    quote: char,
    unit: String,
    framework: Framework,
}

/// A function whose calls are noted.
#[derive(Clone, Debug)]
struct Recorded {
    /// The module through which it is got at, as tests import it.
    module: String,
    /// What holds it there: a class, an imported module, or (as an empty text) the module itself.
    holder: String,
    name: String,
}

impl Recorder {
    /// Of the beats that a disorder is about; none when one of them is called in a way that can't be recorded.
    pub fn of(disorder: &Disorder, flow: &Flow, subject: &Subject, place: &Place) -> Option<Self> {
        let wanted = Wanted::of(disorder)?;
        let module = place.module_name(&flow.path)?;
        let beats = || disorder.expected.iter().chain([&disorder.beat]).chain(&disorder.other);
        let recorded: Option<Vec<Recorded>> = wanted
            .names()
            .into_iter()
            .map(|name| {
                let beat = beats().find(|beat| last_name(&beat.handler) == name)?;
                // A method is the class's, whoever calls it through what.
                if let Some((class, _)) = beat.handler.rsplit_once('.')
                    && class.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
                    && let Some(module) = beat.path.as_deref().and_then(|path| place.module_name(path))
                {
                    return Some(Recorded { module, holder: class.to_owned(), name: name.to_owned() });
                }
                let holder = holder(name, subject).or_else(|| {
                    beats().find_map(|other| {
                        (other.path == beat.path).then(|| holder(last_name(&other.handler), subject))?
                    })
                })?;
                Some(Recorded { module: module.clone(), holder, name: name.to_owned() })
            })
            .collect();
        Some(Self {
            recorded: recorded?,
            words: format!("{}.", wanted.words),
            wanted: wanted.calls,
            name: format!("{}_keeps_its_order", flow.name.as_deref()?.trim_matches('_')),
            quote: place.quote,
            unit: place.unit.clone(),
            framework: place.framework,
        })
    }

    /// The test that does the first of these lines and records while the others run.
    pub fn test(&self, before: &[String], run: &[String], imports: &mut Imports) -> Option<Test> {
        let all: Vec<String> = before.iter().chain(run).cloned().collect();
        let order = Wanted::free_name(&all, &["order", "calls", "recorded"])?;
        let record = Wanted::free_name(&all, &["record", "record_calls"])?;
        imports.name(IMPORT.0, IMPORT.1);
        let (quote, unit) = (self.quote, &self.unit);
        let mut body = before.to_vec();
        body.extend([
            format!("{order} = []"),
            String::new(),
            format!("def {record}(owner, name):"),
            format!("{unit}function = getattr(owner, name)"),
            String::new(),
            format!("{unit}def recording(*args, **kwargs):"),
            format!("{unit}{unit}{order}.append(name)"),
            format!("{unit}{unit}return function(*args, **kwargs)"),
            String::new(),
        ]);
        match self.framework {
            Framework::Pytest => body.push(format!("{unit}monkeypatch.setattr(owner, name, recording)")),
            Framework::Unittest => {
                imports.name("unittest", "mock");
                body.push(format!("{unit}patch = mock.patch.object(owner, name, recording)"));
                body.push(format!("{unit}patch.start()"));
                body.push(format!("{unit}self.addCleanup(patch.stop)"));
            }
        }
        body.push(String::new());
        for Recorded { module, holder, name } in &self.recorded {
            let dot = if holder.is_empty() { "" } else { "." };
            body.push(format!("{record}(import_module({quote}{module}{quote}){dot}{holder}, {quote}{name}{quote})"));
        }
        body.extend(run.iter().cloned());
        let wanted: Vec<String> = self.wanted.iter().map(|name| format!("{quote}{name}{quote}")).collect();
        body.push(match self.framework {
            Framework::Pytest => format!("assert {order} == [{}]", wanted.join(", ")),
            Framework::Unittest => format!("self.assertEqual({order}, [{}])", wanted.join(", ")),
        });
        let fixtures = if self.framework == Framework::Pytest { vec!["monkeypatch".to_owned()] } else { Vec::new() };
        let waits = all.iter().any(|line| line.contains("await "));
        Some(Test { name: self.name.clone(), words: self.words.clone(), fixtures, body, waits })
    }
}

/// What holds a function where the subject calls it: an imported module, the class, or (as an empty text) the file itself.
fn holder(name: &str, subject: &Subject) -> Option<String> {
    let mut calls: Vec<&ExprCall> = Vec::new();
    walk(&subject.function.def.body, &mut |node| {
        if let Node::Expr(Expr::Call(call)) = node
            && callee_name(&call.func) == Some(name)
        {
            calls.push(call);
        }
        true
    });
    match &*calls.first()?.func {
        Expr::Name(_) => is_global(subject.module, name).then(String::new),
        Expr::Attribute(part) => match &*part.value {
            Expr::Name(owner) if owner.id.as_str() == "self" => {
                subject.function.class.map(|class| class.name.to_string())
            }
            Expr::Name(owner) => is_global(subject.module, owner.id.as_str()).then(|| owner.id.to_string()),
            _ => None,
        },
        _ => None,
    }
}
