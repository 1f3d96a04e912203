//! What a name is used for at one place, and whether that can change what it holds.

use oxc::ast::AstKind;
use oxc::ast::ast::{CallExpression, Expression};
use oxc::semantic::NodeId;
use oxc::span::GetSpan as _;
use thymus_javascript::code::{Code, bare};

/// Methods that change nothing of their object. A pattern's `exec` and `test` do where it has the flag `g` or `y`, and
/// are not among them.
const READING: [&str; 58] = [
    "includes",
    "indexOf",
    "lastIndexOf",
    "find",
    "findIndex",
    "findLast",
    "findLastIndex",
    "some",
    "every",
    "map",
    "filter",
    "forEach",
    "reduce",
    "reduceRight",
    "slice",
    "concat",
    "join",
    "flatMap",
    "flat",
    "at",
    "entries",
    "keys",
    "values",
    "has",
    "get",
    "toString",
    "toSorted",
    "toReversed",
    "toSpliced",
    "with",
    "localeCompare",
    "split",
    "replace",
    "replaceAll",
    "startsWith",
    "endsWith",
    "trim",
    "trimStart",
    "trimEnd",
    "toLowerCase",
    "toUpperCase",
    "charAt",
    "charCodeAt",
    "codePointAt",
    "substring",
    "substr",
    "padStart",
    "padEnd",
    "repeat",
    "match",
    "matchAll",
    "search",
    "normalize",
    "toFixed",
    "getTime",
    "toISOString",
    "format",
    "hasOwnProperty",
];

/// A use.
#[derive(Clone, Copy)]
pub enum Use<'a> {
    /// A method is called on it.
    Method(&'a CallExpression<'a>, &'a str),
    /// A property or an element is read.
    Part,
    /// It is iterated, spread, compared, or asked whether it is there.
    Read,
    /// It gets another value.
    Assigned,
    /// A property of it does, or an element.
    Changed,
    /// It is returned.
    Returned,
    /// It is handed to a function, or put into something else.
    Given,
}

/// The use at a reference.
pub fn use_of<'a>(code: &Code<'a>, id: NodeId) -> Use<'a> {
    if let AstKind::IdentifierReference(name) = code.kind(id)
        && let Some(reference) = name.reference_id.get()
        && code.semantic.scoping().get_reference(reference).is_write()
    {
        return Use::Assigned;
    }
    let own = code.kind(id).span();
    match code.parent(id) {
        AstKind::StaticMemberExpression(member) if member.object.span() == own => {
            let whole = member.span;
            member_use(code, member.node_id.get(), |call| {
                (call.callee.span() == whole).then(|| Use::Method(call, member.property.name.as_str()))
            })
        }
        AstKind::ComputedMemberExpression(member) if member.object.span() == own => {
            let whole = member.span;
            member_use(code, member.node_id.get(), |call| (call.callee.span() == whole).then_some(Use::Given))
        }
        AstKind::ForOfStatement(_)
        | AstKind::ForInStatement(_)
        | AstKind::SpreadElement(_)
        | AstKind::BinaryExpression(_)
        | AstKind::UnaryExpression(_)
        | AstKind::IfStatement(_)
        | AstKind::WhileStatement(_)
        | AstKind::ComputedMemberExpression(_)
        | AstKind::TemplateLiteral(_)
        | AstKind::SwitchStatement(_)
        | AstKind::SwitchCase(_) => Use::Read,
        AstKind::ConditionalExpression(it) if it.test.span() == own => Use::Read,
        AstKind::ReturnStatement(_) => Use::Returned,
        AstKind::CallExpression(call) if call.callee.span() == own => Use::Read,
        AstKind::CallExpression(call) if is_reading_function(code, call) => Use::Read,
        AstKind::NewExpression(new) if matches!(code.slice(new.callee.span()), "Set" | "Map" | "RegExp" | "Date") => {
            Use::Read
        }
        AstKind::VariableDeclarator(declarator) if declarator.id.get_binding_identifier().is_none() => Use::Part,
        _ => Use::Given,
    }
}

fn member_use<'a>(
    code: &Code<'a>,
    member: NodeId,
    method: impl Fn(&'a CallExpression<'a>) -> Option<Use<'a>>,
) -> Use<'a> {
    let span = code.kind(member).span();
    let mut outer = code.parent(member);
    if let AstKind::ChainExpression(chain) = outer {
        outer = code.parent(chain.node_id.get());
    }
    match outer {
        AstKind::CallExpression(call) => method(call).unwrap_or(Use::Part),
        AstKind::AssignmentExpression(assignment) if assignment.left.span() == span => Use::Changed,
        AstKind::UpdateExpression(_) => Use::Changed,
        AstKind::UnaryExpression(unary) if unary.operator.is_delete() => Use::Changed,
        AstKind::ForOfStatement(it) if it.left.span() == span => Use::Changed,
        _ => Use::Part,
    }
}

/// Whether the language itself is called, with a function that only looks at what it gets.
fn is_reading_function(code: &Code, call: &CallExpression) -> bool {
    let callee = code.slice(call.callee.span());
    let looks = [
        "Array.from",
        "Array.isArray",
        "Object.keys",
        "Object.values",
        "Object.entries",
        "JSON.stringify",
        "JSON.parse",
        "String",
        "Number",
        "Boolean",
        "parseInt",
        "parseFloat",
        "isNaN",
        "Number.isInteger",
        "Number.isNaN",
        "Number.isFinite",
        "structuredClone",
        "console.log",
        "encodeURIComponent",
        "decodeURIComponent",
        "Math.max",
        "Math.min",
        "Math.floor",
        "Math.round",
        "Math.ceil",
        "Math.abs",
        "Symbol",
    ]
    .contains(&callee);
    let root = match bare(&call.callee) {
        Expression::Identifier(name) => Some(name),
        other => other.get_member_expr().and_then(|member| match bare(member.object()) {
            Expression::Identifier(name) => Some(name),
            _ => None,
        }),
    };
    looks && root.is_some_and(|name| code.resolve(name).is_none())
}

/// Whether a method changes nothing of its object.
pub fn is_reading_method(name: &str) -> bool {
    READING.contains(&name)
}

/// Whether a use leaves name and value alone.
pub fn is_harmless(one: &Use) -> bool {
    match one {
        Use::Method(_, name) => READING.contains(name),
        Use::Part | Use::Read | Use::Returned => true,
        Use::Assigned | Use::Changed | Use::Given => false,
    }
}
