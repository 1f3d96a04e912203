//! A name that is used and not imported: what the other files import under it, or the only file that exports it, or one
//! of Node's modules.

use std::ops::Range;

use oxc::ast::AstKind;
use oxc::span::GetSpan as _;
use thymus_javascript::code::Code;
use thymus_javascript::edits::sound;
use thymus_javascript::exports::{import_edit, is_module};
use thymus_javascript::project::is_test;
use thymus_javascript::promises::require_of;
use thymus_javascript::style::Style;

use super::{file, proof};
use crate::fault::{Fault, Site};
use crate::javascript::imports::{Form, Import};
use crate::javascript::platform::is_unimported_module;
use crate::javascript::redirect::specifier;
use crate::javascript::resolve::{Target, package_of, resolve};
use crate::javascript::survey::Survey;
use crate::names::plain;
use crate::repair::Repair;

/// The import that is missing.
pub fn repair(fault: &Fault, survey: &Survey) -> Option<Repair> {
    let (path, name) = (&fault.key.target, &fault.key.name);
    let (edit, from, why) = as_elsewhere(path, name, survey)
        .or_else(|| from_the_only_one(path, name, survey))
        .or_else(|| of_node(fault, survey))
        .or_else(|| as_declared(path, name, survey))?;
    let changes = sound(&[(path.clone(), edit.0, edit.1)], &survey.project)?;
    Some(Repair {
        title: format!("Import {name} in {}", file(path)),
        explanation: format!(
            "`{path}` uses `{name}` and nothing defines it there. {why} ({from}), so it is imported from there."
        ),
        changes,
        confidence: 0.92,
        proof: proof(fault, survey),
    })
}

type Found = ((Range<usize>, String), String, &'static str);

/// As the other files import it.
fn as_elsewhere(path: &str, name: &str, survey: &Survey) -> Option<Found> {
    let (other, import) = survey.imported_elsewhere(path, name)?;
    let why = "The other files that use the name import it";
    if let Target::File { path: from, .. } = resolve(other, &import.specifier, &survey.files) {
        if from == path {
            return None;
        }
        if import.whole.is_none()
            && let Some(edit) = survey.project.ask(path, |code| import_edit(code, &survey.project, name, &from))?
        {
            return Some((edit, from, why));
        }
        let place = Site { path: path.to_owned(), range: 0..0, written: import.specifier.clone(), lazy: false };
        let words = specifier(&place, &from, false);
        return Some((statement(path, name, import, &words, survey)?, from, why));
    }
    Some((statement(path, name, import, &import.specifier, survey)?, import.specifier.clone(), why))
}

fn from_the_only_one(path: &str, name: &str, survey: &Survey) -> Option<Found> {
    let mut exporting = survey.facts.iter().filter(|(other, facts)| !is_test(other) && facts.surface.defines(name));
    let (Some((from, _)), None) = (exporting.next(), exporting.next()) else { return None };
    if from == path {
        return None;
    }
    let edit = survey.project.ask(path, |code| import_edit(code, &survey.project, name, from))??;
    Some((edit, from.clone(), "One file of the project exports it"))
}

fn of_node(fault: &Fault, survey: &Survey) -> Option<Found> {
    let (path, name) = (&fault.key.target, &fault.key.name);
    let facts = survey.facts.get(path)?;
    let is_used = facts.free.iter().any(|free| free.name == *name && free.member.is_some());
    if !is_used || !is_unimported_module(name) {
        return None;
    }
    let own = facts.imports.iter().map(|import| import.specifier.as_str());
    let all = survey.facts.values().flat_map(|facts| facts.imports.iter().map(|import| import.specifier.as_str()));
    let prefixed =
        own.chain(all).find(|it| crate::javascript::platform::is_builtin(it)).is_none_or(|it| it.starts_with("node:"));
    let words = if prefixed { format!("node:{name}") } else { name.clone() };
    let edit = survey.project.ask(path, |code| {
        let style = Style::of_code(code);
        let words = style.string(&words);
        let line = if is_module(code) {
            format!("import {name} from {words}{}", style.semicolon)
        } else {
            format!("{} {name} = require({words}){}", declarator(code), style.semicolon)
        };
        Some(at_the_imports(code, &line, &style))
    })??;
    Some((edit, format!("node:{name}"), "It is a module of Node"))
}

/// A package that the manifest declares, that bears the name, and that no file imports (any more).
fn as_declared(path: &str, name: &str, survey: &Survey) -> Option<Found> {
    let wanted = plain(name);
    let mut alike = survey.manifest(path)?.needed().filter(|package| plain(package) == wanted);
    let (package, None) = (alike.next()?, alike.next()) else { return None };
    let imported = |import: &Import| package_of(&import.specifier) == Some(package);
    if survey.facts.values().any(|facts| facts.imports.iter().any(imported)) {
        return None;
    }
    let edit = survey.project.ask(path, |code| {
        let style = Style::of_code(code);
        let words = style.string(package);
        let line = if is_module(code) {
            format!("import {name} from {words}{}", style.semicolon)
        } else {
            format!("{} {name} = require({words}){}", declarator(code), style.semicolon)
        };
        at_the_imports(code, &line, &style)
    })?;
    Some((edit, package.to_owned(), "The manifest declares the package of that name, and no file imports it"))
}

/// What the file declares its names with.
fn declarator(code: &Code) -> &'static str {
    let content = &code.text.content;
    if content.contains("var ") && !content.contains("const ") { "var" } else { "const" }
}

