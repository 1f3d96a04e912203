//! A test that is there and that makes the beats run: what it does until then, and what it needs for that.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ruff_python_ast::{Expr, Stmt, StmtFunctionDef};
use ruff_text_size::Ranged;
use thymus_python::project::{Project, binds, is_test};
use thymus_python::syntax::{Module, Node, bytes, callee_name, parts, string, walk};
use thymus_python::testing::Test;
use thymus_python::testing::place::{Framework, Place};
use thymus_sdk::source::Text;

use super::recorder::IMPORT;
use crate::trigger::{Trigger, refuses};

/// Definitions that one test may need.
const MOST_NEEDS: usize = 40;

/// A test's way to the beats.
#[derive(Clone, Debug)]
pub struct Driver {
    /// Its statements until then, as lines.
    pub before: Vec<String>,
    /// The statement that makes the beats run.
    pub run: Vec<String>,
    /// Fixtures that it takes.
    pub fixtures: Vec<String>,
    /// Whether it is `async`.
    pub is_async: bool,
    /// It looks at a refusal, so maybe the beats don't run.
    is_refused: bool,
    /// Import statements, and where each stood.
    imports: Vec<String>,
    /// Helpers and fixtures of its file, as they stand there.
    definitions: Vec<String>,
}

/// The tests that make the beats run, those that expect no refusal first, and of them the shortest.
pub fn drivers(trigger: &Trigger, place: &Place, project: &Project) -> Vec<Driver> {
    if place.framework != Framework::Pytest {
        return Vec::new();
    }
    let folder = |path: &str| path.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned());
    let mut found: Vec<Driver> = Vec::new();
    // A helper file imported relatively, or a conftest, is only right in the same folder.
    let tests = project.modules.iter().filter(|module| is_test(&module.text.path));
    for module in tests.filter(|module| folder(&module.text.path) == folder(&place.path)) {
        let top = module.tree.body.iter().filter_map(Stmt::as_function_def_stmt);
        for def in top.filter(|def| def.name.starts_with("test")) {
            found.extend(driver(module, def, trigger));
        }
    }
    found.sort_by_key(|driver| (driver.is_refused, driver.before.len()));
    found
}

/// Whether a statement makes the beats run.
fn is_trigger(trigger: &Trigger, statement: &Stmt) -> bool {
    let mut found = false;
    walk(std::slice::from_ref(statement), &mut |node| {
        if let Node::Expr(Expr::Call(call)) = node {
            let texts: Vec<&str> = call.arguments.args.iter().filter_map(string).collect();
            found |= trigger.is(callee_name(&call.func).unwrap_or_default(), &texts);
        }
        !found
    });
    found
}

fn driver(module: &Module, def: &StmtFunctionDef, trigger: &Trigger) -> Option<Driver> {
    // The first run is enough; a second would be recorded too.
    let last = def.body.iter().position(|statement| is_trigger(trigger, statement))?;
    if !def.decorator_list.is_empty() && !def.is_async {
        return None;
    }
    let kept: Vec<&Stmt> = def.body[..=last].iter().filter(|statement| acts(statement)).collect();
    let (trigger, before) = kept.split_last()?;
    let before = before.iter().flat_map(|statement| lines(&module.text, statement)).collect();
    // What it gives nobody looks at any more.
    let run = match trigger {
        Stmt::Assign(assign) => lines(&module.text, &*assign.value),
        other => lines(&module.text, other),
    };
    let fixtures: Vec<String> = def.parameters.iter().map(|parameter| parameter.name().to_string()).collect();
    let mut names: BTreeSet<String> = kept.iter().flat_map(|statement| names(statement)).collect();
    names.extend(fixtures.iter().cloned());
    let (imports, definitions) = needs(module, names)?;
    Some(Driver {
        before,
        run,
        fixtures,
        is_async: def.is_async,
        is_refused: refuses(module.src(def)),
        imports,
        definitions,
    })
}

/// Whether a statement does anything: a look at what came before does not.
fn acts(statement: &Stmt) -> bool {
    let is_words = statement.as_expr_stmt().is_some_and(|alone| alone.value.is_string_literal_expr());
    let only_looks =
        statement.as_assert_stmt().is_some_and(|looks| !parts(&looks.test).iter().any(|one| one.is_call_expr()));
    !is_words && !only_looks
}

fn names(statement: &Stmt) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    walk(std::slice::from_ref(statement), &mut |node| {
        if let Node::Expr(Expr::Name(name)) = node {
            names.insert(name.id.to_string());
        }
        true
    });
    names
}

/// A statement's lines, without their common indentation.
fn lines(text: &Text, node: impl Ranged) -> Vec<String> {
    let range = bytes(node);
    let indent = text.indent_at(range.start);
    let own = text.content[range.clone()].lines();
    own.map(|line| line.strip_prefix(indent).unwrap_or(line).trim_end().to_owned()).collect()
}

