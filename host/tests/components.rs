//! What `cargo xtask build` makes is what the host wants of a plugin: each component is read by the host and tells the
//! facts of its crate.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use thymus::model::{Capability, Export};
use thymus::plugin::{PluginFacts, inspect};

/// The components of a kind, `plugins` or `hostile`, by file.
fn built(kind: &str) -> Vec<(PathBuf, PluginFacts)> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let target = std::env::var_os("THYMUS_TEST_COMPONENTS").map_or(target, PathBuf::from);
    let folder = target.join(kind);
    let remedy = format!("{} has no components: run `cargo xtask build`", folder.display());
    let files = std::fs::read_dir(&folder).unwrap_or_else(|why| panic!("{remedy} ({why})"));
    let components: Vec<_> = files
        .map(|file| file.unwrap().path())
        .map(|path| {
            let facts = inspect(&path).unwrap_or_else(|why| panic!("{why}"));
            (path, facts)
        })
        .collect();
    assert!(!components.is_empty(), "{remedy}");
    components
}

#[test]
fn every_component_says_who_it_is() {
    for (path, facts) in built("plugins").into_iter().chain(built("hostile")) {
        assert_eq!(path.file_stem().unwrap().to_str(), Some(facts.name.as_str()));
        assert_ne!(facts.version, "0.0.0", "{path:?}");
        assert_eq!(facts.licence.as_deref(), Some("Apache-2.0"), "{path:?}");
        assert!(facts.description.is_some_and(|text| !text.is_empty()), "{path:?}");
        assert_eq!(facts.contract, "0.1.0", "{path:?}");
    }
}

#[test]
fn every_plugin_of_ours_says_what_it_heals_and_for_whom() {
    for (path, facts) in built("plugins") {
        assert!(!facts.capabilities.is_empty(), "{path:?}");
        assert!(!facts.languages.is_empty(), "{path:?}");
        assert!(facts.authors.is_some_and(|text| !text.is_empty()), "{path:?}");
    }
}

#[test]
fn the_errors_plugin_does_all_three_things_for_errors() {
    let (_, facts) = built("plugins").into_iter().find(|(_, facts)| facts.name == "thymus-errors").unwrap();
    assert_eq!(facts.capabilities, [Capability::Error]);
    for export in [Export::Detect, Export::Diagnose, Export::Propose] {
        assert!(facts.exports.contains(&export), "{export:?}");
    }
    // No sockets, no HTTP, nothing beside the contract and WASI's plain worlds.
    let plain = ["thymus:plugin/", "wasi:cli/", "wasi:clocks/", "wasi:filesystem/", "wasi:io/", "wasi:random/"];
    for import in &facts.imports {
        assert!(plain.iter().any(|prefix| import.starts_with(prefix)), "{import}");
    }
}