/// The statement that brings the name as another file's does, in this file's style.
fn statement(path: &str, name: &str, import: &Import, words: &str, survey: &Survey) -> Option<(Range<usize>, String)> {
    let wanted = import.names.iter().find(|wanted| wanted.local == name);
    survey.project.ask(path, |code| {
        let style = Style::of_code(code);
        let words = style.string(words);
        let is_module = is_module(code);
        let what = match (&import.whole, wanted.map(|wanted| wanted.name.as_str())) {
            (Some(whole), _) if whole == name => match (import.form, is_module) {
                (Form::Import, true) => format!("* as {name}"),
                // What `require` gives as a whole is the default of an import, but not the other way round.
                (Form::Require, _) => name.to_owned(),
                _ => return None,
            },
            (_, Some("default")) if is_module => name.to_owned(),
            (_, Some(exported)) if exported == name => format!("{{ {name} }}"),
            (_, Some(exported)) if exported != "default" && is_module => format!("{{ {exported} as {name} }}"),
            _ => return None,
        };
        let line = if is_module {
            format!("import {what} from {words}{}", style.semicolon)
        } else {
            format!("{} {what} = require({words}){}", declarator(code), style.semicolon)
        };
        Some(at_the_imports(code, &line, &style))
    })?
}

/// Behind the last import of the head of the file; before the first statement where there is none.
fn at_the_imports(code: &Code, line: &str, style: &Style) -> (Range<usize>, String) {
    let requires = |kind: &AstKind| match kind {
        AstKind::ImportDeclaration(_) => true,
        AstKind::VariableDeclarator(it) => {
            it.init.as_ref().and_then(require_of).is_some() && code.function_of(kind.node_id()).is_none()
        }
        _ => false,
    };
    let last = code.kinds().filter(requires).filter_map(|kind| match kind {
        AstKind::ImportDeclaration(it) => Some(it.span),
        other => code.statement_of(other.node_id()).map(|statement| statement.span()),
    });
    if let Some(span) = last.max_by_key(|span| span.end) {
        let end = span.end as usize;
        return (end..end, format!("{}{line}", style.newline));
    }
    let first = code.kinds().find_map(|kind| match kind {
        AstKind::Program(program) => program.body.first().map(|statement| statement.span().start as usize),
        _ => None,
    });
    let at = first.unwrap_or(0);
    (at..at, format!("{line}{0}{0}", style.newline))
}

