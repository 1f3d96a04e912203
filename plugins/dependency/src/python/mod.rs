//! Imports of Python: which of them lead nowhere, and where they should lead.
//!
//! [`survey`] reads the snapshot once; [`facts`] says what a module asks for and has, [`tree`] which file a name means,
//! [`manifest`] which distributions there are; [`rules`] know what must have been meant; [`proof`] writes the test that
//! shows it. Nothing of it runs any Python.

pub mod facts;
pub mod manifest;
pub mod platform;
pub mod proof;
pub mod rules;
pub mod survey;
pub mod tree;
