//! Imports that are gone or lead nowhere.

use ruff_python_ast::{Stmt, StmtImportFrom};

use super::{File, bytes, expressions, name_of};
use crate::fault::{Edit, Fault};
use crate::plan::Capability;

pub(super) fn plant(file: &File, found: &mut Vec<Fault>) {
    let used: Vec<&str> = expressions(&file.tree.body).into_iter().filter_map(name_of).collect();
    for statement in &file.tree.body {
        match statement {
            Stmt::Import(import) => {
                if let [only] = &import.names[..]
                    && only
                        .asname
                        .as_ref()
                        .map_or(only.name.as_str(), |name| name.as_str())
                        .split('.')
                        .next()
                        .is_some_and(|name| used.contains(&name))
                {
                    gone(file, statement, only.name.as_str(), found);
                }
            }
            Stmt::ImportFrom(import) if import.module.as_ref().is_none_or(|it| it != "__future__") => {
                one_less(file, statement, import, &used, found);
                elsewhere(file, import, found);
            }
            _ => {}
        }
    }
}

fn push(file: &File, rule: &'static str, edits: Vec<Edit>, what: String, found: &mut Vec<Fault>) {
    found.push(Fault {
        capability: Capability::Dependency,
        rule,
        path: file.path.to_owned(),
        place: None,
        edits,
        may_touch: Vec::new(),
        words: None,
        what,
    });
}

fn gone(file: &File, statement: &Stmt, name: &str, found: &mut Vec<Fault>) {
    let range = bytes(statement);
    let end = file.text[range.end..].find('\n').map_or(file.text.len(), |at| range.end + at + 1);
    let start = file.text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    if file.text[start..range.start].is_empty() && file.text[range.end..end].trim().is_empty() {
        push(file, "removed-import", vec![Edit::new(start..end, "")], format!("`{name}` is not imported"), found);
    }
}

/// One of the imported names is left out.
fn one_less(file: &File, statement: &Stmt, import: &StmtImportFrom, used: &[&str], found: &mut Vec<Fault>) {
    for (index, alias) in import.names.iter().enumerate() {
        let local = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
        if !used.contains(&local) {
            continue;
        }
        if import.names.len() == 1 {
            gone(file, statement, local, found);
            continue;
        }
        let range = match import.names.get(index + 1) {
            Some(next) => bytes(alias).start..bytes(next).start,
            None => bytes(&import.names[index - 1]).end..bytes(alias).end,
        };
        push(file, "removed-import", vec![Edit::new(range, "")], format!("`{local}` is not imported"), found);
    }
}

/// A module of the project under a name that it hasn't got, as after a move.
fn elsewhere(file: &File, import: &StmtImportFrom, found: &mut Vec<Fault>) {
    let Some(module) = import.module.as_ref().filter(|it| !it.as_str().is_empty()) else { return };
    let name = module.as_str();
    let own = import.level > 0 || file.path.split('/').any(|part| name.split('.').next() == Some(part));
    if !own {
        return;
    }
    let last = name.rsplit('.').next().unwrap_or(name);
    let moved = if let Some(short) = last.strip_suffix('s') {
        short.to_owned()
    } else if let Some(public) = last.strip_prefix('_') {
        public.to_owned()
    } else {
        format!("{last}s")
    };
    let capital: String = last.char_indices().map(|(at, c)| if at == 0 { c.to_ascii_uppercase() } else { c }).collect();
    let range = bytes(module);
    for (rule, new) in [("moved-module", moved), ("wrong-case", capital)] {
        if new != last {
            let edit = Edit::new(range.end - last.len()..range.end, new.clone());
            push(file, rule, vec![edit], format!("`{last}` is imported as `{new}`"), found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::planted;
    use crate::plan::Capability;

    #[test]
    fn imports_vanish_or_lead_nowhere() {
        let text = "import re\nfrom .utils import a, b\n\n\ndef f(x):\n    return a(re.sub('a', '', x), b)\n";
        let made = planted(Capability::Dependency, text);
        let heads: Vec<&str> = made.iter().map(|it| it.1.split("\n\n").next().unwrap_or_default()).collect();
        assert_eq!(
            heads,
            [
                "from .utils import a, b",
                "import re\nfrom .utils import b",
                "import re\nfrom .utils import a",
                "import re\nfrom .util import a, b",
                "import re\nfrom .Utils import a, b",
            ]
        );
    }
}
