//! What a function should do in the situation that it forgot: raise the error, or return the value, that the code around
//! it has for the same situation. Every answer says where it was learnt.

use std::ops::Range;

use ruff_python_ast::{Expr, Stmt};
use serde_json::Value;

use super::failing::Failing;
use super::refusal::{Exit, Refusal, When, looked_up, promised, refusals};
use super::spelling::{self, import_of, message, respell, worth};
use crate::exception::Outcome;
use crate::repair::Promise;
use thymus_python::origin::{Origin, one_line, origin};
use thymus_python::project;
use thymus_python::spelling::within_quotes;
use thymus_python::syntax::{self, bytes, callee_name, docstring, expressions, parts, statements};
use thymus_python::testing::value as literal;

/// One way to answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The statement: `raise NotFound(sku)`, `return None`, `continue`.
    pub code: String,
    pub promise: Promise,
    /// A clause for the reviewer: `as get_supplier does`.
    pub why: String,
    pub confidence: f64,
    /// Imports that it needs.
    pub imports: Vec<(Range<usize>, String)>,
}

const EMPTY_WORDS: [&str; 10] =
    ["no ", "empty", "nothing", "none ", "without", "left", "at least one", "missing", "not any", "not enough"];
const ABSENT_WORDS: [&str; 10] = [
    "no such",
    "not found",
    "exist",
    "unknown",
    "there is no",
    "missing",
    "no ",
    "nobody",
    "not registered",
    "not in ",
];
const UNREADABLE_WORDS: [&str; 17] = [
    "invalid",
    "malformed",
    "can't",
    "cannot",
    "not a ",
    "is no",
    "not valid",
    "bad ",
    "wrong",
    "pars",
    "unreadable",
    "isn't",
    "unknown",
    "not known",
    "not one of",
    "not an ",
    "not be ",
];

/// What the handler itself did in better times, where the calls that fail now did so all alike.
pub fn as_before(failing: &Failing) -> Option<Answer> {
    // What returns nothing anyway says nothing by it.
    if !is_handler(failing) || is_generator(failing) || is_procedure(failing) {
        return None;
    }
    let quote = failing.module.quote();
    let why = "as the very same calls did in better times";
    match failing.exception.outcome()? {
        Outcome::Returned(value) if failing.exception.is_quiet(value) => Some(Answer {
            code: format!("return {}", literal::plain(value, quote)?),
            promise: Promise::Returns(value.clone()),
            why: why.to_owned(),
            confidence: 0.95,
            imports: Vec::new(),
        }),
        Outcome::Returned(_) => None,
        Outcome::Threw { kind, message } => {
            // A KeyError says its key as Python writes it.
            let message = if kind == "KeyError" { message.trim_matches(['\'', '"']) } else { message };
            let text = if message.is_empty() { String::new() } else { literal::text(message, quote) };
            let answer = raise(failing, &format!("{kind}({text})"), why, 0.9)?;
            let kind = kind.clone();
            Some(Answer { promise: Promise::Throws { kind, message: None }, ..answer })
        }
    }
}

