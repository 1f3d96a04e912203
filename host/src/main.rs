//! The `thymus` program.

fn main() {}
