//! The snapshot's modules, each read once: what they ask for, what they have, what they lack, and which of it leads
//! nowhere.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use thymus_python::project::is_test;
use thymus_python::syntax::Module;
use thymus_sdk::edit::Edits;
use thymus_sdk::source::{Source, Text};
use thymus_sdk::{Change, Role};

use super::facts::{Facts, Free, Import, facts};
use super::manifest::{Manifests, Proven, proven};
use super::platform::{is_namesake, is_standard, module_of_alias, module_of_symbol};
use super::tree::{Target, Tree, folder};
use crate::circles::circles;
use crate::fault::{Fault, Key, Kind, Language, Site};

/// Bytes of all modules together.
const MOST_BYTES: usize = 32 << 20;
const MOST_FILES: usize = 10_000;
/// Folders of what others wrote, or what was generated.
const FOREIGN: [&str; 12] = [
    "site-packages",
    "dist-packages",
    ".venv",
    "venv",
    ".tox",
    ".nox",
    "node_modules",
    "build",
    "dist",
    "__pycache__",
    ".eggs",
    ".git",
];
/// Folders of modules that are no part of the project when it runs, or that break rules on purpose.
const ASIDE: [&str; 24] = [
    "docs",
    "doc",
    "examples",
    "example",
    "fixtures",
    "testdata",
    "test_data",
    "templates",
    "benchmarks",
    "benchmark",
    "bench",
    "tools",
    "scripts",
    "script",
    "samples",
    "sample",
    "demo",
    "demos",
    "_vendor",
    "vendor",
    "vendored",
    "third_party",
    "extras",
    "contrib",
];

/// The modules and the manifests of the snapshot.
pub struct Survey<'s> {
    /// Which file a name means.
    pub tree: Tree,
    /// What each module says.
    pub facts: BTreeMap<String, Facts>,
    /// What is declared.
    pub manifests: Manifests,
    source: &'s Source,
    files: Vec<String>,
    ignored: String,
}

impl<'s> Survey<'s> {
    /// Reads all of it.
    pub fn of(source: &'s Source) -> Self {
        let files = source.files();
        let mut modules = BTreeMap::new();
        let mut bytes = 0;
        let own = |path: &&String| path.ends_with(".py") && !path.split('/').any(|part| FOREIGN.contains(&part));
        for path in files.iter().filter(own).take(MOST_FILES) {
            let Ok(text) = source.text(path) else { continue };
            bytes += text.content.len();
            if bytes > MOST_BYTES {
                break;
            }
            if let Some(module) = Module::parse(text) {
                modules.insert(path.clone(), facts(&module));
            }
        }
        let manifests = if modules.is_empty() { Manifests::default() } else { Manifests::read(&files, source) };
        let ignored = source.text(".gitignore").map(|text| text.content).unwrap_or_default();
        Self { tree: Tree::of(&files), facts: modules, manifests, source, files, ignored }
    }

    /// Everything that leads nowhere, sorted.
    pub fn faults(&self) -> Vec<Fault> {
        let mut found = Found::default();
        for (path, facts) in &self.facts {
            let aside = is_test(path) || is_aside(path);
            for import in &facts.imports {
                self.import(path, facts, import, aside, &mut found);
            }
            for free in &facts.free {
                let sure = !aside && !free.in_annotation && self.is_import_forgotten(path, free);
                let site = site(path, free.range.clone(), &free.name, free.lazy);
                found.add(Kind::NameNotImported, path.clone(), &free.name, site, sure);
            }
            self.attributes(path, facts, &mut found);
        }
        for (site, target, name) in self.circular() {
            found.add(Kind::CircularImport, target, &name, site, false);
        }
        found.faults.into_values().collect()
    }

    fn import(&self, path: &str, facts: &Facts, import: &Import, aside: bool, found: &mut Found) {
        let context = import.context;
        if context.typing {
            return;
        }
        let plain = !context.guarded && !aside && !facts.moves_path;
        let own = site(path, import.module.clone(), &import.written, context.lazy);
        match self.tree.resolve(path, &import.written) {
            Target::Missing(name) => {
                let sure = plain && !self.may_be_made(&name);
                found.add(Kind::ModuleNotFound, name, "", own, sure);
            }
            Target::File(target) => {
                let Some(name) = import.name.as_deref().filter(|name| *name != "*") else { return };
                if self.has(&target, name) {
                    return;
                }
                let sure = plain && !self.may_be_made(name) && target != path;
                let site = site(path, import.range.clone(), name, context.lazy);
                found.add(Kind::NameNotExported, target, name, site, sure);
            }
            Target::Foreign(top) if !top.is_empty() && !is_standard(&top) => {
                if self.manifests.is_there && !self.manifests.may_bring(&top) && !self.is_own(&top) {
                    let sure = plain && !context.lazy && self.is_undeclared_for_sure(path, &top);
                    found.add(Kind::PackageNotDeclared, top, "", own, sure);
                }
            }
            Target::Foreign(_) | Target::There => {}
        }
    }

