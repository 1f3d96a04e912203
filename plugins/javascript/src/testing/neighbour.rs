//! What a neighbouring test shows: how the handler is called, and what is set up before. Only what the call needs is
//! taken over.

use std::collections::{BTreeMap, BTreeSet};

use oxc::ast::AstKind;
use oxc::ast::ast::{
    BindingPattern, CallExpression, Expression, IdentifierReference, ImportDeclaration, ImportDeclarationSpecifier,
};
use oxc::semantic::{NodeId, SymbolId};
use oxc::span::{GetSpan as _, Span};

use super::framework::{Asserts, Framework};
use super::subject::Subject;
use crate::code::{Code, as_function, bare};
use crate::exports::import_of;
use crate::project::{Project, is_test};
use crate::promises::require_of;

/// The most names that one call may need.
const MOST_NAMES: usize = 64;
/// The most files on the way from a test to the handler.
const MOST_FOLLOWED: usize = 60;
/// The most imports of one file that are followed.
const MOST_IMPORTS: usize = 40;
const HOOKS: [&str; 8] = ["beforeEach", "afterEach", "before", "after", "beforeAll", "afterAll", "setup", "teardown"];

/// What stands before a call.
#[derive(Clone, Debug)]
pub struct SetUp {
    /// How the neighbour is written.
    pub framework: Framework,
    /// Lines, each one import.
    pub imports: Vec<String>,
    /// Declarations and hooks of the file.
    pub statements: Vec<String>,
    /// Declarations inside the test.
    pub local: Vec<String>,
    /// What is called: `couponDiscount`, `service.couponDiscount`.
    pub callee: String,
}

/// The set-up of the first test that calls the handler in a way that can be taken over.
pub fn set_up(subject: &Subject, project: &Project) -> Option<SetUp> {
    let mut tests: Vec<&String> = project.scripts().iter().filter(|path| is_test(path)).collect();
    let stem = subject.path.rsplit('/').next().and_then(|file| file.split('.').next()).unwrap_or_default();
    // The test named like the file comes first.
    tests.sort_by_key(|path| !path.rsplit('/').next().is_some_and(|file| file.contains(stem)));
    tests.into_iter().take(400).find_map(|path| {
        let mentioned = subject.is_whole() || project.text(path)?.content.contains(&subject.name);
        mentioned.then(|| project.ask(path, |code| of_test(code, subject, project))?)?
    })
}

fn of_test(code: &Code, subject: &Subject, project: &Project) -> Option<SetUp> {
    let framework = Framework::of_test(code, project)?;
    code.kinds().find_map(|kind| match kind {
        AstKind::CallExpression(call) => of_call(code, subject, project, &framework, call),
        _ => None,
    })
}

fn of_call<'a>(
    code: &Code<'a>,
    subject: &Subject,
    project: &Project,
    framework: &Framework,
    call: &'a CallExpression<'a>,
) -> Option<SetUp> {
    let callee = bare(&call.callee);
    let root = called(callee, subject)?;
    // It must be the handler, and not a namesake.
    let symbol = code.resolve(root)?;
    let from = imported_from(code, project, symbol);
    let of_subject = match &from {
        Some(from) if matches!(callee, Expression::Identifier(name) if name.name != subject.name.as_str()) => {
            is_all_of(code, symbol, from, subject, project)
        }
        Some(from) => leads_to(project, from, subject),
        // What is made of something else in the test is the handler's, if the test knows the handler's file at all.
        None => callee.get_member_expr().is_some() && imports_subject(code, project, subject),
    };
    if !of_subject {
        return None;
    }
    let mut needs = Needs::new(code);
    needs.name(symbol);
    needs.names_in(callee.span());
    needs.framework(framework);
    for describe in describes(code, call.node_id()) {
        needs.hooks(describe);
    }
    needs.hooks(None);
    needs.settle(call.node_id())?;
    let mut imports: Vec<String> = needs.imports().into_iter().chain(needs.requires()).collect();
    let written = needs.written(&needs.statements, "");
    // What the test is written with, where this neighbour has no need of it.
    let missing = framework
        .imports()
        .into_iter()
        .filter(|(name, line)| if name.is_empty() { !imports.contains(line) } else { !declares(code, name) });
    let first = missing.map(|(_, line)| line).collect::<Vec<_>>();
    imports.splice(0..0, first);
    Some(SetUp {
        framework: framework.clone(),
        imports,
        statements: written,
        local: needs.written(&needs.local, &framework.style.indent),
        callee: code.slice(callee.span()).to_owned(),
    })
}

