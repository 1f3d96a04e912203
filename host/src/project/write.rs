//! Writes a commented `thymus.toml`.

use std::fmt::Write as _;

use super::runners::Runner;

/// What goes into the file.
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) languages: Vec<String>,
    pub(super) docs: Vec<String>,
    pub(super) sequences: Vec<String>,
    pub(super) runner: Runner,
    /// Other ways of testing that were seen.
    pub(super) others: Vec<&'static str>,
}

pub(super) fn toml(draft: &Draft) -> String {
    let mut out = String::new();
    let mut put = |line: &str| {
        out.push_str(line);
        out.push('\n');
    };
    put("# What thymus may know of this repository. It describes; the policy decides.");
    put("# Paths and globs are relative to this file. Commands are lists of words: no shell reads them.");
    put("");
    put(&format!("name = {}", text(&draft.name)));
    put(&format!("languages = {}", list(&draft.languages)));
    put("");
    put("# Documented orders of handler executions, which sequence plugins compare with what really happened.");
    put(&optional("sequences", &draft.sequences, "docs/sequences/*.yaml"));
    put("# Documentation that a repair may have to change too.");
    put(&optional("docs", &draft.docs, "docs/**/*.md"));
    put("");
    put("# How the tests run, at the top of a copy of the repository, without network.");
    for other in &draft.others {
        put(&format!("# Also seen, and not used: {other}."));
    }
    put("[test]");
    put("# node-test, jest, vitest, pytest, unittest, cargo-nextest, or command for any other runner.");
    put(&format!("framework = {}", text(draft.runner.framework)));
    put(&format!("command = {}", list(&draft.runner.command)));
    if let Some(path) = &draft.runner.junit {
        put("# Where the command writes JUnit XML, which tells thymus of each test.");
        put(&format!("junit = {}", text(path)));
    } else {
        put("# Where the command writes JUnit XML. Without it thymus only knows whether all tests passed.");
        put("# junit = \"junit.xml\"");
    }
    for note in &draft.runner.notes {
        put(&format!("# {note}"));
    }
    put("# The files that are tests. They are put back before a repair is tested.");
    put(&format!("files = {}", list(&draft.runner.files)));
    if !draft.runner.env.is_empty() {
        let mut env = String::new();
        for (name, value) in &draft.runner.env {
            let _ = write!(env, "{}{name} = {}", if env.is_empty() { "" } else { ", " }, text(value));
        }
        put(&format!("env = {{ {env} }}"));
    }
    put("timeout_seconds = 600");
    put("");
    if let Some(set_up) = &draft.runner.set_up {
        put(
            "# Installs what the tests need, with the network that the policy allows, once per content of the lock files.",
        );
        put("[set_up]");
        let commands: Vec<String> = set_up.commands.iter().map(|words| list(words)).collect();
        put(&format!("commands = [{}]", commands.join(", ")));
        put(&format!("lock_files = {}", list(&set_up.lock_files)));
        put("# Folders that it makes; they are mounted read-only when tests run.");
        put(&format!("produces = {}", list(&set_up.produces)));
    } else {
        put("# No [set_up]: the tests seem to need nothing installed. Otherwise, for example:");
        put("# [set_up]");
        put("# commands = [[\"npm\", \"ci\"]]");
        put("# lock_files = [\"package-lock.json\"]");
        put("# produces = [\"node_modules\"]");
    }
    out
}

fn text(value: &str) -> String {
    toml::Value::from(value).to_string()
}

fn list(values: &[String]) -> String {
    toml::Value::from(values.to_vec()).to_string()
}

fn optional(key: &str, values: &[String], example: &str) -> String {
    if values.is_empty() { format!("# {key} = [\"{example}\"]") } else { format!("{key} = {}", list(values)) }
}
