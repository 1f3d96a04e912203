//! From paths of a deployment to files of the source. `/srv/shop/src/cart.js` is `src/cart.js`, if that is there: the
//! file that shares the longest tail with the path. What shares too little, or as much with two files, is no file.

use std::collections::{BTreeMap, HashMap};

use thymus_sdk::source::{Source, Text, is_inside};
use thymus_sdk::wording::one_line;

use super::source_map::SourceMaps;
use super::stack::RawFrame;
use crate::exception::Frame;

/// Folders of code that others wrote, in deployments and in sources.
const FOREIGN: [&str; 7] =
    ["/node_modules/", "/site-packages/", "/dist-packages/", "/.venv/", "/lib/python", "/bower_components/", "/.yarn/"];
/// The most different paths that are remembered: telemetry can name any number.
const MOST_REMEMBERED: usize = 20_000;
/// The most files whose number of lines is remembered.
const MOST_COUNTED: usize = 5_000;

/// The longest name of a function.
const LONGEST_NAME: usize = 300;

/// Finds files of the source.
pub struct Places<'a> {
    source: &'a Source,
    /// The files by their last name.
    files: HashMap<String, Vec<String>>,
    found: HashMap<String, Option<String>>,
    lines: BTreeMap<String, u32>,
    maps: SourceMaps,
}

impl<'a> Places<'a> {
    /// Lists the source.
    pub fn of(source: &'a Source) -> Self {
        let mut files: HashMap<String, Vec<String>> = HashMap::new();
        for path in source.files() {
            if !is_foreign(&format!("/{path}")) {
                let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
                files.entry(name).or_default().push(path);
            }
        }
        Self { source, files, found: HashMap::new(), lines: BTreeMap::new(), maps: SourceMaps::default() }
    }

    /// The file of the source that a path means.
    pub fn file(&mut self, deployed: &str) -> Option<String> {
        if let Some(known) = self.found.get(deployed) {
            return known.clone();
        }
        let file = clean(deployed).and_then(|path| self.longest_tail(&path));
        if self.found.len() < MOST_REMEMBERED {
            self.found.insert(deployed.to_owned(), file.clone());
        }
        file
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

    fn longest_tail(&self, path: &str) -> Option<String> {
        let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
        let candidates = self.files.get(*names.last()?)?;
        let shared = |file: &str| file.rsplit('/').zip(names.iter().rev()).take_while(|(a, b)| a == *b).count();
        let longest = candidates.iter().map(|file| shared(file)).max()?;
        let mut best = candidates.iter().filter(|file| shared(file) == longest);
        let (first, second) = (best.next()?, best.next());
        let whole = |file: &str| file.split('/').count() == longest;
        match second {
            // `app.py` at the top is meant by `/srv/app.py`, whatever else is called so further down.
            Some(_) => candidates.iter().find(|file| whole(file) && shared(file) == longest).cloned(),
            None => Some(first.clone()),
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

fn is_foreign(path: &str) -> bool {
    FOREIGN.iter().any(|folder| path.contains(folder))
}

/// A URL's or a path's names, with `/` between; none for what leads out, is foreign or could be no path.
fn clean(deployed: &str) -> Option<String> {
    if deployed.len() > 4096 || deployed.contains(|c: char| c.is_control()) {
        return None;
    }
    let path = match deployed.split_once("://") {
        // `webpack://shop/./src/cart.ts?4f2a`, `file:///srv/cart.js?v=2`, `webpack-internal:///(rsc)/./src/cart.ts`.
        Some((_, rest)) => percent_decoded(rest.split(['?', '#']).next()?)?,
        None => deployed.to_owned(),
    };
    let path = path.replace('\\', "/");
    if is_foreign(&path) || path.contains("/<") {
        return None;
    }
    let names: Vec<&str> = path.split('/').filter(|name| !matches!(*name, "" | ".")).collect();
    let joined = names.join("/");
    // `..` could lead anywhere, and `is_inside` says so.
    is_inside(&joined).then_some(joined)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let code = (*first == b'%').then(|| behind.get(..2)).flatten();
        let code = code.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8(bytes).ok().filter(|path| !path.contains(|c: char| c.is_control()))
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
    fn the_longest_tail_wins() {
        let (_dir, source) = source(&[
            ("app.py", ""),
            ("src/handlers/cart.js", ""),
            ("src/cart.js", ""),
            ("services/a/app/views.py", ""),
            ("services/b/app/views.py", ""),
            ("node_modules/x/index.js", ""),
            ("inventory/app.py", ""),
        ]);
        let mut places = Places::of(&source);
        for (deployed, file) in [
            ("/srv/order-shop/src/handlers/cart.js", Some("src/handlers/cart.js")),
            ("src/cart.js", Some("src/cart.js")),
            ("./src/cart.js", Some("src/cart.js")),
            ("file:///srv/order%2Dshop/src/cart.js?v=2", Some("src/cart.js")),
            ("webpack://shop/./src/cart.js?4f2a", Some("src/cart.js")),
            ("webpack-internal:///(rsc)/./src/cart.js", Some("src/cart.js")),
            ("C:\\app\\src\\cart.js", Some("src/cart.js")),
            ("/opt/handlers/cart.js", Some("src/handlers/cart.js")),
            ("/srv/app.py", Some("app.py")),
            ("/srv/inventory/app.py", Some("inventory/app.py")),
            ("/app/app/views.py", None),
            ("/app/b/app/views.py", Some("services/b/app/views.py")),
            ("/srv/node_modules/x/src/cart.js", None),
            ("/usr/lib/python3.11/app.py", None),
            ("/etc/passwd", None),
            ("/srv/../src/cart.js", None),
            ("../../src/cart.js", None),
            ("file:///srv/%2e%2e/src/cart.js", None),
            ("src/cart.js\0", None),
            ("", None),
            ("///", None),
            ("<frozen importlib._bootstrap>", None),
        ] {
            assert_eq!(places.file(deployed).as_deref(), file, "{deployed:?}");
        }
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
