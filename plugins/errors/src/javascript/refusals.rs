//! How the surrounding code deals with what can't be: which errors it throws for what is missing and for bad input, and
//! where it returns something quiet instead. Repairs answer in the same way.

use oxc::ast::AstKind;
use oxc::ast::ast::{Expression, IfStatement, UnaryOperator};
use oxc::semantic::NodeId;
use oxc::span::{GetSpan as _, Span};

use thymus_javascript::code::{Code, bare, is_name};
use thymus_javascript::exports::import_of;
use thymus_javascript::origin::lookup;
use thymus_javascript::project::Project;
use thymus_javascript::style::Style;

/// What an error is thrown for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Situation {
    Missing,
    BadInput,
    Other,
}

/// A `throw` that the code around has.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The file it stands in.
    pub path: String,
    pub line: u32,
    /// `notFound`, `HttpError`, `errors.notFound`.
    pub callee: String,
    pub is_new: bool,
    pub arguments: Vec<String>,
    /// Which argument is the text.
    pub message_at: Option<usize>,
    pub situation: Situation,
    pub guard: Option<Guard>,
    /// The function around it.
    pub function: Option<Span>,
    /// It stands in the `catch` of a `JSON.parse`.
    pub after_parse: bool,
    /// The file in which the callee is declared, where that is not its own.
    pub home: Option<String>,
}

/// The `if` that a `throw` or a `return` is guarded by, when it asks for one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// `order` of `if (!order)`.
    pub variable: String,
    /// `orders` and `orderId`, where the variable is what `orders.get(orderId)` found.
    pub receiver: Option<String>,
    pub key: Option<String>,
    pub braces: bool,
}

/// A `return` of something plain where a value is missing.
#[derive(Clone, Debug)]
pub struct Quiet {
    /// `null`, `[]`, empty for a plain `return`.
    pub value: String,
    pub guard: Guard,
    pub function: Option<Span>,
    pub line: u32,
}

/// The refusals of a file.
pub fn refusals(code: &Code, project: &Project) -> Vec<Refusal> {
    code.kinds()
        .filter_map(|kind| match kind {
            AstKind::ThrowStatement(thrown) => refusal(code, project, thrown.node_id(), &thrown.argument),
            _ => None,
        })
        .collect()
}

/// The refusals of the nearest other file that has one of a kind.
pub fn refusals_near(code: &Code, project: &Project, wanted: impl Fn(&Refusal) -> bool) -> Vec<Refusal> {
    project
        .ask_near(&code.text.path, "throw ", |other| {
            let found: Vec<_> = refusals(other, project).into_iter().filter(|it| wanted(it)).collect();
            (!found.is_empty()).then_some(found)
        })
        .unwrap_or_default()
}

fn refusal(code: &Code, project: &Project, id: NodeId, thrown: &Expression) -> Option<Refusal> {
    let (callee, arguments, is_new) = match bare(thrown) {
        Expression::NewExpression(new) => (&new.callee, &new.arguments, true),
        Expression::CallExpression(call) => (&call.callee, &call.arguments, false),
        _ => return None,
    };
    let callee = code.slice(callee.span());
    if !callee.split('.').all(is_name) {
        return None;
    }
    let message_at = arguments.iter().position(|argument| {
        matches!(
            argument.as_expression().map(bare),
            Some(Expression::StringLiteral(_) | Expression::TemplateLiteral(_))
        )
    });
    let guard = guard_of(code, id);
    let text = code.slice(thrown.span()).to_lowercase();
    let root = callee.split('.').next().unwrap_or(callee);
    let home = import_of(code, project, root)
        .or_else(|| thymus_javascript::exports::export_of(code, root).map(|_| code.text.path.clone()));
    Some(Refusal {
        path: code.text.path.clone(),
        line: code.line(thrown.span().start),
        callee: callee.to_owned(),
        is_new,
        arguments: arguments.iter().map(|argument| code.slice(argument.span()).to_owned()).collect(),
        message_at,
        situation: situation(&text, guard.as_ref()),
        guard,
        function: code.function_of(id).map(|function| function.span),
        after_parse: follows_parse(code, id),
        home,
    })
}

