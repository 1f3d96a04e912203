//! Source maps of the snapshot: from a place in transpiled code to the place in what somebody wrote. The decoding is
//! `oxc_sourcemap`'s; this finds the maps and joins their paths.

use std::collections::HashMap;
use std::rc::Rc;

use oxc_sourcemap::SourceMap;
use thymus_sdk::source::{Source, is_inside};

/// The comment that names a file's map.
const MARK: &str = "sourceMappingURL=";
/// How many bytes at the end of a file may hold it; an inline map is as long as it is.
const TAIL: usize = 4 << 20;
/// The most maps that are kept decoded.
const MOST: usize = 64;

/// The maps that were asked for.
#[derive(Default)]
pub struct SourceMaps {
    maps: HashMap<String, Option<Rc<Map>>>,
}

/// One decoded map.
pub struct Map {
    /// The folder of the file that holds it, which its paths are relative to.
    folder: String,
    map: SourceMap<'static>,
}

impl SourceMaps {
    /// The map that a file of the source names in its last lines.
    pub fn of_file(&mut self, path: &str, source: &Source) -> Option<Rc<Map>> {
        self.remember(path, || {
            let extension = path.rsplit('.').next().unwrap_or("");
            if !matches!(extension, "js" | "mjs" | "cjs") {
                return None;
            }
            let text = source.text(path).ok()?.content;
            let tail = &text[text.floor_char_boundary(text.len().saturating_sub(TAIL))..];
            let name = tail[tail.rfind(MARK)? + MARK.len()..].split_whitespace().next()?;
            if let Some(data) = name.strip_prefix("data:") {
                return decode(path, &inline(data)?);
            }
            let map = join(folder(path), name)?;
            decode(&map, &source.text(&map).ok()?.content)
        })
    }

    /// The map in this file of the source.
    pub fn at(&mut self, path: &str, source: &Source) -> Option<Rc<Map>> {
        self.remember(path, || decode(path, &source.text(path).ok()?.content))
    }

    fn remember(&mut self, path: &str, find: impl FnOnce() -> Option<Map>) -> Option<Rc<Map>> {
        if let Some(known) = self.maps.get(path) {
            return known.clone();
        }
        let map = find().map(Rc::new);
        if self.maps.len() >= MOST {
            self.maps.clear();
        }
        self.maps.insert(path.to_owned(), map.clone());
        map
    }
}

impl Map {
    /// The path, line and column that a line and column were made from; all of them counted from 1.
    pub fn original(&self, line: u32, column: u32) -> Option<(String, u32, u32)> {
        let table = self.map.generate_lookup_table();
        let token = self.map.lookup_token(&table, line.checked_sub(1)?, column.checked_sub(1)?)?;
        let named = self.map.get_source(token.get_source_id()?)?;
        let rooted = match self.map.get_source_root() {
            Some(root) if !root.is_empty() => format!("{}/{named}", root.trim_end_matches('/')),
            _ => named.to_owned(),
        };
        let path = join(&self.folder, &rooted).unwrap_or(rooted);
        Some((path, token.get_src_line().checked_add(1)?, token.get_src_col().checked_add(1)?))
    }
}

fn decode(path: &str, json: &str) -> Option<Map> {
    // Some servers put this before JSON, and the format allows it.
    let json = json.strip_prefix(")]}'").map_or(json, |rest| rest.trim_start());
    let map = SourceMap::from_json_string(json).ok()?.into_owned();
    Some(Map { folder: folder(path).to_owned(), map })
}

fn inline(data: &str) -> Option<String> {
    let encoded = data.split_once(";base64,")?.1;
    String::from_utf8(base64_simd::STANDARD.decode_to_vec(encoded).ok()?).ok()
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A relative path from a folder of the source; none where it leads out, or is no relative path.
fn join(folder: &str, relative: &str) -> Option<String> {
    if relative.contains("://") || relative.starts_with('/') {
        return None;
    }
    let mut names: Vec<&str> = folder.split('/').filter(|name| !name.is_empty()).collect();
    for name in relative.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop()?;
            }
            name => names.push(name),
        }
    }
    Some(names.join("/")).filter(|path| is_inside(path))
}
