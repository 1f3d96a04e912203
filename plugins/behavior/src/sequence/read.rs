//! From the files that `thymus.toml` names to sequences. What is no sequence is passed over, and said.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use thymus_sdk::source::{Source, Text};

use super::node::{self, Content, Node};
use super::{Beat, Entry, Pattern, Sequence};

const SEQUENCES: [&str; 1] = ["sequences"];
const STARTS: [&str; 4] = ["starts_with", "trigger", "entry", "root"];
const BEATS: [&str; 4] = ["beats", "steps", "sequence", "handlers"];
const HANDLER: [&str; 5] = ["handler", "beat", "step", "function", "name"];
const FILE: [&str; 2] = ["file", "path"];
const ONE_OF: [&str; 3] = ["one_of", "alternatives", "choice"];
const LOOP: [&str; 2] = ["loop", "repeat"];

/// Files with sequences, sequences, and beats of one that are read.
const MOST_FILES: usize = 256;
const MOST_SEQUENCES: usize = 256;
const MOST_BEATS: usize = 96;
/// How deep groups may be nested.
const DEEPEST: usize = 8;
/// A beat that may run so often may run any number of times.
const MOST_REPEATS: u32 = 16;

/// Files that globs name.
pub struct Files(Option<GlobSet>);

impl Files {
    /// Those that one of these globs names. What is no glob names none.
    pub fn of(globs: &[String]) -> Self {
        let mut set = GlobSetBuilder::new();
        for glob in globs {
            if let Ok(glob) = GlobBuilder::new(glob).literal_separator(true).build() {
                set.add(glob);
            }
        }
        Self(set.build().ok())
    }

    /// Of these paths.
    pub fn among(&self, paths: Vec<String>) -> Vec<String> {
        paths.into_iter().filter(|path| self.0.as_ref().is_some_and(|set| set.is_match(path))).collect()
    }
}

/// The sequences of the files that these globs name, and what was passed over.
pub fn read_all(globs: &[String], source: &Source) -> (Vec<Sequence>, Vec<String>) {
    let (mut sequences, mut passed_over) = (Vec::new(), Vec::new());
    if globs.is_empty() {
        return (sequences, passed_over);
    }
    for path in Files::of(globs).among(source.files()).into_iter().take(MOST_FILES) {
        let Ok(text) = source.text(&path) else { continue };
        match node::read(&path, &text.content) {
            None => {}
            Some(Err(why)) => passed_over.push(format!("{path}: {why}")),
            Some(Ok(file)) => of_file(&path, &file, &mut sequences, &mut passed_over),
        }
    }
    sequences.truncate(MOST_SEQUENCES);
    (sequences, passed_over)
}

/// The sequences of one file.
pub fn read_file(text: &Text) -> Vec<Sequence> {
    let mut sequences = Vec::new();
    if let Some(Ok(file)) = node::read(&text.path, &text.content) {
        of_file(&text.path, &file, &mut sequences, &mut Vec::new());
    }
    sequences
}

fn of_file(path: &str, file: &Node, into: &mut Vec<Sequence>, passed_over: &mut Vec<String>) {
    let holder = file.get(&SEQUENCES).unwrap_or(file);
    let named: Vec<(Option<&str>, &Node)> = match &holder.content {
        Content::List(entries) => entries.iter().map(|entry| (None, entry)).collect(),
        Content::Table(_) if holder.get(&BEATS).is_some() => vec![(None, holder)],
        Content::Table(entries) => entries.iter().map(|(name, entry)| (Some(name.as_str()), entry)).collect(),
        Content::Scalar(_) => Vec::new(),
    };
    for (number, (key, node)) in named.into_iter().enumerate() {
        let name = node.get(&["name"]).and_then(Node::text).or(key);
        let name = name.map_or_else(|| format!("number {}", number + 1), str::to_owned);
        match sequence(path, &name, node) {
            Ok(sequence) => into.push(sequence),
            Err(why) => passed_over.push(format!("{path}: {name}: {why}")),
        }
    }
}

fn sequence(path: &str, name: &str, node: &Node) -> Result<Sequence, String> {
    let list = node.get(&BEATS).and_then(Node::list).or(node.list()).ok_or("it has no list of beats")?;
    let mut reader = Reader { beats: Vec::new(), seen: 0 };
    let mut parts = Vec::new();
    let mut entries = Vec::new();
    for entry in list {
        let part = reader.pattern(entry, 0)?;
        let beat = if let Pattern::Beat(beat) = &part { Some(*beat) } else { None };
        entries.push(Entry { beat, range: entry.range.clone() });
        parts.push(part);
    }
    if reader.beats.is_empty() {
        return Err("it has no beats".to_owned());
    }
    Ok(Sequence {
        name: name.to_owned(),
        path: path.to_owned(),
        starts_with: node.get(&STARTS).and_then(Node::text).map(|text| text.trim().to_owned()),
        pattern: Pattern::InOrder(parts),
        beats: reader.beats,
        entries,
    })
}

