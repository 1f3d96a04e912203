//! The functions that a slow handler runs: itself, and those of the project that it calls, a few calls deep.

use std::collections::{BTreeSet, VecDeque};

use ruff_python_ast::Expr;
use thymus_python::project::Project;
use thymus_python::syntax::{Function, Module, bytes, expressions};
use thymus_python::testing::Subject;

use super::scene::Scene;
use crate::slowdown::Slowdown;

/// How many calls deep, and how many functions.
const DEEPEST: usize = 3;
const MOST: usize = 40;
/// More than so many functions of one name say nothing.
const MOST_NAMESAKES: usize = 3;
/// What one call takes from the likelihood.
const FARTHER: f64 = 0.7;

/// Looks at each of them, the handler first.
pub fn each<'p>(slowdown: &'p Slowdown, project: &'p Project, mut look: impl FnMut(&Scene<'p>)) {
    let Some(path) = slowdown.path.as_deref() else { return };
    let Some((module, function)) = handler(slowdown, path, project) else { return };
    let mut open = VecDeque::from([(module, function, 0)]);
    let mut seen = BTreeSet::new();
    while let Some((module, function, depth)) = open.pop_front() {
        if seen.len() >= MOST || !seen.insert((module.text.path.clone(), bytes(function.def).start)) {
            continue;
        }
        let closeness = (0..depth).fold(1.0, |all, _| all * FARTHER);
        look(&Scene { project, module, function, slowdown, is_handler: depth == 0, closeness });
        if depth >= DEEPEST {
            continue;
        }
        for expr in expressions(&function.def.body) {
            let Expr::Call(call) = expr else { continue };
            let found = project.callees(module, function.class, &call.func);
            if found.len() <= MOST_NAMESAKES {
                open.extend(found.into_iter().map(|(module, function)| (module, function, depth + 1)));
            }
        }
    }
}

fn handler<'p>(slowdown: &Slowdown, path: &str, project: &'p Project) -> Option<(&'p Module, Function<'p>)> {
    if let Some(subject) = Subject::find(&slowdown.handler, &[path], slowdown.line, project) {
        return Some((subject.module, subject.function));
    }
    // Named otherwise than telemetry says, or inside of another function: what stands at its line.
    let module = project.module(path)?;
    let at = module.text.line(slowdown.line?)?.start;
    let name = slowdown.handler.rsplit('.').next()?;
    module.function_at(at).filter(|function| function.def.name.as_str() == name).map(|function| (module, function))
}
