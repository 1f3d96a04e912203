//! How a value is copied, in the words of the file.

use serde_json::Value;
use thymus_javascript::code::{Code, is_name};

use crate::differences::Step;

/// Deeper copies say that something else is wrong.
const DEEPEST: usize = 2;

/// Lists and objects are copied differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    List,
    Object,
}

impl Shape {
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Array(_) => Some(Self::List),
            Value::Object(_) => Some(Self::Object),
            _ => None,
        }
    }
}

/// What a file uses.
#[derive(Clone, Copy, Debug)]
pub struct Copies {
    /// `[...x]`, and not `x.slice()`.
    spread: bool,
    /// `=>`
    arrows: bool,
}

impl Copies {
    pub fn of(code: &Code<'_>) -> Self {
        let content = &code.text.content;
        let modern = ["const ", "let ", "=>"].iter().any(|word| content.contains(word)) || !content.contains("var ");
        let slices = content.contains(".slice()") && !content.contains("[...");
        Self { spread: modern && !slices, arrows: modern }
    }

    /// A copy of one container.
    pub fn shallow(self, text: &str, shape: Shape) -> String {
        match shape {
            Shape::List if self.spread => format!("[...{}]", operand(text)),
            Shape::List => format!("{}.slice()", operand(text)),
            Shape::Object if self.arrows => format!("{{ ...{} }}", operand(text)),
            Shape::Object => format!("Object.assign({{}}, {text})"),
        }
    }

    /// A copy of a value and of those containers within it that are written into; none where that is no plain copy.
    pub fn deep(self, text: &str, value: &Value, places: &[&[Step]]) -> Option<String> {
        let inner: Vec<&[Step]> = places.iter().copied().filter(|place| !place.is_empty()).collect();
        let shape = Shape::of(value)?;
        if inner.is_empty() {
            return Some(self.shallow(text, shape));
        }
        if !self.arrows || inner.iter().any(|place| place.len() > DEEPEST) {
            return None;
        }
        let rest: Vec<&[Step]> = inner.iter().map(|place| &place[1..]).collect();
        match value {
            Value::Array(items) => {
                let name = if text == "item" { "inner" } else { "item" };
                let copy = self.deep(name, items.first()?, &rest)?;
                let copy = if copy.starts_with('{') { format!("({copy})") } else { copy };
                Some(format!("{}.map(({name}) => {copy})", operand(text)))
            }
            Value::Object(entries) => {
                let Some(Step::Key(key)) = inner[0].first() else { return None };
                let one = inner.iter().all(|place| place[0] == inner[0][0]);
                if !one || !is_name(key) {
                    return None;
                }
                let copy = self.deep(&format!("{text}.{key}"), entries.get(key)?, &rest)?;
                Some(format!("{{ ...{}, {key}: {copy} }}", operand(text)))
            }
            _ => None,
        }
    }
}

/// In parentheses where an operator in it would bind less.
fn operand(text: &str) -> String {
    let plain = text.chars().all(|c| c.is_alphanumeric() || "_$.?[]'\"".contains(c));
    let called = !text.contains([' ', '\n']) && text.ends_with(')');
    if plain || called { text.to_owned() } else { format!("({text})") }
}
