//! Cargo's tests and nextest.

use std::collections::BTreeMap;

use super::{Runner, Seen, words};
use crate::model::SetUp;

pub(super) fn find(seen: &Seen<'_>) -> Option<Runner> {
    let manifest = seen.text("Cargo.toml")?.parse::<toml::Table>().ok()?;
    let (mut files, count) = seen.matching(&["tests/**", "*/tests/**", "**/tests.rs", "benches/**"]);
    if files.is_empty() {
        files = words(&["tests/**"]);
    }
    // A folder of crates is offline once their sources lie in the tree; command-line options name the folder.
    let lock = seen.text("Cargo.lock").unwrap_or_default();
    let foreign = lock.contains("source = \"registry+");
    let vendored = ["--config", "source.crates-io.replace-with=\"vendored\"", "--config"];
    let mut runner = Runner {
        what: "Cargo's tests",
        language: "rust",
        framework: "command",
        command: words(&["cargo", "test", "--offline"]),
        junit: None,
        files,
        env: BTreeMap::new(),
        set_up: None,
        notes: Vec::new(),
        name: manifest.get("package").and_then(|p| p.get("name")?.as_str().map(str::to_owned)),
        tests: count.max(1),
    };
    let nextest = [".config/nextest.toml"].iter().find_map(|file| seen.text(file)?.parse::<toml::Table>().ok());
    if let Some(config) = nextest {
        runner.framework = "cargo-nextest";
        runner.command = words(&["cargo", "nextest", "run", "--offline", "--no-fail-fast"]);
        let profiles = config.get("profile").and_then(toml::Value::as_table);
        let report = |(name, profile): (&String, &toml::Value)| {
            Some((name.clone(), profile.get("junit")?.get("path")?.as_str()?.to_owned()))
        };
        if let Some((profile, path)) = profiles.and_then(|all| all.iter().find_map(report)) {
            let path = format!("target/nextest/{profile}/{path}");
            if crate::model::RepoPath::new(&path).is_ok() && is_profile(&profile) {
                runner.command.extend(["--profile".to_owned(), profile]);
                runner.junit = Some(path);
            }
        } else {
            runner.notes.push("Say [profile.default.junit] path = \"junit.xml\" in .config/nextest.toml for it.");
        }
    } else {
        runner.notes.push("cargo-nextest writes one; see [profile.default.junit] in its documentation.");
    }
    if foreign {
        runner.command.extend(words(&vendored));
        runner.command.push("source.vendored.directory=\"vendor\"".to_owned());
        runner.set_up = Some(SetUp {
            commands: vec![words(&["cargo", "vendor", "--locked", "--quiet", "vendor"])],
            lock_files: words(&["Cargo.lock"]),
            produces: words(&["vendor"]),
        });
    }
    Some(runner)
}

fn is_profile(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') && !name.starts_with('-')
}
