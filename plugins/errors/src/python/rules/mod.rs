//! The rules: one kind of failure each, one file each. A rule reads the code around the failing expression and drafts
//! repairs; where nothing around it says what is right, it drafts none.

mod as_before;
mod bad_input;
mod division_by_zero;
mod empty_sequence;
mod index_out_of_range;
mod missing_await;
mod missing_key;
mod none_value;
mod unpacking;
mod wrong_type;

use ruff_python_ast::{Expr, Stmt};

use super::answer::{Answer, tail};
use super::draft::{Draft, guard_before, stands_alone};
use super::failing::Failing;
use super::fault::Fault;
use crate::repair::Promise;
use thymus_python::origin::{Origin, one_line, origin};
use thymus_python::syntax::{Function, Module, blocks, bytes, callee_name, expressions};

/// Every repair that a rule would propose, the best first.
pub fn drafts(failing: &Failing) -> Vec<Draft> {
    let mut drafts = match failing.fault {
        Fault::MissingKey(_) => missing_key::drafts(failing),
        Fault::NoneAttribute(_)
        | Fault::NoneSubscript
        | Fault::NoneIterable
        | Fault::NoneArgument
        | Fault::NoneOperand { .. } => none_value::drafts(failing),
        Fault::Index { .. } | Fault::PopEmpty => index_out_of_range::drafts(failing),
        Fault::EmptySequence => empty_sequence::drafts(failing),
        Fault::DivisionByZero => division_by_zero::drafts(failing),
        Fault::BadJson | Fault::BadNumber | Fault::BadDate | Fault::BadText | Fault::BadMember => {
            bad_input::drafts(failing)
        }
        Fault::NotEnoughValues | Fault::TooManyValues { .. } => unpacking::drafts(failing),
        Fault::Coroutine => missing_await::drafts(failing),
        Fault::Operands { .. } | Fault::JoinedNonText | Fault::NotSerializable(_) => wrong_type::drafts(failing),
        Fault::NoneCallable | Fault::MissingAttribute { .. } | Fault::MissingArgument { .. } | Fault::Unbound(_) => {
            Vec::new()
        }
    };
    drafts.extend(as_before::drafts(failing));
    drafts.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    drafts.retain(|draft| draft.confidence >= 0.5);
    drafts
}

/// The rule's name in findings and diagnoses.
pub fn name(fault: &Fault) -> &'static str {
    match fault {
        Fault::MissingKey(_) => "missing-key",
        Fault::NoneAttribute(_) | Fault::NoneCallable => "none-attribute",
        Fault::NoneSubscript | Fault::NoneIterable | Fault::NoneArgument | Fault::NoneOperand { .. } => "none-value",
        Fault::Index { .. } | Fault::PopEmpty => "index-out-of-range",
        Fault::EmptySequence => "empty-sequence",
        Fault::DivisionByZero => "division-by-zero",
        Fault::BadJson => "bad-json",
        Fault::BadNumber => "bad-number",
        Fault::BadDate => "bad-date",
        Fault::BadText => "bad-text",
        Fault::BadMember => "bad-member",
        Fault::NotEnoughValues | Fault::TooManyValues { .. } => "unpacking",
        Fault::Coroutine => "missing-await",
        Fault::Operands { .. } | Fault::JoinedNonText | Fault::NotSerializable(_) => "wrong-argument-type",
        Fault::MissingAttribute { .. } => "missing-attribute",
        Fault::MissingArgument { .. } => "missing-argument",
        Fault::Unbound(_) => "unbound-local",
    }
}

