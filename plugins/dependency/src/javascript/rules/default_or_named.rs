//! A default import of what is exported by name, or the other way round.

use super::{file, places, proof};
use crate::fault::Fault;
use crate::javascript::imports::Form;
use crate::javascript::survey::Survey;
use crate::repair::Repair;
use thymus_javascript::edits::sound;
use thymus_javascript::project::is_test;

/// The import with braces, or without.
pub fn repair(fault: &Fault, survey: &Survey) -> Option<Repair> {
    let surface = &survey.facts.get(&fault.key.target)?.surface;
    let mut edits = Vec::new();
    let mut exported = String::new();
    for site in fault.sites.iter().filter(|site| !is_test(&site.path)) {
        let facts = survey.facts.get(&site.path)?;
        let import = facts.imports.iter().find(|it| it.names.iter().any(|wanted| wanted.range == site.range))?;
        // With other names beside it, more than the braces would change.
        let ([wanted], None, Form::Import) = (import.names.as_slice(), &import.whole, import.form) else { return None };
        let text = survey.project.text(&site.path)?;
        if wanted.name == "default" && surface.names.contains(&wanted.local) {
            edits.push((site.path.clone(), wanted.range.clone(), format!("{{ {} }}", wanted.local)));
            exported.clone_from(&wanted.local);
        } else if wanted.name == wanted.local && surface.default_name.as_deref() == Some(&wanted.name) {
            let before = text.content.get(..wanted.range.start)?;
            let after = text.content.get(wanted.range.end..)?;
            let start = before.trim_end().strip_suffix('{')?.len();
            let gap = after.find('}')?;
            after[..gap].chars().all(|c| c.is_whitespace() || c == ',').then_some(())?;
            edits.push((site.path.clone(), start..wanted.range.end + gap + 1, wanted.local.clone()));
            exported.clone_from(&wanted.local);
        } else {
            return None;
        }
    }
    let changes = sound(&edits, &survey.project)?;
    let how = if fault.key.name == "default" { "by its name" } else { "as the default" };
    Some(Repair {
        title: format!("Import {exported} of {} {how}", file(&fault.key.target)),
        explanation: format!(
            "`{}` exports `{exported}` {how}, and {} asks for it in the other way, so the import fails when it is linked.",
            fault.key.target,
            places(fault),
        ),
        changes,
        confidence: 0.95,
        proof: proof(fault, survey),
    })
}

#[cfg(test)]
mod tests {
    use crate::javascript::rules::examples::Example;

    #[test]
    fn braces_come_and_go() {
        Example::of(&[
            ("src/cart.js", "import subtotal from './money.js';\nimport { format } from './format.js';\n\nexport const a = () => format(subtotal());\n"),
            ("src/money.js", "export function subtotal() {}\n"),
            ("src/format.js", "export default function format() {}\n"),
        ])
        .repairs("src/cart.js", "import subtotal from", "import { subtotal } from")
        .repairs("src/cart.js", "import { format } from", "import format from")
        .is_sure(2);
    }
}
