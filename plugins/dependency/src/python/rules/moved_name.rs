//! An import of a name that another module of the project defines now, and no other.

use std::ops::Range;

use thymus_python::project::is_test;

use super::{places, proof, written};
use crate::fault::Fault;
use crate::python::survey::Survey;
use crate::repair::Repair;

/// The import from where the name is.
pub fn repair(fault: &Fault, survey: &Survey) -> Option<Repair> {
    let name = &fault.key.name;
    let mut defining = survey.facts.iter().filter(|(path, facts)| !is_test(path) && facts.defined.contains(name));
    let (Some((to, _)), None) = (defining.next(), defining.next()) else { return None };
    let mut edits = Vec::new();
    for site in fault.sites.iter().filter(|site| !is_test(&site.path)) {
        let facts = survey.facts.get(&site.path).filter(|_| site.path != *to)?;
        let import = facts.imports.iter().find(|import| import.range == site.range)?;
        let words = written(&site.path, to, import.level > 0, survey)?;
        if import.count == 1 {
            edits.push((site.path.clone(), import.module.clone(), words));
            continue;
        }
        let text = survey.text(&site.path)?;
        edits.push((site.path.clone(), with_comma(&text.content, &whole(import, &text.content))?, String::new()));
        let end = import.statement.end;
        let alias = if import.local == *name { String::new() } else { format!(" as {}", import.local) };
        let (newline, indent) = (text.newline(), text.indent_at(import.statement.start));
        edits.push((site.path.clone(), end..end, format!("{newline}{indent}from {words} import {name}{alias}")));
    }
    let changes = survey.sound(&edits)?;
    let module = survey.tree.name(to)?;
    Some(Repair {
        title: format!("Import {name} from {module}, where it is"),
        explanation: format!(
            "{} asks `{}` for `{name}`, which it does not have. `{to}` defines it, and no other module of the project.",
            places(fault),
            fault.key.target,
        ),
        changes,
        confidence: 0.9,
        proof: proof(fault, survey),
    })
}

/// The name with its alias.
fn whole(import: &crate::python::facts::Import, content: &str) -> Range<usize> {
    let rest = content.get(import.range.end..).unwrap_or("");
    let alias = format!(" as {}", import.local);
    let end = if rest.starts_with(&alias) { import.range.end + alias.len() } else { import.range.end };
    import.range.start..end
}

/// A name of a list with the comma that parts it from the next, or from the one before.
fn with_comma(content: &str, range: &Range<usize>) -> Option<Range<usize>> {
    let after = content.get(range.end..)?;
    let gap = after.len() - after.trim_start().len();
    if let Some(rest) = after[gap..].strip_prefix(',') {
        let next = rest.len() - rest.trim_start().len();
        return Some(range.start..range.end + gap + 1 + next);
    }
    let before = content.get(..range.start)?;
    let comma = before.trim_end().strip_suffix(',')?.len();
    Some(comma..range.end)
}

#[cfg(test)]
mod tests {
    use crate::python::rules::examples::Example;

    #[test]
    fn the_import_follows_the_name() {
        Example::of(&[
            ("shop/__init__.py", ""),
            ("shop/money.py", "def subtotal():\n    return 1\n"),
            ("shop/share.py", "def percent_of():\n    return 1\n"),
            ("shop/a.py", "from .money import percent_of\n\nX = percent_of()\n"),
            ("shop/b.py", "from .money import percent_of, subtotal\n\nX = percent_of() + subtotal()\n"),
        ])
        .repairs("shop/a.py", "from .money import", "from .share import");
        Example::of(&[
            ("shop/__init__.py", ""),
            ("shop/money.py", "def subtotal():\n    return 1\n"),
            ("shop/share.py", "def percent_of():\n    return 1\n"),
            ("shop/b.py", "from shop.money import percent_of as po, subtotal\n\nX = po() + subtotal()\n"),
        ])
        .repairs(
            "shop/b.py",
            "from shop.money import percent_of as po, subtotal\n",
            "from shop.money import subtotal\nfrom shop.share import percent_of as po\n",
        );
    }
}
