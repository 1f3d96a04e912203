//! What an error will say: the value of simple expressions, given the call that was captured.

use std::collections::HashMap;

use oxc::ast::AstKind;
use oxc::ast::ast::{BinaryOperator, BindingPattern, Expression, FormalParameters, MethodDefinitionKind, Statement};
use serde_json::Value;

use super::code::{Body, Code, Func, bare};
use super::exports::import_of;
use super::project::Project;

/// What names stand for.
pub type Values = HashMap<String, Value>;

/// How many functions and classes deep an error is followed.
const DEEPEST: usize = 5;

/// An error as it will be thrown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thrown {
    /// Its class.
    pub kind: String,
    /// What it says, where that can be told.
    pub message: Option<String>,
}

/// The parameters' names with what a captured call gives them.
pub fn bind(code: &Code, params: &FormalParameters, args: &Value) -> Values {
    let mut values = Values::new();
    for (at, parameter) in params.items.iter().enumerate() {
        let given = match args {
            Value::Array(items) => items.get(at),
            _ => None,
        };
        match &parameter.pattern {
            BindingPattern::BindingIdentifier(name) => {
                let given = given.or_else(|| args.get(name.name.as_str()).filter(|_| args.is_object()));
                values.extend(given.map(|value| (name.name.to_string(), value.clone())));
            }
            BindingPattern::ObjectPattern(pattern) => {
                let object = given.or(Some(args).filter(|args| args.is_object()));
                for property in &pattern.properties {
                    let name = code.slice(oxc::span::GetSpan::span(&property.value));
                    let key = code.slice(oxc::span::GetSpan::span(&property.key));
                    let given = object.and_then(|object| object.get(key));
                    values.extend(given.map(|value| (name.to_owned(), value.clone())));
                }
            }
            _ => {}
        }
    }
    values
}

/// The value of an expression, where it can be told.
pub fn evaluate(code: &Code, expression: &Expression, values: &Values) -> Option<Value> {
    match bare(expression) {
        Expression::StringLiteral(text) => Some(Value::from(text.value.as_str())),
        Expression::NumericLiteral(number) => {
            code.slice(number.span).parse().ok().map(|number: i64| Value::from(number))
        }
        Expression::BooleanLiteral(literal) => Some(Value::from(literal.value)),
        Expression::NullLiteral(_) => Some(Value::Null),
        Expression::Identifier(name) => values.get(name.name.as_str()).cloned(),
        Expression::TemplateLiteral(template) => {
            let mut text = String::new();
            for (at, quasi) in template.quasis.iter().enumerate() {
                text.push_str(quasi.value.cooked.as_ref()?.as_str());
                if let Some(expression) = template.expressions.get(at) {
                    text.push_str(&spoken(&evaluate(code, expression, values)?)?);
                }
            }
            Some(Value::from(text))
        }
        Expression::BinaryExpression(binary) if binary.operator == BinaryOperator::Addition => {
            let (left, right) = (evaluate(code, &binary.left, values)?, evaluate(code, &binary.right, values)?);
            if !left.is_string() && !right.is_string() {
                return None;
            }
            Some(Value::from(spoken(&left)? + &spoken(&right)?))
        }
        other => {
            let member = other.get_member_expr()?;
            let object = evaluate(code, member.object(), values)?;
            object.get(member.static_property_name()?).cloned()
        }
    }
}

