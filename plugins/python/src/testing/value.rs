//! JSON as Python: literals, and the objects that a parameter's type asks for.

use std::fmt::Write as _;

use ruff_python_ast::{Expr, StmtClassDef};
use serde_json::Value;

use super::Imports;
use super::place::Place;
use crate::project::Project;
use crate::syntax::{Module, callee_name};

/// The longest literal: a test is for people.
const LONGEST: usize = 20_000;
const DEEPEST: usize = 12;

/// A text as a literal. What isn't plain is escaped, so nothing in it can end the literal or move a cursor.
pub fn text(text: &str, quote: char) -> String {
    let other = if quote == '"' { '\'' } else { '"' };
    let quote = if text.contains(quote) && !text.contains(other) { other } else { quote };
    let mut literal = String::from(quote);
    for c in text.chars() {
        match c {
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            c if c == quote => {
                literal.push('\\');
                literal.push(c);
            }
            c if c.is_ascii_graphic() || c == ' ' || c.is_alphanumeric() => literal.push(c),
            c => {
                let code = u32::from(c);
                let _ = match code {
                    0..=0xff => write!(literal, "\\x{code:02x}"),
                    0x100..=0xffff => write!(literal, "\\u{code:04x}"),
                    _ => write!(literal, "\\U{code:08x}"),
                };
            }
        }
    }
    literal.push(quote);
    literal
}

/// A JSON value as the literal that `json.loads` would give.
pub fn plain(value: &Value, quote: char) -> Option<String> {
    let literal = literal(value, quote, 0)?;
    (literal.len() <= LONGEST).then_some(literal)
}

fn literal(value: &Value, quote: char, depth: usize) -> Option<String> {
    if depth > DEEPEST {
        return None;
    }
    Some(match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(string) => text(string, quote),
        Value::Array(values) => {
            let parts: Option<Vec<String>> = values.iter().map(|value| literal(value, quote, depth + 1)).collect();
            format!("[{}]", parts?.join(", "))
        }
        Value::Object(object) => {
            let parts: Option<Vec<String>> = object
                .iter()
                .map(|(key, value)| Some(format!("{}: {}", text(key, quote), literal(value, quote, depth + 1)?)))
                .collect();
            format!("{{{}}}", parts?.join(", "))
        }
    })
}

/// A captured value as what a parameter of this type wants; none when nobody knows how to make one.
pub fn typed(
    value: &Value,
    annotation: Option<&Expr>,
    home: &Module,
    project: &Project,
    place: &Place,
    imports: &mut Imports,
    depth: usize,
) -> Option<String> {
    let quote = place.quote;
    let Some(annotation) = annotation else { return plain(value, quote) };
    if depth > DEEPEST {
        return None;
    }
    let again = |value: &Value, inner: &Expr, imports: &mut Imports| {
        typed(value, Some(inner), home, project, place, imports, depth + 1)
    };
    if value.is_null() {
        return Some("None".to_owned());
    }
    match annotation {
        // A forward reference.
        Expr::StringLiteral(literal) => {
            let parsed = ruff_python_parser::parse_expression(literal.value.to_str()).ok()?.into_syntax();
            again(value, &parsed.body, imports)
        }
        // `X | None`: whichever side isn't `None`.
        Expr::BinOp(node) => {
            let side = if node.left.is_none_literal_expr() { &node.right } else { &node.left };
            again(value, side, imports)
        }
        Expr::Subscript(node) => {
            let outer = callee_name(&node.value)?;
            let arguments: Vec<&Expr> = match &*node.slice {
                Expr::Tuple(tuple) => tuple.elts.iter().collect(),
                only => vec![only],
            };
            match (outer, value) {
                ("Optional" | "Annotated" | "Final", value) => again(value, arguments.first()?, imports),
                ("Union", value) => again(value, arguments.iter().find(|a| !a.is_none_literal_expr())?, imports),
                ("Literal" | "Type" | "type", value) => plain(value, quote),
                (
                    "list" | "List" | "Sequence" | "Iterable" | "Collection" | "MutableSequence",
                    Value::Array(values),
                ) => {
                    let parts: Option<Vec<String>> =
                        values.iter().map(|value| again(value, arguments[0], imports)).collect();
                    Some(format!("[{}]", parts?.join(", ")))
                }
                ("tuple" | "Tuple", Value::Array(values)) => {
                    let of = |at: usize| {
                        arguments.get(at).filter(|a| !a.is_ellipsis_literal_expr()).or(arguments.first()).copied()
                    };
                    let parts: Option<Vec<String>> =
                        values.iter().enumerate().map(|(at, value)| again(value, of(at)?, imports)).collect();
                    let parts = parts?;
                    Some(if parts.len() == 1 { format!("({},)", parts[0]) } else { format!("({})", parts.join(", ")) })
                }
                ("set" | "Set" | "frozenset" | "FrozenSet" | "AbstractSet", Value::Array(values)) => {
                    let parts: Option<Vec<String>> =
                        values.iter().map(|value| again(value, arguments[0], imports)).collect();
                    let parts = parts?;
                    Some(if parts.is_empty() { "set()".to_owned() } else { format!("{{{}}}", parts.join(", ")) })
                }
                (
                    "dict" | "Dict" | "Mapping" | "MutableMapping" | "defaultdict" | "OrderedDict",
                    Value::Object(object),
                ) => {
                    let inner = arguments.get(1).copied()?;
                    let parts: Option<Vec<String>> = object
                        .iter()
                        .map(|(key, value)| Some(format!("{}: {}", text(key, quote), again(value, inner, imports)?)))
                        .collect();
                    Some(format!("{{{}}}", parts?.join(", ")))
                }
                // A value of another type than the annotation says is what production had: it is handed in as it came.
                (_, value) if project.class(home, outer).is_none() => plain(value, quote),
                _ => None,
            }
        }
        Expr::Name(_) | Expr::Attribute(_) => {
            named(value, callee_name(annotation)?, home, project, place, imports, depth)
        }
        _ => plain(value, quote),
    }
}

