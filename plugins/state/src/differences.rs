//! Which containers differ between a value before a call and after it. A statement that changes a value changes the
//! contents of one container: it sorts a list, sets a key. So what is named is the container, not the entry.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Deeper, nobody looks.
const DEEPEST: usize = 8;
/// The most places that one value is said to differ in.
const MOST: usize = 32;

/// The way to a container from the value: keys of objects, and any element of a list. Empty is the value itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place(pub Vec<Step>);

/// One step of the way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// A key of an object.
    Key(String),
    /// Some element of a list, or the value of some key.
    Any,
}

impl Step {
    fn may_be(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Any, _) | (_, Self::Any)) || self == other
    }
}

impl Place {
    /// Whether two ways can lead to the same container.
    pub fn may_be(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(|(a, b)| a.may_be(b))
    }

    /// The way and one step more.
    #[must_use]
    pub fn then(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

/// The containers that differ, sorted, each but once.
pub fn differing(before: &Value, after: &Value) -> Vec<Place> {
    let mut places = Vec::new();
    compare(before, after, &Place::default(), &mut places);
    places.sort();
    places.dedup();
    places
}

fn compare(before: &Value, after: &Value, at: &Place, places: &mut Vec<Place>) {
    if places.len() >= MOST || at.0.len() > DEEPEST {
        return;
    }
    let mut own = false;
    match (before, after) {
        (Value::Array(before), Value::Array(after)) => {
            own |= before.len() != after.len() || (before != after && is_permuted(before, after));
            if !own {
                for (one, other) in before.iter().zip(after) {
                    own |= inside(one, other, &at.then(Step::Any), places);
                }
            }
        }
        (Value::Object(before), Value::Object(after)) => {
            own |= before.len() != after.len();
            for (key, one) in before {
                own |= match after.get(key) {
                    Some(other) => inside(one, other, &at.then(Step::Key(key.clone())), places),
                    None => true,
                };
            }
        }
        _ => {}
    }
    if own {
        places.push(at.clone());
    }
}

/// Looks into an entry; whether it was replaced, which is its container's change.
fn inside(before: &Value, after: &Value, at: &Place, places: &mut Vec<Place>) -> bool {
    if before == after {
        return false;
    }
    let alike = matches!((before, after), (Value::Array(_), Value::Array(_)) | (Value::Object(_), Value::Object(_)));
    if alike {
        compare(before, after, at, places);
    }
    !alike
}

/// Whether both hold the same elements, in whatever order.
fn is_permuted(before: &[Value], after: &[Value]) -> bool {
    let sorted = |values: &[Value]| {
        let mut texts: Vec<String> = values.iter().map(Value::to_string).collect();
        texts.sort_unstable();
        texts
    };
    before.len() > 1 && sorted(before) == sorted(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn key(name: &str) -> Step {
        Step::Key(name.to_owned())
    }

    #[test]
    fn the_container_is_named() {
        for (before, after, places) in [
            (json!([2, 1]), json!([1, 2]), vec![Place::default()]),
            (json!([1]), json!([1, 2]), vec![Place::default()]),
            (json!({ "a": 1 }), json!({ "a": 2 }), vec![Place::default()]),
            (json!({ "a": 1 }), json!({}), vec![Place::default()]),
            (json!({ "a": [2, 1] }), json!({ "a": [1, 2] }), vec![Place(vec![key("a")])]),
            (json!([{ "n": 1 }, { "n": 1 }]), json!([{ "n": 2 }, { "n": 3 }]), vec![Place(vec![Step::Any])]),
            (json!({ "a": [] }), json!({ "a": null }), vec![Place::default()]),
            (json!([{ "n": 1 }, { "n": 2 }]), json!([{ "n": 2 }, { "n": 1 }]), vec![Place::default()]),
            (json!("a"), json!("b"), vec![]),
            (json!({ "a": 1 }), json!({ "a": 1 }), vec![]),
        ] {
            assert_eq!(differing(&before, &after), places, "{before} {after}");
        }
    }

    #[test]
    fn elements_stand_for_each_other() {
        let any = Place(vec![key("lines"), Step::Any]);
        assert!(any.may_be(&Place(vec![key("lines"), key("0")])));
        assert!(!any.may_be(&Place(vec![key("items"), Step::Any])));
        assert!(!any.may_be(&Place::default()));
    }
}