#[cfg(test)]
mod tests {
    use crate::javascript::rules::examples::Example;

    #[test]
    fn a_name_is_imported_as_others_do() {
        Example::of(&[
            (
                "src/cart.js",
                "import { subtotal } from './money.js';\n\nexport const a = () => percentOf(subtotal());\n",
            ),
            ("src/b.js", "import { percentOf } from './money.js';\n\nexport const b = () => percentOf(1);\n"),
            ("src/money.js", "export function subtotal() {}\nexport function percentOf() {}\n"),
        ])
        .repairs("src/cart.js", "{ subtotal }", "{ subtotal, percentOf }")
        .is_sure(1);
        Example::of(&[
            (
                "src/cart.js",
                "import { subtotal } from \"./money.js\"\n\nexport const a = () => readFileSync(subtotal())\n",
            ),
            ("src/b.js", "import { readFileSync } from 'node:fs';\n\nexport const b = () => readFileSync('x');\n"),
            ("src/money.js", "export function subtotal() {}\n"),
        ])
        .repairs(
            "src/cart.js",
            "\"./money.js\"\n",
            "\"./money.js\"\nimport { readFileSync } from \"node:fs\"\n",
        );
    }

    #[test]
    fn a_module_of_node_is_imported() {
        Example::of(&[(
            "lib/a.js",
            "'use strict';\n\nconst fs = require('fs');\n\nexports.a = (f) => fs.readFileSync(path.join(f, 'x'));\n",
        )])
        .repairs("lib/a.js", "require('fs');\n", "require('fs');\nconst path = require('path');\n")
        .is_sure(1);
    }

    #[test]
    fn a_declared_package_that_nobody_imports_is_meant() {
        let manifest = ("package.json", r#"{ "dependencies": { "object-keys": "^1.1.1", "isarray": "^2.0.5" } }"#);
        let code = "'use strict';\n\nvar isArray = require('isarray');\n\nmodule.exports = (x) => isArray(x) || objectKeys(x);\n";
        Example::of(&[manifest, ("index.js", code)]).repairs(
            "index.js",
            "require('isarray');\n",
            "require('isarray');\nvar objectKeys = require('object-keys');\n",
        );
        let other = ("other.js", "module.exports = require('object-keys').shim;\n");
        Example::of(&[manifest, ("index.js", code), other]).has_no_repair();
    }

    #[test]
    fn the_only_export_is_meant() {
        Example::of(&[
            ("src/cart.js", "import { subtotal } from './money.js';\n\nexport const a = () => giftWrap(subtotal());\n"),
            ("src/wrap.js", "export function giftWrap() {}\n"),
            ("src/money.js", "export function subtotal() {}\n"),
        ])
        .repairs("src/cart.js", "'./money.js';\n", "'./money.js';\nimport { giftWrap } from './wrap.js';\n");
    }

    #[test]
    fn globals_and_names_of_two_meanings_are_left_alone() {
        Example::of(&[
            ("src/a.js", "import { x } from './x.js';\n\nexport const a = () => [fetch(x), new URL(x), describe(x), unknownThing(x)];\n"),
            ("src/b.js", "import { fetch } from './x.js';\nimport { URL } from 'node:url';\n\nexport const b = () => fetch(URL);\n"),
            ("src/x.js", "export const x = 1;\nexport const fetch = 2;\n"),
        ])
        .is_sure(0);
        Example::of(&[
            ("src/a.js", "import { x } from './x.js';\n\nexport const a = () => total(x);\n"),
            ("src/x.js", "export const x = 1;\nexport const total = 1;\n"),
            ("src/y.js", "export const total = 1;\n"),
        ])
        .has_no_repair();
        Example::of(&[
            ("src/a.js", "import { x } from './x.js';\n\nexport const a = () => (typeof total === 'undefined' ? x : total(x));\n"),
            ("src/x.js", "export const x = 1;\nexport const total = 1;\n"),
        ])
        .has_no_fault();
    }
}
