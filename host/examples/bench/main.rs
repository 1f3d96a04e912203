//! What thymus costs, measured in one run and printed as a table. `cargo xtask bench` builds all it needs and starts it.
//!
//! Each row says what stands beside it and the ratio of the two, because a number alone says little of another machine.
#![allow(clippy::unwrap_used, reason = "a measurement that can't be made is no measurement")]

mod clock;
mod detector;
mod ingest;
mod plugin;
mod snapshot;
mod table;
mod tests_run;

use std::path::PathBuf;

use clap::Parser;
use thymus::model::Backend;
use thymus::sandbox::Sandbox;

use table::Table;

/// Where things lie; `cargo xtask bench` knows.
#[derive(Parser)]
struct Arguments {
    /// The `thymus` program.
    #[arg(long)]
    thymus: PathBuf,
    /// The plugin `thymus-errors`.
    #[arg(long)]
    plugin: PathBuf,
    /// A plugin that does next to nothing.
    #[arg(long)]
    idle_plugin: PathBuf,
    /// The detector of `thymus-errors` as a native program.
    #[arg(long)]
    native_detector: PathBuf,
    /// The sample `order-shop`.
    #[arg(long)]
    sample: PathBuf,
}

fn main() {
    // Reading telemetry happens in a process of its own, so that its peak memory is its own too.
    if std::env::args().nth(1).as_deref() == Some(ingest::CHILD) {
        return ingest::child();
    }
    let arguments = Arguments::parse();
    let work = tempfile::tempdir().unwrap();
    let sandbox =
        Sandbox::prove_with(Backend::Hakoniwa, arguments.thymus.clone()).unwrap_or_else(|why| panic!("{why}"));
    let mut table = Table::new();
    plugin::measure(&mut table, &sandbox, &arguments, work.path());
    let window = ingest::measure(&mut table, &arguments, work.path());
    detector::measure(&mut table, &sandbox, &arguments, &window, work.path());
    tests_run::measure(&mut table, &sandbox, &arguments);
    snapshot::measure(&mut table, work.path());
    table.print();
}
