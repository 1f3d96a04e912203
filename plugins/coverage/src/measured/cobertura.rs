//! Cobertura's XML: `<class filename="…">` and within it `<line number="…" hits="…"/>`. Read tag by tag, without a tree:
//! nothing else of it matters, entities are not resolved and a document type is passed over.

use super::Take;

/// Says each line.
pub fn read(content: &str, take: &mut Take<'_>) {
    let mut file: Option<&str> = None;
    for tag in content.split('<').skip(1) {
        let Some((tag, _)) = tag.split_once('>') else { continue };
        if tag.starts_with("class ") {
            file = attribute(tag, "filename");
        } else if tag.starts_with("line ")
            && let Some(path) = file
        {
            let number = attribute(tag, "number").and_then(|text| text.parse::<u32>().ok());
            let hits = attribute(tag, "hits").and_then(|text| text.parse::<u64>().ok());
            if let Some((number, hits)) = number.zip(hits) {
                take(path, number, hits > 0);
            }
        } else if tag.starts_with("/class") {
            file = None;
        }
    }
}

fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let at = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    tag[at..].split('"').next()
}
