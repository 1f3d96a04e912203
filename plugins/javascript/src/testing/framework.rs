//! Which test framework a project uses, told by its tests and its `package.json`, and how its test files look.

use oxc::ast::AstKind;
use oxc::ast::ast::{BindingPattern, Expression, ImportDeclarationSpecifier};

use crate::code::{Code, bare};
use crate::exports::is_module;
use crate::project::{Project, is_test, relative};
use crate::promises::require_of;
use crate::style::Style;

/// The most test files that are read to learn how tests look.
const MOST_READ: usize = 60;

/// The framework.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `node:test`
    Node,
    /// vitest
    Vitest,
    /// jest
    Jest,
    /// mocha, with `describe` and `it` or with `suite` and `test`
    Mocha,
    /// AVA: `test('…', (t) => { … })`
    Ava,
    /// tape: the same, and `t.end()`
    Tape,
    /// node-tap: the same, with other names
    Tap,
    /// uvu: tests that are started by `test.run()`
    Uvu,
    /// Scripts that assert, without any framework.
    Script,
}

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
    /// `assert.strictEqual` of chai.
    ChaiAssert,
    /// `t.equal`, of what the framework hands to a test.
    Context,
    /// `assert.is` of `uvu/assert`.
    Uvu,
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
#[allow(clippy::struct_excessive_bools)] // They are independent habits of the files that were looked at.
pub struct Framework {
    /// Which one it is.
    pub kind: Kind,
    /// What a test is declared by: `test`, `it`, `t.test`.
    pub test: String,
    /// How values are asserted.
    pub asserts: Asserts,
    /// How its files are written.
    pub style: Style,
    /// `'use strict'` stands at the top.
    strict_mode: bool,
    /// Functions are written `() => …`.
    arrows: bool,
    /// What variables are declared with: `const`, or `var` in old code.
    pub binding: &'static str,
    /// Where assertions come from: `node:assert`.
    assert_module: String,
    /// ECMAScript modules, not `CommonJS`.
    modules: Modules,
    /// Whether `test` and `expect` come by import, and not as globals.
    imported: bool,
    /// Imports say no extension.
    bare_imports: bool,
    /// Where tests lie, with the last slash.
    pub folder: String,
    /// How their names begin: `test-`
    pub prefix: String,
    /// How their names end: `.test.js`
    pub suffix: String,
    /// File names are in camel case.
    camel: bool,
}

impl Framework {
    /// Told by the tests nearest to a file; without tests by `package.json`.
    pub fn of(project: &Project, subject: &str) -> Option<Self> {
        let mut tests: Vec<&String> = project.scripts().iter().filter(|path| is_test(path)).collect();
        let folder = subject.rsplit_once('/').map_or("", |(folder, _)| folder);
        tests.sort_by_key(|path| {
            let shared = path.bytes().zip(folder.bytes()).take_while(|(a, b)| a == b).count();
            (std::cmp::Reverse(shared), mark_of(path).is_none())
        });
        let near = || tests.iter().take(MOST_READ);
        near()
            .find_map(|path| project.ask(path, |code| Self::of_test(code, project))?)
            .or_else(|| Self::of_package(project, subject))
            .or_else(|| near().find_map(|path| project.ask(path, Self::of_script)?))
    }

