//! The contract as Rust types, made by wasmtime from `wit/0.1.0`, and the order in which one component's exports are
//! looked up: each interface by its own name, so that a plugin with one of the three is as good as one with all.
#![allow(missing_docs, clippy::pedantic, clippy::unwrap_used)]

wasmtime::component::bindgen!({
    path: "../wit/0.1.0",
    world: "healer",
    exports: { default: async },
});

pub(super) use self::thymus::plugin::{host, types};
pub(super) use exports::thymus::plugin::{detector, diagnoser, fixer};
