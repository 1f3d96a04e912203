//! `cargo xtask`: what a developer and CI run. One place, so that both run the same thing.

use std::process::{Command, ExitCode};

use clap::{Parser, Subcommand};

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
    /// Every test of the workspace. Example: `cargo xtask test`
    Test,
}

/// A step that did not end well.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("could not start `{command}`: {source}; is the Rust toolchain complete (rustfmt and clippy too)?")]
    Start { command: String, source: std::io::Error },
    #[error("`{command}` failed ({status}); its own message stands above")]
    Status { command: String, status: std::process::ExitStatus },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().chore {
        Chore::Lint => lint(),
        Chore::Test => cargo(&["test", "--workspace", "--locked"]),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn lint() -> Result<(), Failure> {
    cargo(&["fmt", "--all", "--", "--check"])?;
    cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])
}

fn cargo(arguments: &[&str]) -> Result<(), Failure> {
    let command = format!("cargo {}", arguments.join(" "));
    eprintln!("xtask: {command}");
    let status = Command::new(env!("CARGO"))
        .args(arguments)
        .status()
        .map_err(|source| Failure::Start { command: command.clone(), source })?;
    if status.success() { Ok(()) } else { Err(Failure::Status { command, status }) }
}
