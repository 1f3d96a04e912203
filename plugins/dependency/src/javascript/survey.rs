//! The snapshot's scripts, each read once: what they ask for, what they offer, what they lack, and which of it leads
//! nowhere.

use std::collections::{BTreeMap, BTreeSet};

use thymus_javascript::project::{Project, is_test};
use thymus_sdk::source::Source;

use super::free::{Free, free};
use super::imports::{Form, Import, Wanted, imports};
use super::manifest::{Manifest, proven};
use super::platform::{is_global, is_unimported_module};
use super::resolve::{Target, resolve};
use super::surface::{Surface, surface};
use crate::circles::circles;
use crate::fault::{Fault, Key, Kind, Language, Site};

/// Bytes of all scripts together.
const MOST_BYTES: usize = 48 << 20;
/// The most bytes of what configures tools.
const MOST_CONFIGURED: usize = 1 << 20;
/// The deepest chain of `export *`.
const DEEPEST: usize = 16;
/// Folders of scripts that nobody runs as a part of the project, or that show mistakes on purpose.
const ASIDE: [&str; 20] = [
    "fixtures",
    "fixture",
    "__fixtures__",
    "examples",
    "example",
    "templates",
    "template",
    "bench",
    "benchmark",
    "benchmarks",
    "docs",
    "doc",
    "website",
    "demo",
    "demos",
    "playground",
    "sandbox",
    "testing",
    "test-utils",
    "codemods",
];
/// Folders of what a build writes.
const GENERATED: [&str; 18] = [
    "dist",
    "build",
    "lib",
    "out",
    "es",
    "esm",
    "cjs",
    "umd",
    "generated",
    "gen",
    "types",
    "typings",
    "pkg",
    "target",
    "wasm",
    "coverage",
    "tmp",
    "cache",
];

/// What one script says.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The modules that it asks for.
    pub imports: Vec<Import>,
    /// What it offers.
    pub surface: Surface,
    /// The names that it uses and does not define.
    pub free: Vec<Free>,
}

/// The scripts and the manifests of the snapshot.
pub struct Survey<'s> {
    /// To read more of a script.
    pub project: Project<'s>,
    /// Every file.
    pub files: BTreeSet<String>,
    /// The scripts that are the project's own.
    pub facts: BTreeMap<String, Facts>,
    /// The manifests, those in deeper folders first.
    pub manifests: Vec<Manifest>,
    source: &'s Source,
    configured: String,
}

impl<'s> Survey<'s> {
    /// Reads all of it.
    pub fn of(source: &'s Source) -> Self {
        let project = Project::of(source);
        let files: BTreeSet<String> = source.files().into_iter().collect();
        let mut facts = BTreeMap::new();
        let mut bytes = 0;
        for path in project.scripts() {
            let Some(text) = project.text(path) else { continue };
            bytes += text.content.len();
            if bytes > MOST_BYTES {
                break;
            }
            let read =
                project.ask(path, |code| Facts { imports: imports(code), surface: surface(code), free: free(code) });
            facts.extend(read.map(|read| (path.clone(), read)));
        }
        let own = |path: &&String| path.rsplit('/').next() == Some("package.json") && !path.contains("node_modules/");
        let mut manifests: Vec<Manifest> =
            files.iter().filter(own).take(500).filter_map(|path| Manifest::read(path, source)).collect();
        manifests.sort_by_key(|manifest| std::cmp::Reverse(manifest.folder.len()));
        let configured = if facts.is_empty() { String::new() } else { configured(&files, source) };
        Self { project, files, facts, manifests, source, configured }
    }

