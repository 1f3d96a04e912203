//! The functions that a slow handler runs: itself, and those of the project that it calls, a few calls deep.

use std::collections::BTreeSet;

use oxc::ast::AstKind;
use oxc::ast::ast::Expression;
use oxc::semantic::NodeId;
use oxc::span::GetSpan as _;
use thymus_javascript::code::{Code, Func, bare, last_segment};
use thymus_javascript::exports::import_of;
use thymus_javascript::project::Project;

use super::scene::{Scene, inside};
use crate::slowdown::Slowdown;

/// How many calls deep, and how many functions.
const DEEPEST: usize = 3;
const MOST: usize = 40;
/// What one call takes from the likelihood.
const FARTHER: f64 = 0.7;

/// Where a function is looked for.
struct Wanted {
    path: String,
    name: String,
    line: Option<u32>,
    depth: usize,
}

/// Looks at each of them, the handler first.
pub fn each(slowdown: &Slowdown, project: &Project, mut look: impl FnMut(&Scene)) {
    let Some(path) = slowdown.path.clone() else { return };
    let name = last_segment(&slowdown.handler).to_owned();
    let mut open = std::collections::VecDeque::from([Wanted { path, name, line: slowdown.line, depth: 0 }]);
    let mut seen = BTreeSet::new();
    while let Some(wanted) = open.pop_front() {
        if seen.len() >= MOST {
            return;
        }
        let called = project.ask(&wanted.path, |code| {
            let Some(function) = function(code, &wanted) else { return Vec::new() };
            if !seen.insert((wanted.path.clone(), function.span.start)) {
                return Vec::new();
            }
            let closeness = (0..wanted.depth).fold(1.0, |all, _| all * FARTHER);
            look(&Scene { code, project, function, slowdown, is_handler: wanted.depth == 0, closeness });
            if wanted.depth < DEEPEST { called(code, project, &function, wanted.depth + 1) } else { Vec::new() }
        });
        open.extend(called.unwrap_or_default());
    }
}

fn function<'a>(code: &Code<'a>, wanted: &Wanted) -> Option<Func<'a>> {
    let named = code.functions_named(&wanted.name);
    let at_line = |line: u32| {
        let exact = named.iter().find(|function| code.line(function.span.start) == line);
        // A decorator or a declaration may begin before the function does.
        let around = named
            .iter()
            .find(|function| (code.line(function.span.start)..=code.line(function.span.end)).contains(&line));
        exact.or(around).copied()
    };
    let found = wanted.line.and_then(at_line);
    found.or_else(|| if named.len() == 1 { named.first().copied() } else { None }).or_else(|| {
        // Nameless, or named otherwise than telemetry says: what stands at its line.
        let line = wanted.line?;
        code.functions().find(|function| code.line(function.span.start) == line)
    })
}

/// The project's functions that a function calls by their name, or as methods of its own object.
fn called(code: &Code, project: &Project, function: &Func, depth: usize) -> Vec<Wanted> {
    let calls = code.inside(function.span).filter_map(|kind| match kind {
        AstKind::CallExpression(call) => Some(&call.callee),
        AstKind::NewExpression(new) => Some(&new.callee),
        _ => None,
    });
    let mut wanted = Vec::new();
    for callee in calls {
        let found = match bare(callee) {
            Expression::Identifier(name) => {
                let name = name.name.as_str();
                match import_of(code, project, name) {
                    Some(path) => Some((path, name.to_owned())),
                    None if is_here(code, name, function.id) => Some((code.text.path.clone(), name.to_owned())),
                    None => None,
                }
            }
            other => other.get_member_expr().and_then(|member| {
                let name = member.static_property_name()?;
                match bare(member.object()) {
                    Expression::ThisExpression(_) => Some((code.text.path.clone(), name.to_owned())),
                    Expression::Identifier(object) => {
                        let path = import_of(code, project, object.name.as_str());
                        let own = code.functions_named(name).len() == 1;
                        path.or_else(|| own.then(|| code.text.path.clone())).map(|path| (path, name.to_owned()))
                    }
                    _ => None,
                }
            }),
        };
        wanted.extend(found.map(|(path, name)| Wanted { path, name, line: None, depth }));
    }
    wanted
}

/// Whether a function of that name stands in the file, outside of the one that calls it.
fn is_here(code: &Code, name: &str, caller: NodeId) -> bool {
    let outer = code.kind(caller).span();
    code.functions_named(name).iter().any(|function| !inside(function.span, outer))
}
