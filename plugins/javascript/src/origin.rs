//! Where a value came from: the declaration of its variable, the lookup that found nothing, the parameter it came in by.

use oxc::ast::AstKind;
use oxc::ast::ast::{BindingPattern, Expression, FormalParameter};
use oxc::semantic::{NodeId, SymbolId};
use oxc::span::{GetSpan as _, Span};

use super::code::{Code, bare};

/// Where a value came from.
#[derive(Clone, Copy)]
pub enum Origin<'a> {
    /// It is what this expression gives; `variable` where one lies between.
    Value {
        /// The expression.
        expression: &'a Expression<'a>,
        /// What holds its value, if anything.
        variable: Option<Variable>,
    },
    /// It came in as a parameter, or as a part of one.
    Parameter(Parameter<'a>),
    /// It was taken out of what this expression gives.
    Part {
        /// What it was taken out of.
        of: &'a Expression<'a>,
    },
    /// It is one of the elements of what this expression gives.
    Element {
        /// What is gone through.
        of: &'a Expression<'a>,
    },
    /// It can't be told.
    Unknown,
}

/// A variable between a value and its use.
#[derive(Clone, Copy)]
pub struct Variable {
    /// Its name, resolved.
    pub symbol: SymbolId,
    /// The node that declares it.
    pub declared: NodeId,
}

/// A parameter, and how a name is bound by it.
#[derive(Clone, Copy)]
pub struct Parameter<'a> {
    /// Its declaration.
    pub declared: &'a FormalParameter<'a>,
    /// The place of its name.
    pub name: Span,
    /// The parameter itself, not a part of it.
    pub whole: bool,
}

/// Where an expression's value came from.
pub fn origin<'a>(code: &Code<'a>, expression: &'a Expression<'a>) -> Origin<'a> {
    let expression = bare(expression);
    let Expression::Identifier(name) = expression else { return Origin::Value { expression, variable: None } };
    let Some(symbol) = code.resolve(name) else { return Origin::Unknown };
    let declaration = code.declaration(symbol);
    let variable = Variable { symbol, declared: declaration.node_id() };
    match declaration {
        AstKind::VariableDeclarator(declarator) => match (&declarator.id, &declarator.init) {
            (BindingPattern::BindingIdentifier(_), Some(init)) => {
                Origin::Value { expression: bare(init), variable: Some(variable) }
            }
            (BindingPattern::BindingIdentifier(_), None) => {
                iterated(code, variable).or_else(|| assigned_once(code, variable)).unwrap_or(Origin::Unknown)
            }
            (_, Some(init)) => Origin::Part { of: bare(init) },
            (_, None) => iterated(code, variable).unwrap_or(Origin::Unknown),
        },
        // What was assigned since is another value.
        AstKind::FormalParameter(_) if assigned_before(code, symbol, expression.span()) => Origin::Unknown,
        AstKind::FormalParameter(parameter) => Origin::Parameter(Parameter {
            declared: parameter,
            name: code.semantic.scoping().symbol_span(symbol),
            whole: matches!(parameter.pattern, BindingPattern::BindingIdentifier(_)),
        }),
        _ => Origin::Unknown,
    }
}

/// Whether a name is assigned by an expression that ends before another one starts.
fn assigned_before(code: &Code, symbol: SymbolId, at: Span) -> bool {
    code.references(symbol).any(|reference| match code.parent(reference.node_id()) {
        AstKind::AssignmentExpression(assignment) => {
            assignment.left.span() == reference.span() && assignment.span.end <= at.start
        }
        _ => false,
    })
}

/// `for (const x of expression)`
fn iterated<'a>(code: &Code<'a>, variable: Variable) -> Option<Origin<'a>> {
    code.ancestors(variable.declared).take(2).find_map(|kind| match kind {
        AstKind::ForOfStatement(statement) => Some(Origin::Element { of: bare(&statement.right) }),
        _ => None,
    })
}

