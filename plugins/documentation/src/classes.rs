//! The classes that a project knows by name, and what they derive from: enough to tell whether a documented exception covers
//! one that is thrown.

use std::collections::{BTreeMap, BTreeSet};

/// The deepest hierarchy that is followed.
const DEEPEST: usize = 16;

/// Classes by their last name.
#[derive(Debug, Default)]
pub struct Classes {
    bases: BTreeMap<String, BTreeSet<String>>,
    used: BTreeSet<String>,
}

impl Classes {
    /// A class of the project.
    pub fn define(&mut self, name: &str, bases: impl IntoIterator<Item = String>) {
        self.bases.entry(name.to_owned()).or_default().extend(bases);
    }

    /// A name that code imports, catches or throws: a class of somebody else, perhaps.
    pub fn mention(&mut self, name: &str) {
        if !self.used.contains(name) {
            self.used.insert(name.to_owned());
        }
    }

    /// Whether a class of this name exists, as far as code shows.
    pub fn knows(&self, name: &str) -> bool {
        self.bases.contains_key(name) || self.used.contains(name) || built_in(name)
    }

    /// Whether who documents one class has documented the other: it is the same, or a base.
    pub fn covers(&self, documented: &str, thrown: &str) -> bool {
        let mut open = vec![thrown.to_owned()];
        let mut seen = BTreeSet::new();
        for _ in 0..DEEPEST {
            let Some(name) = open.pop() else { return false };
            if name == documented || matches!(documented, "Exception" | "BaseException" | "Error") {
                return true;
            }
            if !seen.insert(name.clone()) {
                continue;
            }
            match self.bases.get(&name) {
                Some(bases) => open.extend(bases.iter().cloned()),
                // Whose bases nobody knows may be covered by anything but what is known to be none.
                None if !built_in(&name) => return true,
                None => open.extend(built_in_base(&name).map(str::to_owned)),
            }
        }
        false
    }
}

/// What the languages bring.
fn built_in(name: &str) -> bool {
    const OTHERS: [&str; 28] = [
        "Exception",
        "BaseException",
        "ValueError",
        "TypeError",
        "RuntimeError",
        "AttributeError",
        "AssertionError",
        "StopIteration",
        "StopAsyncIteration",
        "SystemExit",
        "KeyboardInterrupt",
        "GeneratorExit",
        "ArithmeticError",
        "LookupError",
        "OSError",
        "EOFError",
        "MemoryError",
        "NameError",
        "SyntaxError",
        "SystemError",
        "BufferError",
        "ImportError",
        "Error",
        "EvalError",
        "ReferenceError",
        "URIError",
        "AggregateError",
        "DOMException",
    ];
    built_in_base(name).is_some() || OTHERS.contains(&name)
}

fn built_in_base(name: &str) -> Option<&'static str> {
    Some(match name {
        "KeyError" | "IndexError" => "LookupError",
        "ZeroDivisionError" | "OverflowError" | "FloatingPointError" => "ArithmeticError",
        "FileNotFoundError" | "PermissionError" | "FileExistsError" | "IsADirectoryError" | "NotADirectoryError"
        | "TimeoutError" | "ConnectionError" | "BlockingIOError" | "ChildProcessError" | "InterruptedError"
        | "ProcessLookupError" | "IOError" | "EnvironmentError" => "OSError",
        "BrokenPipeError" | "ConnectionAbortedError" | "ConnectionRefusedError" | "ConnectionResetError" => {
            "ConnectionError"
        }
        "ModuleNotFoundError" => "ImportError",
        "NotImplementedError" | "RecursionError" => "RuntimeError",
        "UnicodeError" => "ValueError",
        "UnicodeDecodeError" | "UnicodeEncodeError" | "UnicodeTranslateError" => "UnicodeError",
        "UnboundLocalError" => "NameError",
        "IndentationError" => "SyntaxError",
        "RangeError" => "Error",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_documented_base_covers_its_classes() {
        let mut classes = Classes::default();
        classes.define("Refused", ["Exception".to_owned()]);
        classes.define("NotFound", ["Refused".to_owned()]);
        assert!(classes.covers("Refused", "NotFound"));
        assert!(classes.covers("LookupError", "KeyError"));
        assert!(classes.covers("Exception", "NotFound"));
        assert!(!classes.covers("NotFound", "Refused"));
        assert!(!classes.covers("ValueError", "KeyError"));
        assert!(classes.covers("ValueError", "Foreign"), "nobody knows what it derives from");
    }
}