    /// Attributes of the project's modules that they don't have; told only by who runs into them.
    fn attributes(&self, path: &str, facts: &Facts, found: &mut Found) {
        for read in &facts.attributes {
            let imports = || facts.imports.iter().filter(|import| import.local == read.local && !import.context.typing);
            let Some(import) = imports().next().filter(|_| imports().count() == 1) else { continue };
            let Some(target) = self.module_of(path, import) else { continue };
            if !self.has(&target, &read.name) {
                let site = site(path, read.range.clone(), &read.name, true);
                found.add(Kind::NameNotExported, target, &read.name, site, false);
            }
        }
    }

    /// The module that an import binds as a whole.
    fn module_of(&self, path: &str, import: &Import) -> Option<String> {
        let written = match &import.name {
            None if import.written.contains('.') && import.local == import.written.split('.').next()? => return None,
            None => import.written.clone(),
            Some(name) if import.written.ends_with('.') => format!("{}{name}", import.written),
            Some(name) => format!("{}.{name}", import.written),
        };
        // A name of the package goes before a module of it.
        if let (Some(name), Target::File(package)) = (&import.name, self.tree.resolve(path, &import.written))
            && self.facts.get(&package).is_none_or(|facts| facts.names.contains(name))
        {
            return None;
        }
        match self.tree.resolve(path, &written) {
            Target::File(target) => Some(target),
            _ => None,
        }
    }

    /// Whether a module has a name, as far as can be told: it may.
    pub fn has(&self, target: &str, name: &str) -> bool {
        let Some(facts) = self.facts.get(target) else { return true };
        let is_package = target.ends_with("/__init__.py") || target == "__init__.py";
        facts.is_open
            || facts.names.contains(name)
            || (name.starts_with("__") && name.ends_with("__"))
            || (is_package && self.tree.submodule(target, name))
    }

    /// Imports of a module that in turn needs this one: harmless, until one of them is not ready.
    fn circular(&self) -> Vec<(Site, String, String)> {
        let mut graph: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut asked = Vec::new();
        for (path, facts) in &self.facts {
            let own = graph.entry(path).or_default();
            for import in facts.imports.iter().filter(|import| !import.context.lazy && !import.context.typing) {
                let Target::File(target) = self.tree.resolve(path, &import.written) else { continue };
                let Some((target, _)) = self.facts.get_key_value(&target) else { continue };
                own.push(target);
                asked.push((path, import, target));
                if let Some((module, _)) = self.module_of(path, import).and_then(|it| self.facts.get_key_value(&it)) {
                    own.push(module);
                }
            }
        }
        let circles = circles(&graph);
        let within = asked.into_iter().filter(|(path, import, target)| {
            path != target && circles.get(*path) == circles.get(*target) && import.name.is_some()
        });
        within
            .map(|(path, import, target)| {
                let name = import.name.clone().unwrap_or_default();
                (site(path, import.range.clone(), &name, false), target.clone(), name)
            })
            .collect()
    }

    /// What lock files and installed trees prove of a module's distribution.
    pub fn proven(&self, module: &str) -> Option<Proven> {
        proven(module, &self.files, self.source)
    }

    /// Whether all that is declared is known, and none of it can bring the module; or the lock file still wants it.
    fn is_undeclared_for_sure(&self, path: &str, module: &str) -> bool {
        let in_package = self.tree.root(path) != folder(path);
        in_package && self.manifests.is_complete && self.proven(module).is_some_and(|proven| proven.was_wanted)
    }

    /// Whether a top-level module is one of the project's, wherever it lies.
    fn is_own(&self, module: &str) -> bool {
        self.files.iter().any(|path| {
            let mut parts = path.split('/');
            parts.any(|part| {
                part == module || part.strip_suffix(".py") == Some(module) || part.strip_suffix(".pyi") == Some(module)
            })
        })
    }

    /// Whether a build may write a module that is not there.
    fn may_be_made(&self, name: &str) -> bool {
        let last = name.rsplit('.').next().unwrap_or(name);
        let known = [
            "version",
            "_pb2",
            "generated",
            "_build",
            "_ext",
            "_speedups",
            "_native",
            "_rust",
            "_lib",
            "_cffi",
            "_parser",
            "_tables",
        ];
        last.starts_with('_')
            || known.iter().any(|word| last.contains(word))
            || (last.len() > 2 && (self.manifests.words.contains(last) || self.ignored.contains(last)))
    }

