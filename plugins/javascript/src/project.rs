//! The scripts around the one that failed: which there are, what an import means, what lies near.

use std::cell::OnceCell;
use std::cmp::Reverse;

use oxc::allocator::Allocator;
use serde_json::Value;
use thymus_sdk::source::{Source, Text};

use super::code::{Code, is_script};

/// Beyond this the neighbourhood is no neighbourhood.
const MOST_SCRIPTS: usize = 5_000;
/// The most neighbours that one question reads.
const MOST_READ: usize = 400;
/// Folders of what others wrote, or what was generated.
const FOREIGN: [&str; 8] = ["node_modules", "dist", "build", "coverage", "vendor", "out", ".next", "bower_components"];

/// The snapshot, as scripts.
pub struct Project<'s> {
    source: &'s Source,
    scripts: OnceCell<Vec<String>>,
    package_name: OnceCell<Option<String>>,
}

impl<'s> Project<'s> {
    /// The snapshot in `source`.
    pub fn of(source: &'s Source) -> Self {
        Self { source, scripts: OnceCell::new(), package_name: OnceCell::new() }
    }

    /// The project's own scripts, tests too, sorted.
    pub fn scripts(&self) -> &[String] {
        self.scripts.get_or_init(|| {
            let own = |path: &String| is_script(path) && !path.split('/').any(|folder| FOREIGN.contains(&folder));
            self.source.files().into_iter().filter(own).take(MOST_SCRIPTS).collect()
        })
    }

    /// Whether there is such a file.
    pub fn exists(&self, path: &str) -> bool {
        self.source.exists(path)
    }

    /// A file, when it is text.
    pub fn text(&self, path: &str) -> Option<Text> {
        self.source.text(path).ok()
    }

    /// What a question gives for one script.
    pub fn ask<R>(&self, path: &str, question: impl FnOnce(&Code) -> R) -> Option<R> {
        let text = self.text(path)?;
        let allocator = Allocator::default();
        Code::parse(&allocator, &text).map(|code| question(&code))
    }

    /// Asks the other scripts that contain a word, the nearest first, until one answers. Tests answer only for tests.
    pub fn ask_near<R>(&self, path: &str, word: &str, mut question: impl FnMut(&Code) -> Option<R>) -> Option<R> {
        self.near(path).into_iter().find_map(|near| {
            let text = self.text(near)?;
            if !text.content.contains(word) {
                return None;
            }
            let allocator = Allocator::default();
            question(&Code::parse(&allocator, &text)?)
        })
    }

    /// The other scripts, those in the nearest folders first.
    fn near(&self, path: &str) -> Vec<&str> {
        let tests = is_test(path);
        let mut near: Vec<&str> = self.scripts().iter().map(String::as_str).collect();
        near.retain(|other| *other != path && is_test(other) == tests);
        near.sort_by_key(|other| Reverse(shared_folders(path, other)));
        near.truncate(MOST_READ);
        near
    }

    /// The file that a relative import names, or the import of the package by its own name.
    pub fn resolve(&self, from: &str, specifier: &str) -> Option<String> {
        if !specifier.starts_with('.') {
            return if self.package_name() == Some(specifier) { self.main("") } else { None };
        }
        let mut parts: Vec<&str> = from.split('/').collect();
        parts.pop();
        for part in specifier.split('/') {
            match part {
                "." | "" => {}
                ".." => drop(parts.pop()?),
                name => parts.push(name),
            }
        }
        let base = parts.join("/");
        if base.is_empty() {
            return self.main("");
        }
        let mut candidates = vec![base.clone()];
        // TypeScript imports what its file will be called once compiled.
        if let Some(stem) = base.strip_suffix(".js").or_else(|| base.strip_suffix(".mjs")) {
            candidates.extend([format!("{stem}.ts"), format!("{stem}.tsx"), format!("{stem}.mts")]);
        }
        for extension in ["js", "ts", "mjs", "cjs", "jsx", "tsx", "mts", "cts"] {
            candidates.push(format!("{base}.{extension}"));
            candidates.push(format!("{base}/index.{extension}"));
        }
        candidates.into_iter().find(|path| is_script(path) && self.exists(path)).or_else(|| self.main(&base))
    }

    fn package_name(&self) -> Option<&str> {
        let read = || {
            let package: Value = serde_json::from_str(&self.text("package.json")?.content).ok()?;
            Some(package.get("name")?.as_str()?.to_owned())
        };
        self.package_name.get_or_init(read).as_deref()
    }

