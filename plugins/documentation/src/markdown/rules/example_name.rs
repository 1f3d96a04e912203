//! An example imports a name that its module no longer offers, or a module that moved.

use std::ops::Range;

use crate::documented::repair;
use crate::drift::{Drift, Repair, Replace, Weight};
use crate::index::{Index, Offer, is_python, only_alike};
use crate::markdown::example::{Example, Use};
use crate::markdown::page::Page;
use crate::survey::is_foreign;

use super::drift;

/// Each name and each module that is gone, once.
pub fn check(page: &Page, examples: &[Example], index: &Index) -> Vec<Drift> {
    let mut found: Vec<Drift> = Vec::new();
    for example in examples {
        for used in &example.uses {
            let drift = match &used.name {
                Some(name) => name_gone(page, examples, example, used, name, index),
                None => module_gone(page, examples, example, used, index),
            };
            found.extend(drift.filter(|drift| !found.iter().any(|other| other.key == drift.key)));
        }
    }
    found
}

/// The file that an example's module is; none where it is somebody else's, or gone.
pub fn file_of(page: &Page, index: &Index, is_python: bool, module: &str) -> Option<String> {
    if is_python { index.python(module)? } else { index.script(page.folder(), module) }
}

fn name_gone(
    page: &Page,
    examples: &[Example],
    example: &Example,
    used: &Use,
    name: &str,
    index: &Index,
) -> Option<Drift> {
    let file = file_of(page, index, example.is_python, &used.module)?;
    // Attributes of what a module has, and its submodules, are no names of it.
    let is_module = example.is_python && index.python(&format!("{}.{name}", used.module)).flatten().is_some();
    let is_special = name.starts_with("__") || name == "default" || name == "prototype";
    // What a whole module gives to `require` may be its default's.
    let is_of_default = used.is_required && index.offers(&file, "default") != Offer::No;
    if is_module || is_special || is_of_default || index.offers(&file, name) != Offer::No {
        return None;
    }
    let folder = file.strip_suffix("/__init__.py");
    if folder.is_some_and(|folder| index.folders.contains(&format!("{folder}/{name}"))) {
        return None;
    }
    let place = used.places.first()?.clone();
    let key = format!("{} {name}", used.module);
    let mut found = drift(&page.text.path, "example-name", Weight::Breaks, 0.9, &key, place);
    found.title = format!("{}: an example uses {name}, which {file} does not offer", page.text.path);
    found.statement = format!("An example takes `{name}` from `{}`; `{file}` offers no such name", used.module);
    found.against = Some((file.clone(), 0..0));
    let beside = examples.iter().flat_map(|example| &example.uses).filter_map(|other| other.name.as_deref()).collect();
    found.repair = index.renamed(&file, name, &beside).and_then(|new| renamed(page, examples, used, name, new, &file));
    Some(found)
}

/// The new name, wherever examples and code in the text use the old one.
fn renamed(page: &Page, examples: &[Example], used: &Use, old: &str, new: &str, file: &str) -> Option<Repair> {
    let same = |other: &&Use| other.module == used.module && other.name.as_deref() == Some(old);
    let imported =
        examples.iter().flat_map(|example| &example.uses).filter(same).flat_map(|other| other.places.clone());
    let mut places: Vec<Range<usize>> = imported.collect();
    places.extend(called(page, old));
    places.extend(page.codes.iter().filter_map(|code| spoken(&code.text, old, code.at.start)));
    places.sort_by_key(|place| place.start);
    places.dedup();
    repair(
        format!("Call {new} by its name in {}", page.text.path.rsplit('/').next().unwrap_or_default()),
        format!(
            "`{file}` offers no `{old}`; the only name of it that is alike is `{new}`. All uses in this document follow."
        ),
        places.into_iter().map(|place| Replace::of(&page.text.content, place, new).filter(|edit| edit.was == old)),
    )
}

