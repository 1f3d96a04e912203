//! Leads imports to another file, written as they were: the same quotes, with or without an extension.

use thymus_javascript::edits::sound;
use thymus_javascript::project::{is_test, relative};
use thymus_sdk::Change;

use super::survey::Survey;
use crate::fault::{Fault, Site};

/// The extensions of scripts, and what TypeScript's are called once they are compiled.
const SCRIPTS: [(&str, &str); 8] = [
    (".d.ts", ".js"),
    (".ts", ".js"),
    (".tsx", ".js"),
    (".mts", ".mjs"),
    (".cts", ".cjs"),
    (".js", ".js"),
    (".mjs", ".mjs"),
    (".cjs", ".cjs"),
];

/// Every place of a fault, tests left out, leading to a file; none when there is no such place.
pub fn redirect(fault: &Fault, to: &str, is_exact: bool, survey: &Survey) -> Option<Vec<Change>> {
    let sites = fault.sites.iter().filter(|site| !is_test(&site.path));
    let edits = sites.map(|site| (site, specifier(site, to, is_exact)));
    changes(edits.collect(), survey)
}

/// Other words between the quotes of some places.
pub fn changes(edits: Vec<(&Site, String)>, survey: &Survey) -> Option<Vec<Change>> {
    let plain = |words: &str| !words.contains(['\'', '"', '`', '\\', '\n']);
    if !edits.iter().all(|(_, words)| plain(words)) {
        return None;
    }
    // The quotes stay.
    let inner = |site: &Site| site.range.start + 1..site.range.end - 1;
    let edits: Vec<_> = edits.into_iter().map(|(site, words)| (site.path.clone(), inner(site), words)).collect();
    sound(&edits, &survey.project)
}

/// How a file is asked for at a place.
pub fn specifier(site: &Site, to: &str, is_exact: bool) -> String {
    let (written, query) = match site.written.find(['?', '#']) {
        Some(at) => site.written.split_at(at),
        None => (site.written.as_str(), ""),
    };
    let plain = relative(&site.path, to);
    let last = written.rsplit('/').next().unwrap_or(written);
    let extension = SCRIPTS.iter().find(|(extension, _)| last.ends_with(extension));
    let own = SCRIPTS.iter().find(|(extension, _)| plain.ends_with(extension));
    let words = match (extension, own) {
        // What was asked for as compiled still is.
        (Some((asked, _)), Some((own, compiled))) if asked != own && !asked.ends_with("ts") => {
            format!("{}{compiled}", plain.strip_suffix(own).unwrap_or(&plain))
        }
        (None, Some((own, compiled))) if is_exact => format!("{}{compiled}", plain.strip_suffix(own).unwrap_or(&plain)),
        (None, Some((own, _))) => {
            let stem = plain.strip_suffix(own).unwrap_or(&plain);
            stem.strip_suffix("/index").filter(|folder| !folder.ends_with('.')).unwrap_or(stem).to_owned()
        }
        _ => plain,
    };
    format!("{words}{query}")
}