    /// The file that a folder stands for: what its `package.json` names, else its `index.js`.
    fn main(&self, folder: &str) -> Option<String> {
        let join = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        let package = self.text(&join("package.json")).and_then(|it| serde_json::from_str::<Value>(&it.content).ok());
        let exports = package.as_ref().and_then(|package| package.get("exports"));
        let root = exports.and_then(|exports| exports.get(".").or(Some(exports)));
        let conditions = ["node", "import", "require", "default"];
        let nested = |value: &Value| {
            let mut value = value.clone();
            for _ in 0..4 {
                let Some(inner) = conditions.iter().find_map(|name| value.get(name).cloned()) else { break };
                value = inner;
            }
            value.as_str().map(str::to_owned)
        };
        let main = package.as_ref().and_then(|package| package.get("main")?.as_str().map(str::to_owned));
        let named = root.and_then(nested).into_iter().chain(main).map(|name| name.trim_start_matches("./").to_owned());
        let mut candidates: Vec<String> = Vec::new();
        for name in named.filter(|name| !name.is_empty() && !name.contains("..")) {
            candidates.extend([name.clone(), format!("{name}.js"), format!("{name}/index.js")]);
        }
        candidates.extend(["index.js", "index.mjs", "index.cjs", "index.ts"].map(str::to_owned));
        candidates.iter().map(|name| join(name)).find(|path| is_script(path) && self.exists(path))
    }
}

/// Whether a path looks like that of a test.
pub fn is_test(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    path.split('/').any(|folder| matches!(folder, "test" | "tests" | "__tests__" | "spec" | "__mocks__" | "e2e"))
        || [".test.", ".spec.", "-test.", "_test.", ".cy.", ".tests."].iter().any(|mark| name.contains(mark))
        || ["test-", "test_"].iter().any(|start| name.starts_with(start))
        || matches!(stem, "test" | "tests" | "spec")
}

fn shared_folders(a: &str, b: &str) -> usize {
    let folder = |path: &str| path.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned());
    let (a, b) = (folder(a), folder(b));
    let shared = a.split('/').zip(b.split('/')).take_while(|(a, b)| a == b).count();
    // The same folder is nearer than one below it.
    shared * 2 + usize::from(a == b)
}

/// How `to` is imported from `from`, without a change of its extension.
pub fn relative(from: &str, to: &str) -> String {
    let mut from: Vec<&str> = from.split('/').collect();
    from.pop();
    let to: Vec<&str> = to.split('/').collect();
    let shared = from.iter().zip(&to[..to.len() - 1]).take_while(|(a, b)| a == b).count();
    let up = from.len() - shared;
    let start = if up == 0 { "./".to_owned() } else { "../".repeat(up) };
    format!("{start}{}", to[shared..].join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_lead_to_files_and_back() {
        let dir = tempfile::tempdir().unwrap();
        for path in ["src/a/b.js", "src/c.ts", "src/d/index.ts", "test/x.test.js"] {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let source = Source::at(dir.path());
        let project = Project::of(&source);
        let resolve = |from, specifier| project.resolve(from, specifier);
        assert_eq!(resolve("src/c.ts", "./a/b.js").as_deref(), Some("src/a/b.js"));
        assert_eq!(resolve("src/a/b.js", "../c.js").as_deref(), Some("src/c.ts"));
        assert_eq!(resolve("src/a/b.js", "../d").as_deref(), Some("src/d/index.ts"));
        assert_eq!(resolve("src/a/b.js", "../../../etc/passwd"), None);
        assert_eq!(resolve("src/a/b.js", "lodash"), None);
        std::fs::write(dir.path().join("package.json"), r#"{"name": "shop", "main": "src/a/b"}"#).unwrap();
        let project = Project::of(&source);
        for specifier in ["../", "..", "shop", "../src/a/b"] {
            assert_eq!(project.resolve("test/x.test.js", specifier).as_deref(), Some("src/a/b.js"), "{specifier}");
        }
        assert_eq!(relative("test/x.test.js", "src/a/b.js"), "../src/a/b.js");
        assert_eq!(relative("src/c.ts", "src/a/b.js"), "./a/b.js");
        assert_eq!(relative("x.js", "y.js"), "./y.js");
    }
}
