//! What healing plugins know of JavaScript and TypeScript: one file as a syntax tree ([`code`]), the files around it
//! ([`project`], [`exports`]), which function is meant and how to get at it ([`handler`]), what an expression is or will be ([`origin`], [`evaluate`], [`promises`]), how a change looks
//! as if it had always been there ([`style`], [`edits`]), and how the project would test a handler ([`testing`]).
//!
//! It knows nothing of any capability. Files are hostile: what is too large, too deep or no program is not parsed.

// Node.js and TypeScript tell file names apart by their case.
#![allow(clippy::case_sensitive_file_extension_comparisons)]

pub mod code;
pub mod edits;
pub mod evaluate;
pub mod exports;
pub mod handler;
mod nesting;
pub mod origin;
pub mod project;
pub mod promises;
pub mod style;
pub mod testing;