/// Answers to: what was looked for isn't there. `subject` is how the code calls it, `lookup` where it was looked for.
pub fn absent(failing: &Failing, subject: &str, lookup: Option<&Expr>) -> Vec<Answer> {
    let mut answers: Vec<Answer> = as_before(failing).into_iter().collect();
    let own = lookup.and_then(looked_up);
    let own_key = own.as_ref().and_then(|(_, key)| *key);
    let key = own_key.map(|key| failing.src(key).to_owned());
    let promised = failing.function.map(promised).unwrap_or_default();
    for refusal in nearby(failing) {
        let Some((container, their_key)) = refusal.absent() else { continue };
        let same_place = own.as_ref().is_some_and(|(own, _)| tail(own) == tail(&container));
        let here = refusal.is_in(failing.module, failing.function);
        let mut renames = Vec::new();
        if let (Some(theirs), Some(ours)) = (their_key, &key) {
            renames.push((refusal.module.src(theirs).to_owned(), ours.clone()));
        }
        let their_subject = match &refusal.when {
            When::IsNone { subject, .. } | When::Empty { subject, .. } => Some(refusal.module.src(*subject)),
            _ => None,
        };
        if let Some(theirs) = their_subject {
            renames.push((theirs.to_owned(), subject.to_owned()));
        }
        let why = format!("as {} does", said(failing, &refusal));
        match refusal.exit {
            Exit::Raise { exception, .. } => {
                let class = refusal.raises().unwrap_or_default();
                let fits = promised.is_empty() || promised.iter().any(|promised| promised.class == class);
                let nearness = nearness(failing, &refusal);
                if same_place || here {
                    // In the same function, what is refused for another lookup is said in words about that lookup.
                    let renames = if same_place { renames } else { Vec::new() };
                    if let Some(code) = respell(failing, refusal.module, refusal.function, exception, &renames) {
                        // The message may name the field itself.
                        let fields = their_key.and_then(syntax::string).zip(own_key.and_then(syntax::string));
                        let code = fields.map_or(code.clone(), |(theirs, ours)| rename_word(&code, theirs, ours));
                        let confidence = if same_place { 0.9 } else { 0.72 } + nearness - if fits { 0.0 } else { 0.2 };
                        answers.extend(raise(failing, &code, &why, confidence));
                    }
                } else if let (Some(theirs), Some(_)) = (their_subject, &key) {
                    let code = respell(failing, refusal.module, refusal.function, exception, &renames);
                    let noun = noun(subject);
                    if let Some(code) = code.filter(|code| mentions(code, theirs) && !noun.is_empty()) {
                        let code = rename_word(&code, theirs, &noun);
                        answers.extend(raise(failing, &code, &why, 0.7 + nearness - if fits { 0.0 } else { 0.2 }));
                    }
                }
            }
            Exit::Return { value } if here => answers.extend(give(failing, value, &why, 0.8)),
            Exit::Return { value: Some(value) } if same_place && alike_annotation(failing, &refusal) => {
                let code = respell(failing, refusal.module, refusal.function, value, &renames);
                answers.extend(code.map(|code| Answer {
                    code: format!("return {code}"),
                    promise: match worth(None, value) {
                        Some(json) if is_handler(failing) => Promise::Returns(json),
                        _ => Promise::ReturnsSomething,
                    },
                    why,
                    confidence: 0.8,
                    imports: Vec::new(),
                }));
            }
            Exit::Return { value } if same_place && same_annotation(failing, &refusal) => {
                answers.extend(give_constant(failing, &refusal, value, &why, 0.75));
            }
            Exit::Continue if here && in_same_loop(failing, &refusal) => answers.push(skip(&why, 0.78)),
            _ => {}
        }
    }
    let noun = noun(subject);
    let text = if noun.is_empty() { "not found".to_owned() } else { format!("{noun} not found") };
    answers.extend(documented(failing, &ABSENT_WORDS, key.as_deref(), &text));
    answers.extend(optional(failing));
    answers.extend(by_name(
        failing,
        &["NotFound", "Missing", "Unknown", "NoSuch", "DoesNotExist"],
        key.as_deref(),
        &text,
    ));
    best_first(answers)
}

/// Answers to: there is nothing in it.
pub fn empty(failing: &Failing, subject: &str) -> Vec<Answer> {
    let mut answers: Vec<Answer> = as_before(failing).into_iter().collect();
    for refusal in nearby(failing) {
        let here = refusal.is_in(failing.module, failing.function);
        let theirs = match &refusal.when {
            When::Empty { subject, .. } | When::Length { subject } => *subject,
            _ => continue,
        };
        let their_name = refusal.module.src(theirs);
        let alike = tail(their_name) == tail(subject);
        let why = format!("as {} does", said(failing, &refusal));
        let nearness = nearness(failing, &refusal);
        let renames = [(their_name.to_owned(), subject.to_owned())];
        match refusal.exit {
            Exit::Raise { exception, .. } if here || alike => {
                let code =
                    respell(failing, refusal.module, refusal.function, exception, if alike { &renames } else { &[] });
                answers.extend(
                    code.and_then(|code| raise(failing, &code, &why, if alike { 0.78 } else { 0.66 } + nearness)),
                );
            }
            Exit::Return { value } if here => answers.extend(give(failing, value, &why, 0.76)),
            Exit::Return { value } if same_annotation(failing, &refusal) => {
                answers.extend(give_constant(failing, &refusal, value, &why, if alike { 0.8 } else { 0.7 } + nearness));
            }
            Exit::Continue if here && in_same_loop(failing, &refusal) => answers.push(skip(&why, 0.78)),
            _ => {}
        }
    }
    let noun = tail(subject).replace('_', " ");
    answers.extend(documented(failing, &EMPTY_WORDS, None, &format!("no {noun}")));
    answers.extend(documented_value(failing));
    answers.extend(optional(failing));
    answers.extend(by_name(failing, &["Empty", "NoData", "Insufficient", "NotEnough"], None, &format!("no {noun}")));
    best_first(answers)
}