    /// As one test file shows it.
    pub fn of_test(code: &Code, project: &Project) -> Option<Self> {
        let content = &code.text.content;
        let imports = |module: &str| imports(content, module);
        let said = Said::of(project);
        let (kind, imported) = match () {
            () if imports("node:test") => (Kind::Node, true),
            () if imports("vitest") => (Kind::Vitest, true),
            () if imports("@jest/globals") => (Kind::Jest, true),
            () if imports("ava") => (Kind::Ava, true),
            () if imports("tape") => (Kind::Tape, true),
            () if imports("tap") => (Kind::Tap, true),
            () if imports("uvu") => (Kind::Uvu, true),
            () if said.names("vitest") => (Kind::Vitest, false),
            () if said.names("jest") => (Kind::Jest, false),
            () if said.names("mocha") => (Kind::Mocha, false),
            () => return None,
        };
        let asserts = match kind {
            Kind::Ava | Kind::Tape | Kind::Tap => Asserts::Context,
            Kind::Uvu => Asserts::Uvu,
            _ if imports("chai") && content.contains("expect(") => Asserts::Chai,
            _ if imports("chai") && content.contains("assert.") => Asserts::ChaiAssert,
            _ if imports("node:assert/strict") || imports("assert/strict") => Asserts::Node { strict: true },
            _ if imports("node:assert") || imports("assert") => Asserts::Node { strict: content.contains(").strict") },
            Kind::Jest | Kind::Vitest => Asserts::Expect,
            _ if imports("expect") => Asserts::Expect,
            // Whatever else they assert with, node's own is there too.
            _ => Asserts::Node { strict: false },
        };
        let assert_module = match asserts {
            Asserts::Node { strict: true } if imports("assert/strict") => "assert/strict",
            Asserts::Node { strict: true } => "node:assert/strict",
            Asserts::Node { strict: false } if !imports("node:assert") && kind == Kind::Mocha => "assert",
            Asserts::Node { strict: false } => "node:assert",
            Asserts::Chai | Asserts::ChaiAssert => "chai",
            Asserts::Uvu => "uvu/assert",
            Asserts::Expect if kind == Kind::Mocha => "expect",
            Asserts::Expect | Asserts::Context => "",
        };
        let calls = |word: &str| {
            code.kinds().any(|kind| matches!(kind, AstKind::CallExpression(call) if call.callee.is_specific_id(word)))
        };
        let test = match kind {
            Kind::Ava => whole_import(code, "ava")?,
            Kind::Tape => whole_import(code, "tape")?,
            Kind::Tap => test_of_tap(code)?,
            _ => ["test", "it", "specify"].into_iter().find(|word| calls(word))?.to_owned(),
        };
        Some(Self { kind, test, asserts, assert_module: assert_module.to_owned(), imported, ..Self::looks(code)? })
    }

    /// A script that asserts, for a project that has nothing else.
    fn of_script(code: &Code) -> Option<Self> {
        let content = &code.text.content;
        let strict = imports(content, "node:assert/strict") || imports(content, "assert/strict");
        let asserts = strict || imports(content, "node:assert") || imports(content, "assert");
        if !asserts {
            return None;
        }
        let module = if content.contains("node:assert") { "node:assert" } else { "assert" };
        let assert_module = if strict { format!("{module}/strict") } else { module.to_owned() };
        Some(Self { asserts: Asserts::Node { strict }, assert_module, ..Self::looks(code)? })
    }

    /// What any file shows of how test files look; the rest is that of a script.
    fn looks(code: &Code) -> Option<Self> {
        let path = &code.text.path;
        let content = &code.text.content;
        let (folder, file) =
            path.rsplit_once('/').map_or((String::new(), path.as_str()), |(folder, file)| (format!("{folder}/"), file));
        let (prefix, suffix) = affixes(path)?;
        let stem = file.strip_suffix(suffix.as_str()).unwrap_or(file);
        let own = || {
            content.lines().filter(|line| {
                ["from '.", "from \".", "require('.", "require(\"."].iter().any(|start| line.contains(start))
            })
        };
        let extended = |line: &str| {
            [".js", ".mjs", ".cjs", ".ts"]
                .iter()
                .any(|end| line.contains(&format!("{end}'")) || line.contains(&format!("{end}\"")))
        };
        Some(Self {
            kind: Kind::Script,
            test: String::new(),
            asserts: Asserts::Node { strict: false },
            style: Style::of_code(code),
            strict_mode: code
                .kinds()
                .any(|kind| matches!(kind, AstKind::Directive(it) if it.directive == "use strict")),
            arrows: content.contains("=>") || !content.contains("function"),
            binding: binding(content),
            assert_module: String::new(),
            modules: modules(code),
            imported: false,
            bare_imports: own().next().is_some() && !own().any(extended),
            folder,
            prefix,
            suffix,
            camel: stem.chars().any(char::is_uppercase) && !stem.contains('-'),
        })
    }

