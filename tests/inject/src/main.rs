//! thymus-inject: plants faults into real projects and records what telemetry shows of them, as a suite for
//! `thymus eval`. `cargo xtask inject` builds and starts it; docs/inject.md says how it works.
//!
//! **It runs the projects' own code, unsandboxed, as the person who starts it.**

mod case;
mod driver;
mod failure;
mod fault;
mod fetch;
mod judge;
mod node;
mod plan;
mod plant;
mod process;
mod project;
mod python;
mod suite;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use failure::Failure;
use plan::{Capability, Plan, Wanted};
use process::Stop;
use project::{Folders, Project};
use suite::{Maker, Wish};

/// Plants faults into projects with passing tests, and writes a suite for `thymus eval`.
///
/// It runs the projects' own code, with time limits but without a sandbox.
#[derive(Parser)]
#[command(after_help = "Example: cargo xtask inject pypi:tinydb==4.9.0 --out target/suites/tinydb --cases 5")]
struct Arguments {
    /// `npm:NAME@VERSION`, `pypi:NAME==VERSION` or a folder; instead of a plan.
    #[arg(value_name = "PROJECT")]
    projects: Vec<String>,
    /// A file that names projects, as tests/suites/public.toml does.
    #[arg(long, value_name = "FILE", conflicts_with = "projects", required_unless_present = "projects")]
    plan: Option<PathBuf>,
    /// Only projects of the plan whose name contains this.
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// The suite's folder. Cases that are there already are written anew.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Where packages and environments are kept.
    #[arg(long, value_name = "DIR", default_value = "target/inject")]
    work: PathBuf,
    /// Kinds of faults; all that there are, otherwise.
    #[arg(long, value_delimiter = ',', value_name = "KIND")]
    kinds: Vec<Capability>,
    /// Faults of each kind a project; the plan's number otherwise.
    #[arg(long, value_name = "N")]
    cases: Option<usize>,
    /// Clean windows a project; the plan's number otherwise.
    #[arg(long, value_name = "N")]
    clean: Option<usize>,
    /// Of everything that is chosen; the plan's otherwise.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

fn main() -> ExitCode {
    // Trees are walked on this stack, and a stranger's may be deep.
    let deep = std::thread::Builder::new().stack_size(256 << 20).spawn(|| run(&Arguments::parse()));
    match deep.map(std::thread::JoinHandle::join) {
        Ok(Ok(Ok(()))) => ExitCode::SUCCESS,
        Ok(Ok(Err(Failure::Stopped))) => {
            eprintln!("inject: stopped on request; finished cases are kept");
            ExitCode::from(130)
        }
        Ok(Ok(Err(failure))) => {
            eprintln!("inject: {failure}");
            ExitCode::FAILURE
        }
        _ => ExitCode::FAILURE,
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let stop = Stop::on_signals().map_err(Failure::at("signals"))?;
    let plan = match &arguments.plan {
        Some(path) => Plan::read(path)?,
        None => Plan::of(&arguments.projects),
    };
    fs::create_dir_all(&arguments.work).map_err(Failure::at(&arguments.work))?;
    let work = arguments.work.canonicalize().map_err(Failure::at(&arguments.work))?;
    let folders = Folders { cache: work.join("packages"), work: work.join("projects"), harness: work.join("harness") };
    fs::create_dir_all(arguments.out.join("cases")).map_err(Failure::at(&arguments.out))?;
    let out = arguments.out.canonicalize().map_err(Failure::at(&arguments.out))?;
    let wish = Wish {
        seed: arguments.seed.unwrap_or(plan.seed),
        cases: arguments.cases.unwrap_or(plan.cases),
        clean: arguments.clean.unwrap_or(plan.clean),
        capabilities: if arguments.kinds.is_empty() { Capability::ALL.into() } else { arguments.kinds.clone() },
        limit: Duration::from_secs(plan.seconds),
    };
    let mut sources = Vec::new();
    for wanted in plan.projects.iter().filter(|it| it.from.contains(&arguments.only)) {
        match one(wanted, &folders, &out, &wish, &stop) {
            Ok(source) => sources.push(source),
            Err(Failure::Stopped) => return Err(Failure::Stopped),
            Err(failure) => eprintln!("inject: {}: skipped: {failure}", wanted.from),
        }
    }
    describe(&out, &wish, &sources)
}

fn one(wanted: &Wanted, folders: &Folders, out: &Path, wish: &Wish, stop: &Stop) -> Result<String, Failure> {
    eprintln!("inject: {}: fetching, installing, testing", wanted.from);
    let project = Project::ready(wanted, folders, stop)?;
    let maker = Maker::new(&project, &folders.harness, out, wish, stop)?;
    let made = maker.make()?;
    let counts: Vec<String> = made.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    suite::say(&project, &format!("done: {}", counts.join(", ")));
    Ok(project.source)
}

fn describe(out: &Path, wish: &Wish, sources: &[String]) -> Result<(), Failure> {
    let path = out.join("suite.toml");
    let name = out.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
    let text = format!(
        "name = {}\ndescription = {}\nsource = {}\n",
        toml::Value::from(name),
        toml::Value::from(format!("faults planted by cargo xtask inject with seed {}", wish.seed)),
        toml::Value::from(sources.join("; ")),
    );
    fs::write(&path, text).map_err(Failure::at(path))
}
