//! `cargo xtask inject`: builds the fault injector, `tests/inject`, and starts it.

use std::process::Command;

use crate::failure::Failure;
use crate::step;
use crate::workspace::Workspace;

/// The arguments are the injector's own.
pub fn inject(workspace: &Workspace, arguments: &[String]) -> Result<(), Failure> {
    let mut cargo = workspace.guest_cargo(&workspace.plugins());
    step::run(cargo.args(["build", "--locked", "--package", "thymus-inject"]))?;
    let mut injector = Command::new(workspace.guests().join("debug/thymus-inject"));
    step::run(injector.current_dir(workspace.root()).args(arguments))
}
