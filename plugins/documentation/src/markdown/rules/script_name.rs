//! A command in a document names a script of `package.json` that isn't there.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::doc::Line;
use crate::documented::repair;
use crate::drift::{Drift, Replace, Weight};
use crate::index::{Index, likeness, only_alike};
use crate::markdown::page::Page;

use super::drift;

/// `build` is not `build:docs`.
const SURELY: f64 = 0.8;

/// Each script that is gone, once.
pub fn check(page: &Page, index: &Index) -> Vec<Drift> {
    let Some(scripts) = index.scripts() else { return Vec::new() };
    let mut found: Vec<Drift> = Vec::new();
    // A folder's own document speaks of its own package, or to those who use this one in theirs.
    if !page.folder().is_empty() || scripts.is_empty() {
        return found;
    }
    for (name, at) in named(page) {
        if scripts.contains(name) || found.iter().any(|drift| drift.key == name) {
            continue;
        }
        let alike = only_alike(name, scripts.iter().copied()).filter(|alike| likeness(name, alike) >= SURELY);
        // Elsewhere such a script may be the reader's own.
        if alike.is_some() || index.is_whole() {
            found.push(gone(page, name, at, alike, &scripts));
        }
    }
    found
}

/// What is run by `npm run`, with its place.
fn named(page: &Page) -> Vec<(&str, Range<usize>)> {
    let mut found = Vec::new();
    let content = &page.text.content;
    for block in &page.blocks {
        let is_shell =
            matches!(block.language.as_str(), "" | "sh" | "bash" | "shell" | "console" | "zsh" | "shellscript");
        let code = page.code(block);
        // In another folder other scripts count.
        if !is_shell || code.contains("cd ") || code.contains("npm init") || code.contains("npx create") {
            continue;
        }
        for line in Line::all(content, block.at.clone()) {
            let command = line.text.trim_start().trim_start_matches(['$', '>', ' ']);
            let start = line.start + line.text.len() - command.len();
            found.extend(script(command).map(|at| (&command[at.clone()], start + at.start..start + at.end)));
        }
    }
    for code in &page.codes {
        let place = |at: Range<usize>| code.at.start + at.start..code.at.start + at.end;
        found.extend(script(&code.text).and_then(|at| content.get(place(at.clone())).map(|name| (name, place(at)))));
    }
    found
}

/// The script's name in a command.
fn script(command: &str) -> Option<Range<usize>> {
    let starts = ["npm run ", "npm run-script ", "pnpm run ", "yarn run ", "bun run "];
    let start = starts.iter().find(|start| command.starts_with(**start))?.len();
    let rest = &command[start..];
    let end = rest
        .find(|c: char| c.is_whitespace() || matches!(c, '&' | ';' | '|' | '#' | '`' | '"' | '\''))
        .unwrap_or(rest.len());
    let name = &rest[..end];
    let is_name =
        !name.is_empty() && !name.starts_with('-') && !name.contains(['<', '$', '{', '[', '*', '.', '/', '(', '…']);
    is_name.then_some(start..start + end)
}

fn gone(page: &Page, name: &str, at: Range<usize>, alike: Option<&str>, scripts: &BTreeSet<&str>) -> Drift {
    let mut found = drift(&page.text.path, "script-name", Weight::Breaks, 0.88, name, at);
    let listed: Vec<&str> = scripts.iter().copied().take(20).collect();
    found.title = format!("{} runs the script {name}, which package.json does not have", page.text.path);
    found.statement = format!("The document runs the script `{name}`; package.json has `{}`", listed.join(", "));
    found.against = Some(("package.json".to_owned(), 0..0));
    if let Some(new) = alike {
        let places = named(page).into_iter().filter(|(other, _)| *other == name).map(|(_, at)| at);
        found.repair = repair(
            format!("Run the script {new} by its name"),
            format!("`package.json` has no script `{name}`; the only one that it can mean is `{new}`."),
            places.map(|at| Replace::of(&page.text.content, at, new)),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::rules::examples::{project, repaired};

    #[test]
    fn a_script_that_was_renamed_is_run_by_its_name() {
        let page = "Run `npm run records`:\n\n```sh\n$ npm run records -- --all\nnpm test\n```\n";
        let files = [("README.md", page), ("package.json", "{\"scripts\": {\"record\": \"x\", \"test\": \"y\"}}")];
        let drifts = project(&files);
        assert_eq!(drifts.len(), 1, "{drifts:#?}");
        assert_eq!(repaired(page, &drifts[0]), page.replace("records", "record"));
    }

    #[test]
    fn the_readers_own_scripts_are_not_judged() {
        let page = "```sh\nnpm run <name>\nnpm run my-app\n```\n\n```sh\ncd example && npm run dev\nnpm run dev\n```\n";
        let files = [("README.md", page), ("package.json", "{\"scripts\": {\"record\": \"x\", \"test\": \"y\"}}")];
        assert!(project(&files).is_empty());
    }
}
