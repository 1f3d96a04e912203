//! What an exception says of an import, in the words of Node, of its test runners and bundlers, and of Python. Anything
//! may stand in a message: what isn't understood is nothing.

use crate::fault::Language;

/// What marks a line of telemetry that may tell of an import; the others are not even parsed.
pub const MARKS: [&str; 16] = [
    "Cannot find module",
    "Cannot find package",
    "Could not resolve",
    "Failed to resolve import",
    "Failed to load url",
    "Can't resolve",
    "Directory import",
    "does not provide an export named",
    "is not defined",
    "before initialization",
    "is not a function",
    "is not a constructor",
    "No module named",
    "cannot import name",
    "circular import",
    "has no attribute",
];

/// What an exception says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Symptom {
    /// A module is not there: its specifier or path, and who asked.
    Module { asked: String, by: Option<String> },
    /// A package is not there.
    Package { name: String, by: Option<String> },
    /// A module has no such name.
    Export { module: String, name: String },
    /// A name is not defined.
    Name(String),
    /// A name, or what a module is to have under it, is not ready.
    NotReady { module: Option<String>, name: String },
    /// What is called is nothing of the kind: `m.f`, or `f`.
    NotCallable(String),
}

/// What a message says; the language comes from the words.
pub fn read(message: &str) -> Option<(Language, Symptom)> {
    let message = message.get(..message.floor_char_boundary(4096)).unwrap_or(message);
    let first = message.lines().next().unwrap_or("");
    javascript(first, message)
        .map(|symptom| (Language::Javascript, symptom))
        .or_else(|| python(first).map(|symptom| (Language::Python, symptom)))
}

fn javascript(first: &str, message: &str) -> Option<Symptom> {
    if let Some(rest) = behind(first, "Cannot find module ") {
        let (asked, rest) = quoted(rest)?;
        let required = message.lines().skip_while(|line| !line.starts_with("Require stack")).nth(1);
        let by = behind(rest, "imported from ")
            .or_else(|| behind(rest, "from "))
            .map(unquoted)
            .or_else(|| required.and_then(|line| line.strip_prefix("- ")).map(str::to_owned));
        return Some(Symptom::Module { asked, by });
    }
    if let Some(rest) = behind(first, "Cannot find package ") {
        let (name, rest) = quoted(rest)?;
        return Some(Symptom::Package { name, by: behind(rest, "imported from ").map(unquoted) });
    }
    for words in ["Directory import ", "Failed to resolve import ", "Could not resolve ", "Can't resolve "] {
        if let Some(rest) = behind(first, words) {
            let (asked, rest) = quoted(rest)?;
            let by = behind(rest, "imported from ").or_else(|| behind(rest, "from ")).map(unquoted);
            return Some(Symptom::Module { asked, by });
        }
    }
    if let Some(rest) = behind(first, "Failed to load url ") {
        let asked = rest.split(' ').next()?.to_owned();
        let by = rest.rsplit_once(") in ").map(|(_, by)| unquoted(by.trim_end_matches(". Does the file exist?")));
        return Some(Symptom::Module { asked, by });
    }
    if let Some((before, rest)) = first.split_once(" does not provide an export named ") {
        let module = before.rsplit_once("module ").map(|(_, module)| unquoted(module))?;
        return Some(Symptom::Export { module, name: quoted(rest)?.0 });
    }
    if let Some(rest) = behind(first, "Cannot access ").filter(|_| first.ends_with("before initialization")) {
        return Some(Symptom::NotReady { module: None, name: quoted(rest)?.0 });
    }
    if let Some(callee) = not_callable(first) {
        return Some(callee);
    }
    let (name, _) = first.split_once(" is not defined").filter(|(name, _)| !name.ends_with('\''))?;
    let name = name.rsplit([' ', ':']).next().unwrap_or(name);
    is_name(name).then(|| Symptom::Name(name.to_owned()))
}

fn not_callable(first: &str) -> Option<Symptom> {
    let (callee, _) = first.split_once(" is not a function").or_else(|| first.split_once(" is not a constructor"))?;
    let callee = callee.rsplit(": ").next().unwrap_or(callee);
    // Transpilers write `(0, m.f)`.
    let callee = callee.trim_start_matches("(0 , ").trim_start_matches("(0, ").trim_end_matches(')');
    let plain = !callee.is_empty() && callee.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '.'));
    plain.then(|| Symptom::NotCallable(callee.to_owned()))
}