    /// What `package.json` and `thymus.toml` say, for a project without tests.
    fn of_package(project: &Project, subject: &str) -> Option<Self> {
        let said = Said::of(project);
        let kind = match () {
            () if said.names("vitest") => Kind::Vitest,
            () if said.names("jest") => Kind::Jest,
            () if said.names("node-test") || said.package.contains("node --test") => Kind::Node,
            () if said.names("mocha") => Kind::Mocha,
            () if said.names("ava") => Kind::Ava,
            () if said.names("tape") => Kind::Tape,
            () if said.names("tap") => Kind::Tap,
            () if said.names("uvu") => Kind::Uvu,
            () => return None,
        };
        let (asserts, assert_module) = match kind {
            Kind::Vitest | Kind::Jest => (Asserts::Expect, ""),
            Kind::Ava | Kind::Tape | Kind::Tap => (Asserts::Context, ""),
            Kind::Uvu => (Asserts::Uvu, "uvu/assert"),
            Kind::Mocha => (Asserts::Node { strict: false }, "assert"),
            Kind::Node | Kind::Script => (Asserts::Node { strict: true }, "node:assert/strict"),
        };
        let (style, modules, binding, arrows) = project.ask(subject, |code| {
            let content = &code.text.content;
            let arrows = content.contains("=>") || !content.contains("function");
            (Style::of_code(code), modules(code), binding(content), arrows)
        })?;
        let typescript = subject.ends_with(".ts") || subject.ends_with(".tsx");
        let extension = if typescript {
            ".ts"
        } else if subject.ends_with(".mjs") {
            ".mjs"
        } else {
            ".js"
        };
        let (folder, suffix) = said.place().unwrap_or_else(|| ("test/".to_owned(), format!(".test{extension}")));
        Some(Self {
            kind,
            test: if kind == Kind::Mocha { "it" } else { "test" }.to_owned(),
            asserts,
            style,
            strict_mode: false,
            arrows,
            binding,
            assert_module: assert_module.to_owned(),
            modules,
            imported: !matches!(kind, Kind::Jest | Kind::Mocha),
            bare_imports: typescript || (modules == Modules::CommonJs && asserts == Asserts::Expect),
            folder,
            prefix: String::new(),
            suffix,
            camel: false,
        })
    }

    /// The imports of the framework itself: the name that each brings, and its line.
    pub fn imports(&self) -> Vec<(String, String)> {
        let test = &self.test;
        let root = test.split('.').next().unwrap_or(test).to_owned();
        let braced = |name: &str| format!("{{ {name} }}");
        let mut lines = Vec::new();
        if self.strict_mode {
            lines.push((String::new(), format!("{}{}", self.style.string("use strict"), self.style.semicolon)));
        }
        let mut bring =
            |name: &str, what: String, module: &str| lines.push((name.to_owned(), self.line(&what, module)));
        match (self.kind, self.imported) {
            (Kind::Node, _) => bring(test, braced(test), "node:test"),
            (Kind::Vitest, true) if self.asserts == Asserts::Expect => {
                bring(test, format!("{{ expect, {test} }}"), "vitest");
            }
            (Kind::Vitest, true) => bring(test, braced(test), "vitest"),
            (Kind::Jest, true) if self.asserts == Asserts::Expect => {
                bring(test, format!("{{ expect, {test} }}"), "@jest/globals");
            }
            (Kind::Jest, true) => bring(test, braced(test), "@jest/globals"),
            (Kind::Ava, _) => bring(test, test.clone(), "ava"),
            (Kind::Tape, _) => bring(test, test.clone(), "tape"),
            (Kind::Tap, _) if root == *test => bring(test, braced(test), "tap"),
            (Kind::Tap, _) => bring(&root, root.clone(), "tap"),
            (Kind::Uvu, _) => bring(test, braced(test), "uvu"),
            _ => {}
        }
        match self.asserts {
            Asserts::Chai => bring("expect", braced("expect"), &self.assert_module),
            Asserts::ChaiAssert => bring("assert", braced("assert"), &self.assert_module),
            Asserts::Uvu if self.modules == Modules::Ecma => {
                bring("assert", "* as assert".to_owned(), &self.assert_module);
            }
            Asserts::Node { .. } | Asserts::Uvu => bring("assert", "assert".to_owned(), &self.assert_module),
            Asserts::Expect if self.assert_module == "expect" => bring("expect", braced("expect"), "expect"),
            Asserts::Expect | Asserts::Context => {}
        }
        lines
    }

    /// Whether the project's tests ask for files without their extension.
    pub fn has_bare_imports(&self) -> bool {
        self.bare_imports
    }

    /// `import what from 'module'`, or what `CommonJS` says for it.
    fn line(&self, what: &str, module: &str) -> String {
        let end = self.style.semicolon;
        let module = self.style.string(module);
        match self.modules {
            Modules::Ecma => format!("import {what} from {module}{end}"),
            Modules::CommonJs => format!("{} {what} = require({module}){end}", self.binding),
        }
    }

    /// The line that brings a name which a file of the project exports.
    pub fn import_named(&self, name: &str, path: &str) -> String {
        if self.binding == "var" && self.modules == Modules::CommonJs {
            let specifier = self.style.string(&self.specifier(path));
            return format!("var {name} = require({specifier}).{name}{}", self.style.semicolon);
        }
        self.line(&format!("{{ {name} }}"), &self.specifier(path))
    }

