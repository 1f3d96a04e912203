//! Which test framework a project uses, told by its tests and its `package.json`, and how its test files look.

use oxc::ast::AstKind;

use crate::code::Code;
use crate::exports::is_module;
use crate::project::{Project, is_test, relative};
use crate::style::Style;

/// How values are asserted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asserts {
    /// `assert.equal` of `node:assert/strict`; with `strict` the methods need not say so.
    Node {
        /// Its methods compare strictly by themselves.
        strict: bool,
    },
    /// `expect(…).toBe` of jest and vitest.
    Expect,
    /// `expect(…).to.equal` of chai.
    Chai,
}

/// How a test file gets at others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Modules {
    /// `import`
    Ecma,
    /// `require`
    CommonJs,
}

/// How the project's tests look.
#[derive(Clone, Debug)]
pub struct Framework {
    /// `node:test`, `vitest`, `jest`, `mocha`
    name: &'static str,
    /// What a test is declared by: `test` or `it`.
    pub test: String,
    /// How values are asserted.
    pub asserts: Asserts,
    /// How its files are written.
    pub style: Style,
    /// ECMAScript modules, not `CommonJS`.
    modules: Modules,
    /// Whether `test` and `expect` come by import, and not as globals.
    imported: bool,
    /// Imports say no extension.
    bare_imports: bool,
    /// Where tests lie, with the last slash.
    pub folder: String,
    /// How their names end: `.test.js`
    pub suffix: String,
    /// File names are in camel case.
    camel: bool,
}

impl Framework {
    /// Told by the tests nearest to a file; without tests by `package.json`.
    pub fn of(project: &Project, subject: &str) -> Option<Self> {
        let mut tests: Vec<&String> =
            project.scripts().iter().filter(|path| is_test(path) && suffix_of(path).is_some()).collect();
        let folder = subject.rsplit_once('/').map_or("", |(folder, _)| folder);
        tests.sort_by_key(|path| {
            std::cmp::Reverse(path.bytes().zip(folder.bytes()).take_while(|(a, b)| a == b).count())
        });
        let told =
            tests.into_iter().take(20).find_map(|path| project.ask(path, |code| Self::of_test(code, project))?);
        told.or_else(|| Self::of_package(project, subject))
    }

    /// As one test file shows it.
    pub fn of_test(code: &Code, project: &Project) -> Option<Self> {
        let path = &code.text.path;
        let content = &code.text.content;
        let imports =
            |module: &str| ["'", "\""].iter().any(|quote| content.contains(&format!("{quote}{module}{quote}")));
        let package = package(project);
        let (name, imported) = match () {
            () if imports("node:test") => ("node:test", true),
            () if imports("vitest") => ("vitest", true),
            () if imports("@jest/globals") => ("jest", true),
            () if package.contains("\"vitest\"") => ("vitest", false),
            () if package.contains("\"jest\"") || package.contains("jest ") => ("jest", false),
            () if package.contains("\"mocha\"") => ("mocha", false),
            () => return None,
        };
        let asserts = match () {
            () if imports("chai") => Asserts::Chai,
            () if imports("node:assert/strict") || imports("assert/strict") => Asserts::Node { strict: true },
            () if imports("node:assert") || imports("assert") => Asserts::Node { strict: content.contains(").strict") },
            () if matches!(name, "jest" | "vitest") => Asserts::Expect,
            () => return None,
        };
        let calls = |word: &str| {
            code.kinds().any(|kind| matches!(kind, AstKind::CallExpression(call) if call.callee.is_specific_id(word)))
        };
        let test = if calls("test") {
            "test"
        } else if calls("it") {
            "it"
        } else {
            return None;
        };
        let (folder, file) =
            path.rsplit_once('/').map_or((String::new(), path.as_str()), |(folder, file)| (format!("{folder}/"), file));
        let suffix = suffix_of(path)?;
        let stem = file.strip_suffix(suffix.as_str()).unwrap_or(file);
        let own = content.lines().filter(|line| {
            line.contains("from '.")
                || line.contains("from \".")
                || line.contains("require('.")
                || line.contains("require(\".")
        });
        let bare_imports = own.clone().next().is_some()
            && own.clone().all(|line| {
                !line.contains(".js'")
                    && !line.contains(".js\"")
                    && !line.contains(".mjs")
                    && !line.contains(".ts'")
                    && !line.contains(".ts\"")
            });
        Some(Self {
            name,
            test: test.to_owned(),
            asserts,
            style: Style::of_code(code),
            modules: modules(code),
            imported,
            bare_imports,
            folder,
            suffix,
            camel: stem.chars().any(char::is_uppercase) && !stem.contains('-'),
        })
    }

