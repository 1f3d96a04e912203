//! Breaks a handler on purpose, so that tests which claim to cover it have to notice: its body begins by throwing. Done
//! on the text, for JavaScript, TypeScript and Python; where the handler can't be found for sure, nobody knows.

use std::io::Read as _;

use regex::Regex;

use crate::model::RepoPath;

use super::ValidateError;
use super::bench::Bench;
use super::gate::Said;
use super::report::Status;
use super::reproduce::Shown;
use super::tree::{Trees, tests};

const MAX_BYTES: u64 = 4 << 20;
const MESSAGE: &str = "this handler is broken on purpose";

/// Whether the new tests notice when the handler is broken.
pub(super) fn gate(bench: &Bench<'_>, trees: &Trees, shown: &Shown, handler: &str) -> Result<Said, ValidateError> {
    let unknown = |why: String| Ok(Said::unknown("TH-VAL-NO-MUTANT", why));
    let mut broken = mutants(bench, trees, handler)?;
    if broken.len() > 1 {
        // Names of a class, module or file that stand before the handler's own choose among several.
        let hints: Vec<String> = parts(handler).rev().skip(1).map(str::to_lowercase).collect();
        let fits = |path: &RepoPath| hints.iter().any(|hint| path.as_str().to_lowercase().contains(hint));
        if broken.iter().any(|(path, _)| fits(path)) {
            broken.retain(|(path, _)| fits(path));
        }
    }
    let [(path, text)] = broken.as_slice() else {
        return unknown(format!("{handler} could not be broken on purpose: found in {} places", broken.len()));
    };
    if !bench.tells_tests() {
        return unknown("without a report nobody knows whether it is the new tests that notice".to_owned());
    }
    let host = bench.keep("mutant", text.as_bytes())?;
    let ran = bench.run(&trees.patched().with(path, host))?;
    let Some(found) = ran.tests() else {
        return unknown(format!("with {handler} broken on purpose the run can't be read: {}", ran.words));
    };
    let own: Vec<&String> = shown.green.iter().chain(&shown.red).collect();
    let noticed = own.iter().filter(|id| found.get(**id).is_some_and(|outcome| outcome.status == Status::Failed));
    let noticed = noticed.count();
    if noticed > 0 {
        return Ok(Said::passed(format!("{noticed} of {} fail when {handler} is broken on purpose", own.len())));
    }
    if own.iter().any(|id| !found.contains_key(*id)) {
        return unknown(format!("with {handler} broken on purpose the new tests can't be loaded"));
    }
    Ok(Said::failed("TH-VAL-COVERS-NOTHING", format!("no new test notices when {handler} is broken on purpose")))
}

/// Every file in which the handler could be broken, with its broken text. One entry for each definition.
fn mutants(bench: &Bench<'_>, trees: &Trees, handler: &str) -> Result<Vec<(RepoPath, String)>, ValidateError> {
    let ground = &bench.ground;
    let is_test = tests(ground.project);
    let mut all = Vec::new();
    let new = trees.code.iter().filter(|path| !ground.files.contains_key(path));
    for path in ground.files.keys().chain(new) {
        if is_test.is_match(path) || trees.removed.contains(path) {
            continue;
        }
        let Some(language) = Language::of(path) else { continue };
        let host = if trees.code.contains(path) { trees.host(path) } else { ground.tree.join(path) };
        let mut text = String::new();
        let file = std::fs::File::open(&host).map_err(ValidateError::io("reading", &host))?;
        if file.take(MAX_BYTES).read_to_string(&mut text).is_ok() {
            all.extend(broken(language, &text, handler).into_iter().map(|text| (path.clone(), text)));
        }
    }
    Ok(all)
}

#[derive(Clone, Copy)]
enum Language {
    Script,
    Python,
}

impl Language {
    fn of(path: &RepoPath) -> Option<Self> {
        match path.extension()? {
            "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" => Some(Self::Script),
            "py" => Some(Self::Python),
            _ => None,
        }
    }
}

/// The names of which a handler's is made, as in `Cart.total` or `shop/cart:total`.
fn parts(handler: &str) -> impl DoubleEndedIterator<Item = &str> {
    handler.split(['.', ':', '#', '/']).filter(|part| !part.is_empty())
}

/// The text with each definition of the handler broken, one at a time.
fn broken(language: Language, text: &str, handler: &str) -> Vec<String> {
    let Some(name) = parts(handler).next_back() else { return Vec::new() };
    let name = regex::escape(name);
    let (pattern, statement) = match language {
        // `function name(`, `name(…) {` in a class or object, `name = (…) =>`, `name: function (`.
        Language::Script => (
            format!(
                r"(?m)(?:\bfunction\s*\*?\s*{name}\s*|^\s*(?:(?:static|async|public|private|protected|get|set)\s+)*\*?\s*{name}\s*|\b{name}\s*[:=]\s*(?:async\s+)?(?:function\s*\*?\s*\w*\s*)?)(?:<[^>(]*>)?\("
            ),
            format!(" throw new Error('{MESSAGE}');"),
        ),
        Language::Python => {
            (format!(r"(?m)^[ \t]*(?:async[ \t]+)?def[ \t]+{name}[ \t]*\("), format!("raise RuntimeError('{MESSAGE}')"))
        }
    };
    let Ok(pattern) = Regex::new(&pattern) else { return Vec::new() };
    let code = code_only(language, text);
    let found = pattern.find_iter(&code);
    found
        .filter_map(|found| {
            let after = closing(code.as_bytes(), found.end() - 1)?;
            match language {
                Language::Script => script_body(&code, after).map(|at| insert(text, at, &statement)),
                Language::Python => python_body(text, &code, after, &statement),
            }
        })
        .collect()
}

