//! Which functions the tests reach, as far as text tells: what they name, and what the functions that they name go on to
//! call. And which routes they ask for, since tests of a service name pages and not functions.
//!
//! It errs on the side of "reached": a name that a test mentions counts for every function of that name.

use std::collections::{BTreeMap, BTreeSet};

/// How far calls are followed from a name that a test mentions.
const HOPS: usize = 4;
/// A function with so many handlers and so many pages is a table of routes, and who names it tests none in particular.
const TABLE: usize = 2;
/// Methods that every other object has too: named alone, they say nothing.
const ANYBODYS: [&str; 34] = [
    "get", "set", "update", "pop", "keys", "values", "items", "append", "add", "insert", "remove", "join", "split",
    "format", "map", "filter", "forEach", "find", "push", "delete", "clear", "copy", "sort", "index", "count",
    "toString", "then", "catch", "log", "call", "apply", "bind", "read", "write",
];

/// What JavaScript calls without its name.
const UNNAMED: [&str; 5] = ["constructor", "toString", "toJSON", "valueOf", "anonymous"];

/// What the tests of a project mention.
#[derive(Debug, Default)]
pub struct Tests {
    /// How many test files there are.
    pub files: usize,
    /// Names that are called, imported or read.
    pub names: BTreeSet<String>,
    /// Texts that look like the path of a page, with `*` for what is put in.
    pub pages: BTreeSet<String>,
}

/// Which names each function mentions, and how many pages, by the function's name.
#[derive(Debug, Default)]
pub struct Mentions(BTreeMap<String, Vec<(BTreeSet<String>, usize)>>);

impl Mentions {
    /// Takes in a function.
    pub fn add(&mut self, function: &str, names: BTreeSet<String>, pages: usize) {
        self.0.entry(function.to_owned()).or_default().push((names, pages));
    }
}

/// The names of the functions that tests reach.
pub fn reached(tests: &Tests, mentions: &Mentions, handlers: &BTreeSet<&str>) -> BTreeSet<String> {
    let mut reached: BTreeSet<String> = tests.names.clone();
    let mut open: Vec<String> = tests.names.iter().cloned().collect();
    for _ in 0..HOPS {
        let mut next = Vec::new();
        for name in open {
            for (names, pages) in mentions.0.get(&name).into_iter().flatten() {
                let of_handlers = names.iter().filter(|name| handlers.contains(name.as_str())).count();
                if of_handlers >= TABLE && *pages >= TABLE {
                    continue;
                }
                for inner in names {
                    // Only functions of the project lead on.
                    if mentions.0.contains_key(inner) && reached.insert(inner.clone()) {
                        next.push(inner.clone());
                    }
                }
            }
        }
        open = next;
    }
    reached
}

/// Whether a handler is reached: `Cart.total` by `total`, where the name is not anybody's.
pub fn reaches(reached: &BTreeSet<String>, handler: &str) -> bool {
    let mut parts = handler.rsplit(['.', ':', '#', '/']);
    let Some(name) = parts.next() else { return true };
    // What the language calls (`len(x)`, `x[1]`, text in a template) is named by nobody.
    if name.starts_with("__") || UNNAMED.contains(&name) {
        return true;
    }
    let owner = parts.next().filter(|owner| owner.starts_with(char::is_uppercase));
    match owner {
        Some(owner) if ANYBODYS.contains(&name) => reached.contains(name) && reached.contains(owner),
        _ => reached.contains(name),
    }
}

/// Whether a page that a test asks for is of a route: `/orders/*/ship` of `/orders/:orderId/ship`.
pub fn asks_for(pages: &BTreeSet<String>, route: &str) -> bool {
    let route = segments(route);
    pages.iter().any(|page| {
        let page = segments(page);
        page.len() == route.len()
            && page.iter().zip(&route).all(|(asked, wanted)| is_open(wanted) || fits(asked, wanted))
    })
}

fn segments(path: &str) -> Vec<&str> {
    path.split(['?', '#']).next().unwrap_or_default().split('/').filter(|part| !part.is_empty()).collect()
}

/// `:id`, `{id}`, `<int:id>`, `*`
fn is_open(segment: &str) -> bool {
    segment.starts_with([':', '{', '<', '*'])
}

fn fits(asked: &str, wanted: &str) -> bool {
    asked == wanted || asked.contains('*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn calls_are_followed_but_not_through_tables() {
        let mut mentions = Mentions::default();
        mentions.add("checkout", names(&["quote", "pay"]), 0);
        mentions.add("quote", names(&["zone"]), 0);
        for leaf in ["zone", "pay", "refund"] {
            mentions.add(leaf, names(&[]), 0);
        }
        let many = ["a", "b", "c", "d", "e", "f", "g"];
        for one in many {
            mentions.add(one, names(&[]), 0);
        }
        mentions.add("routes", names(&many), many.len());
        let tests = Tests { files: 1, names: names(&["checkout", "routes"]), ..Tests::default() };
        let handlers: BTreeSet<&str> = many.into_iter().chain(["quote", "pay", "refund"]).collect();
        let reached = reached(&tests, &mentions, &handlers);
        for (handler, wanted) in [("quote", true), ("zone", true), ("pay", true), ("refund", false), ("a", false)] {
            assert_eq!(reaches(&reached, handler), wanted, "{handler}");
        }
    }

    #[test]
    fn a_method_that_everybody_has_needs_its_class() {
        assert!(!reaches(&names(&["update"]), "Table.update"));
        assert!(reaches(&names(&["update", "Table"]), "Table.update"));
        assert!(reaches(&names(&["truncate"]), "Table.truncate"));
        assert!(reaches(&names(&[]), "Table.__len__"), "len() calls it");
    }

    #[test]
    fn pages_are_of_routes() {
        let pages = names(&["/orders/*/ship", "/checkout?x=1"]);
        assert!(asks_for(&pages, "/orders/:orderId/ship"));
        assert!(asks_for(&pages, "/checkout"));
        assert!(!asks_for(&pages, "/orders/:orderId/refund"));
        assert!(!asks_for(&pages, "/orders"));
    }
}
