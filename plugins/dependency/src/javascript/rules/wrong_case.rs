//! An import in another case than the file's: it works where the file system doesn't tell them apart, and fails on Linux.

use super::{file, places, proof};
use crate::fault::Fault;
use crate::javascript::redirect::redirect;
use crate::javascript::survey::{Survey, stem};
use crate::repair::Repair;

/// The specifier in the file's own case.
pub fn repair(fault: &Fault, survey: &Survey) -> Option<Repair> {
    let wanted = fault.key.target.to_lowercase();
    let mut alike = survey.facts.keys().filter(|path| stem(path).to_lowercase() == wanted);
    let (to, None) = (alike.next()?, alike.next()) else { return None };
    let changes = redirect(fault, to, false, survey)?;
    Some(Repair {
        title: format!("Import {} in the case it is written in", file(to)),
        explanation: format!(
            "`{}` in {} differs from `{to}` only in the case of its letters. File systems that don't tell them apart find \
             it; those of servers do not.",
            fault.sites[0].written,
            places(fault),
        ),
        changes,
        confidence: 0.97,
        proof: proof(fault, survey),
    })
}

#[cfg(test)]
mod tests {
    use crate::javascript::rules::examples::Example;

    #[test]
    fn the_case_becomes_the_files() {
        Example::of(&[
            ("src/cart.js", "import { Money } from './Money.js';\nexport const cart = new Money();\n"),
            ("src/money.js", "export class Money {}\n"),
        ])
        .repairs("src/cart.js", "'./Money.js'", "'./money.js'");
        Example::of(&[
            ("lib/cart.js", "const { Money } = require('../Lib/money');\nexports.cart = () => new Money();\n"),
            ("lib/money.js", "exports.Money = class {};\n"),
        ])
        .repairs("lib/cart.js", "'../Lib/money'", "'./money'");
    }

    #[test]
    fn two_that_differ_only_so_are_two_meanings() {
        Example::of(&[
            ("src/cart.js", "import { Money } from './MONEY.js';\nexport const cart = new Money();\n"),
            ("src/money.js", "export class Money {}\n"),
            ("src/Money.js", "export class Money {}\n"),
        ])
        .has_no_repair();
    }
}
