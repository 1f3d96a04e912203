//! What a test asserts of a call, in the words of its framework.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Expect;
use super::framework::{Asserts, Framework, Kind};
use crate::code::is_name;
use crate::style::Style;

/// The most properties of a result that are looked at.
const MOST_PROPERTIES: usize = 8;

/// What a value is, as far as healthy calls tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Number,
    Text,
    Truth,
    List,
    Object,
}

/// The statements that make a call and look at what it does. `number` tells the calls of one test apart.
pub fn write(framework: &Framework, call: &str, is_async: bool, expect: &Expect, number: usize) -> Vec<String> {
    let number = if number == 0 { String::new() } else { (number + 1).to_string() };
    let words = Words { framework, asserts: framework.asserts, style: &framework.style, number };
    let value = if is_async { format!("await {call}") } else { call.to_owned() };
    match expect {
        Expect::Captured(expected) if says_all(expected, 0) || framework.asserts == Asserts::Expect => {
            write_returns(&words, call, &value, expected)
        }
        Expect::Captured(expected) => {
            // What was captured went through JSON, so what is compared to it goes there too.
            let through = format!("JSON.parse(JSON.stringify({value}))");
            write_returns(&words, &through, &through, expected)
        }
        Expect::Returns(expected) if framework.kind == Kind::Tape && !is_async => {
            let (result, mut lines) = words.survived(call);
            lines.push(words.equal(&result, &words.style.literal(expected), true));
            lines
        }
        Expect::Returns(expected) => vec![words.equal(&value, &words.style.literal(expected), true)],
        Expect::Throws { kind, message } => words.throws(call, is_async, kind, message.as_deref()),
        Expect::Something { like } => words.shaped(&value, call, is_async, like),
    }
}

fn write_returns(words: &Words, call: &str, value: &str, expected: &Value) -> Vec<String> {
    let literal = words.style.literal(expected);
    let deep = expected.is_array() || expected.is_object();
    if words.framework.kind == Kind::Tape && !value.contains("await ") {
        let (result, mut lines) = words.survived(call);
        lines.push(words.equal(&result, &literal, deep));
        return lines;
    }
    vec![words.equal(value, &literal, deep)]
}

/// Whether JSON says all of a value that it says anything of. `null` may have been a number that is none.
fn says_all(value: &Value, depth: usize) -> bool {
    match value {
        Value::Null => depth == 0,
        Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        Value::Array(items) => depth < 4 && items.iter().all(|item| says_all(item, depth + 1)),
        Value::Object(_) => false,
    }
}

/// The statement that two expressions have the same plain value.
pub fn equal(framework: &Framework, actual: &str, expected: &str) -> String {
    let words = Words { framework, asserts: framework.asserts, style: &framework.style, number: String::new() };
    words.equal(actual, expected, false)
}

struct Words<'s> {
    framework: &'s Framework,
    asserts: Asserts,
    style: &'s Style,
    /// What stands behind the names of variables.
    number: String,
}

