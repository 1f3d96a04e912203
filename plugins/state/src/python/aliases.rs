//! Which names of a function lead into a value: the parameter, what was taken out of it, what a loop runs over. A name is
//! what its last binding in the text made it; a copy's entries are still the value's own.

use std::collections::BTreeMap;

use ruff_python_ast::{Expr, Stmt, StmtFunctionDef};
use thymus_python::syntax::{bytes, callee_name, dotted, statements, string};

use crate::differences::{Place, Step};

/// How often names are followed to further names.
const ROUNDS: usize = 4;
/// Deeper expressions are not followed.
const DEEPEST: usize = 12;
/// Functions whose result is a new container with the same entries.
const FRESH: [&str; 12] = [
    "list",
    "dict",
    "set",
    "tuple",
    "sorted",
    "reversed",
    "copy",
    "values",
    "items",
    "enumerate",
    "filter",
    "OrderedDict",
];

/// A way into the watched value.
#[derive(Clone, Debug, PartialEq)]
pub struct Alias {
    /// Which of its containers.
    pub place: Place,
    /// It is a copy of that container; only its entries are shared.
    pub fresh: bool,
}

impl Alias {
    fn step(&self, step: Step) -> Self {
        Self { place: self.place.then(step), fresh: false }
    }

    fn copied(self) -> Self {
        Self { fresh: true, ..self }
    }
}

/// What each name means from which byte on; none where it is something else.
#[derive(Clone, Debug, Default)]
pub struct Aliases {
    bindings: BTreeMap<String, BTreeMap<usize, Option<Alias>>>,
}

impl Aliases {
    /// Those of a name that means the value from the function's start, a parameter or a global one.
    pub fn of(name: &str, def: &StmtFunctionDef) -> Self {
        let whole = Some(Alias { place: Place::default(), fresh: false });
        let mut aliases = Self { bindings: BTreeMap::from([(name.to_owned(), BTreeMap::from([(0, whole)]))]) };
        for _ in 0..ROUNDS {
            let before = aliases.bindings.clone();
            for statement in statements(&def.body) {
                aliases.follow(statement);
            }
            if aliases.bindings == before {
                break;
            }
        }
        aliases
    }

    /// Where an expression leads to; none where it is something else.
    pub fn alias(&self, expr: &Expr) -> Option<Alias> {
        self.at_depth(expr, 0)
    }

    fn at_depth(&self, expr: &Expr, depth: usize) -> Option<Alias> {
        if depth > DEEPEST {
            return None;
        }
        let of = |inner: &Expr| self.at_depth(inner, depth + 1);
        match expr {
            Expr::Name(name) => {
                let known = self.bindings.get(name.id.as_str())?;
                known.range(..=bytes(expr).start).next_back()?.1.clone()
            }
            Expr::Attribute(node) => Some(of(&node.value)?.step(Step::Key(node.attr.to_string()))),
            Expr::Subscript(node) => {
                let alias = of(&node.value)?;
                Some(match &*node.slice {
                    Expr::Slice(_) => alias.copied(),
                    key => alias.step(key_of(key)),
                })
            }
            Expr::BoolOp(node) => node.values.iter().find_map(of),
            Expr::If(node) => of(&node.body).or_else(|| of(&node.orelse)),
            Expr::Named(node) => of(&node.value),
            Expr::Await(node) => of(&node.value),
            Expr::List(node) => {
                node.elts.iter().find_map(|element| of(&element.as_starred_expr()?.value)).map(Alias::copied)
            }
            Expr::Dict(node) => {
                // With copies of entries too, it is a deeper copy than can be followed.
                let deeper = node.items.iter().any(|item| item.key.is_some() && of(&item.value).is_some());
                let shared = node.items.iter().find_map(|item| if item.key.is_none() { of(&item.value) } else { None });
                shared.filter(|_| !deeper).map(Alias::copied)
            }
            Expr::Call(call) => {
                let name = callee_name(&call.func)?;
                if let Expr::Attribute(attribute) = &*call.func
                    && let Some(alias) = of(&attribute.value)
                {
                    return match name {
                        "get" | "setdefault" => Some(alias.step(key_of(call.arguments.args.first()?))),
                        "pop" => Some(alias.step(Step::Any)),
                        "copy" | "values" | "items" => Some(alias.copied()),
                        _ => None,
                    };
                }
                let is_fresh = match &*call.func {
                    Expr::Name(_) => FRESH.contains(&name),
                    func => dotted(func).as_deref() == Some("copy.copy"),
                };
                let first = call.arguments.args.first().filter(|_| is_fresh)?;
                of(first).map(Alias::copied)
            }
            _ => None,
        }
    }

    fn follow(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Assign(node) => {
                let alias = self.alias(&node.value);
                for target in &node.targets {
                    self.bind(target, alias.as_ref(), bytes(statement).end);
                }
            }
            Stmt::AnnAssign(node) => {
                if let Some(value) = &node.value {
                    let alias = self.alias(value);
                    self.bind(&node.target, alias.as_ref(), bytes(statement).end);
                }
            }
            Stmt::For(node) => {
                let alias = self.alias(&node.iter).map(|alias| alias.step(Step::Any));
                // `for key, value in x.items()`, `for at, value in enumerate(x)`: the last is the entry.
                let target = match &*node.target {
                    Expr::Tuple(tuple) if is_pairs(&node.iter) => tuple.elts.last().unwrap_or(&node.target),
                    target => target,
                };
                self.bind(target, alias.as_ref(), bytes(&*node.target).start);
            }
            _ => {}
        }
    }

    fn bind(&mut self, target: &Expr, alias: Option<&Alias>, from: usize) {
        match target {
            Expr::Name(name) => {
                let name = name.id.to_string();
                if alias.is_some() || self.bindings.contains_key(&name) {
                    self.bindings.entry(name).or_default().insert(from, alias.cloned());
                }
            }
            Expr::Tuple(node) => {
                let inner = alias.map(|alias| alias.step(Step::Any));
                for element in node.elts.iter().filter(|element| element.is_name_expr()) {
                    self.bind(element, inner.as_ref(), from);
                }
            }
            _ => {}
        }
    }
}

fn is_pairs(iter: &Expr) -> bool {
    iter.as_call_expr().is_some_and(|call| matches!(callee_name(&call.func), Some("items" | "enumerate")))
}

fn key_of(expr: &Expr) -> Step {
    string(expr).map_or(Step::Any, |key| Step::Key(key.to_owned()))
}
