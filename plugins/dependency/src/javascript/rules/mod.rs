//! The rules, one to a file: each knows one way in which an import, a name or a package went wrong, and what it must
//! have meant. A rule that sees two possible meanings has none.

mod default_or_named;
mod forgotten_import;
mod missing_extension;
mod misspelt_package;
mod moved_export;
mod moved_file;
mod renamed_export;
mod round_the_barrel;
mod undeclared_package;
mod wrong_case;

#[cfg(test)]
mod examples;

use thymus_javascript::project::is_test;

use super::survey::Survey;
use crate::fault::{Fault, Kind};
use crate::repair::{Proof, Repair};

/// The repairs of a fault, the best first.
pub fn repairs(fault: &Fault, survey: &Survey) -> Vec<Repair> {
    type Rule = fn(&Fault, &Survey) -> Option<Repair>;
    let rules: &[Rule] = match fault.key.kind {
        Kind::ModuleNotFound => &[missing_extension::repair, wrong_case::repair, moved_file::repair],
        Kind::NameNotExported => &[default_or_named::repair, renamed_export::repair, moved_export::repair],
        Kind::PackageNotDeclared => &[misspelt_package::repair, undeclared_package::repair],
        Kind::NameNotImported => &[forgotten_import::repair],
        Kind::CircularImport => &[round_the_barrel::repair],
    };
    // The first that knows what was meant; the others would be second guesses.
    rules.iter().find_map(|rule| rule(fault, survey)).into_iter().collect()
}

/// What shows that a repair of these places is one: a file that fails to load, else a call.
fn proof(fault: &Fault, survey: &Survey) -> Proof {
    let loaded = fault.sites.iter().filter(|site| !site.lazy && !is_test(&site.path)).find_map(|site| {
        let name = survey.facts.get(&site.path)?.surface.value.clone()?;
        Some(Proof::Loads { path: site.path.clone(), name: Some(name) })
    });
    loaded.unwrap_or(Proof::Call)
}

/// `a.js`, or `a.js and 2 more`.
fn places(fault: &Fault) -> String {
    let mut files: Vec<&str> =
        fault.sites.iter().map(|site| site.path.as_str()).filter(|path| !is_test(path)).collect();
    files.dedup();
    match files.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first, more @ ..] => format!("{first} and {} more", more.len()),
    }
}

/// The last name of a path.
fn file(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
