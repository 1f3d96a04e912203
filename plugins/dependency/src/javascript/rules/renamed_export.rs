//! An import of a name that its module exports under nearly that name: a slip, another convention.

use super::{file, places, proof};
use crate::fault::Fault;
use crate::javascript::survey::Survey;
use crate::names::{is_slip, plain};
use crate::repair::Repair;
use thymus_javascript::edits::sound;
use thymus_javascript::project::is_test;

/// The import of the name that is there, called in the file as before.
pub fn repair(fault: &Fault, survey: &Survey) -> Option<Repair> {
    let offered = survey.offered(&fault.key.target)?;
    let meant = meant(fault, &offered, survey)?;
    let mut edits = Vec::new();
    for site in fault.sites.iter().filter(|site| !is_test(&site.path)) {
        let facts = survey.facts.get(&site.path)?;
        let import = facts.imports.iter().find(|it| it.names.iter().any(|wanted| wanted.range == site.range))?;
        let wanted = import.names.iter().find(|wanted| wanted.range == site.range)?;
        let in_braces = import.literal.start > wanted.range.start;
        // The rest of the file may use the right name already: then only the import is wrong.
        let is_used = facts.free.iter().any(|free| free.name == meant);
        let alias = if import.form == crate::javascript::imports::Form::Require { ": " } else { " as " };
        let replacement = if wanted.name != wanted.local || !in_braces || is_used {
            meant.clone()
        } else {
            format!("{meant}{alias}{}", wanted.local)
        };
        edits.push((site.path.clone(), wanted.range.clone(), replacement));
    }
    let changes = sound(&edits, &survey.project)?;
    Some(Repair {
        title: format!("Take {meant} of {}, which has no {}", file(&fault.key.target), fault.key.name),
        explanation: format!(
            "`{}` exports no `{}`, which {} asks for; the only name like it there is `{meant}`.",
            fault.key.target,
            fault.key.name,
            places(fault),
        ),
        changes,
        confidence: 0.93,
        proof: proof(fault, survey),
    })
}

fn meant(fault: &Fault, offered: &std::collections::BTreeSet<String>, survey: &Survey) -> Option<String> {
    let name = &fault.key.name;
    // What the file uses and nobody brings, and this module has.
    let lacking = |free: &&crate::javascript::free::Free| offered.contains(&free.name) && is_slip(&free.name, name);
    let mut used: Vec<&str> = fault
        .sites
        .iter()
        .filter_map(|site| survey.facts.get(&site.path))
        .flat_map(|facts| facts.free.iter().filter(lacking))
        .map(|free| free.name.as_str())
        .collect();
    used.sort_unstable();
    used.dedup();
    if let [one] = used[..] {
        return Some(one.to_owned());
    }
    for alike in [|a: &str, b: &str| plain(a) == plain(b), is_slip] {
        let mut found = offered.iter().filter(|other| *other != "default" && alike(other, name));
        match (found.next(), found.next()) {
            (Some(one), None) => return Some(one.clone()),
            (None, _) => {}
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::javascript::rules::examples::Example;

    #[test]
    fn the_name_that_is_there_is_taken() {
        Example::of(&[
            (
                "src/cart.js",
                "import { subTotal, percentOf } from './money.js';\n\nexport const a = () => subTotal(percentOf());\n",
            ),
            ("src/money.js", "export function subtotal() {}\nexport function percentOf() {}\n"),
        ])
        .repairs("src/cart.js", "{ subTotal, percentOf }", "{ subtotal as subTotal, percentOf }")
        .is_sure(1);
        Example::of(&[
            ("src/cart.js", "import { subtotla } from './money.js';\n\nexport const a = () => subtotal();\n"),
            ("src/money.js", "export function subtotal() {}\n"),
        ])
        .repairs("src/cart.js", "{ subtotla }", "{ subtotal }");
        Example::of(&[
            ("src/cart.js", "import * as money from './money.js';\n\nexport const a = () => money.subtotla();\n"),
            ("src/money.js", "export function subtotal() {}\n"),
        ])
        .repairs("src/cart.js", "money.subtotla()", "money.subtotal()")
        .is_sure(0);
    }

    #[test]
    fn two_like_it_and_none_like_it_are_left_alone() {
        for exports in ["export const totals = 1, totale = 2;\n", "export const other = 1;\n"] {
            Example::of(&[
                ("src/cart.js", "import { total } from './money.js';\n\nexport const a = () => total;\n"),
                ("src/money.js", exports),
            ])
            .has_no_repair();
        }
    }

    #[test]
    fn what_hands_on_others_is_asked_through_and_through() {
        Example::of(&[
            ("src/cart.ts", "import { total, type T } from './index';\n\nexport const a = (): T => total;\n"),
            ("src/index.ts", "export * from './money';\nexport * from './types';\n"),
            ("src/money.ts", "export const total = 1;\n"),
            ("src/types.ts", "export type T = number;\n"),
        ])
        .is_sure(0);
        Example::of(&[
            ("src/cart.js", "import { total } from './index.js';\n\nexport const a = () => total;\n"),
            ("src/index.js", "export * from 'elsewhere';\n"),
        ])
        .is_sure(0);
    }
}
