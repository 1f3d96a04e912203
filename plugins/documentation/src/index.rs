//! What of a project documentation may name: its files, what its modules offer, its scripts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use thymus_sdk::source::Source;

use crate::signature::Signature;
use crate::survey::is_foreign;

/// Names at least this alike may be one, if no other is nearly as much.
const ALIKE: f64 = 0.7;
const CLEARLY: f64 = 0.08;
/// The most modules that re-exports are followed through.
const MOST_HOPS: usize = 8;

/// What a module offers to others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Surface {
    /// Every name that can be imported from it.
    pub names: BTreeSet<String>,
    /// Whether it may offer names that its text does not show.
    pub is_open: bool,
    /// Modules whose names it hands on, as it names them.
    pub hands_on: Vec<String>,
    /// Its functions.
    pub functions: BTreeMap<String, Signature>,
}

/// The project, as documentation may name it.
#[derive(Debug, Default)]
pub struct Index {
    /// Every file.
    pub files: BTreeSet<String>,
    /// Every folder.
    pub folders: BTreeSet<String>,
    /// The files of a name, in lower case, that people of this project wrote.
    named: BTreeMap<String, Vec<String>>,
    /// What each parsed module offers, by its path.
    pub surfaces: BTreeMap<String, Surface>,
    /// `package.json`, of the top.
    pub package: Option<Value>,
}

/// What a module is known to offer under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// It is there.
    Yes,
    /// It is not.
    No,
    /// The text of the module doesn't tell.
    Unknown,
}

impl Index {
    /// Of the files; modules are added as they are parsed.
    pub fn of(source: &Source, files: &[String]) -> Self {
        let mut folders = BTreeSet::new();
        for path in files {
            let mut rest = path.as_str();
            while let Some((folder, _)) = rest.rsplit_once('/') {
                if !folders.insert(folder.to_owned()) {
                    break;
                }
                rest = folder;
            }
        }
        let mut named: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for path in files.iter().filter(|path| !is_foreign(path)) {
            let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
            named.entry(name).or_default().push(path.clone());
        }
        let package = source.text("package.json").ok().and_then(|text| serde_json::from_str(&text.content).ok());
        Self { files: files.iter().cloned().collect(), folders, named, surfaces: BTreeMap::new(), package }
    }

    /// Whether a path names a file or a folder.
    pub fn has(&self, path: &str) -> bool {
        self.files.contains(path) || self.folders.contains(path)
    }

    /// The project's own files of a name, in whatever case it is written.
    pub fn named(&self, name: &str) -> &[String] {
        self.named.get(&name.to_ascii_lowercase()).map_or(&[], Vec::as_slice)
    }

    /// The files right in a folder.
    pub fn in_folder<'i>(&'i self, folder: &str) -> impl Iterator<Item = &'i str> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let length = prefix.len();
        let below = self.files.range(prefix.clone()..).take_while(move |path| path.starts_with(&prefix));
        below.map(String::as_str).filter(move |path| !path[length..].contains('/'))
    }

    /// The file or folder that a path names as seen from a folder, or from one of those around it, the nearest first.
    pub fn seen_from(&self, folder: &str, path: &str) -> Option<String> {
        let mut rest = folder;
        loop {
            let seen = join(rest, path).filter(|seen| self.has(seen));
            if seen.is_some() || rest.is_empty() {
                return seen;
            }
            rest = rest.rsplit_once('/').map_or("", |(parent, _)| parent);
        }
    }

    /// Whether the snapshot looks like a whole repository, not like what was packed of one for users.
    pub fn is_whole(&self) -> bool {
        let kept_back = |folder: &str| self.folders.contains(folder);
        self.files.contains(".gitignore") && [".github", "test", "tests", "src", "docs"].into_iter().any(kept_back)
    }

    /// A script of `package.json`; none where there is no such file.
    pub fn scripts(&self) -> Option<BTreeSet<&str>> {
        let scripts = self.package.as_ref()?.get("scripts")?.as_object()?;
        Some(scripts.keys().map(String::as_str).collect())
    }

    /// The file that a specifier of a script names, as seen from a folder (empty for the top).
    pub fn script(&self, folder: &str, specifier: &str) -> Option<String> {
        if specifier.starts_with('.') {
            return self.script_at(&join(folder, specifier)?);
        }
        let package = self.package.as_ref()?;
        if package.get("name")?.as_str()? != specifier {
            return None;
        }
        let entry = package.get("exports").and_then(|exports| entry_of(exports, 0));
        let entry = entry.or_else(|| package.get("module")?.as_str()).or_else(|| package.get("main")?.as_str());
        self.script_at(&join("", entry.unwrap_or("./index.js"))?)
    }

    fn script_at(&self, base: &str) -> Option<String> {
        let mut candidates = vec![base.to_owned()];
        if let Some(stem) = base.strip_suffix(".js").or_else(|| base.strip_suffix(".mjs")) {
            candidates.extend([format!("{stem}.ts"), format!("{stem}.tsx"), format!("{stem}.mts")]);
        }
        for extension in ["js", "ts", "mjs", "cjs", "jsx", "tsx"] {
            candidates.push(format!("{base}.{extension}"));
            candidates.push(format!("{base}/index.{extension}"));
        }
        candidates.into_iter().find(|path| self.files.contains(path))
    }

    /// The file of a Python module of this project; an outer none for somebody else's, an inner one where it is gone.
    pub fn python(&self, module: &str) -> Option<Option<String>> {
        let top = module.split('.').next().filter(|top| !top.is_empty())?;
        let root = ["", "src/", "lib/", "python/"].into_iter().find(|root| {
            let folder = format!("{root}{top}");
            self.files.contains(&format!("{folder}/__init__.py")) || self.files.contains(&format!("{folder}.py"))
        })?;
        let base = format!("{root}{}", module.replace('.', "/"));
        let files = [format!("{base}.py"), format!("{base}/__init__.py")];
        if let Some(file) = files.into_iter().find(|file| self.files.contains(file)) {
            return Some(Some(file));
        }
        // Compiled, generated, or a folder without an initialiser: nothing here tells what it offers.
        let is_other = self.folders.contains(&base)
            || self.files.range(format!("{base}.")..).next().is_some_and(|file| file.starts_with(&format!("{base}.")));
        (!is_other && !self.is_made_by_parent(&base)).then_some(None)
    }

    /// Whether the nearest package around a path may make modules up as they are asked for.
    fn is_made_by_parent(&self, base: &str) -> bool {
        let mut rest = base;
        while let Some((parent, _)) = rest.rsplit_once('/') {
            if self.folders.contains(parent) {
                let surface = self.surfaces.get(&format!("{parent}/__init__.py"));
                return surface.is_none_or(|surface| surface.is_open);
            }
            rest = parent;
        }
        false
    }

    /// Whether a module offers a name.
    pub fn offers(&self, path: &str, name: &str) -> Offer {
        let mut open = vec![path.to_owned()];
        let mut seen = BTreeSet::new();
        while let Some(path) = open.pop() {
            if !seen.insert(path.clone()) {
                continue;
            }
            let Some(surface) = self.surfaces.get(&path).filter(|_| seen.len() <= MOST_HOPS) else {
                return Offer::Unknown;
            };
            if surface.names.contains(name) {
                return Offer::Yes;
            }
            if surface.is_open {
                return Offer::Unknown;
            }
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            for specifier in &surface.hands_on {
                let Some(next) = self.script(folder, specifier) else { return Offer::Unknown };
                open.push(next);
            }
        }
        Offer::No
    }

    /// The only name of a module that an old name could have become. What is named beside the old one is something else.
    pub fn renamed(&self, path: &str, old: &str, beside: &BTreeSet<&str>) -> Option<&str> {
        let surface = self.surfaces.get(path)?;
        only_alike(old, surface.names.iter().map(String::as_str).filter(|name| !beside.contains(name)))
    }
}

