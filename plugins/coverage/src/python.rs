//! Python: what tests and functions mention, what a handler reads, and its tests.

use std::collections::BTreeSet;

use ruff_python_ast::{Expr, Stmt};
use thymus_python::project::{Project, imports, is_test};
use thymus_python::syntax::{Function, Module, Node, bytes, callee_name, string, walk};
use thymus_python::testing::place::plain_word;
use thymus_python::testing::{self, Call, Expect, Subject, TestCase};
use thymus_sdk::source::Source;

use crate::code::Written;
use crate::example::{Example, Outcome};
use crate::gap::Gap;
use crate::reach::{Mentions, Tests};

/// Modules that tests use for themselves.
const STANDARD: [&str; 17] = [
    "json",
    "os",
    "re",
    "math",
    "time",
    "datetime",
    "sys",
    "random",
    "pytest",
    "unittest",
    "mock",
    "copy",
    "itertools",
    "functools",
    "shutil",
    "tempfile",
    "string",
];
/// What another run may answer otherwise.
const READS: [&str; 22] = [
    "datetime.now",
    "datetime.utcnow",
    "date.today",
    ".today()",
    "time.time(",
    "time.monotonic",
    "perf_counter",
    "random.",
    "secrets.",
    "uuid4(",
    "uuid1(",
    "os.urandom",
    "requests.",
    "urlopen",
    "httpx.",
    "aiohttp",
    "socket.",
    "os.environ",
    "os.getenv",
    "getpass.",
    "open(",
    "read_text(",
];

/// Everything that is mentioned.
pub fn mentions(source: &Source) -> (Tests, Mentions) {
    let project = Project::load(source, &[]);
    let (mut tests, mut mentions) = (Tests::default(), Mentions::default());
    for module in &project.modules {
        if is_test(&module.text.path) {
            tests.files += 1;
            tests.names.extend(names(&module.tree.body));
            tests.names.extend(imports(module).into_iter().map(|import| import.name));
            tests.pages.extend(pages(module, &module.tree.body));
        }
        // What a module calls when it is loaded runs in every test that loads it.
        tests.names.extend(called_when_loaded(&module.tree.body));
        for function in module.functions() {
            let inside = names(&function.def.body);
            let pages = pages(module, &function.def.body).len();
            // Making an object runs its initialiser.
            if function.def.name.as_str() == "__init__"
                && let Some(class) = function.class
            {
                mentions.add(class.name.as_str(), inside.clone(), pages);
            }
            mentions.add(function.def.name.as_str(), inside, pages);
        }
    }
    (tests, mentions)
}

/// The names in some statements: what is read, called, or reached into.
fn names(body: &[Stmt]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    walk(body, &mut |node| {
        match node {
            Node::Expr(Expr::Name(name)) => drop(names.insert(name.id.to_string())),
            // `json.loads` is nobody's `loads`.
            Node::Expr(Expr::Attribute(attribute)) => {
                let of = attribute.value.as_name_expr().map(|name| name.id.as_str());
                if !of.is_some_and(|of| STANDARD.contains(&of)) {
                    names.insert(attribute.attr.to_string());
                }
            }
            _ => {}
        }
        true
    });
    names
}

/// Functions that are called outside of functions: by statements of the module and of classes, as decorators and for bases.
fn called_when_loaded(body: &[Stmt]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    walk(body, &mut |node| match node {
        Node::Stmt(Stmt::FunctionDef(def)) => {
            let decorators = def.decorator_list.iter().filter_map(|it| callee_name(&it.expression));
            names.extend(decorators.map(str::to_owned));
            false
        }
        Node::Expr(Expr::Lambda(_)) => false,
        Node::Expr(Expr::Call(call)) => {
            names.extend(callee_name(&call.func).map(str::to_owned));
            true
        }
        _ => true,
    });
    names
}

/// Texts that begin with a slash; what is put into an f-string becomes `*`.
fn pages(module: &Module, body: &[Stmt]) -> Vec<String> {
    let mut pages = Vec::new();
    walk(body, &mut |node| {
        let text = match node {
            Node::Expr(expr @ Expr::StringLiteral(_)) => string(expr).map(str::to_owned),
            Node::Expr(Expr::FString(_)) => {
                let text = module.src(node);
                let inner = text.trim_start_matches(['f', 'F']).trim_matches(['"', '\'']);
                Some(
                    inner
                        .split('/')
                        .map(|part| if part.contains('{') { "*" } else { part })
                        .collect::<Vec<_>>()
                        .join("/"),
                )
            }
            _ => None,
        };
        pages.extend(text.filter(|text| text.starts_with('/') && text.len() < 500));
        true
    });
    pages
}

