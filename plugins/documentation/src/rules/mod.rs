//! The rules on doc comments, one to a file, each with its examples. A rule compares a function with what is said of it.

pub mod default_value;
pub mod exception;
pub mod parameter_name;
pub mod parameter_order;
pub mod parameter_type;
pub mod return_value;
pub mod undocumented_parameter;

#[cfg(test)]
pub mod examples;

use crate::classes::Classes;
use crate::documented::{Documented, File};
use crate::drift::Drift;

/// More parameters than this are generated.
const MOST: usize = 100;

/// What rules know beyond the function itself.
#[derive(Debug, Default)]
pub struct Habits {
    /// The project's classes.
    pub classes: Classes,
    /// Whether the project documents all parameters where it documents some.
    pub thoroughness: Thoroughness,
    /// Whether it lists all exceptions where it lists some.
    pub lists_exceptions: bool,
}

/// How thorough a project's doc comments are, which says what a missing entry means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Thoroughness {
    /// A missing entry is nothing new.
    #[default]
    None,
    /// It is an oversight.
    Most,
    /// It is news: the parameter was added later.
    Full,
}

/// All that a function's doc comment gets wrong.
pub fn check(file: &File, function: &Documented, habits: &Habits) -> Vec<Drift> {
    let is_huge = function.doc.parameters.entries.len().max(function.signature.parameters.len()) > MOST;
    if function.doc.is_foreign || is_huge {
        return Vec::new();
    }
    let mut drifts = parameter_name::check(file, function);
    let names_agree = parameter_name::gone(function).is_empty();
    if names_agree && habits.thoroughness != Thoroughness::None {
        drifts.extend(undocumented_parameter::check(file, function, habits.thoroughness));
    }
    if names_agree {
        drifts.extend(parameter_order::check(file, function));
    }
    drifts.extend(parameter_type::check(file, function));
    drifts.extend(default_value::check(file, function));
    drifts.extend(exception::check(file, function, &habits.classes, habits.lists_exceptions));
    drifts.extend(return_value::check(file, function));
    drifts
}
