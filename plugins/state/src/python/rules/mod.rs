//! The rules, one to a file. Each looks at who writes, and either knows what a careful reviewer would do, or says nothing.

mod copied_alias;
mod copied_argument;
mod default_made_once;
mod ends_taken_off;
mod extended_in_place;
mod own_each_call;
mod sorted_in_place;

#[cfg(test)]
mod examples;

use super::scene::Scene;
use crate::repair::Draft;

/// What is less sure than this is not proposed.
const LEAST_CONFIDENCE: f64 = 0.45;

/// Drafts, the best first: the smallest edit that does it, then the wider ones.
pub fn drafts(scene: &Scene<'_>) -> Vec<Draft> {
    let rules = [
        default_made_once::draft,
        sorted_in_place::draft,
        ends_taken_off::draft,
        extended_in_place::draft,
        copied_alias::draft,
        own_each_call::draft,
        copied_argument::draft,
    ];
    rules.iter().filter_map(|rule| rule(scene)).filter(|draft| draft.confidence >= LEAST_CONFIDENCE).collect()
}