fn insert(text: &str, at: usize, what: &str) -> String {
    format!("{}{what}{}", &text[..at], &text[at..])
}

/// Where a body starts, behind its brace, given the place behind the parameters.
fn script_body(code: &str, after: usize) -> Option<usize> {
    // Between both stands nothing, an arrow, or a type.
    let brace = after + code[after..].find('{')?;
    let between = code[after..brace].trim();
    let typed = between.starts_with(':') && !between.contains(';');
    (between.is_empty() || between == "=>" || typed).then_some(brace + 1)
}

/// The text with a statement before the body's first, given the place behind the parameters.
fn python_body(text: &str, code: &str, after: usize, statement: &str) -> Option<String> {
    let mut at = after;
    let bytes = code.as_bytes();
    // A return type may hold brackets with colons in them.
    while *bytes.get(at)? != b':' {
        at = if matches!(bytes[at], b'[' | b'(' | b'{') { closing(bytes, at)? } else { at + 1 };
    }
    at += 1;
    let rest = &code[at..];
    let line = rest.find('\n').unwrap_or(rest.len());
    if !rest[..line].trim().is_empty() {
        return Some(insert(text, at, &format!(" {statement}; ")));
    }
    // The first line of the body says how far it is indented; text, as a docstring is blank in `code`.
    let mut start = at + line + 1;
    loop {
        let line = text.get(start..)?.split_inclusive('\n').next()?;
        let body = line.trim_start();
        if body.is_empty() || body.starts_with('#') {
            start += line.len();
            continue;
        }
        let indent = &line[..line.len() - body.len()];
        return Some(insert(text, start, &format!("{indent}{statement}\n")));
    }
}

/// The place behind the bracket that closes the one at `at`.
fn closing(code: &[u8], at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (n, byte) in code.iter().enumerate().skip(at) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(n + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// The text with strings and comments blanked, byte for byte as long; line ends stay. Not a parser: a regular expression
/// with a quote in it can blank too much, and then the handler isn't found.
fn code_only(language: Language, text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out: Vec<u8> = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let (start, end): (usize, &[u8]) = match language {
            Language::Script if rest.starts_with(b"//") => (2, b"\n"),
            Language::Script if rest.starts_with(b"/*") => (2, b"*/"),
            Language::Script if rest[0] == b'`' => (1, b"`"),
            Language::Python if rest[0] == b'#' => (1, b"\n"),
            Language::Python if rest.starts_with(b"\"\"\"") => (3, b"\"\"\""),
            Language::Python if rest.starts_with(b"'''") => (3, b"'''"),
            _ if rest[0] == b'"' => (1, b"\""),
            _ if rest[0] == b'\'' => (1, b"'"),
            _ => {
                at += 1;
                continue;
            }
        };
        let quoted = end != b"\n" && end != b"*/";
        let one_line = quoted && start == 1 && end != b"`";
        let mut to = at + start;
        while to < bytes.len() && !bytes[to..].starts_with(end) && !(one_line && bytes[to] == b'\n') {
            to += if quoted && bytes[to] == b'\\' { 2 } else { 1 };
        }
        let stop = to.min(bytes.len());
        for byte in &mut out[at..stop] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = if end == b"\n" { stop } else { (stop + end.len()).min(bytes.len()) };
        let ended = at.saturating_sub(end.len()).max(stop);
        for byte in out.get_mut(ended..at).into_iter().flatten() {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    }
    // Only whole characters were blanked, each byte by a space.
    String::from_utf8(out).unwrap_or_else(|_| " ".repeat(text.len()))
}

#[cfg(test)]
mod tests_of_mutants {
    use super::*;

    fn one(language: Language, text: &str, handler: &str) -> String {
        let all = broken(language, text, handler);
        assert_eq!(all.len(), 1, "{all:?}");
        all.into_iter().next().unwrap_or_default()
    }

    #[test]
    fn scripts_are_broken_in_every_spelling() {
        for text in [
            "export function total(cart, { tax = f('){') } = {}) { return 1; }",
            "class Cart {\n  async total(a) { return 1; }\n}",
            "const total = async (a) => { return 1; };",
            "const x = { total: function (a) { return 1; } };",
            "export const total = <T>(a: T): number => { return 1; };",
            "// function total() {\nexport async function total() { return 1; }",
        ] {
            let text = one(Language::Script, text, "Cart.total");
            assert!(text.contains("{ throw new Error('this handler is broken on purpose'); return 1; }"), "{text}");
        }
        assert!(broken(Language::Script, "if (total(a)) { x(); }\ncall(total(1));", "total").is_empty());
        assert!(broken(Language::Script, "function totals() { }", "total").is_empty());
    }

    #[test]
    fn python_is_broken_in_every_spelling() {
        let text = one(
            Language::Python,
            "class A:\n    def f(self, a='):'):\n        \"\"\"Doc: é.\"\"\"\n        return 1\n",
            "A.f",
        );
        let line = "    def f(self, a='):'):\n        raise RuntimeError('this handler is broken on purpose')\n        \"\"\"Doc";
        assert!(text.contains(line), "{text}");
        let text = one(
            Language::Python,
            "async def f(\n  a: dict[str, int],\n) -> dict[str, int]:\n\n  # c\n  return 1\n",
            "f",
        );
        assert!(text.contains("# c\n  raise RuntimeError"), "{text}");
        let text = one(Language::Python, "def f(): return 1\n", "f");
        assert!(
            text.starts_with("def f(): raise RuntimeError('this handler is broken on purpose');  return 1"),
            "{text}"
        );
        assert!(broken(Language::Python, "# def f():\nx = f()\n", "f").is_empty());
    }
}
