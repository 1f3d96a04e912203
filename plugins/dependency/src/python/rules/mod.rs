//! The rules, one to a file: each knows one way in which an import, a name or a package went wrong, and what it must
//! have meant. A rule that sees two possible meanings has none.

mod broken_circle;
mod forgotten_import;
mod misspelt_package;
mod moved_module;
mod moved_name;
mod renamed_name;
mod undeclared_package;

#[cfg(test)]
mod examples;

use thymus_python::project::is_test;

use super::survey::Survey;
use super::tree::folder;
use crate::fault::{Fault, Kind};
use crate::repair::{Proof, Repair};

/// The repairs of a fault, the best first.
pub fn repairs(fault: &Fault, survey: &Survey) -> Vec<Repair> {
    type Rule = fn(&Fault, &Survey) -> Option<Repair>;
    let rules: &[Rule] = match fault.key.kind {
        Kind::ModuleNotFound => &[moved_module::repair],
        Kind::NameNotExported => &[renamed_name::repair, moved_name::repair],
        Kind::PackageNotDeclared => &[misspelt_package::repair, undeclared_package::repair],
        Kind::NameNotImported => &[forgotten_import::repair],
        Kind::CircularImport => &[broken_circle::repair],
    };
    rules.iter().find_map(|rule| rule(fault, survey)).into_iter().collect()
}

/// What shows that a repair of these places is one: a module that fails to load, else a call.
fn proof(fault: &Fault, survey: &Survey) -> Proof {
    let loaded = fault.sites.iter().filter(|site| !site.lazy && !is_test(&site.path)).find(|site| {
        // Whoever runs it starts a program.
        !site.path.ends_with("__main__.py")
    });
    loaded.map_or(Proof::Call, |site| {
        let name =
            survey.facts.get(&site.path).and_then(|facts| facts.defined.iter().find(|name| !name.starts_with('_')));
        Proof::Loads { path: site.path.clone(), name: name.cloned() }
    })
}

/// `a.py`, or `a.py and 2 more`.
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

/// How a file is asked for in another one, with dots in front where it was asked for with dots.
fn written(from: &str, to: &str, is_relative: bool, survey: &Survey) -> Option<String> {
    let name = survey.tree.name(to)?;
    if !is_relative {
        return Some(name);
    }
    if survey.tree.root(from) != survey.tree.root(to) {
        return None;
    }
    let package = survey.tree.name(&format!("{}/__init__.py", folder(from)))?;
    let own: Vec<&str> = package.split('.').collect();
    let parts: Vec<&str> = name.split('.').collect();
    let shared = own.iter().zip(&parts).take_while(|(a, b)| a == b).count();
    // Out of the outermost package no dots lead.
    (shared > 0).then(|| format!("{}{}", ".".repeat(own.len() - shared + 1), parts[shared..].join(".")))
}
