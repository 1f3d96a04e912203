//! A YAML, JSON or TOML file as a tree that knows where in the file each part stands, so that a definition can be corrected
//! without rewriting it.
//!
//! JSON is read as the YAML it is. Anchors and aliases are refused: a few lines of them stand for billions of nodes.

use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle};
use toml_span::value::ValueInner;

/// The largest file that is read.
const LARGEST: usize = 512 << 10;
/// The deepest nesting.
const DEEPEST: usize = 64;
/// The most nodes of a file.
const MOST_NODES: usize = 50_000;

/// A part of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it holds.
    pub content: Content,
    /// Its bytes in the file. Of a block collection in YAML they begin with its first entry.
    pub range: Range<usize>,
}

/// What a part holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Text, and numbers and truths as text.
    Scalar(String),
    /// A list.
    List(Vec<Node>),
    /// A table, in the order of the file.
    Table(Vec<(String, Node)>),
}

impl Node {
    /// What stands under the first of these keys that is there.
    pub fn get(&self, keys: &[&str]) -> Option<&Node> {
        let Content::Table(entries) = &self.content else { return None };
        keys.iter().find_map(|key| entries.iter().find(|(name, _)| name == key).map(|(_, node)| node))
    }

    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        if let Content::Scalar(text) = &self.content { Some(text) } else { None }
    }

    /// The entries of a list.
    pub fn list(&self) -> Option<&[Node]> {
        if let Content::List(entries) = &self.content { Some(entries) } else { None }
    }
}

/// Reads a file of this name; none where its extension is another.
pub fn read(path: &str, text: &str) -> Option<Result<Node, String>> {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
    if !matches!(extension.as_str(), "yaml" | "yml" | "json" | "toml") {
        return None;
    }
    if text.len() > LARGEST {
        return Some(Err(format!("it is larger than {LARGEST} bytes")));
    }
    Some(if extension == "toml" { toml(text) } else { yaml(text) })
}

fn toml(text: &str) -> Result<Node, String> {
    // The parser calls itself for what is nested.
    let mut depth = 0_usize;
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Err("it is nested too deep".to_owned());
        }
    }
    let mut value = toml_span::parse(text).map_err(|error| error.to_string())?;
    of_toml(&mut value, 0)
}

fn of_toml(value: &mut toml_span::Value<'_>, depth: usize) -> Result<Node, String> {
    if depth > DEEPEST {
        return Err("it is nested too deep".to_owned());
    }
    let range = value.span.start..value.span.end;
    let content = match value.take() {
        ValueInner::String(text) => Content::Scalar(text.into_owned()),
        ValueInner::Integer(number) => Content::Scalar(number.to_string()),
        ValueInner::Float(number) => Content::Scalar(number.to_string()),
        ValueInner::Boolean(truth) => Content::Scalar(truth.to_string()),
        ValueInner::Array(mut entries) => {
            Content::List(entries.iter_mut().map(|entry| of_toml(entry, depth + 1)).collect::<Result<_, _>>()?)
        }
        ValueInner::Table(table) => {
            let mut entries = Vec::new();
            for (key, mut entry) in table {
                entries.push((key.span.start, key.name.to_string(), of_toml(&mut entry, depth + 1)?));
            }
            entries.sort_by_key(|(start, _, _)| *start);
            Content::Table(entries.into_iter().map(|(_, key, node)| (key, node)).collect())
        }
    };
    Ok(Node { content, range })
}

/// A collection that has not ended yet.
enum Open {
    List(Vec<Node>, usize),
    Table(Vec<(String, Node)>, Option<String>, usize),
}

fn yaml(text: &str) -> Result<Node, String> {
    let bytes = ByteOffsets::of(text);
    let mut open: Vec<Open> = Vec::new();
    let mut nodes = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| error.to_string())?;
        let range = bytes.at(span.start.index())..bytes.at(span.end.index());
        let finished = match event {
            Event::Alias(_) => return Err("it has aliases".to_owned()),
            Event::Scalar(value, style, _, _) => {
                let range = if style == ScalarStyle::Plain { trimmed(text, range) } else { range };
                Some(Node { content: Content::Scalar(value.into_owned()), range })
            }
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new(), range.start));
                None
            }
            Event::MappingStart(..) => {
                open.push(Open::Table(Vec::new(), None, range.start));
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(|collection| closed(text, collection, range.end)),
            _ => None,
        };
        if open.len() > DEEPEST {
            return Err("it is nested too deep".to_owned());
        }
        let Some(node) = finished else { continue };
        nodes += 1;
        if nodes > MOST_NODES {
            return Err("it holds too much".to_owned());
        }
        match open.last_mut() {
            None => return Ok(node),
            Some(Open::List(entries, _)) => entries.push(node),
            Some(Open::Table(entries, key, _)) => match key.take() {
                Some(name) => entries.push((name, node)),
                None => *key = Some(node.text().unwrap_or_default().to_owned()),
            },
        }
    }
    Err("it is empty".to_owned())
}

