//! Exceptions that say that a module, a package or a name leads nowhere. Nothing is wrong with a value there, so they are
//! the capability `dependency`'s to find and repair; told here too, one problem would be two.

/// Python's own classes for it. `UnboundLocalError` is another matter: that name exists.
const PYTHON: [&str; 3] = ["ModuleNotFoundError", "ImportError", "NameError"];
/// What node says, whichever class and code it comes with.
const NODE: [&str; 3] = ["Cannot find module ", "Cannot find package ", " does not provide an export named "];

/// Whether an exception of this class with this message is of that kind.
pub fn leads_nowhere(kind: &str, message: &str) -> bool {
    let first = message.lines().next().unwrap_or_default();
    PYTHON.contains(&kind)
        || NODE.iter().any(|said| first.contains(said))
        || (kind == "ReferenceError" && first.ends_with(" is not defined"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_there_leads_nowhere() {
        for (kind, message) in [
            ("ModuleNotFoundError", "No module named 'inventory.currency'"),
            ("ImportError", "cannot import name 'x' from 'a.b' (/srv/a/b.py)"),
            ("NameError", "name 'date' is not defined"),
            ("Error", "Cannot find module '/srv/src/currency.js' imported from /srv/src/handlers/reports.js"),
            ("SyntaxError", "The requested module '../a.js' does not provide an export named 'b'"),
            ("ReferenceError", "percentOf is not defined"),
        ] {
            assert!(leads_nowhere(kind, message), "{kind}: {message}");
        }
        for (kind, message) in [
            ("UnboundLocalError", "cannot access local variable 'total' where it is not associated with a value"),
            ("ReferenceError", "Cannot access 'total' before initialization"),
            ("TypeError", "Cannot read properties of undefined (reading 'minimumCents')"),
            ("Error", "no export named b is not defined here"),
        ] {
            assert!(!leads_nowhere(kind, message), "{kind}: {message}");
        }
    }
}