/// The handler's code.
pub fn written(handler: &str, path: &str, line: Option<u32>, source: &Source) -> Option<Written> {
    let module = Module::parse(source.text(path).ok()?)?;
    let function = find(&module, handler, line)?;
    let range = bytes(function.def);
    let (first, last) = (module.text.line_column(range.start).0, module.text.line_column(range.end).0);
    let branches = branches(&function);
    let reads = reads(&module, &function);
    Some(Written { range: (range.start, range.end), lines: (first, last), branches, reads })
}

fn find<'m>(module: &'m Module, handler: &str, line: Option<u32>) -> Option<Function<'m>> {
    let mut segments: Vec<&str> = handler.split('.').filter(|segment| !segment.is_empty()).collect();
    let name = segments.pop()?;
    let class = segments.pop();
    let mut named = module.functions();
    named.retain(|function| !function.nested && function.def.name.as_str() == name);
    let exact: Vec<_> = named.iter().copied().filter(|f| f.class.map(|owner| owner.name.as_str()) == class).collect();
    match (exact.as_slice(), named.as_slice()) {
        ([only], _) | ([], [only]) => Some(*only),
        _ => named.into_iter().find(|function| {
            let (start, end) = (module.line(function.def), module.text.line_column(bytes(function.def).end).0);
            line.is_some_and(|line| start <= line && line <= end)
        }),
    }
}

fn branches(function: &Function<'_>) -> usize {
    let mut count = 0;
    walk(&function.def.body, &mut |node| {
        count += match node {
            Node::Stmt(Stmt::If(_) | Stmt::For(_) | Stmt::While(_))
            | Node::Elif(_)
            | Node::Handler(_)
            | Node::Expr(Expr::If(_) | Expr::BoolOp(_)) => 1,
            Node::Stmt(Stmt::Match(it)) => it.cases.len(),
            Node::Comprehension(comprehension) => comprehension.ifs.len(),
            _ => 0,
        };
        true
    });
    count
}

/// In the function itself, or in one of its module that it calls.
fn reads(module: &Module, function: &Function<'_>) -> Option<String> {
    let mentioned = names(&function.def.body);
    let helpers = module.functions().into_iter().filter(|other| mentioned.contains(other.def.name.as_str()));
    std::iter::once(*function).chain(helpers).find_map(|one| {
        let text = module.src(one.def);
        READS.iter().find(|word| text.contains(*word)).map(|word| word.trim_end_matches('(').to_owned())
    })
}

/// The file of tests.
pub fn test(gap: &Gap, source: &Source) -> Option<thymus_sdk::Change> {
    let project = Project::load(source, std::slice::from_ref(&gap.path));
    let subject = Subject::find(&gap.handler, &[&gap.path], gap.line, &project)?;
    let name = plain_word(subject.function.def.name.as_str());
    let (refused, answered): (Vec<&Example>, Vec<&Example>) =
        gap.examples.iter().partition(|example| matches!(example.outcome, Outcome::Threw { .. }));
    let cases = [
        (format!("{name}_answers_as_in_production"), "Calls that production made, and what they gave.", answered),
        (format!("{name}_refuses_as_in_production"), "Calls that production made, and how they were refused.", refused),
    ];
    let cases: Vec<TestCase> = cases
        .into_iter()
        .filter(|(.., examples)| !examples.is_empty())
        .map(|(name, words, examples)| TestCase {
            name,
            words: words.to_owned(),
            calls: examples.into_iter().map(call).collect(),
        })
        .collect();
    testing::write(&subject, "production", &cases, &project, source)
}

fn call(example: &Example) -> Call {
    let expect = match &example.outcome {
        Outcome::Returned(value) => Expect::Returns(value.clone()),
        Outcome::Like(value) => Expect::Something { like: vec![value.clone()] },
        Outcome::Threw { kind, message } => {
            Expect::Raises { kind: kind.clone(), message: Some(message.clone()), instead_of: None }
        }
    };
    Call { args: example.args.clone(), expect }
}
