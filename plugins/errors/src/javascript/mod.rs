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
mod as_before;
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
use crate::repair::{Repair, credible};

use self::scene::{Known, Scene};

/// The rule's name where none knows what happened.
const UNRECOGNISED: &str = "unrecognised";

/// The expression that failed; none when it can't be told.
pub fn diagnose(exception: &Exception, source: &Source) -> Option<Cause> {
    let project = Project::of(source);
    let recognised = rules::RULES.iter().find_map(|group| {
        scene::each(exception, &project, |scene| {
            group.iter().find_map(|rule| (rule.recognise)(scene).map(|known| known.cause(scene, rule.name)))
        })
    });
    recognised.or_else(|| {
        scene::each(exception, &project, |scene| unrecognised(scene).map(|known| known.cause(scene, UNRECOGNISED)))
    })
}

/// The statement that a frame names, where no rule knows more.
fn unrecognised(scene: &Scene) -> Option<Known> {
    let span = scene.statement()?;
    let Exception { kind, message, .. } = scene.exception;
    let why = format!("{} ends with `{kind}: {}`.", scene.says(span), thymus_javascript::origin::shorten(message));
    Some(Known { span, why, confidence: 0.5, related: Vec::new() })
}

/// Possible repairs, the best first, at most 4; none when none is sure.
pub fn repairs(exception: &Exception, cause: &Cause, source: &Source) -> Vec<Repair> {
    let project = Project::of(source);
    if cause.rule == UNRECOGNISED {
        let drafts = scene::each(exception, &project, |scene| {
            let known = unrecognised(scene)?;
            (known.cause(scene, UNRECOGNISED) == *cause).then(|| as_before::drafts(scene, &known))
        });
        let finished = drafts.unwrap_or_default().into_iter().filter_map(|draft| draft.finish(&project));
        return credible(finished.collect(), draft::LEAST_CONFIDENCE, exception);
    }
    let Some(rule) = rules::RULES.iter().flat_map(|group| group.iter()).find(|rule| rule.name == cause.rule) else {
        return Vec::new();
    };
    let drafts = scene::each(exception, &project, |scene| {
        let known = (rule.recognise)(scene)?;
        (known.cause(scene, rule.name) == *cause).then(|| {
            let mut drafts = (rule.repairs)(scene, &known);
            drafts.extend(as_before::drafts(scene, &known));
            drafts
        })
    });
    let finished = drafts.unwrap_or_default().into_iter().filter_map(|draft| draft.finish(&project));
    credible(finished.collect(), draft::LEAST_CONFIDENCE, exception)
}

/// A new test file that fails before the repair and passes after it; none when the handler can't be called that way.
pub fn regression_test(exception: &Exception, repair: &Repair, source: &Source) -> Option<Change> {
    regression::write(exception, repair, &Project::of(source))
}
