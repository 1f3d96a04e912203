//! Whatever comes in, nothing panics, and every repair that comes out is a sound program with a sound test.
//!
//! Damaged sources, places that don't fit, messages of every kind, by a seeded generator, so that a failure comes again.

use std::fs;

use serde_json::{Value, json};
use thymus_sdk::Change;
use thymus_sdk::source::Source;

use super::{diagnose, regression_test, repairs};
use crate::exception::{Call, Exception, Frame, Language};
use thymus_javascript::code::is_sound;

const MESSAGES: [(&str, &str); 22] = [
    ("TypeError", "Cannot read properties of undefined (reading 'limits')"),
    ("TypeError", "Cannot read properties of null (reading '0')"),
    ("TypeError", "Cannot read properties of undefined (reading 'a\u{202e}\n')"),
    ("TypeError", "Cannot read properties of undefined"),
    ("TypeError", "Cannot set properties of undefined (setting 'x')"),
    ("TypeError", "Cannot destructure property 'a' of 'b' as it is undefined."),
    ("TypeError", "items is not iterable"),
    ("TypeError", "undefined is not iterable (cannot read property Symbol(Symbol.iterator))"),
    ("TypeError", "a.b.c is not a function"),
    ("TypeError", " is not a function"),
    ("TypeError", "Reduce of empty array with no initial value"),
    ("TypeError", "Cannot convert undefined or null to object"),
    ("TypeError", "Cannot mix BigInt and other types, use explicit conversions"),
    ("TypeError", "The \"path\" argument must be of type string. Received undefined"),
    ("RangeError", "Division by zero"),
    ("RangeError", "Invalid array length"),
    ("RangeError", "Invalid count value: Infinity"),
    ("RangeError", "Invalid time value"),
    ("RangeError", "toFixed() digits argument must be between 0 and 100"),
    ("SyntaxError", "Unexpected end of JSON input"),
    ("SyntaxError", "Cannot convert x to a BigInt"),
    ("Error", "öööö"),
];

const SOURCES: [(&str, &str); 6] = [
    (
        "a.js",
        "import { notFound, badRequest } from './b.js';\nconst m = new Map();\nexport function f({ a, b: { c } = {} }, d = 1) {\n  const x = \
         m.get(a);\n  if (!m.has(d)) {\n    throw notFound(`no ${d}`);\n  }\n  const y = JSON.parse(a.text ?? x.y.z);\n  for (const [k, v] of \
         x.items) { k.list[0].push(v); }\n  return { p: x.limits.min ?? 0, q: [...y, ...c], r: y.map((i) => i.n).reduce((s, n) => s + n), s: \
         10n / BigInt(a.n) };\n}\n",
    ),
    (
        "b.js",
        "export const notFound = (message) => new Error(message);\nexport const badRequest = (m) => { throw new RangeError(m); };\nexport async \
         function f(a) {\n  try {\n    return g(a);\n  } catch (error) {\n    return null;\n  }\n}\nasync function g(a) {\n  g(a);\n  const r = \
         g(a);\n  const { b } = r.c;\n  return b.d?.e.f(new Array(a), 'x'.repeat(a / b.n), new Date(a).toISOString());\n}\n",
    ),
    (
        "c.cjs",
        "'use strict'\r\nconst { f } = require('./d')\r\nclass Öl {\r\n\t#p = null\r\n\tconstructor (s) { this.s = s }\r\n\tget (id) \
         {\r\n\t\tif (!id) return null\r\n\t\tconst é = this.s.find((x) => x.id === id)\r\n\t\treturn é.name.trim() + this.#p.q + \
         f(é)['x'].y\r\n\t}\r\n}\r\nmodule.exports = Öl\r\n",
    ),
    (
        "d.ts",
        "import type { A } from './a'\nexport function f<T extends { x?: A }>(this: unknown, a: T, cb?: (n: number) => void): string | null {\n  \
         cb!(1)\n  const z = a.x!.y as unknown as string[]\n  for (let i = 0; i <= z.length; i++) z[i].trim()\n  return \
         z.find(Boolean)!.length.toFixed(2)\n}\n",
    ),
    (
        "e.tsx",
        "export const V = ({ u }: { u: any }) => <p title={u.t.x}>{u.items.map((i: any) => <b key={i.k}>{i.n.m}</b>)}</p>\n",
    ),
    (
        "f.test.js",
        "import { test, beforeEach } from 'node:test';\nimport assert from 'node:assert/strict';\nimport { f } from './a.js';\n\nlet \
         s;\nbeforeEach(() => { s = {}; });\ntest('f', () => {\n  const x = f(s);\n  assert.ok(x);\n});\n",
    ),
];

/// A small generator; the same seed gives the same numbers everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