fn named(
    value: &Value,
    name: &str,
    home: &Module,
    project: &Project,
    place: &Place,
    imports: &mut Imports,
    depth: usize,
) -> Option<String> {
    let quote = place.quote;
    let from_text = |imports: &mut Imports, module: &str, class: &str, call: &str| {
        let string = value.as_str()?;
        imports.name(module, class);
        Some(format!("{call}({})", text(string, quote)))
    };
    match name {
        "Decimal" => {
            imports.name("decimal", "Decimal");
            let words = match value {
                Value::String(string) => string.clone(),
                Value::Number(number) => number.to_string(),
                _ => return plain(value, quote),
            };
            Some(format!("Decimal({})", text(&words, quote)))
        }
        "datetime" => from_text(imports, "datetime", "datetime", "datetime.fromisoformat"),
        "date" => from_text(imports, "datetime", "date", "date.fromisoformat"),
        "time" => from_text(imports, "datetime", "time", "time.fromisoformat"),
        "timedelta" => {
            let seconds = value.as_f64()?;
            imports.name("datetime", "timedelta");
            Some(format!("timedelta(seconds={seconds})"))
        }
        "UUID" => from_text(imports, "uuid", "UUID", "UUID"),
        "Path" | "PurePath" => from_text(imports, "pathlib", "Path", "Path"),
        "bytes" | "bytearray" => match value {
            // As `repr` shows them.
            Value::String(string) if is_bytes_literal(string) => Some(string.clone()),
            Value::String(string) if string.is_ascii() => Some(format!("b{}", text(string, quote))),
            _ => None,
        },
        "Callable" | "Session" | "Request" | "Connection" | "Engine" | "Logger" | "HttpRequest" => None,
        _ => match project.class(home, name) {
            Some((module, class)) => object(value, module, class, project, place, imports, depth),
            None => plain(value, quote),
        },
    }
}

fn is_bytes_literal(text: &str) -> bool {
    let plain = text.starts_with("b'") || text.starts_with("b\"");
    plain
        && text.chars().all(|c| c.is_ascii_graphic() || c == ' ')
        && ruff_python_parser::parse_expression(text).is_ok_and(|parsed| parsed.syntax().body.is_bytes_literal_expr())
}

/// An instance of a class of the project, when it is made of its fields.
fn object(
    value: &Value,
    module: &Module,
    class: &StmtClassDef,
    project: &Project,
    place: &Place,
    imports: &mut Imports,
    depth: usize,
) -> Option<String> {
    let families = project.ancestors(module, class);
    let is = |names: &[&str]| families.iter().any(|base| names.contains(&base.as_str()));
    let import = |imports: &mut Imports| {
        let from = place.module_name(&module.text.path)?;
        imports.name(&from, class.name.as_str());
        Some(())
    };
    if is(&["TypedDict"]) {
        return plain(value, place.quote);
    }
    if is(&["Enum", "IntEnum", "StrEnum"]) {
        import(imports)?;
        return Some(format!("{}({})", class.name, plain(value, place.quote)?));
    }
    let dataclass = class
        .decorator_list
        .iter()
        .any(|d| matches!(callee_name(&d.expression), Some("dataclass" | "define" | "frozen" | "s" | "attrs")));
    if !dataclass && !is(&["NamedTuple", "BaseModel"]) {
        return None;
    }
    let Value::Object(given) = value else { return None };
    let fields: Vec<_> = class.body.iter().filter_map(|statement| statement.as_ann_assign_stmt()).collect();
    let mut parts = Vec::new();
    for (key, value) in given {
        let field = fields.iter().find(|field| module.src(&*field.target) == key)?;
        parts.push(format!(
            "{key}={}",
            typed(value, Some(&field.annotation), module, project, place, imports, depth + 1)?
        ));
    }
    import(imports)?;
    Some(format!("{}({})", class.name, parts.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_can_leave_its_literal() {
        assert_eq!(text("plain", '"'), "\"plain\"");
        assert_eq!(text("it's", '\''), "\"it's\"");
        assert_eq!(text("a\"b'c\\", '"'), "\"a\\\"b'c\\\\\"");
        assert_eq!(text("a\nb\u{1b}[0m\u{202e}\0", '"'), "\"a\\nb\\x1b[0m\\u202e\\x00\"");
        assert_eq!(text("Sønn", '"'), "\"Sønn\"");
    }
}
