//! A doc comment names a parameter that the function doesn't have. Where exactly one undocumented parameter stands at the same
//! place between the same neighbours, it was renamed; where nothing is undocumented, it was removed.

use crate::doc::{Entry, Style};
use crate::documented::{Documented, File, drift, repair};
use crate::drift::{Drift, Repair, Replace, Weight};
use crate::index::likeness;
use crate::signature::{Kind, Parameter};
use crate::types;

/// Two names this alike are one that was changed, also where the signature takes any name.
const ALIKE: f64 = 0.6;

/// Each documented name that is gone.
pub fn check(file: &File, function: &Documented) -> Vec<Drift> {
    let section = &function.doc.parameters;
    let gone = gone(function);
    // Nothing of it fits: the comment documents something else (a wrapped function, a template), not an older state.
    let is_foreign = gone.len() > 2 && gone.len() == section.entries.len();
    if section.is_unsure || is_foreign {
        return Vec::new();
    }
    // Whoever takes any number of values may call them something else in prose; with `**kwargs` any name may be taken.
    let has_unsaid_rest =
        function.named().any(|parameter| parameter.kind == Kind::Rest && !section.has(&parameter.name));
    let takes_others = has_unsaid_rest || function.signature.is_open;
    let found = gone.iter().filter_map(|entry| {
        let gap = Gap::of(function, entry, &gone);
        match successor(function, entry, gap.as_ref(), &gone) {
            Some(new) => Some(renamed_to(file, function, entry, new)),
            None if takes_others => None,
            None => Some(removed(file, function, entry, gap.is_none_or(|gap| gap.unsaid.is_empty()))),
        }
    });
    found.collect()
}

/// The entries that name nothing that the function takes.
pub fn gone(function: &Documented) -> Vec<&Entry> {
    function.doc.parameters.entries.iter().filter(|entry| is_gone(function, entry)).collect()
}

/// Whether an entry names nothing that the function takes.
fn is_gone(function: &Documented, entry: &Entry) -> bool {
    let is_taken = |name: &str| function.named().any(|parameter| parameter.name == name);
    // `@param {string} The string`: there is no name. `:param count int:` has the type behind it.
    let is_prose = function.doc.style == Style::Jsdoc && entry.name.starts_with(char::is_uppercase);
    if is_prose || entry.kind.as_ref().is_some_and(|(kind, _)| is_taken(kind)) {
        return false;
    }
    let mut parts = entry.name.splitn(2, '.');
    let (first, rest) = (parts.next().unwrap_or_default(), parts.next());
    let parameters = &function.signature.parameters;
    let first = first.trim_end_matches("[]");
    match rest {
        None => {
            // A parameter that is only taken apart may be called anything.
            let is_known = parameters.iter().any(|parameter| parameter.name == first);
            !is_known && !names_pattern(function, entry) && first != "this"
        }
        Some(rest) => {
            let named = parameters.iter().find(|parameter| parameter.name == first);
            let pattern = named.or_else(|| pattern_of(function, first));
            match pattern.map(|parameter| &parameter.kind) {
                Some(Kind::Pattern(fields, is_open)) => {
                    let field = rest.split(['.', '[']).next().unwrap_or_default();
                    !is_open && !fields.iter().any(|known| known.name == field)
                }
                // What a whole value holds, the signature doesn't say.
                _ => false,
            }
        }
    }
}

/// Whether an undotted entry stands for a parameter that is only taken apart.
fn names_pattern(function: &Documented, entry: &Entry) -> bool {
    pattern_of(function, &entry.name).is_some()
}

/// The nameless parameter that a documented name stands for: the one at its place.
pub fn pattern_of<'f>(function: &'f Documented, name: &str) -> Option<&'f Parameter> {
    let top: Vec<&Entry> = function.doc.parameters.entries.iter().filter(|entry| !entry.name.contains('.')).collect();
    let unknown = |entry: &&Entry| !function.named().any(|parameter| parameter.name == entry.name);
    let patterns: Vec<&Parameter> = function
        .signature
        .parameters
        .iter()
        .filter(|parameter| parameter.name.is_empty() && matches!(parameter.kind, Kind::Pattern(..)))
        .collect();
    match top.iter().copied().filter(unknown).position(|entry| entry.name == name) {
        Some(at) => patterns.get(at).copied(),
        // Only its parts are documented.
        None => (patterns.len() == 1 && !top.iter().any(|entry| entry.name == name)).then(|| patterns[0]),
    }
}

/// What stands between the nearest documented neighbours of an entry that still exist.
struct Gap<'f> {
    /// The undocumented parameters there.
    unsaid: Vec<&'f Parameter>,
    /// How many entries there are gone.
    gone: usize,
    /// Whether an existing parameter is documented behind it: what is not in the signature is documented at the end.
    is_inside: bool,
}