    /// Whether other modules, or the standard library, leave no doubt what a name means.
    fn is_import_forgotten(&self, path: &str, free: &Free) -> bool {
        let name = free.name.as_str();
        let has_attribute = free.attribute.is_some() && !name.starts_with('_');
        self.imported_elsewhere(path, name).is_some()
            || (has_attribute && (is_standard(name) || module_of_alias(name).is_some()))
            || is_namesake(name, [free.attribute.as_deref()])
            || module_of_symbol(name).is_some()
    }

    /// How the other modules get a name that they all call alike: a module whose import says it, and which; none when
    /// they don't agree. Tests count only for tests.
    pub fn imported_elsewhere(&self, path: &str, name: &str) -> Option<(&str, &Import)> {
        type Meaning<'i> = (Target, Option<&'i str>);
        let mut first: Option<(&str, &Import, Meaning)> = None;
        for (other, facts) in self.facts.iter().filter(|(other, _)| *other != path && is_test(other) == is_test(path)) {
            let plain = |import: &&Import| {
                import.local == name && !import.context.lazy && !import.context.guarded && !import.context.typing
            };
            for import in facts.imports.iter().filter(plain) {
                let target = match self.tree.resolve(other, &import.written) {
                    Target::Missing(_) => continue,
                    Target::Foreign(_) => Target::Foreign(import.written.clone()),
                    target => target,
                };
                let meaning = (target, import.name.as_deref());
                match &first {
                    None => first = Some((other, import, meaning)),
                    Some((_, _, known)) if *known == meaning => {}
                    Some(_) => return None,
                }
            }
        }
        first.map(|(other, import, _)| (other, import))
    }

    /// A file, parsed.
    pub fn module(&self, path: &str) -> Option<Module> {
        Module::parse(self.source.text(path).ok()?)
    }

    /// A file's text.
    pub fn text(&self, path: &str) -> Option<Text> {
        self.source.text(path).ok()
    }

    /// The changes that replace these ranges of these files; none when a file would be no Python any more.
    pub fn sound(&self, edits: &[(String, Range<usize>, String)]) -> Option<Vec<Change>> {
        let paths: BTreeSet<&str> = edits.iter().map(|(path, ..)| path.as_str()).collect();
        let changes = paths.into_iter().map(|path| {
            let text = self.text(path)?;
            let own = edits.iter().filter(|(other, ..)| other == path);
            let edits = own.fold(Edits::of(&text), |all, (_, range, new)| all.replace(range.clone(), new));
            Module::parse(Text::new(path, edits.preview().ok()?))?;
            edits.finish(Role::Source).ok()
        });
        let changes: Vec<Change> = changes.collect::<Option<_>>()?;
        (!changes.is_empty()).then_some(changes)
    }
}

#[derive(Default)]
struct Found {
    faults: BTreeMap<Key, Fault>,
}

impl Found {
    fn add(&mut self, kind: Kind, target: String, name: &str, site: Site, sure: bool) {
        let key = Key { language: Language::Python, kind, target, name: name.to_owned() };
        let fault =
            self.faults.entry(key.clone()).or_insert(Fault { key, sites: Vec::new(), sure: false, on_load: false });
        fault.on_load |= sure && !site.lazy;
        fault.sure |= sure;
        if !fault.sites.contains(&site) {
            fault.sites.push(site);
        }
    }
}

fn site(path: &str, range: Range<usize>, written: &str, lazy: bool) -> Site {
    Site { path: path.to_owned(), range, written: written.to_owned(), lazy }
}

/// Whether a dotted name can be that of a file.
pub fn is_module_at(module: &str, path: &str) -> bool {
    let stem = path.strip_suffix("/__init__.py").or_else(|| path.strip_suffix(".py")).unwrap_or(path).replace('/', ".");
    stem == module || stem.ends_with(&format!(".{module}"))
}

/// Whether a file is none that runs as a part of the project.
fn is_aside(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path.split('/').any(|part| {
        ASIDE.contains(&part)
            || part.starts_with(['.', '_']) && part.contains("vendor")
            || part.starts_with("docs")
            || part.starts_with('.')
            || part.contains("{{")
    }) || matches!(
        name,
        "setup.py" | "conf.py" | "noxfile.py" | "conftest.py" | "fabfile.py" | "tasks.py" | "build.py" | "dodo.py"
    )
}