    /// The same, under another name.
    pub fn import_renamed(&self, exported: &str, local: &str, path: &str) -> String {
        match self.modules {
            Modules::Ecma => self.line(&format!("{{ {exported} as {local} }}"), &self.specifier(path)),
            Modules::CommonJs => {
                let specifier = self.style.string(&self.specifier(path));
                format!("{} {local} = require({specifier}).{exported}{}", self.binding, self.style.semicolon)
            }
        }
    }

    /// The line that brings what a file exports as a whole.
    pub fn import_default(&self, name: &str, path: &str, from_module: bool) -> String {
        if self.modules == Modules::CommonJs && from_module {
            return self.import_renamed("default", name, path);
        }
        self.line(name, &self.specifier(path))
    }

    fn specifier(&self, path: &str) -> String {
        let specifier = relative(&format!("{}x", self.folder), path);
        let (stem, extension) = specifier.rsplit_once('.').unwrap_or((&specifier, ""));
        let resolved = match self.kind {
            Kind::Vitest | Kind::Jest => true,
            // Node.js itself finds no module without its ending.
            _ => self.modules == Modules::CommonJs || self.suffix.contains(".ts"),
        };
        match extension {
            "js" | "ts" | "tsx" | "jsx" if self.bare_imports && resolved => stem.to_owned(),
            "ts" if self.kind != Kind::Node => format!("{stem}.js"),
            _ => specifier,
        }
    }

    /// Whether functions are written `() => …`.
    pub fn arrows(&self) -> bool {
        self.arrows
    }

    /// A function without a name around an expression.
    pub fn closure(&self, expression: &str) -> String {
        let Style { semicolon, .. } = &self.style;
        if self.arrows {
            format!("() => {expression}")
        } else {
            format!("function () {{ return {expression}{semicolon} }}")
        }
    }

    /// The beginning and the end of a test function with this title.
    pub fn test_function(&self, title: &str, waits: bool) -> (String, String) {
        let Style { semicolon, newline, indent, .. } = &self.style;
        let context = if self.asserts == Asserts::Context { "t" } else { "" };
        let marker = if waits { "async " } else { "" };
        if self.kind == Kind::Script {
            let title: String = title.chars().filter(|c| !c.is_control()).collect();
            let (open, close) = if waits { (";(async () => {", "})()") } else { ("{", "}") };
            let end = if waits { *semicolon } else { "" };
            return (format!("// {title}{newline}{open}{newline}"), format!("{close}{end}{newline}"));
        }
        let head =
            if self.arrows { format!("{marker}({context}) =>") } else { format!("{marker}function ({context})") };
        let start = format!("{}({}, {head} {{{newline}", self.test, self.style.string(title));
        // Where a promise is given back, it is its end.
        let end = match self.kind {
            Kind::Tape | Kind::Tap if !waits => format!("{indent}t.end(){semicolon}{newline}"),
            _ => String::new(),
        };
        (start, format!("{end}}}){semicolon}{newline}"))
    }

    /// What stands at the end of a file.
    pub fn closing(&self) -> String {
        let Style { semicolon, newline, .. } = &self.style;
        match self.kind {
            Kind::Uvu => format!("{newline}{}.run(){semicolon}{newline}", self.test),
            _ => String::new(),
        }
    }

    /// `couponDiscount` is tested in `coupon-discount.test.js`, or as the neighbours are called.
    pub fn file_stem(&self, name: &str) -> String {
        let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$')).collect();
        if self.camel {
            return name;
        }
        let stem = kebab(name.trim_matches(['_', '$']));
        if stem.is_empty() { "regression".to_owned() } else { stem }
    }
}

/// `couponDiscount` becomes `coupon-discount`.
fn kebab(name: &str) -> String {
    let mut stem = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !stem.is_empty() && !stem.ends_with('-') {
            stem.push('-');
        }
        stem.push(letter.to_ascii_lowercase());
    }
    stem
}

/// What the project says of its tests.
struct Said {
    package: String,
    described: String,
}

impl Said {
    fn of(project: &Project) -> Self {
        let read = |path: &str| project.text(path).map(|text| text.content).unwrap_or_default();
        Self { package: read("package.json"), described: read("thymus.toml") }
    }

    /// Whether a framework is depended on, called by a script, or described.
    fn names(&self, framework: &str) -> bool {
        let quoted = format!("\"{framework}\"");
        let called = self.package.lines().any(|line| {
            line.contains("test")
                && line.split(|c: char| !c.is_alphanumeric() && c != '-').any(|word| word == framework)
        });
        self.package.contains(&quoted) || self.described.contains(&quoted) || called
    }