/// Answers to: this text can't be read. `what` names what it should have been, as in `number`.
pub fn unreadable(failing: &Failing, subject: &Expr, callee: &str, what: &str) -> Vec<Answer> {
    let mut answers: Vec<Answer> = as_before(failing).into_iter().collect();
    let names = aliases(failing, subject);
    let value = names.iter().find(|name| spelling::is_known(failing, name)).cloned();
    let what = match (what, names.last()) {
        ("value", Some(name)) if !noun(name).is_empty() => noun(name),
        _ => what.to_owned(),
    };
    let text = format!("not a valid {what}");
    // A whole document is too much for a message.
    let shown = value.as_deref().filter(|_| what != "JSON document");
    for refusal in nearby(failing) {
        let here = refusal.is_in(failing.module, failing.function);
        let why = format!("as {} does", said(failing, &refusal));
        let nearness = nearness(failing, &refusal);
        let their_call = match &refusal.when {
            When::Caught { tried, .. } => tried
                .iter()
                .flat_map(expressions_of)
                .filter_map(Expr::as_call_expr)
                .find(|call| callee_name(&call.func) == Some(callee)),
            _ => None,
        };
        match (refusal.exit, their_call) {
            (Exit::Raise { exception, .. }, Some(call)) => {
                let mut renames = Vec::new();
                if let (Some(theirs), Some(ours)) = (call.arguments.args.first().and_then(base_name), &value) {
                    renames.push((theirs, ours.clone()));
                }
                let code = respell(failing, refusal.module, refusal.function, exception, &renames);
                // The message names what is read: the variable, or what the sibling is called after.
                let code = code.map(|code| match renames.first() {
                    Some((theirs, ours)) => {
                        let named = refusal.function.def.name.as_str();
                        let last = named.rsplit('_').next().unwrap_or(named);
                        rename_word(&rename_word(&code, theirs, ours), last, ours)
                    }
                    None => code,
                });
                answers.extend(code.and_then(|code| raise(failing, &code, &why, 0.84 + nearness)));
            }
            (Exit::Raise { exception, .. }, None) if here && refusal.is_about(&names) => {
                let before = refusal.at < bytes(failing.expr).start;
                let is_input = !matches!(refusal.when, When::IsNone { .. });
                let code = if is_only_about_nothing(exception) {
                    said_anew(failing, refusal.raises().unwrap_or_default(), &text, shown)
                } else {
                    respell(failing, refusal.module, refusal.function, exception, &[])
                };
                if let Some(code) = code.filter(|_| is_input) {
                    answers.extend(raise(failing, &code, &why, if before { 0.88 } else { 0.8 }));
                }
            }
            (Exit::Raise { .. }, None) => {
                if let (When::Caught { .. }, Some(class)) = (&refusal.when, refusal.raises()) {
                    let code = said_anew(failing, class, &text, shown);
                    answers.extend(code.and_then(|code| raise(failing, &code, &why, 0.68 + nearness)));
                }
            }
            (Exit::Return { value }, Some(_)) if here || same_annotation(failing, &refusal) => {
                answers.extend(give_constant(failing, &refusal, value, &why, 0.82 + nearness));
            }
            (Exit::Return { value }, None) if here && refusal.is_about(&names) => {
                answers.extend(give(failing, value, &why, 0.78));
            }
            (Exit::Continue, _) if here && in_same_loop(failing, &refusal) => answers.push(skip(&why, 0.86)),
            _ => {}
        }
    }
    answers.extend(documented(failing, &UNREADABLE_WORDS, shown, &text));
    answers.extend(optional(failing).map(|answer| Answer { confidence: answer.confidence - 0.05, ..answer }));
    let classes = ["Invalid", "Validation", "BadRequest", "Parse", "Malformed", "Format", "Decode"];
    answers.extend(by_name(failing, &classes, shown, &text));
    best_first(answers)
}