impl<'f> Gap<'f> {
    fn of(function: &'f Documented, entry: &Entry, gone: &[&Entry]) -> Option<Self> {
        let section = &function.doc.parameters;
        let entries: Vec<&Entry> = section.entries.iter().filter(|entry| !entry.name.contains('.')).collect();
        let at = entries.iter().position(|other| other.name == entry.name)?;
        let named: Vec<&Parameter> = function.named().collect();
        let place = |entry: &Entry| named.iter().position(|parameter| parameter.name == entry.name);
        let before = entries[..at].iter().enumerate().rev().find_map(|(at, entry)| Some((at, place(entry)?)));
        let after = entries.iter().enumerate().skip(at + 1).find_map(|(at, entry)| Some((at, place(entry)?)));
        let (first, from) = before.map_or((0, 0), |(entry, parameter)| (entry + 1, parameter + 1));
        let (last, to) = after.unwrap_or((entries.len(), named.len()));
        let unsaid = named.get(from..to)?.iter().copied();
        let is_gone = |entry: &&&Entry| gone.iter().any(|other| other.name == entry.name);
        Some(Self {
            unsaid: unsaid.filter(|it| it.kind == Kind::Plain && !section.has(&it.name)).collect(),
            gone: entries[first..last].iter().filter(is_gone).count(),
            is_inside: after.is_some(),
        })
    }
}

/// The parameter that an entry was written for, under its new name.
fn successor<'f>(
    function: &'f Documented,
    entry: &Entry,
    gap: Option<&Gap<'f>>,
    gone: &[&Entry],
) -> Option<&'f Parameter> {
    if let Some((first, rest)) = entry.name.split_once('.') {
        return renamed_field(function, first, rest, gone);
    }
    let Gap { unsaid, gone: 1, is_inside } = gap? else { return None };
    let [new] = unsaid[..] else { return None };
    let fits = !types::conflict(entry.kind.as_ref().map(|kind| kind.0.as_str()), new.annotation.as_deref());
    let is_alike = likeness(&entry.name, &new.name) >= ALIKE;
    // An options object that took a single value's place is not that value under a new name.
    let is_other = is_bag(&new.name) && !is_bag(&entry.name);
    let is_sure = is_alike || (!is_other && (!function.signature.is_open || *is_inside));
    (fits && is_sure).then_some(new)
}

/// Names for whatever may be given.
fn is_bag(name: &str) -> bool {
    matches!(
        name,
        "options" | "opts" | "config" | "settings" | "params" | "props" | "args" | "kwargs" | "data" | "context"
    )
}

/// The one part of an options object that nothing is said of, if only one documented part is gone.
fn renamed_field<'f>(function: &'f Documented, first: &str, rest: &str, gone: &[&Entry]) -> Option<&'f Parameter> {
    let named = function.signature.parameters.iter().find(|parameter| parameter.name == first);
    let Kind::Pattern(fields, _) = &named.or_else(|| pattern_of(function, first))?.kind else { return None };
    let prefix = format!("{first}.");
    let is_said = |field: &&Parameter| function.doc.parameters.has(&format!("{prefix}{}", field.name));
    let unsaid: Vec<&Parameter> = fields.iter().filter(|field| !is_said(field)).collect();
    let [new] = unsaid[..] else { return None };
    let lost = gone.iter().filter(|entry| entry.name.starts_with(&prefix)).count();
    (lost == 1 && !rest.contains('.')).then_some(new)
}

fn renamed_to(file: &File, function: &Documented, entry: &Entry, new: &Parameter) -> Drift {
    let old = &entry.name;
    let name = match old.rsplit_once('.') {
        Some((before, _)) => format!("{before}.{}", new.name),
        None => new.name.clone(),
    };
    let mut found = drift(file, function, "parameter-renamed", Weight::Wrong, 0.93, format!("{old} {name}"));
    found.title = format!("{}: the documentation calls the parameter {name} {old}", function.name);
    found.statement = format!(
        "The documentation of {} describes a parameter `{old}`; the function has none of that name, and at its place `{name}`, \
         which is not documented",
        function.name
    );
    found.place = entry.name_at.clone();
    let places = std::iter::once(entry.name_at.clone()).chain(entry.also.iter().map(|(at, _)| at.clone()));
    found.repair = repair(
        format!("Call the parameter {name} of {} by its name", function.name),
        format!(
            "The parameter that the documentation calls `{old}` is `{name}` in the code; what is said of it stays."
        ),
        places.map(|at| Replace::of(&file.content, at, name.clone())),
    );
    found
}

fn removed(file: &File, function: &Documented, entry: &Entry, is_sure: bool) -> Drift {
    let name = &entry.name;
    let mut found = drift(file, function, "parameter-gone", Weight::Wrong, 0.85, name.clone());
    found.title = format!("{}: the documentation describes a parameter {name} that does not exist", function.name);
    found.statement = format!(
        "The documentation of {} describes a parameter `{name}`; the function has none of that name",
        function.name
    );
    found.place = entry.name_at.clone();
    if is_sure && !entry.is_shared {
        found.repair = without(file, function, entry);
    }
    found
}

