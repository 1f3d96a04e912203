//! A table names a file that isn't there, or beside a file a function that the file doesn't have.

use std::collections::BTreeSet;

use crate::documented::repair;
use crate::drift::{Drift, Replace, Weight};
use crate::index::{Index, Offer, join, only_alike};
use crate::markdown::page::{Code, Page};
use crate::survey::is_foreign;

use super::{MOST, drift};

/// The words of a column that names functions.
const FUNCTIONS: [&str; 7] = ["handler", "handlers", "function", "functions", "method", "export", "exports"];

/// Each file and function that is gone, once.
pub fn check(page: &Page, index: &Index) -> Vec<Drift> {
    let mut found: Vec<Drift> = Vec::new();
    for table in &page.tables {
        let column = table.head.iter().position(|head| FUNCTIONS.contains(&head.trim().to_lowercase().as_str()));
        // A table that has files of this repository speaks of this repository.
        let codes = table.rows.iter().flatten().flat_map(|cell| &cell.codes);
        let is_ours = codes.filter_map(|code| path_of(page, code)).any(|other| index.has(&other));
        for row in &table.rows {
            if found.len() >= MOST {
                return found;
            }
            let files: Vec<(&Code, String)> =
                row.iter().flat_map(|cell| &cell.codes).filter_map(|code| Some((code, path_of(page, code)?))).collect();
            for (code, path) in &files {
                if !index.has(path) && !found.iter().any(|drift| drift.key == code.text) {
                    found.extend(file_gone(page, index, is_ours, code, path));
                }
            }
            let there: Vec<&String> = files.iter().map(|(_, path)| path).filter(|path| index.has(path)).collect();
            let (Some(column), [file]) = (column, &there[..]) else { continue };
            for code in row.get(column).into_iter().flat_map(|cell| &cell.codes) {
                found.extend(
                    function_gone(page, index, file, code).filter(|one| !found.iter().any(|d| d.key == one.key)),
                );
            }
        }
    }
    found
}

/// All names that the document's code mentions.
fn named(page: &Page) -> BTreeSet<&str> {
    page.codes.iter().map(|code| code.text.trim().trim_end_matches("()")).collect()
}

/// The path that a code span is; none for what is no path of this repository.
fn path_of(page: &Page, code: &Code) -> Option<String> {
    let text = code.text.trim().trim_end_matches('/');
    let is_path = text.contains('/')
        && !text.starts_with(['/', '@', '~', '-', '.'])
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-'))
        && (code.text.ends_with('/') || text.rsplit('/').next().is_some_and(|name| name.contains('.')));
    is_path.then(|| join(page.folder(), text)).flatten()
}

fn file_gone(page: &Page, index: &Index, is_ours: bool, code: &Code, path: &str) -> Option<Drift> {
    // As seen from a folder around, which is how documents in folders often write it.
    let is_there = index.seen_from(page.folder(), code.text.trim_end_matches('/')).is_some();
    if is_there || is_foreign(path) || is_foreign(&format!("{path}/x")) {
        return None;
    }
    let (folder, name) = path.rsplit_once('/')?;
    let named: Vec<&String> = index.named(name).iter().filter(|other| other.rsplit('/').next() == Some(name)).collect();
    let beside: Vec<&str> = index.in_folder(folder).filter_map(|other| other.rsplit('/').next()).collect();
    let successor = match named[..] {
        [one] => Some(one.clone()),
        [] => only_alike(name, beside.iter().copied()).map(|name| format!("{folder}/{name}")),
        _ => None,
    };
    if successor.is_none() && !is_ours {
        return None;
    }
    let mut found = drift(&page.text.path, "table-file", Weight::Wrong, 0.88, &code.text, code.at.clone());
    found.title = format!("{}: a table names {}, which is not there", page.text.path, code.text);
    found.statement = format!("A table of the document names `{}`, and there is no such file", code.text);
    if let Some(new) = successor {
        let written = if page.folder().is_empty() {
            Some(new.clone())
        } else {
            new.strip_prefix(&format!("{}/", page.folder())).map(str::to_owned)
        };
        found.against = Some((new.clone(), 0..0));
        found.repair = written.and_then(|written| {
            repair(
                format!("Name {written} in the table by its path"),
                format!("There is no `{}`; the only file that it can mean is `{new}`.", code.text),
                [Replace::of(&page.text.content, code.at.clone(), written)],
            )
        });
    }
    Some(found)
}

fn function_gone(page: &Page, index: &Index, file: &str, code: &Code) -> Option<Drift> {
    let name = code.text.trim().trim_end_matches("()");
    let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.is_empty();
    if !is_name || index.offers(file, name) != Offer::No {
        return None;
    }
    let mut found =
        drift(&page.text.path, "table-function", Weight::Wrong, 0.9, &format!("{file} {name}"), code.at.clone());
    found.title = format!("{}: a table names {name}, which {file} does not have", page.text.path);
    found.statement = format!("A table of the document says that `{file}` has `{name}`; it has no such name");
    found.against = Some((file.to_owned(), 0..0));
    let at = code.at.start..code.at.start + name.len();
    found.repair = index.renamed(file, name, &named(page)).and_then(|new| {
        repair(
            format!("Name {new} in the table"),
            format!("`{file}` has no `{name}`; the only name of it that is alike is `{new}`."),
            [Replace::of(&page.text.content, at, new).filter(|edit| edit.was == name)],
        )
    });
    Some(found)
}

#[cfg(test)]
mod tests {
    use crate::rules::examples::{project, repaired};

    #[test]
    fn files_and_functions_of_a_table_are_there() {
        let page = "| handler | file | what |\n|---|---|---|\n| `splitPicks` | `src/lots.js` | x |\n| `a` | `src/stocks.js` | y |\n\
                    | any | `src/handlers/` | z |\n";
        let files = [
            ("README.md", page),
            ("src/lots.js", "export function splitPick() {}\n"),
            ("src/stock.js", "export const a = 1;\n"),
            ("src/handlers/x.js", ""),
        ];
        let drifts = project(&files);
        assert_eq!(drifts.iter().map(|d| d.rule.as_str()).collect::<Vec<_>>(), ["table-function", "table-file"]);
        assert_eq!(repaired(page, &drifts[0]), page.replace("splitPicks", "splitPick"));
        assert_eq!(repaired(page, &drifts[1]), page.replace("stocks.js", "stock.js"));
    }

    #[test]
    fn other_tables_are_left_alone() {
        let page = "| option | type |\n|---|---|\n| `a/b` | `text/html` |\n| `application/json` | `x/y.z` |\n";
        assert!(project(&[("README.md", page)]).is_empty());
    }
}
