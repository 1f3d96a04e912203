//! A documented return value of a function that gives none.

use crate::doc::{Line, Style};
use crate::documented::{Documented, File, drift, repair};
use crate::drift::{Drift, Replace, Weight};

/// Words that say that nothing is given.
const NOTHING: [&str; 7] = ["void", "undefined", "none", "nothing", "never", "promise", "this"];

/// Where something is said of a value that never is.
pub fn check(file: &File, function: &Documented) -> Option<Drift> {
    let entry = function.doc.returns.as_ref()?;
    if function.signature.gives_value != Some(false) || !function.signature.has_body {
        return None;
    }
    // A constructor gives an instance without saying so.
    let last = function.name.rsplit('.').next().unwrap_or_default();
    let is_constructor =
        last == "__init__" || (function.doc.style == Style::Jsdoc && last.starts_with(char::is_uppercase));
    if is_constructor {
        return None;
    }
    let lines = entry.lines.clone()?;
    let said = file.content.get(lines.clone())?.to_lowercase();
    if NOTHING.iter().any(|word| said.split(|c: char| !c.is_alphanumeric()).any(|other| other == *word)) {
        return None;
    }
    let mut found = drift(file, function, "return-value", Weight::Wrong, 0.8, "returns".to_owned());
    found.title = format!("{}: the documentation describes a return value, and it returns none", function.name);
    found.statement =
        format!("The documentation of {} describes what it returns; no way through it returns a value", function.name);
    found.place = entry.name_at.clone();
    let end = Line::last_start(&file.content, function.doc.inner.clone());
    let is_whole = lines.end <= end || function.doc.style == Style::Jsdoc;
    found.repair = repair(
        format!("Drop the return value from the documentation of {}", function.name),
        format!("`{}` has no `return` with a value.", function.name),
        [is_whole.then(|| Replace::of(&file.content, lines, "")).flatten()],
    );
    Some(found)
}

#[cfg(test)]
mod tests {
    use crate::rules::examples::{javascript, python, repaired};

    #[test]
    fn a_value_that_is_never_given_is_not_described() {
        let code = "def f(a):\n    \"\"\"X.\n\n    Returns:\n        The sum.\n\n    Raises:\n        KeyError: If.\n    \"\"\"\n    a.clear()\n";
        let drifts = python(code);
        assert_eq!(drifts[0].rule, "return-value");
        assert_eq!(repaired(code, &drifts[0]), code.replace("    Returns:\n        The sum.\n\n", ""));
        let code = "/**\n * X.\n * @returns {number} The sum.\n */\nfunction f(a) { a.clear(); }\n";
        assert_eq!(repaired(code, &javascript(code)[0]), code.replace(" * @returns {number} The sum.\n", ""));
    }

    #[test]
    fn values_given_in_other_ways_count() {
        for code in [
            "def f():\n    \"\"\"X.\n\n    Returns:\n        Y.\n    \"\"\"\n    raise NotImplementedError\n",
            "def f():\n    \"\"\"X.\n\n    Returns:\n        None.\n    \"\"\"\n    g()\n",
            "def f():\n    \"\"\"X.\n\n    Returns:\n        Y.\n    \"\"\"\n    yield 1\n",
            "def f():\n    \"\"\"X.\n\n    Returns:\n        Y.\n    \"\"\"\n",
        ] {
            assert!(python(code).is_empty(), "{code}");
        }
        for code in [
            "/** X\n * @returns {Promise} Y. */\nasync function f() { await g(); }",
            "/** X\n * @returns {number} Y. */\nconst f = () => 3;",
            "class A { /** X\n * @returns {A} Y. */\nconstructor() { this.a = 1; } }",
        ] {
            assert!(javascript(code).is_empty(), "{code}");
        }
    }
}
