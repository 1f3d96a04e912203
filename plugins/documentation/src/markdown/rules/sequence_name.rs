//! A documented sequence names a handler that its file doesn't have, or a file that isn't there. Only pairs of the lines `handler:`
//! and `file:` are read, which is how sequences name their beats in YAML; more of the format is not needed to see that.

use std::ops::Range;

use thymus_sdk::source::Text;

use crate::doc::Line;
use crate::documented::repair;
use crate::drift::{Drift, Replace, Weight};
use crate::index::{Index, Offer, extension, only_alike};

use super::{MOST, drift};

/// Whether a path names a document of sequences.
pub fn is_sequence(path: &str) -> bool {
    let is_yaml = matches!(extension(path), "yaml" | "yml");
    is_yaml && path.split('/').any(|part| part.to_ascii_lowercase().contains("sequence"))
}

/// One beat, by its two lines.
struct Beat<'t> {
    handler: (&'t str, Range<usize>),
    file: (&'t str, Range<usize>),
}

/// Each handler and each file that is gone, once.
pub fn check(text: &Text, index: &Index) -> Vec<Drift> {
    let mut found: Vec<Drift> = Vec::new();
    let beats = beats(text);
    for beat in &beats {
        if found.len() == MOST {
            break;
        }
        let folder = text.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let drift = match index.seen_from(folder, beat.file.0) {
            Some(file) => handler_gone(text, index, &beats, beat, &file),
            None => Some(file_gone(text, index, &beats, beat)),
        };
        found.extend(drift.filter(|drift| !found.iter().any(|other| other.key == drift.key)));
    }
    found
}

fn beats(text: &Text) -> Vec<Beat<'_>> {
    let lines = Line::all(&text.content, 0..text.content.len());
    let value = |line: &Line<'_>, key: &str| -> Option<Range<usize>> {
        let body = line.text.trim_start_matches([' ', '-', '\t']).strip_prefix(key)?;
        let words = body.trim().trim_matches(['"', '\'']);
        let is_plain = !words.is_empty() && !words.contains(['#', '{', '[', '*', '&', ' ']);
        let at = line.start + line.text.len() - body.len() + body.find(words)?;
        is_plain.then_some(at..at + words.len())
    };
    let pairs = lines.windows(2).filter_map(|pair| {
        let (first, second) = (&pair[0], &pair[1]);
        let (handler, file) = match value(first, "handler:") {
            Some(handler) => (handler, value(second, "file:")?),
            None => (value(second, "handler:")?, value(first, "file:")?),
        };
        let is_one_beat = !second.text.trim_start().starts_with('-');
        let part = |at: Range<usize>| text.content.get(at.clone()).map(|words| (words, at));
        is_one_beat.then(|| Some(Beat { handler: part(handler)?, file: part(file)? })).flatten()
    });
    pairs.collect()
}

fn handler_gone(text: &Text, index: &Index, beats: &[Beat], beat: &Beat, file: &str) -> Option<Drift> {
    let name = beat.handler.0;
    if name.contains('.') || index.offers(file, name) != Offer::No {
        return None;
    }
    let key = format!("{file} {name}");
    let mut found = drift(&text.path, "sequence-handler", Weight::Breaks, 0.9, &key, beat.handler.1.clone());
    found.title = format!("{}: a beat is {name}, which {file} does not have", text.path);
    found.statement = format!("A beat of the sequence is `{name}` in `{file}`; the file has no such handler");
    found.against = Some((file.to_owned(), 0..0));
    let same = beats.iter().filter(|other| other.handler.0 == name && other.file.0 == beat.file.0);
    let beside = beats.iter().map(|other| other.handler.0).collect();
    found.repair = index.renamed(file, name, &beside).and_then(|new| {
        repair(
            format!("Name the beat {new} as its handler is called"),
            format!("`{file}` has no `{name}`; the only name of it that is alike is `{new}`."),
            same.map(|other| Replace::of(&text.content, other.handler.1.clone(), new)),
        )
    });
    Some(found)
}

fn file_gone(text: &Text, index: &Index, beats: &[Beat], beat: &Beat) -> Drift {
    let (handler, file) = (beat.handler.0, beat.file.0);
    let mut found = drift(&text.path, "sequence-file", Weight::Breaks, 0.9, file, beat.file.1.clone());
    found.title = format!("{}: a beat lies in {file}, which is not there", text.path);
    found.statement = format!("A beat of the sequence lies in `{file}`; there is no such file");
    // The file that has all of its handlers, if there is only one.
    let own: Vec<&str> = beats.iter().filter(|other| other.file.0 == file).map(|other| other.handler.0).collect();
    let has_all = |path: &str| own.iter().all(|name| index.offers(path, name) == Offer::Yes);
    let homes: Vec<&str> = index.surfaces.keys().map(String::as_str).filter(|path| has_all(path)).collect();
    let successor = match homes[..] {
        [one] => Some(one),
        _ => only_alike(file, homes.into_iter()),
    };
    let same = beats.iter().filter(|other| other.file.0 == file);
    found.repair = successor.and_then(|new| {
        repair(
            format!("Name {new} as the file of {handler}"),
            format!("There is no `{file}`; `{new}` is the only file that has what the sequence says of it."),
            same.map(|other| Replace::of(&text.content, other.file.1.clone(), new)),
        )
    });
    found
}

#[cfg(test)]
mod tests {
    use crate::rules::examples::{project, repaired};

    #[test]
    fn beats_are_where_the_sequence_says() {
        let sequence = "sequences:\n  - name: x\n    beats:\n      - handler: splitPicks\n        file: src/lots.js\n      \
                        - handler: take\n        file: src/handlers/stock.js\n";
        let files = [
            ("docs/sequences/x.yaml", sequence),
            ("src/lots.js", "export function splitPick() {}\n"),
            ("src/stock.js", "export function take() {}\n"),
        ];
        let drifts = project(&files);
        assert_eq!(drifts.len(), 2, "{drifts:#?}");
        assert_eq!(repaired(sequence, &drifts[0]), sequence.replace("splitPicks", "splitPick"));
        assert_eq!(repaired(sequence, &drifts[1]), sequence.replace("src/handlers/stock.js", "src/stock.js"));
    }
}
