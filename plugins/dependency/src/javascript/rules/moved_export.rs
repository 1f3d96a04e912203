//! An import of a name that another file of the project exports now, and no other.

use thymus_javascript::edits::sound;
use thymus_javascript::exports::import_edit;
use thymus_javascript::project::is_test;

use super::{file, places, proof};
use crate::fault::Fault;
use crate::javascript::imports::Form;
use crate::javascript::redirect::specifier;
use crate::javascript::survey::Survey;
use crate::repair::Repair;

/// The import from where the name is.
pub fn repair(fault: &Fault, survey: &Survey) -> Option<Repair> {
    let name = &fault.key.name;
    if name == "default" {
        return None;
    }
    let mut exporting = survey.facts.iter().filter(|(path, facts)| !is_test(path) && facts.surface.defines(name));
    let (Some((to, _)), None) = (exporting.next(), exporting.next()) else { return None };
    let mut edits = Vec::new();
    for site in fault.sites.iter().filter(|site| !is_test(&site.path)) {
        let facts = survey.facts.get(&site.path).filter(|_| site.path != *to)?;
        let import = facts.imports.iter().find(|it| it.names.iter().any(|wanted| wanted.range == site.range))?;
        if import.whole.is_some() || !matches!(import.form, Form::Import | Form::Require) || import.lazy {
            return None;
        }
        if import.names.len() == 1 {
            let place =
                crate::fault::Site { range: import.literal.clone(), written: import.specifier.clone(), ..site.clone() };
            let inner = import.literal.start + 1..import.literal.end - 1;
            edits.push((site.path.clone(), inner, specifier(&place, to, false)));
            continue;
        }
        let wanted = import.names.iter().find(|wanted| wanted.range == site.range)?;
        if wanted.local != wanted.name {
            return None;
        }
        let text = survey.project.text(&site.path)?;
        edits.push((site.path.clone(), with_comma(&text.content, &wanted.range)?, String::new()));
        let added = survey.project.ask(&site.path, |code| import_edit(code, &survey.project, name, to))??;
        edits.push((site.path.clone(), added.0, added.1));
    }
    let changes = sound(&edits, &survey.project)?;
    Some(Repair {
        title: format!("Import {name} from {}, where it is", file(to)),
        explanation: format!(
            "{} asks `{}` for `{name}`, which it does not export. `{to}` does, and no other file of the project.",
            places(fault),
            fault.key.target,
        ),
        changes,
        confidence: 0.9,
        proof: proof(fault, survey),
    })
}

/// A name of a list with the comma that parts it from the next, or from the one before.
fn with_comma(content: &str, range: &std::ops::Range<usize>) -> Option<std::ops::Range<usize>> {
    let after = content.get(range.end..)?;
    let gap = after.len() - after.trim_start().len();
    if after[gap..].starts_with(',') {
        let rest = &after[gap + 1..];
        let next = rest.len() - rest.trim_start().len();
        return Some(range.start..range.end + gap + 1 + next);
    }
    let before = content.get(..range.start)?;
    let comma = before.trim_end().strip_suffix(',')?.len();
    Some(comma..range.end)
}

#[cfg(test)]
mod tests {
    use crate::javascript::rules::examples::Example;

    #[test]
    fn the_import_follows_the_name() {
        Example::of(&[
            ("src/cart.js", "import { percentOf } from './money.js';\n\nexport const a = () => percentOf();\n"),
            ("src/money.js", "export function subtotal() {}\n"),
            ("src/share.js", "export function percentOf() {}\n"),
        ])
        .repairs("src/cart.js", "'./money.js'", "'./share.js'");
        Example::of(&[
            (
                "src/cart.js",
                "import { subtotal, percentOf } from './money.js';\n\nexport const a = () => percentOf(subtotal());\n",
            ),
            ("src/money.js", "export function subtotal() {}\n"),
            ("src/share.js", "export function percentOf() {}\n"),
        ])
        .repairs(
            "src/cart.js",
            "import { subtotal, percentOf } from './money.js';\n",
            "import { subtotal } from './money.js';\nimport { percentOf } from './share.js';\n",
        );
    }
}
