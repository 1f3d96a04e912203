//! A parameter that nothing is said of, where all its siblings are documented and the project does so everywhere: it was added
//! later. What is written of it is only what the signature shows.

use crate::doc::{Entry, Style};
use crate::documented::{Documented, File, drift, repair};
use crate::drift::{Drift, Repair, Replace, Weight};
use crate::signature::{Kind, Parameter};

use super::Thoroughness;

/// More missing ones than this are a habit.
const MOST: usize = 2;

/// One drift for all of a function's undocumented parameters.
pub fn check(file: &File, function: &Documented, thoroughness: Thoroughness) -> Option<Drift> {
    let section = &function.doc.parameters;
    let missing: Vec<&Parameter> =
        function.named().filter(|parameter| Documented::wants(parameter) && !section.has(&parameter.name)).collect();
    let documented = section.entries.iter().filter(|entry| !entry.name.contains('.')).count();
    let is_news = !missing.is_empty() && missing.len() <= MOST && missing.len() <= documented;
    if section.is_unsure || !function.is_public || !is_news {
        return None;
    }
    let names: Vec<&str> = missing.iter().map(|parameter| parameter.name.as_str()).collect();
    let listed = names.join(", ");
    let confidence = if thoroughness == Thoroughness::Full { 0.8 } else { 0.55 };
    let mut found = drift(file, function, "parameter-undocumented", Weight::Gap, confidence, names.join(" "));
    found.title = format!("{}: the documentation leaves out {listed}", function.name);
    found.statement = format!(
        "The documentation of {} describes {documented} of {} parameters and leaves out `{listed}`",
        function.name,
        documented + missing.len()
    );
    found.place = section.entries.last()?.name_at.clone();
    found.repair = added(file, function, &missing);
    Some(found)
}

fn added(file: &File, function: &Documented, missing: &[&Parameter]) -> Option<Repair> {
    let [new] = missing else { return None };
    let named: Vec<&Parameter> = function.named().collect();
    let at = named.iter().position(|parameter| parameter.name == new.name)?;
    let entries = &function.doc.parameters.entries;
    let entry_of = |parameter: &&&Parameter| entries.iter().rfind(|entry| is_of(entry, &parameter.name));
    let before = named[..at].iter().rev().find_map(|parameter| entry_of(&parameter));
    let (model, place) = if let Some(entry) = before {
        (entry, end_of(entry)?)
    } else {
        let first = entries.first()?;
        (first, first.lines.clone()?.start)
    };
    let text = written(&file.content, function, model, new)?;
    repair(
        format!("Document the parameter {} of {}", new.name, function.name),
        format!(
            "`{}` takes `{}`, which its documentation leaves out. The entry says what the signature says; a person who knows \
             more should add it.",
            function.name, new.name
        ),
        [Replace::of(&file.content, place..place, text)],
    )
}

fn is_of(entry: &Entry, name: &str) -> bool {
    entry.name == name || entry.name.split('.').next() == Some(name)
}

/// The byte behind an entry and what belongs to it.
fn end_of(entry: &Entry) -> Option<usize> {
    let also = entry.also.iter().map(|(_, lines)| lines.end).max().unwrap_or(0);
    Some(entry.lines.clone()?.end.max(also))
}

/// The new entry, written as the one beside it is.
fn written(content: &str, function: &Documented, model: &Entry, new: &Parameter) -> Option<String> {
    let lines = content.get(model.lines.clone()?)?;
    let newline = if lines.ends_with("\r\n") { "\r\n" } else { "\n" };
    let first = lines.lines().next()?;
    let indent = &first[..first.len() - first.trim_start().len()];
    let kind = new.annotation.as_deref().filter(|kind| model.kind.is_some() && !kind.contains('\n'));
    let said = said(new);
    let name = &new.name;
    Some(match function.doc.style {
        Style::Google => match kind {
            Some(kind) => format!("{indent}{name} ({kind}): {said}{newline}"),
            None => format!("{indent}{name}: {said}{newline}"),
        },
        Style::Numpy => {
            let deeper = lines
                .lines()
                .nth(1)
                .map_or("    ", |below| &below[indent.len()..below.len() - below.trim_start().len()]);
            let kind = kind.map(|kind| format!(" : {kind}")).unwrap_or_default();
            format!("{indent}{name}{kind}{newline}{indent}{deeper}{said}{newline}")
        }
        Style::Sphinx => {
            let kind = new.annotation.as_deref().filter(|kind| model.kind.is_some() && !kind.contains('\n'));
            match kind {
                Some(kind) if model.also.is_empty() => format!("{indent}:param {kind} {name}: {said}{newline}"),
                Some(kind) => format!("{indent}:param {name}: {said}{newline}{indent}:type {name}: {kind}{newline}"),
                None => format!("{indent}:param {name}: {said}{newline}"),
            }
        }
        Style::Jsdoc => {
            let mark = &first[..first.find("@param").or_else(|| first.find("@arg"))?];
            let kind = match (&model.kind, kind.or_else(|| literal_type(new))) {
                (Some(_), Some(kind)) => format!("{{{kind}}} "),
                // A tag of this file has a type, and none is known.
                (Some(_), None) => return None,
                (None, _) => String::new(),
            };
            let dash = if lines.contains(" - ") { "- " } else { "" };
            let optional = match &new.default {
                Some(value) if model.kind.is_some() => format!("[{name}={value}]"),
                _ => name.clone(),
            };
            format!("{mark}@param {kind}{optional} {dash}{}{newline}", said_in_words(name))
        }
    })
}

