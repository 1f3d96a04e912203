//! Exceptions of JavaScript: from a stack trace to the expression that failed, its repair and the repair's test.

use thymus_sdk::Change;
use thymus_sdk::source::Source;

use crate::cause::Cause;
use crate::exception::Exception;
use crate::repair::Repair;

/// The expression that failed; none when it can't be told.
pub fn diagnose(_exception: &Exception, _source: &Source) -> Option<Cause> {
    None
}

/// Possible repairs, the best first, at most 4; none when none is sure.
pub fn repairs(_exception: &Exception, _cause: &Cause, _source: &Source) -> Vec<Repair> {
    Vec::new()
}

/// A new test file that fails before the repair and passes after it; none when the handler can't be called that way.
pub fn regression_test(_exception: &Exception, _repair: &Repair, _source: &Source) -> Option<Change> {
    None
}
