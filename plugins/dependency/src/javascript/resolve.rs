//! What a specifier means in a project: Node's rules, and those of TypeScript and bundlers where they find more.

use std::collections::BTreeSet;

use super::platform::is_builtin;

/// What is tried behind a path without an extension, and as `index` of a folder.
const EXTENSIONS: [&str; 16] = [
    "js", "ts", "mjs", "cjs", "jsx", "tsx", "mts", "cts", "json", "node", "d.ts", "d.mts", "d.cts", "vue", "svelte",
    "wasm",
];

/// What a specifier means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file of the snapshot.
    File {
        /// Its path.
        path: String,
        /// The specifier names the file as it is; else an extension was added, exchanged, or an index found.
        is_exact: bool,
    },
    /// A file of the project that is not there: the path that was meant.
    Missing(String),
    /// A package, by its name.
    Package(String),
    /// The runtime's, or whatever somebody configured.
    Foreign,
}

/// What a specifier in a file means.
pub fn resolve(from: &str, specifier: &str, files: &BTreeSet<String>) -> Target {
    if matches!(specifier, "." | "..") || specifier.starts_with("./") || specifier.starts_with("../") {
        return relative(from, specifier, files);
    }
    if is_builtin(specifier) {
        return Target::Foreign;
    }
    package_of(specifier).map_or(Target::Foreign, |name| Target::Package(name.to_owned()))
}

fn relative(from: &str, specifier: &str, files: &BTreeSet<String>) -> Target {
    // What loaders of bundlers are told stands before `!` and behind `?`.
    if specifier.contains(['!', '*', '{']) {
        return Target::Foreign;
    }
    let plain = specifier.split(['?', '#']).next().unwrap_or(specifier);
    let Some(base) = join(from, plain) else { return Target::Foreign };
    if base.is_empty() || plain.ends_with('/') {
        return folder(&base, files).map_or(Target::Foreign, |path| Target::File { path, is_exact: false });
    }
    if files.contains(&base) {
        return Target::File { path: base, is_exact: true };
    }
    let exchanged =
        [("js", &["ts", "tsx", "d.ts"][..]), ("jsx", &["tsx"]), ("mjs", &["mts", "d.mts"]), ("cjs", &["cts", "d.cts"])];
    let compiled = exchanged.iter().filter_map(|(extension, others)| Some((base.strip_suffix(extension)?, others)));
    let compiled = compiled
        .filter(|(stem, _)| stem.ends_with('.'))
        .flat_map(|(stem, others)| others.iter().map(move |other| format!("{stem}{other}")));
    let extended = EXTENSIONS.iter().map(|extension| format!("{base}.{extension}"));
    let found = compiled.chain(extended).find(|path| files.contains(path)).or_else(|| folder(&base, files));
    match found {
        Some(path) => Target::File { path, is_exact: false },
        None => Target::Missing(base),
    }
}

fn folder(base: &str, files: &BTreeSet<String>) -> Option<String> {
    let inside = if base.is_empty() { String::new() } else { format!("{base}/") };
    let index = EXTENSIONS.iter().map(|extension| format!("{inside}index.{extension}"));
    index.chain([format!("{inside}package.json")]).find(|path| files.contains(path))
}

/// A relative path from a file; none where it leads out of the snapshot.
pub fn join(from: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in relative.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// `@scope/name` of `@scope/name/sub`; none for what is no package's name.
pub fn package_of(specifier: &str) -> Option<&str> {
    let end = match specifier.strip_prefix('@') {
        Some(scoped) => {
            let slash = scoped.find('/')? + 1;
            specifier[slash + 1..].find('/').map_or(specifier.len(), |more| slash + 1 + more)
        }
        None => specifier.find('/').unwrap_or(specifier.len()),
    };
    let name = &specifier[..end];
    let letters = name.strip_prefix('@').unwrap_or(name);
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.' | '/');
    let valid = name.len() <= 214
        && letters.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && letters.chars().all(plain)
        && !letters.ends_with(['/', '.'])
        && !letters.contains("//");
    valid.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifiers_mean_what_node_and_typescript_make_of_them() {
        let files: BTreeSet<String> =
            ["src/a.js", "src/b.ts", "src/c/index.js", "src/d.json", "src/e/package.json", "logo.svg"]
                .map(str::to_owned)
                .into();
        let file = |path: &str, is_exact| Target::File { path: path.to_owned(), is_exact };
        for (specifier, target) in [
            ("./a.js", file("src/a.js", true)),
            ("./a", file("src/a.js", false)),
            ("./b.js", file("src/b.ts", false)),
            ("./c", file("src/c/index.js", false)),
            ("./d.json", file("src/d.json", true)),
            ("./e", file("src/e/package.json", false)),
            ("../logo.svg?raw", file("logo.svg", true)),
            ("./A.js", Target::Missing("src/A.js".to_owned())),
            ("../gone", Target::Missing("gone".to_owned())),
            ("../../out", Target::Foreign),
            ("node:fs", Target::Foreign),
            ("fs/promises", Target::Foreign),
            ("lodash/fp", Target::Package("lodash".to_owned())),
            ("@scope/name/deep/er", Target::Package("@scope/name".to_owned())),
            ("@/components/x", Target::Foreign),
            ("~/x", Target::Foreign),
            ("#internal", Target::Foreign),
            ("virtual:pwa", Target::Foreign),
            ("https://cdn.invalid/x.js", Target::Foreign),
            ("@scope", Target::Foreign),
        ] {
            assert_eq!(resolve("src/x.js", specifier, &files), target, "{specifier}");
        }
    }
}
