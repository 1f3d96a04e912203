//! A package that is imported and that no manifest declares: it is there only because something else needs it, until it is
//! not. It is declared at the version that a lock file or the installed tree proves; without such a proof nothing is.

use serde_json::Value;
use thymus_sdk::Role;
use thymus_sdk::edit::Edits;

use super::misspelt_package::declared_alike;
use super::places;
use crate::fault::Fault;
use crate::javascript::manifest::Manifest;
use crate::javascript::survey::Survey;
use crate::repair::{Proof, Repair};

/// The manifest with the package.
pub fn repair(fault: &Fault, survey: &Survey) -> Option<Repair> {
    let package = &fault.key.target;
    // A name like a declared one is more likely a slip, or an attack.
    if declared_alike(fault, survey).is_some() {
        return None;
    }
    let site = fault.sites.first()?;
    let manifest = survey.manifest(&site.path)?;
    let proven = survey.proven(&site.path, package)?;
    let range = proven.range.clone().unwrap_or_else(|| range_like(manifest, &proven.version));
    let path = format!("{}package.json", manifest.folder);
    let text = survey.project.text(&path)?;
    let edits = declare(&text.content, package, &range)?;
    let edited = Edits::of(&text).insert(edits.0, edits.1);
    let after: Value = serde_json::from_str(edited.preview().ok()?.trim_start_matches('\u{feff}')).ok()?;
    (after.get("dependencies")?.get(package)?.as_str() == Some(&range)).then_some(())?;
    Some(Repair {
        title: format!("Declare {package}, which {} imports", places(fault)),
        explanation: format!(
            "{} imports `{package}`, and no manifest declares it, so an installation may come without it. `{}` proves version \
             {}; the manifest now asks for `{range}`. Manifests are protected by default: where `paths.exempt` doesn't allow \
             this change, it is for a person to make.",
            places(fault),
            proven.by,
            proven.version,
        ),
        changes: vec![edited.finish(Role::Source).ok()?],
        confidence: if proven.range.is_some() { 0.97 } else { 0.9 },
        proof: Proof::Reading,
    })
}

/// A version as most of the manifest's ranges are written.
fn range_like(manifest: &Manifest, version: &str) -> String {
    let (mut caret, mut tilde, mut plain) = (0, 0, 0);
    for range in manifest.ranges() {
        match range.chars().next() {
            Some('^') => caret += 1,
            Some('~') => tilde += 1,
            Some(c) if c.is_ascii_digit() => plain += 1,
            _ => {}
        }
    }
    match () {
        () if plain > caret.max(tilde) => version.to_owned(),
        () if tilde > caret => format!("~{version}"),
        () => format!("^{version}"),
    }
}

/// Where a line goes into `dependencies`, and the line: in its order, before the first that comes after it.
fn declare(content: &str, package: &str, range: &str) -> Option<(usize, String)> {
    let newline = if content.contains("\r\n") { "\r\n" } else { "\n" };
    let key = content.find("\"dependencies\"")?;
    // A text of the same name elsewhere would be found out when the result is parsed.
    let open = key + content[key..].find('{')?;
    let close = open + content[open..].find('}')?;
    let body = &content[open + 1..close];
    let entry = format!("\"{package}\": \"{range}\"");
    let mut at = open + 1;
    let mut last: Option<(usize, &str)> = None;
    for line in body.split_inclusive('\n') {
        let trimmed = line.trim();
        if let Some(name) = trimmed.strip_prefix('"').and_then(|rest| rest.split('"').next()) {
            let start = at + line.len() - line.trim_start().len();
            let indent = &line[..line.len() - line.trim_start().len()];
            if name > package {
                return Some((start, format!("{entry},{newline}{indent}")));
            }
            let end = at + line.trim_end().len();
            last = Some((end, indent));
        }
        at += line.len();
    }
    let (end, indent) = last?;
    let comma = content[..end].ends_with(',');
    if comma {
        return None;
    }
    Some((end, format!(",{newline}{indent}{entry}")))
}

#[cfg(test)]
mod tests {
    use crate::javascript::rules::examples::Example;

    const MANIFEST: &str = "{\n  \"name\": \"shop\",\n  \"dependencies\": {\n    \"express\": \"^4.18.0\"\n  }\n}\n";
    const CODE: (&str, &str) =
        ("src/a.js", "const debounce = require('lodash.debounce');\n\nexports.a = debounce(() => 1);\n");

    #[test]
    fn the_lock_file_says_which_range() {
        let lock = r#"{ "packages": { "": { "dependencies": { "lodash.debounce": "^4.0.0" } }, "node_modules/lodash.debounce": { "version": "4.0.8" } } }"#;
        Example::of(&[("package.json", MANIFEST), ("package-lock.json", lock), CODE])
            .repairs("package.json", "\"^4.18.0\"\n", "\"^4.18.0\",\n    \"lodash.debounce\": \"^4.0.0\"\n")
            .is_sure(1);
    }

    #[test]
    fn else_the_version_that_is_locked_or_installed() {
        let expected = "\"^4.18.0\",\n    \"lodash.debounce\": \"^4.0.8\"\n";
        for (path, content) in [
            ("package-lock.json", r#"{ "packages": { "node_modules/lodash.debounce": { "version": "4.0.8" } } }"#),
            ("package-lock.json", r#"{ "dependencies": { "lodash.debounce": { "version": "4.0.8" } } }"#),
            ("pnpm-lock.yaml", "packages:\n  lodash.debounce@4.0.8:\n    resolution: {}\n"),
            ("yarn.lock", "lodash.debounce@^4.0.8:\n  version \"4.0.8\"\n"),
            ("node_modules/lodash.debounce/package.json", r#"{ "name": "lodash.debounce", "version": "4.0.8" }"#),
        ] {
            Example::of(&[("package.json", MANIFEST), (path, content), CODE]).repairs(
                "package.json",
                "\"^4.18.0\"\n",
                expected,
            );
        }
    }

    #[test]
    fn without_a_proof_nothing_is_declared() {
        Example::of(&[("package.json", MANIFEST), CODE]).has_no_repair();
        let alias = r#"{ "packages": { "node_modules/lodash.debounce": { "name": "evil", "version": "4.0.8" } } }"#;
        Example::of(&[("package.json", MANIFEST), ("package-lock.json", alias), CODE]).has_no_repair();
        let near = r#"{ "packages": { "node_modules/expresss": { "version": "1.0.0" } } }"#;
        let code = ("src/a.js", "exports.a = require('expresss');\n");
        Example::of(&[("package.json", MANIFEST), ("package-lock.json", near), code]).has_no_repair();
    }

    #[test]
    fn what_is_no_package_of_a_manifest_is_nothing() {
        Example::of(&[
            ("package.json", r##"{ "name": "shop", "imports": { "#x": "./x.js" }, "alias": { "alias": "./src" }, "devDependencies": { "@types/estree": "1" } }"##),
            ("packages/a/package.json", r#"{ "name": "@shop/a" }"#),
            ("tsconfig.json", r#"{ "compilerOptions": { "paths": { "lib/*": ["./src/*"] } } }"#),
            ("src/a.ts", "import '@shop/a';\nimport 'shop/x';\nimport x from 'alias/y';\nimport l from 'lib/z';\nimport u from 'util';\nimport e from 'estree';\nimport s from 'src/b';\nexport const a = [x, l, u, e, s];\n"),
            ("src/b.ts", "export default 1;\n"),
        ])
        .has_no_fault();
    }
}
