//! `cargo xtask lint`: formatting and lints, warnings refused.

use std::process::Command;

use crate::components::folders_of_crates;
use crate::failure::Failure;
use crate::step;
use crate::workspace::Workspace;

const CLIPPY: [&str; 7] = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];

pub fn lint(workspace: &Workspace) -> Result<(), Failure> {
    // Formatting first, everywhere: it answers at once.
    let check = ["fmt", "--all", "--", "--check"];
    step::run(workspace.cargo().args(check))?;
    let plugins = workspace.plugins();
    step::run(workspace.guest_cargo(&plugins).args(check))?;
    for folder in folders_of_crates(&workspace.hostile())? {
        step::run(workspace.guest_cargo(&folder).args(check))?;
    }
    step::run(workspace.cargo().args(CLIPPY))?;
    step::run(workspace.guest_cargo(&plugins).args(CLIPPY))?;
    deny(workspace)
}

/// Licences and advisories of the dependencies, where the tool for it is installed.
fn deny(workspace: &Workspace) -> Result<(), Failure> {
    if step::ask(Command::new("cargo-deny").arg("--version")).is_none() {
        eprintln!(
            "xtask: licences and advisories were not checked: cargo-deny is not installed (`cargo install cargo-deny`)"
        );
        return Ok(());
    }
    step::run(workspace.cargo().args(["deny", "--locked", "check"]))
}
