//! Documented sequences: what stands in the files that `thymus.toml` names. The format is `docs/sequences.md`.

pub mod node;
mod read;

use std::ops::Range;

pub use read::{Files, read_all, read_file};

/// A documented order of handler executions.
#[derive(Clone, Debug, PartialEq)]
pub struct Sequence {
    /// What people call it.
    pub name: String,
    /// The file it stands in.
    pub path: String,
    /// The handler below which it runs; none where any may run it.
    pub starts_with: Option<String>,
    /// Its beats, as a pattern.
    pub pattern: Pattern,
    /// The handlers that the pattern's beats are, each once.
    pub beats: Vec<Beat>,
    /// Where its list of beats stands in the file, and each entry of it.
    pub entries: Vec<Entry>,
}

/// A handler that a sequence names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beat {
    /// As it is written.
    pub handler: String,
    /// Its file, where it is written too.
    pub file: Option<String>,
}

/// What a sequence allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// One execution of the beat with this number.
    Beat(usize),
    /// One after another.
    InOrder(Vec<Pattern>),
    /// In any order, or at the same time.
    Parallel(Vec<Pattern>),
    /// One of them.
    OneOf(Vec<Pattern>),
    /// So many times; none is no limit.
    Repeat(Box<Pattern>, u32, Option<u32>),
}

/// An entry of the list of beats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The beat, where the entry is one and nothing else.
    pub beat: Option<usize>,
    /// Its bytes in the file, without what marks it as an entry.
    pub range: Range<usize>,
}

impl Sequence {
    /// The beats in their order, where there is only one: no choice, no loop, nothing parallel.
    pub fn line(&self) -> Option<Vec<usize>> {
        let Pattern::InOrder(parts) = &self.pattern else { return None };
        parts.iter().map(|part| if let Pattern::Beat(beat) = part { Some(*beat) } else { None }).collect()
    }
}

impl Beat {
    /// Whether telemetry's name of a handler means this beat. What qualifies a name may stand on one side only.
    pub fn is(&self, handler: &str) -> bool {
        self.handler == handler
            || (last_name(handler) == last_name(&self.handler)
                && (is_qualified_by(handler, &self.handler) || is_qualified_by(&self.handler, handler)))
    }
}

fn is_qualified_by(long: &str, short: &str) -> bool {
    long.strip_suffix(short).is_some_and(|rest| rest.ends_with(['.', ':', '#', '/']))
}

/// A handler's own name, without the class or module that it belongs to.
pub fn last_name(handler: &str) -> &str {
    // A request's name is no path of names.
    if handler.contains(' ') {
        return handler;
    }
    handler.rsplit(['.', ':', '#', '/']).next().filter(|name| !name.is_empty()).unwrap_or(handler)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beat_is_a_handler_with_or_without_what_qualifies_it() {
        let beat = |handler: &str| Beat { handler: handler.to_owned(), file: None };
        assert!(beat("pay").is("pay") && beat("pay").is("shop.Cart.pay") && beat("Cart.pay").is("pay"));
        assert!(!beat("pay").is("repay") && !beat("Cart.pay").is("Order.pay") && !beat("pay").is("POST /pay"));
    }
}