/// Whether an expression is a dictionary, as far as its annotation or its making says.
pub fn is_mapping(module: &Module, function: Option<Function>, expr: &Expr) -> bool {
    let says = |words: &str| {
        let words = words.trim_start_matches("typing.").to_lowercase();
        ["dict", "mapping", "mutablemapping", "defaultdict", "counter", "ordereddict"]
            .iter()
            .any(|kind| words.starts_with(kind))
    };
    let makes = |value: &Expr| match value {
        Expr::Dict(_) | Expr::DictComp(_) => true,
        Expr::Call(call) => callee_name(&call.func)
            .is_some_and(|name| matches!(name, "dict" | "defaultdict" | "Counter" | "OrderedDict")),
        _ => false,
    };
    match expr {
        Expr::Name(name) => {
            let name = name.id.as_str();
            match origin(function, name, bytes(expr).start) {
                Origin::Parameter(parameter) => {
                    parameter.annotation().is_some_and(|annotation| says(module.src(annotation)))
                }
                Origin::Assigned { value, statement } => {
                    makes(value)
                        || statement.as_ann_assign_stmt().is_some_and(|node| says(module.src(&*node.annotation)))
                }
                _ => module.tree.body.iter().any(|statement| match statement {
                    Stmt::Assign(node) => node.targets.iter().any(|t| module.src(t) == name) && makes(&node.value),
                    Stmt::AnnAssign(node) => module.src(&*node.target) == name && says(module.src(&*node.annotation)),
                    _ => false,
                }),
            }
        }
        Expr::Attribute(_) => {
            let words = module.src(expr);
            module.functions().iter().any(|function| {
                thymus_python::syntax::statements(&function.def.body).into_iter().any(|statement| match statement {
                    Stmt::Assign(node) => node.targets.iter().any(|t| module.src(t) == words) && makes(&node.value),
                    Stmt::AnnAssign(node) => module.src(&*node.target) == words && says(module.src(&*node.annotation)),
                    _ => false,
                })
            })
        }
        other => makes(other),
    }
}

/// A guard before the failing statement with each of these answers.
pub fn guards(
    failing: &Failing,
    statement: &Stmt,
    condition: &str,
    answers: Vec<Answer>,
    title: &str,
    because: &str,
) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for answer in answers {
        let Some(edit) = guard_before(failing, statement, condition, &answer.code) else { continue };
        let mut edits = vec![edit];
        edits.extend(answer.imports.iter().cloned());
        drafts.push(Draft {
            title: title.to_owned(),
            explanation: format!("{because} The guard answers {}: `{}`.", answer.why, one_line(&answer.code)),
            edits,
            confidence: answer.confidence,
            promise: answer.promise,
        });
    }
    drafts
}

/// A replaced expression.
pub fn replaced(failing: &Failing, expr: &Expr, with: String, confidence: f64, title: &str, because: String) -> Draft {
    // Between the quotes of an f-string, the same quotes would end it before Python 3.12.
    let range = bytes(expr);
    let chain = failing.module.chain(range.clone());
    let string = chain.iter().find_map(|node| match node {
        thymus_python::syntax::Node::Expr(outer @ Expr::FString(_)) if bytes(*outer) != range => {
            failing.src(*outer).chars().find(|c| matches!(c, '\'' | '"'))
        }
        _ => None,
    });
    let with = string.and_then(|quote| thymus_python::spelling::within_quotes(&with, quote)).unwrap_or(with);
    let (title, edits) = (title.to_owned(), vec![(bytes(expr), with)]);
    Draft { title, explanation: because, edits, confidence, promise: Promise::ReturnsSomething }
}

/// The statement after which a local got its value, when it and the failing statement stand in one block and nothing
/// between them asks about it: the place for a guard.
pub fn place_for_guard<'a>(failing: &Failing<'a>, name: &str, made: &'a Stmt) -> Option<&'a Stmt> {
    let failing_statement = failing.statement()?;
    for outer in failing.enclosing() {
        let Some(block) = block_of(failing, outer) else { continue };
        if let Some(position) = block.iter().position(|statement| bytes(statement) == bytes(made)) {
            let next = block.get(position + 1)?;
            let asks = block[position + 1..]
                .iter()
                .take_while(|statement| bytes(*statement).end <= bytes(outer).start)
                .any(|statement| mentions(statement, name));
            return Some(if asks { failing_statement } else { next });
        }
    }
    Some(failing_statement)
}

fn mentions(statement: &Stmt, name: &str) -> bool {
    expressions(std::slice::from_ref(statement))
        .into_iter()
        .any(|expr| expr.as_name_expr().is_some_and(|node| node.id.as_str() == name))
}

