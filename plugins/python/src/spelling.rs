//! Code that is put into other code: what needs no import, how an import grows by a name, what may stand between quotes.

use std::ops::Range;

use crate::syntax::{Module, bytes, parts};

/// Names of the language that need no import.
const BUILTINS: [&str; 40] = [
    "ArithmeticError",
    "AttributeError",
    "Exception",
    "FileNotFoundError",
    "IndexError",
    "KeyError",
    "LookupError",
    "NotImplementedError",
    "OSError",
    "OverflowError",
    "PermissionError",
    "RuntimeError",
    "StopIteration",
    "TimeoutError",
    "TypeError",
    "UnicodeDecodeError",
    "ValueError",
    "ZeroDivisionError",
    "bool",
    "bytes",
    "dict",
    "float",
    "frozenset",
    "int",
    "isinstance",
    "len",
    "list",
    "max",
    "min",
    "print",
    "range",
    "repr",
    "round",
    "set",
    "sorted",
    "str",
    "sum",
    "tuple",
    "type",
    "zip",
];

/// Whether a name is one that every module has.
pub fn is_builtin(name: &str) -> bool {
    BUILTINS.contains(&name)
}

/// The same code without this quote, for use between two of them.
pub fn within_quotes(code: &str, quote: char) -> Option<String> {
    let other = if quote == '"' { '\'' } else { '"' };
    if code.contains(['\\', '\n', '{']) {
        return None;
    }
    let parsed = ruff_python_parser::parse_expression(code).ok()?.into_syntax();
    let mut swapped = code.to_owned();
    for literal in parts(&parsed.body).into_iter().filter(|part| part.is_string_literal_expr()) {
        let range = bytes(literal);
        let inner = code.get(range.clone())?.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner.filter(|inner| !inner.contains([quote, other])) {
            swapped.replace_range(range, &format!("{other}{inner}{other}"));
        }
    }
    (!swapped.contains(quote)).then_some(swapped)
}

/// A name that no import is known for.
#[derive(Debug, PartialEq, Eq)]
pub struct NoImport;

/// Adds a name to an import, in order where the names are in order.
pub fn join_import(
    module: &Module,
    import: &ruff_python_ast::StmtImportFrom,
    name: &str,
) -> Result<(Range<usize>, String), NoImport> {
    let last = import.names.last().ok_or(NoImport)?;
    if last.name.as_str() == "*" {
        return Err(NoImport);
    }
    let sorted = import.names.windows(2).all(|pair| pair[0].name.as_str() <= pair[1].name.as_str());
    let next = import.names.iter().find(|alias| sorted && alias.name.as_str() > name);
    let between = |from: usize, to: usize| module.text.content.get(from..to).unwrap_or(", ");
    let separator = match &import.names[..] {
        [first, second, ..] => between(bytes(first).end, bytes(second).start).to_owned(),
        _ => ", ".to_owned(),
    };
    if separator.contains('#') {
        return Err(NoImport);
    }
    Ok(match next {
        Some(next) => (bytes(next).start..bytes(next).start, format!("{name}{separator}")),
        None => (bytes(last).end..bytes(last).end, format!("{separator}{name}")),
    })
}
