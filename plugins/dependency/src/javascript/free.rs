//! The names that a file uses and nobody in it defines: globals of the platform, and what somebody forgot to import.

use std::ops::Range;

use oxc::ast::AstKind;
use oxc::span::GetSpan as _;
use thymus_javascript::code::{Code, range};

/// A use of a name that is not defined in its file.
#[derive(Clone, Debug)]
pub struct Free {
    /// The name.
    pub name: String,
    /// Where.
    pub range: Range<usize>,
    /// In a function.
    pub lazy: bool,
    /// The member that is read of it, as in `path.join`.
    pub member: Option<String>,
    /// It is called: `join(…)`, `new Cart()`, or `path.join(…)`.
    pub is_called: bool,
}

/// All of a file that are read as values and would throw; in the order of the source.
pub fn free(code: &Code) -> Vec<Free> {
    let scoping = code.semantic.scoping();
    let mut found = Vec::new();
    for (name, references) in scoping.root_unresolved_references() {
        let uses: Vec<_> = references.iter().map(|id| scoping.get_reference(*id)).collect();
        // Whoever assigns to it or asks for its type knows that it may be missing.
        let known = uses.iter().any(|it| {
            it.is_write()
                || matches!(code.parent(it.node_id()), AstKind::UnaryExpression(unary) if unary.operator.is_typeof())
        });
        if known {
            continue;
        }
        for reference in uses.into_iter().filter(|it| it.is_value() && !it.is_type()) {
            let node = reference.node_id();
            let (member, is_called) = used(code, node);
            found.push(Free {
                name: name.to_string(),
                range: range(code.kind(node).span()),
                lazy: code.function_of(node).is_some(),
                member,
                is_called,
            });
        }
    }
    found.sort_by_key(|free| free.range.start);
    found
}

fn used(code: &Code, node: oxc::semantic::NodeId) -> (Option<String>, bool) {
    let own = code.kind(node).span();
    let called = |at: oxc::semantic::NodeId| {
        let callee = code.kind(at).span();
        match code.parent(at) {
            AstKind::CallExpression(call) => call.callee.span() == callee,
            AstKind::NewExpression(call) => call.callee.span() == callee,
            _ => false,
        }
    };
    match code.parent(node) {
        AstKind::StaticMemberExpression(member) if member.object.span() == own => {
            (Some(member.property.name.to_string()), called(member.node_id.get()))
        }
        _ => (None, called(node)),
    }
}
