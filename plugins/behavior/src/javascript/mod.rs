//! JavaScript and TypeScript: where the beats are called, how a call is put elsewhere, and what shows the order.

mod driver;
mod flow;
mod proof;
mod recorder;
mod written;

use thymus_javascript::edits::sound;
use thymus_javascript::project::Project;
use thymus_sdk::source::Source;
use thymus_sdk::{Change, Role};

use crate::disorder::{Disorder, Kind};
use crate::flow::Flow;
use crate::history::History;
use crate::repair::{self, Repair};

/// What begins a comment.
const COMMENT: &str = "//";

/// The function that runs the beats.
pub fn find(disorder: &Disorder, source: &Source) -> Option<Flow> {
    flow::find(disorder, &Project::of(source))
}

/// What puts the order right, and the edits of source that do it.
pub fn repair(disorder: &Disorder, flow: &Flow, history: &History, source: &Source) -> Option<(Repair, Vec<Change>)> {
    let project = Project::of(source);
    let text = source.text(&flow.path).ok()?;
    let repair = match disorder.kind {
        Kind::Swapped => repair::swapped::repair(disorder, flow, &text, COMMENT),
        Kind::Repeated => repair::repeated::repair(disorder, flow, &text, COMMENT),
        Kind::Missing => {
            let written = written::written(disorder, flow, history, &project)?;
            repair::missing::repair(disorder, flow, &text, COMMENT, &written)
        }
        Kind::Extra => None,
    }?;
    let edits: Vec<_> =
        repair.edits.iter().map(|(range, new)| (flow.path.clone(), range.clone(), new.clone())).collect();
    let changes = sound(&edits, &project)?;
    debug_assert!(changes.iter().all(|change| matches!(change, Change::Edit(file) if file.role == Role::Source)));
    Some((repair, changes))
}

/// Tests that show the order, the surest first.
pub fn proofs(disorder: &Disorder, flow: &Flow, history: &History, source: &Source) -> Vec<Change> {
    proof::proofs(disorder, flow, history, &Project::of(source))
}
