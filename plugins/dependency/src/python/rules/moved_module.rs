//! An import of a module that has another place or another name now: the only one that is called alike and has what the
//! import wants, or the only one at all that defines it.

use std::collections::BTreeSet;

use thymus_python::project::is_test;

use super::{places, proof, written};
use crate::fault::{Fault, Site};
use crate::names::{is_slip, plain};
use crate::python::facts::Import;
use crate::python::survey::Survey;
use crate::repair::Repair;

/// The import of the module that is meant.
pub fn repair(fault: &Fault, survey: &Survey) -> Option<Repair> {
    let (to, why) = candidate(fault, survey)?;
    let mut edits = Vec::new();
    for site in fault.sites.iter().filter(|site| !is_test(&site.path)) {
        let imports = imports_at(site, survey);
        // `import a.b` is used by its whole name all over the file.
        if imports.iter().any(|import| import.name.is_none() && import.written.split('.').next() == Some(&import.local))
        {
            return None;
        }
        let words = written(&site.path, to, site.written.starts_with('.'), survey)?;
        edits.push((site.path.clone(), site.range.clone(), words));
    }
    let changes = survey.sound(&edits)?;
    let name = survey.tree.name(to)?;
    Some(Repair {
        title: format!("Import {name}, which {} names wrongly", places(fault)),
        explanation: format!(
            "There is no module `{}`, which {} imports. `{to}` {why}, so the import now leads there.",
            fault.key.target,
            places(fault),
        ),
        changes,
        confidence: 0.93,
        proof: proof(fault, survey),
    })
}

fn candidate<'s>(fault: &Fault, survey: &'s Survey) -> Option<(&'s str, &'static str)> {
    let target = &fault.key.target;
    let (package, last) = target.rsplit_once('.').unwrap_or(("", target));
    let wanted: BTreeSet<&str> = fault
        .sites
        .iter()
        .flat_map(|site| imports_at(site, survey))
        .filter_map(|import| import.name.as_deref().filter(|name| *name != "*"))
        .collect();
    let importers: BTreeSet<&str> = fault.sites.iter().map(|site| site.path.as_str()).collect();
    let fits = |path: &str| wanted.iter().all(|name| survey.has(path, name));
    let candidates: Vec<(&str, String)> = survey
        .facts
        .keys()
        .map(String::as_str)
        .filter(|path| !is_test(path) && !importers.contains(path) && fits(path))
        .filter_map(|path| Some((path, survey.tree.name(path)?)))
        .collect();
    let only = |test: &dyn Fn(&str, &str) -> bool| {
        let mut found = candidates.iter().filter(|(_, name)| {
            let (inner, last) = name.rsplit_once('.').unwrap_or(("", name));
            test(inner, last)
        });
        match (found.next(), found.next()) {
            (Some((path, _)), None) => Ok(Some(*path)),
            (None, _) => Ok(None),
            _ => Err(()),
        }
    };
    let same = plain(last);
    let named = "is the only module of that name that has what is imported";
    // Beside it first, then anywhere.
    if let Some(path) = only(&|inner, name| inner == package && plain(name) == same).ok()? {
        return Some((path, named));
    }
    if let Some(path) = only(&|_, name| plain(name) == same).ok()? {
        return Some((path, named));
    }
    if let Some(path) = only(&|inner, name| inner == package && is_slip(name, last)).ok()? {
        return Some((path, "is the only module beside it that is called nearly so and has what is imported"));
    }
    let telling = wanted.iter().any(|name| name.len() > 3);
    let defines = |path: &str| wanted.iter().all(|name| survey.facts[path].defined.contains(*name));
    let mut defining = candidates.iter().filter(|(path, _)| telling && defines(path));
    match (defining.next(), defining.next()) {
        (Some((path, _)), None) => Some((path, "is the only module that defines what is imported")),
        _ => None,
    }
}

/// The names that a statement brings.
fn imports_at<'s>(site: &Site, survey: &'s Survey) -> Vec<&'s Import> {
    let imports = survey.facts.get(&site.path).map(|facts| &facts.imports);
    imports.into_iter().flatten().filter(|import| import.module == site.range).collect()
}

#[cfg(test)]
mod tests {
    use crate::python::rules::examples::Example;

    #[test]
    fn a_module_that_moved_is_found() {
        Example::of(&[
            ("shop/__init__.py", ""),
            ("shop/handlers/__init__.py", ""),
            ("shop/handlers/cart.py", "from .money import subtotal\nfrom shop.amounts import percent_of\n\n\ndef total():\n    return subtotal() + percent_of()\n"),
            ("shop/money.py", "def subtotal():\n    return 1\n"),
            ("shop/core/__init__.py", ""),
            ("shop/core/amounts.py", "def percent_of():\n    return 1\n"),
        ])
        .repairs("shop/handlers/cart.py", "from .money import", "from ..money import")
        .repairs("shop/handlers/cart.py", "from shop.amounts import", "from shop.core.amounts import")
        .is_sure(2);
    }

    #[test]
    fn case_slips_and_new_names_are_told() {
        Example::of(&[
            ("src/shop/__init__.py", ""),
            ("src/shop/a.py", "from .Money import subtotal\n\nX = subtotal()\n"),
            ("src/shop/b.py", "from .mony import subtotal as st\n\nY = st()\n"),
            ("src/shop/c.py", "def f():\n    from shop.calculations import subtotal\n\n    return subtotal()\n"),
            ("src/shop/money.py", "def subtotal():\n    return 1\n"),
        ])
        .repairs("src/shop/a.py", "from .Money import", "from .money import")
        .repairs("src/shop/b.py", "from .mony import", "from .money import")
        .repairs("src/shop/c.py", "from shop.calculations import", "from shop.money import");
    }

    #[test]
    fn two_meanings_are_none() {
        Example::of(&[
            ("shop/__init__.py", ""),
            ("shop/a.py", "from .amounts import subtotal\n"),
            ("shop/x/__init__.py", ""),
            ("shop/x/amounts.py", "def subtotal():\n    return 1\n"),
            ("shop/y/__init__.py", ""),
            ("shop/y/amounts.py", "def subtotal():\n    return 1\n"),
        ])
        .has_no_repair();
    }

    #[test]
    fn what_may_be_made_missed_or_elsewhere_is_nothing_by_itself() {
        Example::of(&[
            ("pyproject.toml", "[tool.hatch.build.hooks.vcs]\nversion-file = \"shop/release.py\"\n"),
            ("shop/__init__.py", "from ._version import version\nfrom .release import number\n"),
            ("shop/a.py", "try:\n    from .fast import go\nexcept ImportError:\n    from .slow import go\n"),
            ("shop/b.py", "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from .types_only import T\n"),
            ("shop/c.py", "import sys\n\nif sys.platform == 'win32':\n    from .windows import go\n"),
            ("shop/d.py", "from .compiled import go\nfrom .schema_pb2 import Message\n"),
            ("shop/compiled.pyx", ""),
            ("tests/broken.py", "from shop.nowhere import x\n"),
            ("shop/slow.py", "def go():\n    pass\n"),
        ])
        .is_sure(0);
    }
}
