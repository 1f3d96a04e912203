//! Python's tests: pytest or unittest, and the environment that the project's files ask for.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Runner, Seen, tests, words};
use crate::model::SetUp;

const TESTS: [&str; 4] = ["tests/**/*.py", "test/**/*.py", "**/test_*.py", "**/*_test.py"];
/// Files that list what tests need, as people call them.
const REQUIREMENTS: [&str; 15] = [
    "requirements-dev.txt",
    "requirements-test.txt",
    "requirements-tests.txt",
    "requirements_dev.txt",
    "requirements_test.txt",
    "dev-requirements.txt",
    "test-requirements.txt",
    "dev_requirements.txt",
    "test_requirements.txt",
    "requirements/dev.txt",
    "requirements/test.txt",
    "requirements/tests.txt",
    "tests/requirements.txt",
    "test/requirements.txt",
    "requirements.txt",
];
/// Extras and groups that hold what tests need; the first that is there is taken.
const FOR_TESTS: [&str; 6] = ["test", "tests", "testing", "dev", "develop", "development"];
/// Settings of pytest that only a plugin understands.
const PLUGINS: [(&str, &str); 5] = [
    ("--cov", "pytest-cov"),
    ("asyncio_mode", "pytest-asyncio"),
    ("--timeout", "pytest-timeout"),
    ("-n auto", "pytest-xdist"),
    ("--benchmark", "pytest-benchmark"),
];
/// What people list beside their test tools, and no test imports: each brings much along.
const NOT_FOR_TESTS: [&str; 18] = [
    "black",
    "build",
    "codecov",
    "coveralls",
    "flake8",
    "hatch",
    "isort",
    "mypy",
    "nox",
    "pre-commit",
    "pylint",
    "pyright",
    "ruff",
    "sphinx",
    "tox",
    "twine",
    "uv",
    "wheel",
];
const MOST_REQUIREMENTS: usize = 60;
const INSIDE: &str = ".venv/bin/python";

/// What the project's files say of itself.
struct Manifest<'a> {
    seen: &'a Seen<'a>,
    pyproject: Option<toml::Table>,
    /// `pytest.ini`, `tox.ini`, `setup.cfg` and `pyproject.toml`, as far as they are there.
    settings: Vec<(&'static str, String)>,
    requirements: Vec<&'static str>,
}

pub(super) fn find(seen: &Seen<'_>) -> Option<Runner> {
    let (files, count) = tests(seen, &TESTS);
    if count == 0 {
        return None;
    }
    let manifest = Manifest::read(seen);
    let pytest = manifest.uses_pytest();
    let (set_up, python) = set_up(&manifest, pytest);
    let mut runner = Runner {
        what: "Python tests",
        language: "python",
        framework: "pytest",
        command: vec![python.to_owned()],
        junit: Some("junit.xml".to_owned()),
        files,
        env: BTreeMap::new(),
        set_up,
        notes: Vec::new(),
        name: manifest.name(),
        tests: count,
    };
    if pytest {
        runner.command.extend(words(&["-m", "pytest", "--junitxml=junit.xml"]));
    } else if manifest.wants("unittest-xml-reporting") || manifest.wants("xmlrunner") {
        runner.framework = "unittest";
        runner.command.extend(words(&["-m", "xmlrunner", "discover", "--output-file", "junit.xml"]));
    } else {
        runner.framework = "unittest";
        runner.command.extend(words(&["-m", "unittest", "discover"]));
        runner.junit = None;
        runner.notes.push("unittest-xml-reporting writes it: python3 -m xmlrunner discover --output-file junit.xml");
    }
    Some(runner)
}

impl<'a> Manifest<'a> {
    fn read(seen: &'a Seen<'a>) -> Self {
        let pyproject = seen.text("pyproject.toml").and_then(|text| text.parse::<toml::Table>().ok());
        let settings = ["pytest.ini", "tox.ini", "setup.cfg", "pyproject.toml"];
        let settings = settings.into_iter().filter_map(|file| Some((file, seen.text(file)?))).collect();
        let requirements = REQUIREMENTS.into_iter().filter(|file| seen.has(file)).collect();
        Self { seen, pyproject, settings, requirements }
    }

    fn project(&self) -> Option<&toml::Table> {
        self.pyproject.as_ref()?.get("project")?.as_table()
    }