/// `let x; … x = expression;` with one assignment.
fn assigned_once<'a>(code: &Code<'a>, variable: Variable) -> Option<Origin<'a>> {
    let mut assignments =
        code.references(variable.symbol).filter_map(|reference| match code.parent(reference.node_id()) {
            AstKind::AssignmentExpression(assignment) if assignment.left.span() == reference.span() => Some(assignment),
            _ => None,
        });
    let only = assignments.next()?;
    assignments.next().is_none().then(|| Origin::Value { expression: bare(&only.right), variable: Some(variable) })
}

/// A call or an index that gives nothing when it finds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// What is searched.
    pub receiver: Span,
    /// What is searched for.
    pub key: Option<Span>,
    /// How it searches.
    pub kind: LookupKind,
}

/// The ways to find nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupKind {
    /// `map.get(key)`
    Get,
    /// `list.find(test)`, and a repository's `findById(id)`
    Find,
    /// `list[0]`, `list.at(-1)`, `list.pop()`
    Element,
    /// `table[key]`
    Index,
    /// `text.match(pattern)`, `pattern.exec(text)`
    Match,
}

/// The lookup that an expression is, awaited or not.
pub fn lookup<'a>(expression: &'a Expression<'a>) -> Option<Lookup> {
    match bare(expression) {
        Expression::AwaitExpression(awaited) => lookup(&awaited.argument),
        Expression::CallExpression(call) => {
            let callee = bare(&call.callee).get_member_expr()?;
            let name = callee.static_property_name()?;
            let key = call.arguments.first().and_then(|argument| argument.as_expression());
            let kind = match name {
                "get" | "getItem" => LookupKind::Get,
                "at" | "pop" | "shift" => LookupKind::Element,
                "match" | "exec" => LookupKind::Match,
                _ if name.starts_with("find") => LookupKind::Find,
                _ if ["getBy", "lookup", "load", "fetch", "query", "select"]
                    .iter()
                    .any(|start| name.starts_with(start)) =>
                {
                    LookupKind::Find
                }
                _ => return None,
            };
            Some(Lookup { receiver: callee.object().span(), key: key.map(oxc::span::GetSpan::span), kind })
        }
        Expression::ComputedMemberExpression(member) => {
            let key = bare(&member.expression);
            let kind = match key {
                Expression::NumericLiteral(_) | Expression::BinaryExpression(_) => LookupKind::Element,
                _ => LookupKind::Index,
            };
            Some(Lookup { receiver: member.object.span(), key: Some(key.span()), kind })
        }
        _ => None,
    }
}

/// Where a value came from, in words that follow `` `x` ``.
pub fn describe(code: &Code, origin: &Origin) -> String {
    let says = |span: Span| format!("`{}`", shorten(code.slice(span)));
    let line = |span: Span| code.line(span.start);
    match origin {
        Origin::Value { expression, variable } => {
            let at = line(expression.span());
            let value = says(expression.span());
            match (lookup(expression), variable) {
                (Some(_), Some(_)) => format!("is what {value} in line {at} found, and there it finds nothing"),
                (Some(found), None) => format!("finds nothing in {}", says(found.receiver)),
                (None, Some(_)) => format!("is what {value} gave in line {at}"),
                (None, None) => "has no value there".to_owned(),
            }
        }
        Origin::Parameter(parameter) if parameter.whole => {
            format!("comes in as the parameter in line {}", line(parameter.name))
        }
        Origin::Parameter(parameter) => {
            format!("is taken out of the parameter in line {}", line(parameter.name))
        }
        Origin::Part { of, .. } => {
            format!("is a part of {} in line {}, which does not have it", says(of.span()), line(of.span()))
        }
        Origin::Element { of, .. } => format!("is an element of {} in line {}", says(of.span()), line(of.span())),
        Origin::Unknown => "has no value there".to_owned(),
    }
}

/// Source in one line, for a sentence.
pub fn shorten(source: &str) -> String {
    let line = source.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= 80 { line } else { line.chars().take(77).chain("...".chars()).collect() }
}