/// The block in which a statement stands.
pub fn block_of<'a>(failing: &Failing<'a>, statement: &Stmt) -> Option<&'a [Stmt]> {
    let range = bytes(statement);
    let holds = |block: &'a [Stmt]| block.iter().any(|inner| bytes(inner) == range).then_some(block);
    failing
        .enclosing()
        .flat_map(|outer| match outer {
            Stmt::FunctionDef(def) => vec![&def.body[..]],
            Stmt::ClassDef(def) => vec![&def.body[..]],
            other => blocks(other),
        })
        .chain(std::iter::once(&failing.module.tree.body[..]))
        .find_map(holds)
}

/// A name that the function doesn't use yet.
pub fn free_name(failing: &Failing, wanted: &str) -> String {
    let mut taken: Vec<&str> = Vec::new();
    if let Some(function) = failing.function {
        taken.extend(function.def.parameters.iter().map(|parameter| parameter.name().as_str()));
        for expr in expressions(&function.def.body) {
            if let Expr::Name(name) = expr {
                taken.push(name.id.as_str());
            }
        }
    }
    let wanted =
        if wanted.is_empty() || thymus_python::project::is_global(failing.module, wanted) || is_reserved(wanted) {
            "found"
        } else {
            wanted
        };
    let mut name = wanted.to_owned();
    let mut number = 2;
    while taken.contains(&name.as_str()) || thymus_python::project::is_global(failing.module, &name) {
        name = format!("{wanted}_{number}");
        number += 1;
    }
    name
}

fn is_reserved(name: &str) -> bool {
    const KEYWORDS: [&str; 24] = [
        "and", "as", "assert", "async", "await", "break", "class", "def", "del", "else", "for", "from", "global", "if",
        "import", "in", "is", "lambda", "not", "or", "return", "try", "with", "type",
    ];
    KEYWORDS.contains(&name)
        || thymus_python::spelling::is_builtin(name)
        || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        || name.starts_with(|c: char| c.is_ascii_digit())
}

/// A name for what a call or a subscript gives.
pub fn name_for(expr: &Expr) -> String {
    match expr {
        Expr::Await(node) => name_for(&node.value),
        Expr::Call(call) => {
            let name = callee_name(&call.func).unwrap_or_default();
            let first = call.arguments.args.first();
            match name {
                "match" | "search" | "fullmatch" => "match".to_owned(),
                "split" | "rsplit" => "parts".to_owned(),
                "splitlines" => "lines".to_owned(),
                "get" => match (first.and_then(thymus_python::syntax::string), &*call.func) {
                    (Some(key), _) => key.to_lowercase(),
                    (None, Expr::Attribute(method)) => {
                        singular(tail(thymus_python::syntax::dotted(&method.value).as_deref().unwrap_or("")))
                    }
                    _ => String::new(),
                },
                _ => ["get_", "find_", "load_", "fetch_", "read_", "lookup_", "query_", "select_"]
                    .iter()
                    .find_map(|start| name.trim_start_matches('_').strip_prefix(start))
                    .map(|rest| rest.split("_by_").next().unwrap_or(rest).to_owned())
                    .unwrap_or_default(),
            }
        }
        Expr::Subscript(node) => thymus_python::syntax::string(&node.slice).map(str::to_lowercase).unwrap_or_default(),
        _ => String::new(),
    }
}

fn singular(name: &str) -> String {
    let name = name.trim_matches('_');
    name.strip_suffix("ies")
        .map(|stem| format!("{stem}y"))
        .or_else(|| name.strip_suffix('s').map(str::to_owned))
        .unwrap_or_else(|| name.to_owned())
}

