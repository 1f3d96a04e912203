//! Which expression gives a call what it was given: told from captured runs, by values that are always the same.
//!
//! One run shows nothing, since many values are 1 or true. An expression is believed when it gives the right value in every
//! run, in runs that differ, and no other expression does.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::history::Lesson;
use crate::sequence::last_name;

/// Runs that must speak for an expression.
const LESSONS: usize = 3;

/// A name and the keys behind it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path {
    /// The name.
    pub name: String,
    /// What of it.
    pub keys: Vec<String>,
}

/// Names, each with what part of a value it holds.
pub type Names = Vec<(String, Vec<String>)>;

/// The names that a function has at hand.
#[derive(Clone, Debug, Default)]
pub struct AtHand {
    /// Its parameters in order: each one's own name, and the names that hold it or its parts.
    pub parameters: Vec<(String, Names)>,
    /// What it calls, the names that hold what that gives or its parts, and where that stands.
    pub given: Vec<(String, Names, usize)>,
}

/// What a call is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arguments {
    /// Each argument, by name where it is given by name.
    pub given: Vec<(Option<String>, String)>,
    /// The names that must be known.
    pub needs: BTreeSet<String>,
}

/// The arguments that explain all of these runs; none when a part of them stays unsure.
pub fn tell(lessons: &[Lesson], at_hand: &AtHand, spelled: &dyn Fn(&Path) -> String) -> Option<Arguments> {
    let first = lessons.first()?;
    let keys: Vec<Option<String>> = match &first.beat {
        Value::Array(items) => items.iter().map(|_| None).collect(),
        Value::Object(items) => items.keys().cloned().map(Some).collect(),
        _ => return None,
    };
    let mut arguments = Arguments { given: Vec::new(), needs: BTreeSet::new() };
    if keys.is_empty() {
        return lessons.iter().all(|lesson| lesson.beat == first.beat).then_some(arguments);
    }
    for (at, key) in keys.iter().enumerate() {
        let wanted: Option<Vec<&Value>> = lessons
            .iter()
            .map(|lesson| match (&lesson.beat, key) {
                (Value::Array(items), None) if items.len() == keys.len() => items.get(at),
                (Value::Object(items), Some(key)) if items.len() == keys.len() => items.get(key),
                _ => None,
            })
            .collect();
        let path = only_path(lessons, &wanted?, at_hand)?;
        arguments.needs.insert(path.name.clone());
        arguments.given.push((key.clone(), spelled(&path)));
    }
    Some(arguments)
}

/// The one expression that gives these values in these runs.
pub fn only_path(lessons: &[Lesson], wanted: &[&Value], at_hand: &AtHand) -> Option<Path> {
    let distinct: BTreeSet<String> = wanted.iter().map(ToString::to_string).collect();
    if wanted.len() < LESSONS || distinct.len() < 2 {
        return None;
    }
    let mut right: Vec<Path> = candidates(lessons.first()?, at_hand)
        .into_iter()
        .filter(|path| {
            lessons.iter().zip(wanted).all(|(lesson, wanted)| value(lesson, path, at_hand).as_ref() == Some(*wanted))
        })
        .collect();
    right.sort_by_key(|path| path.keys.len());
    // A name alone is better than a part of another; of two alike none is sure.
    match right.as_slice() {
        [only] => Some(only.clone()),
        [first, second, ..] if first.keys.len() < second.keys.len() => Some(first.clone()),
        _ => None,
    }
}

/// Every name at hand and every direct part of what it holds in one run.
fn candidates(lesson: &Lesson, at_hand: &AtHand) -> Vec<Path> {
    let parameters = at_hand.parameters.iter().flat_map(|(_, names)| names);
    let given = at_hand.given.iter().flat_map(|(_, names, _)| names);
    let mut paths = Vec::new();
    for (name, _) in parameters.chain(given) {
        let whole = Path { name: name.clone(), keys: Vec::new() };
        if let Some(Value::Object(parts)) = value(lesson, &whole, at_hand) {
            paths.extend(parts.keys().take(64).map(|key| Path { name: name.clone(), keys: vec![key.clone()] }));
        }
        paths.push(whole);
    }
    paths.sort();
    paths.dedup();
    paths
}

fn value(lesson: &Lesson, path: &Path, at_hand: &AtHand) -> Option<Value> {
    let of = |value: &Value, keys: &[String]| {
        keys.iter().chain(&path.keys).try_fold(value.clone(), |value, key| value.get(key).cloned())
    };
    for (at, (own, names)) in at_hand.parameters.iter().enumerate() {
        let Some((_, keys)) = names.iter().find(|(name, _)| *name == path.name) else { continue };
        let whole = match &lesson.caller {
            Value::Array(items) => items.get(at),
            Value::Object(items) => items.get(own),
            _ => None,
        };
        return of(whole?, keys);
    }
    for (called, names, _) in &at_hand.given {
        let Some((_, keys)) = names.iter().find(|(name, _)| *name == path.name) else { continue };
        let whole = lesson.before.iter().find(|(handler, _)| last_name(handler) == called);
        return of(&whole?.1, keys);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lesson(caller: Value, gave: Value, beat: Value) -> Lesson {
        Lesson { caller, before: vec![("shop.load".to_owned(), gave)], beat }
    }

    fn at_hand() -> AtHand {
        AtHand {
            parameters: vec![("order".to_owned(), vec![("order".to_owned(), Vec::new())])],
            given: vec![("load".to_owned(), vec![("lines".to_owned(), vec!["lines".to_owned()])], 0)],
        }
    }

    #[test]
    fn an_expression_is_told_by_values_that_agree_in_every_run() {
        let lessons: Vec<Lesson> = (1..5)
            .map(|n| lesson(json!([{"id": n, "all": true}]), json!({"lines": [n, n]}), json!([n, [n, n]])))
            .collect();
        let spelled = |path: &Path| {
            std::iter::once(path.name.as_str())
                .chain(path.keys.iter().map(String::as_str))
                .collect::<Vec<_>>()
                .join(".")
        };
        let told = tell(&lessons, &at_hand(), &spelled).unwrap();
        assert_eq!(told.given, [(None, "order.id".to_owned()), (None, "lines".to_owned())]);
        assert_eq!(told.needs, BTreeSet::from(["order".to_owned(), "lines".to_owned()]));
    }

    #[test]
    fn what_could_be_chance_or_two_things_is_not_told() {
        let spelled = |path: &Path| path.name.clone();
        let same: Vec<Lesson> = (1..5).map(|n| lesson(json!([{"id": 7, "n": n}]), json!({}), json!([7]))).collect();
        assert_eq!(tell(&same, &at_hand(), &spelled), None, "always the same value");
        let two: Vec<Lesson> = (1..5).map(|n| lesson(json!([{"id": n, "no": n}]), json!({}), json!([n]))).collect();
        assert_eq!(tell(&two, &at_hand(), &spelled), None, "two expressions");
        let few: Vec<Lesson> = (1..3).map(|n| lesson(json!([{"id": n}]), json!({}), json!([n]))).collect();
        assert_eq!(tell(&few, &at_hand(), &spelled), None, "too few runs");
    }
}
