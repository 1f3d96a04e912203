//! Exceptions of JavaScript and TypeScript: from a stack trace to the expression that failed, its repair and the
//! repair's test.
//!
//! [`diagnose`] reads the message ([`message`]), looks at the place that the innermost frames name ([`scene`]), and asks
//! each rule ([`rules`]) whether it knows what happened there. [`repairs`] asks that rule for its drafts, and keeps
//! those whose result is a sound program ([`draft`]). [`regression_test`] writes the captured call down as a test in the
//! project's own framework ([`regression`]).

// Node.js and TypeScript tell file names apart by their case.
#![allow(clippy::case_sensitive_file_extension_comparisons)]

mod absence;
mod draft;
mod fallback;
mod guards;
mod message;
mod refusals;
mod regression;
#[cfg(test)]
mod robustness;
mod rules;
mod scene;

use thymus_javascript::project::Project;
use thymus_sdk::Change;
use thymus_sdk::source::Source;

use crate::cause::Cause;
use crate::exception::Exception;
use crate::repair::Repair;

/// The most repairs that are proposed for one cause.
const MOST_REPAIRS: usize = 4;

/// The expression that failed; none when it can't be told.
pub fn diagnose(exception: &Exception, source: &Source) -> Option<Cause> {
    let project = Project::of(source);
    rules::RULES.iter().find_map(|group| {
        scene::each(exception, &project, |scene| {
            group.iter().find_map(|rule| (rule.recognise)(scene).map(|known| known.cause(scene, rule.name)))
        })
    })
}

/// Possible repairs, the best first, at most 4; none when none is sure.
pub fn repairs(exception: &Exception, cause: &Cause, source: &Source) -> Vec<Repair> {
    let project = Project::of(source);
    let Some(rule) = rules::RULES.iter().flat_map(|group| group.iter()).find(|rule| rule.name == cause.rule) else {
        return Vec::new();
    };
    let drafts = scene::each(exception, &project, |scene| {
        let known = (rule.recognise)(scene)?;
        (known.cause(scene, rule.name) == *cause).then(|| (rule.repairs)(scene, &known))
    });
    let mut drafts = drafts.unwrap_or_default();
    drafts.retain(|draft| draft.confidence >= draft::LEAST_CONFIDENCE);
    drafts.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let mut repairs: Vec<Repair> = Vec::new();
    for repair in drafts.into_iter().filter_map(|draft| draft.finish(&project)) {
        if repairs.len() < MOST_REPAIRS && !repairs.iter().any(|other| other.changes == repair.changes) {
            repairs.push(repair);
        }
    }
    repairs
}

/// A new test file that fails before the repair and passes after it; none when the handler can't be called that way.
pub fn regression_test(exception: &Exception, repair: &Repair, source: &Source) -> Option<Change> {
    regression::write(exception, repair, &Project::of(source))
}