/// The name at the root of a callee that may be the handler: `parse`, `qs` of `qs.parse`, `List` of `new List(3).get`.
fn called<'a>(callee: &'a Expression<'a>, subject: &Subject) -> Option<&'a IdentifierReference<'a>> {
    match callee {
        // All that a file exports is called as its users like.
        Expression::Identifier(name) => (subject.is_whole() || name.name == subject.name.as_str()).then_some(name),
        other => {
            let member = other.get_member_expr()?;
            if member.static_property_name()? != subject.name {
                return None;
            }
            match bare(member.object()) {
                Expression::Identifier(name) => Some(name),
                Expression::NewExpression(new) => match bare(&new.callee) {
                    Expression::Identifier(name) => Some(name),
                    _ => None,
                },
                _ => None,
            }
        }
    }
}

/// The file of the project that a name of a test is imported from.
fn imported_from(code: &Code, project: &Project, symbol: SymbolId) -> Option<String> {
    import_of(code, project, code.semantic.scoping().symbol_name(symbol))
}

fn imports_subject(code: &Code, project: &Project, subject: &Subject) -> bool {
    imported_files(code, project).iter().any(|path| leads_to(project, path, subject))
}

/// Whether a file is the subject's, or hands on what it imports from there, without a function of that name itself.
fn leads_to(project: &Project, path: &str, subject: &Subject) -> bool {
    let mut seen: Vec<String> = vec![path.to_owned()];
    let mut at = 0;
    while let Some(path) = seen.get(at).cloned() {
        if path == subject.path {
            return true;
        }
        let onward = project.ask(&path, |code| {
            let namesake = code.functions_named(&subject.name).iter().any(|it| code.function_of(it.id).is_none());
            if namesake { Vec::new() } else { imported_files(code, project) }
        });
        for next in onward.unwrap_or_default() {
            if seen.len() < MOST_FOLLOWED && !seen.contains(&next) {
                seen.push(next);
            }
        }
        at += 1;
    }
    false
}

/// Whether a name of a test is bound to all that the subject's file exports.
fn is_all_of(code: &Code, symbol: SymbolId, from: &str, subject: &Subject, project: &Project) -> bool {
    let whole = match code.declaration(symbol) {
        AstKind::ImportDefaultSpecifier(_) => true,
        AstKind::VariableDeclarator(declarator) => {
            let required = declarator.init.as_ref().is_some_and(
                |init| matches!(bare(init), Expression::CallExpression(call) if call.common_js_require().is_some()),
            );
            required && matches!(declarator.id, BindingPattern::BindingIdentifier(_))
        }
        _ => false,
    };
    let hands_on = || {
        project.ask(from, |other| {
            other.kinds().any(|kind| match kind {
                AstKind::AssignmentExpression(assignment)
                    if other.slice(assignment.left.span()) == "module.exports" =>
                {
                    let specifier = require_of(&assignment.right);
                    let path = specifier.and_then(|specifier| project.resolve(from, specifier));
                    path.as_deref() == Some(subject.path.as_str())
                }
                _ => false,
            })
        })
    };
    whole && (from == subject.path || hands_on() == Some(true))
}

/// The project's files that a file imports.
fn imported_files(code: &Code, project: &Project) -> Vec<String> {
    let named = code.kinds().filter_map(|kind| match kind {
        AstKind::ImportDeclaration(import) => Some(import.source.value.as_str()),
        AstKind::ExportFromDeclaration(export) => Some(export.source.value.as_str()),
        AstKind::ExportAllDeclaration(export) => Some(export.source.value.as_str()),
        AstKind::CallExpression(call) => call.common_js_require().map(|source| source.value.as_str()),
        _ => None,
    });
    named.filter_map(|specifier| project.resolve(&code.text.path, specifier)).take(MOST_IMPORTS).collect()
}

/// Whether a name means something at the top of a file.
fn declares(code: &Code, name: &str) -> bool {
    let scoping = code.semantic.scoping();
    scoping.get_root_binding(name.into()).is_some()
}