    /// What `package.json` and `thymus.toml` say, for a project without tests.
    fn of_package(project: &Project, subject: &str) -> Option<Self> {
        let package = package(project);
        let described = project.text("thymus.toml").map(|text| text.content).unwrap_or_default();
        let says = |word: &str| package.contains(&format!("\"{word}\"")) || described.contains(&format!("\"{word}\""));
        let name = match () {
            () if says("vitest") => "vitest",
            () if says("jest") => "jest",
            () if says("node-test") || package.contains("node --test") => "node:test",
            () => return None,
        };
        let (style, modules) = project.ask(subject, |code| (Style::of_code(code), modules(code)))?;
        let typescript = subject.ends_with(".ts") || subject.ends_with(".tsx");
        let expects = name != "node:test";
        Some(Self {
            name,
            test: "test".to_owned(),
            asserts: if expects { Asserts::Expect } else { Asserts::Node { strict: true } },
            style,
            modules,
            imported: name != "jest",
            bare_imports: typescript || (modules == Modules::CommonJs && expects),
            folder: "test/".to_owned(),
            suffix: if typescript {
                ".test.ts"
            } else if subject.ends_with(".mjs") {
                ".test.mjs"
            } else {
                ".test.js"
            }
            .to_owned(),
            camel: false,
        })
    }

    /// The imports of the framework itself.
    pub fn imports(&self) -> Vec<String> {
        let Style { semicolon, .. } = &self.style;
        let test = &self.test;
        let line = |what: &str, module: &str| {
            let module = self.style.string(module);
            if self.modules == Modules::Ecma {
                format!("import {what} from {module}{semicolon}")
            } else {
                format!("const {what} = require({module}){semicolon}")
            }
        };
        let mut lines = Vec::new();
        match (self.name, self.imported) {
            ("node:test", _) => lines.push(line(&format!("{{ {test} }}"), "node:test")),
            ("vitest", true) => lines.push(line(&format!("{{ expect, {test} }}"), "vitest")),
            ("jest", true) => lines.push(line(&format!("{{ expect, {test} }}"), "@jest/globals")),
            _ => {}
        }
        match self.asserts {
            Asserts::Node { strict: true } => lines.push(line("assert", "node:assert/strict")),
            Asserts::Node { strict: false } => lines.push(line("assert", "node:assert")),
            Asserts::Chai => lines.push(line("{ expect }", "chai")),
            Asserts::Expect => {}
        }
        lines
    }

    /// Whether the project's tests ask for files without their extension.
    pub fn has_bare_imports(&self) -> bool {
        self.bare_imports
    }

    /// The line that brings a name which a file of the project exports.
    pub fn import_named(&self, name: &str, path: &str) -> String {
        self.import(&format!("{{ {name} }}"), path)
    }

    /// The line that brings what a file exports as a whole.
    pub fn import_default(&self, name: &str, path: &str) -> String {
        self.import(name, path)
    }

    fn import(&self, what: &str, path: &str) -> String {
        let Style { semicolon, .. } = &self.style;
        let mut specifier = relative(&format!("{}x", self.folder), path);
        if self.bare_imports {
            specifier = specifier.rsplit_once('.').map_or(specifier.clone(), |(stem, _)| stem.to_owned());
        } else if self.name != "node:test" {
            specifier = specifier.strip_suffix(".ts").map_or(specifier.clone(), |stem| format!("{stem}.js"));
        }
        let specifier = self.style.string(&specifier);
        if self.modules == Modules::Ecma {
            format!("import {what} from {specifier}{semicolon}")
        } else {
            format!("const {what} = require({specifier}){semicolon}")
        }
    }

    /// `couponDiscount` is tested in `coupon-discount.test.js`, or as the neighbours are called.
    pub fn file_stem(&self, name: &str) -> String {
        let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$')).collect();
        if self.camel {
            return name;
        }
        let mut stem = String::new();
        for letter in name.trim_matches(['_', '$']).chars() {
            if letter.is_ascii_uppercase() && !stem.is_empty() {
                stem.push('-');
            }
            stem.push(letter.to_ascii_lowercase());
        }
        if stem.is_empty() { "regression".to_owned() } else { stem }
    }
}

fn modules(code: &Code) -> Modules {
    if is_module(code) { Modules::Ecma } else { Modules::CommonJs }
}

/// `.test.js` of `cart.test.js`; a file in `__tests__` needs no mark.
fn suffix_of(path: &str) -> Option<String> {
    let file = path.rsplit('/').next().unwrap_or(path);
    let (stem, extension) = file.rsplit_once('.')?;
    for mark in [".test", ".spec", "-test", "_test", "-spec"] {
        if stem.ends_with(mark) {
            return Some(format!("{mark}.{extension}"));
        }
    }
    path.contains("__tests__/").then(|| format!(".{extension}"))
}

fn package(project: &Project) -> String {
    project.text("package.json").map(|text| text.content).unwrap_or_default()
}

/// Whether tests are type-checked before they run, which arguments as they were captured may not pass.
pub fn is_type_checked(framework: &Framework, project: &Project) -> bool {
    framework.suffix.contains(".ts") && package(project).contains("\"ts-jest\"")
}
