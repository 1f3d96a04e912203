//! Imports of Python.
pub mod proof;
pub mod rules;
pub mod survey;
