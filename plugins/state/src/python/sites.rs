//! The places of a function that change a watched value: assignments to its entries, methods that work in place, `del`,
//! `+=` on a list, and calls of the project's own functions that do any of it.

use std::ops::Range;

use ruff_python_ast::{Expr, ExprCall, Stmt, StmtFunctionDef};
use thymus_python::syntax::{Module, Node, bytes, dotted, walk};

use super::aliases::{Alias, Aliases};
use crate::differences::Place;

/// Methods that change the list, dictionary or set they are called on.
const IN_PLACE: [&str; 16] = [
    "append",
    "extend",
    "insert",
    "remove",
    "pop",
    "clear",
    "sort",
    "reverse",
    "update",
    "setdefault",
    "popitem",
    "add",
    "discard",
    "appendleft",
    "popleft",
    "move_to_end",
];
/// Functions of the standard library that change their first argument.
const FUNCTIONS: [&str; 6] =
    ["random.shuffle", "heapq.heapify", "heapq.heappush", "heapq.heappop", "bisect.insort", "shuffle"];

/// One place that writes.
#[derive(Clone, Debug)]
pub struct Site<'a> {
    /// The whole statement or expression that writes.
    pub range: Range<usize>,
    /// The expression whose value is changed.
    pub container: &'a Expr,
    pub alias: Alias,
    pub kind: Kind<'a>,
}

/// How it writes.
#[derive(Clone, Debug)]
pub enum Kind<'a> {
    /// `x.sort()`, `x.append(1)`
    Method(&'a str, &'a ExprCall),
    /// `x[0] = 1`, `x.a = 1`, `x["a"] += 1`
    Assign,
    /// `x += [1]`
    Extend,
    /// `del x[0]`
    Delete,
    /// A function that writes into what it is given.
    Call,
}

impl Site<'_> {
    /// What it does, for a person.
    pub fn how(&self, module: &Module) -> String {
        let of = module.src(self.container);
        let text = module.text.content.get(self.range.clone()).unwrap_or_default();
        let text: String = text.lines().next().unwrap_or_default().chars().take(120).collect();
        match &self.kind {
            Kind::Method(name, _) => format!("`{of}.{name}(…)` changes `{of}` in place"),
            Kind::Assign => format!("`{text}` assigns into `{of}`"),
            Kind::Extend => format!("`{text}` extends `{of}` in place"),
            Kind::Delete => format!("`{text}` takes something out of `{of}`"),
            Kind::Call => format!("`{text}` is handed `{of}` and changes it"),
        }
    }
}

/// Who writes in a function, in the order of the text. `writes` says of a call whether it changes its argument of that
/// number, and in which container.
pub fn sites<'a>(
    def: &'a StmtFunctionDef,
    aliases: &Aliases,
    writes: &mut dyn FnMut(&'a ExprCall, usize) -> Option<Place>,
) -> Vec<Site<'a>> {
    let mut found: Vec<Site<'a>> = Vec::new();
    let mut push = |range: Range<usize>, container: &'a Expr, inner: Place, kind: Kind<'a>| {
        if let Some(alias) = aliases.alias(container).filter(|alias| !alias.fresh) {
            let place = Place(alias.place.0.into_iter().chain(inner.0).collect());
            found.push(Site { range, container, alias: Alias { place, fresh: false }, kind });
        }
    };
    walk(&def.body, &mut |node| {
        match node {
            Node::Expr(Expr::Call(call)) => {
                let range = bytes(call);
                if let Expr::Attribute(attribute) = &*call.func
                    && IN_PLACE.contains(&attribute.attr.as_str())
                {
                    push(
                        range.clone(),
                        &attribute.value,
                        Place::default(),
                        Kind::Method(attribute.attr.as_str(), call),
                    );
                }
                let known = dotted(&call.func).is_some_and(|name| FUNCTIONS.contains(&name.as_str()));
                for (at, argument) in call.arguments.args.iter().enumerate() {
                    let inner = if known && at == 0 { Some(Place::default()) } else { writes(call, at) };
                    if let Some(inner) = inner {
                        push(range.clone(), argument, inner, Kind::Call);
                    }
                }
            }
            Node::Stmt(statement) => {
                let range = bytes(statement);
                match statement {
                    Stmt::Assign(node) => {
                        for target in &node.targets {
                            into_entry(target, &mut |container| {
                                push(range.clone(), container, Place::default(), Kind::Assign);
                            });
                        }
                    }
                    Stmt::AugAssign(node) => match &*node.target {
                        Expr::Name(_) => push(range, &node.target, Place::default(), Kind::Extend),
                        target => into_entry(target, &mut |container| {
                            push(range.clone(), container, Place::default(), Kind::Assign);
                        }),
                    },
                    Stmt::Delete(node) => {
                        for target in &node.targets {
                            into_entry(target, &mut |container| {
                                push(range.clone(), container, Place::default(), Kind::Delete);
                            });
                        }
                    }
                    _ => {}
                }
            }
            _ => {}
        }
        true
    });
    found.sort_by_key(|site| (site.range.start, site.range.end));
    found
}

/// The container that assigning to a target writes into.
fn into_entry<'a>(target: &'a Expr, found: &mut dyn FnMut(&'a Expr)) {
    match target {
        Expr::Subscript(node) => found(&node.value),
        Expr::Attribute(node) => found(&node.value),
        _ => {}
    }
}
