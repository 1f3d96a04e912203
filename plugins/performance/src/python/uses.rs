//! What a name is used for at one place, and whether that can change what it holds.

use std::ops::Range;

use ruff_python_ast::{CmpOp, Expr, ExprCall, Stmt};
use thymus_python::syntax::{Node, bytes, callee_name};

use super::scene::{Scene, within};

/// Methods that change nothing of their object.
const READING: [&str; 46] = [
    "get",
    "keys",
    "values",
    "items",
    "index",
    "count",
    "copy",
    "join",
    "split",
    "rsplit",
    "splitlines",
    "strip",
    "lstrip",
    "rstrip",
    "lower",
    "upper",
    "casefold",
    "startswith",
    "endswith",
    "replace",
    "find",
    "rfind",
    "format",
    "encode",
    "decode",
    "isdigit",
    "isalpha",
    "isalnum",
    "isspace",
    "title",
    "capitalize",
    "union",
    "intersection",
    "difference",
    "symmetric_difference",
    "issubset",
    "issuperset",
    "isdisjoint",
    "match",
    "fullmatch",
    "search",
    "findall",
    "finditer",
    "sub",
    "partition",
    "zfill",
];
/// Functions of the language that only look at what they get.
const LOOKING: [&str; 28] = [
    "len",
    "sorted",
    "sum",
    "min",
    "max",
    "set",
    "list",
    "tuple",
    "dict",
    "frozenset",
    "enumerate",
    "zip",
    "any",
    "all",
    "isinstance",
    "str",
    "repr",
    "int",
    "float",
    "bool",
    "range",
    "reversed",
    "print",
    "hash",
    "id",
    "type",
    "abs",
    "round",
];

/// A use.
#[derive(Clone, Copy, Debug)]
pub enum Use<'a> {
    /// A method is called on it.
    Method(&'a ExprCall, &'a str),
    /// An attribute or an element is read.
    Part,
    /// It is iterated, compared, or looked at by a function of the language.
    Read,
    /// It is what is asked: `x in it`.
    Asked,
    /// It gets another value.
    Assigned,
    /// A part of it does.
    Changed,
    /// It is returned.
    Returned,
    /// It is handed on, or put into something else.
    Given,
}

/// The use of an expression where it stands.
pub fn use_of<'p>(scene: &Scene<'p>, expr: &Expr) -> Use<'p> {
    let written = match expr {
        Expr::Name(name) => !name.ctx.is_load(),
        Expr::Attribute(attribute) => !attribute.ctx.is_load(),
        _ => false,
    };
    if written {
        return Use::Assigned;
    }
    let own = bytes(expr);
    let around: Vec<Node<'p>> = scene.around(&own).into_iter().filter(|node| bytes(*node) != own).collect();
    match around.first() {
        Some(Node::Expr(parent)) => of_expression(parent, &own, around.get(1)),
        Some(Node::Comprehension(_) | Node::Elif(_)) => Use::Read,
        Some(Node::Stmt(statement)) => of_statement(statement, &own),
        Some(Node::Handler(_)) | None => Use::Given,
    }
}

fn of_expression<'p>(parent: &'p Expr, own: &Range<usize>, outer: Option<&Node<'p>>) -> Use<'p> {
    match parent {
        Expr::Attribute(attribute) => match outer {
            Some(Node::Expr(Expr::Call(call))) if bytes(&*call.func) == bytes(parent) => {
                Use::Method(call, attribute.attr.as_str())
            }
            _ if attribute.ctx.is_load() => Use::Part,
            _ => Use::Changed,
        },
        Expr::Subscript(subscript) if bytes(&*subscript.value) == *own => {
            let grown = matches!(outer, Some(Node::Stmt(Stmt::AugAssign(it))) if bytes(&*it.target) == bytes(parent));
            if subscript.ctx.is_load() && !grown { Use::Part } else { Use::Changed }
        }
        Expr::Compare(compare) => {
            let asked = compare
                .ops
                .iter()
                .zip(&compare.comparators)
                .any(|(op, of)| matches!(op, CmpOp::In | CmpOp::NotIn) && bytes(of) == *own);
            if asked { Use::Asked } else { Use::Read }
        }
        Expr::Subscript(_)
        | Expr::BinOp(_)
        | Expr::UnaryOp(_)
        | Expr::FString(_)
        | Expr::Starred(_)
        | Expr::Slice(_) => Use::Read,
        // The last one may be the value.
        Expr::BoolOp(it) if it.values.last().is_none_or(|last| bytes(last) != *own) => Use::Read,
        Expr::If(it) if bytes(&*it.test) == *own => Use::Read,
        Expr::Call(call) if bytes(&*call.func) == *own => Use::Read,
        Expr::Call(call) => {
            let global = matches!(&*call.func, Expr::Name(name) if LOOKING.contains(&name.id.as_str()));
            let of_text = match &*call.func {
                Expr::Attribute(it) => it.attr.as_str() == "join" && it.value.is_string_literal_expr(),
                _ => false,
            };
            let of_set =
                callee_name(&call.func).is_some_and(|it| matches!(it, "isdisjoint" | "issubset" | "issuperset"));
            if global || of_text || of_set { Use::Read } else { Use::Given }
        }
        _ => Use::Given,
    }
}

fn of_statement<'p>(statement: &Stmt, own: &Range<usize>) -> Use<'p> {
    match statement {
        Stmt::For(it) if bytes(&*it.iter) == *own => Use::Read,
        Stmt::If(_) | Stmt::While(_) | Stmt::Assert(_) | Stmt::Expr(_) => Use::Read,
        Stmt::AugAssign(it) if within(own, &bytes(&*it.value)) => Use::Read,
        Stmt::AugAssign(_) | Stmt::Delete(_) => Use::Changed,
        Stmt::Return(_) => Use::Returned,
        _ => Use::Given,
    }
}

/// Whether a method changes nothing of its object.
pub fn is_reading_method(name: &str) -> bool {
    READING.contains(&name)
}

/// Whether a use leaves name and value alone.
pub fn is_harmless(one: &Use) -> bool {
    match one {
        Use::Method(_, name) => READING.contains(name),
        Use::Part | Use::Read | Use::Asked | Use::Returned => true,
        Use::Assigned | Use::Changed | Use::Given => false,
    }
}