fn situation(text: &str, guard: Option<&Guard>) -> Situation {
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(&[
        "notfound",
        "not_found",
        "not found",
        "no such",
        "unknown",
        "missing",
        "404",
        "does not exist",
        "nosuch",
        "doesn't exist",
    ]) {
        return Situation::Missing;
    }
    if says(&[
        "badrequest",
        "bad request",
        "bad_request",
        "invalid",
        "validation",
        "malformed",
        "400",
        "422",
        "illegal",
        "unprocessable",
        "must ",
        "typeerror",
        "rangeerror",
        "required",
        "expected",
        "argument",
    ]) {
        return Situation::BadInput;
    }
    match guard {
        Some(guard) if guard.receiver.is_some() => Situation::Missing,
        _ => Situation::Other,
    }
}

/// The `if` right around a statement, when it asks whether one value is there.
fn guard_of(code: &Code, id: NodeId) -> Option<Guard> {
    let mut outer = code.ancestors(id);
    let (statement, braces) = match outer.next()? {
        AstKind::IfStatement(statement) => (statement, false),
        AstKind::BlockStatement(_) => match outer.next()? {
            AstKind::IfStatement(statement) => (statement, true),
            _ => return None,
        },
        _ => return None,
    };
    let at = code.kind(id).span();
    if !(statement.consequent.span().start <= at.start && at.end <= statement.consequent.span().end) {
        return None;
    }
    guard(code, statement, braces)
}

fn guard(code: &Code, statement: &IfStatement, braces: bool) -> Option<Guard> {
    let asked = match bare(&statement.test) {
        Expression::UnaryExpression(unary) if unary.operator == UnaryOperator::LogicalNot => bare(&unary.argument),
        Expression::BinaryExpression(binary) if binary.operator.is_equality() && is_nothing(&binary.right) => {
            bare(&binary.left)
        }
        _ => return None,
    };
    match asked {
        Expression::Identifier(name) => {
            let symbol = code.resolve(name)?;
            let found = declared_lookup(code, symbol);
            Some(Guard {
                variable: name.name.to_string(),
                receiver: found.map(|(receiver, _)| code.slice(receiver).to_owned()),
                key: found.and_then(|(_, key)| key).map(|key| code.slice(key).to_owned()),
                braces,
            })
        }
        // `if (!orders.has(orderId))`
        Expression::CallExpression(call) => {
            let member = bare(&call.callee).get_member_expr()?;
            let key = call.arguments.first()?.as_expression()?;
            (member.static_property_name()? == "has").then(|| Guard {
                variable: String::new(),
                receiver: Some(code.slice(member.object().span()).to_owned()),
                key: Some(code.slice(key.span()).to_owned()),
                braces,
            })
        }
        _ => None,
    }
}

/// The lookup whose result a variable holds.
fn declared_lookup(code: &Code, symbol: oxc::semantic::SymbolId) -> Option<(Span, Option<Span>)> {
    let reference = code.references(symbol).next()?;
    let AstKind::IdentifierReference(_) = reference else { return None };
    let AstKind::VariableDeclarator(declarator) = code.declaration(symbol) else { return None };
    let found = lookup(declarator.init.as_ref()?)?;
    Some((found.receiver, found.key))
}

fn is_nothing(expression: &Expression) -> bool {
    let expression = bare(expression);
    expression.is_null_or_undefined()
}

fn follows_parse(code: &Code, id: NodeId) -> bool {
    let caught = code.ancestors(id).take_while(|kind| !kind.is_function_like()).find_map(|kind| match kind {
        AstKind::TryStatement(tried) => Some(tried.block.span),
        _ => None,
    });
    caught.is_some_and(|block| {
        code.slice(block).contains("JSON.parse(") && !code.inside(block).any(|kind| kind.node_id() == id)
    })
}

/// The quiet returns of a file.
pub fn quiet_returns(code: &Code) -> Vec<Quiet> {
    code.kinds()
        .filter_map(|kind| match kind {
            AstKind::ReturnStatement(returned) => {
                let value = match returned.argument.as_ref().map(bare) {
                    None => "",
                    Some(value) if is_plain(value) => code.slice(value.span()),
                    Some(_) => return None,
                };
                Some(Quiet {
                    value: value.to_owned(),
                    guard: guard_of(code, returned.node_id())?,
                    function: code.function_of(returned.node_id()).map(|function| function.span),
                    line: code.line(returned.span.start),
                })
            }
            _ => None,
        })
        .collect()
}

/// `null`, `0`, `''`, `[]`, `{}`.
pub fn is_plain(expression: &Expression) -> bool {
    match bare(expression) {
        Expression::ArrayExpression(array) => array.elements.is_empty(),
        Expression::ObjectExpression(object) => object.properties.is_empty(),
        other => other.is_literal() && !matches!(other, Expression::TemplateLiteral(_)) || other.is_undefined(),
    }
}

