//! Exceptions of Python: from a stack trace to the expression that failed, its repair and the repair's test.
//!
//! `failing` finds the expression, `rules` draft repairs out of what `answer` and `refusal` read in the code around it,
//! `regression` writes the test. None of them runs any Python; the host does, and believes nothing else.

mod answer;
mod diagnose;
mod draft;
mod failing;
mod fault;
mod refusal;
mod regression;
mod rules;
mod spelling;

use thymus_sdk::Change;
use thymus_sdk::source::Source;

use crate::cause::Cause;
use crate::exception::Exception;
use crate::repair::{Repair, credible};
use failing::Failing;
use thymus_python::project::Project;

/// The expression that failed; none when it can't be told.
pub fn diagnose(exception: &Exception, source: &Source) -> Option<Cause> {
    diagnose::diagnose(exception, &Project::load(source, &near(exception)))
}

/// Possible repairs, the best first, at most 4; none when none is sure.
pub fn repairs(exception: &Exception, _cause: &Cause, source: &Source) -> Vec<Repair> {
    let project = Project::load(source, &near(exception));
    // The cause came by way of the host; the place is found anew rather than believed.
    let Some(failing) = Failing::find(exception, &project) else { return Vec::new() };
    // Of a call that gives nothing, a test could only say that it does not fail: leaving early would pass, right or wrong.
    let leaves = |repair: &Repair| {
        let added = |text: &str| text.contains("return") || text.contains("except");
        repair.changes.iter().any(|change| match change {
            Change::Edit(file) => file.edits.iter().any(|edit| added(&edit.replacement)),
            _ => false,
        })
    };
    let unproven = answer::is_procedure(&failing) && answer::is_handler(&failing) && !answer::is_generator(&failing);
    let finished = rules::drafts(&failing).into_iter().filter_map(|draft| draft.finish(failing.module));
    let finished = finished.filter(|repair| !(unproven && leaves(repair)));
    credible(finished.collect(), 0.0, exception)
}

/// A new test file that fails before the repair and passes after it; none when the handler can't be called that way.
pub fn regression_test(exception: &Exception, repair: &Repair, source: &Source) -> Option<Change> {
    regression::write(exception, repair, &Project::load(source, &near(exception)), source)
}

fn near(exception: &Exception) -> Vec<String> {
    let mut paths: Vec<String> = exception.frames.iter().map(|frame| frame.path.clone()).take(16).collect();
    paths.extend(exception.handler_path.clone());
    paths
}
