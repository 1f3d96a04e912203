//! Python: where the beats are called, how a call is put elsewhere, and what shows the order.

mod driver;
mod flow;
mod proof;
mod recorder;
mod written;

use thymus_python::project::Project;
use thymus_python::syntax::Module;
use thymus_sdk::edit::Edits;
use thymus_sdk::source::{Source, Text};
use thymus_sdk::{Change, Role};

use crate::disorder::{Disorder, Kind};
use crate::flow::Flow;
use crate::history::History;
use crate::repair::{self, Repair};

/// What begins a comment.
const COMMENT: &str = "#";

/// The function that runs the beats.
pub fn find(disorder: &Disorder, source: &Source) -> Option<Flow> {
    flow::find(disorder, &load(disorder, source)).map(|(_, _, flow)| flow)
}

fn load(disorder: &Disorder, source: &Source) -> Project {
    let places = disorder.caller.iter().chain([&disorder.beat]).chain(&disorder.other);
    let near: Vec<String> = places.filter_map(|place| place.path.clone()).collect();
    Project::load(source, &near)
}

/// What puts the order right, and the edits of source that do it.
pub fn repair(disorder: &Disorder, flow: &Flow, history: &History, source: &Source) -> Option<(Repair, Vec<Change>)> {
    let text = source.text(&flow.path).ok()?;
    let repair = match disorder.kind {
        Kind::Swapped => repair::swapped::repair(disorder, flow, &text, COMMENT),
        Kind::Repeated => repair::repeated::repair(disorder, flow, &text, COMMENT),
        Kind::Missing => {
            let project = load(disorder, source);
            let written = written::written(disorder, history, &project)?;
            repair::missing::repair(disorder, flow, &text, COMMENT, &written)
        }
        Kind::Extra => None,
    }?;
    let edits = repair.edits.iter().fold(Edits::of(&text), |all, (range, new)| all.replace(range.clone(), new.clone()));
    Module::parse(Text::new(flow.path.clone(), edits.preview().ok()?))?;
    let change = edits.finish(Role::Source).ok()?;
    Some((repair, vec![change]))
}

/// Tests that show the order, the surest first.
pub fn proofs(disorder: &Disorder, flow: &Flow, history: &History, source: &Source) -> Vec<Change> {
    let project = load(disorder, source);
    proof::proofs(disorder, flow, history, &project, source)
}
