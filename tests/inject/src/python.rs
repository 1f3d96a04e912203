//! Making a Python project ready: what is source, what its tests need, and a `thymus.toml` that says so.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::failure::Failure;
use crate::plan::Wanted;
use crate::process::{Stop, run};
use crate::project::{Language, Project, files};

const INSTALL: Duration = Duration::from_mins(4);
/// What the tests need, pinned.
const PINS: &str = "requirements-test.txt";

pub fn prepare(wanted: &Wanted, slug: &str, root: PathBuf, work: PathBuf, stop: &Stop) -> Result<Project, Failure> {
    let all = files(&root)?;
    let paths = vec![if root.join("src").is_dir() { "src" } else { "." }.to_owned()];
    let (tests, sources) = split(&all, &paths, &wanted.without);
    let pins = install(&root, &work, wanted, stop)?;
    let arguments = if wanted.test.is_empty() { test_places(&tests) } else { wanted.test.clone() };
    let mut test_command: Vec<String> =
        [".venv/bin/python", "-m", "pytest", "--junitxml=junit.xml"].map(str::to_owned).into();
    test_command.extend(arguments.iter().cloned());
    let env = if paths == ["src"] { vec![("PYTHONPATH".to_owned(), "src".to_owned())] } else { Vec::new() };
    let pins_path = root.join(PINS);
    fs::write(&pins_path, pins).map_err(Failure::at(&pins_path))?;
    let described = root.join("thymus.toml");
    if !described.is_file() {
        fs::write(&described, describe(slug, &test_command, &tests, &env)).map_err(Failure::at(&described))?;
    }
    Ok(Project {
        slug: slug.to_owned(),
        source: String::new(),
        language: Language::Python,
        root,
        work,
        sources,
        esm: Vec::new(),
        tests,
        paths,
        test_command,
        test_env: env,
        test_arguments: arguments,
        made: ".venv",
        test_time: Duration::ZERO,
    })
}

/// Tests and sources; neither holds documentation, examples or set-up scripts.
fn split(all: &[String], paths: &[String], without: &[String]) -> (Vec<String>, Vec<String>) {
    let python = all.iter().filter(|path| is_python(path));
    let (tests, others): (Vec<String>, Vec<String>) = python.cloned().partition(|path| is_test(path));
    let aside = ["docs/", "doc/", "examples/", "example/", "benchmarks/", "benchmark/", "scripts/", "tools/", "bench/"];
    let sources = others.into_iter().filter(|path| {
        let set_up = ["setup.py", "noxfile.py", "tasks.py", "conf.py", "conftest.py"].contains(&path.as_str());
        let inside = paths.iter().any(|folder| folder == "." || path.starts_with(&format!("{folder}/")));
        inside
            && !set_up
            && !aside.iter().any(|folder| path.starts_with(folder))
            && !without.iter().any(|prefix| path.starts_with(prefix.as_str()))
    });
    (tests, sources.collect())
}

fn is_python(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|ending| ending == "py")
}

fn is_test(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    path.split('/').any(|part| matches!(part, "tests" | "test" | "testing"))
        || file.starts_with("test_")
        || file.ends_with("_test.py")
        || file == "conftest.py"
}

/// `tests`, or the files that are tests where they have no folder of their own.
fn test_places(tests: &[String]) -> Vec<String> {
    let first = |path: &String| path.split_once('/').map_or_else(|| path.clone(), |(folder, _)| folder.to_owned());
    let folders: Vec<String> = ["tests", "test"].map(str::to_owned).into();
    let found: Vec<String> = folders.into_iter().filter(|it| tests.iter().any(|path| first(path) == *it)).collect();
    if found.is_empty() { tests.iter().filter(|path| !path.ends_with("conftest.py")).cloned().collect() } else { found }
}

