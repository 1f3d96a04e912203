//! `cargo xtask`: what a developer and CI run. One place, so that both run the same thing.

mod bench;
mod components;
mod debian;
mod demo;
mod eval;
mod failure;
mod figures;
mod fingerprint;
mod inject;
mod lint;
mod pack;
mod sample;
mod step;
mod test;
mod wasm;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Failure;
use workspace::Workspace;

/// thymus's own chores.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Formatting and lints, warnings refused. Example: `cargo xtask lint`
    Lint,
    /// Every test of the host, the plugins and `tests/`. Example: `cargo xtask test`
    Test,
    /// The plugins and the tests' hostile ones, as components in `target/`. Example: `cargo xtask build`
    Build,
    /// thymus heals two sample repositories before your eyes. Example: `cargo xtask demo`
    Demo,
    /// Every public suite through `thymus eval`, and its figures into docs/evaluation.md. Example: `cargo xtask eval`
    Eval {
        /// Only these suites; nothing is written to docs/.
        suites: Vec<std::path::PathBuf>,
    },
    /// What thymus costs on this machine, as a table. Example: `cargo xtask bench`
    Bench,
    /// Plants faults into real projects and writes a suite for `thymus eval`; docs/inject.md says how. It runs their
    /// code. Example: `cargo xtask inject pypi:tinydb==4.9.0 --out target/suites/tinydb`
    #[command(disable_help_flag = true)]
    Inject {
        /// The injector's own arguments; `--help` lists them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Err(why) = step::obey_signals() {
        eprintln!("xtask: could not prepare for Ctrl-C: {why}");
        return ExitCode::FAILURE;
    }
    let workspace = Workspace::here();
    let done = match arguments.chore {
        Chore::Lint => lint::lint(&workspace),
        Chore::Test => test::test(&workspace),
        Chore::Demo => demo::demo(&workspace),
        Chore::Eval { suites } => eval::eval(&workspace, &suites),
        Chore::Bench => bench::bench(&workspace),
        Chore::Build => components::build(&workspace),
        Chore::Inject { arguments } => inject::inject(&workspace, &arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Stopped) => {
            eprintln!("xtask: stopped on request");
            ExitCode::from(130)
        }
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}
