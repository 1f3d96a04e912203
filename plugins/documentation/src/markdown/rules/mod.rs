//! The rules on documents, one to a file, each with its examples.

pub mod dead_anchor;
pub mod dead_link;
pub mod example_name;
pub mod example_option;
pub mod script_name;
pub mod sequence_name;
pub mod table_name;

use std::collections::BTreeMap;
use std::ops::Range;

use super::example::Example;
use super::page::Page;
use crate::drift::{Drift, Weight};
use crate::index::Index;

/// The most drifts of one document and rule; a document with more is another project's, or none of the present.
const MOST: usize = 8;

/// All that a document gets wrong.
pub fn check(page: &Page, pages: &BTreeMap<String, Page>, index: &Index) -> Vec<Drift> {
    let examples = Example::all(page);
    let of_rules = [
        dead_link::check(page, index),
        dead_anchor::check(page, pages),
        example_name::check(page, &examples, index),
        example_option::check(page, &examples, index),
        script_name::check(page, index),
        table_name::check(page, index),
    ];
    of_rules.into_iter().flat_map(|drifts| drifts.into_iter().take(MOST)).collect()
}

/// A drift of a document, with what all of them have in common.
fn drift(path: &str, rule: &str, weight: Weight, confidence: f64, key: &str, place: Range<usize>) -> Drift {
    Drift {
        rule: rule.to_owned(),
        title: String::new(),
        path: path.to_owned(),
        subject: path.to_owned(),
        statement: String::new(),
        key: key.to_owned(),
        place,
        against: None,
        weight,
        confidence,
        repair: None,
    }
}