    fn name(&self) -> Option<String> {
        self.project()?.get("name")?.as_str().map(str::to_owned)
    }

    fn setting(&self, file: &str) -> &str {
        self.settings.iter().find(|(name, _)| *name == file).map_or("", |(_, text)| text)
    }

    /// Whether a list of requirements begins a line with that name.
    fn wants(&self, name: &str) -> bool {
        let listed = |text: String| text.lines().any(|line| line.trim_start().to_lowercase().starts_with(name));
        self.requirements.iter().any(|file| self.seen.text(file).is_some_and(listed))
            || self.pyproject.as_ref().is_some_and(|table| mentions(table, name, 0))
            || self.tox_requirements().iter().any(|one| one.to_lowercase().starts_with(name))
    }

    fn uses_pytest(&self) -> bool {
        let seen = self.seen;
        let tool = self.pyproject.as_ref().is_some_and(|t| t.get("tool").and_then(|t| t.get("pytest")).is_some());
        let conftest = seen.files.iter().any(|file| file == "conftest.py" || file.ends_with("/conftest.py"));
        if conftest
            || tool
            || seen.has("pytest.ini")
            || self.wants("pytest")
            || self.setting("tox.ini").contains("[pytest]")
            || self.setting("setup.cfg").contains("[tool:pytest]")
        {
            return true;
        }
        let is_python = |file: &str| Path::new(file).extension().is_some_and(|ending| ending == "py");
        let (globs, _) = seen.matching(&["**/test*.py", "**/*_test.py"]);
        let tests = seen.files.iter().filter(|file| is_python(file) && file.contains("test")).take(200);
        let texts: Vec<String> = tests.filter_map(|file| seen.text(file)).collect();
        let says = |what: &str| texts.iter().any(|text| text.contains(what));
        says("import pytest") || !says("unittest") || globs.is_empty()
    }

    /// Whether the project's own package has to be installed before its tests can import it, or what it needs.
    fn must_be_installed(&self) -> bool {
        let needs = self.project().and_then(|project| project.get("dependencies")?.as_array());
        let is_package = self.project().is_some()
            || self.seen.has("setup.py")
            || self.setting("setup.cfg").contains("[metadata]")
            || self.pyproject.as_ref().is_some_and(|table| table.contains_key("build-system"));
        let in_src = self.seen.files.iter().any(|file| file.starts_with("src/") && file.ends_with("/__init__.py"));
        let says_nothing = self.project().is_none_or(|project| !project.contains_key("dependencies"));
        is_package && (in_src || says_nothing || needs.is_some_and(|all| !all.is_empty()) || self.extra().is_some())
    }

    /// The extra with what tests need.
    fn extra(&self) -> Option<&'static str> {
        let declared = self.project().and_then(|project| project.get("optional-dependencies")?.as_table());
        let old = ini_section(self.setting("setup.cfg"), "options.extras_require");
        // A line that is indented goes on with the value before it.
        let is_old =
            |name: &str| old.iter().any(|line| line.split('=').next().is_some_and(|key| key.trim_end() == name));
        FOR_TESTS.into_iter().find(|name| declared.is_some_and(|all| all.contains_key(*name)) || is_old(name))
    }

    /// The requirements of the dependency group with what tests need (PEP 735); groups in groups are not followed.
    fn group(&self) -> Vec<String> {
        let groups = self.pyproject.as_ref().and_then(|table| table.get("dependency-groups")?.as_table());
        let Some(groups) = groups else { return Vec::new() };
        let group = FOR_TESTS.into_iter().find_map(|name| groups.get(name)?.as_array());
        let all = group.into_iter().flatten().filter_map(toml::Value::as_str);
        all.filter(|one| is_requirement(one) && may_be_for_tests(one))
            .take(MOST_REQUIREMENTS)
            .map(str::to_owned)
            .collect()
    }

    /// What tox would install for tests: plain requirements of `[testenv]`.
    fn tox_requirements(&self) -> Vec<String> {
        let lines = ini_section(self.setting("tox.ini"), "testenv");
        let start = lines.iter().position(|line| line.split('=').next().is_some_and(|key| key.trim_end() == "deps"));
        let Some(start) = start else { return Vec::new() };
        let first = lines[start].split_once('=').map_or("", |(_, rest)| rest);
        let more = lines[start + 1..].iter().take_while(|line| line.starts_with([' ', '\t']) || line.is_empty());
        let all = [first].into_iter().chain(more.copied()).map(str::trim);
        all.filter(|one| is_requirement(one) && may_be_for_tests(one))
            .take(MOST_REQUIREMENTS)
            .map(str::to_owned)
            .collect()
    }

    /// Plugins without which pytest refuses the project's settings.
    fn pytest_plugins(&self) -> impl Iterator<Item = &'static str> + '_ {
        let set = |what: &str| self.settings.iter().any(|(_, text)| text.contains(what));
        PLUGINS
            .into_iter()
            .filter(move |(setting, plugin)| set(setting) && !self.wants(plugin))
            .map(|(_, plugin)| plugin)
    }
}

