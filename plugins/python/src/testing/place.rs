//! Where a new test file goes, what it is called, and how the tests beside it are written.

use thymus_sdk::source::Source;

use super::subject::Subject;
use crate::project::{Project, imports, is_test};
use crate::syntax::{Module, Node, callee_name, walk};

/// How the project's tests are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framework {
    /// Functions called `test_…`.
    Pytest,
    /// Methods of a `TestCase`.
    Unittest,
}

/// How the neighbours run coroutines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Async {
    /// `asyncio.run(…)` in a plain test; always possible.
    Run,
    /// `@pytest.mark.asyncio`.
    Asyncio,
    /// `@pytest.mark.anyio`.
    Anyio,
    /// Plugins that run every `async def test_…`; and tests without coroutines.
    Plain,
    /// `unittest.IsolatedAsyncioTestCase`.
    Isolated,
}

/// The new test file.
#[derive(Clone, Debug)]
pub struct Place {
    /// Where it will be.
    pub path: String,
    /// As its neighbours.
    pub framework: Framework,
    /// As its neighbours.
    pub style: Async,
    /// The class of a unittest.
    pub class: String,
    /// What strings are written with.
    pub quote: char,
    /// One step of indentation.
    pub unit: String,
    /// What ends its lines.
    pub newline: &'static str,
    /// Folders that stand on the import path: `src`, or the root.
    pub roots: Vec<String>,
}

impl Place {
    /// The place of a new file for tests of a subject, named after it and a mark.
    pub fn find(subject: &Subject, mark: &str, project: &Project, source: &Source) -> Option<Self> {
        let mut places = Self { roots: roots(subject, project), ..Self::empty() };
        let handler = places.module_name(&subject.module.text.path)?;
        let tests: Vec<&Module> = project.modules.iter().filter(|module| is_test_file(&module.text.path)).collect();
        let neighbour = neighbour(&tests, &handler, subject);
        let settings = settings(source);
        let framework = framework(neighbour, &tests, &settings);
        places.framework = framework;
        if let Some(module) = neighbour {
            places.quote = module.quote();
            places.unit = module.indent_unit();
            places.newline = module.text.newline();
        }
        places.style = style(framework, neighbour, &tests, &settings);
        let function = plain_word(subject.function.def.name.as_str());
        places.class = format!("{}Regression", camel(&function));
        let folder = folder(neighbour, project);
        let suffix = neighbour.is_some_and(|module| stem(&module.text.path).ends_with("_test"));
        let wanted = format!("{function}_{}", plain_word(mark));
        places.path = (1..100).find_map(|number| {
            let number = if number == 1 { String::new() } else { format!("_{number}") };
            let file = if suffix { format!("{wanted}{number}_test.py") } else { format!("test_{wanted}{number}.py") };
            // Without packages, pytest can't have two files of one name.
            let taken = project.files.iter().any(|path| path.rsplit('/').next() == Some(&*file));
            let path = if folder.is_empty() { file } else { format!("{folder}/{file}") };
            (!taken && !source.exists(&path)).then_some(path)
        })?;
        Some(places)
    }

    fn empty() -> Self {
        Self {
            path: String::new(),
            framework: Framework::Pytest,
            style: Async::Run,
            class: String::new(),
            quote: '"',
            unit: "    ".to_owned(),
            newline: "\n",
            roots: Vec::new(),
        }
    }

    /// The name under which tests import a file.
    pub fn module_name(&self, path: &str) -> Option<String> {
        let stem = path.strip_suffix("/__init__.py").or_else(|| path.strip_suffix(".py"))?;
        let inner = self
            .roots
            .iter()
            .filter_map(|root| if root.is_empty() { Some(stem) } else { stem.strip_prefix(&format!("{root}/")) })
            .min_by_key(|inner| inner.len())?;
        let name = inner.replace('/', ".");
        let valid = name.split('.').all(|part| {
            !part.is_empty()
                && part.chars().all(|c| c.is_alphanumeric() || c == '_')
                && !part.starts_with(|c: char| c.is_ascii_digit())
        });
        valid.then_some(name)
    }
}

fn stem(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path).trim_end_matches(".py")
}

/// Collected as a test, unlike `conftest.py` and other files beside them.
fn is_test_file(path: &str) -> bool {
    let name = stem(path);
    is_test(path) && (name.starts_with("test_") || name.ends_with("_test") || name.starts_with("test"))
}

/// A name in snake case.
pub fn plain_word(name: &str) -> String {
    let mut word = String::new();
    for c in name.chars().take(60) {
        if c.is_ascii_uppercase() && !word.is_empty() && !word.ends_with('_') {
            word.push('_');
        }
        if c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
        } else if !word.ends_with('_') && !word.is_empty() {
            word.push('_');
        }
    }
    word.trim_matches('_').to_owned()
}

fn camel(word: &str) -> String {
    word.split('_').map(|part| part[..1.min(part.len())].to_uppercase() + part.get(1..).unwrap_or("")).collect()
}

