//! `cargo xtask demo`: thymus heals the sample repositories from their recorded telemetry, before the user's eyes.
//!
//! Each run begins anew, from a fresh copy of each sample and an empty ledger, so that it shows the same whenever it is
//! started; what was compiled or installed for an earlier run is kept, which makes it quick.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::components;
use crate::failure::Failure;
use crate::sample::{self, SAMPLES, Sample};
use crate::step;
use crate::workspace::Workspace;

/// What became of a sample.
enum Outcome {
    Healed(Vec<Case>),
    /// This machine can't run it.
    Skipped(String),
    Failed(String),
}

/// A case, as far as the closing words need it; `docs/heal.schema.json` has all of it.
#[derive(Deserialize)]
struct Case {
    id: String,
    state: String,
    title: String,
    location: Option<Location>,
    diagnosis: Option<String>,
    gates: Vec<Gate>,
    branch: Option<String>,
    reason: String,
}

#[derive(Deserialize)]
struct Location {
    path: String,
    start_line: Option<u32>,
}

#[derive(Deserialize)]
struct Gate {
    status: String,
}

pub fn demo(workspace: &Workspace) -> Result<(), Failure> {
    if step::ask(Command::new("git").arg("--version")).is_none() {
        return Err(Failure::Demo("git is not installed; install it (Debian: `apt-get install git`)".to_owned()));
    }
    components::build(workspace)?;
    step::run(workspace.cargo().args(["build", "--locked", "--package", "thymus"]))?;
    let mut outcomes = Vec::new();
    for sample in &SAMPLES {
        println!("\n━━ {} ({}) ━━", sample.name, sample.about);
        let outcome = match heal(workspace, sample) {
            // Then nothing more is wanted.
            Err(Failure::Stopped) => return Err(Failure::Stopped),
            // One sample's trouble is not the other's.
            Err(failure) => Outcome::Failed(failure.to_string()),
            Ok(outcome) => outcome,
        };
        if let Outcome::Skipped(why) = &outcome {
            println!("{why}");
        }
        outcomes.push((sample, outcome));
    }
    println!("\n━━ what happened ━━");
    for (sample, outcome) in &outcomes {
        tell(workspace, sample, outcome);
    }
    judge(&outcomes)
}

fn heal(workspace: &Workspace, sample: &Sample) -> Result<Outcome, Failure> {
    if let Err(why) = sample.runs_here() {
        return Ok(Outcome::Skipped(format!("skipped: {why}")));
    }
    let place = Place::of(sample);
    let repo = workspace.root().join(&place.repo);
    sample::copy(&workspace.samples().join(sample.name), &repo)?;
    forget(&workspace.root().join(&place.state))?;
    let recordings = workspace.relative(&workspace.samples().join(sample.name).join("recordings"));
    let mut thymus = thymus(workspace);
    thymus.arg("heal").args(place.arguments());
    thymus.arg("--telemetry").arg(recordings.join("faulty.jsonl.gz"));
    thymus.arg("--baseline").arg(recordings.join("healthy.jsonl.gz"));
    thymus.arg("--plugins").arg(workspace.relative(&workspace.plugin_components()));
    let healed = step::run(&mut thymus);
    // Whatever happened, the user's files must be as they were.
    let touched = sample::changes(&repo)?;
    if !touched.is_empty() {
        return Ok(Outcome::Failed(format!("the working tree in {} was changed:\n{touched}", place.repo.display())));
    }
    match healed {
        Err(Failure::Status { status, .. }) => {
            return Ok(Outcome::Failed(format!("`thymus heal` ended with {status}")));
        }
        healed => healed?,
    }
    let cases = cases(workspace, &place)?;
    if cases.iter().all(|case| case.branch.is_none()) {
        return Ok(Outcome::Failed(format!("{} case(s), and none of them was repaired", cases.len())));
    }
    Ok(Outcome::Healed(cases))
}

/// Where a sample's copy and its ledger lie, relative to this repository: short enough to be typed.
struct Place {
    repo: PathBuf,
    state: PathBuf,
}

impl Place {
    fn of(sample: &Sample) -> Self {
        let demo = Path::new("target/demo");
        Self { repo: demo.join(sample.name), state: demo.join("state").join(sample.name) }
    }

