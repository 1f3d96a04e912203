//! A link to a heading that isn't there, in the document itself or in another one of the repository.

use std::collections::{BTreeMap, BTreeSet};

use crate::documented::repair;
use crate::drift::{Drift, Replace, Weight};
use crate::index::{join, only_alike};
use crate::markdown::page::{Link, Page};
use crate::markdown::slug::essence;

use super::{MOST, drift};

/// Each anchor that leads nowhere, once.
pub fn check(page: &Page, pages: &BTreeMap<String, Page>) -> Vec<Drift> {
    let mut found: Vec<Drift> = Vec::new();
    for link in &page.links {
        let Some((path, anchor)) = link.to.split_once('#') else { continue };
        let target =
            if path.is_empty() { Some(page) } else { join(page.folder(), path).and_then(|path| pages.get(&path)) };
        let Some(target) = target.filter(|_| !path.contains(':') && !path.starts_with('/')) else { continue };
        if leads(target, anchor) || found.iter().any(|drift| drift.key == link.to) {
            continue;
        }
        found.push(dead(page, link, anchor, successor(page, target, link, anchor)));
        if found.len() == MOST {
            break;
        }
    }
    found
}

fn leads(target: &Page, anchor: &str) -> bool {
    let wanted = essence(anchor.trim_start_matches("user-content-"));
    let is_line = anchor.strip_prefix('L').is_some_and(|line| line.starts_with(|c: char| c.is_ascii_digit()));
    let is_special =
        anchor.is_empty() || matches!(anchor, "top" | "readme") || anchor.contains(['%', '=', '!', '~', '/', ':']);
    is_special || is_line || wanted.is_empty() || target.essences.contains(&wanted) || target.ids.contains(anchor)
}

/// The only anchor that it can have become: that of the heading that the link's words say, or the one that is alike and that no
/// other link leads to.
fn successor<'t>(page: &Page, target: &'t Page, link: &Link, anchor: &str) -> Option<&'t str> {
    let said: Vec<&str> = target
        .headings
        .iter()
        .filter(|(_, words)| !link.words.is_empty() && essence(words) == essence(&link.words))
        .map(|(slug, _)| slug.as_str())
        .collect();
    if let [one] = said[..] {
        return Some(one);
    }
    let linked: BTreeSet<&str> = page.links.iter().filter_map(|link| Some(link.to.split_once('#')?.1)).collect();
    let anchors = target.headings.iter().map(|(slug, _)| slug.as_str()).chain(target.ids.iter().map(String::as_str));
    only_alike(anchor, anchors.filter(|slug| !linked.contains(slug)))
}

fn dead(page: &Page, link: &Link, anchor: &str, successor: Option<&str>) -> Drift {
    let confidence = if successor.is_some() { 0.9 } else { 0.75 };
    let place = link.at.end - anchor.len()..link.at.end;
    let mut found = drift(&page.text.path, "dead-anchor", Weight::Wrong, confidence, &link.to, place);
    found.title = format!("{} links to {}, and there is no such heading", page.text.path, link.to);
    found.statement = format!("The document links to `{}`; no heading makes the anchor `#{anchor}`", link.to);
    if let Some(new) = successor {
        let places = page.links.iter().filter(|other| other.to == link.to);
        let edits: Vec<_> = places
            .map(|other| {
                Replace::of(&page.text.content, other.at.end - anchor.len()..other.at.end, new)
                    .filter(|edit| edit.was == anchor)
            })
            .collect();
        found.repair = repair(
            format!("Link to the heading that is now #{new}"),
            format!("No heading makes `#{anchor}`; the only one that it can mean makes `#{new}`."),
            edits,
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::rules::examples::{project, repaired};

    #[test]
    fn a_heading_that_was_reworded_is_linked_by_its_new_words() {
        let page =
            "[Set up](#set-up-the-shop) [Use](#use) [more](docs/x.md#new-wordings)\n\n# Set up your shop\n\n# Use\n";
        let drifts = project(&[("README.md", page), ("docs/x.md", "# New words\n\n# Other\n")]);
        assert_eq!(drifts.len(), 2, "{drifts:#?}");
        assert_eq!(repaired(page, &drifts[0]), page.replace("#set-up-the-shop", "#set-up-your-shop"));
        assert_eq!(repaired(page, &drifts[1]), page.replace("#new-wordings", "#new-words"));
    }

    #[test]
    fn anchors_of_other_renderers_are_left_alone() {
        let page =
            "[a](#over-out) [b](#L10) [c](#top) [d](#x) [e](#go)\n\n# Over & out\n\n<a name=\"x\"></a>\n\n# 🚀 Go\n";
        assert!(project(&[("README.md", page)]).is_empty());
    }
}
