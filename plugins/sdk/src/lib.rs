//! What a healing plugin for thymus is written with.

pub mod bindings;
pub mod edit;
pub mod source;

pub use bindings::thymus::plugin::types::{
    Capability, Change, CreateFile, DeleteFile, Diagnosis, Edit, EditFile, Evidence, Expectation, Failure, Faster,
    Finding, Location, Measure, Proposal, RenameFile, Role, Severity, Subject,
};