/// `raise AuthError("no header")`: true of a header that is missing, not of one that can't be read.
fn is_only_about_nothing(exception: &Expr) -> bool {
    let Some(call) = exception.as_call_expr() else { return false };
    let message = call.arguments.args.first().and_then(syntax::string).unwrap_or_default().to_lowercase();
    call.arguments.args.len() == 1 && ["empty", "missing", "no ", "required"].iter().any(|word| message.contains(word))
}

/// The refusals of the failing module, then of the others.
fn nearby<'a>(failing: &Failing<'a>) -> Vec<Refusal<'a>> {
    let own = &failing.module.text.path;
    let mut found = refusals(failing.module);
    let others = failing.project.sources().filter(|module| module.text.path != *own);
    found.extend(others.take(60).flat_map(refusals));
    found
}

fn nearness(failing: &Failing, refusal: &Refusal) -> f64 {
    let same_module = refusal.module.text.path == failing.module.text.path;
    let classes = (refusal.function.class, failing.function.and_then(|f| f.class));
    match classes {
        _ if refusal.is_in(failing.module, failing.function) => 0.06,
        (Some(theirs), Some(own)) if same_module && theirs.name == own.name => 0.04,
        _ if same_module => 0.02,
        _ => 0.0,
    }
}

fn said(failing: &Failing, refusal: &Refusal) -> String {
    if refusal.is_in(failing.module, failing.function) {
        "the function itself".to_owned()
    } else {
        format!("`{}`", refusal.function.def.name)
    }
}

/// What the docstring says it raises.
fn documented(failing: &Failing, words: &[&str], value: Option<&str>, otherwise: &str) -> Option<Answer> {
    let promised = promised(failing.function?);
    let fits = |on: &str| words.iter().any(|word| on.to_lowercase().contains(word));
    let found = promised
        .iter()
        .find(|promised| fits(&promised.on))
        .or_else(|| promised.first().filter(|only| promised.len() == 1 && only.on.is_empty()))?;
    let text = as_message(&found.on).unwrap_or_else(|| otherwise.to_owned());
    let code = said_anew(failing, &found.class, &text, value)?;
    raise(failing, &code, "as its docstring promises", 0.87)
}

/// `If there is no such item.` → `no such item`.
fn as_message(on: &str) -> Option<String> {
    let mut text = on.trim().trim_end_matches('.').replace('`', "");
    for start in ["if ", "when ", "raised if ", "raised when ", "on ", "for ", "there is ", "there are "] {
        if text.to_lowercase().starts_with(start) {
            text.drain(..start.len());
        }
    }
    let plain = (3..=60).contains(&text.len()) && !text.contains(['"', '\'', '\\', '{', '}', '\n']) && text.is_ascii();
    let vague = ["it ", "that ", "this ", "they "].iter().any(|word| text.to_lowercase().starts_with(word));
    (plain && !vague).then_some(text)
}

/// A new exception of a class, in the way in which the project makes them; none when that way isn't plain.
fn said_anew(failing: &Failing, class: &str, text: &str, value: Option<&str>) -> Option<String> {
    let quote = failing.module.quote();
    let text = text.trim();
    if text.contains(['"', '\'', '\\', '{', '}', '\n']) {
        return None;
    }
    let words = match value.and_then(|value| within_quotes(value, quote)) {
        Some(value) => format!("f{quote}{text}: {{{value}!r}}{quote}"),
        None => format!("{quote}{text}{quote}"),
    };
    let mut made = failing.project.sources().flat_map(|module| {
        module.functions().into_iter().flat_map(|f| statements(&f.def.body)).filter_map(Stmt::as_raise_stmt)
    });
    let example = made.find_map(|raise| {
        let call = raise.exc.as_deref()?.as_call_expr()?;
        (callee_name(&call.func) == Some(class)).then_some(call)
    });
    let takes_text = match example {
        Some(call) => {
            call.arguments.keywords.is_empty()
                && match &*call.arguments.args {
                    [only] if only.is_string_literal_expr() || only.is_f_string_expr() => true,
                    [_] => return value.map(|value| format!("{class}({value})")),
                    _ => return None,
                }
        }
        None => !has_own_init(failing, class),
    };
    takes_text.then(|| format!("{class}({words})"))
}