/// Folders that stand on the import path: where the outermost package of the handler lies, and where tests import from.
fn roots(subject: &Subject, project: &Project) -> Vec<String> {
    let path = &subject.module.text.path;
    let folders: Vec<&str> = path.split('/').collect();
    let mut candidates: Vec<String> = (0..folders.len()).map(|depth| folders[..depth].join("/")).collect();
    // What a test imports by name says it best.
    let imported: Vec<String> = project
        .modules
        .iter()
        .filter(|module| is_test(&module.text.path))
        .flat_map(imports)
        .filter(|import| import.level == 0)
        .map(|import| import.module)
        .collect();
    let names = |root: &str| {
        let inner = if root.is_empty() { Some(path.as_str()) } else { path.strip_prefix(&format!("{root}/")) };
        let top = inner.and_then(|inner| inner.split('/').next()).map(|top| top.trim_end_matches(".py").to_owned());
        top.filter(|top| imported.iter().any(|module| module.split('.').next() == Some(top)))
    };
    if let Some(root) = candidates.iter().find(|root| names(root).is_some()) {
        return vec![root.clone()];
    }
    // Else the folder above the outermost one that is a package.
    let is_package = |folder: &str| project.files.iter().any(|file| *file == format!("{folder}/__init__.py"));
    candidates.retain(|folder| folder.is_empty() || !is_package(folder));
    let src = candidates.iter().any(|folder| folder == "src");
    let root = match folders.first() {
        Some(&"src") if src && !is_package("src") => "src".to_owned(),
        _ => candidates
            .into_iter()
            .rev()
            .find(|folder| {
                let rest = path.strip_prefix(folder.as_str()).unwrap_or(path).trim_start_matches('/');
                rest.split('/').count() == 1 || is_package(&join(folder, rest.split('/').next().unwrap_or("")))
            })
            .unwrap_or_default(),
    };
    vec![root]
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The test file to be like: one that imports the handler's module, else any, the nearest by name.
fn neighbour<'a>(tests: &[&'a Module], handler: &str, subject: &Subject) -> Option<&'a Module> {
    let name = stem(&subject.module.text.path);
    let score = |module: &Module| {
        let imported = imports(module).iter().any(|import| {
            import.module == handler
                || (!import.name.is_empty() && format!("{}.{}", import.module, import.name) == handler)
        });
        let named = stem(&module.text.path).contains(name);
        usize::from(imported) * 2 + usize::from(named)
    };
    tests.iter().copied().max_by_key(|module| (score(module), std::cmp::Reverse(module.text.path.len())))
}

/// The folder of the neighbour, or where tests are expected.
fn folder(neighbour: Option<&Module>, project: &Project) -> String {
    if let Some(module) = neighbour {
        module.text.path.rsplit_once('/').map(|(folder, _)| folder.to_owned()).unwrap_or_default()
    } else {
        let known = ["tests", "test"]
            .into_iter()
            .find(|folder| project.files.iter().any(|f| f.starts_with(&format!("{folder}/"))));
        known.unwrap_or("tests").to_owned()
    }
}

/// What says how the project tests, all in one text.
fn settings(source: &Source) -> String {
    let files = [
        "thymus.toml",
        "pytest.ini",
        "pyproject.toml",
        "setup.cfg",
        "tox.ini",
        "requirements-dev.txt",
        "requirements.txt",
    ];
    files
        .iter()
        .filter_map(|file| source.text(file).ok())
        .map(|text| text.content.chars().take(50_000).collect::<String>() + "\n")
        .collect()
}

fn framework(neighbour: Option<&Module>, tests: &[&Module], settings: &str) -> Framework {
    let plain: String = settings.chars().filter(|c| !c.is_whitespace()).collect();
    if plain.contains("framework=\"unittest\"") {
        return Framework::Unittest;
    }
    if plain.contains("framework=\"pytest\"") {
        // pytest runs both; the neighbours' way is the project's.
        return neighbour.map_or(Framework::Pytest, written_in);
    }
    match neighbour.or(tests.first().copied()) {
        Some(module) => written_in(module),
        None => Framework::Pytest,
    }
}

fn written_in(module: &Module) -> Framework {
    let cases = module
        .classes()
        .any(|class| class.bases().iter().filter_map(callee_name).any(|base| base.ends_with("TestCase")));
    let functions = module.functions().iter().any(|f| f.class.is_none() && f.def.name.as_str().starts_with("test"));
    if cases && !functions { Framework::Unittest } else { Framework::Pytest }
}

fn style(framework: Framework, neighbour: Option<&Module>, tests: &[&Module], settings: &str) -> Async {
    let modules = neighbour.into_iter().chain(tests.iter().copied());
    let has = |word: &str| modules.clone().any(|module| module.text.content.contains(word));
    if framework == Framework::Unittest {
        return if has("IsolatedAsyncioTestCase") { Async::Isolated } else { Async::Run };
    }
    let plain: String = settings.chars().filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\'')).collect();
    let automatic = plain.contains("asyncio_mode=auto");
    let bare = modules.clone().any(|module| {
        module
            .functions()
            .iter()
            .any(|f| f.def.is_async && f.def.name.as_str().starts_with("test") && f.def.decorator_list.is_empty())
    });
    if automatic && bare {
        Async::Plain
    } else if has("mark.asyncio") && uses_mark(&modules.clone().collect::<Vec<_>>(), "asyncio") {
        Async::Asyncio
    } else if has("mark.anyio") && uses_mark(&modules.clone().collect::<Vec<_>>(), "anyio") {
        Async::Anyio
    } else {
        Async::Run
    }
}

/// Whether a mark stands in code, not only in a comment.
fn uses_mark(modules: &[&Module], mark: &str) -> bool {
    modules.iter().any(|module| {
        let mut found = false;
        walk(&module.tree.body, &mut |node| {
            if let Node::Expr(expr) = node {
                found |= crate::syntax::dotted(expr).is_some_and(|name| name == format!("pytest.mark.{mark}"));
            }
            true
        });
        found
    })
}
