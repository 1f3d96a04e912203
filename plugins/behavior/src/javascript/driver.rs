//! A test that is there and that makes the beats run: what it does until then, and what it needs for that.

use std::collections::BTreeSet;

use oxc::ast::AstKind;
use oxc::ast::ast::{Argument, ImportDeclarationSpecifier, Statement};
use oxc::span::{GetSpan, Span};
use thymus_javascript::code::{Body, Code, as_function};
use thymus_javascript::project::{Project, is_test};
use thymus_javascript::testing::Framework;

use super::flow::callee_name;
use crate::trigger::{Trigger, refuses};

/// Statements that one test may need.
const MOST_NEEDS: usize = 40;
const HOOKS: [&str; 6] = ["beforeEach", "afterEach", "before", "after", "beforeAll", "afterAll"];

/// A test's way to the beats.
#[derive(Clone, Debug)]
pub struct Driver {
    /// Its statements.
    pub body: Vec<String>,
    /// It looks at a refusal, so maybe the beats don't run.
    pub is_refused: bool,
    /// Import statements of packages, as they stand there.
    pub packages: Vec<String>,
    /// What comes from files of the project: what is taken, and the specifier.
    pub files: Vec<(String, String)>,
    /// Helpers and hooks of its file.
    pub definitions: Vec<String>,
}

/// The tests that make the beats run, those that expect no refusal first, and of them the shortest.
pub fn drivers(trigger: &Trigger, framework: &Framework, project: &Project) -> Vec<Driver> {
    let folder = |path: &str| path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let tests = project.scripts().iter().filter(|path| is_test(path) && folder(path) == framework.folder);
    let mut found: Vec<Driver> =
        tests.filter_map(|path| project.ask(path, |code| in_file(code, trigger, framework))).flatten().collect();
    found.sort_by_key(|driver| (driver.is_refused, driver.body.len()));
    found
}

fn in_file(code: &Code, trigger: &Trigger, framework: &Framework) -> Vec<Driver> {
    let mut found = Vec::new();
    for kind in code.kinds() {
        let AstKind::CallExpression(call) = kind else { continue };
        let is_top = matches!(code.statement_of(call.node_id()), Some(AstKind::ExpressionStatement(one)) if matches!(code.parent(one.node_id()), AstKind::Program(_)));
        if !is_top || !call.callee.is_specific_id(&framework.test) {
            continue;
        }
        let callback = call.arguments.iter().find_map(|argument| match argument {
            Argument::ArrowFunctionExpression(one) => as_function(AstKind::ArrowFunctionExpression(one)),
            Argument::FunctionExpression(one) => as_function(AstKind::Function(one)),
            _ => None,
        });
        let Some(callback) = callback.filter(|one| one.params.items.is_empty()) else { continue };
        let Body::Block(body) = callback.body else { continue };
        let spans: Vec<Span> = body.statements.iter().map(GetSpan::span).collect();
        found.extend(driver(code, &spans, trigger, framework));
    }
    found
}

fn driver(code: &Code, statements: &[Span], trigger: &Trigger, framework: &Framework) -> Option<Driver> {
    // The first run is enough; a second would be recorded too.
    let last = statements.iter().position(|span| is_trigger(code, *span, trigger))?;
    let kept: Vec<Span> = statements[..=last].iter().copied().filter(|span| acts(code, *span)).collect();
    let mut open: BTreeSet<String> = kept.iter().flat_map(|span| names(code, *span)).collect();
    open.extend([framework.test.clone(), "assert".to_owned(), "expect".to_owned()]);
    // What the last one gives nobody looks at any more.
    let mut shown = kept.clone();
    if let Some(last) = shown.last_mut() {
        *last = unbound(code, *last);
    }
    let body = shown.iter().flat_map(|span| ended(lines(code, *span), framework)).collect();
    let mut driver = Driver {
        body,
        is_refused: statements.iter().any(|span| refuses(code.slice(*span))),
        packages: Vec::new(),
        files: Vec::new(),
        definitions: Vec::new(),
    };
    driver.needs(code, open)?;
    Some(driver)
}

/// Of `const x = f()` the call alone.
fn unbound(code: &Code, span: Span) -> Span {
    let declared = code.inside(span).find_map(|kind| match kind {
        AstKind::VariableDeclaration(one) if one.span == span && one.declarations.len() == 1 => {
            one.declarations[0].init.as_ref().map(GetSpan::span)
        }
        _ => None,
    });
    declared.unwrap_or(span)
}

/// With the end that the file's statements have.
fn ended(mut lines: Vec<String>, framework: &Framework) -> Vec<String> {
    if let Some(last) = lines.last_mut()
        && last.ends_with(')')
    {
        last.push_str(framework.style.semicolon);
    }
    lines
}

fn is_trigger(code: &Code, span: Span, trigger: &Trigger) -> bool {
    code.inside(span).any(|kind| match kind {
        AstKind::CallExpression(call) => {
            let texts: Vec<String> = call.arguments.iter().filter_map(|one| text(code, one)).collect();
            trigger.is(callee_name(call).unwrap_or_default(), &texts.iter().map(String::as_str).collect::<Vec<_>>())
        }
        _ => false,
    })
}

/// A text, or one with values in it, which could be any.
fn text(code: &Code, argument: &Argument) -> Option<String> {
    match argument {
        Argument::StringLiteral(text) => Some(text.value.to_string()),
        Argument::TemplateLiteral(template) => {
            let words = code.slice(template.span);
            let mut out = String::new();
            let mut rest = words.trim_matches('`');
            while let Some((before, after)) = rest.split_once("${") {
                out.push_str(before);
                out.push('x');
                rest = after.split_once('}')?.1;
            }
            Some(out + rest)
        }
        _ => None,
    }
}

