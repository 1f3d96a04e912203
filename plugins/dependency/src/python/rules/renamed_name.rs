//! An import of a name that its module has under nearly that name: a slip, another convention.

use std::collections::BTreeSet;

use thymus_python::project::is_test;

use super::{places, proof};
use crate::fault::Fault;
use crate::names::{is_slip, plain};
use crate::python::survey::Survey;
use crate::repair::Repair;

/// The import of the name that is there, called in the file as before.
pub fn repair(fault: &Fault, survey: &Survey) -> Option<Repair> {
    let meant = meant(fault, survey)?;
    let mut edits = Vec::new();
    for site in fault.sites.iter().filter(|site| !is_test(&site.path)) {
        let facts = survey.facts.get(&site.path)?;
        let import = facts.imports.iter().find(|import| import.range == site.range);
        // The rest of the file may use the right name already: then only the import is wrong.
        let is_used = facts.free.iter().any(|free| free.name == meant);
        let words = match import {
            Some(import) if import.local == site.written && !is_used => format!("{meant} as {}", import.local),
            _ => meant.clone(),
        };
        edits.push((site.path.clone(), site.range.clone(), words));
    }
    let changes = survey.sound(&edits)?;
    let module = survey.tree.name(&fault.key.target)?;
    Some(Repair {
        title: format!("Take {meant} of {module}, which has no {}", fault.key.name),
        explanation: format!(
            "`{}` has no `{}`, which {} asks for; the only name like it there is `{meant}`.",
            fault.key.target,
            fault.key.name,
            places(fault),
        ),
        changes,
        confidence: 0.92,
        proof: proof(fault, survey),
    })
}

fn meant(fault: &Fault, survey: &Survey) -> Option<String> {
    let name = &fault.key.name;
    let facts = survey.facts.get(&fault.key.target)?;
    let mut offered: BTreeSet<String> = facts.names.iter().filter(|name| !name.starts_with("__")).cloned().collect();
    if let Some(package) = fault.key.target.strip_suffix("__init__.py") {
        let beside = survey.facts.keys().filter_map(|path| path.strip_prefix(package));
        offered.extend(
            beside.filter_map(|rest| Some(rest.strip_suffix(".py")?.to_owned())).filter(|name| !name.contains('/')),
        );
    }
    let used: BTreeSet<&str> = fault
        .sites
        .iter()
        .filter_map(|site| survey.facts.get(&site.path))
        .flat_map(|facts| facts.free.iter().map(|free| free.name.as_str()))
        .filter(|free| offered.contains(*free) && is_slip(free, name))
        .collect();
    if used.len() == 1 {
        return used.first().map(|name| (*name).to_owned());
    }
    for alike in [|a: &str, b: &str| plain(a) == plain(b), is_slip] {
        let mut found = offered.iter().filter(|other| alike(other, name));
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
    use crate::python::rules::examples::Example;

    const MONEY: (&str, &str) =
        ("shop/money.py", "def subtotal():\n    return 1\n\n\ndef percent_of():\n    return 1\n");

    #[test]
    fn the_name_that_is_there_is_taken() {
        Example::of(&[
            ("shop/__init__.py", ""),
            MONEY,
            ("shop/a.py", "from .money import percentOf, subtotal\n\nX = subtotal() + percentOf()\n"),
            ("shop/b.py", "from .money import subtotl\n\nX = subtotal()\n"),
            ("shop/c.py", "from . import money\n\n\ndef f():\n    return money.subtotla()\n"),
            ("shop/d.py", "from . import mony\n\n\ndef f():\n    return mony.subtotal()\n"),
        ])
        .repairs("shop/a.py", "percentOf, subtotal\n", "percent_of as percentOf, subtotal\n")
        .repairs("shop/b.py", "import subtotl\n", "import subtotal\n")
        .repairs("shop/c.py", "money.subtotla()", "money.subtotal()")
        .repairs("shop/d.py", "import mony\n", "import money as mony\n");
    }

    #[test]
    fn open_modules_and_two_meanings_are_left_alone() {
        Example::of(&[
            ("shop/__init__.py", "from .money import *\n"),
            MONEY,
            ("shop/lazy.py", "def __getattr__(name):\n    return 1\n"),
            ("shop/a.py", "from . import anything\nfrom .lazy import something\nfrom .money import __doc__\n"),
        ])
        .has_no_fault();
        Example::of(&[
            ("shop/__init__.py", ""),
            ("shop/money.py", "totals = totale = 1\n"),
            ("shop/a.py", "from .money import total\n"),
        ])
        .has_no_repair();
    }
}
