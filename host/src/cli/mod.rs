//! The command line: one file a subcommand. It asks the loop and the rooms, and prints what they say; it decides nothing.
//!
//! Standard output is for results, standard error for progress and complaints, so that a pipe gets what it asked for.

mod case;
mod complaint;
mod doctor;
mod eval;
mod heal;
mod init;
mod ledger;
mod paint;
mod place;
mod plugin;
mod policy;
mod progress;
mod summary;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum};

pub use complaint::Complaint;

/// Finds what is wrong in production, proposes a repair, and proves it before anybody has to trust it.
#[derive(Parser)]
#[command(name = "thymus", version, after_help = EXIT_STATUS, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXIT_STATUS: &str = "Exit status: 0 nothing is wrong, or every case went as far as it may; 1 thymus could not do \
its job; 2 wrong usage or a wrong policy; 3 with `heal --check`, something was found.";

#[derive(Subcommand)]
enum Command {
    /// Look at telemetry and heal what is wrong, as far as the policy lets it.
    Heal(heal::Arguments),
    /// Measure healing on labelled cases, with confidence intervals and against simple methods.
    Eval(eval::Arguments),
    /// Look at cases, and say yes or no to those that wait.
    #[command(subcommand)]
    Case(case::Command),
    /// Look at plugins, add and remove them.
    #[command(subcommand)]
    Plugin(plugin::Command),
    /// Check a policy, and explain what it decided.
    #[command(subcommand)]
    Policy(policy::Command),
    /// Verify or show the record of everything that happened.
    #[command(subcommand)]
    Ledger(ledger::Command),
    /// Write a thymus.toml for a repository by looking at it. Nothing in it is run.
    Init(init::Arguments),
    /// Say what this machine can do: sandbox, plugin cache, node, python, git.
    Doctor(doctor::Arguments),
    /// Print a completion script. Example: thymus completions bash > ~/.local/share/bash-completion/completions/thymus
    Completions {
        /// The shell it is for.
        shell: clap_complete::Shell,
    },
}

/// For people, or for machines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Human,
    Json,
}

/// Runs the program. Returns what it exits with.
pub fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Heal(arguments) => heal::run(arguments),
        Command::Eval(arguments) => eval::run(arguments),
        Command::Case(command) => case::run(command),
        Command::Plugin(command) => plugin::run(command),
        Command::Policy(command) => policy::run(command),
        Command::Ledger(command) => ledger::run(command),
        Command::Init(arguments) => init::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "thymus", &mut script);
            print(&String::from_utf8_lossy(&script));
            Ok(ExitCode::SUCCESS)
        }
    };
    done.unwrap_or_else(|complaint| complaint.show())
}

/// Prints a result. A reader that went away (`thymus ledger show | head`) is no failure.
fn print(text: &str) {
    use std::io::Write as _;
    let mut out = anstream::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Prints one JSON document.
fn print_json(value: &impl serde::Serialize) -> Result<(), Complaint> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Complaint::failed(error.to_string()))?;
    print(&format!("{text}\n"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
