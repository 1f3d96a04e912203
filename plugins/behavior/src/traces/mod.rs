//! From spans to runs: which handlers one execution of another ran, and in which order as far as it can be told.
//!
//! Siblings whose times overlap ran at the same time and have no order. JavaScript's SDK starts spans at whole
//! milliseconds, so there an overlap of less than one says nothing, and the order of the file decides, which is that in
//! which spans of one instant ended.

mod read;
mod run;

pub use read::{Execution, Executions, Name, Trace};
pub use run::{MOST_STEPS, Run, Step};
