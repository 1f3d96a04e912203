//! Text that can't be read as JSON, a number, a date, a member of an enumeration: exactly the reader's error is caught, and
//! answered as the code around answers bad input.

use ruff_python_ast::{ExceptHandler, Expr, Stmt};

use crate::python::answer::{Answer, is_handler, unreadable};
use crate::python::draft::{Draft, stands_alone, try_around};
use crate::python::failing::{Failing, header};
use crate::python::fault::Fault;
use crate::python::rules::free_name;
use crate::python::spelling::{message, worth};
use crate::repair::Promise;
use thymus_python::origin::one_line;
use thymus_python::project::{imports, is_global};
use thymus_python::spelling::{is_builtin, join_import};
use thymus_python::syntax::kinds;
use thymus_python::syntax::{blocks, bytes, callee_name};

/// The class to catch, and the import that it needs.
struct Kind {
    name: String,
    import: Option<(std::ops::Range<usize>, String)>,
}

pub fn drafts(failing: &Failing) -> Vec<Draft> {
    let Expr::Call(call) = failing.expr else { return Vec::new() };
    let Some(kind) = kind(failing) else { return Vec::new() };
    let (what, noun) = match failing.fault {
        Fault::BadJson => ("JSON document", "JSON"),
        Fault::BadDate => ("date", "date"),
        Fault::BadText => ("text", "text"),
        Fault::BadMember => ("value", "value"),
        _ => ("number", "number"),
    };
    let because = format!("`{}` raises when its input is no {noun}.", one_line(failing.src(failing.expr)));
    if let Some(draft) = widen(failing, &kind, &because) {
        return vec![draft];
    }
    let name = callee_name(&call.func).unwrap_or_default();
    let mut drafts = Vec::new();
    for mut answer in unreadable(failing, failing.subject, name, what) {
        answer.imports.extend(kind.import.clone());
        answer.imports.dedup();
        let Some(edits) = read_in_try(failing, &kind.name, &answer, noun) else { continue };
        drafts.push(Draft {
            title: format!("Answer input that is no {noun}"),
            explanation: format!("{because} It is answered {}: `{}`.", answer.why, one_line(&answer.code)),
            edits,
            confidence: answer.confidence,
            promise: answer.promise,
        });
    }
    drafts
}

/// What the reader raises, as this file can call it.
fn kind(failing: &Failing) -> Option<Kind> {
    let call = failing.expr.as_call_expr()?;
    let plain = |name: &str| Some(Kind { name: name.to_owned(), import: None });
    match failing.fault {
        Fault::BadJson => {
            if is_global(failing.module, "JSONDecodeError") {
                return plain("JSONDecodeError");
            }
            // Other libraries' `.json()` raise their own subclass of it.
            let own = failing.src(&*call.func).starts_with("json.") && is_global(failing.module, "json");
            plain(if own { "json.JSONDecodeError" } else { "ValueError" })
        }
        Fault::BadText => plain("UnicodeDecodeError"),
        Fault::BadNumber if failing.exception.kind.ends_with("InvalidOperation") => {
            if is_global(failing.module, "InvalidOperation") {
                return plain("InvalidOperation");
            }
            let whole =
                imports(failing.module).into_iter().find(|import| import.name.is_empty() && import.module == "decimal");
            if let Some(import) = whole {
                return plain(&format!("{}.InvalidOperation", import.local));
            }
            let import = failing.module.tree.body.iter().filter_map(Stmt::as_import_from_stmt).find(|import| {
                import.level == 0 && import.module.as_ref().is_some_and(|module| module.as_str() == "decimal")
            })?;
            let edit = join_import(failing.module, import, "InvalidOperation").ok()?;
            Some(Kind { name: "InvalidOperation".to_owned(), import: Some(edit) })
        }
        _ => plain("ValueError"),
    }
}

