//! Imports of JavaScript and TypeScript: which of them lead nowhere, and where they should lead.
//!
//! [`survey`] reads the snapshot once; [`resolve`] says what a specifier means, [`manifest`] what packages there are;
//! [`rules`] know what must have been meant; [`proof`] writes the test that shows it. Nothing of it runs any JavaScript.

pub mod free;
pub mod imports;
pub mod manifest;
pub mod platform;
pub mod proof;
pub mod redirect;
pub mod resolve;
pub mod rules;
pub mod surface;
pub mod survey;
