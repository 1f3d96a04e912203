//! A relative link to a file that isn't there. Where exactly one file has its name elsewhere, or is alike beside it, the file moved.

use crate::documented::repair;
use crate::drift::{Drift, Replace, Weight};
use crate::index::{Index, extension, join, only_alike};
use crate::markdown::page::{Link, Page};
use crate::survey::is_foreign;

use super::{MOST, drift};

/// Each target that leads nowhere, once.
pub fn check(page: &Page, index: &Index) -> Vec<Drift> {
    let mut found: Vec<Drift> = Vec::new();
    for link in &page.links {
        let Some((path, target)) = relative(page, link) else { continue };
        if is_there(index, &target) || found.iter().any(|drift| drift.key == path) {
            continue;
        }
        let successor = successor(index, &target);
        // What was packed for users lacks files that the repository has.
        let folder = target.rsplit_once('/').map(|(folder, _)| folder);
        let is_sure =
            successor.is_some() || (index.is_whole() && folder.is_none_or(|folder| index.folders.contains(folder)));
        if is_sure {
            found.push(dead(page, link, path, successor));
        }
        if found.len() == MOST {
            break;
        }
    }
    found
}

/// The path of a link as it is written, and as seen from the top; none for what is no file of this repository.
fn relative<'l>(page: &Page, link: &'l Link) -> Option<(&'l str, String)> {
    let to = link.to.as_str();
    let path = to.split(['#', '?']).next().unwrap_or_default();
    let is_template = to.contains(['{', '}', '<', '>', '$', '*', '|', '\\', '(']) || to.contains("...");
    if path.is_empty() || is_template || path.starts_with('/') || path.contains(':') || path.contains('@') {
        return None;
    }
    let decoded = decoded(path)?;
    Some((path, join(page.folder(), &decoded)?))
}

/// `%20` and its kind.
fn decoded(path: &str) -> Option<String> {
    if !path.contains('%') {
        return Some(path.to_owned());
    }
    let mut bytes = Vec::new();
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Whether a target exists, under any of the names that renderers find it by.
fn is_there(index: &Index, target: &str) -> bool {
    let stem = target.strip_suffix(".html").or_else(|| target.strip_suffix(".htm"));
    let others = ["md", "mdx", "markdown", "rst", "html"].map(|extension| format!("{target}.{extension}"));
    let name = target.rsplit('/').next().unwrap_or(target);
    target.is_empty()
        || index.has(target)
        || others.iter().any(|path| index.has(path))
        // Pages are made of what a generator finds.
        || stem.is_some()
        || is_foreign(target)
        || is_foreign(&format!("{target}/x"))
        // Forges answer for these.
        || target.split('/').any(|part| matches!(part, "issues" | "pulls" | "pull" | "releases" | "wiki" | "actions" | "discussions"))
        || (!name.contains('.') && !index.folders.contains(target.rsplit_once('/').map_or("", |(folder, _)| folder)))
}

/// The only file that it can have become.
fn successor<'i>(index: &'i Index, target: &str) -> Option<&'i str> {
    let (folder, name) = target.rsplit_once('/').unwrap_or(("", target));
    let own = || index.named(name).iter().map(String::as_str);
    let mut same = own().filter(|path| path.eq_ignore_ascii_case(target));
    if let (Some(path), None) = (same.next(), same.next()) {
        return Some(path);
    }
    let is_near = |path: &&str| is_near(index, target, path);
    let is_common = ["readme.md", "index.md", "license", "index.js", "__init__.py", "package.json"]
        .contains(&name.to_ascii_lowercase().as_str());
    let moved: Vec<&str> = if is_common { Vec::new() } else { own().filter(is_near).collect() };
    match moved[..] {
        [path] => return Some(path),
        [] => {}
        _ => return None,
    }
    let (stem, extension) = name.rsplit_once('.')?;
    let beside = index.in_folder(folder).filter_map(|path| {
        let (other_stem, other_extension) = path.rsplit('/').next()?.rsplit_once('.')?;
        (other_extension == extension).then_some((other_stem, path))
    });
    let beside: Vec<(&str, &str)> = beside.collect();
    // Translations and variants of a document have its name in theirs.
    if stem.to_ascii_lowercase().starts_with("readme") {
        return None;
    }
    let alike = only_alike(stem, beside.iter().map(|(stem, _)| *stem))?;
    beside.iter().find(|(stem, _)| *stem == alike).map(|(_, path)| *path)
}

