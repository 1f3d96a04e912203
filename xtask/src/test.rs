//! `cargo xtask test`: every test of the host, the plugins and `tests/`.

use crate::components;
use crate::failure::Failure;
use crate::step;
use crate::workspace::Workspace;

/// The folder with `plugins/` and `hostile/`, the built components. A test that needs one fails where this is set and
/// the component is missing; it never passes by being skipped.
const COMPONENTS: &str = "THYMUS_TEST_COMPONENTS";

pub fn test(workspace: &Workspace) -> Result<(), Failure> {
    components::build(workspace)?;
    // To the end, whatever fails on the way: one run says all that is wrong.
    let tests = ["test", "--workspace", "--locked", "--no-fail-fast"];
    let plugins = step::run(workspace.guest_cargo(&workspace.plugins()).args(tests));
    step::run(workspace.cargo().args(tests).env(COMPONENTS, workspace.target()))?;
    plugins
}