fn has_own_init(failing: &Failing, class: &str) -> bool {
    match failing.project.class(failing.module, class) {
        Some((_, def)) => {
            def.body.iter().any(|s| s.as_function_def_stmt().is_some_and(|m| m.name.as_str() == "__init__"))
        }
        None => !thymus_python::spelling::is_builtin(class),
    }
}

/// An exception class of the project whose name says what happened, when there is just one that is near.
fn by_name(failing: &Failing, words: &[&str], value: Option<&str>, text: &str) -> Option<Answer> {
    let fits = |name: &str| words.iter().any(|word| name.contains(word));
    let mut here: Vec<String> = project::imports(failing.module)
        .into_iter()
        .map(|import| import.local)
        .chain(failing.module.classes().map(|class| class.name.to_string()))
        .filter(|name| fits(name))
        .filter(|name| {
            failing
                .project
                .class(failing.module, name)
                .is_some_and(|(home, class)| failing.project.is_exception(home, class))
        })
        .collect();
    here.dedup();
    let [class] = &here[..] else { return None };
    let code = said_anew(failing, class, text, value)?;
    raise(failing, &code, "the module's own error for it", 0.6)
}

/// `None`, where the function's type says that it may be.
fn optional(failing: &Failing) -> Option<Answer> {
    let def = failing.function?.def;
    let returns = def.returns.as_deref().map(|returns| failing.src(returns));
    let all: Vec<_> = statements(&def.body).into_iter().filter_map(Stmt::as_return_stmt).collect();
    let gives = all.iter().any(|node| node.value.as_deref().is_some_and(|value| !value.is_none_literal_expr()));
    let none = all.iter().any(|node| node.value.as_deref().is_some_and(Expr::is_none_literal_expr));
    let (why, confidence) = match returns {
        Some(words) if words.contains("Optional") || (words.contains("None") && words.contains('|')) => {
            ("as its return type allows", if none { 0.8 } else { 0.74 })
        }
        None if gives && none => ("as it does elsewhere when there is nothing to return", 0.7),
        _ => return None,
    };
    if is_generator(failing) {
        return None;
    }
    let promise = if is_handler(failing) { Promise::Returns(Value::Null) } else { Promise::ReturnsSomething };
    Some(Answer { code: "return None".to_owned(), promise, why: why.to_owned(), confidence, imports: Vec::new() })
}