/// Whether a file of the same name can be the one that was linked: documents move anywhere, others within their part of the
/// repository. Of a folder that is gone as a whole, what was packed for users may lack all.
fn is_near(index: &Index, target: &str, path: &str) -> bool {
    let top = |path: &str| path.split_once('/').map_or(String::new(), |(top, _)| top.to_owned());
    let is_prose = matches!(extension(path), "md" | "markdown" | "rst" | "txt" | "png" | "svg" | "jpg" | "gif");
    let same_part = top(target) == top(path) || top(target).is_empty() || top(path).is_empty();
    same_part || (is_prose && index.is_whole())
}

fn dead(page: &Page, link: &Link, path: &str, successor: Option<&str>) -> Drift {
    let confidence = if successor.is_some() { 0.93 } else { 0.8 };
    let place = link.at.start..link.at.start + path.len();
    let mut found = drift(&page.text.path, "dead-link", Weight::Wrong, confidence, path, place);
    found.title = format!("{} links to {path}, which is not there", page.text.path);
    found.statement = format!("The document links to `{path}`, and there is no such file");
    if let Some(new) = successor {
        let prefix = if path.starts_with("./") { "./" } else { "" };
        let written = format!("{prefix}{}", from(page.folder(), new)).replace(' ', "%20");
        let places = page.links.iter().filter(|other| other.to.split(['#', '?']).next() == Some(path));
        let edits: Vec<_> = places
            .map(|other| {
                Replace::of(&page.text.content, other.at.start..other.at.start + path.len(), written.clone())
                    .filter(|edit| edit.was == path)
            })
            .collect();
        found.against = Some((new.to_owned(), 0..0));
        found.repair = repair(
            format!("Link to {} where it is", new.rsplit('/').next().unwrap_or(new)),
            format!("`{path}` is not there; the only file that it can mean is `{new}`."),
            edits,
        );
    }
    found
}

/// A path of the top, as seen from a folder.
fn from(folder: &str, path: &str) -> String {
    let mut here: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let there: Vec<&str> = path.split('/').collect();
    let shared = here.iter().zip(&there[..there.len() - 1]).take_while(|(a, b)| a == b).count();
    let up = here.split_off(shared).len();
    format!("{}{}", "../".repeat(up), there[shared..].join("/"))
}

#[cfg(test)]
mod tests {
    use crate::rules::examples::{project, repaired};

    #[test]
    fn a_file_that_moved_is_linked_where_it_is() {
        let page = "See [how](./guide.md#top) and [again](guide.md).\n\n[x]: docs/orders.yml\n";
        let drifts = project(&[("README.md", page), ("docs/guide.md", "# Top\n"), ("docs/orders.yaml", "")]);
        assert_eq!(drifts.len(), 2, "{drifts:#?}");
        assert_eq!(repaired(page, &drifts[0]), page.replace("./guide.md", "./docs/guide.md"));
        assert_eq!(repaired(page, &drifts[1]), page.replace("(guide.md", "(docs/guide.md"));
    }

    #[test]
    fn what_may_lead_somewhere_is_left_alone() {
        let page = "[a](https://x.test/a.md) [b](/root.md) [c](mailto:a@b.c) [d](../issues) [e](docs/) [f](page.html) \
                    [g](docs/guide) [h](<%= x %>.md) ![i](dist/logo.png) [j](CONTRIBUTING.md)";
        let files = [("README.md", page), ("docs/guide.md", "")];
        assert!(project(&files).is_empty(), "{:#?}", project(&files));
    }

    #[test]
    fn a_whole_repository_has_all_that_it_links_to() {
        let files = [("README.md", "[j](SUPPORT.md)"), (".gitignore", ""), ("src/a.txt", "")];
        let drifts = project(&files);
        assert_eq!((drifts[0].rule.as_str(), drifts[0].repair.is_none()), ("dead-link", true));
    }
}
