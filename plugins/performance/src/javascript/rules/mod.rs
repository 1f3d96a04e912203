//! One construct a file: how it is recognised, and its repair where the meaning surely stays.

mod await_in_loop;
mod constant_rebuilt;
mod copied_accumulator;
mod copied_for_membership;
mod copied_to_read;
#[cfg(test)]
mod examples;
mod filter_duplicates;
mod find_in_loop;
mod invariant_in_loop;
mod membership_in_loop;
mod nested_match;
mod plain_costs;

use super::scene::{Known, Scene};

/// A construct that costs.
pub struct Rule {
    /// Its name in diagnoses.
    pub name: &'static str,
    /// Every place of a function where it stands.
    pub find: fn(&Scene) -> Vec<Known>,
}

/// All rules. Adding one is adding a file, and its line here.
pub const RULES: &[Rule] = &[
    membership_in_loop::RULE,
    find_in_loop::RULE,
    nested_match::RULE,
    filter_duplicates::RULE,
    copied_for_membership::RULE,
    copied_to_read::RULE,
    copied_accumulator::RULE,
    invariant_in_loop::RULE,
    constant_rebuilt::RULE,
    await_in_loop::RULE,
    plain_costs::RULE,
];