/// Makes the environment, once, and returns what is in it.
fn install(root: &Path, work: &Path, wanted: &Wanted, stop: &Stop) -> Result<String, Failure> {
    let venv = work.join(".venv");
    let mut needs = vec!["pytest".to_owned()];
    needs.extend(declared(root));
    needs.extend(wanted.needs.iter().cloned());
    let done = work.join("needs.txt");
    let python = venv.join("bin/python");
    if fs::read_to_string(&done).ok().as_deref() != Some(&needs.join("\n")) {
        ask(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv), stop)?;
        ask(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(&needs), stop)?;
        fs::write(&done, needs.join("\n")).map_err(Failure::at(&done))?;
    }
    let pins = work.join("pins.txt");
    let freeze = "import subprocess, sys; open(sys.argv[1], 'wb').write(subprocess.run([sys.executable, '-m', 'pip', \
                  'freeze'], check=True, capture_output=True).stdout)";
    ask(Command::new(&python).args(["-c", freeze]).arg(&pins), stop)?;
    fs::read_to_string(&pins).map_err(Failure::at(&pins))
}

/// What the project says it needs to run.
fn declared(root: &Path) -> Vec<String> {
    if let Ok(text) = fs::read_to_string(root.join("PKG-INFO")) {
        let header = text.split("\n\n").next().unwrap_or_default();
        let needs = header.lines().filter_map(|line| line.strip_prefix("Requires-Dist:"));
        return needs.filter(|need| !need.contains("extra ==")).map(|need| need.trim().to_owned()).collect();
    }
    let table = fs::read_to_string(root.join("pyproject.toml")).ok().and_then(|text| text.parse::<toml::Table>().ok());
    let list = table.as_ref().and_then(|it| it.get("project")?.get("dependencies")?.as_array());
    let mut needs: Vec<String> = list.into_iter().flatten().filter_map(|it| it.as_str().map(str::to_owned)).collect();
    for file in ["requirements-dev.txt", "requirements.txt"] {
        if root.join(file).is_file() {
            needs.extend(["-r".to_owned(), root.join(file).display().to_string()]);
        }
    }
    needs
}

fn ask(command: &mut Command, stop: &Stop) -> Result<(), Failure> {
    let ended = run(command, INSTALL, stop)?;
    if ended.well() { Ok(()) } else { Err(Failure::Unfit(format!("can't install what it needs ({})", ended.why()))) }
}

fn describe(slug: &str, command: &[String], tests: &[String], env: &[(String, String)]) -> String {
    let list = |items: Vec<String>| toml::Value::from(items).to_string();
    let globs = if tests.iter().any(|path| path.starts_with("tests/")) {
        vec!["tests/**/*.py".to_owned()]
    } else if tests.iter().any(|path| path.starts_with("test/")) {
        vec!["test/**/*.py".to_owned()]
    } else {
        vec!["**/test_*.py".to_owned(), "**/*_test.py".to_owned()]
    };
    let env: Vec<String> = env.iter().map(|(name, value)| format!("{name} = {value:?}")).collect();
    let env = if env.is_empty() { String::new() } else { format!("env = {{ {} }}\n", env.join(", ")) };
    format!(
        "# What thymus may know of this repository. It describes; the policy decides.\nname = {slug:?}\nlanguages = \
         [\"python\"]\ndocs = [\"README*\", \"docs/**/*.md\", \"docs/**/*.rst\"]\n\n[test]\nframework = \"pytest\"\n\
         command = {}\nfiles = {}\njunit = \"junit.xml\"\n{env}timeout_seconds = 120\n\n[set_up]\ncommands = \
         [[\"python3\", \"-m\", \"venv\", \".venv\"], [\".venv/bin/pip\", \"install\", \"--quiet\", \"-r\", \
         \"{PINS}\"]]\nlock_files = [\"{PINS}\"]\nproduces = [\".venv\"]\n",
        list(command.to_vec()),
        list(globs),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_told_from_sources() {
        let all = ["setup.py", "src/a/__init__.py", "src/a/tests/test_a.py", "docs/conf.py", "tests/test_b.py"];
        let all: Vec<String> = all.map(str::to_owned).into();
        let (tests, sources) = split(&all, &["src".to_owned()], &[]);
        assert_eq!(sources, ["src/a/__init__.py"]);
        assert_eq!(tests, ["src/a/tests/test_a.py", "tests/test_b.py"]);
        assert_eq!(test_places(&tests), ["tests"]);
        assert_eq!(test_places(&["test_a.py".to_owned()]), ["test_a.py"]);
    }
}
