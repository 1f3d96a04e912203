//! An example names an argument, or an option, that the function does not take.

use crate::documented::repair;
use crate::drift::{Drift, Replace, Weight};
use crate::index::{Index, only_alike};
use crate::markdown::example::{Call, Example};
use crate::markdown::page::Page;
use crate::signature::{Kind, Parameter, Signature};

use super::drift;
use super::example_name::file_of;

/// Each name that is not taken, once for a function.
pub fn check(page: &Page, examples: &[Example], index: &Index) -> Vec<Drift> {
    let mut found: Vec<Drift> = Vec::new();
    for example in examples {
        for call in &example.calls {
            let file = file_of(page, index, example.is_python, &call.module);
            let Some(surface) = file.as_ref().and_then(|file| index.surfaces.get(file)) else { continue };
            let Some(taken) = surface.functions.get(&call.name).and_then(|signature| names(signature, call)) else {
                continue;
            };
            for (option, place) in &call.options {
                let key = format!("{} {option}", call.name);
                if taken.contains(&option.as_str()) || found.iter().any(|drift| drift.key == key) {
                    continue;
                }
                let mut one = drift(&page.text.path, "example-option", Weight::Breaks, 0.88, &key, place.clone());
                one.title =
                    format!("{}: an example gives {} a {option}, which it does not take", page.text.path, call.name);
                one.statement =
                    format!("An example calls `{}` with `{option}`; it takes `{}`", call.name, taken.join(", "));
                one.against = file.clone().zip(surface.functions.get(&call.name).map(|it| it.header.clone()));
                let given: Vec<&str> = call.options.iter().map(|(name, _)| name.as_str()).collect();
                let free = || taken.iter().copied().filter(|name| !given.contains(name));
                let only = free().next().filter(|_| free().count() == 1 && taken.len() == given.len());
                if let Some(new) = only_alike(option, free()).or(only) {
                    one.repair = renamed(page, examples, call, option, new);
                }
                found.push(one);
            }
        }
    }
    found
}

/// The names that a call can give; none where the function takes any.
fn names<'s>(signature: &'s Signature, call: &Call) -> Option<Vec<&'s str>> {
    let plain = |parameters: &'s [Parameter]| parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    if signature.is_open {
        return None;
    }
    match call.position {
        None => Some(plain(&signature.parameters)),
        Some(position) => match &signature.parameters.get(position)?.kind {
            Kind::Pattern(fields, false) if !fields.is_empty() => Some(plain(fields)),
            _ => None,
        },
    }
}

fn renamed(page: &Page, examples: &[Example], call: &Call, old: &str, new: &str) -> Option<crate::drift::Repair> {
    let same = |other: &&Call| other.module == call.module && other.name == call.name;
    let options = examples.iter().flat_map(|example| &example.calls).filter(same).flat_map(|other| &other.options);
    let places = options.filter(|(name, _)| name == old).map(|(_, place)| place.clone());
    repair(
        format!("Name the argument {new} of {} in examples", call.name),
        format!("`{}` takes no `{old}`; the only one that it can mean is `{new}`.", call.name),
        // A shorthand `{ old }` names a variable too.
        places.map(|place| Replace::of(&page.text.content, place, new).filter(|edit| edit.was == old)),
    )
}

#[cfg(test)]
mod tests {
    use crate::rules::examples::{project, repaired};

    #[test]
    fn a_renamed_option_is_named_so() {
        let page = "```js\nimport { list } from './src/list.js';\nlist({ tag: 'a', maximum: 3 });\n```\n";
        let files =
            [("README.md", page), ("src/list.js", "export function list({ tag, max = 3 } = {}) { return tag; }\n")];
        let drifts = project(&files);
        assert_eq!(drifts.len(), 1, "{drifts:#?}");
        assert_eq!(repaired(page, &drifts[0]), page.replace("maximum", "max"));
    }

    #[test]
    fn a_keyword_that_is_gone_is_found() {
        let page = "```python\nfrom shop import pick\npick([], how_many=3)\npick([], quantity=3)\n```\n";
        let files = [("README.md", page), ("shop/__init__.py", "def pick(lots, quantity): pass\n")];
        let drifts = project(&files);
        assert_eq!(drifts.len(), 1, "{drifts:#?}");
        let open = [("README.md", page), ("shop/__init__.py", "def pick(lots, **more): pass\n")];
        assert!(project(&open).is_empty());
    }
}