/// Puts an expression into a variable of its own before the failing statement, then a guard: the edits, without imports.
pub fn hoisted(
    failing: &Failing,
    expr: &Expr,
    name: &str,
    condition: &str,
    code: &str,
) -> Option<Vec<(std::ops::Range<usize>, String)>> {
    let statement = failing.statement()?;
    if failing.is_conditional() || !stands_alone(failing.module, statement) || statement.is_while_stmt() {
        return None;
    }
    let at = bytes(statement).start;
    let indent = failing.module.text.indent_at(at);
    let (newline, unit) = (failing.module.text.newline(), failing.module.indent_unit());
    let value = failing.src(expr);
    if value.contains('\n') {
        return None;
    }
    let before =
        format!("{name} = {value}{newline}{indent}if {condition}:{newline}{indent}{unit}{code}{newline}{indent}");
    // An expression at the statement's very start would want two edits at one place.
    if bytes(expr).start == at {
        return Some(vec![(bytes(expr), format!("{before}{name}"))]);
    }
    Some(vec![(at..at, before), (bytes(expr), name.to_owned())])
}

/// The neutral value that the use of an expression asks for: 0 in a sum, an empty text where a text's method is called.
pub fn neutral(failing: &Failing, expr: &Expr) -> Option<String> {
    let quote = failing.module.quote();
    let empty_text = format!("{quote}{quote}");
    let chain: Vec<&Expr> = failing
        .chain
        .iter()
        .filter_map(|node| match node {
            thymus_python::syntax::Node::Expr(outer) => Some(*outer),
            _ => None,
        })
        .collect();
    let position = chain.iter().position(|outer| bytes(*outer) == bytes(expr)).unwrap_or(chain.len());
    let parent = position.checked_sub(1).and_then(|at| chain.get(at));
    let text_methods = [
        "strip",
        "lower",
        "upper",
        "split",
        "title",
        "startswith",
        "endswith",
        "replace",
        "lstrip",
        "rstrip",
        "capitalize",
        "encode",
        "casefold",
        "splitlines",
        "isdigit",
        "format",
        "join",
        "zfill",
        "ljust",
        "rjust",
        "partition",
    ];
    match parent {
        Some(Expr::Attribute(node)) if text_methods.contains(&node.attr.as_str()) => Some(empty_text),
        Some(Expr::Attribute(node)) if matches!(node.attr.as_str(), "get" | "items" | "keys" | "values") => {
            Some("{}".to_owned())
        }
        Some(Expr::BinOp(node)) => {
            let other = if bytes(&*node.left) == bytes(expr) { &node.right } else { &node.left };
            let text = other.is_string_literal_expr() || other.is_f_string_expr();
            let list = other.is_list_expr();
            Some(if text {
                empty_text
            } else if list {
                "[]".to_owned()
            } else {
                "0".to_owned()
            })
        }
        Some(Expr::Compare(node)) => {
            let number = std::iter::once(&*node.left).chain(&*node.comparators).any(Expr::is_number_literal_expr);
            number.then(|| "0".to_owned())
        }
        Some(Expr::Call(call)) => match callee_name(&call.func)? {
            "int" | "float" | "round" | "abs" | "Decimal" => Some("0".to_owned()),
            "str" => Some(empty_text),
            "len" | "list" | "sorted" | "sum" | "tuple" | "set" | "any" | "all" | "enumerate" | "reversed" => {
                Some("[]".to_owned())
            }
            "bool" => Some("False".to_owned()),
            _ => None,
        },
        Some(Expr::UnaryOp(node)) if node.op == ruff_python_ast::UnaryOp::Not => Some("False".to_owned()),
        Some(Expr::FString(_)) => Some(empty_text),
        Some(Expr::If(node)) if bytes(&*node.test) == bytes(expr) => Some("False".to_owned()),
        None => match failing.statement()? {
            Stmt::For(node) if bytes(&*node.iter) == bytes(expr) => Some("[]".to_owned()),
            Stmt::If(node) if bytes(&*node.test) == bytes(expr) => Some("False".to_owned()),
            Stmt::AugAssign(node) if node.op == ruff_python_ast::Operator::Add => Some("0".to_owned()),
            _ => None,
        },
        _ => None,
    }
}

/// The call whose coroutine was used.
pub fn coroutine<'a>(failing: &Failing<'a>) -> Option<&'a Expr> {
    missing_await::made(failing, failing.subject)
}
