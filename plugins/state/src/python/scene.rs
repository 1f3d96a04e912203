//! The function of a change with everything that rules ask of it: what is watched, and who writes into it.

use std::ops::Range;

use ruff_python_ast::{Expr, ExprCall, ParameterWithDefault, Stmt, StmtFunctionDef};
use serde_json::Value;
use thymus_python::project::Project;
use thymus_python::syntax::{Function, Module, bytes, callee_name, expressions, statements, takes_instance};

use super::aliases::Aliases;
use super::sites::{Site, sites};
use crate::change::{Change, What, argument};
use crate::differences::{Place, Step};

/// A file, where in it something is written, and in words how.
type Written = (String, Range<usize>, String);

/// What a change's function looks like.
pub struct Scene<'s> {
    pub change: &'s Change,
    pub module: &'s Module,
    pub project: &'s Project,
    pub function: Function<'s>,
    pub watched: Watched<'s>,
    pub aliases: Aliases,
    /// Who writes into it, where it was seen to change, in the order of the text.
    pub sites: Vec<Site<'s>>,
    /// Of calls among them, where in another function it is written.
    inner: Vec<Written>,
}

/// What is watched.
#[derive(Clone, Copy, Debug)]
pub enum Watched<'s> {
    /// A parameter.
    Parameter(&'s ParameterWithDefault),
    /// The value that a parameter has when nothing is given, made once for all calls.
    Default(&'s ParameterWithDefault),
    /// A value of the module: its name and the statement that sets it.
    Constant(&'s str, &'s Stmt),
}

impl<'s> Scene<'s> {
    /// Sets the scene; none where the function, or what it changes, can't be told.
    pub fn of(change: &'s Change, project: &'s Project) -> Option<Self> {
        Self::in_module(change, project.module(&change.path)?, project)
    }

    /// The same in another text of the file.
    pub fn in_module(change: &'s Change, module: &'s Module, project: &'s Project) -> Option<Self> {
        let function = find(module, change)?;
        let watch = |watched: Watched<'s>, name: &str| {
            let mut inner = Vec::new();
            let aliases = Aliases::of(name, function.def);
            let mut writes = |call: &'s ExprCall, at: usize| {
                let (place, found) = written_by_callee(project, module, function, call, at)?;
                inner.push(found);
                Some(place)
            };
            let mut sites = sites(function.def, &aliases, &mut writes);
            if !change.places.is_empty() {
                sites.retain(|site| change.places.iter().any(|place| place.may_be(&site.alias.place)));
            }
            Self { change, module, project, function, watched, aliases, sites, inner }
        };
        match &change.what {
            What::Argument(name) => {
                let parameter = parameter(function, name)?;
                Some(watch(Watched::Parameter(parameter), parameter.parameter.name.as_str()))
            }
            What::State(name) => {
                let root = name.split(['.', '[']).next()?;
                let (name, statement) = constants(module).find(|(name, _)| *name == root)?;
                Some(watch(Watched::Constant(name, statement), name))
            }
            What::Results => {
                let defaults = function.def.parameters.iter_non_variadic_params();
                let defaults = defaults
                    .filter(|parameter| parameter.default.as_deref().is_some_and(is_container))
                    .map(|parameter| watch(Watched::Default(parameter), parameter.parameter.name.as_str()));
                let constants = constants(module)
                    .filter(|(name, _)| !is_shadowed(function.def, name))
                    .map(|(name, statement)| watch(Watched::Constant(name, statement), name));
                defaults.chain(constants).find(|scene| !scene.sites.is_empty())
            }
        }
    }

    /// Path, place and words of each who writes; where a call writes, the statement inside of what it calls.
    pub fn writers(&self) -> impl Iterator<Item = Written> + '_ {
        let own = self.sites.iter().map(|site| (self.change.path.clone(), site.range.clone(), site.how(self.module)));
        let direct = self.sites.iter().any(|site| !matches!(site.kind, super::sites::Kind::Call));
        let inner: Vec<_> = if direct { Vec::new() } else { self.inner.iter().take(4).cloned().collect() };
        inner.into_iter().chain(own)
    }

    /// What the parameter's type promises.
    pub fn readonly(&self) -> Option<String> {
        let Watched::Parameter(parameter) = self.watched else { return None };
        let annotation = self.module.src(parameter.parameter.annotation.as_deref()?);
        let outer = annotation.split('[').next().unwrap_or_default().rsplit('.').next().unwrap_or_default();
        let promises =
            matches!(outer, "Sequence" | "Iterable" | "Mapping" | "Collection" | "AbstractSet" | "FrozenSet");
        promises.then(|| format!("Its parameter's type is `{annotation}`, which nobody may write into"))
    }

    /// A default that is made once and then written into.
    pub fn remembering_default(&self) -> Option<String> {
        let Watched::Default(parameter) = self.watched else { return None };
        let name = parameter.parameter.name.as_str();
        let meant = ["cache", "memo", "seen", "registry"].iter().any(|word| name.contains(word));
        (!meant).then(|| format!("The default of `{name}` is made once, and written into"))
    }

    /// What a captured call had there.
    pub fn value_at(&self, place: &Place) -> Option<&Value> {
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

    /// Whether what stands there is all of its line, so that it can become another statement.
    pub fn stands_alone(&self, range: &Range<usize>) -> bool {
        let content = &self.module.text.content;
        let start = content[..range.start].rfind('\n').map_or(0, |at| at + 1);
        let rest = content[range.end..].lines().next().unwrap_or_default().trim();
        content[start..range.start].trim().is_empty() && (rest.is_empty() || rest.starts_with('#'))
    }

    /// Whether the function names it again behind a place.
    pub fn is_named_after(&self, name: &str, at: usize) -> bool {
        expressions(&self.function.def.body)
            .into_iter()
            .any(|expr| expr.as_name_expr().is_some_and(|used| used.id.as_str() == name && bytes(used).start >= at))
    }

    /// Whether a loop runs it again and again.
    pub fn is_in_loop(&self, range: &Range<usize>) -> bool {
        statements(&self.function.def.body).into_iter().any(|statement| {
            let around = bytes(statement);
            (statement.is_for_stmt() || statement.is_while_stmt())
                && around.start <= range.start
                && range.end <= around.end
        })
    }

    /// Whether any way gives back a value.
    pub fn returns_something(&self) -> bool {
        statements(&self.function.def.body)
            .into_iter()
            .filter_map(Stmt::as_return_stmt)
            .any(|node| node.value.as_deref().is_some_and(|value| !value.is_none_literal_expr()))
    }

    /// Whether some code of the project calls the function and drops what it returns, so that the change may be what it is
    /// called for.
    pub fn is_called_for_its_change(&self) -> bool {
        let name = self.function.def.name.as_str();
        self.project.sources().any(|module| {
            let mut drops = false;
            thymus_python::syntax::walk(&module.tree.body, &mut |node| {
                if let thymus_python::syntax::Node::Stmt(Stmt::Expr(statement)) = node {
                    let called = match &*statement.value {
                        Expr::Await(wait) => &*wait.value,
                        other => other,
                    };
                    drops |= called.as_call_expr().is_some_and(|call| callee_name(&call.func) == Some(name));
                }
                !drops
            });
            drops
        })
    }
}