/// Calls of a plain name in the document's blocks, also in those that go on where another one began.
fn called(page: &Page, name: &str) -> Vec<Range<usize>> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.');
    let mut places = Vec::new();
    for block in page.blocks.iter().filter(|block| !matches!(block.language.as_str(), "" | "sh" | "bash" | "text")) {
        let code = page.code(block);
        for (at, _) in code.match_indices(name) {
            let is_whole = !code[..at].ends_with(is_part) && code[at + name.len()..].starts_with('(');
            if is_whole {
                let start = block.at.start + at;
                places.push(start..start + name.len());
            }
        }
    }
    places
}

/// Where code in the text is this name, or a call of it.
fn spoken(text: &str, name: &str, start: usize) -> Option<Range<usize>> {
    let rest = text.strip_prefix(name)?;
    (rest.is_empty() || rest.starts_with('(')).then_some(start..start + name.len())
}

fn module_gone(page: &Page, examples: &[Example], example: &Example, used: &Use, index: &Index) -> Option<Drift> {
    let is_gone = example.is_python && index.python(&used.module) == Some(None);
    let successor = if example.is_python { python_moved(used, index) } else { script_moved(page, used, index) };
    let module = &used.module;
    // A relative script that is not there may be the reader's own.
    if !is_gone && (example.is_python || successor.is_none()) {
        return None;
    }
    let mut found = drift(&page.text.path, "example-module", Weight::Breaks, 0.9, module, used.module_at.clone());
    found.title = format!("{}: an example imports {module}, which does not exist", page.text.path);
    found.statement = format!("An example imports `{module}`; there is no such module in this project");
    if let Some((new, file)) = successor {
        let same = |other: &&Use| other.module == *module && other.name.is_none();
        let mut places: Vec<Range<usize>> = examples
            .iter()
            .flat_map(|example| &example.uses)
            .filter(same)
            .map(|other| other.module_at.clone())
            .collect();
        places.sort_by_key(|place| place.start);
        places.dedup();
        found.repair = repair(
            format!("Import {new} by its name in {}", page.text.path.rsplit('/').next().unwrap_or_default()),
            format!("There is no `{module}`; the only module that it can mean is `{file}`."),
            places
                .into_iter()
                .map(|at| Replace::of(&page.text.content, at, new.clone()).filter(|edit| edit.was == *module)),
        );
        found.against = Some((file, 0..0));
    }
    Some(found)
}

/// The only module that a Python module can have become, and its file.
fn python_moved(used: &Use, index: &Index) -> Option<(String, String)> {
    let (parent, last) = used.module.rsplit_once('.')?;
    let top = used.module.split('.').next()?;
    let modules = index.surfaces.keys().filter(|path| is_python(path) && !is_foreign(path));
    let named = modules.filter_map(|path| {
        let stem = path.strip_suffix(".py")?;
        let stem = ["src/", "lib/", "python/"].into_iter().find_map(|root| stem.strip_prefix(root)).unwrap_or(stem);
        let stem = stem.strip_suffix("/__init__").unwrap_or(stem);
        stem.starts_with(&format!("{top}/")).then(|| (stem.replace('/', "."), path.clone()))
    });
    let named: Vec<(String, String)> = named.collect();
    let moved: Vec<_> = named.iter().filter(|(module, _)| module.rsplit('.').next() == Some(last)).collect();
    if let [one] = moved[..] {
        return Some((*one).clone());
    }
    let beside =
        || named.iter().filter(|(module, _)| module.rsplit_once('.').is_some_and(|(other, _)| other == parent));
    let alike = only_alike(last, beside().filter_map(|(module, _)| module.rsplit('.').next()));
    alike.and_then(|alike| beside().find(|(module, _)| module.ends_with(&format!(".{alike}")))).cloned()
}

