//! An import of a file that has another place or another name now: the only one that is called alike and exports what the
//! import wants, or the only one at all that exports it.

use std::collections::BTreeSet;

use thymus_javascript::project::is_test;

use super::{places, proof};
use crate::fault::Fault;
use crate::javascript::redirect::redirect;
use crate::javascript::survey::{Survey, stem};
use crate::names::{is_slip, plain};
use crate::repair::Repair;

/// How a file came to be a candidate, the surest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    /// The same name in another folder, or one of another convention.
    Name,
    /// A slip of the keyboard in the same folder.
    Slip,
    /// What the import wants, which nobody else exports.
    Exports,
}

/// The specifier of the file that is meant.
pub fn repair(fault: &Fault, survey: &Survey) -> Option<Repair> {
    let (to, likeness) = candidate(fault, survey)?;
    let changes = redirect(fault, to, false, survey)?;
    let why = match likeness {
        Likeness::Name => "is the only file of that name that exports what is imported",
        Likeness::Slip => "is the only file beside it that is called nearly so and exports what is imported",
        Likeness::Exports => "is the only file that exports what is imported",
    };
    Some(Repair {
        title: format!("Import {to}, which {} names wrongly", places(fault)),
        explanation: format!(
            "There is no file that `{}` in {} could mean. `{to}` {why}, so the import now leads there.",
            fault.sites[0].written,
            places(fault),
        ),
        changes,
        confidence: if likeness == Likeness::Exports { 0.85 } else { 0.95 },
        proof: proof(fault, survey),
    })
}

fn candidate<'s>(fault: &Fault, survey: &'s Survey) -> Option<(&'s str, Likeness)> {
    let target = &fault.key.target;
    let (folder, name) = target.rsplit_once('/').unwrap_or(("", target));
    let (wanted, is_all) = wanted(fault, survey);
    let importers: BTreeSet<&str> = fault.sites.iter().map(|site| site.path.as_str()).collect();
    let fits = |path: &str| {
        let offered = survey.offered(path);
        let has = |name: &String| survey.facts[path].surface.names.contains(name);
        wanted.iter().all(|name| offered.as_ref().map_or_else(|| has(name), |names| names.contains(name)))
    };
    let candidates: Vec<&str> = survey
        .facts
        .keys()
        .map(String::as_str)
        .filter(|path| !is_test(path) && !importers.contains(path) && fits(path))
        .collect();
    let only = |likeness: Likeness, test: &dyn Fn(&str, &str) -> bool| {
        let mut found = candidates.iter().filter(|path| {
            let stem = stem(path);
            let (folder, name) = stem.rsplit_once('/').unwrap_or(("", &stem));
            test(folder, name)
        });
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(Some((*one, likeness))),
            (None, _) => Ok(None),
            _ => Err(()),
        }
    };
    let same = plain(name);
    // Beside it first: `./Cart-Total` next to `./cartTotal`; then anywhere.
    let by_name = only(Likeness::Name, &|inner, other| inner == folder && plain(other) == same).and_then(|found| {
        found.map_or_else(|| only(Likeness::Name, &|_, other| plain(other) == same), |it| Ok(Some(it)))
    });
    if let Some(found) = by_name.ok()? {
        return Some(found);
    }
    let by_slip = only(Likeness::Slip, &|inner, other| inner == folder && is_slip(other, name)).ok()?;
    if by_slip.is_some() {
        return by_slip;
    }
    // A folder that was mistyped or renamed around a file that kept its name is told by the name above; what is left
    // must be told by what it exports: names that say something, not `default`.
    let telling = is_all && wanted.iter().any(|name| name != "default" && name.len() > 3);
    if !telling {
        return None;
    }
    let defined = |path: &&str| wanted.iter().all(|name| survey.facts[*path].surface.defines(name));
    let mut exporting = candidates.iter().copied().filter(defined);
    match (exporting.next(), exporting.next()) {
        (Some(one), None) => Some((one, Likeness::Exports)),
        _ => None,
    }
}

