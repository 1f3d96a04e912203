//! The plugin contract as the tools of plugin authors read it.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;

use wit_parser::{Resolve, WorldItem};

fn contract() -> (Resolve, wit_parser::PackageId) {
    let mut resolve = Resolve::default();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit/0.1.0");
    let (package, _) = resolve.push_dir(folder).unwrap();
    (resolve, package)
}

#[test]
fn the_contract_parses_and_names_its_version() {
    let (resolve, package) = contract();
    assert_eq!(resolve.packages[package].name.to_string(), "thymus:plugin@0.1.0");
}

#[test]
fn every_world_exports_what_its_name_says() {
    let (resolve, package) = contract();
    let exports = |world: &str| -> Vec<String> {
        let world = resolve.packages[package].worlds[world];
        let items = resolve.worlds[world].exports.values();
        items
            .filter_map(|item| match item {
                WorldItem::Interface { id, .. } => resolve.interfaces[*id].name.clone(),
                _ => None,
            })
            .collect()
    };
    assert_eq!(exports("detector-plugin"), ["detector"]);
    assert_eq!(exports("diagnoser-plugin"), ["diagnoser"]);
    assert_eq!(exports("fixer-plugin"), ["fixer"]);
    assert_eq!(exports("healer"), ["detector", "diagnoser", "fixer"]);
}

#[test]
fn everything_an_author_meets_is_documented() {
    let (resolve, package) = contract();
    for (name, id) in &resolve.packages[package].interfaces {
        for (function, item) in &resolve.interfaces[*id].functions {
            assert!(item.docs.contents.is_some(), "{name}.{function} has no documentation");
        }
    }
}
