//! What goes wrong in JavaScript, one rule a file: how it is recognised at the place of an exception, and how it is
//! repaired. The first that recognises it has it, so rules that know more come before those that know less.

mod bad_json;
mod missing_await;
mod null_property_read;

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
pub const RULES: &[&[Rule]] = &[&[missing_await::RULE], &[bad_json::RULE, null_property_read::RULE]];

#[cfg(test)]
mod examples;