/// A value as it stands in a text; objects are left alone.
fn spoken(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(_) | Value::Null => Some(value.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// The error that an expression makes: `new X(…)`, or a call of a function that makes one.
pub fn thrown(code: &Code, project: &Project, expression: &Expression, values: &Values) -> Option<Thrown> {
    thrown_at(code, project, expression, values, DEEPEST)
}

fn thrown_at(code: &Code, project: &Project, expression: &Expression, values: &Values, depth: usize) -> Option<Thrown> {
    let depth = depth.checked_sub(1)?;
    let argument_values = |arguments: &[oxc::ast::ast::Argument]| -> Vec<Option<Value>> {
        arguments.iter().map(|it| it.as_expression().and_then(|it| evaluate(code, it, values))).collect()
    };
    match bare(expression) {
        Expression::NewExpression(new) => {
            let Expression::Identifier(class) = bare(&new.callee) else { return None };
            let kind = class.name.to_string();
            let message = class_message(code, project, &kind, &argument_values(&new.arguments), depth);
            Some(Thrown { kind, message })
        }
        Expression::CallExpression(call) => {
            let name = match bare(&call.callee) {
                Expression::Identifier(name) => name.name.as_str(),
                other => other.get_member_expr()?.static_property_name()?,
            };
            let given = argument_values(&call.arguments);
            if let Some(function) = code.functions_named(name).first() {
                return made_by(code, project, function, &given, depth);
            }
            let path = import_of(code, project, name)?;
            project.ask(&path, |other| made_by(other, project, other.functions_named(name).first()?, &given, depth))?
        }
        _ => None,
    }
}

/// The error that a function returns or throws.
fn made_by(code: &Code, project: &Project, function: &Func, given: &[Option<Value>], depth: usize) -> Option<Thrown> {
    let values = called_with(function.params, given);
    match function.body {
        Body::Expression(expression) => thrown_at(code, project, expression, &values, depth),
        Body::Block(body) => body.statements.iter().find_map(|statement| match statement {
            Statement::ReturnStatement(returned) => {
                thrown_at(code, project, returned.argument.as_ref()?, &values, depth)
            }
            Statement::ThrowStatement(thrown) => thrown_at(code, project, &thrown.argument, &values, depth),
            _ => None,
        }),
        Body::None => None,
    }
}

fn called_with(params: &FormalParameters, given: &[Option<Value>]) -> Values {
    let mut values = Values::new();
    for (parameter, value) in params.items.iter().zip(given) {
        if let (BindingPattern::BindingIdentifier(name), Some(value)) = (&parameter.pattern, value) {
            values.insert(name.name.to_string(), value.clone());
        }
    }
    values
}

/// What an error of a class says when it is made with these arguments.
fn class_message(code: &Code, project: &Project, class: &str, given: &[Option<Value>], depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    if class.ends_with("Error") && !is_declared(code, class) {
        return match import_of(code, project, class) {
            Some(path) => project.ask(&path, |other| class_message(other, project, class, given, depth))?,
            None if is_built_in(class) => first_text(given),
            None => None,
        };
    }
    let declared = code.kinds().find_map(|kind| match kind {
        AstKind::Class(found) if found.id.as_ref().is_some_and(|id| id.name == class) => Some(found),
        _ => None,
    });
    let Some(declared) = declared else {
        let path = import_of(code, project, class)?;
        return project.ask(&path, |other| class_message(other, project, class, given, depth))?;
    };
    let Expression::Identifier(base) = bare(&declared.heritage.as_ref()?.expression) else { return None };
    let constructor = code.inside(declared.span).find_map(|kind| match kind {
        AstKind::MethodDefinition(method) if method.kind == MethodDefinitionKind::Constructor => Some(method),
        _ => None,
    });
    let Some(constructor) = constructor else {
        return class_message(code, project, base.name.as_str(), given, depth);
    };
    let values = called_with(&constructor.value.params, given);
    // A constructor that sets the message itself says something else than what it hands on.
    if code.slice(constructor.span).contains("this.message") {
        return None;
    }
    let handed_on = code.inside(constructor.span).find_map(|kind| match kind {
        AstKind::CallExpression(call) if matches!(call.callee, Expression::Super(_)) => Some(call),
        _ => None,
    })?;
    let handed_on: Vec<_> = handed_on
        .arguments
        .iter()
        .map(|argument| argument.as_expression().and_then(|it| evaluate(code, it, &values)))
        .collect();
    class_message(code, project, base.name.as_str(), &handed_on, depth)
}

fn first_text(given: &[Option<Value>]) -> Option<String> {
    match given.first()?.as_ref()? {
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

fn is_declared(code: &Code, class: &str) -> bool {
    code.kinds()
        .any(|kind| matches!(kind, AstKind::Class(found) if found.id.as_ref().is_some_and(|id| id.name == class)))
}

fn is_built_in(class: &str) -> bool {
    matches!(class, "Error" | "TypeError" | "RangeError" | "SyntaxError" | "EvalError" | "URIError" | "ReferenceError")
}