/// What the docstring says it returns for nothing.
fn documented_value(failing: &Failing) -> Option<Answer> {
    const VALUES: [(&str, &str); 9] = [
        ("0.0 ", "0.0"),
        ("0 ", "0"),
        ("zero ", "0"),
        ("none ", "None"),
        ("an empty list", "[]"),
        ("empty list", "[]"),
        ("an empty dict", "{}"),
        ("an empty string", "\"\""),
        ("nan ", "float(\"nan\")"),
    ];
    let function = failing.function?;
    let doc = docstring(&function.def.body)?.to_lowercase().replace(['`', '*'], "");
    let annotation =
        function.def.returns.as_deref().map(|returns| failing.src(returns).to_lowercase()).unwrap_or_default();
    let clauses = doc.split(['.', ';', '\n', '(', ')', ',']).map(str::trim).chain(doc.split('\n').map(str::trim));
    for clause in clauses {
        let about =
            ["if ", "when ", "for "].iter().filter_map(|word| clause.find(word).map(|at| at + word.len())).min();
        let Some(about) = about else { continue };
        if !EMPTY_WORDS.iter().any(|word| clause[about..].contains(word.trim_end())) {
            continue;
        }
        for (word, value) in VALUES {
            let said = clause.starts_with(word)
                || clause.contains(&format!("return {word}"))
                || clause.contains(&format!("returns {word}"))
                || clause.contains(&format!("or {word}"));
            let fits = match value {
                "None" => annotation.is_empty() || annotation.contains("none") || annotation.contains("optional"),
                "[]" => annotation.is_empty() || annotation.contains("list") || annotation.contains("sequence"),
                "{}" => annotation.is_empty() || annotation.contains("dict") || annotation.contains("mapping"),
                "\"\"" => annotation.is_empty() || annotation.contains("str"),
                _ => annotation.is_empty() || ["int", "float", "decimal"].iter().any(|kind| annotation.contains(kind)),
            };
            if said && fits && !is_generator(failing) {
                let value = match value {
                    "0" | "0.0" if annotation.contains("decimal") => decimal_zero(failing),
                    "0" if annotation.contains("float") => "0.0".to_owned(),
                    value => value.to_owned(),
                };
                let value = value.replace('"', &failing.module.quote().to_string());
                let parsed = ruff_python_parser::parse_expression(&value).ok()?.into_syntax();
                let promise = match worth(None, &parsed.body) {
                    Some(json) if is_handler(failing) => Promise::Returns(json),
                    _ => Promise::ReturnsSomething,
                };
                let (code, why) = (format!("return {value}"), "as its docstring says".to_owned());
                return Some(Answer { code, promise, why, confidence: 0.9, imports: Vec::new() });
            }
        }
    }
    None
}

/// Zero as the module writes it.
pub fn decimal_zero(failing: &Failing) -> String {
    let written = ["Decimal(\"0.00\")", "Decimal('0.00')", "Decimal(\"0\")", "Decimal('0')"];
    let known = written.into_iter().find(|zero| failing.module.text.content.contains(zero));
    known
        .unwrap_or(if project::is_global(failing.module, "Decimal") { "Decimal(0)" } else { "decimal.Decimal(0)" })
        .to_owned()
}

/// Raises what `code` says.
pub fn raise(failing: &Failing, code: &str, why: &str, confidence: f64) -> Option<Answer> {
    let parsed = ruff_python_parser::parse_expression(code).ok()?.into_syntax();
    let kind = callee_name(&parsed.body)?.to_owned();
    let root = syntax::dotted(parsed.body.as_call_expr().map_or(&*parsed.body, |call| &*call.func))?;
    let imports = match root.split_once('.') {
        None => import_of(failing, &root).ok()?.into_iter().collect(),
        Some((module, _)) => project::is_global(failing.module, module).then(Vec::new)?,
    };
    let promise = Promise::Throws { message: message(failing, failing.project, code), kind };
    Some(Answer { code: format!("raise {code}"), promise, why: why.to_owned(), confidence, imports })
}

/// Returns what another way out of the same function returns.
fn give(failing: &Failing, value: Option<&Expr>, why: &str, confidence: f64) -> Option<Answer> {
    if value.is_some_and(|value| is_generator(failing) || fails_too(failing, value)) {
        return None;
    }
    let code = match value {
        Some(value) => format!("return {}", respell(failing, failing.module, failing.function?, value, &[])?),
        None => "return".to_owned(),
    };
    let known = value.map_or(Some(Value::Null), |value| worth(Some(failing), value));
    let promise = match known {
        Some(json) if is_handler(failing) => Promise::Returns(json),
        _ => Promise::ReturnsSomething,
    };
    Some(Answer { code, promise, why: why.to_owned(), confidence, imports: Vec::new() })
}

