//! `cargo xtask test`: every test of the host, the plugins and `tests/`.

use std::path::PathBuf;
use std::process::Command;

use crate::components;
use crate::failure::Failure;
use crate::step;
use crate::workspace::Workspace;

/// The folder with `plugins/` and `hostile/`, the built components. A test that needs one fails where this is set and
/// the component is missing; it never passes by being skipped.
const COMPONENTS: &str = "THYMUS_TEST_COMPONENTS";
/// A Python with pytest, for the tests that prove Python repairs by running them.
const PYTHON: &str = "THYMUS_TEST_PYTHON";

pub fn test(workspace: &Workspace) -> Result<(), Failure> {
    components::build(workspace)?;
    // To the end, whatever fails on the way: one run says all that is wrong.
    let tests = ["test", "--workspace", "--locked", "--no-fail-fast"];
    let mut of_plugins = workspace.guest_cargo(&workspace.plugins());
    if let Some(python) = python_with_pytest(workspace)? {
        of_plugins.env(PYTHON, python);
    }
    let plugins = step::run(of_plugins.args(tests));
    step::run(workspace.cargo().args(tests).env(COMPONENTS, workspace.target()))?;
    plugins
}

/// Made once, from what the tests pin; `None` on a machine without Python, which is said.
fn python_with_pytest(workspace: &Workspace) -> Result<Option<PathBuf>, Failure> {
    let venv = workspace.target().join("pytest");
    let python = venv.join("bin/python");
    if step::ask(Command::new(&python).args(["-c", "import pytest, pytest_asyncio, anyio"])).is_some() {
        return Ok(Some(python));
    }
    if step::ask(Command::new("python3").args(["-c", "import venv, ensurepip"])).is_none() {
        eprintln!(
            "xtask: Python repairs are not proved by running them: there is no python3 with its venv module here"
        );
        return Ok(None);
    }
    step::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
    let pinned = workspace.plugins().join("errors/tests/python/requirements.txt");
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    step::run(Command::new(&python).args(install).arg(pinned))?;
    Ok(Some(python))
}