    /// Everything that leads nowhere, sorted.
    pub fn faults(&self) -> Vec<Fault> {
        let mut found: BTreeMap<Key, Fault> = BTreeMap::new();
        let mut add = |kind, target: String, name: &str, site: Site, sure: bool| {
            let key = Key { language: Language::Javascript, kind, target, name: name.to_owned() };
            let fault =
                found.entry(key.clone()).or_insert(Fault { key, sites: Vec::new(), sure: false, on_load: false });
            fault.on_load |= sure && !site.lazy;
            fault.sites.push(site);
            fault.sure |= sure;
        };
        for (path, facts) in &self.facts {
            let aside = is_test(path) || is_aside(path);
            for import in facts.imports.iter().filter(|import| !import.type_only) {
                let site = Site {
                    path: path.clone(),
                    range: import.literal.clone(),
                    written: import.specifier.clone(),
                    lazy: import.lazy,
                };
                match resolve(path, &import.specifier, &self.files) {
                    Target::Missing(target) => {
                        let sure = !import.guarded && !aside && !self.may_be_made(&target);
                        add(Kind::ModuleNotFound, stem(&target), "", site, sure);
                    }
                    Target::File { path: target, is_exact } => {
                        if !is_exact && import.form != Form::Require && facts.surface.is_module {
                            let sure = !aside && !import.guarded && self.is_native(path);
                            add(Kind::ModuleNotFound, stem(&target), "", site, sure);
                        }
                        for (wanted, sure) in self.unmet(path, import, &target) {
                            let site = Site {
                                path: path.clone(),
                                range: wanted.range.clone(),
                                written: wanted.name.clone(),
                                lazy: import.lazy,
                            };
                            add(Kind::NameNotExported, target.clone(), &wanted.name, site, sure && !aside);
                        }
                    }
                    Target::Package(name) if !self.is_declared(path, &name) => {
                        let sure = !import.guarded && !import.lazy && !aside && self.is_proven(path, &name);
                        add(Kind::PackageNotDeclared, name, "", site, sure);
                    }
                    Target::Package(_) | Target::Foreign => {}
                }
            }
            for free in facts.free.iter().filter(|free| !is_global(&free.name)) {
                let certain = free.is_called && !aside && self.is_import_forgotten(path, free);
                let Free { name, range, lazy, .. } = free;
                let site = Site { path: path.clone(), range: range.clone(), written: name.clone(), lazy: *lazy };
                add(Kind::NameNotImported, path.clone(), name, site, certain);
            }
        }
        for (site, target, name) in self.circular() {
            add(Kind::CircularImport, target, &name, site, false);
        }
        found.into_values().collect()
    }

    /// Imports of a file that in turn needs this one: harmless, until one of them is not ready.
    fn circular(&self) -> Vec<(Site, String, String)> {
        let mut graph: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut asked = Vec::new();
        for (path, facts) in &self.facts {
            let own = graph.entry(path).or_default();
            for import in facts.imports.iter().filter(|import| !import.lazy && !import.type_only) {
                let Target::File { path: target, .. } = resolve(path, &import.specifier, &self.files) else { continue };
                if let Some((target, _)) = self.facts.get_key_value(&target) {
                    own.push(target);
                    asked.push((path, import, target));
                }
            }
        }
        let circles = circles(&graph);
        let mut found = Vec::new();
        for (path, import, target) in asked {
            if path == target || circles.get(path) != circles.get(target) || import.form == Form::Reexport {
                continue;
            }
            for wanted in &import.names {
                let (range, written) = (import.literal.clone(), import.specifier.clone());
                let site = Site { path: path.clone(), range, written, lazy: false };
                found.push((site, target.clone(), wanted.name.clone()));
            }
        }
        found
    }

    /// Whether loading one file loads another.
    pub fn reaches(&self, from: &str, to: &str) -> bool {
        let mut open = vec![from.to_owned()];
        let mut seen = BTreeSet::new();
        while let Some(path) = open.pop() {
            if path == to {
                return true;
            }
            if !seen.insert(path.clone()) {
                continue;
            }
            for import in self.facts.get(&path).into_iter().flat_map(|facts| &facts.imports) {
                if let Target::File { path, .. } = resolve(&path, &import.specifier, &self.files)
                    && !import.type_only
                {
                    open.push(path);
                }
            }
        }
        false
    }

    /// The manifest that a file is under.
    pub fn manifest(&self, path: &str) -> Option<&Manifest> {
        self.manifests.iter().find(|manifest| path.starts_with(&manifest.folder))
    }

    /// What lock files and installed trees prove of a package that a file imports.
    pub fn proven(&self, path: &str, package: &str) -> Option<super::manifest::Proven> {
        let around = self.manifests.iter().filter(|manifest| path.starts_with(&manifest.folder));
        around.into_iter().find_map(|manifest| proven(manifest, package, self.source))
    }

    /// A proof that leaves no doubt: the lock file still says that the manifest asked for it.
    fn is_proven(&self, path: &str, package: &str) -> bool {
        self.proven(path, package).is_some_and(|proven| proven.range.is_some())
    }

    /// Whether Node runs a file as it stands, as an ECMAScript module.
    fn is_native(&self, path: &str) -> bool {
        let manifest = self.manifest(path);
        let script = path.ends_with(".mjs") || (path.ends_with(".js") && manifest.is_some_and(Manifest::is_module));
        script
            && !self.manifests.iter().any(Manifest::is_built)
            && !self.files.iter().any(|file| file.rsplit('/').next().is_some_and(|name| name.starts_with("tsconfig")))
    }

