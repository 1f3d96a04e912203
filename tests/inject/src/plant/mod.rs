//! Where faults can be planted: by syntax tree, one rule a function, all candidates of a file in source order. Whether a
//! candidate is a natural fault is found out by running it, not here.

pub mod documentation;
pub mod javascript;
pub mod python;