/// Whether a statement does anything: a look at what came before does not.
fn acts(code: &Code, span: Span) -> bool {
    let words = code.slice(span);
    let looks = words.starts_with("assert") || words.starts_with("expect");
    let calls = code.inside(span).filter(|kind| match kind {
        AstKind::CallExpression(call) => {
            let callee = code.slice(call.callee.span());
            !callee.starts_with("assert") && !callee.starts_with("expect")
        }
        _ => false,
    });
    !looks || calls.count() > 0
}

fn names(code: &Code, span: Span) -> BTreeSet<String> {
    let found = code.inside(span).filter_map(|kind| match kind {
        AstKind::IdentifierReference(name) => Some(name.name.to_string()),
        _ => None,
    });
    found.collect()
}

/// A statement's lines, without their common indentation.
fn lines(code: &Code, span: Span) -> Vec<String> {
    let indent = code.text.indent_at(span.start as usize);
    code.slice(span).lines().map(|line| line.strip_prefix(indent).unwrap_or(line).trim_end().to_owned()).collect()
}

impl Driver {
    /// Takes over what these names need from the top of the file; none when that is too much.
    fn needs(&mut self, code: &Code, mut open: BTreeSet<String>) -> Option<()> {
        let top: Vec<&Statement> = code.semantic.nodes().program().body.iter().collect();
        let mut needed: BTreeSet<usize> = BTreeSet::new();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        for (at, statement) in top.iter().enumerate() {
            if is_hook(statement) {
                needed.insert(at);
                open.extend(names(code, statement.span()));
            }
        }
        while let Some(name) = open.pop_first() {
            if !seen.insert(name.clone()) {
                continue;
            }
            for (at, statement) in top.iter().enumerate() {
                let is_import = matches!(statement, Statement::ImportDeclaration(_));
                if !is_import && declares(code, statement, &name) && needed.insert(at) {
                    open.extend(names(code, statement.span()));
                }
            }
        }
        if needed.len() > MOST_NEEDS {
            return None;
        }
        for at in needed {
            self.define(code, top[at]);
        }
        for statement in top {
            if let Statement::ImportDeclaration(import) = statement {
                self.import(code, import, &seen);
            }
        }
        Some(())
    }

    fn define(&mut self, code: &Code, statement: &Statement) {
        let words = code.slice(statement.span());
        // In CommonJS what a file needs comes by declarations.
        if let Some((taken, specifier)) = required(words) {
            if specifier.starts_with('.') {
                self.files.push((taken, specifier));
            } else {
                self.packages.push(words.to_owned());
            }
            return;
        }
        self.definitions.push(words.replace("\r\n", "\n"));
    }

    fn import(&mut self, code: &Code, import: &oxc::ast::ast::ImportDeclaration, needed: &BTreeSet<String>) {
        let specifier = import.source.value.to_string();
        let (mut whole, mut parts) = (None, Vec::new());
        for one in import.specifiers.iter().flatten() {
            if !needed.contains(one.local().name.as_str()) {
                continue;
            }
            match one {
                ImportDeclarationSpecifier::ImportSpecifier(part) => parts.push(code.slice(part.span).to_owned()),
                ImportDeclarationSpecifier::ImportDefaultSpecifier(one) => {
                    whole = Some((one.local.name.to_string(), false));
                }
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(one) => {
                    whole = Some((one.local.name.to_string(), true));
                }
            }
        }
        if specifier.starts_with('.') {
            let mut taken: Vec<String> = parts.iter().map(|part| part.replace(" as ", ": ")).collect();
            match whole {
                Some((name, true)) => return self.files.push((name, specifier)),
                Some((name, false)) => taken.insert(0, format!("default: {name}")),
                None => {}
            }
            if !taken.is_empty() {
                self.files.push((format!("{{ {} }}", taken.join(", ")), specifier));
            }
            return;
        }
        let whole = whole.map(|(name, all)| if all { format!("* as {name}") } else { name });
        let parts = (!parts.is_empty()).then(|| format!("{{ {} }}", parts.join(", ")));
        let taken: Vec<String> = whole.into_iter().chain(parts).collect();
        if !taken.is_empty() {
            let end = if code.slice(import.span).ends_with(';') { ";" } else { "" };
            self.packages.push(format!("import {} from {}{end}", taken.join(", "), code.slice(import.source.span)));
        }
    }
}

/// What `const x = require('y')` takes, and from where.
fn required(words: &str) -> Option<(String, String)> {
    let (left, right) = words.strip_prefix("const ")?.split_once(" = require(")?;
    let specifier = right.trim_end_matches(';').strip_suffix(')')?.trim_matches(['\'', '"']);
    (!specifier.contains(['(', ')', '\'', '"'])).then(|| (left.to_owned(), specifier.to_owned()))
}

fn is_hook(statement: &Statement) -> bool {
    let Statement::ExpressionStatement(alone) = statement else { return false };
    let oxc::ast::ast::Expression::CallExpression(call) = &alone.expression else { return false };
    HOOKS.iter().any(|hook| call.callee.is_specific_id(hook))
}

fn declares(code: &Code, statement: &Statement, name: &str) -> bool {
    match statement {
        Statement::FunctionDeclaration(function) => function.id.as_ref().is_some_and(|id| id.name == name),
        Statement::ClassDeclaration(class) => class.id.as_ref().is_some_and(|id| id.name == name),
        Statement::VariableDeclaration(variables) => variables.declarations.iter().any(|declarator| {
            code.inside(declarator.id.span())
                .any(|kind| matches!(kind, AstKind::BindingIdentifier(id) if id.name == name))
        }),
        _ => false,
    }
}
