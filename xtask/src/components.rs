//! `cargo xtask build`: the plugins and the tests' hostile ones, from crates to finished components.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::failure::Failure;
use crate::fingerprint::{self, Record};
use crate::pack;
use crate::step;
use crate::wasm::{TARGET, Toolchain};
use crate::workspace::Workspace;

/// What cargo says about a crate.
#[derive(Deserialize)]
pub struct Package {
    pub name: String,
    pub version: String,
    pub authors: Vec<String>,
    pub license: Option<String>,
    pub repository: Option<String>,
    pub description: Option<String>,
    #[serde(default)]
    pub metadata: Value,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    crate_types: Vec<String>,
}

impl Package {
    /// The file that the compiler makes of it, where it is a component.
    fn artifact(&self) -> Option<String> {
        let library = self.targets.iter().find(|target| target.crate_types.iter().any(|kind| kind == "cdylib"))?;
        Some(format!("{}.wasm", library.name.replace('-', "_")))
    }
}

/// Builds what changed since the last time; nothing, usually, and that in a moment.
pub fn build(workspace: &Workspace) -> Result<(), Failure> {
    let record_file = workspace.guests().join("components.json");
    let record = Record::load(&record_file);
    if let Some(toolchain) = Toolchain::installed(workspace)?
        && record.holds(&inputs(workspace, &toolchain)?)
    {
        return Ok(());
    }
    let toolchain = Toolchain::ready(workspace)?;
    // Before the build, so that what is edited meanwhile is built the next time.
    let inputs = inputs(workspace, &toolchain)?;
    let mut outputs = BTreeMap::new();
    let folder = workspace.plugin_components();
    outputs.extend(build_folder(workspace, &toolchain, &workspace.plugins(), &folder)?);
    for crate_folder in folders_of_crates(&workspace.hostile())? {
        let folder = workspace.hostile_components();
        outputs.extend(build_folder(workspace, &toolchain, &crate_folder, &folder)?);
    }
    // A plugin that is no more must not be loaded any longer.
    for path in record.outputs.keys().filter(|path| !outputs.contains_key(*path)) {
        let _ = fs::remove_file(path);
    }
    Record { inputs, outputs }.save(&record_file)
}

/// Everything that decides what the components are: their sources, the contract, the compiler, and this program.
fn inputs(workspace: &Workspace, toolchain: &Toolchain) -> Result<String, Failure> {
    let root = workspace.root();
    let folders = [workspace.plugins(), workspace.hostile(), root.join("wit"), root.join("xtask/src")];
    fingerprint::of(&[&toolchain.identity], &folders)
}

/// Builds all components of a crate or workspace into a folder; returns them with their digests.
fn build_folder(
    workspace: &Workspace,
    toolchain: &Toolchain,
    crates: &Path,
    folder: &Path,
) -> Result<Vec<(PathBuf, String)>, Failure> {
    let packages: Vec<_> = packages(workspace, crates)?.into_iter().filter(|it| it.artifact().is_some()).collect();
    if packages.is_empty() {
        return Ok(Vec::new());
    }
    let mut cargo = toolchain.cargo(workspace, crates);
    for package in &packages {
        cargo.args(["--package", &package.name]);
    }
    step::run(&mut cargo)?;
    fs::create_dir_all(folder).map_err(Failure::at(folder))?;
    packages.iter().map(|package| finish(workspace, package, folder)).collect()
}

fn packages(workspace: &Workspace, crates: &Path) -> Result<Vec<Package>, Failure> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    let mut cargo = workspace.guest_cargo(crates);
    cargo.args(["metadata", "--no-deps", "--format-version", "1"]);
    let output = step::read(&mut cargo)?;
    if !output.status.success() {
        return Err(Failure::Status { command: step::shown(&cargo), status: output.status });
    }
    let unread = |why: serde_json::Error| Failure::Component { path: crates.to_owned(), why: why.to_string() };
    Ok(serde_json::from_slice::<Metadata>(&output.stdout).map_err(unread)?.packages)
}

/// Puts the marked component where tests and people look for it.
fn finish(workspace: &Workspace, package: &Package, folder: &Path) -> Result<(PathBuf, String), Failure> {
    let artifact = workspace.guests().join(TARGET).join("release").join(package.artifact().unwrap_or_default());
    let bytes = fs::read(&artifact).map_err(Failure::at(&artifact))?;
    let packed = pack::pack(&bytes, package).map_err(|why| Failure::Component { path: artifact, why })?;
    let path = folder.join(format!("{}.wasm", package.name));
    // Whole or not at all: a host may be reading the old one.
    let io = || Failure::at(&path);
    let mut fresh = tempfile::NamedTempFile::new_in(folder).map_err(io())?;
    fresh.write_all(&packed).map_err(io())?;
    // A temporary file is its owner's alone; a plugin may be read by those who run it.
    fresh.as_file().set_permissions(Permissions::from_mode(0o644)).map_err(io())?;
    fresh.persist(&path).map_err(|why| io()(why.error))?;
    eprintln!("xtask: {} ({} KiB)", path.display(), packed.len() / 1024);
    let digest = fingerprint::hex_of(&packed);
    Ok((path, digest))
}

/// The crates in a folder that stand alone.
pub fn folders_of_crates(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut crates = Vec::new();
    for entry in fs::read_dir(folder).map_err(Failure::at(folder))? {
        let path = entry.map_err(Failure::at(folder))?.path();
        if path.join("Cargo.toml").is_file() {
            crates.push(path);
        }
    }
    crates.sort();
    Ok(crates)
}
