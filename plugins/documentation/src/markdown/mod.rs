//! Documents: what they link to and what they name, against what there is.

pub mod example;
pub mod page;
pub mod rules;
pub mod slug;

use std::collections::BTreeMap;

use thymus_sdk::source::Source;

use crate::drift::Drift;
use crate::index::{Index, extension};
use crate::survey::is_foreign;
use page::Page;

/// The most documents that are read, and the largest of them.
const MOST_PAGES: usize = 500;
const LARGEST: usize = 512 << 10;

/// The drifts of all documents, and of the sequences that they speak of.
pub fn survey(source: &Source, paths: &[String], index: &Index) -> Vec<Drift> {
    let wanted = |path: &&String| (is_document(path) || rules::sequence_name::is_sequence(path)) && !is_foreign(path);
    let texts = paths.iter().filter(wanted).take(MOST_PAGES).filter_map(|path| source.text(path).ok());
    let (pages, others): (Vec<_>, Vec<_>) =
        texts.filter(|text| text.content.len() <= LARGEST).partition(|text| is_document(&text.path));
    let pages: BTreeMap<String, Page> = pages.into_iter().map(|text| (text.path.clone(), Page::read(text))).collect();
    let mut drifts = Vec::new();
    for page in pages.values() {
        drifts.extend(rules::check(page, &pages, index));
    }
    drifts.extend(others.iter().flat_map(|text| rules::sequence_name::check(text, index)));
    drifts
}

/// Markdown that speaks of the present: a change log names what is gone on purpose.
fn is_document(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or(&lower);
    let is_history = ["change", "history", "news", "release", "migrat", "upgrad", "breaking", "roadmap", "todo"];
    let speaks_of_then = is_history.iter().any(|word| name.contains(word));
    let folder_of_then =
        lower.split('/').any(|f| matches!(f, "changelog" | "changelogs" | "changes" | "rfcs" | "adr" | "proposals"));
    matches!(extension(name), "md" | "markdown") && !speaks_of_then && !folder_of_then
}
