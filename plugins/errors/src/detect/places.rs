//! From frames of a deployment's stack traces to places in the source, through source maps where there are any. Which
//! file a path means is the SDK's to say ([`thymus_sdk::places`]).

use std::collections::BTreeMap;

use thymus_sdk::places::{self, is_foreign};
use thymus_sdk::source::{Source, Text};
use thymus_sdk::wording::one_line;

use super::source_map::SourceMaps;
use super::stack::RawFrame;
use crate::exception::Frame;

/// The most files whose number of lines is remembered.
const MOST_COUNTED: usize = 5_000;
/// The longest name of a function.
const LONGEST_NAME: usize = 300;

/// Finds frames in the source.
pub struct Places<'a> {
    source: &'a Source,
    files: places::Places,
    lines: BTreeMap<String, u32>,
    maps: SourceMaps,
}

impl<'a> Places<'a> {
    /// Lists the source.
    pub fn of(source: &'a Source) -> Self {
        Self { source, files: places::Places::of(source), lines: BTreeMap::new(), maps: SourceMaps::default() }
    }

    /// The file of the source that a path means.
    pub fn file(&mut self, deployed: &str) -> Option<String> {
        self.files.file(deployed)
    }

    /// A frame in the source, through a source map where there is one; none where the frame lies elsewhere.
    pub fn frame(&mut self, raw: &RawFrame) -> Option<Frame> {
        let here = self.file(&raw.file);
        let map = match &here {
            Some(path) => self.maps.of_file(path, self.source),
            // Build output is seldom committed; a map beside it may be.
            None => self.file(&format!("{}.map", raw.file)).and_then(|path| self.maps.at(&path, self.source)),
        };
        let function = raw.function.as_deref().map(|name| one_line(name, LONGEST_NAME));
        if let Some((path, line, column)) = map.and_then(|map| map.original(raw.line, raw.column.unwrap_or(1)))
            && let Some(path) = self.original(&path)
            && line <= self.lines(&path)
        {
            return Some(Frame { path, line, column: Some(column), function });
        }
        let path = here?;
        // A line that isn't there says that this is another version of the file, or another file.
        (raw.line <= self.lines(&path)).then_some(Frame { path, line: raw.line, column: raw.column, function })
    }

    /// A source map's path is relative to the map, or that of the machine that built it.
    fn original(&mut self, path: &str) -> Option<String> {
        if self.source.exists(path) && !is_foreign(&format!("/{path}")) {
            Some(path.to_owned())
        } else {
            self.file(path)
        }
    }

    fn lines(&mut self, path: &str) -> u32 {
        if let Some(lines) = self.lines.get(path) {
            return *lines;
        }
        let lines = self.source.text(path).map_or(0, |text: Text| text.line_column(text.content.len()).0);
        if self.lines.len() < MOST_COUNTED {
            self.lines.insert(path.to_owned(), lines);
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(files: &[(&str, &str)]) -> (tempfile::TempDir, Source) {
        let dir = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let source = Source::at(dir.path());
        (dir, source)
    }

    #[test]
    fn a_line_that_is_not_there_is_no_place() {
        let (_dir, source) = source(&[("a.py", "one\ntwo\n")]);
        let mut places = Places::of(&source);
        let raw = |line| RawFrame { file: "/srv/a.py".to_owned(), line, column: None, function: None };
        assert_eq!(places.frame(&raw(2)).unwrap().line, 2);
        assert_eq!(places.frame(&raw(400)), None);
    }

    const MAP: &str = r#"{"version":3,"sources":["../src/cart.ts"],"names":[],"mappings":";;AAEA,SAAS"}"#;

    #[test]
    fn transpiled_frames_become_those_of_their_source() {
        use base64_simd::STANDARD;
        let inline = format!(
            "'use strict';\n\nfunction f() {{}}\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,{}\n",
            STANDARD.encode_to_string(MAP)
        );
        let (_dir, source) = source(&[
            ("src/cart.ts", "1\n2\nfunction f() {}\n"),
            ("dist/cart.js", "'use strict';\n\nfunction f() {}\n//# sourceMappingURL=cart.js.map\n"),
            ("dist/cart.js.map", MAP),
            ("build/cart.js", &inline),
            ("maps/gone.js.map", MAP),
        ]);
        let mut places = Places::of(&source);
        for file in ["/srv/dist/cart.js", "/srv/build/cart.js", "/srv/maps/gone.js"] {
            let raw = RawFrame { file: file.to_owned(), line: 3, column: Some(11), function: Some("f".to_owned()) };
            let frame = places.frame(&raw).unwrap_or_else(|| panic!("{file}"));
            assert_eq!((frame.path.as_str(), frame.line, frame.column), ("src/cart.ts", 3, Some(10)), "{file}");
        }
        let unmapped = RawFrame { file: "/srv/dist/cart.js".to_owned(), line: 1, column: Some(1), function: None };
        assert_eq!(places.frame(&unmapped).unwrap().path, "dist/cart.js");
    }

    #[test]
    fn a_hostile_map_leads_nowhere() {
        let evil = MAP.replace("../src/cart.ts", "../../../../etc/passwd");
        let (_dir, source) = source(&[
            ("dist/a.js", "1\n2\nx;\n//# sourceMappingURL=a.js.map\n"),
            ("dist/a.js.map", &evil),
            ("dist/b.js", "1\n2\nx;\n//# sourceMappingURL=../../../../etc/passwd\n"),
            ("dist/c.js", "1\n2\nx;\n//# sourceMappingURL=data:application/json;base64,!!!\n"),
            ("dist/d.js", "1\n2\nx;\n//# sourceMappingURL=d.js.map\n"),
            ("dist/d.js.map", "{\"version\":3,\"sources\":[],\"mappings\":\"AAAA;////;\"}"),
        ]);
        let mut places = Places::of(&source);
        for file in ["dist/a.js", "dist/b.js", "dist/c.js", "dist/d.js"] {
            let raw = RawFrame { file: format!("/srv/{file}"), line: 3, column: Some(1), function: None };
            assert_eq!(places.frame(&raw).map(|frame| frame.path).as_deref(), Some(file));
        }
    }
}
