//! The function of a change with everything that rules ask of it: what is watched, and who writes into it.

use std::cell::RefCell;

use oxc::allocator::Allocator;
use oxc::ast::AstKind;
use oxc::ast::ast::{BindingPattern, CallExpression, Expression, VariableDeclarator};
use oxc::semantic::SymbolId;
use oxc::span::{GetSpan as _, Span};
use serde_json::Value;
use thymus_javascript::code::{Code, Func, bare, last_segment};
use thymus_javascript::project::Project;
use thymus_sdk::source::Text;

use super::aliases::Aliases;
use super::sites::{Site, sites};
use crate::change::{Change, What, argument};
use crate::differences::{Place, Step};

/// What a change's function looks like.
pub struct Scene<'s, 'a> {
    pub change: &'s Change,
    pub code: &'s Code<'a>,
    pub project: &'s Project<'s>,
    pub function: Func<'a>,
    pub watched: Watched<'a>,
    pub aliases: Aliases,
    /// Who writes into it, where it was seen to change, in the order of the text.
    pub sites: Vec<Site<'a>>,
    /// Of calls among them, where in another function it is written.
    inner: Vec<(String, Span, String)>,
}

/// What is watched.
#[derive(Clone)]
pub enum Watched<'a> {
    /// The parameter of that number.
    Parameter(usize),
    /// A value of the module, and its declarator.
    Constant(SymbolId, &'a VariableDeclarator<'a>),
}

impl Scene<'_, '_> {
    /// Sets the scene and asks; none where the function, or what it changes, can't be told.
    pub fn with<R>(change: &Change, project: &Project, ask: impl FnOnce(&Scene<'_, '_>) -> R) -> Option<R> {
        Scene::in_text(change, &project.text(&change.path)?, project, ask)
    }

    /// The same in another text of the file.
    pub fn in_text<R>(
        change: &Change,
        text: &Text,
        project: &Project,
        ask: impl FnOnce(&Scene<'_, '_>) -> R,
    ) -> Option<R> {
        let allocator = Allocator::default();
        let code = Code::parse(&allocator, text)?;
        let function = find(&code, last_segment(&change.handler), change.line)?;
        let inner = RefCell::new(Vec::new());
        let scene = |watched, aliases: Aliases, maps: bool| {
            let mut writes = |call: &CallExpression<'_>, at: usize| {
                let (place, found) = written_by_callee(&code, project, call, at)?;
                inner.borrow_mut().push(found);
                Some(place)
            };
            let mut sites = sites(&code, function.span, &aliases, maps, &mut writes);
            if !change.places.is_empty() {
                sites.retain(|site| change.places.iter().any(|place| place.may_be(&site.alias.place)));
            }
            (watched, aliases, sites)
        };
        let (watched, aliases, sites) = match &change.what {
            What::Argument(name) => {
                let at = parameter(&function, name)?;
                scene(Watched::Parameter(at), Aliases::of_parameter(&code, &function, at)?, false)
            }
            What::State(name) => {
                let root = name.split(['.', '[']).next()?;
                let (symbol, declarator) = constants(&code).find(|(_, declarator)| is_named(declarator, root))?;
                let aliases = Aliases::of_symbol(&code, symbol, function.span);
                scene(Watched::Constant(symbol, declarator), aliases, true)
            }
            What::Results => constants(&code)
                .map(|(symbol, declarator)| {
                    let aliases = Aliases::of_symbol(&code, symbol, function.span);
                    scene(Watched::Constant(symbol, declarator), aliases, true)
                })
                .find(|(_, _, sites)| !sites.is_empty())?,
        };
        let inner = inner.take();
        Some(ask(&Scene { change, code: &code, project, function, watched, aliases, sites, inner }))
    }

    /// Path, place and words of each who writes; where a call writes, the statement inside of what it calls.
    pub fn writers(&self) -> impl Iterator<Item = (String, Span, String)> + '_ {
        let own = self.sites.iter().map(|site| (self.change.path.clone(), site.span, site.how(self.code)));
        let direct = self.sites.iter().any(|site| site.kind != super::sites::Kind::Call);
        let inner: Vec<_> = if direct { Vec::new() } else { self.inner.iter().take(4).cloned().collect() };
        inner.into_iter().chain(own)
    }

    /// What the watched parameter is called, where it has one plain name.
    pub fn parameter_name(&self) -> Option<&str> {
        let Watched::Parameter(at) = self.watched else { return None };
        match &self.function.params.items.get(at)?.pattern {
            BindingPattern::BindingIdentifier(id) => Some(id.name.as_str()),
            _ => None,
        }
    }

    /// What a captured call had there.
    pub fn value_at(&self, place: &Place) -> Option<&'_ Value> {
        let What::Argument(name) = &self.change.what else { return None };
        self.change.calls.iter().find_map(|call| {
            let argument = argument(&call.args, name)?;
            place.0.iter().try_fold(argument, |value, step| match (step, value) {
                (Step::Key(key), value) => value.get(key),
                (Step::Any, Value::Array(items)) => items.first(),
                (Step::Any, Value::Object(entries)) => entries.values().next(),
                (Step::Any, _) => None,
            })
        })
    }

    /// What the parameter's type promises.
    pub fn readonly(&self) -> Option<String> {
        let Watched::Parameter(at) = self.watched else { return None };
        let parameter = self.function.params.items.get(at)?;
        let annotation = self.code.slice(parameter.type_annotation.as_ref()?.span);
        let promises = annotation.contains("readonly ") || annotation.contains("Readonly");
        promises.then(|| format!("Its parameter's type is `{}`", annotation.trim_start_matches(':').trim()))
    }

    /// Whether some other code of the project calls the function and drops what it returns, so that the change may be
    /// what it is called for.
    pub fn is_called_for_its_change(&self) -> bool {
        let name = last_segment(&self.change.handler);
        let drops = |code: &Code<'_>| {
            code.kinds().any(|kind| match kind {
                AstKind::ExpressionStatement(statement) => {
                    let called = match bare(&statement.expression) {
                        Expression::AwaitExpression(wait) => bare(&wait.argument),
                        other => other,
                    };
                    match called {
                        Expression::CallExpression(call) => last_segment(code.slice(call.callee.span())) == name,
                        _ => false,
                    }
                }
                _ => false,
            })
        };
        drops(self.code) || self.project.ask_near(&self.change.path, name, |code| drops(code).then_some(())).is_some()
    }
}