impl Refusal {
    fn makes(&self, arguments: &[String]) -> String {
        let new = if self.is_new { "new " } else { "" };
        format!("{new}{}({})", self.callee, arguments.join(", "))
    }

    /// The error for something else that is missing: what was called `variable`, looked up in `receiver` by `key`.
    pub fn for_missing(&self, style: &Style, variable: &str, receiver: &str, key: Option<&str>) -> Option<String> {
        let noun = noun_of(variable, receiver);
        let guard = self.guard.as_ref();
        let same =
            guard.and_then(|guard| guard.receiver.as_deref()).is_some_and(|its| last_name(its) == last_name(receiver));
        let old_noun = guard.map(|guard| noun_of(&guard.variable, guard.receiver.as_deref().unwrap_or_default()));
        if !same && old_noun.as_deref().is_some_and(|old| !old.is_empty() && has_word(&self.callee, old)) {
            return None;
        }
        let old_key = guard.and_then(|guard| guard.key.as_deref());
        // What else is handed over means the same here, or is the key.
        let others = |(at, text): (usize, &String)| match () {
            () if Some(at) == self.message_at || is_constant(text) => Some(text.clone()),
            () if Some(text.as_str()) == old_key => key.map(str::to_owned),
            () => None,
        };
        let mut arguments = self.arguments.iter().enumerate().map(others).collect::<Option<Vec<_>>>()?;
        if let Some(at) = self.message_at {
            let old_noun = old_noun.as_deref().filter(|_| !same);
            arguments[at] = adapt(&arguments[at], old_noun, &noun, old_key, key)
                .unwrap_or_else(|| style.string(&format!("{noun} not found")));
        }
        Some(self.makes(&arguments))
    }

    /// The error for bad input, with this text.
    pub fn for_bad_input(&self, style: &Style, message: &str) -> Option<String> {
        let at = self.message_at?;
        let mut arguments: Vec<String> = self.arguments[..=at].to_vec();
        arguments[at] = style.string(message);
        arguments[..at].iter().all(|text| is_constant(text)).then(|| self.makes(&arguments))
    }
}

/// A message with another noun and another key; none when it names something that isn't known here.
fn adapt(
    message: &str,
    old_noun: Option<&str>,
    noun: &str,
    old_key: Option<&str>,
    key: Option<&str>,
) -> Option<String> {
    // The key's hole is set aside, so that its name is not taken for the noun.
    const HOLE: &str = "\0";
    let mut adapted = match old_key {
        Some(old_key) => message.replace(&format!("${{{old_key}}}"), HOLE),
        None => message.to_owned(),
    };
    if adapted.contains("${") {
        return None;
    }
    if let Some(old) = old_noun {
        if old.is_empty() || !has_word(&adapted, old) {
            return None;
        }
        adapted = replace_word(&adapted, old, noun);
    }
    if adapted.contains(HOLE) {
        adapted = adapted.replace(HOLE, &format!("${{{}}}", key?));
    }
    Some(adapted)
}

/// What a thing is called: the variable's name, else the singular of where it is kept.
pub fn noun_of(variable: &str, receiver: &str) -> String {
    if !variable.is_empty() && variable.len() > 2 {
        return variable.to_owned();
    }
    singular(last_name(receiver))
}

/// `this.store.orders` is called `orders`.
pub fn last_name(expression: &str) -> &str {
    let name = expression.rsplit('.').next().unwrap_or(expression);
    if is_name(name) { name } else { "" }
}

fn singular(plural: &str) -> String {
    match plural {
        _ if plural.ends_with("ies") && plural.len() > 4 => format!("{}y", &plural[..plural.len() - 3]),
        _ if plural.ends_with("ss") => plural.to_owned(),
        _ => plural.strip_suffix('s').unwrap_or(plural).to_owned(),
    }
}

/// Whether a text says a word, also in camel case.
fn has_word(text: &str, word: &str) -> bool {
    text.to_lowercase().contains(&word.to_lowercase())
}

fn replace_word(text: &str, old: &str, new: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
    };
    text.replace(old, new).replace(&capital(old), &capital(new))
}

/// A number, a text without holes, `{ code: 'X' }`: what means the same everywhere.
fn is_constant(argument: &str) -> bool {
    let argument = argument.trim();
    let quoted = argument.len() >= 2 && argument.starts_with(['\'', '"']) && argument.ends_with(['\'', '"']);
    quoted || (!argument.is_empty() && argument.bytes().all(|byte| byte.is_ascii_digit()))
}
