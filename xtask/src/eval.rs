//! `cargo xtask eval`: every public suite through `thymus eval`, and its figures into `docs/evaluation.md`.
//!
//! Public are the suites of `tests/suites/`, put together from the samples, and those that `cargo xtask inject` left in
//! `target/suites/`. Labelled series of others are taken where they lie beside the project; a machine without them says so.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::components;
use crate::failure::Failure;
use crate::figures;
use crate::sample::{self, SAMPLES};
use crate::step;
use crate::workspace::Workspace;

/// Runs these suites, or all public ones; only the latter are written down.
pub fn eval(workspace: &Workspace, suites: &[PathBuf]) -> Result<(), Failure> {
    components::build(workspace)?;
    step::run(workspace.cargo().args(["build", "--locked", "--package", "thymus"]))?;
    let public = suites.is_empty();
    let suites = if public { public_suites(workspace)? } else { suites.to_vec() };
    let out = workspace.target().join("evaluation");
    let results = out.join("results.json");
    let previous = out.join("previous.json");
    let compared = fs::rename(&results, &previous).is_ok();
    let mut thymus = Command::new(workspace.thymus());
    thymus.current_dir(workspace.root()).arg("eval").args(&suites);
    thymus.arg("--plugins").arg(workspace.plugin_components()).arg("--out").arg(&out);
    // What was compiled and installed is kept, which changes no figure but the time of the first case.
    thymus.arg("--state").arg(workspace.target().join("evaluation-state"));
    if compared {
        thymus.arg("--previous").arg(&previous);
    }
    let ran = step::run(&mut thymus);
    // Cases that could not be run are told on the page; without results there is nothing to tell.
    let evaluation = match fs::read(&results) {
        Ok(bytes) => serde_json::from_slice::<Value>(&bytes).map_err(|why| unread(&results, &why))?,
        Err(source) => return Err(ran.err().unwrap_or_else(|| Failure::at(&results)(source))),
    };
    println!("{} has every case with its evidence", workspace.relative(&out.join("index.html")).display());
    if public && evaluation["partial"] == false {
        let page = workspace.root().join("docs/evaluation.md");
        fs::write(&page, figures::page(&evaluation, &commit(workspace))).map_err(Failure::at(&page))?;
        println!("wrote {}", workspace.relative(&page).display());
    }
    Ok(())
}

fn unread(path: &Path, why: &serde_json::Error) -> Failure {
    Failure::Component { path: path.to_owned(), why: why.to_string() }
}

/// What is checked out, and whether something was changed since.
fn commit(workspace: &Workspace) -> String {
    let git = |arguments: &[&str]| step::ask(Command::new("git").current_dir(workspace.root()).args(arguments));
    let head = git(&["rev-parse", "--short=12", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    // The page itself is what an evaluation changes.
    let changed = git(&["status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs/evaluation.md"]);
    let changed = if changed.is_some_and(|text| !text.is_empty()) { " with uncommitted changes" } else { "" };
    format!("{}{changed}", head.trim())
}

fn public_suites(workspace: &Workspace) -> Result<Vec<PathBuf>, Failure> {
    let top = workspace.target().join("suites");
    put_together(workspace, &top.join("samples"))?;
    let mut suites = Vec::new();
    for entry in fs::read_dir(&top).map_err(Failure::at(&top))? {
        let path = entry.map_err(Failure::at(&top))?.path();
        if path.join("suite.toml").is_file() {
            suites.push(path);
        }
    }
    suites.sort();
    if suites.len() == 1 {
        println!(
            "no injected suites: `cargo xtask inject --plan tests/suites/public.toml --out target/suites/public` makes them"
        );
    }
    Ok(suites)
}

/// The suite of the samples: its cases, and beside them the services and recordings that they share.
fn put_together(workspace: &Workspace, to: &Path) -> Result<(), Failure> {
    if to.exists() {
        fs::remove_dir_all(to).map_err(Failure::at(to))?;
    }
    sample::copy_files(&workspace.root().join("tests/suites/samples"), to)?;
    for sample in &SAMPLES {
        if let Err(why) = sample.runs_here() {
            println!("its cases of {} will not run: {why}", sample.name);
        }
        let from = workspace.samples().join(sample.name);
        let shared = to.join("shared").join(sample.name);
        sample::copy_files(&from, &shared)?;
        let released = to.join("shared").join(format!("{}-released", sample.name));
        sample::copy_files(&from, &released)?;
        sample::copy_files(&from.join(sample::RELEASE), &released)?;
        let recordings = to.join("shared").join(format!("{}-recordings", sample.name));
        sample::copy_files(&from.join("recordings"), &recordings)?;
    }
    Ok(())
}