fn closed(text: &str, collection: Open, end: usize) -> Node {
    let (content, start, last) = match collection {
        Open::List(entries, start) => {
            let last = entries.last().map(|entry| entry.range.end);
            (Content::List(entries), start, last)
        }
        Open::Table(entries, _, start) => {
            let last = entries.last().map(|(_, entry)| entry.range.end);
            (Content::Table(entries), start, last)
        }
    };
    // A block collection ends for YAML where the next thing begins, far behind its last entry.
    let is_flow = text[start..].starts_with(['[', '{']);
    let end = if is_flow { end } else { last.unwrap_or(start) };
    Node { content, range: start..end }
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let part = text.get(range.clone()).unwrap_or_default();
    range.start..range.start + part.trim_end().len()
}

/// From characters, which YAML's parser counts, to bytes.
struct ByteOffsets(Option<Vec<usize>>, usize);

impl ByteOffsets {
    fn of(text: &str) -> Self {
        let offsets = (!text.is_ascii()).then(|| text.char_indices().map(|(at, _)| at).collect());
        Self(offsets, text.len())
    }

    fn at(&self, index: usize) -> usize {
        match &self.0 {
            None => index.min(self.1),
            Some(offsets) => offsets.get(index).copied().unwrap_or(self.1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every scalar with the bytes it stands at.
    fn scalars(node: &Node, text: &str, into: &mut Vec<(String, String)>) {
        match &node.content {
            Content::Scalar(value) => into.push((value.clone(), text[node.range.clone()].to_owned())),
            Content::List(entries) => entries.iter().for_each(|entry| scalars(entry, text, into)),
            Content::Table(entries) => entries.iter().for_each(|(_, entry)| scalars(entry, text, into)),
        }
    }

    #[test]
    fn the_three_forms_are_one_tree_whose_parts_know_their_place() {
        let yaml = "# ä\nbeats:\n  - handler: pay   # last\n    file: 'a.js'\n  - ship\nmore: {x: [1, true]}\n";
        let json = "{\n\t\"beats\": [{\"handler\": \"pay\", \"file\": \"a.js\"}, \"ship\"],\n\t\"more\": {\"x\": [1, true]}\n}";
        let toml = "beats = [{ handler = \"pay\", file = \"a.js\" }, \"ship\"]\n[more]\nx = [1, true]\n";
        let mut contents = Vec::new();
        for (name, text) in [("a.yaml", yaml), ("a.JSON", json), ("a.toml", toml)] {
            let node = read(name, text).unwrap().unwrap();
            let mut found = Vec::new();
            scalars(&node, text, &mut found);
            for (value, place) in &found {
                assert!(place.trim_matches(['"', '\'']) == value, "{name}: {value} at {place:?}");
            }
            contents.push(found.into_iter().map(|(value, _)| value).collect::<Vec<_>>());
            assert_eq!(node.get(&["steps", "beats"]).unwrap().list().unwrap().len(), 2);
        }
        assert_eq!(contents[0], ["pay", "a.js", "ship", "1", "true"]);
        assert!(contents.iter().all(|content| *content == contents[0]));
    }

    #[test]
    fn what_would_cost_too_much_or_is_no_such_file_is_refused() {
        assert!(read("a.md", "x").is_none());
        assert!(read("a.yaml", "a: &x [1]\nb: *x\n").unwrap().unwrap_err().contains("aliases"));
        for deep in ["a.json", "a.yaml", "a.toml"] {
            let text = format!("{}{}", if deep.ends_with("toml") { "a = " } else { "" }, "[".repeat(50_000));
            assert!(read(deep, &text).unwrap().is_err(), "{deep}");
        }
        for broken in ["a: [", "\"", "- - :\n -", "\u{0}"] {
            assert!(read("a.yml", broken).unwrap().is_err(), "{broken:?}");
        }
    }
}
