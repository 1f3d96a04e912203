//! Making a JavaScript project ready: what is source, what its tests need, and a `thymus.toml` that says so.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::fetch::copy;
use crate::plan::Wanted;
use crate::process::{Stop, run};
use crate::project::{Language, Project, files};

const INSTALL: Duration = Duration::from_mins(4);

pub fn prepare(wanted: &Wanted, slug: &str, root: PathBuf, work: PathBuf, stop: &Stop) -> Result<Project, Failure> {
    let all = files(&root)?;
    let (tests, sources) = split(&all, &wanted.without);
    if tests.is_empty() {
        return Err(Failure::Unfit("it has no tests".to_owned()));
    }
    let test_command = if wanted.test.is_empty() { plain_runner(&tests) } else { wanted.test.clone() };
    let path = root.join("package.json");
    let text = fs::read_to_string(&path).map_err(Failure::at(&path))?;
    let mut manifest: Value =
        serde_json::from_str(&text).map_err(|why| Failure::Unfit(format!("package.json: {why}")))?;
    if !wanted.needs.is_empty() {
        // Linters, bundlers and the like are not needed to test.
        manifest["devDependencies"] = Value::Object(wanted.needs.iter().map(|need| named(need)).collect::<Map<_, _>>());
        fs::write(&path, format!("{manifest:#}\n")).map_err(Failure::at(&path))?;
    }
    let installs = ["dependencies", "devDependencies"]
        .iter()
        .any(|key| manifest.get(key).and_then(Value::as_object).is_some_and(|all| !all.is_empty()));
    if installs {
        install(&root, &work, &manifest.to_string(), stop)?;
    }
    let described = root.join("thymus.toml");
    if !described.is_file() {
        fs::write(&described, describe(slug, &test_command, &tests, installs)).map_err(Failure::at(&described))?;
    }
    let is_module = manifest["type"] == "module";
    let ending = |path: &str| Path::new(path).extension().is_some_and(|it| it == "mjs" || is_module && it == "js");
    let esm = sources.iter().filter(|path| ending(path)).cloned().collect();
    Ok(Project {
        slug: slug.to_owned(),
        source: String::new(),
        language: Language::JavaScript,
        root,
        work,
        sources,
        esm,
        tests,
        paths: Vec::new(),
        test_command,
        test_env: Vec::new(),
        test_arguments: Vec::new(),
        made: "node_modules",
        test_time: Duration::ZERO,
    })
}

/// `name@range` as package.json has it.
fn named(need: &str) -> (String, Value) {
    let at = need.rfind('@').filter(|at| *at > 0);
    at.map_or_else(|| (need.to_owned(), json!("*")), |at| (need[..at].to_owned(), json!(need[at + 1..])))
}

fn is_script(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|ending| ending == "js" || ending == "mjs" || ending == "cjs")
}

/// Tests and sources; neither holds built files, examples or configuration.
fn split(all: &[String], without: &[String]) -> (Vec<String>, Vec<String>) {
    let scripts = all.iter().filter(|path| is_script(path) && !path.contains(".min."));
    let (tests, others): (Vec<String>, Vec<String>) = scripts.cloned().partition(|path| is_test(path));
    let aside = [
        "dist/",
        "docs/",
        "example",
        "bench",
        "scripts/",
        "tools/",
        "build/",
        "perf/",
        "coverage/",
        ".github/",
        "bin/",
        "fixtures/",
        "umd/",
        "types/",
    ];
    let sources = others.into_iter().filter(|path| {
        let configuration = path.contains(".config.") || path.starts_with('.') || path.contains("Gruntfile");
        !configuration
            && !aside.iter().any(|folder| path.starts_with(folder))
            && !without.iter().any(|prefix| path.starts_with(prefix.as_str()))
    });
    (tests, sources.collect())
}

fn is_test(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    let stem = file.split('.').next().unwrap_or(file);
    path.split('/').any(|part| matches!(part, "tests" | "test" | "__tests__" | "spec"))
        || file.contains(".test.")
        || file.contains(".spec.")
        || matches!(stem, "test" | "tests")
}

/// Every test file as a program of its own: that is how most small packages are tested.
fn plain_runner(tests: &[String]) -> Vec<String> {
    let words = ["node", "--test", "--test-reporter=junit", "--test-reporter-destination=junit.xml"];
    let mut command: Vec<String> = words.map(str::to_owned).into();
    command.extend(tests.iter().cloned());
    command
}

/// Installs once; the lock file becomes a part of the project.
fn install(root: &Path, work: &Path, manifest: &str, stop: &Stop) -> Result<(), Failure> {
    let (done, lock) = (work.join("needs.json"), work.join("package-lock.json"));
    if fs::read_to_string(&done).ok().as_deref() != Some(manifest) {
        let fresh = tempfile::tempdir_in(work).map_err(Failure::at(work))?;
        copy(root, fresh.path())?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(fresh.path());
        let ended = run(&mut npm, INSTALL, stop)?;
        if !ended.well() {
            return Err(Failure::Unfit(format!("can't install what it needs ({})", ended.why())));
        }
        let made = work.join("node_modules");
        let _ = fs::remove_dir_all(&made);
        fs::rename(fresh.path().join("node_modules"), &made).map_err(Failure::at(&made))?;
        fs::copy(fresh.path().join("package-lock.json"), &lock).map_err(Failure::at(&lock))?;
        fs::write(&done, manifest).map_err(Failure::at(&done))?;
    }
    let target = root.join("package-lock.json");
    fs::copy(&lock, &target).map(drop).map_err(Failure::at(target))
}

fn describe(slug: &str, command: &[String], tests: &[String], installs: bool) -> String {
    let list = |items: Vec<String>| toml::Value::from(items).to_string();
    let folder = ["test", "tests", "__tests__", "spec"].into_iter().find(|it| tests[0].starts_with(&format!("{it}/")));
    let globs = folder.map_or_else(|| tests.to_vec(), |folder| vec![format!("{folder}/**/*.{{js,mjs,cjs}}")]);
    let framework = if command.iter().any(|word| word == "--test") { "node-test" } else { "command" };
    let junit = if command.iter().any(|word| word.contains("junit")) { "junit = \"junit.xml\"\n" } else { "" };
    let set_up = if installs {
        "\n[set_up]\ncommands = [[\"npm\", \"ci\", \"--ignore-scripts\", \"--no-audit\", \"--no-fund\"]]\nlock_files = \
         [\"package-lock.json\"]\nproduces = [\"node_modules\"]\n"
    } else {
        ""
    };
    format!(
        "# What thymus may know of this repository. It describes; the policy decides.\nname = {slug:?}\nlanguages = \
         [\"javascript\"]\ndocs = [\"README*\", \"docs/**/*.md\"]\n\n[test]\nframework = \"{framework}\"\ncommand = \
         {}\nfiles = {}\n{junit}timeout_seconds = 120\n{set_up}",
        list(command.to_vec()),
        list(globs),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_told_from_sources() {
        let all = ["lib/a.js", "test/a.js", "dist/a.js", "a.test.mjs", "eslint.config.mjs", "test.js", "lib/b.min.js"];
        let (tests, sources) = split(&all.map(str::to_owned), &[]);
        assert_eq!(sources, ["lib/a.js"]);
        assert_eq!(tests, ["test/a.js", "a.test.mjs", "test.js"]);
        assert_eq!(named("@a/b@1.2"), ("@a/b".to_owned(), json!("1.2")));
        assert_eq!(named("tape@^5"), ("tape".to_owned(), json!("^5")));
    }
}
