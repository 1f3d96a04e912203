//! What makes JavaScript and TypeScript slow: from a slow handler to the constructs that cost, a repair that keeps the
//! meaning, and the test that measures it.
//!
//! [`scene`] is one function with its loops and the uses of its names; [`reach`] finds those that the handler runs; each
//! rule ([`rules`]) knows one construct and its repair; [`measure`] writes the test.

// Node.js and TypeScript tell file names apart by their case.
#![allow(clippy::case_sensitive_file_extension_comparisons)]

mod captured;
mod kinds;
mod measure;
mod reach;
mod rules;
mod scene;
mod uses;

use thymus_javascript::edits;
use thymus_javascript::project::Project;
use thymus_sdk::source::Source;

use self::rules::RULES;
use crate::cost::Cost;
use crate::repair::Repair;
use crate::slowdown::Slowdown;

pub use self::measure::test;

/// What costs in the handler and in what it runs, the likeliest first.
pub fn costs(slowdown: &Slowdown, source: &Source) -> Vec<Cost> {
    let project = Project::of(source);
    let mut costs = Vec::new();
    reach::each(slowdown, &project, |scene| {
        if scene.is_handler {
            let function = scene.function.span;
            costs.push(Cost::unknown(scene.code.text, function.start as usize..function.end as usize));
        }
        for rule in RULES {
            let known = (rule.find)(scene);
            costs.extend(known.into_iter().map(|known| known.cost(scene, rule.name)));
        }
    });
    costs
}

/// The repair of one of them; none where the meaning might change.
pub fn repair(slowdown: &Slowdown, cost: &Cost, source: &Source) -> Option<Repair> {
    let project = Project::of(source);
    let rule = RULES.iter().find(|rule| rule.name == cost.rule)?;
    let mut draft = None;
    reach::each(slowdown, &project, |scene| {
        if draft.is_none() && scene.code.text.path == cost.path {
            let here =
                |known: &scene::Known| (known.span.start as usize, known.span.end as usize) == (cost.start, cost.end);
            draft = (rule.find)(scene).into_iter().find(here).and_then(|known| known.repair);
        }
    });
    let draft = draft?;
    let all: Vec<_> = draft.edits.into_iter().map(|(range, text)| (cost.path.clone(), range, text)).collect();
    let changes = edits::sound(&all, &project)?;
    Some(Repair { title: draft.title, explanation: draft.explanation, changes, confidence: draft.confidence })
}