    /// Folder and ending of test files, by the first pattern that `thymus.toml` has for them.
    fn place(&self) -> Option<(String, String)> {
        let list = self.described.lines().find_map(|line| line.trim().strip_prefix("files"))?;
        let pattern = list.split('"').nth(1)?;
        let (before, _) = pattern.split_once('*')?;
        let (_, suffix) = pattern.rsplit_once('*')?;
        let folder = before.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        let plain = suffix.starts_with(['.', '-', '_']) && !suffix.contains(['{', '/', '[', '?']);
        plain.then(|| (if folder.is_empty() { "test/".to_owned() } else { folder }, suffix.to_owned()))
    }
}

/// Whether a file imports a module, told by its text.
fn imports(content: &str, module: &str) -> bool {
    ["'", "\""].iter().any(|quote| {
        let quoted = format!("{quote}{module}{quote}");
        content.match_indices(&quoted).any(|(at, _)| {
            let before = content[..at].trim_end();
            before.ends_with("require(") || before.ends_with("from") || before.ends_with("import")
        })
    })
}

/// What a file calls the whole of a module.
fn whole_import(code: &Code, module: &str) -> Option<String> {
    code.kinds().find_map(|kind| match kind {
        AstKind::ImportDeclaration(import) if import.source.value == module => {
            import.specifiers.iter().flatten().find_map(|specifier| match specifier {
                ImportDeclarationSpecifier::ImportDefaultSpecifier(it) => Some(it.local.name.to_string()),
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(it) => Some(it.local.name.to_string()),
                ImportDeclarationSpecifier::ImportSpecifier(it) => {
                    (it.local.name == "test").then(|| it.local.name.to_string())
                }
            })
        }
        AstKind::VariableDeclarator(declarator) => {
            (require_of(declarator.init.as_ref()?)? == module).then_some(())?;
            match &declarator.id {
                BindingPattern::BindingIdentifier(id) => Some(id.name.to_string()),
                pattern => {
                    pattern.get_binding_identifiers().iter().find(|id| id.name == "test").map(|id| id.name.to_string())
                }
            }
        }
        _ => None,
    })
}

/// `t.test` where the whole of tap is called `t`, else what its `test` is called.
fn test_of_tap(code: &Code) -> Option<String> {
    let name = whole_import(code, "tap")?;
    let is_function = name == "test"
        || code.kinds().any(|kind| match kind {
            AstKind::VariableDeclarator(declarator) => declarator.init.as_ref().is_some_and(|init| {
                require_of(init) == Some("tap")
                    && matches!(bare(init), Expression::StaticMemberExpression(it) if it.property.name == "test")
            }),
            _ => false,
        });
    Some(if is_function { name } else { format!("{name}.test") })
}

fn binding(content: &str) -> &'static str {
    let says = |word: &str| content.lines().any(|line| line.trim_start().starts_with(word));
    if says("var ") && !says("const ") && !says("let ") { "var" } else { "const" }
}

fn modules(code: &Code) -> Modules {
    if is_module(code) { Modules::Ecma } else { Modules::CommonJs }
}

/// `.test.js` of `cart.test.js`
fn mark_of(path: &str) -> Option<String> {
    let file = path.rsplit('/').next().unwrap_or(path);
    let (stem, extension) = file.rsplit_once('.')?;
    let mark = [".test", ".spec", "-test", "_test", "-spec", ".tests"].into_iter().find(|mark| stem.ends_with(mark))?;
    Some(format!("{mark}.{extension}"))
}

/// What stands before and behind the name of a test file. In a folder of tests nothing but the extension need be there;
/// beside a single `test.js` new ones get the mark that every runner knows.
fn affixes(path: &str) -> Option<(String, String)> {
    if let Some(mark) = mark_of(path) {
        return Some((String::new(), mark));
    }
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let (stem, extension) = file.rsplit_once('.')?;
    if let Some(prefix) = ["test-", "test_"].into_iter().find(|prefix| stem.starts_with(prefix)) {
        return Some((prefix.to_owned(), format!(".{extension}")));
    }
    let among_tests = folder.split('/').any(|folder| matches!(folder, "test" | "tests" | "__tests__" | "spec"));
    let suffix = if among_tests { format!(".{extension}") } else { format!(".test.{extension}") };
    Some((String::new(), suffix))
}

/// Whether tests are type-checked before they run, which arguments as they were captured may not pass.
pub fn is_type_checked(framework: &Framework, project: &Project) -> bool {
    framework.suffix.contains(".ts") && Said::of(project).names("ts-jest")
}