/// The function of a change: by name, by class, and by line where several are left.
fn find<'s>(module: &'s Module, change: &Change) -> Option<Function<'s>> {
    let mut segments: Vec<&str> = change.handler.split('.').filter(|segment| !segment.is_empty()).collect();
    let name = segments.pop()?;
    let class = segments.pop();
    let mut named = module.functions();
    named.retain(|function| function.def.name.as_str() == name);
    let exact: Vec<_> =
        named.iter().copied().filter(|f| f.class.is_some_and(|owner| Some(owner.name.as_str()) == class)).collect();
    match (exact.as_slice(), named.as_slice()) {
        ([only], _) | ([], [only]) => Some(*only),
        _ => named.into_iter().find(|function| {
            let start = module.line(function.def);
            let end = module.text.line_column(bytes(function.def).end).0;
            change.line.is_some_and(|line| start <= line && line <= end)
        }),
    }
}

/// The parameter of that name, or of that number among those that a call gives.
fn parameter<'s>(function: Function<'s>, name: &str) -> Option<&'s ParameterWithDefault> {
    let mut all = function.def.parameters.iter_non_variadic_params();
    match name.parse::<usize>() {
        Ok(at) => all.nth(at + usize::from(takes_instance(function))),
        Err(_) => all.find(|parameter| parameter.parameter.name.as_str() == name),
    }
}

/// The module's own values that can be changed: lists, dictionaries, sets, written out where they are set.
fn constants(module: &Module) -> impl Iterator<Item = (&str, &Stmt)> {
    module.tree.body.iter().filter_map(|statement| match statement {
        Stmt::Assign(node) => match node.targets.as_slice() {
            [Expr::Name(name)] if is_container(&node.value) => Some((name.id.as_str(), statement)),
            _ => None,
        },
        Stmt::AnnAssign(node) => match (&*node.target, node.value.as_deref()) {
            (Expr::Name(name), Some(value)) if is_container(value) => Some((name.id.as_str(), statement)),
            _ => None,
        },
        _ => None,
    })
}

/// `[]`, `{}`, `set()`, `defaultdict(list)`.
pub fn is_container(expr: &Expr) -> bool {
    match expr {
        Expr::List(_) | Expr::Dict(_) | Expr::Set(_) => true,
        Expr::Call(call) => matches!(
            callee_name(&call.func),
            Some("list" | "dict" | "set" | "defaultdict" | "OrderedDict" | "deque" | "Counter")
        ),
        _ => false,
    }
}

/// Whether the function has a parameter or a local of that name, and so never means the module's.
fn is_shadowed(def: &StmtFunctionDef, name: &str) -> bool {
    def.parameters.iter_non_variadic_params().any(|parameter| parameter.parameter.name.as_str() == name)
        || statements(&def.body).into_iter().any(|statement| match statement {
            Stmt::Assign(node) => {
                node.targets.iter().any(|target| target.as_name_expr().is_some_and(|target| target.id.as_str() == name))
            }
            _ => false,
        })
}

/// Whether the function that is called writes into that argument: in which container of it, and where that stands.
fn written_by_callee<'s>(
    project: &'s Project,
    module: &'s Module,
    function: Function<'s>,
    call: &'s ExprCall,
    at: usize,
) -> Option<(Place, Written)> {
    let callees = project.callees(module, function.class, &call.func);
    let [(home, callee)] = callees.as_slice() else { return None };
    let parameter = parameter(*callee, &at.to_string())?;
    let aliases = Aliases::of(parameter.parameter.name.as_str(), callee.def);
    let site = sites(callee.def, &aliases, &mut |_, _| None).into_iter().next()?;
    Some((site.alias.place.clone(), (home.text.path.clone(), site.range.clone(), site.how(home))))
}
