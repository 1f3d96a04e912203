//! What goes wrong in JavaScript, one rule a file: how it is recognised at the place of an exception, and how it is
//! repaired. The first that recognises it has it, so rules that know more come before those that know less.

mod bad_json;
mod bad_number;
mod destructuring;
mod division_by_zero;
mod empty_reduce;
mod index_out_of_range;
mod missing_await;
mod not_a_function;
mod not_iterable;
pub mod null_property_read;
mod unhandled_rejection;
mod wrong_argument_type;

use super::draft::Draft;
use super::scene::{Known, Scene};

/// One rule.
pub struct Rule {
    pub name: &'static str,
    pub recognise: fn(&Scene) -> Option<Known>,
    pub repairs: fn(&Scene, &Known) -> Vec<Draft>,
}

/// All of them, in the order in which they are asked. A group is asked at every frame before the next group is: what was
/// missing a function earlier explains what failed later.
pub const RULES: &[&[Rule]] = &[
    &[missing_await::RULE],
    &[
        bad_json::RULE,
        bad_number::RULE,
        division_by_zero::RULE,
        empty_reduce::RULE,
        destructuring::RULE,
        not_iterable::RULE,
        index_out_of_range::RULE,
        null_property_read::RULE,
        wrong_argument_type::RULE,
        not_a_function::RULE,
        unhandled_rejection::RULE,
    ],
];

#[cfg(test)]
pub mod examples;
