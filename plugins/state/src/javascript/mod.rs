//! JavaScript and TypeScript: where a function changes what it is given or what outlives it, how a careful reviewer would
//! stop that, and the test that pins it.

mod aliases;
mod copies;
mod rules;
mod scene;
mod sites;
mod test;

use thymus_javascript::edits;
use thymus_javascript::project::Project;
use thymus_sdk::source::Source;

use crate::change::Change;
use crate::code::{Look, Writer};
use crate::promises;
use crate::repair::Repair;
use scene::Scene;

/// What the syntax tree tells.
pub fn look(change: &Change, source: &Source) -> Option<Look> {
    let project = Project::of(source);
    Scene::with(change, &project, |scene| {
        let doc = scene.code.doc_of(&scene.function);
        let returns = sites::returns_something(scene.code, &scene.function);
        let name = thymus_javascript::code::last_segment(&change.handler);
        let mut against = promises::against(name, doc);
        against.extend(scene.readonly());
        let writers = scene.writers().map(|(path, span, how)| Writer {
            path,
            start: span.start as usize,
            end: span.end as usize,
            how,
        });
        Look {
            function: (scene.function.span.start as usize, scene.function.span.end as usize),
            writers: writers.collect(),
            against,
            purpose: promises::purpose(name, doc, returns),
        }
    })
}

/// Repairs, the best first; none when none is sure.
pub fn repairs(change: &Change, source: &Source) -> Vec<Repair> {
    let project = Project::of(source);
    let drafts = Scene::with(change, &project, rules::drafts).unwrap_or_default();
    let finished = drafts.into_iter().filter_map(|draft| {
        let changes = edits::sound(&draft.edits, &project)?;
        Some(Repair { title: draft.title, explanation: draft.explanation, changes, confidence: draft.confidence })
    });
    finished.collect()
}

/// The test that pins the contract; none when the handler can't be called surely.
pub fn test(change: &Change, source: &Source) -> Option<thymus_sdk::Change> {
    test::write(change, &Project::of(source))
}
