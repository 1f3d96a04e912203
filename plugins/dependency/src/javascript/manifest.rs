//! What packages a project says it needs (`package.json`), and at which versions it had them (lock files, and
//! `node_modules` where the snapshot has some). Nothing here is asked from anywhere else.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use thymus_sdk::source::Source;

/// Where a manifest declares packages.
const SECTIONS: [&str; 6] = [
    "dependencies",
    "devDependencies",
    "peerDependencies",
    "optionalDependencies",
    "bundledDependencies",
    "bundleDependencies",
];
/// Tools that find modules in ways of their own, or turn imports into others.
const BUNDLERS: [&str; 24] = [
    "webpack",
    "vite",
    "rollup",
    "esbuild",
    "parcel",
    "tsup",
    "next",
    "nuxt",
    "gatsby",
    "react-scripts",
    "rspack",
    "@rspack/core",
    "browserify",
    "metro",
    "@babel/core",
    "babel-core",
    "typescript",
    "ts-node",
    "tsx",
    "swc",
    "@swc/core",
    "astro",
    "unbuild",
    "microbundle",
];

/// One `package.json`.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The folder it stands in, with a slash at the end; empty for the top.
    pub folder: String,
    content: Map<String, Value>,
}

impl Manifest {
    /// The manifest of a folder.
    pub fn read(path: &str, source: &Source) -> Option<Self> {
        let folder = path.strip_suffix("package.json")?.to_owned();
        let content = source.text(path).ok()?.content;
        let Value::Object(content) = serde_json::from_str(content.trim_start_matches('\u{feff}')).ok()? else {
            return None;
        };
        Some(Self { folder, content })
    }

    /// The package's own name.
    pub fn name(&self) -> Option<&str> {
        self.content.get("name")?.as_str()
    }

    /// Whether `.js` files are ECMAScript modules here.
    pub fn is_module(&self) -> bool {
        self.content.get("type").and_then(Value::as_str) == Some("module")
    }

    /// Whether a package is declared in any section.
    pub fn declares(&self, package: &str) -> bool {
        SECTIONS.iter().any(|section| match self.content.get(*section) {
            Some(Value::Object(entries)) => entries.contains_key(package),
            Some(Value::Array(names)) => names.iter().any(|name| name == package),
            _ => false,
        })
    }

    /// All packages that are declared.
    pub fn declared(&self) -> impl Iterator<Item = &str> {
        SECTIONS
            .iter()
            .filter_map(|section| self.content.get(*section)?.as_object())
            .flat_map(Map::keys)
            .map(String::as_str)
    }

    /// The packages that it needs when it runs.
    pub fn needed(&self) -> impl Iterator<Item = &str> {
        let section = self.content.get("dependencies").and_then(Value::as_object);
        section.into_iter().flat_map(Map::keys).map(String::as_str)
    }

    /// The ranges of `dependencies`.
    pub fn ranges(&self) -> impl Iterator<Item = &str> {
        self.content
            .get("dependencies")
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(Map::values)
            .filter_map(Value::as_str)
    }

    /// Whether something between the source and the runtime changes what imports mean.
    pub fn is_built(&self) -> bool {
        self.declared().any(|package| BUNDLERS.contains(&package))
    }

    /// Whether a script, or another setting, names a file.
    pub fn mentions_text(&self, path: &str) -> bool {
        self.content.iter().any(|(key, value)| !SECTIONS.contains(&key.as_str()) && value.to_string().contains(path))
    }

    /// Whether a word stands as a text somewhere outside of the sections: an alias, a map of a bundler or a test runner.
    pub fn mentions(&self, word: &str) -> bool {
        let mentioned = |value: &Value| value.to_string().contains(&format!("\"{word}"));
        self.content.iter().any(|(key, value)| !SECTIONS.contains(&key.as_str()) && key != "name" && mentioned(value))
    }
}

/// What a lock file or an installed tree proves of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// The range that the lock file keeps of the manifest, where the manifest has lost it.
    pub range: Option<String>,
    /// The version that is installed at the top.
    pub version: String,
    /// Who proves it.
    pub by: String,
}

/// What the files beside a manifest prove of a package.
pub fn proven(manifest: &Manifest, package: &str, source: &Source) -> Option<Proven> {
    npm(manifest, package, source)
        .or_else(|| pnpm(manifest, package, source))
        .or_else(|| yarn(manifest, package, source))
        .or_else(|| installed(manifest, package, source))
}

