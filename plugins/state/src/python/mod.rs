//! Python: where a function changes what it is given or what outlives it, how a careful reviewer would stop that, and the
//! test that pins it.

mod aliases;
mod copies;
mod rules;
mod scene;
mod sites;
mod test;

use thymus_python::project::Project;
use thymus_python::syntax::{Module, bytes, docstring};
use thymus_sdk::Role;
use thymus_sdk::edit::Edits;
use thymus_sdk::source::{Source, Text};

use crate::change::{Change, What};
use crate::code::{Look, Writer};
use crate::promises;
use crate::repair::{Draft, Repair};
use scene::Scene;

/// What the syntax tree tells.
pub fn look(change: &Change, source: &Source) -> Option<Look> {
    let project = load(change, source);
    let scene = Scene::of(change, &project)?;
    let def = scene.function.def;
    let (name, doc) = (def.name.as_str(), docstring(&def.body));
    let mut against = promises::against(name, doc);
    against.extend(scene.readonly());
    against.extend(scene.remembering_default());
    let range = bytes(def);
    let writers =
        scene.writers().map(|(path, range, how)| Writer { path, start: range.start, end: range.end, how }).collect();
    let purpose = promises::purpose(name, doc, scene.returns_something());
    Some(Look { function: (range.start, range.end), writers, against, purpose })
}

/// Repairs, the best first; none when none is sure.
pub fn repairs(change: &Change, source: &Source) -> Vec<Repair> {
    let project = load(change, source);
    let Some(scene) = Scene::of(change, &project) else { return Vec::new() };
    rules::drafts(&scene).into_iter().filter_map(|draft| finish(draft, &scene)).collect()
}

/// The test that pins the contract; none when the handler can't be called surely.
pub fn test(change: &Change, source: &Source) -> Option<thymus_sdk::Change> {
    test::write(change, &load(change, source), source)
}

fn load(change: &Change, source: &Source) -> Project {
    Project::load(source, std::slice::from_ref(&change.path))
}

/// The change, when the patched file is still Python, for no newer Python than before, and nothing is seen to write any
/// more.
fn finish(draft: Draft, scene: &Scene<'_>) -> Option<Repair> {
    let module = scene.module;
    let mut edits = Edits::of(&module.text);
    for (path, range, replacement) in draft.edits {
        if path != module.text.path {
            return None;
        }
        edits = edits.replace(range, replacement);
    }
    let patched = edits.preview().ok()?;
    let after = Module::parse(Text::new(module.text.path.clone(), patched))?;
    if after.newer_syntax() > module.newer_syntax() {
        return None;
    }
    let left = Scene::in_module(scene.change, &after, scene.project).map(|scene| scene.sites.len());
    let done = match scene.change.what {
        // With no state outside of the call left that it writes into, there is no scene.
        What::Results => left.is_none(),
        _ => left == Some(0),
    };
    let change = edits.finish(Role::Source).ok().filter(|_| done)?;
    Some(Repair {
        title: draft.title,
        explanation: draft.explanation,
        changes: vec![change],
        confidence: draft.confidence,
    })
}
