//! Captured calls that make good examples: distinct in what comes of them, the same each time they are made, and without
//! anything in them that another day would change.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::privacy::Replacements;

/// The most examples of a handler.
pub const MOST: usize = 6;
/// The longest example, in bytes of JSON: a test is for people.
pub const LONGEST: usize = 2_000;
/// What thymus and others put in place of a secret: such a call is not the one that was made.
const REDACTED: &str = "[redacted]";

/// A call and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// A list is positional, an object is by parameter name.
    pub args: Value,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It returned exactly this.
    Returned(Value),
    /// It returned something of this shape; the very value depends on what was replaced.
    Like(Value),
    /// It was refused.
    Threw {
        /// The error's class.
        kind: String,
        /// Its message.
        message: String,
    },
}

/// A call as it was seen.
#[derive(Clone, Debug)]
pub struct Seen {
    /// A list is positional, an object is by parameter name.
    pub args: Value,
    /// What came of it.
    pub outcome: Outcome,
    /// How often it was made with this outcome.
    pub times: u64,
}

/// The best of the calls that were seen; `window` is when, in seconds since 1970.
pub fn choose(seen: &BTreeMap<String, Seen>, window: (u64, u64)) -> Vec<Example> {
    let mut usable: Vec<(&Seen, Example)> = seen
        .values()
        .filter(|call| !mentions_time(&call.outcome, &call.args, window))
        .filter_map(|call| Some((call, cleaned(call)?)))
        .collect();
    // Whole ones first, then those that were made often, then small ones.
    usable.sort_by_key(|(call, example)| {
        let changed = example.args != call.args || example.outcome != call.outcome;
        (changed, std::cmp::Reverse(call.times.min(3)), example.args.to_string().len(), example.args.to_string())
    });
    let mut shapes = BTreeSet::new();
    let mut outcomes = BTreeSet::new();
    let (mut chosen, mut others) = (Vec::new(), Vec::new());
    for (_, example) in usable {
        let outcome = format!("{:?}", example.outcome);
        if shapes.insert(shape_of_outcome(&example.outcome)) && outcomes.insert(outcome.clone()) {
            chosen.push(example);
        } else if !matches!(example.outcome, Outcome::Threw { .. }) && outcomes.insert(outcome) {
            others.push(example);
        }
    }
    // Shapes that differ first; then other values of the same shape, so that no constant passes for them.
    chosen.truncate(MOST);
    let room = MOST.saturating_sub(chosen.len());
    let step = others.len().div_ceil(room.max(1)).max(1);
    // Small ones and large ones.
    chosen.extend(others.into_iter().step_by(step).take(room));
    chosen
}

/// Without persons and secrets; none where nothing usable is left.
fn cleaned(call: &Seen) -> Option<Example> {
    let mut replacements = Replacements::default();
    let args = replacements.clean(&call.args);
    let changed = args != call.args;
    let outcome = match &call.outcome {
        Outcome::Returned(value) | Outcome::Like(value) => {
            let clean = replacements.clean(value);
            // What was replaced may have decided what came of it.
            if changed || clean != *value { Outcome::Like(clean) } else { call.outcome.clone() }
        }
        Outcome::Threw { .. } if changed => return None,
        Outcome::Threw { message, .. } => {
            let same = replacements.clean(&Value::String(message.clone())) == Value::String(message.clone());
            same.then(|| call.outcome.clone())?
        }
    };
    let example = Example { args, outcome };
    let text = serde_json::to_string(&example).ok()?;
    (text.len() <= LONGEST && !text.contains(REDACTED)).then_some(example)
}

/// What tells outcomes apart: types and keys, what is empty, what is null, which truth it is, the sign of numbers.
fn shape_of_outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Returned(value) | Outcome::Like(value) => shape(value, 0),
        Outcome::Threw { kind, message } => {
            let words: String = message.chars().filter(|c| c.is_alphabetic() || *c == ' ').collect();
            format!("throws {kind} {words}")
        }
    }
}

fn shape(value: &Value, depth: usize) -> String {
    match value {
        Value::Number(number) => {
            let value = number.as_f64().unwrap_or(0.0);
            let sign = if value > 0.0 {
                "+"
            } else if value < 0.0 {
                "-"
            } else {
                "0"
            };
            sign.to_owned()
        }
        Value::String(text) if text.is_empty() => "''".to_owned(),
        Value::String(_) => "text".to_owned(),
        Value::Array(items) => match items.first() {
            Some(first) if depth < 4 => format!("[{}]", shape(first, depth + 1)),
            Some(_) => "[…]".to_owned(),
            None => "[]".to_owned(),
        },
        Value::Object(entries) => {
            let inner: Vec<String> = entries
                .iter()
                .take(16)
                .map(|(key, value)| if depth < 4 { format!("{key}:{}", shape(value, depth + 1)) } else { key.clone() })
                .collect();
            format!("{{{}}}", inner.join(","))
        }
        other => other.to_string(),
    }
}