/// The names that the places want, and whether they are all.
fn wanted(fault: &Fault, survey: &Survey) -> (BTreeSet<String>, bool) {
    let mut names = BTreeSet::new();
    let mut all = true;
    for site in &fault.sites {
        let imports = survey.facts.get(&site.path).map(|facts| &facts.imports);
        let import = imports.into_iter().flatten().find(|import| import.literal == site.range);
        if let Some(import) = import {
            names.extend(import.names.iter().filter(|wanted| !wanted.type_only).map(|wanted| wanted.name.clone()));
            all &= import.all_names;
        }
    }
    (names, all)
}

#[cfg(test)]
mod tests {
    use crate::javascript::rules::examples::Example;

    #[test]
    fn a_file_that_moved_is_found_by_its_name_and_exports() {
        Example::of(&[
            (
                "src/handlers/cart.js",
                "import { subtotal } from './money.js';\n\nexport const total = (lines) => subtotal(lines);\n",
            ),
            ("src/money.js", "export function subtotal() {}\n"),
            ("src/old/money.js", "export function other() {}\n"),
        ])
        .repairs("src/handlers/cart.js", "'./money.js'", "'../money.js'")
        .is_sure(1);
    }

    #[test]
    fn all_importers_of_a_renamed_file_follow() {
        Example::of(&[
            ("a.ts", "import { subtotal } from './src/moneyTools';\nexport const a = subtotal;\n"),
            ("src/b.ts", "import * as money from './moneyTools.js';\nexport const b = () => money.percent(1);\n"),
            ("src/money-tools.ts", "export function subtotal() {}\nexport const percent = (x: number) => x;\n"),
        ])
        .repairs("a.ts", "'./src/moneyTools'", "'./src/money-tools'")
        .repairs("src/b.ts", "'./moneyTools.js'", "'./money-tools.js'");
    }

    #[test]
    fn a_slip_beside_it_is_understood() {
        Example::of(&[
            ("lib/cart.js", "const money = require('./mnoey');\n\nexports.total = (lines) => money.subtotal(lines);\n"),
            ("lib/money.js", "exports.subtotal = () => 1;\n"),
            ("lib/honey.js", "exports.taste = () => 1;\n"),
        ])
        .repairs("lib/cart.js", "'./mnoey'", "'./money'");
    }

    #[test]
    fn what_only_one_file_exports_is_there() {
        Example::of(&[
            ("src/cart.js", "import { subtotal } from './amounts/of-cart.js';\nexport const total = subtotal;\n"),
            ("src/money.js", "export function subtotal() {}\n"),
        ])
        .repairs("src/cart.js", "'./amounts/of-cart.js'", "'./money.js'");
    }

    #[test]
    fn two_candidates_are_none() {
        Example::of(&[
            ("src/cart.js", "import { subtotal } from './amounts.js';\nexport const total = subtotal;\n"),
            ("src/a/amounts.js", "export function subtotal() {}\n"),
            ("src/b/amounts.js", "export function subtotal() {}\n"),
        ])
        .has_no_repair();
    }

    #[test]
    fn a_file_of_that_name_without_the_names_is_none() {
        Example::of(&[
            ("src/cart.js", "import { subtotal } from './amounts.js';\nexport const total = subtotal;\n"),
            ("src/a/amounts.js", "export function other() {}\n"),
        ])
        .has_no_repair();
    }

    #[test]
    fn optional_generated_and_set_aside_imports_are_nothing_by_themselves() {
        Example::of(&[
            ("src/a.js", "let x;\ntry { x = require('./native'); } catch { x = null; }\nmodule.exports = x;\n"),
            ("src/b.js", "export const load = () => import('./maybe.js').catch(() => null);\n"),
            ("src/c.js", "export { version } from './version.js';\nexport * from '../dist/all.js';\n"),
            ("src/d.ts", "import type { T } from './types-only';\nexport const t: T | null = null;\n"),
            ("src/e.js", "import schema from './schema.js';\nexport default schema;\n"),
            (".gitignore", "/src/schema.js\n"),
            ("test/fixtures/broken.js", "import './nowhere.js';\n"),
        ])
        .is_sure(0);
    }
}