    /// Whether a build may write a file that is not there.
    fn may_be_made(&self, target: &str) -> bool {
        let folder = target.rsplit_once('/').map_or("", |(folder, _)| folder);
        let there = folder.is_empty()
            || self
                .files
                .range(format!("{folder}/")..)
                .next()
                .is_some_and(|file| file.starts_with(&format!("{folder}/")));
        let name = target.rsplit('/').next().unwrap_or(target);
        let generated = target.split('/').any(|part| GENERATED.contains(&part) || part.starts_with('.'));
        let named = ["generated", "version", ".gen", "-gen", "_gen", ".pb", "_pb", "bindings", "bundle", "manifest"];
        (!there && generated)
            || named.iter().any(|word| name.to_lowercase().contains(word))
            || self.is_ignored(target)
            || self.mentions_as_made(target)
    }

    /// Whether `.gitignore` speaks of it, by its name or a folder's.
    fn is_ignored(&self, target: &str) -> bool {
        let Ok(text) = self.source.text(".gitignore") else { return false };
        let parts: Vec<&str> = target.split('/').collect();
        text.content.lines().take(1000).any(|line| {
            let line = line.trim().trim_matches('/');
            let last = line.rsplit('/').next().unwrap_or(line);
            let stem = last.split('.').next().unwrap_or(last);
            !line.is_empty()
                && !line.starts_with(['#', '!'])
                && parts.iter().any(|part| *part == last || (*part == stem && last != stem))
        })
    }

    /// Whether a tool's configuration or a script of a manifest names the file.
    fn mentions_as_made(&self, target: &str) -> bool {
        let name = target.rsplit('/').next().unwrap_or(target);
        name.len() > 3 && self.manifests.iter().any(|manifest| manifest.mentions_text(target))
    }

    /// What an import wants and its target does not have, and whether that fails for sure.
    fn unmet<'i>(&self, path: &str, import: &'i Import, target: &str) -> Vec<(&'i Wanted, bool)> {
        let Some(offered) = self.facts.get(target) else { return Vec::new() };
        let Some(names) = self.offered(target) else { return Vec::new() };
        let _ = path;
        let fails = offered.surface.is_module && matches!(import.form, Form::Import | Form::Reexport);
        let wanted = import.names.iter().filter(|wanted| !wanted.type_only && !names.contains(&wanted.name));
        // What CommonJS hands out as a whole can be taken as the default.
        let wanted = wanted.filter(|wanted| wanted.name != "default" || offered.surface.is_module);
        wanted.map(|wanted| (wanted, fails && import.is_named(wanted))).collect()
    }

    /// Every name that a file exports; none when that can't be told.
    pub fn offered(&self, path: &str) -> Option<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        let mut open = vec![(path.to_owned(), 0)];
        let mut seen = BTreeSet::new();
        while let Some((path, depth)) = open.pop() {
            if !seen.insert(path.clone()) {
                continue;
            }
            let facts = self.facts.get(&path)?;
            if !facts.surface.is_complete || depth > DEEPEST {
                return None;
            }
            let own = facts.surface.names.iter().filter(|name| depth == 0 || *name != "default");
            names.extend(own.cloned());
            for star in &facts.surface.stars {
                let Target::File { path, .. } = resolve(&path, star, &self.files) else { return None };
                open.push((path, depth + 1));
            }
        }
        Some(names)
    }

    /// Whether some manifest declares a package, or it is none: the project itself, an alias, a folder on a path.
    fn is_declared(&self, path: &str, package: &str) -> bool {
        let around: Vec<&Manifest> =
            self.manifests.iter().filter(|manifest| path.starts_with(&manifest.folder)).collect();
        let first = package.split('/').next().unwrap_or(package);
        let types = format!("@types/{}", package.trim_start_matches('@').replace('/', "__"));
        let is_folder = |root: &str| {
            let inside = format!("{root}{first}");
            self.files
                .range(inside.clone()..)
                .next()
                .is_some_and(|file| file.strip_prefix(&inside).is_some_and(|rest| rest.starts_with(['/', '.'])))
        };
        around.is_empty()
            || around
                .iter()
                .any(|manifest| manifest.declares(package) || manifest.declares(&types) || manifest.mentions(first))
            || self.manifests.iter().any(|manifest| manifest.name() == Some(package))
            || ["'", "\""].iter().any(|quote| self.configured.contains(&format!("{quote}{first}")))
            || around
                .iter()
                .any(|manifest| is_folder(&manifest.folder) || is_folder(&format!("{}src/", manifest.folder)))
    }

    /// Whether other files, or the platform, leave no doubt what a free name means.
    fn is_import_forgotten(&self, path: &str, free: &Free) -> bool {
        let facts = &self.facts[path];
        let is_part = facts.surface.is_module || !facts.imports.is_empty();
        is_part
            && (self.imported_elsewhere(path, &free.name).is_some()
                || (free.member.is_some() && is_unimported_module(&free.name)))
    }

    /// How the other files get a name that they all call alike: a file whose import says it, and which import; none
    /// when they don't agree. Tests count only for tests.
    pub fn imported_elsewhere(&self, path: &str, name: &str) -> Option<(&str, &Import)> {
        let mut first: Option<(&str, &Import, Target, &str)> = None;
        for (other, facts) in self.facts.iter().filter(|(other, _)| *other != path && is_test(other) == is_test(path)) {
            for import in facts.imports.iter().filter(|import| !import.lazy && !import.type_only && !import.guarded) {
                let Some(local) = import.brings(name) else { continue };
                let target = match resolve(other, &import.specifier, &self.files) {
                    Target::Foreign => Target::Package(import.specifier.trim_start_matches("node:").to_owned()),
                    Target::Package(_) => Target::Package(import.specifier.clone()),
                    Target::Missing(_) => continue,
                    file @ Target::File { .. } => file,
                };
                match &first {
                    None => first = Some((other, import, target, local)),
                    Some((_, _, known, imported)) if *known == target && *imported == local => {}
                    Some((_, _, Target::File { path: a, .. }, imported)) if *imported == local => {
                        let Target::File { path: b, .. } = &target else { return None };
                        if a != b {
                            return None;
                        }
                    }
                    Some(_) => return None,
                }
            }
        }
        first.map(|(other, import, _, _)| (other, import))
    }
}

