//! The command behind a script of package.json: past linters, coverage and other scripts. Scripts are hostile text; they
//! are split into words and never run, and what needs a shell is not understood.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::project::parse::is_the_sandboxs;

/// Programs that run tests.
const RUNNERS: [&str; 9] = ["node", "vitest", "jest", "mocha", "tape", "ava", "tap", "jasmine", "lab"];
/// Programs that measure what another one covers.
const WRAPPERS: [&str; 3] = ["nyc", "c8", "istanbul"];
/// Programs that look at source and build nothing that tests need.
const CHECKERS: [&str; 19] = [
    "eslint",
    "standard",
    "semistandard",
    "xo",
    "prettier",
    "biome",
    "oxlint",
    "jshint",
    "tslint",
    "tsd",
    "publint",
    "attw",
    "evalmd",
    "aud",
    "ls-engines",
    "lockfile-lint",
    "markdownlint",
    "check-dts",
    "dtslint",
];
/// Scripts that call scripts.
const DEEPEST: usize = 4;
const MOST_STEPS: usize = 16;

/// A test runner's own command: variables, and words of which the first is the runner.
#[derive(Debug, Default)]
pub(super) struct Command {
    pub(super) env: BTreeMap<String, String>,
    pub(super) words: Vec<String>,
}

/// The only runner that `npm test` comes to; none when it does more than check and test, as when it builds.
pub(super) fn test_command(package: &Value) -> Option<Command> {
    let mut found = Vec::new();
    if script(package, "pretest").is_some() {
        gather(package, "pretest", 0, &mut found)?;
    }
    gather(package, "test", 0, &mut found)?;
    let only = found.pop()?;
    found.is_empty().then_some(only)
}

fn script<'a>(package: &'a Value, name: &str) -> Option<&'a str> {
    package.get("scripts")?.get(name)?.as_str()
}

/// Collects the runners of a script's steps; none as soon as one step is not understood.
fn gather(package: &Value, name: &str, depth: usize, found: &mut Vec<Command>) -> Option<()> {
    let text = script(package, name)?;
    let steps: Vec<&str> = text.split("&&").collect();
    if depth > DEEPEST || steps.len() > MOST_STEPS || found.len() > MOST_STEPS {
        return None;
    }
    for step in steps {
        let Command { env, words } = plain(step)?;
        let program = words.first()?.as_str();
        if let Some(called) = called_script(&words) {
            gather(package, called, depth + 1, found)?;
        } else if RUNNERS.contains(&program) {
            found.push(Command { env, words });
        } else if WRAPPERS.contains(&program) {
            match words.iter().position(|word| RUNNERS.contains(&word.as_str())) {
                Some(at) => found.push(Command { env, words: words[at..].to_vec() }),
                None if words.get(1).is_some_and(|word| word == "report" || word == "check-coverage") => {}
                None => return None,
            }
        } else if !(CHECKERS.contains(&program) || checks_types(&words) || audits(&words)) {
            return None;
        }
    }
    Some(())
}

/// `npm run NAME` and its like, without arguments for the script.
fn called_script(words: &[String]) -> Option<&str> {
    let words: Vec<&str> =
        words.iter().map(String::as_str).filter(|word| !matches!(*word, "-s" | "--silent")).collect();
    match words[..] {
        ["npm" | "yarn" | "pnpm", "run" | "run-script", name] | ["yarn" | "pnpm", name] => Some(name),
        _ => None,
    }
}

fn checks_types(words: &[String]) -> bool {
    words[0] == "tsc" && words.iter().any(|word| word == "--noEmit")
}

fn audits(words: &[String]) -> bool {
    words[0] == "npm" && words.get(1).is_some_and(|word| word == "audit")
}

/// Variables and words of one plain command; anything that needs a shell is not understood.
fn plain(step: &str) -> Option<Command> {
    if step.len() > 2000
        || step.contains(char::is_control)
        || step.contains(['&', '|', ';', '<', '>', '$', '`', '(', ')', '\\', '#'])
    {
        return None;
    }
    let mut words = shlex::split(step)?.into_iter().peekable();
    words.next_if(|word| word == "cross-env" || word == "npx");
    let mut env = BTreeMap::new();
    while let Some(word) = words.next_if(|word| is_assignment(word)) {
        let (name, value) = word.split_once('=')?;
        if is_the_sandboxs(name) {
            return None;
        }
        env.insert(name.to_owned(), value.to_owned());
    }
    words.next_if(|word| word == "npx");
    let words: Vec<String> = words.take(100).collect();
    (env.len() <= 32).then_some(Command { env, words })
}

fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map_or("", |(name, _)| name);
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(scripts: &Value) -> Option<Vec<String>> {
        test_command(&json!({ "scripts": scripts })).map(|command| command.words)
    }

    #[test]
    fn the_runner_behind_checks_coverage_and_scripts_is_found() {
        let tape = ["tape", "test/**/*.js"];
        for scripts in [
            json!({ "test": "tape 'test/**/*.js'" }),
            json!({ "pretest": "npm run lint", "lint": "eslint .", "test": "npm run tests-only", "tests-only": "nyc tape 'test/**/*.js'", "posttest": "x | y" }),
            json!({ "test": "standard && npx c8 --reporter=lcov tape 'test/**/*.js' && c8 report" }),
            json!({ "test": "yarn lint && yarn -s unit", "lint": "tsc --noEmit && prettier -c .", "unit": "tape 'test/**/*.js'" }),
        ] {
            assert_eq!(of(&scripts).unwrap(), tape, "{scripts}");
        }
    }

    #[test]
    fn what_builds_or_needs_a_shell_is_left_to_npm() {
        for scripts in [
            json!({ "test": "tsc && mocha dist/test" }),
            json!({ "pretest": "npm run build", "build": "rollup -c", "test": "mocha" }),
            json!({ "test": "mocha && node test/browser.js" }),
            json!({ "test": "mocha | tee log" }),
            json!({ "test": "npm run test" }),
            json!({ "test": "npm run a -- --fast", "a": "mocha" }),
            json!({ "test": "LD_PRELOAD=x mocha" }),
            json!({ "test": "" }),
            json!({}),
        ] {
            assert_eq!(of(&scripts), None, "{scripts}");
        }
    }
}