/// The callbacks of the `describe`s around a node.
fn describes(code: &Code<'_>, id: NodeId) -> Vec<Option<NodeId>> {
    let functions = code.ancestors(id).filter_map(|kind| as_function(kind));
    functions
        .filter(|function| caller_of(code, function.id).is_some_and(is_describe))
        .map(|function| Some(function.id))
        .collect()
}

/// What a test is handed to: `it`, `test.only`, `t.test`.
fn is_test_of(code: &Code, function: NodeId) -> bool {
    match code.parent(function) {
        AstKind::CallExpression(call) => {
            let callee = code.slice(call.callee.span());
            let first = callee.split('.').next().unwrap_or(callee);
            matches!(first, "test" | "it" | "specify" | "tape") || callee.ends_with(".test")
        }
        _ => false,
    }
}

/// What a callback is handed to: `describe`, `test`, `beforeEach`.
fn caller_of<'a>(code: &Code<'a>, function: NodeId) -> Option<&'a str> {
    match code.parent(function) {
        AstKind::CallExpression(call) => {
            let callee = code.slice(call.callee.span());
            Some(callee.split('.').next().unwrap_or(callee))
        }
        _ => None,
    }
}

fn is_describe(name: &str) -> bool {
    matches!(name, "describe" | "suite" | "context")
}

/// What a call needs, growing until nothing new turns up.
struct Needs<'c, 'a> {
    code: &'c Code<'a>,
    open: Vec<SymbolId>,
    seen: BTreeSet<SymbolId>,
    /// Import declarations by their place, with the names that are used.
    used: BTreeMap<u32, (&'a ImportDeclaration<'a>, BTreeSet<&'a str>)>,
    statements: BTreeMap<u32, Span>,
    local: BTreeMap<u32, Span>,
}

impl<'c, 'a> Needs<'c, 'a> {
    fn new(code: &'c Code<'a>) -> Self {
        Self {
            code,
            open: Vec::new(),
            seen: BTreeSet::new(),
            used: BTreeMap::new(),
            statements: BTreeMap::new(),
            local: BTreeMap::new(),
        }
    }

    fn name(&mut self, symbol: SymbolId) {
        if self.seen.insert(symbol) {
            self.open.push(symbol);
        }
    }

    /// What the test itself is written with.
    fn framework(&mut self, framework: &Framework) {
        let assert = if matches!(framework.asserts, Asserts::Expect | Asserts::Chai) { "expect" } else { "assert" };
        let test = framework.test.split('.').next().unwrap_or_default();
        let symbols: Vec<_> = self.code.semantic.scoping().symbol_ids().collect();
        for symbol in symbols {
            let name = self.code.semantic.scoping().symbol_name(symbol);
            let at_top =
                self.code.semantic.scoping().symbol_scope_id(symbol) == self.code.semantic.scoping().root_scope_id();
            if at_top && (name == assert || name == test) {
                self.name(symbol);
            }
        }
    }

    /// The hooks right inside a `describe`, or at the top of the file, and the mocks there.
    fn hooks(&mut self, function: Option<NodeId>) {
        let code = self.code;
        let hooks = code.kinds().filter_map(|kind| match kind {
            AstKind::ExpressionStatement(statement) => match bare(&statement.expression) {
                Expression::CallExpression(call) if code.function_of(kind.node_id()).map(|it| it.id) == function => {
                    let callee = code.slice(call.callee.span());
                    (HOOKS.contains(&callee) || callee.ends_with(".mock")).then_some(statement.span)
                }
                _ => None,
            },
            _ => None,
        });
        let hooks: Vec<Span> = hooks.collect();
        for span in hooks {
            self.statements.insert(span.start, span);
            self.names_in(span);
        }
    }

    fn names_in(&mut self, span: Span) {
        let code = self.code;
        let symbols: Vec<_> = code
            .inside(span)
            .filter_map(|kind| match kind {
                AstKind::IdentifierReference(name) => code.resolve(name),
                _ => None,
            })
            .collect();
        for symbol in symbols {
            let declared = code.semantic.scoping().symbol_span(symbol);
            if !(span.start <= declared.start && declared.end <= span.end) {
                self.name(symbol);
            }
        }
    }