struct Reader {
    beats: Vec<Beat>,
    seen: usize,
}

impl Reader {
    fn pattern(&mut self, node: &Node, depth: usize) -> Result<Pattern, String> {
        if depth > DEEPEST {
            return Err("its groups are nested too deep".to_owned());
        }
        match &node.content {
            Content::Scalar(text) => self.short(text),
            Content::List(_) => self.in_order(node, depth),
            Content::Table(_) => self.table(node, depth),
        }
    }

    /// `pay`, `pay?`, `pay+`, `pay*`.
    fn short(&mut self, text: &str) -> Result<Pattern, String> {
        let text = text.trim();
        let name = text.trim_end_matches(['?', '+', '*']);
        let beat = self.beat(name, None)?;
        Ok(match &text[name.len()..] {
            "" => beat,
            "?" => Pattern::Repeat(Box::new(beat), 0, Some(1)),
            "+" => Pattern::Repeat(Box::new(beat), 1, None),
            "*" => Pattern::Repeat(Box::new(beat), 0, None),
            other => return Err(format!("{other:?} says nothing of a beat")),
        })
    }

    fn table(&mut self, node: &Node, depth: usize) -> Result<Pattern, String> {
        let group = |keys: &[&str]| node.get(keys).filter(|inner| inner.text().is_none());
        let listed = |keys: &[&str]| node.get(keys).filter(|inner| inner.list().is_some());
        let inner = if let Some(parts) = group(&["parallel"]) {
            Pattern::Parallel(self.each(parts, depth)?)
        } else if let Some(parts) = group(&ONE_OF) {
            Pattern::OneOf(self.each(parts, depth)?)
        } else if let Some(parts) = group(&["optional"]) {
            return Ok(Pattern::Repeat(Box::new(self.pattern(parts, depth + 1)?), 0, Some(1)));
        } else if let Some(parts) = listed(&LOOP) {
            return Ok(Pattern::Repeat(Box::new(self.in_order(parts, depth)?), 1, None));
        } else if let Some(parts) = group(&BEATS) {
            self.in_order(parts, depth)?
        } else {
            let name = node.get(&HANDLER).and_then(Node::text).ok_or("a beat names no handler")?;
            self.beat(name.trim(), node.get(&FILE).and_then(Node::text))?
        };
        let optional = node.get(&["optional"]).and_then(Node::text) == Some("true");
        let (least, most) = node.get(&LOOP).map_or(Ok((1, Some(1))), times)?;
        let repeated = (least, most) != (1, Some(1));
        let inner = if repeated { Pattern::Repeat(Box::new(inner), least, most) } else { inner };
        Ok(if optional { Pattern::Repeat(Box::new(inner), 0, Some(1)) } else { inner })
    }

    fn each(&mut self, parts: &Node, depth: usize) -> Result<Vec<Pattern>, String> {
        let parts = parts.list().ok_or("a group is a list")?;
        if parts.is_empty() {
            return Err("a group is empty".to_owned());
        }
        parts.iter().map(|part| self.pattern(part, depth + 1)).collect()
    }

    fn in_order(&mut self, parts: &Node, depth: usize) -> Result<Pattern, String> {
        self.each(parts, depth).map(Pattern::InOrder)
    }

    fn beat(&mut self, handler: &str, file: Option<&str>) -> Result<Pattern, String> {
        self.seen += 1;
        if handler.is_empty() || handler.len() > 512 || self.seen > MOST_BEATS {
            return Err(format!("a beat without a name, or more than {MOST_BEATS}"));
        }
        let beat = Beat { handler: handler.to_owned(), file: file.map(|file| file.trim().to_owned()) };
        let known = self.beats.iter().position(|one| *one == beat);
        Ok(Pattern::Beat(known.unwrap_or_else(|| {
            self.beats.push(beat);
            self.beats.len() - 1
        })))
    }
}

