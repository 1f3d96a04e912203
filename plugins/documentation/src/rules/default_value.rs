//! A documented default that is not the parameter's default, where both are plain values.

use crate::defaults::{differ, written_like};
use crate::documented::{Documented, File, drift, repair};
use crate::drift::{Drift, Replace, Weight};
use crate::rules::parameter_name::pattern_of;
use crate::signature::{Kind, Parameter};

/// Each documented default that differs.
pub fn check(file: &File, function: &Documented) -> Vec<Drift> {
    let found = function.doc.parameters.entries.iter().filter_map(|entry| {
        let parameter = parameter_of(function, &entry.name)?;
        let (documented, at) = entry.default.as_ref()?;
        let actual = parameter.default.as_deref()?;
        if !differ(documented, actual) {
            return None;
        }
        let name = &entry.name;
        let mut found = drift(file, function, "default-value", Weight::Wrong, 0.9, name.clone());
        found.title = format!("{}: {name} defaults to {actual}, not to {documented}", function.name);
        found.statement = format!(
            "The documentation of {} says that `{name}` defaults to `{documented}`; the code says `{actual}`",
            function.name
        );
        found.place = at.clone();
        found.repair = repair(
            format!("Document the default of {name} of {} as it is", function.name),
            format!("Without `{name}` the function uses `{actual}`."),
            [Replace::of(&file.content, at.clone(), written_like(documented, actual))],
        );
        Some(found)
    });
    found.collect()
}

/// The parameter, or the part of one, that an entry documents.
fn parameter_of<'f>(function: &'f Documented, name: &str) -> Option<&'f Parameter> {
    let Some((first, field)) = name.split_once('.') else {
        return function.named().find(|parameter| parameter.name == name);
    };
    let named = function.named().find(|parameter| parameter.name == first);
    match &named.or_else(|| pattern_of(function, first))?.kind {
        Kind::Pattern(fields, _) => fields.iter().find(|known| known.name == field),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::examples::{javascript, python, repaired};

    #[test]
    fn a_default_is_corrected_where_it_is_stated() {
        for (code, old, new) in [
            (
                "def f(a, b=20):\n    \"\"\"X.\n\n    Args:\n        a: A.\n        b: B. Defaults to 10.\n    \"\"\"\n",
                "to 10.",
                "to 20.",
            ),
            ("def f(m='r'):\n    \"\"\"X.\n\n    :param m: M (default: ``\"w\"``).\n    \"\"\"\n", "\"w\"", "\"r\""),
            (
                "def f(n=2):\n    \"\"\"X.\n\n    Parameters\n    ----------\n    n : int, default 1\n        N.\n    \"\"\"\n",
                "default 1",
                "default 2",
            ),
        ] {
            let drifts = python(code);
            assert_eq!(drifts.len(), 1, "{code} {drifts:?}");
            assert_eq!(repaired(code, &drifts[0]), code.replace(old, new));
        }
        let code = "/** X\n * @param {object} o - O.\n * @param {number} [o.limit=3] - L. */\nfunction f({ limit = 5 } = {}) { return limit; }";
        let drifts = javascript(code);
        assert_eq!(drifts.len(), 1, "{drifts:?}");
        assert_eq!(repaired(code, &drifts[0]), code.replace("limit=3", "limit=5"));
    }

    #[test]
    fn what_stands_for_not_given_says_nothing() {
        let code = "def f(b=None):\n    \"\"\"X.\n\n    Args:\n        b: B. Defaults to 10.\n    \"\"\"\n";
        assert!(python(code).is_empty());
    }
}
