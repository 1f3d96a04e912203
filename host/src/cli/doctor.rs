//! `thymus doctor`: what this machine can do, tried rather than guessed, and what to do about what it can't.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;

use super::paint::{BAD, DIM, GOOD, WAITS, paint};
use super::place::{Place, shown};
use super::{Complaint, Format, print, print_json};
use crate::ledger::Ledger;
use crate::model::{Backend, inert, inert_line};
use crate::plugin::engine;
use crate::sandbox::{Check, examine};

#[derive(Args)]
#[command(
    after_help = "Exit status: 0 when thymus can heal here, 1 when it can't. Example: thymus doctor --format json"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How much a finding of the doctor matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Health {
    Good,
    /// thymus works; some projects may not be testable.
    Limited,
    /// thymus can't heal here.
    Bad,
}

#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    health: Health,
    detail: String,
    /// What to do; empty when nothing.
    remedy: String,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Complaint> {
    let mut findings = sandbox();
    findings.extend([wasm_engine(), state(&arguments.place)?]);
    let newest = [("node", "v20 or later for JavaScript projects"), ("python3", "3.9 or later for Python projects")];
    findings.extend(newest.map(|(program, need)| tool(program, need)));
    findings.push(tool("git", "for you to look at branches; thymus itself never runs it"));
    let can_heal = findings.iter().all(|finding| finding.health != Health::Bad);
    match arguments.format {
        Format::Json => print_json(&findings)?,
        Format::Human => print(&text(&findings)),
    }
    Ok(ExitCode::from(u8::from(!can_heal)))
}

fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for Finding { what, health, detail, remedy } in findings {
        let sign = match health {
            Health::Good => paint(GOOD, "✓"),
            Health::Limited => paint(WAITS, "!"),
            Health::Bad => paint(BAD, "✗"),
        };
        let _ = writeln!(text, "{sign} {what:<10} {}", inert_line(detail));
        if !remedy.is_empty() {
            let _ = writeln!(text, "             {}", paint(DIM, inert(remedy)));
        }
    }
    text
}

/// What the sandbox stands on, each part tried.
fn sandbox() -> Vec<Finding> {
    let finding = |check: Check| {
        let health = match check {
            Check { ok: true, .. } => Health::Good,
            Check { required: false, .. } => Health::Limited,
            Check { required: true, .. } => Health::Bad,
        };
        Finding { what: check.name, health, detail: check.detail, remedy: check.remedy }
    };
    examine(Backend::Hakoniwa).into_iter().map(finding).collect()
}

fn wasm_engine() -> Finding {
    match engine::engine(false) {
        Ok(_) => Finding {
            what: "wasm",
            health: Health::Good,
            detail: "plugins can be compiled and run".to_owned(),
            remedy: String::new(),
        },
        Err(error) => Finding {
            what: "wasm",
            health: Health::Bad,
            detail: format!("wasmtime does not start: {error:#}"),
            remedy: "use a 64-bit x86 or ARM processor and a thymus built for it".to_owned(),
        },
    }
}

/// Opening the ledger tries all that a run needs of the folder: owner, rights, space.
fn state(place: &Place) -> Result<Finding, Complaint> {
    let dir = place.state()?;
    let there = dir.exists();
    let (health, detail, remedy) = match there.then(|| Ledger::open(&dir)) {
        None => (Health::Good, format!("{} (made by the first run)", shown(&dir)), ""),
        Some(Ok(_)) => {
            let sealed = std::fs::read_dir(dir.join("plugin-cache")).map_or(0, Iterator::count);
            (Health::Good, format!("{}, {sealed} compiled plugin(s) in the cache", shown(&dir)), "")
        }
        Some(Err(error)) => (Health::Bad, error.to_string(), "choose another folder with --state"),
    };
    Ok(Finding { what: "state", health, detail, remedy: remedy.to_owned() })
}

/// A program that tests may need, found on PATH and asked for its version.
fn tool(program: &'static str, need: &str) -> Finding {
    let found = std::env::var_os("PATH").and_then(|path| find(program, &path));
    let Some(path) = found else {
        let (detail, remedy) = ("not on PATH".to_owned(), format!("install it: {need}"));
        return Finding { what: program, health: Health::Limited, detail, remedy };
    };
    match version(&path) {
        Some(version) => {
            let detail = format!("{version} at {}", path.display());
            Finding { what: program, health: Health::Good, detail, remedy: String::new() }
        }
        None => Finding {
            what: program,
            health: Health::Limited,
            detail: format!("{} does not answer --version", path.display()),
            remedy: format!("repair the installation: {need}"),
        },
    }
}

fn find(program: &str, path: &std::ffi::OsStr) -> Option<PathBuf> {
    std::env::split_paths(path).map(|dir| dir.join(program)).find(|file| file.is_file())
}

/// The first line of `--version`, within five seconds.
fn version(program: &std::path::Path) -> Option<String> {
    let mut child = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let until = Instant::now() + Duration::from_secs(5);
    let status = loop {
        match child.try_wait().ok()? {
            Some(status) => break status,
            None if Instant::now() > until => {
                // Nothing more can be done about one that does not die.
                let _ = child.kill().and_then(|()| child.wait().map(drop));
                return None;
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let mut text = String::new();
    child.stdout?.take(4096).read_to_string(&mut text).ok()?;
    let line = text.lines().next().unwrap_or_default().trim().to_owned();
    (status.success() && !line.is_empty()).then_some(line)
}
