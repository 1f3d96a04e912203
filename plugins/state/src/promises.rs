//! What a function's name and documentation promise of what it is given: to leave it alone, or to change it.

/// What says that arguments stay as they are.
const LEAVES: [&str; 26] = [
    "returns a new",
    "return a new",
    "returns new",
    "new array",
    "new list",
    "new object",
    "new dict",
    "new copy",
    "a copy of",
    "copy with",
    "without changing",
    "without modifying",
    "without mutating",
    "without altering",
    "does not modify",
    "does not mutate",
    "does not change",
    "doesn't modify",
    "doesn't mutate",
    "doesn't change",
    "not modified",
    "non-destructive",
    "pure function",
    "immutabl",
    "left untouched",
    "left unchanged",
];
/// What says that changing them is the point.
const CHANGES: [&str; 14] = [
    "in place",
    "in-place",
    "inplace",
    "mutates",
    "modifies",
    "destructive",
    "updates the",
    "update the",
    "adds to",
    "appends",
    "fills in",
    "sets the",
    "removes",
    "side effect",
];
/// First words of names that promise a new value.
const NEW: [&str; 16] = [
    "sorted",
    "with",
    "without",
    "to",
    "copy",
    "clone",
    "omit",
    "pick",
    "merged",
    "reversed",
    "filtered",
    "shuffled",
    "as",
    "compute",
    "calculate",
    "get",
];
/// First words of names that promise a change.
const CHANGE: [&str; 26] = [
    "add",
    "set",
    "push",
    "append",
    "remove",
    "delete",
    "insert",
    "update",
    "apply",
    "assign",
    "register",
    "fill",
    "clear",
    "mutate",
    "init",
    "initialize",
    "reset",
    "decorate",
    "extend",
    "mix",
    "patch",
    "inject",
    "define",
    "sort",
    "shuffle",
    "reverse",
];

/// Why a function should leave its arguments alone, a sentence each.
pub fn against(name: &str, doc: Option<&str>) -> Vec<String> {
    let mut found = Vec::new();
    let doc = doc.map(plain).unwrap_or_default();
    if let Some(words) = LEAVES.iter().find(|words| doc.contains(*words))
        && !changes_by_doc(&doc)
    {
        found.push(format!("Its documentation says \"{words}\""));
    }
    if let Some(word) = NEW.iter().find(|word| starts_with_word(name, word)) {
        found.push(format!("A name that begins with \"{word}\" promises a value and no change"));
    }
    found
}

/// Why changing is what a function is there for.
pub fn purpose(name: &str, doc: Option<&str>, returns: bool) -> Option<String> {
    let doc = doc.map(plain).unwrap_or_default();
    if let Some(words) = CHANGES.iter().find(|words| doc.contains(*words)).filter(|_| changes_by_doc(&doc)) {
        return Some(format!("its documentation says \"{words}\""));
    }
    if let Some(word) = CHANGE.iter().find(|word| starts_with_word(name, word)) {
        return Some(format!("its name begins with \"{word}\""));
    }
    (!returns).then(|| "it returns nothing, so what it changes is all it does".to_owned())
}

fn changes_by_doc(doc: &str) -> bool {
    let denied = ["not in place", "not modif", "never modif", "without modif", "doesn't modif", "not mutat"];
    CHANGES.iter().any(|words| doc.contains(words)) && !denied.iter().any(|words| doc.contains(words))
}

/// On one line, in lower case, without a comment's asterisks.
fn plain(doc: &str) -> String {
    let words = doc.split(|c: char| c.is_whitespace() || c == '*').filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Whether a name in camel or snake case begins with a word.
fn starts_with_word(name: &str, word: &str) -> bool {
    let name = name.trim_start_matches('_');
    name.strip_prefix(word).is_some_and(|rest| rest.starts_with(|c: char| c.is_uppercase() || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_promise() {
        assert_eq!(against("sortedLines", None).len(), 1);
        assert_eq!(against("tokens", None).len(), 0);
        assert_eq!(against("f", Some("/**\n * Returns a new\n * list.\n */")).len(), 1);
        assert_eq!(against("f", Some("Sorts in place; returns a new view.")).len(), 0);
        assert!(purpose("f", Some("Sorts the list in place."), true).is_some());
        assert!(purpose("f", Some("Does not modify its input."), true).is_none());
        assert!(purpose("add_line", None, true).is_some());
        assert!(purpose("address", None, true).is_none());
        assert!(purpose("f", None, false).is_some());
    }
}