/// The function of that name: at that line, else the only one.
fn find<'a>(code: &Code<'a>, name: &str, line: Option<u32>) -> Option<Func<'a>> {
    let functions = code.functions_named(name);
    let at_line = functions.iter().find(|function| line.is_some_and(|line| code.line(function.span.start) == line));
    at_line.or(if functions.len() == 1 { functions.first() } else { None }).copied()
}

fn parameter(function: &Func<'_>, name: &str) -> Option<usize> {
    if let Ok(at) = name.parse::<usize>() {
        return Some(at);
    }
    let items = &function.params.items;
    let named = items.iter().position(|parameter| match &parameter.pattern {
        BindingPattern::BindingIdentifier(id) => id.name == name,
        BindingPattern::AssignmentPattern(default) => {
            matches!(&default.left, BindingPattern::BindingIdentifier(id) if id.name == name)
        }
        _ => false,
    });
    named.or((items.len() == 1).then_some(0))
}

/// The module's own values that can be changed: lists, objects, maps, written out where they are declared.
fn constants<'c, 'a>(code: &'c Code<'a>) -> impl Iterator<Item = (SymbolId, &'a VariableDeclarator<'a>)> + 'c {
    code.kinds().filter_map(|kind| {
        let AstKind::VariableDeclarator(declarator) = kind else { return None };
        let BindingPattern::BindingIdentifier(id) = &declarator.id else { return None };
        let holds = match bare(declarator.init.as_ref()?) {
            Expression::ArrayExpression(_) | Expression::ObjectExpression(_) => true,
            Expression::NewExpression(made) => {
                matches!(code.slice(made.callee.span()), "Map" | "Set" | "Array" | "Object")
            }
            _ => false,
        };
        let top = code.function_of(kind.node_id()).is_none();
        (holds && top).then_some((id.symbol_id.get()?, declarator))
    })
}

fn is_named(declarator: &VariableDeclarator<'_>, name: &str) -> bool {
    matches!(&declarator.id, BindingPattern::BindingIdentifier(id) if id.name == name)
}

/// Whether the function that is called writes into that argument: in which container of it, and where that stands.
fn written_by_callee(
    code: &Code<'_>,
    project: &Project,
    call: &CallExpression<'_>,
    at: usize,
) -> Option<(Place, (String, Span, String))> {
    let Expression::Identifier(name) = bare(&call.callee) else { return None };
    let look = |code: &Code<'_>, name: &str| {
        let function = find(code, name, None)?;
        let aliases = Aliases::of_parameter(code, &function, at)?;
        let site = sites(code, function.span, &aliases, false, &mut |_, _| None).into_iter().next()?;
        Some((site.alias.place.clone(), (code.text.path.clone(), site.span, site.how(code))))
    };
    let declaration = code.declaration_of(name)?;
    match code.parent(declaration.node_id()) {
        AstKind::ImportDeclaration(import) => {
            let path = project.resolve(&code.text.path, import.source.value.as_str())?;
            project.ask(&path, |code| look(code, name.name.as_str()))?
        }
        _ => look(code, name.name.as_str()),
    }
}