/// The only script that a relative one which is gone can have become: how it is imported, and its file.
fn script_moved(page: &Page, used: &Use, index: &Index) -> Option<(String, String)> {
    let module = &used.module;
    if !module.starts_with('.') || index.script(page.folder(), module).is_some() {
        return None;
    }
    let target = crate::index::join(page.folder(), module)?;
    let (folder, name) = target.rsplit_once('/').unwrap_or(("", &target));
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let stem_of = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
    };
    let scripts: Vec<&String> = index.surfaces.keys().filter(|path| !is_python(path)).collect();
    let is_moved = |path: &&&String| stem_of(path) == stem && stem != "index";
    let moved: Vec<&&String> = scripts.iter().filter(is_moved).collect();
    let found = match moved[..] {
        [one] => Some((*one).clone()),
        [] => {
            let beside: Vec<(String, &String)> = scripts
                .iter()
                .filter(|path| path.rsplit_once('/').map_or("", |(folder, _)| folder) == folder)
                .map(|path| (stem_of(path), *path))
                .collect();
            let alike = only_alike(stem, beside.iter().map(|(stem, _)| stem.as_str()));
            alike.and_then(|alike| beside.iter().find(|(stem, _)| stem == alike)).map(|(_, path)| (*path).clone())
        }
        _ => None,
    }?;
    let mut new = thymus_javascript::project::relative(&page.text.path, &found);
    if !name.contains('.') {
        new = new.rsplit_once('.').map_or(new.clone(), |(stem, _)| stem.to_owned());
    }
    Some((new, found))
}

#[cfg(test)]
mod tests {
    use crate::rules::examples::{project, repaired};

    #[test]
    fn a_renamed_function_is_called_by_its_name_everywhere() {
        let page = "Use `percentageOf(…)`.\n\n```js\nimport { format, percentageOf } from './src/money.js';\n\nformat(1);\n\
                    percentageOf(1255, 10);   // 126\n```\n";
        let money = "export function format(cents) {}\nexport function percentOf(cents, percent) {}\n";
        let drifts = project(&[("README.md", page), ("src/money.js", money)]);
        assert_eq!(drifts.len(), 1, "{drifts:#?}");
        assert_eq!(repaired(page, &drifts[0]), page.replace("percentageOf", "percentOf"));
    }

    #[test]
    fn python_sessions_are_read() {
        let page = "```python\n>>> from shop.lots import split_picks\n>>> split_picks([])\n{}\n```\n";
        let files = [("README.md", page), ("shop/__init__.py", ""), ("shop/lots.py", "def split_pick(lots): pass\n")];
        let drifts = project(&files);
        assert_eq!(repaired(page, &drifts[0]), page.replace("split_picks", "split_pick"));
    }

    #[test]
    fn a_module_that_moved_is_imported_where_it_is() {
        let page = "```python\nfrom shop.handlers.lots import split\n```\n";
        let files = [("README.md", page), ("shop/__init__.py", ""), ("shop/stock/lots.py", "def split(): pass\n")];
        let drifts = project(&files);
        assert_eq!(drifts.len(), 1, "{drifts:#?}");
        assert_eq!(repaired(page, &drifts[0]), page.replace("shop.handlers.lots", "shop.stock.lots"));
        let page = "```js\nconst { a } = require('./lib/money');\n```\n";
        let drifts = project(&[("README.md", page), ("src/money.js", "exports.a = 1;\n")]);
        assert_eq!(repaired(page, &drifts[0]), page.replace("./lib/money", "./src/money"));
    }

    #[test]
    fn what_others_offer_is_not_judged() {
        let page = "```js\nimport x from 'lodash';\nimport { a } from './mine.js';\nconst { b } = require('shop');\n```\n\n\
                    ```python\nfrom django.db import models\nfrom shop import anything\nimport shop\nshop.deep.thing()\n```\n";
        let files = [
            ("README.md", page),
            ("package.json", "{\"name\": \"shop\", \"main\": \"lib/index.js\"}"),
            ("lib/index.js", "module.exports = require('./other');\n"),
            ("shop/__init__.py", "from .x import *\n"),
        ];
        assert!(project(&files).is_empty(), "{:#?}", project(&files));
    }
}