/// Whether a value would use what can't be used here: `items[0]` of an empty `items`, `float(text)` of a text that is no
/// number. To write it out, as `str(text)` does, or to give it back as it is, is fine.
fn fails_too(failing: &Failing, value: &Expr) -> bool {
    let used = parts(failing.expr);
    let unusable = |expr: &Expr| {
        parts(expr).into_iter().filter_map(Expr::as_name_expr).any(|name| {
            let name = name.id.as_str();
            !matches!(name, "self" | "cls")
                && !project::is_global(failing.module, name)
                && used.iter().any(|part| part.as_name_expr().is_some_and(|used| used.id.as_str() == name))
        })
    };
    parts(value).into_iter().any(|part| match part {
        Expr::Subscript(node) => unusable(&node.value),
        Expr::Attribute(node) => unusable(&node.value),
        Expr::BinOp(node) => unusable(&node.left) || unusable(&node.right),
        Expr::Call(call) => {
            !matches!(callee_name(&call.func), Some("str" | "repr" | "len" | "type" | "bool"))
                && call.arguments.args.iter().any(unusable)
        }
        _ => false,
    })
}

/// The same for another function's: only what is the same everywhere.
fn give_constant(
    failing: &Failing,
    refusal: &Refusal,
    value: Option<&Expr>,
    why: &str,
    confidence: f64,
) -> Option<Answer> {
    match value {
        Some(value) if worth(None, value).is_none() => None,
        _ if is_generator(failing) => None,
        _ => {
            let code = value.map_or("return".to_owned(), |value| format!("return {}", refusal.module.src(value)));
            let json = value.map_or(Some(Value::Null), |value| worth(None, value));
            let promise = match json {
                Some(json) if is_handler(failing) => Promise::Returns(json),
                _ => Promise::ReturnsSomething,
            };
            Some(Answer { code, promise, why: why.to_owned(), confidence, imports: Vec::new() })
        }
    }
}

fn skip(why: &str, confidence: f64) -> Answer {
    let (code, why) = ("continue".to_owned(), why.to_owned());
    Answer { code, promise: Promise::ReturnsSomething, why, confidence, imports: Vec::new() }
}

/// Whether the failing function is the handler whose calls were captured.
pub fn is_handler(failing: &Failing) -> bool {
    let name = failing.function.map(|function| function.def.name.as_str());
    name.is_some() && failing.exception.handler.rsplit('.').next() == name
}

/// Whether the failing function is called for what it does and not for a value.
pub fn is_procedure(failing: &Failing) -> bool {
    failing.function.is_some_and(|function| {
        let returned = statements(&function.def.body).into_iter().filter_map(Stmt::as_return_stmt);
        !returned.into_iter().any(|node| node.value.as_deref().is_some_and(|value| !value.is_none_literal_expr()))
    })
}

pub fn is_generator(failing: &Failing) -> bool {
    failing
        .function
        .is_some_and(|f| expressions(&f.def.body).iter().any(|e| e.is_yield_expr() || e.is_yield_from_expr()))
}

/// Whether two functions say that they return the same.
fn same_annotation(failing: &Failing, refusal: &Refusal) -> bool {
    let own = failing.function.and_then(|f| f.def.returns.as_deref()).map(|returns| failing.src(returns));
    let theirs = refusal.function.def.returns.as_deref().map(|returns| refusal.module.src(returns));
    own.is_some() && own == theirs
}

/// The same, or neither says anything.
fn alike_annotation(failing: &Failing, refusal: &Refusal) -> bool {
    let own = failing.function.and_then(|f| f.def.returns.as_deref()).map(|returns| failing.src(returns));
    let theirs = refusal.function.def.returns.as_deref().map(|returns| refusal.module.src(returns));
    own == theirs && !is_generator(failing)
}

/// Whether the failing expression and a guard stand in the same innermost loop.
fn in_same_loop(failing: &Failing, refusal: &Refusal) -> bool {
    let innermost = failing.enclosing().find(|s| s.is_for_stmt() || s.is_while_stmt());
    innermost.is_some_and(|node| bytes(node).contains(&refusal.at))
}

fn expressions_of(statement: &Stmt) -> Vec<&Expr> {
    expressions(std::slice::from_ref(statement))
}

/// The variable at the bottom of an expression: `text` of `text.strip()[0]`.
pub fn base_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Name(name) => Some(name.id.to_string()),
        Expr::Attribute(node) => base_name(&node.value),
        Expr::Subscript(node) => base_name(&node.value),
        Expr::Call(call) => match &*call.func {
            Expr::Attribute(method) => base_name(&method.value),
            _ => call.arguments.args.first().and_then(base_name),
        },
        Expr::Await(node) => base_name(&node.value),
        _ => None,
    }
}

