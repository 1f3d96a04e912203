//! The functions of a file, each with the doc comment that stands right before it.

use std::collections::{BTreeMap, BTreeSet};

use oxc::ast::AstKind;
use oxc::ast::ast::{BindingPattern, Expression, FormalParameters, MethodDefinitionKind};
use oxc::semantic::NodeId;
use oxc::span::{GetSpan as _, Span};
use thymus_javascript::code::{Body, Code, Func, range};

use super::{jsdoc, throws};
use crate::doc::Doc;
use crate::documented::Documented;
use crate::signature::{Kind, Parameter, Signature};

/// Every function with a doc comment of its own. One that is declared more than once is documented for all of its
/// declarations together, and left alone.
pub(super) fn documented(code: &Code) -> Vec<Documented> {
    let comments: BTreeMap<u32, Span> = code
        .semantic
        .comments()
        .iter()
        .filter(|comment| comment.is_jsdoc())
        .map(|comment| (comment.attached_to, comment.span))
        .collect();
    let mut seen = BTreeSet::new();
    let mut twice = BTreeSet::new();
    let mut found: Vec<Documented> = Vec::new();
    for function in code.functions() {
        let comment = holders(code, &function).into_iter().find_map(|start| comments.get(&start));
        if comment.is_none() && !matches!(function.body, Body::None) {
            continue;
        }
        let name = name(code, &function);
        if !seen.insert(name.clone()) {
            twice.insert(name.clone());
        }
        let doc = comment.and_then(|comment| jsdoc::read(&code.text.content, range(*comment)));
        found.extend(doc.map(|doc| documented_as(code, &function, name, doc)));
    }
    found.retain(|function| !twice.contains(&function.name));
    found
}

fn documented_as(code: &Code, function: &Func, name: String, mut doc: Doc) -> Documented {
    let is_constructor = matches!(
        code.parent(function.id),
        AstKind::MethodDefinition(method) if method.kind != MethodDefinitionKind::Method
    );
    if is_constructor {
        doc.returns = None;
    }
    let is_private = name.rsplit('.').next().is_some_and(|last| last.starts_with(['_', '#']));
    let signature = signature(code, function);
    Documented { name, is_public: !is_private, signature, doc }
}

/// Where a comment on this function may be attached: at the function itself, or at what only holds it.
fn holders(code: &Code, function: &Func) -> Vec<u32> {
    let mut starts = vec![function.span.start];
    let mut inner = function.span;
    for outer in code.ancestors(function.id).take(4) {
        let holds = match outer {
            AstKind::VariableDeclarator(declarator) => {
                declarator.init.as_ref().is_some_and(|init| init.span() == inner)
            }
            AstKind::VariableDeclaration(declaration) => declaration.declarations.len() == 1,
            AstKind::AssignmentExpression(assignment) => assignment.right.span() == inner,
            AstKind::ObjectProperty(property) => property.value.span() == inner,
            AstKind::PropertyDefinition(property) => property.value.as_ref().is_some_and(|value| value.span() == inner),
            AstKind::MethodDefinition(_)
            | AstKind::ExpressionStatement(_)
            | AstKind::ExportDeclaration(_)
            | AstKind::ExportDefaultDeclaration(_) => true,
            _ => false,
        };
        if !holds {
            break;
        }
        inner = outer.span();
        starts.push(inner.start);
    }
    starts
}

/// `function`, `Class.method`, `object.method`.
fn name(code: &Code, function: &Func) -> String {
    let own = code.function_name(function).unwrap_or("an unnamed function");
    let is_member = matches!(
        code.parent(function.id),
        AstKind::MethodDefinition(_) | AstKind::PropertyDefinition(_) | AstKind::ObjectProperty(_)
    );
    if is_member && let Some(holder) = holder_name(code, function.id) {
        return format!("{holder}.{own}");
    }
    if let AstKind::AssignmentExpression(assignment) = code.parent(function.id) {
        let target = code.slice(assignment.left.span());
        let target = target.strip_prefix("module.exports.").or_else(|| target.strip_prefix("exports."));
        if let Some(target) = target.filter(|target| target.len() < 100) {
            return target.to_owned();
        }
        let whole = code.slice(assignment.left.span());
        if whole.len() < 100 && whole != "module.exports" && !whole.contains('[') {
            return whole.replace(".prototype.", ".");
        }
    }
    own.to_owned()
}

fn holder_name<'a>(code: &Code<'a>, id: NodeId) -> Option<&'a str> {
    code.ancestors(id).find_map(|kind| match kind {
        AstKind::Class(class) => class.id.as_ref().map(|id| id.name.as_str()),
        AstKind::VariableDeclarator(declarator) => match &declarator.id {
            BindingPattern::BindingIdentifier(id) => Some(id.name.as_str()),
            _ => None,
        },
        _ => None,
    })
}

