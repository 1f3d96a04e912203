//! `cargo xtask bench`: builds what is measured and starts the program that measures, `host/examples/bench`.

use std::process::Command;

use crate::components;
use crate::failure::Failure;
use crate::step;
use crate::workspace::Workspace;

pub fn bench(workspace: &Workspace) -> Result<(), Failure> {
    components::build(workspace)?;
    let mut host = workspace.cargo();
    step::run(host.args(["build", "--locked", "--package", "thymus", "--bin", "thymus", "--example", "bench"]))?;
    let mut native = workspace.guest_cargo(&workspace.plugins());
    let example = ["--package", "thymus-errors", "--example", "native_detector"];
    step::run(native.args(["build", "--release", "--locked"]).args(example))?;
    println!("host: dev profile (its own code opt-level 1, dependencies opt-level 2)");
    println!("plugins: release profile, as components and natively");
    let mut bench = Command::new(workspace.example("bench"));
    bench.current_dir(workspace.root());
    bench.arg("--thymus").arg(workspace.thymus());
    bench.arg("--plugin").arg(workspace.plugin_components().join("thymus-errors.wasm"));
    bench.arg("--idle-plugin").arg(workspace.hostile_components().join("puppet.wasm"));
    bench.arg("--native-detector").arg(workspace.guests().join("release/examples/native_detector"));
    bench.arg("--sample").arg(workspace.samples().join("order-shop"));
    step::run(&mut bench)
}