    /// Follows every name to its declaration; none when one can't be taken over.
    fn settle(&mut self, call: NodeId) -> Option<()> {
        let code = self.code;
        let mut functions = code.ancestors(call).filter_map(|kind| as_function(kind));
        let test = functions.find(|function| is_test_of(code, function.id));
        while let Some(symbol) = self.open.pop() {
            if self.seen.len() > MOST_NAMES {
                return None;
            }
            let declaration = code.declaration(symbol);
            if let AstKind::ImportDeclaration(import) = code.parent(declaration.node_id()) {
                let name = code.semantic.scoping().symbol_name(symbol);
                let name =
                    import.specifiers.iter().flatten().map(|it| it.local().name.as_str()).find(|it| *it == name)?;
                self.used.entry(import.span.start).or_insert((import, BTreeSet::new())).1.insert(name);
                continue;
            }
            let statement = code.statement_of(declaration.node_id())?.span();
            let function = code.function_of(declaration.node_id()).filter(|it| it.id != declaration.node_id());
            let is_top = function.is_none();
            let in_describe = function.is_some_and(|it| caller_of(code, it.id).is_some_and(is_describe));
            let in_test = function.map(|it| it.id) == test.map(|it| it.id);
            match () {
                () if is_top || in_describe => {
                    self.statements.insert(statement.start, statement);
                }
                // What the test does before its call in other ways than by declarations is not known.
                () if in_test && statement.end <= code.kind(call).span().start => {
                    self.local.insert(statement.start, statement);
                }
                () => return None,
            }
            self.names_in(statement);
        }
        Some(())
    }

    fn imports(&self) -> Vec<String> {
        let code = self.code;
        self.used
            .values()
            .map(|(import, names)| {
                let kept: Vec<_> =
                    import.specifiers.iter().flatten().filter(|it| names.contains(it.local().name.as_str())).collect();
                if kept.len() == import.specifiers.iter().flatten().count() {
                    return code.slice(import.span).to_owned();
                }
                let braced = kept.iter().filter(|it| matches!(it, ImportDeclarationSpecifier::ImportSpecifier(_)));
                let braced: Vec<_> = braced.map(|it| code.slice(it.span())).collect();
                let plain = kept.iter().filter(|it| !matches!(it, ImportDeclarationSpecifier::ImportSpecifier(_)));
                let mut parts: Vec<String> = plain.map(|it| code.slice(it.span()).to_owned()).collect();
                if !braced.is_empty() {
                    parts.push(format!("{{ {} }}", braced.join(", ")));
                }
                let end = if code.slice(import.span).ends_with(';') { ";" } else { "" };
                format!("import {} from {}{end}", parts.join(", "), code.slice(import.source.span))
            })
            .collect()
    }

    /// `require` does what imports do, and stands with them.
    fn requires(&self) -> Vec<String> {
        self.statements.values().chain(self.local.values()).filter_map(|span| self.pruned(*span)).collect()
    }

    /// The other statements, at another indentation.
    fn written(&self, statements: &BTreeMap<u32, Span>, indent: &str) -> Vec<String> {
        let others = statements.values().filter(|span| self.pruned(**span).is_none());
        let rewritten = others.map(|span| {
            let old = self.code.text.indent_at(span.start as usize);
            let lines = self.code.slice(*span).lines().map(|line| line.strip_prefix(old).unwrap_or(line));
            lines.collect::<Vec<_>>().join(&format!("\n{indent}"))
        });
        rewritten.collect()
    }

    /// `const { a, b } = require('…')` with only those names that are used.
    fn pruned(&self, span: Span) -> Option<String> {
        let code = self.code;
        let declarator = code.kinds().find_map(|kind| match kind {
            AstKind::VariableDeclarator(declarator)
                if span.start <= declarator.span.start && declarator.span.end <= span.end =>
            {
                Some(declarator)
            }
            _ => None,
        })?;
        let BindingPattern::ObjectPattern(pattern) = &declarator.id else { return None };
        let Expression::CallExpression(call) = bare(declarator.init.as_ref()?) else { return None };
        call.common_js_require()?;
        let used: Vec<_> = pattern
            .properties
            .iter()
            .filter(|property| {
                property
                    .value
                    .get_binding_identifier()
                    .and_then(|id| id.symbol_id.get())
                    .is_some_and(|symbol| self.seen.contains(&symbol))
            })
            .map(|property| code.slice(property.span))
            .collect();
        let end = if code.slice(span).ends_with(';') { ";" } else { "" };
        Some(format!("const {{ {} }} = {}{end}", used.join(", "), code.slice(call.span)))
    }
}
