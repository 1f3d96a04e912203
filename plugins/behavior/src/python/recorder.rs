//! Lines of a test that note the order in which functions are called, by putting a recording one in the place of each.

use ruff_python_ast::{Expr, ExprCall};
use thymus_python::project::is_global;
use thymus_python::syntax::{Node, callee_name, walk};
use thymus_python::testing::place::{Framework, Place};
use thymus_python::testing::{Imports, Subject, Test};

use crate::disorder::Disorder;
use crate::flow::Flow;
use crate::wanted::Wanted;

/// The module and the name that the recording needs.
pub const IMPORT: (&str, &str) = ("importlib", "import_module");

/// What is recorded, and what the record should be.
#[derive(Debug)]
pub struct Recorder {
    /// The module of the function that runs the beats, as tests import it.
    module: String,
    /// What holds each function as seen from that module (nothing: the module itself), and the function's name.
    recorded: Vec<(String, String)>,
    wanted: Vec<String>,
    name: String,
    words: String,
    quote: char,
    unit: String,
    framework: Framework,
}

impl Recorder {
    /// Of the beats that a disorder is about; none when one of them is called in a way that can't be recorded.
    pub fn of(disorder: &Disorder, flow: &Flow, subject: &Subject, place: &Place) -> Option<Self> {
        let wanted = Wanted::of(disorder)?;
        let names = wanted.names();
        let sibling = names.iter().find_map(|name| holder(name, subject));
        let recorded: Option<Vec<_>> = names
            .iter()
            .map(|name| Some((holder(name, subject).or_else(|| sibling.clone())?, (*name).to_owned())))
            .collect();
        Some(Self {
            module: place.module_name(&flow.path)?,
            recorded: recorded?,
            words: format!("{}.", wanted.words),
            wanted: wanted.calls,
            name: format!("{}_keeps_its_order", flow.name.as_deref()?.trim_matches('_')),
            quote: place.quote,
            unit: place.unit.clone(),
            framework: place.framework,
        })
    }

    /// The test that records while these lines run.
    pub fn test(&self, run: &[String], imports: &mut Imports) -> Test {
        imports.name(IMPORT.0, IMPORT.1);
        let quote = self.quote;
        let (unit, waits) = (&self.unit, run.iter().any(|line| line.contains("await ")));
        let replace = match self.framework {
            Framework::Pytest => "monkeypatch.setattr(owner, name, recording)".to_owned(),
            Framework::Unittest => {
                imports.name("unittest", "mock");
                "patch = mock.patch.object(owner, name, recording)".to_owned()
            }
        };
        let mut body = vec![
            format!("module = import_module({quote}{}{quote})", self.module),
            "order = []".to_owned(),
            String::new(),
            "def record(owner, name):".to_owned(),
            format!("{unit}function = getattr(owner, name)"),
            String::new(),
            format!("{unit}def recording(*args, **kwargs):"),
            format!("{unit}{unit}order.append(name)"),
            format!("{unit}{unit}return function(*args, **kwargs)"),
            String::new(),
            format!("{unit}{replace}"),
        ];
        if self.framework == Framework::Unittest {
            body.push(format!("{unit}patch.start()"));
            body.push(format!("{unit}self.addCleanup(patch.stop)"));
        }
        body.push(String::new());
        for (holder, name) in &self.recorded {
            let dot = if holder.is_empty() { "" } else { "." };
            body.push(format!("record(module{dot}{holder}, {quote}{name}{quote})"));
        }
        body.extend(run.iter().cloned());
        let wanted: Vec<String> = self.wanted.iter().map(|name| format!("{quote}{name}{quote}")).collect();
        body.push(match self.framework {
            Framework::Pytest => format!("assert order == [{}]", wanted.join(", ")),
            Framework::Unittest => format!("self.assertEqual(order, [{}])", wanted.join(", ")),
        });
        let fixtures = if self.framework == Framework::Pytest { vec!["monkeypatch".to_owned()] } else { Vec::new() };
        Test { name: self.name.clone(), words: self.words.clone(), fixtures, body, waits }
    }
}

/// What holds a function where it is called: an imported module, the class, or (as an empty text) the file itself.
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
                let class = subject.function.class?;
                let own = class.body.iter().filter_map(|one| one.as_function_def_stmt());
                let plain = own.filter(|def| def.name.as_str() == name).any(|def| def.decorator_list.is_empty());
                plain.then(|| class.name.to_string())
            }
            Expr::Name(owner) => is_global(subject.module, owner.id.as_str()).then(|| owner.id.to_string()),
            _ => None,
        },
        _ => None,
    }
}