/// The variables that an expression stands for, itself first, then what they were made of.
fn aliases(failing: &Failing, subject: &Expr) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut open = base_name(subject);
    while let Some(name) = open.take() {
        if names.len() >= 4 || names.contains(&name) {
            break;
        }
        let loops = failing.chain.iter().filter_map(|node| match node {
            syntax::Node::Expr(expr) => Some(super::failing::generators(expr)),
            _ => None,
        });
        if let Some(clause) = loops.flatten().find(|clause| project::binds(&clause.target, &name)) {
            open = base_name(&clause.iter);
            names.push(name);
            continue;
        }
        open = match origin(failing.function, &name, bytes(failing.expr).start) {
            Origin::Assigned { value, .. } | Origin::Unpacked { value } => base_name(value),
            Origin::Looped { iter } => base_name(iter),
            _ => None,
        };
        names.push(name);
    }
    names
}

/// The last segment of a dotted name.
pub fn tail(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// A word for what a variable holds.
fn noun(subject: &str) -> String {
    let name = tail(subject).trim_matches('_').replace('_', " ");
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphabetic() || c == ' ');
    let vague = matches!(name.as_str(), "found" | "result" | "value" | "obj" | "data" | "row" | "x" | "res" | "match");
    if plain && !vague { name } else { String::new() }
}

fn mentions(code: &str, word: &str) -> bool {
    code.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|part| part.eq_ignore_ascii_case(word))
}

/// Replaces a word in the literal parts of strings, not in code.
fn rename_word(code: &str, from: &str, to: &str) -> String {
    let Ok(parsed) = ruff_python_parser::parse_expression(code) else { return code.to_owned() };
    let tree = parsed.into_syntax();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for part in parts(&tree.body) {
        match part {
            Expr::StringLiteral(node) => ranges.push(bytes(node)),
            Expr::FString(node) => {
                ranges.extend(node.value.elements().filter_map(|element| element.as_literal()).map(bytes));
            }
            _ => {}
        }
    }
    ranges.sort_by_key(|range| range.start);
    let mut text = code.to_owned();
    for range in ranges.into_iter().rev() {
        let Some(literal) = code.get(range.clone()) else { continue };
        let mut renamed = String::new();
        let mut word = String::new();
        for c in literal.chars().chain(std::iter::once('\0')) {
            if c.is_alphanumeric() || c == '_' {
                word.push(c);
                continue;
            }
            let capital = word.chars().next().is_some_and(char::is_uppercase);
            if word == from {
                renamed.push_str(to);
            } else if capital && word.eq_ignore_ascii_case(from) {
                let mut letters = to.chars();
                renamed.extend(letters.next().map(|first| first.to_ascii_uppercase()));
                renamed.push_str(letters.as_str());
            } else {
                renamed.push_str(&word);
            }
            word.clear();
            if c != '\0' {
                renamed.push(c);
            }
        }
        text.replace_range(range, &renamed);
    }
    text
}

/// The likeliest first, each but once.
fn best_first(mut answers: Vec<Answer>) -> Vec<Answer> {
    answers.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let mut seen: Vec<String> = Vec::new();
    answers.retain(|answer| {
        let new = !seen.contains(&answer.code) && one_line(&answer.code).len() <= 200;
        seen.push(answer.code.clone());
        new
    });
    answers.truncate(4);
    answers
}

/// How the code around chains an exception that it raises in an `except` clause: the clause's `as …`, and the `from …`.
pub fn chaining(failing: &Failing) -> (String, String) {
    for refusal in nearby(failing) {
        let (When::Caught { .. }, Exit::Raise { statement: Stmt::Raise(node), .. }) = (&refusal.when, refusal.exit)
        else {
            continue;
        };
        return match node.cause.as_deref() {
            Some(Expr::Name(name)) => (format!(" as {}", name.id), format!(" from {}", name.id)),
            Some(_) => (String::new(), " from None".to_owned()),
            None => (String::new(), String::new()),
        };
    }
    (" as error".to_owned(), " from error".to_owned())
}