/// The type that a default's literal has in JavaScript.
fn literal_type(new: &Parameter) -> Option<&'static str> {
    let value = new.default.as_deref()?;
    Some(match value {
        "true" | "false" => "boolean",
        _ if value.starts_with(['\'', '"', '`']) => "string",
        _ if value.starts_with('[') => "Array",
        _ if value.starts_with('{') => "object",
        _ if value.parse::<f64>().is_ok() => "number",
        _ => return None,
    })
}

/// What the signature shows.
fn said(new: &Parameter) -> String {
    let words = said_in_words(&new.name);
    match new.default.as_deref().filter(|value| crate::defaults::is_literal(value)) {
        Some(value) if new.kind == Kind::Plain => format!("{words} Defaults to {value}."),
        _ => words,
    }
}

/// `retry_count` → `The retry count.`
fn said_in_words(name: &str) -> String {
    let mut words = String::from("The ");
    let mut was_lower = false;
    for letter in name.chars() {
        if letter == '_' || letter == '$' {
            words.push(' ');
            was_lower = false;
        } else if letter.is_uppercase() && was_lower {
            words.push(' ');
            words.extend(letter.to_lowercase());
            was_lower = false;
        } else {
            was_lower = letter.is_lowercase();
            words.push(letter);
        }
    }
    format!("{}.", words.trim_end())
}

#[cfg(test)]
mod tests {
    use crate::rules::examples::{javascript, python, repaired};

    #[test]
    fn a_new_parameter_gets_an_entry_like_its_siblings() {
        let code = r#"
def book(order_id: str, parcel_count: int = 1, express: bool = False):
    """Books.

    Args:
        order_id (str): Which.
        express (bool): Soon.
    """
    return order_id
"#;
        let drifts = python(code);
        assert_eq!(drifts[0].rule, "parameter-undocumented");
        let wanted = "Which.\n        parcel_count (int): The parcel count. Defaults to 1.\n";
        assert_eq!(repaired(code, &drifts[0]), code.replace("Which.\n", wanted));
    }

    #[test]
    fn in_every_style() {
        let code =
            "def f(a, b=2):\n    \"\"\"X.\n\n    Parameters\n    ----------\n    a : int\n        A.\n    \"\"\"\n";
        let wanted = "        A.\n    b\n        The b. Defaults to 2.\n";
        assert_eq!(repaired(code, &python(code)[0]), code.replace("        A.\n", wanted));
        let code = "def f(a: int, b: int):\n    \"\"\"X.\n\n    :param int a: A.\n    :returns: B.\n    \"\"\"\n    return a\n";
        let wanted = "A.\n    :param int b: The b.\n";
        assert_eq!(repaired(code, &python(code)[0]), code.replace("A.\n", wanted));
        let code = "/**\n * X.\n * @param {number} a - A.\n */\nfunction f(a, maxCount = 3) { return a; }\n";
        let wanted = "A.\n * @param {number} [maxCount=3] - The max count.\n";
        assert_eq!(repaired(code, &javascript(code)[0]), code.replace("A.\n", wanted));
    }

    #[test]
    fn habits_are_no_drift() {
        let code = "def f(a, b, c, d):\n    \"\"\"X.\n\n    Args:\n        a: A.\n    \"\"\"\n";
        assert!(python(code).is_empty());
    }
}
