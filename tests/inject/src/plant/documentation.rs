//! Documentation that drifted: a documented parameter that the code calls otherwise. `JSDoc`, Google, `NumPy` and Sphinx styles
//! have in common that a parameter's name opens its entry.

use crate::fault::{Edit, Fault, Place};
use crate::plan::Capability;

/// A function with a comment or docstring.
#[derive(Clone, Debug)]
pub struct Documented {
    pub name: String,
    /// First and last line of the function.
    pub lines: (usize, usize),
    pub parameters: Vec<String>,
    /// Where its documentation stands.
    pub comment: std::ops::Range<usize>,
}

pub fn candidates(path: &str, text: &str, functions: &[Documented]) -> Vec<Fault> {
    let mut found = Vec::new();
    for function in functions {
        for parameter in function.parameters.iter().filter(|name| name.len() > 1) {
            let Some(comment) = text.get(function.comment.clone()) else { continue };
            let Some(at) = entry(comment, parameter) else { continue };
            let start = function.comment.start + at;
            // As it may have been called before a rename.
            let other = format!(
                "{parameter}{}",
                if parameter.contains('_') || path.ends_with("py") { "_value" } else { "Value" }
            );
            if comment.contains(&other) || function.parameters.contains(&other) {
                continue;
            }
            found.push(Fault {
                capability: Capability::Documentation,
                rule: "renamed-parameter",
                path: path.to_owned(),
                place: Some(Place { function: function.name.clone(), lines: function.lines }),
                edits: vec![Edit::new(start..start + parameter.len(), other.clone())],
                may_touch: Vec::new(),
                words: Some((other.clone(), parameter.clone())),
                what: format!("the documentation calls the parameter `{parameter}` `{other}`"),
            });
        }
    }
    found
}

/// Where the entry of a parameter names it.
fn entry(comment: &str, name: &str) -> Option<usize> {
    let mut start = 0;
    for line in comment.split_inclusive('\n') {
        if let Some(at) = in_line(line, name) {
            return Some(start + at);
        }
        start += line.len();
    }
    None
}

fn in_line(line: &str, name: &str) -> Option<usize> {
    let plain = line.trim_start_matches([' ', '\t', '*', '/']);
    let skipped = line.len() - plain.len();
    let is_end = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
    if let Some(tag) = plain.strip_prefix("@param") {
        // The type may stand between.
        let behind = if tag.trim_start().starts_with('{') { tag.find('}')? + 1 } else { 0 };
        let rest = &tag[behind..];
        let gap = rest.len() - rest.trim_start_matches([' ', '[']).len();
        let own = &rest[gap..];
        let fits = own.strip_prefix(name).is_some_and(is_end);
        return fits.then_some(skipped + "@param".len() + behind + gap);
    }
    if let Some(field) = plain.strip_prefix(":param ") {
        let head = field.split(':').next()?;
        let own = head.rsplit(' ').next()?;
        return (own == name).then(|| skipped + ":param ".len() + head.len() - own.len());
    }
    let rest = plain.strip_prefix(name)?;
    let opens = rest.starts_with(':') || rest.starts_with(" :") || rest.starts_with(" (");
    (opens && skipped > 0).then_some(skipped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_found_in_every_style() {
        for (line, at) in [
            ("     * @param {string} size how large\n", 23),
            ("     * @param size - how large\n", 14),
            ("        :param size: how large\n", 15),
            ("        :param int size: how large\n", 19),
            ("        size: How large.\n", 8),
            ("        size (int): How large.\n", 8),
            ("    size : int\n", 4),
        ] {
            assert_eq!(entry(&format!("first\n{line}"), "size"), Some(6 + at), "{line}");
        }
        for line in ["the size: large\n", "  sizes: all\n", "  @param {x} sizes\n"] {
            assert_eq!(entry(line, "size"), None, "{line}");
        }
    }
}