fn npm(manifest: &Manifest, package: &str, source: &Source) -> Option<Proven> {
    ["package-lock.json", "npm-shrinkwrap.json"].iter().find_map(|file| {
        let path = format!("{}{file}", manifest.folder);
        let lock: Value = serde_json::from_str(&source.text(&path).ok()?.content).ok()?;
        let packages = lock.get("packages");
        let top = packages.and_then(|all| all.get(format!("node_modules/{package}")));
        let entry = top.or_else(|| lock.get("dependencies")?.get(package))?;
        let root = packages.and_then(|all| all.get(""));
        let range = root.and_then(|root| {
            ["dependencies", "optionalDependencies", "peerDependencies"]
                .iter()
                .find_map(|section| root.get(*section)?.get(package)?.as_str())
        });
        // An entry for another package under this name is an alias, and one without a version a link.
        let is_itself = entry.get("name").is_none_or(|name| name == package);
        let version = entry.get("version")?.as_str().filter(|version| is_itself && is_version(version))?;
        Some(Proven {
            range: range.filter(|it| is_range(it)).map(str::to_owned),
            version: version.to_owned(),
            by: path,
        })
    })
}

/// `importers:` of the top, and `packages:` by name and version.
fn pnpm(manifest: &Manifest, package: &str, source: &Source) -> Option<Proven> {
    let path = format!("{}pnpm-lock.yaml", manifest.folder);
    let content = source.text(&path).ok()?.content;
    let mut versions: Vec<&str> = Vec::new();
    for line in content.lines() {
        let key = line.trim().trim_matches(['\'', '"', ':', '/']);
        let rest = key.strip_prefix(package).and_then(|rest| rest.strip_prefix('@').or_else(|| rest.strip_prefix('/')));
        let version = rest.and_then(|rest| rest.split(['(', '\'', ':', '_']).next());
        if let Some(version) = version.filter(|version| line.starts_with("  ") && is_version(version))
            && !versions.contains(&version)
        {
            versions.push(version);
        }
    }
    // Of several nobody knows which one the manifest meant.
    let [version] = versions[..] else { return None };
    Some(Proven { range: None, version: version.to_owned(), by: path })
}

/// `name@range:` and below it `version "…"`, as both yarns write it.
fn yarn(manifest: &Manifest, package: &str, source: &Source) -> Option<Proven> {
    let path = format!("{}yarn.lock", manifest.folder);
    let content = source.text(&path).ok()?.content;
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut ranges: Vec<&str> = Vec::new();
    for line in content.lines() {
        if !line.starts_with([' ', '#']) {
            let entries = line.trim_end_matches(':').split(',').map(|entry| entry.trim().trim_matches('"'));
            ranges = entries
                .filter_map(|entry| entry.strip_prefix(package)?.strip_prefix('@'))
                .map(|range| range.strip_prefix("npm:").unwrap_or(range))
                .collect();
        } else if let Some(version) = line.trim().strip_prefix("version").filter(|_| !ranges.is_empty()) {
            let version = version.trim_start_matches(':').trim().trim_matches('"');
            if is_version(version) {
                found.entry(version).or_default().append(&mut ranges);
            }
        }
    }
    if found.len() != 1 {
        return None;
    }
    let (version, ranges) = found.pop_first()?;
    let range = match ranges[..] {
        [range] if is_range(range) => Some(range.to_owned()),
        _ => None,
    };
    Some(Proven { range, version: version.to_owned(), by: path })
}

fn installed(manifest: &Manifest, package: &str, source: &Source) -> Option<Proven> {
    let path = format!("{}node_modules/{package}/package.json", manifest.folder);
    let own: Value = serde_json::from_str(&source.text(&path).ok()?.content).ok()?;
    let is_itself = own.get("name").is_some_and(|name| name == package);
    let version = own.get("version")?.as_str().filter(|version| is_itself && is_version(version))?;
    Some(Proven { range: None, version: version.to_owned(), by: path })
}

fn is_version(text: &str) -> bool {
    let numbers = text.split(['-', '+']).next().unwrap_or("");
    text.len() <= 100
        && numbers.split('.').count() == 3
        && numbers.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+'))
}

/// A range of versions in a registry: no URL, path, tag or other protocol.
fn is_range(text: &str) -> bool {
    text.len() <= 100
        && text.contains(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || " .-+^~<>=|*".contains(c))
        && text.starts_with(|c: char| c.is_ascii_digit() || "^~<>=".contains(c))
}
