//! A circle of imports through a file that only hands on others' exports: whoever is within imports from where the name is
//! defined, and the circle is gone.

use std::collections::BTreeSet;

use super::{file, proof};
use crate::fault::Fault;
use crate::javascript::redirect::redirect;
use crate::javascript::resolve::{Target, resolve};
use crate::javascript::survey::Survey;
use crate::repair::Repair;

/// The import from the file that defines the name.
pub fn repair(fault: &Fault, survey: &Survey) -> Option<Repair> {
    let name = &fault.key.name;
    let [site] = fault.sites.as_slice() else { return None };
    let facts = survey.facts.get(&site.path)?;
    let import = facts.imports.iter().find(|import| import.literal == site.range)?;
    let [wanted] = import.names.as_slice() else { return None };
    if wanted.name != *name || import.whole.is_some() {
        return None;
    }
    let to = defining(&fault.key.target, name, survey)?;
    if to == fault.key.target || to == site.path || survey.reaches(&to, &site.path) {
        return None;
    }
    let changes = redirect(fault, &to, false, survey)?;
    Some(Repair {
        title: format!("Import {name} from {}, not in a circle", file(&to)),
        explanation: format!(
            "`{}` imports `{name}` from `{}`, which in turn imports `{}`: whichever is loaded first finds the other not ready. \
             `{}` only hands the name on; `{to}` defines it and needs neither.",
            site.path, fault.key.target, site.path, fault.key.target,
        ),
        changes,
        confidence: 0.9,
        proof: proof(fault, survey),
    })
}

/// The file that defines what another one hands on under the same name.
fn defining(barrel: &str, name: &str, survey: &Survey) -> Option<String> {
    let mut open = vec![barrel.to_owned()];
    let mut seen = BTreeSet::new();
    let mut found = None;
    while let Some(path) = open.pop() {
        if !seen.insert(path.clone()) || seen.len() > 100 {
            continue;
        }
        let facts = survey.facts.get(&path)?;
        if facts.surface.defines(name) {
            if found.replace(path).is_some() {
                return None;
            }
            continue;
        }
        let hands_on = |import: &&crate::javascript::imports::Import| {
            import.form == crate::javascript::imports::Form::Reexport
                && (import.names.is_empty() || import.names.iter().any(|it| it.local == name && it.name == name))
        };
        for import in facts.imports.iter().filter(hands_on) {
            if let Target::File { path, .. } = resolve(&path, &import.specifier, &survey.files) {
                open.push(path);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::javascript::rules::examples::Example;

    #[test]
    fn the_barrel_is_gone_round() {
        Example::of(&[
            ("src/index.js", "export * from './cart.js';\nexport * from './money.js';\n"),
            ("src/cart.js", "import { RATE } from './index.js';\n\nexport const twice = RATE * 2;\n"),
            ("src/money.js", "export const RATE = 3;\n"),
        ])
        .repairs("src/cart.js", "'./index.js'", "'./money.js'")
        .is_sure(0);
    }

    #[test]
    fn a_circle_without_a_barrel_is_only_named() {
        Example::of(&[
            ("src/a.js", "import { b } from './b.js';\n\nexport const a = b + 1;\n"),
            ("src/b.js", "import { a } from './a.js';\n\nexport const b = a + 1;\n"),
        ])
        .has_no_repair();
    }
}