/// The lines of a section of an INI file, without comments, as they are indented.
fn ini_section<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    let header = format!("[{name}]");
    let after = text.lines().map(str::trim_end).skip_while(|line| *line != header).skip(1);
    let inside = after.take_while(|line| !line.starts_with('['));
    inside.filter(|line| !line.trim_start().starts_with(['#', ';'])).collect()
}

/// A name with a version, markers or extras, and nothing that pip takes for an option, a path or an address.
fn is_requirement(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || " ._-<>=!~,[]*;'\"()".contains(c);
    text.len() <= 200 && text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(plain)
}

fn may_be_for_tests(requirement: &str) -> bool {
    let name =
        requirement.split(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).next().unwrap_or_default();
    !NOT_FOR_TESTS.contains(&name.to_lowercase().as_str())
}

/// Whether a list of requirements somewhere in the table begins one with that name.
fn mentions(table: &toml::Table, name: &str, depth: usize) -> bool {
    let is = |text: &str| text.trim_start().to_lowercase().starts_with(name);
    depth < 8
        && table.iter().any(|(key, value)| match value {
            toml::Value::Array(list) => list.iter().any(|one| one.as_str().is_some_and(is)),
            toml::Value::Table(inner) => {
                (key.contains("dependencies") && inner.contains_key(name)) || mentions(inner, name, depth + 1)
            }
            _ => false,
        })
}

/// How the environment is made, and the interpreter to call.
fn set_up(manifest: &Manifest<'_>, pytest: bool) -> (Option<SetUp>, &'static str) {
    let seen = manifest.seen;
    let venv = words(&["python3", "-m", "venv", ".venv"]);
    let made = |commands, lock_files: &[&str]| {
        (Some(SetUp { commands, lock_files: words(lock_files), produces: words(&[".venv"]) }), INSIDE)
    };
    if seen.has("uv.lock") {
        return made(vec![words(&["uv", "sync", "--frozen"])], &["uv.lock"]);
    }
    if seen.has("poetry.lock") {
        return made(vec![venv, words(&["poetry", "install", "--no-interaction"])], &["poetry.lock"]);
    }
    let installed = manifest.must_be_installed();
    let mut lock_files = manifest.requirements.clone();
    let mut pip = words(&[".venv/bin/pip", "install"]);
    for file in &manifest.requirements {
        pip.extend(words(&["-r", file]));
    }
    let listed = !lock_files.is_empty();
    let manifests = ["pyproject.toml", "setup.cfg", "setup.py", "tox.ini", "pytest.ini"];
    if installed || !listed {
        lock_files.extend(manifests.into_iter().filter(|file| seen.has(file)));
    }
    if installed {
        // Editable, so that the tests meet the tree they lie in, not a copy of it.
        let extra = manifest.extra().map_or_else(|| ".".to_owned(), |extra| format!(".[{extra}]"));
        pip.extend(["-e".to_owned(), extra]);
    }
    if !listed {
        pip.extend(manifest.group());
        pip.extend(manifest.tox_requirements());
    }
    if pytest && !lock_files.is_empty() && !(listed && manifest.wants("pytest")) {
        let named = |pip: &[String], name: &str| pip.iter().any(|word| word == name);
        let plugins = manifest.pytest_plugins().chain(["pytest"]);
        let missing: Vec<&str> = plugins.filter(|name| !named(&pip, name)).collect();
        pip.extend(words(&missing));
    }
    if lock_files.is_empty() || pip.len() == 2 { (None, "python3") } else { made(vec![venv, pip], &lock_files) }
}