/// Without the entry, and without the section where it was the only one.
fn without(file: &File, function: &Documented, entry: &Entry) -> Option<Repair> {
    let section = &function.doc.parameters;
    let is_last = section.entries.len() == 1;
    let lines = match (is_last, &section.whole) {
        (true, Some(whole)) => whole.clone(),
        (true, None) if function.doc.style != Style::Jsdoc && function.doc.style != Style::Sphinx => return None,
        _ => entry.lines.clone()?,
    };
    let name = &entry.name;
    repair(
        format!("Drop {name} from the documentation of {}", function.name),
        format!("`{}` has no parameter `{name}` any more, and none that is not documented.", function.name),
        std::iter::once(lines)
            .chain(entry.also.iter().map(|(_, lines)| lines.clone()))
            .map(|lines| Replace::of(&file.content, lines, "")),
    )
}

#[cfg(test)]
mod tests {
    use crate::rules::examples::{javascript, python, repaired};

    #[test]
    fn a_parameter_at_the_same_place_was_renamed() {
        let code = r#"
def pick(lots, wanted, strict=False):
    """Picks.

    Args:
        lots: The lots.
        quantity (int): How many
            are wanted.
        strict: Whether to fail.
    """
    return lots[:wanted]
"#;
        let drifts = python(code);
        assert_eq!(drifts.iter().map(|drift| drift.rule.as_str()).collect::<Vec<_>>(), ["parameter-renamed"]);
        assert_eq!(repaired(code, &drifts[0]), code.replace("quantity (int)", "wanted (int)"));
    }

    #[test]
    fn a_parameter_that_is_gone_goes_with_its_section() {
        let code = r#"
def now():
    """Says when.

    Parameters
    ----------
    zone : str
        Where.

    Returns
    -------
    int
    """
    return 1
"#;
        let drifts = python(code);
        assert_eq!(drifts[0].rule, "parameter-gone");
        let section = "    Parameters\n    ----------\n    zone : str\n        Where.\n\n";
        assert_eq!(repaired(code, &drifts[0]), code.replace(section, ""));
    }

    #[test]
    fn catch_alls_hide_no_neighbours() {
        let code = "def f(job, *args, **more):\n    \"\"\"X.\n\n    :param job_func: J.\n    \"\"\"\n    return job\n";
        assert_eq!(repaired(code, &python(code)[0]), code.replace("job_func:", "job:"));
        let code = "def f(url, body, **more):\n    \"\"\"X.\n\n    :param url: U.\n    :param timeout: T.\n    \"\"\"\n    return url\n";
        assert!(python(code).is_empty(), "timeout may be one of the others");
        let code = "def f(a, b, c):\n    \"\"\"X.\n\n    Args:\n        a: A.\n        old: O.\n        b: B.\n    \"\"\"\n    return a\n";
        assert_eq!(repaired(code, &python(code)[0]), code.replace("        old: O.\n", ""));
    }

    #[test]
    fn the_type_field_goes_along() {
        let code = "
def f(a, count):
    \"\"\"X.

    :param a: A.
    :param number: How many.
    :type number: int
    \"\"\"
    return a
";
        let drifts = python(code);
        assert_eq!(repaired(code, &drifts[0]), code.replace("number:", "count:"));
    }

    #[test]
    fn options_that_are_taken_apart_are_compared_by_part() {
        let code = "
/**
 * Lists.
 * @param {object} options - How.
 * @param {number} [options.max=3] - The most.
 * @param {string} options.tag - Which.
 */
export function list({ limit = 3, tag }) {
  return [limit, tag];
}
";
        let drifts = javascript(code);
        assert_eq!(drifts.len(), 1, "{drifts:#?}");
        assert_eq!(repaired(code, &drifts[0]), code.replace("options.max", "options.limit"));
    }

    #[test]
    fn what_may_be_meant_is_left_alone() {
        for code in [
            "def f(**kwargs):\n    \"\"\"X.\n\n    Args:\n        a: A.\n    \"\"\"\n",
            "def f(*args, **kw):\n    \"\"\"X.\n\n    Args:\n        *args: A.\n        **kw: B.\n    \"\"\"\n",
            "class A:\n    \"\"\"X.\n\n    Args:\n        a: A.\n    \"\"\"\n\n    def __init__(self, a):\n        self.a = a\n",
            "from typing import overload\n\n@overload\ndef f(a):\n    \"\"\"X.\n\n    Args:\n        b: A.\n    \"\"\"\n",
        ] {
            assert!(python(code).is_empty(), "{code}");
        }
        for code in [
            "/** @param {object} opts - O.\n * @param {string} opts.a - A. */\nfunction f(opts) { return opts.a; }",
            "/** @param {object} opts - O. */\nfunction f({ a, b }) { return a + b; }",
            "/** X\n * @param {...number} all - A. */\nfunction f(...all) { return all; }",
            "/** X\n * @param a - A. */\nfunction f() { return arguments[0]; }",
            "/** X\n * @callback Done\n * @param {Error} e - E. */\nfunction f() {}",
        ] {
            assert!(javascript(code).is_empty(), "{code}");
        }
    }
}
