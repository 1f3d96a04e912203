//! Edits of one repair, written into the file the way it is written: a guard before a statement, a `try` around it.

use std::ops::Range;

use ruff_python_ast::Stmt;
use thymus_sdk::Role;
use thymus_sdk::edit::Edits;
use thymus_sdk::source::Text;

use super::answer::{Answer, chaining};
use super::failing::Failing;
use crate::repair::{Promise, Repair};
use thymus_python::syntax::{Module, bytes};

/// A repair before it is checked.
#[derive(Clone, Debug)]
pub struct Draft {
    pub title: String,
    pub explanation: String,
    pub edits: Vec<(Range<usize>, String)>,
    pub confidence: f64,
    pub promise: Promise,
}

impl Draft {
    /// The change, when the patched file is still Python and says something new.
    pub fn finish(self, module: &Module) -> Option<Repair> {
        let mut edits = Edits::of(&module.text);
        for (range, replacement) in self.edits {
            edits = edits.replace(range, replacement);
        }
        let patched = edits.preview().ok()?;
        let after = Module::parse(Text::new(module.text.path.clone(), patched))?;
        if after.newer_syntax() > module.newer_syntax() {
            return None;
        }
        let change = edits.finish(Role::Source).ok()?;
        Some(Repair {
            title: self.title,
            explanation: self.explanation,
            changes: vec![change],
            confidence: self.confidence.clamp(0.0, 0.97),
            promise: self.promise,
        })
    }
}

/// Whether a statement stands alone at the beginning of its line, so that lines can be put before it.
pub fn stands_alone(module: &Module, statement: &Stmt) -> bool {
    let range = bytes(statement);
    let content = &module.text.content;
    let start = content[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let after = content[range.end..].lines().next().unwrap_or("").trim();
    let indentation = content[start..range.start].trim_start_matches('\u{feff}');
    indentation.chars().all(|c| matches!(c, ' ' | '\t')) && (after.is_empty() || after.starts_with('#'))
}

/// `if condition: answer`, as lines before a statement.
pub fn guard_before(
    failing: &Failing,
    statement: &Stmt,
    condition: &str,
    code: &str,
) -> Option<(Range<usize>, String)> {
    let module = failing.module;
    // What stands in the head of a loop is evaluated again and again, an `elif` only after the `if`.
    if !stands_alone(module, statement) || statement.is_while_stmt() {
        return None;
    }
    let at = bytes(statement).start;
    let indent = module.text.indent_at(at);
    let newline = module.text.newline();
    let unit = module.indent_unit();
    Some((at..at, format!("if {condition}:{newline}{indent}{unit}{code}{newline}{indent}")))
}

/// `try` around a statement, with exactly one kind of error caught.
pub fn try_around(
    failing: &Failing,
    statement: &Stmt,
    kind: &str,
    answer: &Answer,
) -> Option<Vec<(Range<usize>, String)>> {
    let module = failing.module;
    if !stands_alone(module, statement) {
        return None;
    }
    let range = bytes(statement);
    let text = module.src(statement);
    let indent = module.text.indent_at(range.start).to_owned();
    let (newline, unit) = (module.text.newline(), module.indent_unit());
    let strings = thymus_python::syntax::expressions(std::slice::from_ref(statement));
    let multiline = strings.iter().any(|e| {
        let words = module.src(*e);
        (e.is_string_literal_expr() || e.is_f_string_expr() || e.is_bytes_literal_expr()) && words.contains('\n')
    });
    if multiline {
        return None;
    }
    let body = text.replace('\n', &format!("\n{unit}"));
    let (name, cause) = if answer.code.starts_with("raise ") { chaining(failing) } else { <_>::default() };
    let code = format!("{}{cause}", answer.code);
    let replacement =
        format!("try:{newline}{indent}{unit}{body}{newline}{indent}except {kind}{name}:{newline}{indent}{unit}{code}");
    let mut edits = vec![(range, replacement)];
    edits.extend(answer.imports.iter().cloned());
    Some(edits)
}