/// Whether an outcome holds an instant near the window or a made-up id, which the arguments don't hold.
fn mentions_time(outcome: &Outcome, args: &Value, window: (u64, u64)) -> bool {
    let given = args.to_string();
    let mut odd = false;
    let mut look = |text: &str| odd |= (is_instant(text, window) || is_made_up(text)) && !given.contains(text);
    match outcome {
        Outcome::Returned(value) | Outcome::Like(value) => scalars(value, &mut look, 0),
        Outcome::Threw { message, .. } => message.split_whitespace().for_each(look),
    }
    odd
}

fn scalars(value: &Value, look: &mut dyn FnMut(&str), depth: usize) {
    match value {
        _ if depth > 32 => {}
        Value::String(text) => look(text),
        Value::Number(number) => look(&number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| scalars(item, look, depth + 1)),
        Value::Object(entries) => entries.iter().for_each(|(key, inner)| {
            look(key);
            scalars(inner, look, depth + 1);
        }),
        Value::Null | Value::Bool(_) => {}
    }
}

/// A number that is an instant within a day of the window, in seconds, milliseconds or finer, or a date of those days.
fn is_instant(text: &str, (start, end): (u64, u64)) -> bool {
    const DAY: u64 = 86_400;
    let near = |seconds: u64| start.saturating_sub(DAY) <= seconds && seconds <= end.saturating_add(DAY);
    if let Some(number) = text.split('.').next().and_then(|whole| whole.parse::<u64>().ok()) {
        return [1, 1_000, 1_000_000, 1_000_000_000].into_iter().any(|unit| near(number / unit));
    }
    let date = text.get(..10).and_then(days);
    date.is_some_and(|days| near(days * DAY) || near(days * DAY + DAY - 1))
}

/// `2026-11-25` as days since 1970, by Howard Hinnant's `days_from_civil`.
fn days(date: &str) -> Option<u64> {
    let mut parts = date.split('-').map(|part| part.parse::<u64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some()
        || !(1970..=9999).contains(&year)
        || !(1..=12).contains(&month)
        || !(1..=31).contains(&day)
    {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era).checked_sub(719_468)
}

/// A UUID, or sixteen and more hexadecimal digits with letters and digits among them.
fn is_made_up(text: &str) -> bool {
    let compact: String = text.chars().filter(|c| *c != '-').collect();
    compact.len() >= 16
        && compact.bytes().all(|byte| byte.is_ascii_hexdigit())
        && compact.bytes().any(|byte| byte.is_ascii_digit())
        && compact.bytes().any(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const WINDOW: (u64, u64) = (1_795_509_000, 1_795_509_600);

    fn seen(calls: &[(Value, Outcome)]) -> BTreeMap<String, Seen> {
        let one = |(args, outcome): &(Value, Outcome)| {
            (args.to_string(), Seen { args: args.clone(), outcome: outcome.clone(), times: 1 })
        };
        calls.iter().map(one).collect()
    }

    #[test]
    fn outcomes_that_differ_are_shown_and_not_the_same_again() {
        let refused = Outcome::Threw { kind: "NotFound".to_owned(), message: "no item X-1".to_owned() };
        let calls = seen(&[
            (json!(["a"]), Outcome::Returned(json!({ "days": 3 }))),
            (json!(["b"]), Outcome::Returned(json!({ "days": 4 }))),
            (json!(["c"]), Outcome::Returned(json!({ "days": null }))),
            (json!(["d"]), refused.clone()),
            (json!(["e"]), Outcome::Returned(json!({ "days": 5 }))),
            (json!(["f"]), Outcome::Threw { kind: "NotFound".to_owned(), message: "no item X-2".to_owned() }),
        ]);
        let chosen: Vec<Value> = choose(&calls, WINDOW).into_iter().map(|example| example.args).collect();
        assert_eq!(chosen, [json!(["a"]), json!(["c"]), json!(["d"]), json!(["b"]), json!(["e"])]);
    }

    #[test]
    fn what_another_day_would_change_is_no_example() {
        for value in [
            json!({ "at": "2026-11-24T09:00:00Z" }),
            json!({ "at": 1_795_509_100_123_u64 }),
            json!({ "id": "0f8fad5b-d9cb-469f-a165-70867728950e" }),
        ] {
            assert!(choose(&seen(&[(json!([1]), Outcome::Returned(value))]), WINDOW).is_empty());
        }
        let given = json!(["2026-11-24"]);
        let calls = seen(&[(given, Outcome::Returned(json!({ "date": "2026-11-24" })))]);
        assert_eq!(choose(&calls, WINDOW).len(), 1, "the day was given");
    }

    #[test]
    fn what_depends_on_a_person_is_only_shown_in_shape() {
        let calls = seen(&[(json!(["ada@quist.no"]), Outcome::Returned(json!({ "domain": "quist.no" })))]);
        let chosen = choose(&calls, WINDOW);
        assert_eq!(chosen[0].args, json!(["user1@example.com"]));
        assert!(matches!(chosen[0].outcome, Outcome::Like(_)));
        let hidden = seen(&[(json!([{ "card": REDACTED }]), Outcome::Returned(json!(1)))]);
        assert!(choose(&hidden, WINDOW).is_empty());
    }

    #[test]
    fn days_are_counted_from_1970() {
        assert_eq!(days("1970-01-01"), Some(0));
        assert_eq!(days("2026-11-24"), Some(20_781));
        assert_eq!(days("2026-13-24"), None);
    }
}