/// The imports and definitions of the file that these names need, in its order; none when there are too many.
fn needs(module: &Module, mut open: BTreeSet<String>) -> Option<(Vec<String>, Vec<String>)> {
    let mut needed: BTreeSet<usize> = BTreeSet::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    while let Some(name) = open.pop_first() {
        if !seen.insert(name.clone()) {
            continue;
        }
        for (at, statement) in module.tree.body.iter().enumerate() {
            if defines(statement, &name) && needed.insert(at) && !is_import(statement) {
                open.extend(names(statement));
                if let Stmt::FunctionDef(def) = statement {
                    open.extend(def.parameters.iter().map(|parameter| parameter.name().to_string()));
                }
            }
        }
        // What runs before every test of the file runs here too.
        for (at, statement) in module.tree.body.iter().enumerate() {
            let is_autouse = statement.as_function_def_stmt().is_some_and(|def| {
                def.decorator_list.iter().any(|decorator| module.src(&decorator.expression).contains("autouse=True"))
            });
            if is_autouse && needed.insert(at) {
                open.extend(names(statement));
            }
        }
    }
    if needed.len() > MOST_NEEDS {
        return None;
    }
    let (mut imports, mut definitions) = (Vec::new(), Vec::new());
    for at in needed {
        let statement = &module.tree.body[at];
        if is_import(statement) {
            imports.extend(import_lines(module, statement, &seen));
        } else {
            definitions.push(module.src(statement).replace("\r\n", "\n"));
        }
    }
    Some((imports, definitions))
}

fn is_import(statement: &Stmt) -> bool {
    statement.is_import_stmt() || statement.is_import_from_stmt()
}

fn defines(statement: &Stmt, name: &str) -> bool {
    match statement {
        Stmt::FunctionDef(def) => def.name.as_str() == name,
        Stmt::ClassDef(def) => def.name.as_str() == name,
        Stmt::Assign(assign) => assign.targets.iter().any(|target| binds(target, name)),
        Stmt::AnnAssign(assign) => binds(&assign.target, name),
        Stmt::Import(import) => import.names.iter().any(|alias| match &alias.asname {
            Some(asname) => asname.as_str() == name,
            None => alias.name.split('.').next() == Some(name),
        }),
        Stmt::ImportFrom(import) => {
            import.names.iter().any(|alias| alias.asname.as_ref().unwrap_or(&alias.name).as_str() == name)
        }
        _ => false,
    }
}

/// An import without the names that nobody needs.
fn import_lines(module: &Module, statement: &Stmt, needed: &BTreeSet<String>) -> Vec<String> {
    let Stmt::ImportFrom(import) = statement else { return vec![module.src(statement).to_owned()] };
    let names: Vec<String> = import
        .names
        .iter()
        .filter(|alias| needed.contains(alias.asname.as_ref().unwrap_or(&alias.name).as_str()))
        .map(|alias| module.src(alias).to_owned())
        .collect();
    let from = import.module.as_ref().map(ToString::to_string).unwrap_or_default();
    vec![format!("from {}{from} import {}", ".".repeat(import.level as usize), names.join(", "))]
}

impl Driver {
    /// The whole file: what the test needs, and the test.
    pub fn file(&self, test: &Test, place: &Place) -> String {
        let (from, name) = IMPORT;
        let mut standard: Vec<String> = vec![format!("from {from} import {name}")];
        let mut own = Vec::new();
        for line in &self.imports {
            let module = line.split_whitespace().nth(1).unwrap_or_default();
            let top = module.split('.').next().unwrap_or_default();
            if STANDARD.contains(&top) { standard.push(line.clone()) } else { own.push(line.clone()) }
        }
        standard.sort_by_key(|line| (line.starts_with("from"), line.clone()));
        let mut text = standard.join("\n");
        if !own.is_empty() {
            let _ = write!(text, "\n\n{}", own.join("\n"));
        }
        for definition in &self.definitions {
            let is_long = definition.starts_with(['d', '@', 'c', 'a']) && definition.contains('\n');
            let _ = write!(text, "{}{definition}", if is_long { "\n\n\n" } else { "\n\n" });
        }
        let quote = place.quote;
        let prefix = if test.waits { "async def" } else { "def" };
        let _ = write!(text, "\n\n\n{prefix} test_{}({}):\n", test.name, test.fixtures.join(", "));
        let _ = writeln!(text, "{}{quote}{quote}{quote}{}{quote}{quote}{quote}", place.unit, test.words);
        for line in &test.body {
            let indent = if line.is_empty() { "" } else { place.unit.as_str() };
            let _ = writeln!(text, "{indent}{line}");
        }
        if place.newline == "\r\n" { text.replace('\n', "\r\n") } else { text }
    }
}

/// Modules of the standard library that tests use.
const STANDARD: [&str; 24] = [
    "io",
    "json",
    "os",
    "sys",
    "re",
    "time",
    "datetime",
    "decimal",
    "uuid",
    "pathlib",
    "fractions",
    "unittest",
    "asyncio",
    "collections",
    "contextlib",
    "copy",
    "functools",
    "itertools",
    "logging",
    "math",
    "random",
    "tempfile",
    "textwrap",
    "typing",
];