/// How often, from `true`, `3`, `{min: 0, max: 4}`.
fn times(node: &Node) -> Result<(u32, Option<u32>), String> {
    let number = |text: &str| text.parse::<u32>().map_err(|_| format!("{text:?} says not how often"));
    let (least, most) = match node.text() {
        Some("true") => (1, None),
        Some("false") => (1, Some(1)),
        Some(text) => (number(text)?, Some(number(text)?)),
        None => {
            let least = node.get(&["min", "at_least"]).and_then(Node::text).map_or(Ok(0), number)?;
            (least, node.get(&["max", "at_most"]).and_then(Node::text).map(number).transpose()?)
        }
    };
    let most = most.filter(|most| *most <= MOST_REPEATS);
    if least > MOST_REPEATS || most.is_some_and(|most| most < least || most == 0) {
        return Err(format!("a beat runs at least 0 to {MOST_REPEATS} times, and not more often than at most"));
    }
    Ok((least, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> (Vec<Sequence>, Vec<String>) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("docs")).unwrap();
        std::fs::write(dir.path().join("docs").join(name), text).unwrap();
        read_all(&["docs/*".to_owned()], &Source::at(dir.path()))
    }

    fn spelled(pattern: &Pattern, beats: &[Beat]) -> String {
        let all = |parts: &[Pattern]| parts.iter().map(|part| spelled(part, beats)).collect::<Vec<_>>().join(" ");
        match pattern {
            Pattern::Beat(beat) => beats[*beat].handler.clone(),
            Pattern::InOrder(parts) => format!("({})", all(parts)),
            Pattern::Parallel(parts) => format!("par({})", all(parts)),
            Pattern::OneOf(parts) => format!("one({})", all(parts)),
            Pattern::Repeat(part, least, most) => {
                format!("{}{{{least},{}}}", spelled(part, beats), most.map_or(String::new(), |most| most.to_string()))
            }
        }
    }

    #[test]
    fn every_form_of_a_beat_is_read() {
        let text = "
sequences:
  - name: all
    starts_with: POST /checkout
    beats:
      - a
      - {handler: b, file: src/b.js, optional: true}
      - parallel: [c, d?]
      - one_of: [e, [f, g]]
      - {loop: [h, i]}
      - {step: j, repeat: {min: 0, max: 4}}
      - {optional: [k, l]}
      - {beats: [m, n], repeat: true}
      - o+
";
        let (sequences, passed_over) = read("s.yaml", text);
        assert_eq!(passed_over, [""; 0]);
        let [all] = sequences.as_slice() else { panic!("{sequences:?}") };
        assert_eq!((all.name.as_str(), all.starts_with.as_deref()), ("all", Some("POST /checkout")));
        assert_eq!(
            spelled(&all.pattern, &all.beats),
            "(a b{0,1} par(c d{0,1}) one(e (f g)) (h i){1,} j{0,4} (k l){0,1} (m n){1,} o{1,})"
        );
        assert_eq!(all.beats[1].file.as_deref(), Some("src/b.js"));
        assert_eq!(all.line(), None);
        assert_eq!(&text[all.entries[1].range.clone()], "{handler: b, file: src/b.js, optional: true}");
    }

    #[test]
    fn sequences_stand_alone_in_lists_and_in_tables_by_name_in_yaml_json_and_toml() {
        for (name, text) in [
            ("a.yaml", "name: pay\nsteps: [a, b]\n"),
            ("b.yml", "- name: pay\n  beats:\n  - a\n  - b\n"),
            ("c.json", "{\"sequences\": {\"pay\": {\"beats\": [\"a\", {\"handler\": \"b\"}]}}}"),
            ("d.json", "{\"pay\": [\"a\", \"b\"]}"),
            ("e.toml", "[[sequences]]\nname = \"pay\"\nbeats = [\"a\", \"b\"]\n"),
            (
                "f.toml",
                "[[sequences]]\nname = \"pay\"\n[[sequences.beats]]\nhandler = \"a\"\n[[sequences.beats]]\nhandler = \"b\"\n",
            ),
        ] {
            let (sequences, passed_over) = read(name, text);
            assert_eq!(sequences.len(), 1, "{name}: {passed_over:?}");
            assert_eq!((sequences[0].name.as_str(), sequences[0].line()), ("pay", Some(vec![0, 1])), "{name}");
        }
    }

    #[test]
    fn what_is_no_sequence_is_passed_over_and_named() {
        for text in
            ["openapi: 3.0", "sequences: [{name: x}]", "beats: [{why: x}]", "beats: [{loop: []}]", "beats: ['a??']"]
        {
            let (sequences, passed_over) = read("s.yaml", text);
            assert!(sequences.is_empty() && !passed_over.is_empty(), "{text}: {sequences:?}");
        }
        let many = format!("beats: [{}]", "a, ".repeat(200));
        assert!(read("s.yaml", &many).0.is_empty());
        assert!(read("s.md", "beats: [a]").0.is_empty());
    }
}