fn python(first: &str) -> Option<Symptom> {
    if let Some(rest) = behind(first, "No module named ") {
        let (asked, _) = quoted(rest)?;
        return Some(Symptom::Module { asked, by: None });
    }
    if let Some(rest) = behind(first, "cannot import name ") {
        let (name, rest) = quoted(rest)?;
        if let Some(module) = behind(rest, "from partially initialized module ") {
            return Some(Symptom::NotReady { module: Some(quoted(module)?.0), name });
        }
        let (module, _) = quoted(behind(rest, "from ")?)?;
        return Some(Symptom::Export { module, name });
    }
    if let Some(rest) = behind(first, "partially initialized module ") {
        let (module, rest) = quoted(rest)?;
        let (name, _) = quoted(behind(rest, "has no attribute ")?)?;
        return Some(Symptom::NotReady { module: Some(module), name });
    }
    if let Some(rest) = behind(first, "module ") {
        let (module, rest) = quoted(rest)?;
        let (name, _) = quoted(behind(rest, "has no attribute ")?)?;
        return Some(Symptom::Export { module, name });
    }
    let rest = behind(first, "name ")?;
    let (name, rest) = quoted(rest)?;
    (rest.trim_start().starts_with("is not defined") && is_name(&name)).then_some(Symptom::Name(name))
}

fn behind<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    text.find(words).map(|at| &text[at + words.len()..])
}

/// What stands in quotes at the beginning, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"' | '`'))?;
    let (inner, rest) = text[1..].split_once(quote)?;
    (!inner.is_empty()).then(|| (inner.to_owned(), rest))
}

fn unquoted(text: &str) -> String {
    let text = text.trim();
    quoted(text).map_or_else(|| text.trim_end_matches('.').to_owned(), |(inner, _)| inner)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(asked: &str, by: &str) -> Symptom {
        Symptom::Module { asked: asked.to_owned(), by: (!by.is_empty()).then(|| by.to_owned()) }
    }

    fn export(module: &str, name: &str) -> Symptom {
        Symptom::Export { module: module.to_owned(), name: name.to_owned() }
    }

    #[test]
    fn javascript_says_it_in_many_ways() {
        for (message, symptom) in [
            (
                "Cannot find module '/srv/lib/aa.js' imported from /srv/src/x.js",
                module("/srv/lib/aa.js", "/srv/src/x.js"),
            ),
            (
                "Cannot find module '../lib/nope'\nRequire stack:\n- /srv/src/cjs.cjs\n- /srv/main.js",
                module("../lib/nope", "/srv/src/cjs.cjs"),
            ),
            ("Cannot find module './x' from 'src/y.js'", module("./x", "src/y.js")),
            (
                "Directory import '/srv/lib' is not supported resolving ES modules imported from /srv/src/dir.js",
                module("/srv/lib", "/srv/src/dir.js"),
            ),
            ("Failed to resolve import \"./x\" from \"src/y.ts\". Does the file exist?", module("./x", "src/y.ts")),
            (
                "Failed to load url ./x (resolved id: ./x) in /srv/src/y.ts. Does the file exist?",
                module("./x", "/srv/src/y.ts"),
            ),
            ("The requested module '../lib/a.js' does not provide an export named 'b'", export("../lib/a.js", "b")),
            ("Cannot access 'z' before initialization", Symptom::NotReady { module: None, name: "z".to_owned() }),
            ("percentOf is not defined", Symptom::Name("percentOf".to_owned())),
            ("ReferenceError: percentOf is not defined", Symptom::Name("percentOf".to_owned())),
            ("(0 , money_1.percentOf) is not a function", Symptom::NotCallable("money_1.percentOf".to_owned())),
            ("Cart is not a constructor", Symptom::NotCallable("Cart".to_owned())),
        ] {
            assert_eq!(read(message), Some((Language::Javascript, symptom)), "{message}");
        }
    }

    #[test]
    fn python_says_it_in_many_ways() {
        let not_ready = Symptom::NotReady { module: Some("a.b".to_owned()), name: "x".to_owned() };
        for (message, symptom) in [
            ("No module named 'shop.mony'", module("shop.mony", "")),
            ("ModuleNotFoundError: No module named 'a.b'; 'a' is not a package", module("a.b", "")),
            ("cannot import name 'x' from 'a.b' (/srv/a/b.py)", export("a.b", "x")),
            (
                "cannot import name 'x' from partially initialized module 'a.b' (most likely due to a circular import) \
                 (/srv/a/b.py)",
                not_ready.clone(),
            ),
            (
                "partially initialized module 'a.b' has no attribute 'x' (most likely due to a circular import)",
                not_ready,
            ),
            ("module 'a.b' has no attribute 'x'", export("a.b", "x")),
            ("name 'json' is not defined. Did you forget to import 'json'?", Symptom::Name("json".to_owned())),
        ] {
            assert_eq!(read(message), Some((Language::Python, symptom)), "{message}");
        }
    }

    #[test]
    fn what_is_something_else_is_nothing() {
        for nothing in ["", "Cannot find module ", "Cannot find module ''", "x", "a b.c is not a function", "no items"]
        {
            assert_eq!(read(nothing), None, "{nothing}");
        }
    }
}