pub(super) fn signature(code: &Code, function: &Func) -> Signature {
    let uses_arguments = || {
        let uses = |kind: AstKind| matches!(kind, AstKind::IdentifierReference(id) if id.name == "arguments");
        inside(code, function).any(uses)
    };
    let header_end = match function.body {
        Body::Block(body) => body.span.start,
        Body::Expression(body) => body.span().start,
        Body::None => function.span.end,
    };
    Signature {
        parameters: parameters(code, function.params),
        is_open: uses_arguments(),
        raises: throws::throws(code, function),
        has_body: match function.body {
            Body::Block(body) => !body.statements.is_empty(),
            Body::Expression(_) => true,
            Body::None => false,
        },
        gives_value: gives_value(code, function),
        header: function.span.start as usize..header_end as usize,
    }
}

fn parameters(code: &Code, listed: &FormalParameters) -> Vec<Parameter> {
    let mut found: Vec<Parameter> = listed
        .items
        .iter()
        .filter(|item| !matches!(&item.pattern, BindingPattern::BindingIdentifier(id) if id.name == "this"))
        .map(|item| Parameter {
            annotation: item.type_annotation.as_ref().map(|kind| code.slice(kind.type_annotation.span()).to_owned()),
            default: item.initializer.as_ref().map(|value| code.slice(value.span()).to_owned()),
            ..pattern(code, &item.pattern)
        })
        .collect();
    if let Some(rest) = &listed.rest {
        let name = match &rest.rest.argument {
            BindingPattern::BindingIdentifier(id) => id.name.to_string(),
            _ => String::new(),
        };
        found.push(Parameter { name, kind: Kind::Rest, default: None, annotation: None });
    }
    found
}

fn pattern(code: &Code, binding: &BindingPattern) -> Parameter {
    let nameless = |kind| Parameter { name: String::new(), kind, default: None, annotation: None };
    match binding {
        BindingPattern::BindingIdentifier(id) => Parameter { name: id.name.to_string(), ..nameless(Kind::Plain) },
        BindingPattern::AssignmentPattern(assigned) => {
            Parameter { default: Some(code.slice(assigned.right.span()).to_owned()), ..pattern(code, &assigned.left) }
        }
        BindingPattern::ObjectPattern(object) => {
            let mut is_open = object.rest.is_some();
            let mut fields = Vec::new();
            for property in &object.properties {
                match property.key.static_name() {
                    Some(key) => fields.push(Parameter { name: key.into_owned(), ..field(code, &property.value) }),
                    None => is_open = true,
                }
            }
            nameless(Kind::Pattern(fields, is_open))
        }
        BindingPattern::ArrayPattern(_) => nameless(Kind::Pattern(Vec::new(), true)),
    }
}

/// What is taken out under a key; deeper patterns are not looked into.
fn field(code: &Code, value: &BindingPattern) -> Parameter {
    let default = match value {
        BindingPattern::AssignmentPattern(assigned) => Some(code.slice(assigned.right.span()).to_owned()),
        _ => None,
    };
    Parameter { name: String::new(), kind: Kind::Plain, default, annotation: None }
}

/// The nodes in a function. They are numbered in the order of the source, so those of a function stand behind it in one row; looking
/// through the whole file for each function would be quadratic.
pub(super) fn inside<'c, 'a>(
    code: &'c Code<'a>,
    function: &Func<'a>,
) -> impl Iterator<Item = AstKind<'a>> + use<'c, 'a> {
    let end = function.span.end;
    let behind = code.semantic.nodes().iter().skip(function.id.index() + 1).map(oxc::semantic::AstNode::kind);
    behind.take_while(move |kind| kind.span().start < end)
}

/// Whether calling it gives a value; none where that can't be told.
fn gives_value(code: &Code, function: &Func) -> Option<bool> {
    let Body::Block(body) = function.body else { return Some(true) };
    if function.is_generator || function.return_type.is_some() {
        return None;
    }
    let own = |id: NodeId| code.function_of(id).is_some_and(|inner| inner.id == function.id);
    let mut throws_last = false;
    if let Some(oxc::ast::ast::Statement::ThrowStatement(_)) = body.statements.last() {
        throws_last = true;
    }
    let gives = inside(code, function).any(|kind| {
        matches!(kind, AstKind::ReturnStatement(statement)
            if statement.argument.as_ref().is_some_and(|value| !is_nothing(value)) && own(kind.node_id()))
    });
    match (gives, throws_last) {
        (true, _) => Some(true),
        (false, true) => None,
        (false, false) => Some(false),
    }
}

fn is_nothing(value: &Expression) -> bool {
    matches!(value, Expression::Identifier(id) if id.name == "undefined")
}
