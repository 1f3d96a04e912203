//! What makes Python slow: from a slow handler to the constructs that cost, a repair that keeps the meaning, and the test
//! that measures it.
//!
//! [`scene`] is one function with its loops and the uses of its names; [`reach`] finds those that the handler runs; each
//! rule ([`rules`]) knows one construct and its repair; [`measure`] writes the test.

mod captured;
mod kinds;
mod measure;
mod pure;
mod reach;
mod rules;
mod scene;
mod uses;

use thymus_python::project::Project;
use thymus_python::syntax::{Module, bytes};
use thymus_sdk::Role;
use thymus_sdk::edit::Edits;
use thymus_sdk::source::{Source, Text};

use self::rules::RULES;
use self::scene::{Draft, Known};
use crate::cost::Cost;
use crate::repair::Repair;
use crate::slowdown::Slowdown;

pub use self::measure::test;

fn project(slowdown: &Slowdown, source: &Source) -> Project {
    let near: Vec<String> = slowdown.path.iter().cloned().collect();
    Project::load(source, &near)
}

/// What costs in the handler and in what it runs, the likeliest first.
pub fn costs(slowdown: &Slowdown, source: &Source) -> Vec<Cost> {
    let project = project(slowdown, source);
    let mut costs = Vec::new();
    reach::each(slowdown, &project, |scene| {
        if scene.is_handler {
            costs.push(Cost::unknown(&scene.module.text, bytes(scene.function.def)));
        }
        for rule in RULES {
            costs.extend((rule.find)(scene).into_iter().map(|known| known.cost(scene, rule.name)));
        }
    });
    costs
}

/// The repair of one of them; none where the meaning might change.
pub fn repair(slowdown: &Slowdown, cost: &Cost, source: &Source) -> Option<Repair> {
    let project = project(slowdown, source);
    let rule = RULES.iter().find(|rule| rule.name == cost.rule)?;
    let mut repair = None;
    reach::each(slowdown, &project, |scene| {
        if repair.is_none() && scene.module.text.path == cost.path {
            let here = |known: &Known| known.range == (cost.start..cost.end);
            let draft = (rule.find)(scene).into_iter().find(here).and_then(|known| known.repair);
            repair = draft.and_then(|draft| finish(draft, scene.module));
        }
    });
    repair
}

/// The change, when the file is still Python, and no newer Python than before.
fn finish(draft: Draft, module: &Module) -> Option<Repair> {
    let edits = draft.edits.into_iter().fold(Edits::of(&module.text), |all, (range, text)| all.replace(range, text));
    let after = Module::parse(Text::new(module.text.path.clone(), edits.preview().ok()?))?;
    if after.newer_syntax() > module.newer_syntax() {
        return None;
    }
    let changes = vec![edits.finish(Role::Source).ok()?];
    Some(Repair { title: draft.title, explanation: draft.explanation, changes, confidence: draft.confidence })
}
