//! The regression test: the captured call, written down as a test that the project could have written itself.

use serde_json::Value;
use thymus_javascript::code::last_segment;
use thymus_javascript::project::Project;
use thymus_javascript::testing::{self, Call, Expect, Subject, TestCase};
use thymus_sdk::Change;

use super::message::{self, Absent, Fault};
use crate::exception::{Exception, Outcome};
use crate::repair::{Promise, Repair};

/// The most calls that one test makes.
const MOST_CALLS: usize = 3;

/// The test file; none when the handler can't be called surely.
pub fn write(exception: &Exception, repair: &Repair, project: &Project) -> Option<Change> {
    let mut paths: Vec<&str> = exception.handler_path.as_deref().into_iter().collect();
    paths.extend(exception.frames.iter().map(|frame| frame.path.as_str()));
    let mut subject = Subject::find(&exception.handler, &paths, exception.handler_line, project)?;
    subject.is_async |= becomes_async(repair);
    let null_was_undefined = was_undefined(exception);
    let call = |args: &Value, expect| Call { args: args.clone(), null_was_undefined, expect };
    let mut calls: Vec<Call> = exception
        .known_calls()
        .take(MOST_CALLS)
        .map(|(known, outcome)| call(&known.args, as_before(outcome)))
        .collect();
    if calls.is_empty() {
        calls.push(call(&exception.failed.first()?.args, expect(exception, &repair.promise)));
    }
    testing::write(&subject, &mark(exception), &[TestCase { title: title(exception), calls }], project)
}

/// What tells the tests of one handler apart: `reading-limits`, `bad-json`.
fn mark(exception: &Exception) -> String {
    let named = |verb: &str, what: Option<&str>| match what.map(kebab).filter(|what| !what.is_empty()) {
        Some(what) => format!("{verb}-{what}"),
        None => format!("{verb}-nothing"),
    };
    match message::read(&exception.kind, &exception.message) {
        Fault::Read { property, .. } => named("reading", property.as_deref()),
        Fault::Write { property, .. } => named("setting", property.as_deref()),
        Fault::Destructure { property, .. } => named("taking", property.as_deref()),
        Fault::In { key } => named("asking-for", key.as_deref()),
        Fault::NotIterable { what } => named("iterating", Some(&what)),
        Fault::NotFunction { what } => named("calling", Some(&what)),
        Fault::BadJson { .. } => "bad-json".to_owned(),
        Fault::BadUri => "bad-uri".to_owned(),
        Fault::BadPattern => "bad-pattern".to_owned(),
        Fault::DivisionByZero => "division-by-zero".to_owned(),
        Fault::EmptyReduce => "empty-reduce".to_owned(),
        Fault::BadNumber(_)
        | Fault::NullToObject
        | Fault::MixedBigInt
        | Fault::WrongArgument { .. }
        | Fault::CalledOnNothing
        | Fault::Other => kebab(&exception.kind),
    }
}

/// The words of a text, as they may stand in a file's name.
fn kebab(text: &str) -> String {
    let mut word = String::new();
    for letter in text.chars().filter(char::is_ascii).take(40) {
        if letter.is_ascii_uppercase() && word.ends_with(|c: char| c.is_ascii_lowercase()) {
            word.push('-');
        }
        if letter.is_ascii_alphanumeric() {
            word.push(letter.to_ascii_lowercase());
        } else if !word.is_empty() && !word.ends_with('-') {
            word.push('-');
        }
    }
    word.trim_matches('-').to_owned()
}

fn title(exception: &Exception) -> String {
    let message: String =
        exception.message.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(100).collect();
    format!("{} does not fail with: {message}", last_segment(&exception.handler))
}

fn as_before(outcome: &Outcome) -> Expect {
    match outcome.clone() {
        Outcome::Returned(value) => Expect::Captured(value),
        Outcome::Threw { kind, message } => Expect::Throws { kind, message: Some(message) },
    }
}

