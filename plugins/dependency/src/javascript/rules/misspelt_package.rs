//! An import of a package that is a slip away from one that is declared. A name like another's is also how attackers get
//! in, so only the import is corrected, never the manifest, and only where the file imports the right one too.

use super::proof;
use crate::fault::Fault;
use crate::javascript::redirect::changes;
use crate::javascript::resolve::package_of;
use crate::javascript::survey::Survey;
use crate::names::is_slip;
use crate::repair::Repair;
use thymus_javascript::project::is_test;

/// The specifier with the declared name.
pub fn repair(fault: &Fault, survey: &Survey) -> Option<Repair> {
    let wrong = &fault.key.target;
    let right = declared_alike(fault, survey)?;
    let edits = fault.sites.iter().filter(|site| !is_test(&site.path)).map(|site| {
        let imports = &survey.facts.get(&site.path)?.imports;
        imports.iter().any(|import| package_of(&import.specifier) == Some(&right)).then_some(())?;
        Some((site, format!("{right}{}", site.written.strip_prefix(wrong.as_str())?)))
    });
    let changes = changes(edits.collect::<Option<_>>()?, survey)?;
    Some(Repair {
        title: format!("Import {right}, not {wrong}"),
        explanation: format!(
            "No manifest declares `{wrong}`, and `{right}`, a slip of the keyboard away, is declared and imported in the same \
             file. Packages with a name like another's are a known way to attack, so the manifest stays as it is."
        ),
        changes,
        confidence: 0.9,
        proof: proof(fault, survey),
    })
}

/// The one declared package that the name is a slip of.
pub fn declared_alike(fault: &Fault, survey: &Survey) -> Option<String> {
    let mut alike: Vec<&str> = survey
        .manifests
        .iter()
        .flat_map(crate::javascript::manifest::Manifest::declared)
        .filter(|name| is_slip(name, &fault.key.target))
        .collect();
    alike.sort_unstable();
    alike.dedup();
    match alike[..] {
        [one] => Some(one.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::javascript::rules::examples::Example;

    #[test]
    fn only_a_file_that_knows_the_right_one_is_corrected() {
        let manifest = ("package.json", "{\n  \"dependencies\": {\n    \"express\": \"^4.0.0\"\n  }\n}\n");
        Example::of(&[
            manifest,
            ("src/a.js", "const { Router } = require('express');\nconst { json } = require('expres');\n\nexports.a = () => json(Router);\n"),
        ])
        .repairs("src/a.js", "require('expres')", "require('express')");
        Example::of(&[manifest, ("src/a.js", "const { json } = require('expres');\n\nexports.a = () => json;\n")])
            .has_no_repair();
    }
}