/// What stands behind the last dot of a file's name.
pub fn extension(path: &str) -> &str {
    path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map_or("", |(_, extension)| extension)
}

/// Whether a path names Python; names are compared as they are written, as Python does.
pub fn is_python(path: &str) -> bool {
    extension(path) == "py"
}

/// The first string that the usual conditions of `exports` lead to.
fn entry_of(exports: &Value, depth: usize) -> Option<&str> {
    match exports {
        Value::String(path) => Some(path),
        Value::Object(map) if depth < 6 => [".", "import", "default", "node", "require", "module"]
            .into_iter()
            .find_map(|key| entry_of(map.get(key)?, depth + 1)),
        _ => None,
    }
}

/// A relative path seen from a folder; none when it leads out.
pub fn join(folder: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The words of a name: `splitPick2` and `split_pick_2` have the same.
fn words(name: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let mut word = String::new();
    let mut was_lower = false;
    for letter in name.chars() {
        let starts = !letter.is_alphanumeric() || (letter.is_uppercase() && was_lower);
        if starts && !word.is_empty() {
            words.insert(std::mem::take(&mut word));
        }
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        }
        was_lower = letter.is_lowercase() || letter.is_numeric();
    }
    if !word.is_empty() {
        words.insert(word);
    }
    words
}

/// How alike two names are, from 0 to 1: by their letters (Damerau-Levenshtein), or by the words they share (Jaccard).
pub fn likeness(a: &str, b: &str) -> f64 {
    let (words_a, words_b) = (words(a), words(b));
    let shared = words_a.intersection(&words_b).count();
    let all = words_a.union(&words_b).count().max(1);
    #[allow(clippy::cast_precision_loss)] // counts of words
    let by_words = if shared == 0 { 0.0 } else { 0.5 + 0.5 * shared as f64 / all as f64 };
    let by_letters = strsim::normalized_damerau_levenshtein(&a.to_lowercase(), &b.to_lowercase());
    // Letters alone make short names alike.
    by_words.max(if a.len().min(b.len()) > 3 { by_letters } else { 0.0 })
}

/// The one candidate that is clearly more like the old name than all others.
pub fn only_alike<'n>(old: &str, candidates: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let mut rated: Vec<(f64, &str)> =
        candidates.filter(|name| *name != old).map(|name| (likeness(old, name), name)).collect();
    rated.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    let (best, name) = *rated.first()?;
    let second = rated.get(1).map_or(0.0, |rated| rated.0);
    (best >= ALIKE && best - second >= CLEARLY).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renamed_name_is_told_from_others() {
        let names = ["percentOf", "format", "subtotal", "parse"];
        assert_eq!(only_alike("percentageOf", names.into_iter()), Some("percentOf"));
        assert_eq!(only_alike("formatCents", names.into_iter()), Some("format"));
        assert_eq!(only_alike("refund", names.into_iter()), None);
        assert_eq!(only_alike("get_user", ["get_item", "get_account"].into_iter()), None, "either could be it");
    }
}
