//! Documented exceptions against those that the body throws itself. What callees throw, nobody can see here; so a documented
//! one is wrong only if no class of its name is known anywhere and the body throws one that is not documented; and a thrown one is
//! missing only if neither it nor a base of it is documented, in a function that documents exceptions.

use crate::classes::Classes;
use crate::doc::{Entry, Style};
use crate::documented::{Documented, File, drift, repair};
use crate::drift::{Drift, Repair, Replace, Weight};
use crate::signature::Raise;

/// The drifts of a function's exceptions. One that is left out is a drift only where the project `lists_all`.
pub fn check(file: &File, function: &Documented, classes: &Classes, lists_all: bool) -> Vec<Drift> {
    let section = &function.doc.raises;
    if section.is_unsure || section.entries.is_empty() || !function.signature.has_body {
        return Vec::new();
    }
    let unknown: Vec<&Entry> = section.entries.iter().filter(|entry| !classes.knows(&entry.name)).collect();
    let unsaid = unsaid(function, classes);
    match (&unknown[..], &unsaid[..]) {
        ([old], [new]) => vec![renamed(file, function, old, new)],
        // A name that nothing here knows may be somebody else's, thrown by a callee.
        (_, unsaid) if lists_all => unsaid.iter().map(|raise| missing(file, function, raise)).collect(),
        _ => Vec::new(),
    }
}

/// Whether a function that documents exceptions leaves one out that it throws itself; none where it documents none.
pub fn leaves_out(function: &Documented, classes: &Classes) -> Option<bool> {
    let section = &function.doc.raises;
    (!section.is_unsure && !section.entries.is_empty()).then(|| !unsaid(function, classes).is_empty())
}

/// The classes that the body throws and nothing is said of, each once.
fn unsaid<'f>(function: &'f Documented, classes: &Classes) -> Vec<&'f Raise> {
    let mut unsaid: Vec<&Raise> = Vec::new();
    for raise in &function.signature.raises {
        let is_said = function.doc.raises.entries.iter().any(|entry| classes.covers(&entry.name, &raise.name));
        if !is_said && classes.knows(&raise.name) && !unsaid.iter().any(|other| other.name == raise.name) {
            unsaid.push(raise);
        }
    }
    unsaid
}

fn renamed(file: &File, function: &Documented, old: &Entry, new: &Raise) -> Drift {
    let (was, is) = (&old.name, &new.name);
    let mut found = drift(file, function, "exception-renamed", Weight::Wrong, 0.9, format!("{was} {is}"));
    found.title = format!("{}: the documentation says that it raises {was}, it raises {is}", function.name);
    found.statement = format!(
        "The documentation of {} names `{was}`, and there is no class of that name; the body raises `{is}`, which is not \
         documented",
        function.name
    );
    found.place = old.name_at.clone();
    found.against = Some((file.path.clone(), new.at.clone()));
    found.repair = repair(
        format!("Name the exception {is} that {} raises", function.name),
        format!("No class is called `{was}`; what `{}` raises is `{is}`. What is said of it stays.", function.name),
        [Replace::of(&file.content, old.name_at.clone(), is.clone())],
    );
    found
}

fn missing(file: &File, function: &Documented, raise: &Raise) -> Drift {
    let name = &raise.name;
    let mut found = drift(file, function, "exception-undocumented", Weight::Gap, 0.75, name.clone());
    found.title = format!("{}: the documentation leaves out that it raises {name}", function.name);
    found.statement = format!(
        "The documentation of {} lists exceptions; the body raises `{name}` too, which is none of them",
        function.name
    );
    found.place = function.doc.raises.entries[0].name_at.clone();
    found.against = Some((file.path.clone(), raise.at.clone()));
    found.repair = added(file, function, raise);
    found
}

/// An entry that says what the exception's own message says; none where that is not one plain text.
fn added(file: &File, function: &Documented, raise: &Raise) -> Option<Repair> {
    let message = raise.message.as_deref()?.trim().trim_end_matches('.');
    let is_plain = message.len() > 8 && message.len() < 80 && !message.contains(['\n', '\\', '%', '{', '"']);
    let last = function.doc.raises.entries.last()?;
    let lines = last.lines.clone()?;
    let first = file.content.get(lines.clone())?.lines().next()?;
    let indent = &first[..first.len() - first.trim_start().len()];
    let newline = if file.content.get(lines.clone())?.ends_with("\r\n") { "\r\n" } else { "\n" };
    let name = &raise.name;
    let text = match function.doc.style {
        Style::Google => format!("{indent}{name}: {message}.{newline}"),
        Style::Numpy => format!("{indent}{name}{newline}{indent}    {message}.{newline}"),
        Style::Sphinx => format!("{indent}:raises {name}: {message}.{newline}"),
        Style::Jsdoc => return None,
    };
    let edit = is_plain.then(|| Replace::of(&file.content, lines.end..lines.end, text));
    repair(
        format!("Document that {} raises {name}", function.name),
        format!("`{}` raises `{name}` itself; the entry says what the exception's own message says.", function.name),
        [edit?],
    )
}

#[cfg(test)]
mod tests {
    use crate::rules::examples::{python, repaired};

    #[test]
    fn a_class_that_is_gone_gave_its_place_to_the_one_that_is_raised() {
        let code = r#"
class BadRequest(Exception):
    pass


def f(a):
    """X.

    Raises:
        InvalidInput: If a is bad.
    """
    if not a:
        raise BadRequest("bad a")
    return g(a)
"#;
        let drifts = python(code);
        assert_eq!(drifts.len(), 1, "{drifts:?}");
        assert_eq!(repaired(code, &drifts[0]), code.replace("InvalidInput:", "BadRequest:"));
    }

    #[test]
    fn what_callees_raise_is_not_judged() {
        for body in [
            "return g()",
            "raise ValueError('x')",
            "try:\n        raise KeyError(1)\n    except KeyError:\n        pass",
        ] {
            let code = format!(
                "def f():\n    \"\"\"X.\n\n    Raises:\n        ValueError: If so.\n        LookupError: If.\n    \"\"\"\n    {body}\n"
            );
            assert!(python(&code).is_empty(), "{code}");
        }
    }

    #[test]
    fn a_new_exception_says_what_its_message_says() {
        let code = "def f(a):\n    \"\"\"X.\n\n    Raises:\n        KeyError: If none.\n    \"\"\"\n    raise ValueError('pages start at 1')\n";
        let drifts = python(code);
        assert_eq!(drifts[0].rule, "exception-undocumented");
        let wanted = "If none.\n        ValueError: pages start at 1.\n";
        assert_eq!(repaired(code, &drifts[0]), code.replace("If none.\n", wanted));
    }
}