    fn arguments(&self) -> [&std::ffi::OsStr; 4] {
        ["--repo".as_ref(), self.repo.as_os_str(), "--state".as_ref(), self.state.as_os_str()]
    }
}

fn thymus(workspace: &Workspace) -> Command {
    let mut thymus = Command::new(workspace.thymus());
    thymus.current_dir(workspace.root());
    thymus
}

/// Drops the ledger of an earlier run, and keeps the caches.
fn forget(state: &Path) -> Result<(), Failure> {
    let Ok(entries) = fs::read_dir(state) else { return Ok(()) };
    for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with("ledger")) {
        fs::remove_file(entry.path()).map_err(Failure::at(entry.path()))?;
    }
    Ok(())
}

fn cases(workspace: &Workspace, place: &Place) -> Result<Vec<Case>, Failure> {
    let mut thymus = thymus(workspace);
    thymus.args(["case", "list", "--format", "json"]).args(place.arguments());
    let output = step::read(&mut thymus)?;
    serde_json::from_slice(&output.stdout)
        .map_err(|why| Failure::Demo(format!("`{}` printed no list of cases: {why}", step::shown(&thymus))))
}

/// The closing words about one sample.
fn tell(workspace: &Workspace, sample: &Sample, outcome: &Outcome) {
    let cases = match outcome {
        Outcome::Skipped(why) => return println!("\n{}: {why}", sample.name),
        Outcome::Failed(why) => return println!("\n{}: failed: {why}", sample.name),
        Outcome::Healed(cases) => cases,
    };
    let repaired = cases.iter().filter(|case| case.branch.is_some()).count();
    let place = Place::of(sample);
    println!("\n{}: {} problem(s) found, {repaired} repaired on a branch of its own", sample.name, cases.len());
    println!("  its working tree in {} is untouched (`git status` is clean)", place.repo.display());
    for case in cases {
        println!("\n  {}: {}", case.id, inert(&case.title));
        if let Some(Location { path, start_line }) = &case.location {
            let line = start_line.map(|line| format!(":{line}")).unwrap_or_default();
            println!("    where   {}{line}", inert(path));
        }
        if let Some(why) = &case.diagnosis {
            println!("    why     {}", inert(why));
        }
        let passed = case.gates.iter().filter(|gate| gate.status == "passed").count();
        println!("    gates   {passed} of {} passed", case.gates.len());
        match &case.branch {
            Some(branch) => println!("    branch  {branch}"),
            None => println!("    {}: {}", case.state, inert(&case.reason)),
        }
    }
    if let Some((id, branch)) = cases.iter().find_map(|case| Some((&case.id, case.branch.as_ref()?))) {
        let thymus = workspace.relative(&workspace.thymus());
        let (thymus, repo, state) = (thymus.display(), place.repo.display(), place.state.display());
        println!("\n  Type next, to look at a repair, and to say yes or no to it:");
        println!("    git -C {repo} show {branch}");
        println!("    {thymus} case show {id} --repo {repo} --state {state}");
        println!("    {thymus} case approve {id} --as YOUR-NAME --repo {repo} --state {state}");
        println!("    {thymus} case reject {id} --as YOUR-NAME --why TEXT --repo {repo} --state {state}");
    }
}

fn judge(outcomes: &[(&Sample, Outcome)]) -> Result<(), Failure> {
    let named = |wanted: fn(&Outcome) -> bool| {
        let names: Vec<_> = outcomes.iter().filter(|(_, it)| wanted(it)).map(|(sample, _)| sample.name).collect();
        names.join(" and ")
    };
    let failed = named(|outcome| matches!(outcome, Outcome::Failed(_)));
    if !failed.is_empty() {
        return Err(Failure::Demo(format!("not healed: {failed}; thymus's own messages stand above")));
    }
    if outcomes.iter().all(|(_, outcome)| matches!(outcome, Outcome::Skipped(_))) {
        return Err(Failure::Demo("this machine can run none of the samples; what is missing stands above".to_owned()));
    }
    println!("\nStarted again, the demo begins anew: fresh copies, an empty ledger.");
    Ok(())
}

/// Plugins and telemetry wrote these texts: nothing in them may speak to the terminal.
fn inert(text: &str) -> String {
    let speaks = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if speaks(c) { ' ' } else { c }).collect()
}