/// The source with a few letters gone, doubled or replaced.
fn damaged(dice: &mut Dice, source: &str) -> String {
    let mut letters: Vec<char> = source.chars().collect();
    for _ in 0..dice.below(4) {
        let at = dice.below(letters.len());
        match dice.below(3) {
            0 => drop(letters.remove(at)),
            1 => letters.insert(at, letters[at]),
            _ => letters[at] = dice.of(&['(', '}', '?', '.', '`', '\'', '\n', '\u{feff}', '€', '0', '=', 'ﬀ']),
        }
    }
    letters.into_iter().collect()
}

/// A place behind a dot, a bracket or an operator, where things fail; at times one that isn't there.
fn place(dice: &mut Dice, source: &str) -> (u32, u32) {
    if dice.below(8) == 0 {
        return (u32::try_from(dice.below(40)).unwrap(), u32::try_from(dice.below(200)).unwrap());
    }
    let marks: Vec<usize> = source.char_indices().filter(|(_, c)| ".[({=/, ".contains(*c)).map(|(at, _)| at).collect();
    let Some(mark) = marks.get(dice.below(marks.len())) else { return (0, 0) };
    let at = mark + usize::from(!source[*mark..].starts_with(['[', '/']));
    let before = &source[..at];
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let line = before.matches('\n').count() + 1;
    (u32::try_from(line).unwrap(), u32::try_from(source[start..at].encode_utf16().count() + 1).unwrap())
}

fn exception(dice: &mut Dice, sources: &[(&str, String)]) -> Exception {
    // A read of any property fits most places.
    let (kind, message) = if dice.below(3) == 0 { dice.of(&MESSAGES) } else { MESSAGES[3] };
    let mut frames = Vec::new();
    for _ in 0..=dice.below(3) {
        let (path, source) = &sources[dice.below(sources.len())];
        let (line, column) = place(dice, source);
        let column = (dice.below(6) > 0).then_some(column);
        let function = dice.of(&[None, Some("f"), Some("g"), Some("Öl.get"), Some("")]).map(str::to_owned);
        frames.push(Frame { path: (*path).to_owned(), line, column, function });
    }
    let odd = [None, Some("c.cjs"), Some("../x")];
    let handler_path = if dice.below(4) == 0 { dice.of(&odd).map(str::to_owned) } else { Some(frames[0].path.clone()) };
    let args = [
        json!([{ "a": null, "n": 0 }, 3]),
        json!({ "id": "x", "a": { "text": "{" } }),
        json!([]),
        json!(null),
        json!("x"),
        json!([[[]]]),
    ];
    Exception {
        language: Language::Javascript,
        kind: kind.to_owned(),
        message: message.to_owned(),
        handler: dice.of(&["f", "f", "f", "f", "g", "Öl.get", "V", "", "...", "x y"]).to_owned(),
        handler_path,
        handler_line: dice.of(&[None, Some(0), Some(3), Some(u32::MAX)]),
        frames,
        failed: vec![Call { args: args[dice.below(args.len())].clone(), result: None }],
        returned: vec![Call { args: Value::Null, result: Some(json!({ "p": null, "__proto__": [1], "q": {} })) }],
        before: Vec::new(),
    }
}

#[test]
fn nothing_panics_and_what_comes_out_is_sound() {
    let dir = tempfile::tempdir().unwrap();
    let source = Source::at(dir.path());
    let mut dice = Dice(2_026);
    let (mut causes, mut repaired, mut tested) = (0, 0, 0);
    for round in 0..1_500 {
        let sources: Vec<(&str, String)> = SOURCES
            .iter()
            .map(|(path, text)| (*path, if round % 3 == 0 { damaged(&mut dice, text) } else { (*text).to_owned() }))
            .collect();
        for (path, text) in &sources {
            fs::write(dir.path().join(path), text).unwrap();
        }
        let exception = exception(&mut dice, &sources);
        let Some(cause) = diagnose(&exception, &source) else { continue };
        causes += 1;
        assert!(source.text(&cause.path).unwrap().content.get(cause.start..cause.end).is_some(), "{cause:?}");
        for repair in repairs(&exception, &cause, &source) {
            repaired += 1;
            for change in &repair.changes {
                let Change::Edit(file) = change else { panic!("no edit: {change:?}") };
                let mut content = source.text(&file.path).unwrap().content;
                for edit in file.edits.iter().rev() {
                    content.replace_range(
                        usize::try_from(edit.start).unwrap()..usize::try_from(edit.end).unwrap(),
                        &edit.replacement,
                    );
                }
                assert!(is_sound(&file.path, &content), "{content}");
            }
            if let Some(Change::Create(file)) = regression_test(&exception, &repair, &source) {
                tested += 1;
                assert!(!source.exists(&file.path), "{}", file.path);
                assert!(is_sound(&file.path, &file.content), "{}", file.content);
            }
        }
    }
    assert!(causes > 90 && repaired > 60 && tested > 30, "{causes} causes, {repaired} repairs, {tested} tests");
}
