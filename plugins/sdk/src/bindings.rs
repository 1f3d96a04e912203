//! What wit-bindgen makes of `wit/0.1.0`, and the worlds of one interface each that `build.rs` encodes beside it.
//!
//! The code is generated, so it is excused from the workspace's lints. Plugins use what the crate's top names.
#![allow(unsafe_code, missing_docs, clippy::all, clippy::pedantic, clippy::unwrap_used)]

wit_bindgen::generate!({
    path: "../../wit/0.1.0",
    world: "healer",
    pub_export_macro: true,
    default_bindings_module: "thymus_sdk::bindings",
    additional_derives: [PartialEq],
    generate_all,
});

/// The component types that the linker finds in the plugin: a plugin with only a detector exports only a detector.
pub mod worlds {
    include!(concat!(env!("OUT_DIR"), "/worlds.rs"));
}
