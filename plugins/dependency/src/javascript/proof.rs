//! The test that shows a repair: a file that can be loaded, or a call that returns. Both have to run on the broken tree
//! too, so what fails there is asked for inside of the test and not at the top of its file.

use thymus_javascript::code::is_sound;
use thymus_javascript::exports::is_module;
use thymus_javascript::project::relative;
use thymus_javascript::testing::assertions;
use thymus_javascript::testing::framework::Asserts;
use thymus_javascript::testing::{self, Bench, Expect, Framework, Subject, Test, TestCase};
use thymus_sdk::{Change, Role, edit};

use super::survey::Survey;
use crate::fault::{Fault, Kind};
use crate::notes::Met;
use crate::repair::{Proof, Repair};

/// The tests, the one that shows most first; none when there can be none.
pub fn tests(met: &Met, fault: &Fault, repair: &Repair, survey: &Survey) -> Vec<Change> {
    match &repair.proof {
        Proof::Loads { path, name } => loads(path, name.as_deref(), survey).into_iter().collect(),
        Proof::Call => calls(met, fault, survey),
        Proof::Reading => Vec::new(),
    }
}

fn loads(path: &str, name: Option<&str>, survey: &Survey) -> Option<Change> {
    let project = &survey.project;
    let framework = Framework::of(project, path)?;
    let style = &framework.style;
    let imports = framework.imports();
    let folder = format!("{}x", framework.folder);
    let is_module_file = project.ask(path, is_module)?;
    // What runs as CommonJS knows `require`, unless the file itself is none of it.
    let requires = !is_module_file && is_common(&framework, survey);
    let mut specifier = relative(&folder, path);
    if !requires && !path.ends_with(".ts") && !path.ends_with(".tsx") {
        // `import()` wants the whole name.
    } else if framework.has_bare_imports() || requires {
        specifier = specifier.rsplit_once('.').map_or(specifier.clone(), |(stem, _)| stem.to_owned());
    }
    let asked = style.string(&specifier);
    let end = &style.semicolon;
    let request = if requires {
        format!("const loaded = require({asked}){end}")
    } else {
        format!("const loaded = await import({asked}){end}")
    };
    // Of CommonJS an import surely knows only the whole.
    let name = name.filter(|_| requires || is_module_file).unwrap_or("default");
    let name = style.string(name);
    let checked = match framework.asserts {
        _ if requires && name.contains("default") => None,
        Asserts::Node { .. } => Some(format!("assert.ok({name} in loaded){end}")),
        Asserts::Expect => Some(format!("expect(Object.keys(loaded)).toContain({name}){end}")),
        Asserts::Chai => Some(format!("expect(loaded).to.have.property({name}){end}")),
        _ => Some(assertions::equal(&framework, &format!("{name} in loaded"), "true")),
    };
    let checked = checked.or_else(|| match framework.asserts {
        Asserts::Node { .. } => Some(format!("assert.ok(loaded){end}")),
        Asserts::Expect => Some(format!("expect(loaded).toBeDefined(){end}")),
        Asserts::Chai => Some(format!("expect(loaded).to.exist{end}")),
        _ => Some(assertions::equal(&framework, "Boolean(loaded)", "true")),
    })?;
    let (newline, indent) = (style.newline, &style.indent);
    let head = imports.iter().fold(String::new(), |head, (_, line)| head + line + newline);
    let gap = if head.is_empty() { "" } else { newline };
    let file = path.rsplit('/').next().unwrap_or(path);
    let (start, close) = framework.test_function(&format!("{file} finds all that it imports"), !requires);
    let closing = framework.closing();
    let content = format!("{head}{gap}{start}{indent}{request}{newline}{indent}{checked}{newline}{close}{closing}");
    let stem = framework.file_stem(file.split('.').next().unwrap_or(file));
    let free = (1..10).map(|number| if number == 1 { String::new() } else { format!("-{number}") });
    let path = free
        .map(|number| format!("{}{stem}-imports{number}{}", framework.folder, framework.suffix))
        .find(|path| !project.exists(path))?;
    is_sound(&path, &content).then(|| edit::create(path, content, Role::Test))
}

/// Whether the project's tests are `CommonJS`.
fn is_common(framework: &Framework, survey: &Survey) -> bool {
    let tests = survey
        .facts
        .iter()
        .filter(|(path, _)| path.starts_with(&framework.folder) && path.ends_with(&framework.suffix));
    let mut tests = tests.map(|(_, facts)| facts.surface.is_module);
    !framework.suffix.ends_with(".mjs")
        && tests.next().map_or_else(|| !survey.manifests.iter().any(super::manifest::Manifest::is_module), |it| !it)
}

/// A call that failed in production: first with the shape of what such calls returned, then without the old failure, for
/// what it returns may depend on what the process remembers.
fn calls(met: &Met, fault: &Fault, survey: &Survey) -> Vec<Change> {
    let (Some(handler), Some(failed)) = (&met.handler, met.failed.first()) else { return Vec::new() };
    let mut paths: Vec<&str> = handler.path.as_deref().into_iter().collect();
    paths.extend(fault.sites.iter().map(|site| site.path.as_str()));
    let project = &survey.project;
    let Some(subject) = Subject::find(&handler.name, &paths, handler.line, project) else { return Vec::new() };
    let like = met.returned.iter().filter_map(|call| call.result.clone()).collect();
    let expect = Expect::Something { like };
    let call = testing::Call { args: failed.args.clone(), null_was_undefined: true, expect };
    let title = format!("{} finds all that it needs", handler.name);
    let first = testing::write(&subject, "imports", &[TestCase { title: title.clone(), calls: vec![call] }], project);
    let second = without_failure(met, &title, &subject, survey);
    first.into_iter().chain(second).collect()
}

fn without_failure(met: &Met, title: &str, subject: &Subject, survey: &Survey) -> Option<Change> {
    let project = &survey.project;
    let bench = Bench::of(subject, project)?;
    let arguments = bench.arguments(&met.failed.first()?.args, true, project)?;
    let (style, asserts) = (&bench.framework().style, bench.framework().asserts);
    let key = &met.key;
    let missing = match key.kind {
        Kind::ModuleNotFound => key.target.rsplit('/').next()?.to_owned(),
        Kind::NameNotImported => format!("{} is not defined", key.name),
        Kind::PackageNotDeclared => key.target.clone(),
        Kind::NameNotExported | Kind::CircularImport => key.name.clone(),
    };
    let (missing, end) = (style.string(&missing), style.semicolon);
    let called = format!("{}({})", bench.callee(), arguments.join(", "));
    let look = match asserts {
        Asserts::Node { .. } => format!("assert.ok(!String(failure).includes({missing})){end}"),
        Asserts::Expect => format!("expect(String(failure)).not.toContain({missing}){end}"),
        Asserts::Chai => format!("expect(String(failure)).to.not.include({missing}){end}"),
        _ => assertions::equal(bench.framework(), &format!("String(failure).includes({missing})"), "false"),
    };
    let body = vec![
        format!("const failure = await Promise.resolve().then(() => {called}).then(() => null, (error) => error){end}"),
        look,
    ];
    bench.finish(&[Test { title: title.to_owned(), body }], "imports", project)
}