impl Words<'_> {
    /// What is thrown in a test of tape ends the whole run, so it is asserted that nothing is. The name of the result.
    fn survived(&self, call: &str) -> (String, Vec<String>) {
        let end = self.style.semicolon;
        let result = format!("result{}", self.number);
        let declare = if self.framework.binding == "var" { "var" } else { "let" };
        let open = if self.framework.arrows() { "() =>" } else { "function ()" };
        let lines = vec![
            format!("{declare} {result}{end}"),
            format!("t.doesNotThrow({open} {{ {result} = {call}{end} }}){end}"),
        ];
        (result, lines)
    }

    fn equal(&self, actual: &str, expected: &str, deep: bool) -> String {
        let end = self.style.semicolon;
        if self.asserts == Asserts::Context {
            let method = match (self.framework.kind, deep) {
                (Kind::Ava, false) => "is",
                (Kind::Tap, true) => "strictSame",
                (_, true) => "deepEqual",
                (_, false) => "equal",
            };
            return format!("t.{method}({actual}, {expected}){end}");
        }
        match (self.asserts, deep) {
            (Asserts::Node { strict: true } | Asserts::ChaiAssert | Asserts::Context, true) => {
                format!("assert.deepEqual({actual}, {expected}){end}")
            }
            (Asserts::Node { strict: true }, false) | (Asserts::Uvu, true) => {
                format!("assert.equal({actual}, {expected}){end}")
            }
            (Asserts::Node { strict: false }, true) => format!("assert.deepStrictEqual({actual}, {expected}){end}"),
            (Asserts::Node { strict: false } | Asserts::ChaiAssert, false) => {
                format!("assert.strictEqual({actual}, {expected}){end}")
            }
            (Asserts::Expect, true) => format!("expect({actual}).toEqual({expected}){end}"),
            (Asserts::Expect, false) => format!("expect({actual}).toBe({expected}){end}"),
            (Asserts::Chai, true) => format!("expect({actual}).to.deep.equal({expected}){end}"),
            (Asserts::Chai, false) => format!("expect({actual}).to.equal({expected}){end}"),
            (Asserts::Uvu | Asserts::Context, false) => format!("assert.is({actual}, {expected}){end}"),
        }
    }

    fn throws(&self, call: &str, is_async: bool, kind: &str, message: Option<&str>) -> Vec<String> {
        let Style { semicolon: end, .. } = self.style;
        let message = message.map(|text| self.style.string(text));
        let thrown = format!("thrown{}", self.number);
        if let Asserts::Node { .. } = self.asserts {
            let wanted = match &message {
                Some(message) => format!("{{ message: {message} }}"),
                None if self.framework.arrows() => {
                    format!("(error) => error.constructor.name === {}", self.style.string(kind))
                }
                None => {
                    let kind = self.style.string(kind);
                    format!("function (error) {{ return error.constructor.name === {kind}{end} }}")
                }
            };
            return vec![if is_async {
                format!("await assert.rejects(async () => {call}, {wanted}){end}")
            } else {
                format!("assert.throws({}, {wanted}){end}", self.framework.closure(call))
            }];
        }
        match (self.asserts, message) {
            (Asserts::Expect, Some(message)) if is_async => {
                vec![format!("await expect({call}).rejects.toThrow({message}){end}")]
            }
            (Asserts::Expect, Some(message)) => {
                vec![format!("expect({}).toThrow({message}){end}", self.framework.closure(call))]
            }
            (Asserts::Context, Some(message)) if self.framework.kind == Kind::Ava => {
                vec![if is_async {
                    format!("await t.throwsAsync(() => {call}, {{ message: {message} }}){end}")
                } else {
                    format!("t.throws(() => {call}, {{ message: {message} }}){end}")
                }]
            }
            (_, message) => {
                let wait = if is_async { "await " } else { "" };
                let old = self.framework.binding == "var";
                let (declare, link) = if old { ("var", format!(" && {thrown}.")) } else { ("let", "?.".to_owned()) };
                let asserted = match message {
                    Some(message) => self.equal(&format!("{thrown}{link}message"), &message, false),
                    None => self.equal(&format!("{thrown}{link}constructor.name"), &self.style.string(kind), false),
                };
                vec![
                    format!("{declare} {thrown}{end}"),
                    format!("try {{ {wait}{call}{end} }} catch (error) {{ {thrown} = error{end} }}"),
                    asserted,
                ]
            }
        }
    }

    /// It returns, and what it returns looks like what healthy calls returned.
    fn shaped(&self, value: &str, call: &str, is_async: bool, like: &[Value]) -> Vec<String> {
        let end = self.style.semicolon;
        let result = format!("result{}", self.number);
        let results: Vec<&Value> = like.iter().collect();
        let mut checks = Vec::new();
        if let Some(shape) = common_shape(&results) {
            if shape == Shape::Object {
                checks.extend(
                    common_properties(&results)
                        .into_iter()
                        .map(|(key, shape)| self.shape(&access(self.style, &result, &key), shape)),
                );
            }
            if checks.is_empty() {
                checks.push(self.shape(&result, shape));
            }
        }
        if checks.is_empty() {
            let call_it = self.framework.closure(call);
            return vec![match self.asserts {
                Asserts::Node { .. } if is_async => format!("await assert.doesNotReject(async () => {call}){end}"),
                Asserts::Node { .. } | Asserts::ChaiAssert if !is_async => {
                    format!("assert.doesNotThrow({call_it}){end}")
                }
                Asserts::Expect if !is_async => format!("expect({call_it}).not.toThrow(){end}"),
                Asserts::Chai if !is_async => format!("expect({call_it}).to.not.throw(){end}"),
                Asserts::Uvu if !is_async => format!("assert.not.throws({call_it}){end}"),
                Asserts::Context if self.framework.kind == Kind::Ava && is_async => {
                    format!("await t.notThrowsAsync(() => {call}){end}")
                }
                Asserts::Context if self.framework.kind == Kind::Ava => format!("t.notThrows({call_it}){end}"),
                Asserts::Context if !is_async => format!("t.doesNotThrow({call_it}){end}"),
                Asserts::Context => return vec![format!("{value}{end}"), format!("t.pass(){end}")],
                _ => format!("{value}{end}"),
            }];
        }
        if self.framework.kind == Kind::Tape && !is_async {
            let (_, mut lines) = self.survived(call);
            lines.extend(checks);
            return lines;
        }
        checks.insert(0, format!("{} {result} = {value}{end}", self.framework.binding));
        checks
    }

    fn shape(&self, of: &str, shape: Shape) -> String {
        let text = |word: &str| self.style.string(word);
        match shape {
            // A number in JSON is finite; NaN would be a value that nobody can use.
            Shape::Number => self.equal(&format!("Number.isFinite({of})"), "true", false),
            Shape::Text => self.equal(&format!("typeof {of}"), &text("string"), false),
            Shape::Truth => self.equal(&format!("typeof {of}"), &text("boolean"), false),
            Shape::List => self.equal(&format!("Array.isArray({of})"), "true", false),
            Shape::Object => self.equal(&format!("typeof {of}"), &text("object"), false),
        }
    }
}

fn access(style: &Style, object: &str, key: &str) -> String {
    if key.is_ascii() && is_name(key) { format!("{object}.{key}") } else { format!("{object}[{}]", style.string(key)) }
}

fn shape_of(value: &Value) -> Option<Shape> {
    match value {
        Value::Null => None,
        Value::Bool(_) => Some(Shape::Truth),
        Value::Number(_) => Some(Shape::Number),
        Value::String(_) => Some(Shape::Text),
        Value::Array(_) => Some(Shape::List),
        Value::Object(_) => Some(Shape::Object),
    }
}

fn common_shape(values: &[&Value]) -> Option<Shape> {
    let first = shape_of(values.first()?)?;
    values.iter().all(|value| shape_of(value) == Some(first)).then_some(first)
}

/// The properties that every result has, with the same shape.
fn common_properties(results: &[&Value]) -> BTreeMap<String, Shape> {
    let Some(Value::Object(first)) = results.first() else { return BTreeMap::new() };
    let common = first.keys().filter_map(|key| {
        let values: Option<Vec<&Value>> = results.iter().map(|result| result.get(key)).collect();
        Some((key.clone(), common_shape(&values?)?))
    });
    common.take(MOST_PROPERTIES).collect()
}
