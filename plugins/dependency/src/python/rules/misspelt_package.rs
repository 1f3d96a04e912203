//! An import of a package that is a slip away from one that is declared. A name like another's is also how attackers get
//! in, so only the import is corrected, never the manifest, and only where the module imports the right one too.

use std::collections::BTreeSet;

use thymus_python::project::is_test;

use super::proof;
use crate::fault::Fault;
use crate::names::is_slip;
use crate::python::manifest::normalise;
use crate::python::survey::Survey;
use crate::repair::Repair;

/// The import of the declared package.
pub fn repair(fault: &Fault, survey: &Survey) -> Option<Repair> {
    let wrong = &fault.key.target;
    let mut edits = Vec::new();
    let mut meant = BTreeSet::new();
    for site in fault.sites.iter().filter(|site| !is_test(&site.path)) {
        let imports = &survey.facts.get(&site.path)?.imports;
        if imports.iter().any(|import| import.module == site.range && import.name.is_none()) {
            return None;
        }
        let top =
            |import: &crate::python::facts::Import| import.written.split('.').next().unwrap_or_default().to_owned();
        let alike: BTreeSet<String> = imports
            .iter()
            .filter(|import| import.level == 0)
            .map(top)
            .filter(|name| is_slip(name, wrong) && survey.manifests.declared().any(|it| it == normalise(name)))
            .collect();
        let right = alike.first().filter(|_| alike.len() == 1)?.clone();
        edits.push((
            site.path.clone(),
            site.range.clone(),
            format!("{right}{}", site.written.strip_prefix(wrong.as_str())?),
        ));
        meant.insert(right);
    }
    let right = meant.first().filter(|_| meant.len() == 1)?;
    Some(Repair {
        title: format!("Import {right}, not {wrong}"),
        explanation: format!(
            "Nothing declares `{wrong}`, and `{right}`, a slip of the keyboard away, is declared and imported in the same \
             module. Packages with a name like another's are a known way to attack, so the manifest stays as it is."
        ),
        changes: survey.sound(&edits)?,
        confidence: 0.9,
        proof: proof(fault, survey),
    })
}

/// Whether a declared distribution is a slip away from a module's name.
pub fn is_like_a_declared(module: &str, survey: &Survey) -> bool {
    let plain = normalise(module);
    survey.manifests.declared().any(|declared| is_slip(declared, &plain))
}

#[cfg(test)]
mod tests {
    use crate::python::rules::examples::Example;

    #[test]
    fn only_a_module_that_knows_the_right_one_is_corrected() {
        let manifest = ("pyproject.toml", "[project]\nname = \"shop\"\ndependencies = [\n    \"requests>=2\",\n]\n");
        Example::of(&[
            manifest,
            ("shop/__init__.py", ""),
            ("shop/a.py", "import requests\nfrom reqeusts.adapters import HTTPAdapter\n\nX = HTTPAdapter, requests\n"),
        ])
        .repairs("shop/a.py", "from reqeusts.adapters", "from requests.adapters");
        Example::of(&[manifest, ("shop/__init__.py", ""), ("shop/a.py", "from reqeusts import get\n\nX = get\n")])
            .has_no_repair();
    }
}