impl Import {
    /// Whether a name stands in braces, or before them: not as a member of all that the module offers.
    fn is_named(&self, wanted: &Wanted) -> bool {
        self.form == Form::Reexport || self.literal.start > wanted.range.start
    }

    /// The module's name for what this import calls so.
    fn brings(&self, local: &str) -> Option<&str> {
        if matches!(self.form, Form::Reexport | Form::Dynamic) {
            return None;
        }
        if self.whole.as_deref() == Some(local) {
            return Some("*");
        }
        let named = self.names.iter().find(|wanted| wanted.local == local && self.is_named(wanted));
        named.map(|wanted| wanted.name.as_str())
    }
}

/// The path without what resolution may add.
pub fn stem(path: &str) -> String {
    let (folder, name) = path.rsplit_once('/').map_or(("", path), |(folder, name)| (folder, name));
    let known = [".d.ts", ".js", ".ts", ".mjs", ".cjs", ".jsx", ".tsx", ".mts", ".cts"];
    let name = known.iter().find_map(|extension| name.strip_suffix(extension)).unwrap_or(name);
    match (folder, name) {
        ("", name) => name.to_owned(),
        (folder, "index") => folder.to_owned(),
        (folder, name) => format!("{folder}/{name}"),
    }
}

/// Whether a file is none that runs as a part of the project.
fn is_aside(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path.split('/').any(|folder| ASIDE.contains(&folder) || folder.starts_with('.'))
        || [".config.", ".conf.", ".stories.", ".bench.", ".d."].iter().any(|mark| name.contains(mark))
        || matches!(name.split('.').next(), Some("test" | "tests" | "spec"))
        || name.to_lowercase().starts_with("gruntfile")
        || name.to_lowercase().starts_with("gulpfile")
}

/// What says how tools find modules, all in one text.
fn configured(files: &BTreeSet<String>, source: &Source) -> String {
    let is_config = |path: &&String| {
        let name = path.rsplit('/').next().unwrap_or(path);
        let tools = [
            "tsconfig",
            "jsconfig",
            "webpack",
            "vite",
            "vitest",
            "rollup",
            "babel",
            ".babelrc",
            "jest",
            "next.config",
            "import-map",
            "importmap",
            "deno.json",
            "metro",
            "esbuild",
            "rspack",
            "nuxt",
            "astro",
            "svelte",
            "components.json",
        ];
        !path.contains("node_modules/") && tools.iter().any(|tool| name.starts_with(tool))
    };
    let mut text = String::new();
    for path in files.iter().filter(is_config) {
        let Ok(read) = source.text(path) else { continue };
        if text.len() + read.content.len() > MOST_CONFIGURED {
            break;
        }
        text.push_str(&read.content);
    }
    text
}