fn expect(exception: &Exception, promise: &Promise) -> Expect {
    match promise {
        Promise::Returns(value) => Expect::Returns(value.clone()),
        Promise::Throws { kind, message } => Expect::Throws { kind: kind.clone(), message: message.clone() },
        Promise::ReturnsSomething => {
            let like = exception.returned.iter().filter_map(|call| call.result.clone()).collect();
            Expect::Something { like }
        }
    }
}

/// `undefined` did not survive being captured: it came back as `null`.
fn was_undefined(exception: &Exception) -> bool {
    matches!(
        message::read(&exception.kind, &exception.message),
        Fault::Read { of: Absent::Undefined, .. }
            | Fault::Write { of: Absent::Undefined, .. }
            | Fault::Destructure { of: Absent::Undefined, .. }
    ) || exception.message.contains("undefined")
}

fn becomes_async(repair: &Repair) -> bool {
    repair.changes.iter().any(|change| match change {
        Change::Edit(file) => file.edits.iter().any(|edit| edit.replacement == "async "),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::javascript::rules::examples::{Example, MODULE};

    /// The regression test of the first repair.
    fn test_of(example: &Example) -> (String, String) {
        let repairs = example.repairs();
        let first = repairs.first().unwrap_or_else(|| panic!("no repair for {:?}", example.rule()));
        example.test_of(first).expect("a test")
    }

    const CART: &str = "'use strict';\n\nclass CartService {\n  constructor(repository) {\n    this.repository = repository;\n  }\n\n  total(id) \
                        {\n    const cart = this.repository.find(id);\n    if (!cart) return null;\n    return cart.lines.length;\n  }\n\n  \
                        owner(id) {\n    const cart = this.repository.find(id);\n    return cart.⟦owner;\n  }\n}\n\nmodule.exports = { \
                        CartService };\n";

    #[test]
    fn a_class_is_set_up_as_the_neighbours_do() {
        let example = Example::new(
            "TypeError",
            "Cannot read properties of undefined (reading 'owner')",
            "CartService.owner",
            json!(["c1"]),
            &[
                ("src/cart.service.js", CART),
                (
                    "__tests__/cart.service.test.js",
                    "const { CartService } = require('../src/cart.service');\nconst { fixtures, other } = require('./fixtures');\n\n\
                     describe('CartService', () => {\n  let service;\n  let unused;\n\n  beforeEach(() => {\n    service = new \
                     CartService(fixtures);\n  });\n\n  it('knows an owner', () => {\n    expect(service.owner('c7')).toBe('ada');\n  });\n});\n",
                ),
                ("__tests__/fixtures.js", "exports.fixtures = [];\nexports.other = [];\n"),
                ("package.json", "{ \"devDependencies\": { \"jest\": \"29\" } }"),
            ],
        );
        let (path, content) = test_of(&example);
        assert_eq!(path, "__tests__/owner-reading-owner.test.js");
        let expected = "const { CartService } = require('../src/cart.service');\nconst { fixtures } = require('./fixtures');\n\nlet \
                        service;\n\nbeforeEach(() => {\n  service = new CartService(fixtures);\n});\n\nit(\"owner does not fail with: Cannot \
                        read properties of undefined (reading 'owner')\", () => {\n  \
                        expect(service.owner('c1')).toEqual(null);\n});\n";
        assert_eq!(content, expected);
    }

    #[test]
    fn a_class_that_nobody_shows_how_to_make_is_not_tested() {
        let example = Example::new(
            "TypeError",
            "Cannot read properties of undefined (reading 'owner')",
            "CartService.owner",
            json!(["c1"]),
            &[("src/cart.service.js", CART), ("package.json", "{ \"devDependencies\": { \"jest\": \"29\" } }")],
        );
        assert!(example.test_of(&example.repairs()[0]).is_none());
    }

    #[test]
    fn every_way_to_export_is_imported_the_same_way() {
        let body = "  if (!a) throw new Error('no a');\n  return a.b.⟦c ?? 0;\n";
        let node = (
            "test/x.test.js",
            "import { test } from 'node:test';\nimport assert from 'node:assert/strict';\n\ntest('x', () => assert.ok(1));\n",
        );
        for (source, import, call) in [
            (format!("export default function f(a) {{\n{body}}}\n"), "import f from '../src/f.js';", "f({})"),
            (
                format!("function f(a) {{\n{body}}}\nexport {{ f as g }};\n"),
                "import { g } from '../src/f.js';",
                "g({})",
            ),
            (
                format!("export const api = {{\n  f(a) {{\n{body}  }},\n}};\n"),
                "import { api } from '../src/f.js';",
                "api.f({})",
            ),
            (
                format!("export class Api {{\n  f(a) {{\n{body}  }}\n}}\n"),
                "import { Api } from '../src/f.js';",
                "new Api().f({})",
            ),
            (
                format!("export class Api {{\n  static f(a) {{\n{body}  }}\n}}\n"),
                "import { Api } from '../src/f.js';",
                "Api.f({})",
            ),
            (
                format!("const f = (a) => {{\n{body}}};\nexport default {{ f }};\n"),
                "import subject from '../src/f.js';",
                "subject.f({})",
            ),
        ] {
            let message = "Cannot read properties of undefined (reading 'c')";
            let example =
                Example::new("TypeError", message, "f", json!([{}]), &[("src/f.js", source.as_str()), node, MODULE]);
            let (_, content) = test_of(&example);
            assert!(content.contains(import) && content.contains(call), "{source}\n{content}");
            example.proves(&example.repairs()[0]);
        }
        let hidden = format!("function f(a) {{\n{body}}}\nexport const g = 1;\n");
        let message = "Cannot read properties of undefined (reading 'c')";
        let example =
            Example::new("TypeError", message, "f", json!([{}]), &[("src/f.js", hidden.as_str()), node, MODULE]);
        assert!(example.test_of(&example.repairs()[0]).is_none());
    }

    #[test]
    fn mocha_and_chai_are_spoken_too() {
        let example = Example::new(
            "TypeError",
            "Cannot read properties of null (reading 'zip')",
            "zipOf",
            json!([{ "address": null }]),
            &[
                ("lib/zip.js", "exports.zipOf = (user) => {\n  return user.address.⟦zip || null;\n};\n"),
                (
                    "test/zip.spec.js",
                    "const { expect } = require('chai');\nconst { zipOf } = require('../lib/zip');\n\ndescribe('zip', function () {\n  it('is \
                     read', function () {\n    expect(zipOf({ address: { zip: 'x' } })).to.equal('x');\n  });\n});\n",
                ),
                ("package.json", "{ \"devDependencies\": { \"mocha\": \"10\", \"chai\": \"4\" } }"),
            ],
        )
        .returned(json!([{ "address": { "zip": "x" } }]), json!("x"));
        let (path, content) = test_of(&example);
        assert_eq!(path, "test/zip-of-reading-zip.spec.js");
        assert!(
            content.contains("const { expect } = require('chai');") && content.contains("zipOf({ address: null })"),
            "{content}"
        );
    }

    #[test]
    fn arguments_by_name_come_in_their_order() {
        let mut example = Example::new(
            "TypeError",
            "Cannot read properties of undefined (reading 'c')",
            "f",
            json!({ "b": 2, "a": { "x": "it's \u{202e}" } }),
            &[
                ("src/f.js", "export async function f(a, b) {\n  return a.b.⟦c ?? b;\n}\n"),
                (
                    "test/x.test.js",
                    "import { it } from 'node:test';\nimport assert from 'node:assert';\n\nit('x', () => assert.ok(1));\n",
                ),
                MODULE,
            ],
        );
        example.exception.returned.clear();
        let (_, content) = test_of(&example);
        assert!(
            content.contains("await assert.doesNotReject(async () => f({ x: \"it's \\u202e\" }, 2));"),
            "{content}"
        );
        example.proves(&example.repairs()[0]);
    }
}
