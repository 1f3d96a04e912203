//! The test that shows a repair: a module that can be loaded, or a call that returns. Both have to run on the broken tree
//! too, so the import stands inside of the test and not at the top of its file.

use thymus_python::project::Project;
use thymus_python::syntax::Function;
use thymus_python::testing::place::Framework;
use thymus_python::testing::place::plain_word;
use thymus_python::testing::value;
use thymus_python::testing::{self, Bench, Expect, Imports, Subject, Test, TestCase};
use thymus_sdk::Change;
use thymus_sdk::source::Source;

use super::survey::Survey;
use crate::fault::Fault;
use crate::notes::Met;
use crate::repair::{Proof, Repair};

/// The tests, the one that shows most first; none when there can be none.
pub fn tests(met: &Met, fault: &Fault, repair: &Repair, survey: &Survey, source: &Source) -> Vec<Change> {
    match &repair.proof {
        Proof::Loads { path, name } => loads(path, name.as_deref(), survey, source).into_iter().collect(),
        Proof::Call => calls(met, fault, source),
        Proof::Reading => Vec::new(),
    }
}

fn loads(path: &str, name: Option<&str>, survey: &Survey, source: &Source) -> Option<Change> {
    let project = Project::load(source, &[path.to_owned()]);
    let module = project.module(path)?;
    let function = module.functions().into_iter().next();
    // The place of a test is told by what it tests: any function of the module, or one nearby.
    let found: (_, Function) = match function {
        Some(function) => (module, function),
        None => project.sources().find_map(|module| Some((module, module.functions().into_iter().next()?)))?,
    };
    let subject = Subject { module: found.0, function: found.1, wants_little: false };
    let mut bench = Bench::of(subject, "imports", &project, source)?;
    let dotted = bench.place.module_name(path).or_else(|| survey.tree.name(path))?;
    let stem = plain_word(dotted.rsplit('.').next()?);
    bench.place.path = free_path(&bench.place.path, &stem, source)?;
    let mut imports = Imports::default();
    imports.module("importlib");
    let quote = bench.place.quote;
    let mut body = vec![format!("module = importlib.import_module({})", value::text(&dotted, quote))];
    let has = name.map(|name| format!("hasattr(module, {})", value::text(name, quote)));
    body.push(match (bench.place.framework, has) {
        (Framework::Pytest, Some(has)) => format!("assert {has}"),
        (Framework::Pytest, None) => format!("assert module.__name__ == {}", value::text(&dotted, quote)),
        (Framework::Unittest, Some(has)) => format!("self.assertTrue({has})"),
        (Framework::Unittest, None) => format!("self.assertEqual(module.__name__, {})", value::text(&dotted, quote)),
    });
    let test = Test {
        name: format!("{stem}_finds_all_that_it_imports"),
        words: format!("{dotted} can be loaded."),
        fixtures: Vec::new(),
        body,
        waits: false,
    };
    bench.finish(&[test], &imports)
}

/// The same folder and style of name, after the module.
fn free_path(path: &str, stem: &str, source: &Source) -> Option<String> {
    let (folder, file) = path.rsplit_once('/').map_or(("", path), |(folder, file)| (folder, file));
    let is_suffixed = file.ends_with("_test.py");
    (1..100).find_map(|number| {
        let number = if number == 1 { String::new() } else { format!("_{number}") };
        let file = if is_suffixed {
            format!("{stem}_imports{number}_test.py")
        } else {
            format!("test_{stem}_imports{number}.py")
        };
        let path = if folder.is_empty() { file } else { format!("{folder}/{file}") };
        (!source.exists(&path)).then_some(path)
    })
}

/// A call that failed in production: first with the shape of what such calls returned, then without the old failure, for
/// what it returns may depend on what the process remembers.
fn calls(met: &Met, fault: &Fault, source: &Source) -> Vec<Change> {
    let (Some(handler), Some(failed)) = (&met.handler, met.failed.first()) else { return Vec::new() };
    let mut paths: Vec<String> = handler.path.clone().into_iter().collect();
    paths.extend(fault.sites.iter().map(|site| site.path.clone()));
    let project = Project::load(source, &paths);
    let near: Vec<&str> = paths.iter().map(String::as_str).collect();
    let Some(subject) = Subject::find(&handler.name, &near, handler.line, &project) else { return Vec::new() };
    let function = plain_word(subject.function.def.name.as_str());
    let like = met.returned.iter().filter_map(|call| call.result.clone()).collect();
    let case = TestCase {
        name: format!("{function}_finds_all_that_it_needs"),
        words: "A call that failed in production for want of an import.".to_owned(),
        calls: vec![testing::Call { args: failed.args.clone(), expect: Expect::Something { like } }],
    };
    let first = testing::write(&subject, "imports", &[case], &project, source);
    let second = without_failure(met, subject, &project, source);
    first.into_iter().chain(second).collect()
}

fn without_failure(met: &Met, subject: Subject, project: &Project, source: &Source) -> Option<Change> {
    let bench = Bench::of(subject, "imports", project, source)?;
    let failed = met.failed.first()?;
    let called = bench.call(&failed.args)?;
    let mut imports = Imports::default();
    imports.join(&called.imports);
    let expr = bench.expression(&called, &mut imports);
    let kinds = "(ImportError, NameError, AttributeError)";
    let unit = &bench.place.unit;
    let missing = value::text(if met.key.name.is_empty() { &met.key.target } else { &met.key.name }, bench.place.quote);
    let look = match bench.place.framework {
        Framework::Pytest => format!("{unit}assert {missing} not in str(failure)"),
        Framework::Unittest => format!("{unit}self.assertNotIn({missing}, str(failure))"),
    };
    let body = vec![
        "failure = None".to_owned(),
        "try:".to_owned(),
        format!("{unit}{expr}"),
        "except Exception as error:".to_owned(),
        format!("{unit}failure = error"),
        format!("if isinstance(failure, {kinds}):"),
        look,
    ];
    let function = plain_word(subject.function.def.name.as_str());
    let test = Test {
        name: format!("{function}_finds_all_that_it_needs"),
        words: "A call that failed in production for want of an import fails for no such reason.".to_owned(),
        fixtures: called.fixtures.clone(),
        waits: expr.starts_with("await "),
        body,
    };
    bench.finish(&[test], &imports)
}