/// A `try` that is there already and answers the same input, but for another error: it should catch this one too.
fn widen(failing: &Failing, kind: &Kind, because: &str) -> Option<Draft> {
    let range = bytes(failing.expr);
    let node = failing.enclosing().take_while(|s| !s.is_function_def_stmt()).find_map(|statement| {
        let node = statement.as_try_stmt()?;
        node.body.iter().any(|inner| bytes(inner).start <= range.start && range.end <= bytes(inner).end).then_some(node)
    })?;
    let ExceptHandler::ExceptHandler(handler) = node.handlers.first()?;
    let types = handler.type_.as_deref()?;
    let caught = kinds(types);
    let related =
        ["ValueError", "TypeError", "KeyError", "JSONDecodeError", "InvalidOperation", "IndexError", "AttributeError"];
    if node.handlers.len() != 1 || node.body.len() > 4 || !caught.iter().any(|name| related.contains(name)) {
        return None;
    }
    let words = failing.src(types);
    let code = match types {
        Expr::Tuple(_) => {
            format!("{}, {})", words.trim_end().strip_suffix(')')?.trim_end_matches([',', ' ']), kind.name)
        }
        _ => format!("({words}, {})", kind.name),
    };
    let mut edits = vec![(bytes(types), code)];
    edits.extend(kind.import.clone());
    let promise = match handler.body.last()? {
        Stmt::Raise(raise) => {
            let exception = raise.exc.as_deref()?;
            Promise::Throws {
                kind: callee_name(exception)?.to_owned(),
                message: message(failing, failing.project, failing.src(exception)),
            }
        }
        Stmt::Return(node) if is_handler(failing) => node
            .value
            .as_deref()
            .and_then(|value| worth(Some(failing), value))
            .map_or(Promise::ReturnsSomething, Promise::Returns),
        _ => Promise::ReturnsSomething,
    };
    Some(Draft {
        title: format!("Catch {} where {} is caught", kind.name, caught.first()?),
        explanation: format!("{because} The `except` clause around it answers bad input already, but not this error."),
        edits,
        confidence: 0.88,
        promise,
    })
}

/// The reading alone in a `try`: the whole statement when it does nothing else, else a variable before it.
fn read_in_try(
    failing: &Failing,
    kind: &str,
    answer: &Answer,
    noun: &str,
) -> Option<Vec<(std::ops::Range<usize>, String)>> {
    let statement = failing.statement()?;
    let raises = answer.code.starts_with("raise ");
    let simple = blocks(statement).is_empty() && !statement.is_function_def_stmt() && !statement.is_class_def_stmt();
    if simple
        && (only_reads(failing, statement) || (failing.is_conditional() && raises))
        && !(failing.is_conditional() && !raises && answer.code == "continue")
    {
        return try_around(failing, statement, kind, answer);
    }
    if failing.is_conditional() || !stands_alone(failing.module, statement) || statement.is_while_stmt() {
        return None;
    }
    let value = failing.src(failing.expr);
    if value.contains('\n') || bytes(failing.expr).start == bytes(statement).start {
        return None;
    }
    let wanted = match noun {
        "JSON" => "payload".to_owned(),
        "date" => "day".to_owned(),
        "text" | "value" => noun.to_owned(),
        _ => number_name(failing),
    };
    let name = free_name(failing, &wanted);
    let at = bytes(statement).start;
    let indent = failing.module.text.indent_at(at);
    let (newline, unit) = (failing.module.text.newline(), failing.module.indent_unit());
    let (bound, cause) = if raises { crate::python::answer::chaining(failing) } else { <_>::default() };
    let code = &answer.code;
    let before = format!(
        "try:{newline}{indent}{unit}{name} = {value}{newline}{indent}except {kind}{bound}:{newline}{indent}{unit}{code}{cause}{newline}{indent}"
    );
    let mut edits = vec![(at..at, before), (bytes(failing.expr), name)];
    edits.extend(answer.imports.iter().cloned());
    Some(edits)
}

/// `quantity` of `Line(quantity=int(text))` and of `int(row["quantity"])`.
fn number_name(failing: &Failing) -> String {
    let keyword = failing.parent().and_then(Expr::as_call_expr).and_then(|call| {
        call.arguments.keywords.iter().find(|k| bytes(&k.value) == bytes(failing.expr)).and_then(|k| k.arg.as_ref())
    });
    if let Some(name) = keyword {
        return name.to_string();
    }
    match failing.subject {
        Expr::Subscript(node) => {
            thymus_python::syntax::string(&node.slice).map_or("number".to_owned(), str::to_lowercase)
        }
        _ => "number".to_owned(),
    }
}

/// Whether nothing else in the statement can raise the same error: only reading and calls that read.
fn only_reads(failing: &Failing, statement: &Stmt) -> bool {
    let own = callee_name(failing.expr);
    header(statement).into_iter().filter_map(Expr::as_call_expr).all(|call| {
        let name = callee_name(&call.func).unwrap_or_default();
        let method_of_text = call.func.is_attribute_expr()
            && matches!(
                name,
                "strip"
                    | "lstrip"
                    | "rstrip"
                    | "lower"
                    | "upper"
                    | "replace"
                    | "get"
                    | "decode"
                    | "read"
                    | "split"
                    | "read_text"
                    | "append"
                    | "date"
            );
        Some(name) == own
            || (is_builtin(name) && name != "open")
            || method_of_text
            || matches!(name, "int" | "float" | "Decimal" | "str" | "round" | "map")
    })
}
