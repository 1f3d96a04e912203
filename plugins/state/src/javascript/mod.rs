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
use thymus_sdk::edit::Edits;
use thymus_sdk::source::{Source, Text};

use crate::change::{Change, What};
use crate::code::{Look, Writer};
use crate::promises;
use crate::repair::{Draft, Repair};
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
    let finished = drafts.into_iter().filter(|draft| writes_no_more(draft, change, &project)).filter_map(|draft| {
        let changes = edits::sound(&draft.edits, &project)?;
        Some(Repair { title: draft.title, explanation: draft.explanation, changes, confidence: draft.confidence })
    });
    finished.collect()
}

/// Whether nothing is seen to write any more once it is done.
fn writes_no_more(draft: &Draft, change: &Change, project: &Project) -> bool {
    let Some(text) = project.text(&change.path) else { return false };
    let edits = draft.edits.iter().filter(|(path, ..)| *path == change.path);
    let edits = edits.fold(Edits::of(&text), |all, (_, range, new)| all.replace(range.clone(), new));
    let Ok(patched) = edits.preview() else { return false };
    // Lines shift, and the function is still the only one of its name or stands where it stood.
    let left = Scene::in_text(change, &Text::new(change.path.clone(), patched), project, |scene| scene.sites.len());
    match change.what {
        // With no state outside of the function left that it writes into, there is no scene.
        What::Results => left.is_none(),
        _ => left == Some(0),
    }
}

/// The test that pins the contract; none when the handler can't be called surely.
pub fn test(change: &Change, source: &Source) -> Option<thymus_sdk::Change> {
    test::write(change, &Project::of(source))
}
