//! Examines a tree that is healed already, for somebody who knows the truth: whether its whole test command passes, and
//! whether checks hold that nobody saw who healed it. It decides about no patch; gates do that.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::model::{Cancel, RepoPath};
use crate::sandbox::Exit;

use super::bench::{Bench, Ran, Results};
use super::compare::objections;
use super::gate::{Halt, Said};
use super::runner::{self, Asked};
use super::text::plain;
use super::tree::Tree;
use super::{Ground, ValidateError, Validator, baseline};

const MAX_LINE: usize = 800;
const NAMED: usize = 10;

/// Files laid over a tree, and what a run on it then has to show.
#[derive(Clone, Debug)]
pub struct Check {
    /// Where they go, and where their bytes lie.
    pub files: BTreeMap<RepoPath, PathBuf>,
    /// What to run, at the top of the tree; `None` is the project's own test command.
    pub command: Option<Vec<String>>,
    /// Whether the run has to pass. If not, it has to fail, by itself: the files break something on purpose.
    pub must_pass: bool,
}

/// What an examination showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// Whether it is as it has to be.
    pub holds: bool,
    /// Whether the command could be started at all.
    pub started: bool,
    /// One sentence.
    pub detail: String,
    /// The last that was printed, and tests by name; fit for a terminal.
    pub evidence: Vec<String>,
    /// How long the run took.
    pub millis: u64,
}

impl Validator {
    /// Whether the whole test command passes on `after`: no test that passed on `before` fails, is skipped or vanished,
    /// and no test fails whose id isn't in `known`.
    pub fn suite(
        &self,
        before: &Ground<'_>,
        after: &Ground<'_>,
        known: &BTreeSet<String>,
        cancel: &Cancel,
    ) -> Result<Examined, ValidateError> {
        answered(|| {
            let bench = Bench::set_up(&self.sandbox, &self.home, before, cancel)?;
            let (_, before) = baseline::gate(&bench, &self.home)?;
            let bench = Bench::set_up(&self.sandbox, &self.home, after, cancel)?;
            let ran = bench.run(&Tree::default())?;
            let against = objections(&before, &ran);
            let Some((_, first)) = against.first() else { return Ok(passes(&ran, known)) };
            let others = against.iter().skip(1).take(NAMED).map(|(_, why)| why.clone());
            Ok(examined(&ran, false, first, others))
        })
    }

    /// Whether each check holds on a tree.
    pub fn checks(
        &self,
        ground: &Ground<'_>,
        checks: &[Check],
        known: &BTreeSet<String>,
        cancel: &Cancel,
    ) -> Result<Vec<Examined>, ValidateError> {
        let one = |check: &Check| {
            answered(|| {
                let bench = Bench::set_up(&self.sandbox, &self.home, ground, cancel)?;
                let tree = check.files.iter().fold(Tree::default(), |tree, (path, host)| tree.with(path, host.clone()));
                let ran = match &check.command {
                    None => bench.run(&tree)?,
                    Some(words) => {
                        let command = runner::inside(words);
                        bench.run_as(&tree, &Asked { command, report: None, script: false })?
                    }
                };
                Ok(if check.must_pass { passes(&ran, known) } else { fails(&ran, known) })
            })
        };
        checks.iter().map(one).collect()
    }
}

/// What stops a run before it begins (a program or set-up that fails) is an answer too: nothing holds then.
fn answered(examine: impl FnOnce() -> Result<Examined, Halt>) -> Result<Examined, ValidateError> {
    match examine() {
        Ok(examined) => Ok(examined),
        Err(Halt::Error(error)) => Err(error),
        Err(Halt::Failed(Said { detail, evidence, .. })) => {
            Ok(Examined { holds: false, started: false, detail: plain(&detail, MAX_LINE), evidence, millis: 0 })
        }
    }
}

fn passes(ran: &Ran, known: &BTreeSet<String>) -> Examined {
    if let Results::Unusable(why) = &ran.results {
        return examined(ran, false, &format!("{why}; {}", ran.words), []);
    }
    let unknown: Vec<&String> = ran.failing().filter(|id| !known.contains(*id)).collect();
    if let Some(first) = unknown.first() {
        let why = ran.tests().and_then(|tests| tests.get(*first)).map(|outcome| outcome.why.clone());
        let detail = format!("{first} fails: {}", why.unwrap_or_default());
        return examined(ran, false, &detail, unknown.iter().skip(1).take(NAMED).map(|id| format!("fails: {id}")));
    }
    // Known failures explain an exit status only if one of them is there.
    let explained = ran.failing().next().is_some() && !ran.was_stopped();
    if ran.succeeded() || explained {
        return examined(ran, true, "it passes", []);
    }
    examined(ran, false, &format!("it fails: {}", ran.words), [])
}

fn fails(ran: &Ran, known: &BTreeSet<String>) -> Examined {
    if ran.was_stopped() {
        return examined(ran, false, &format!("it has to fail by itself, but {}", ran.words), []);
    }
    let noticed: Vec<String> = ran.failing().filter(|id| !known.contains(*id)).cloned().collect();
    match (&ran.results, noticed.first()) {
        (Results::Tests(_), None) => examined(ran, false, "it has to fail, and no test does", []),
        (Results::Tests(_), Some(first)) => examined(ran, true, &format!("it fails, as it has to: {first}"), []),
        _ if ran.succeeded() => examined(ran, false, "it has to fail, and passes", []),
        _ => examined(ran, true, &format!("it fails, as it has to: {}", ran.words), []),
    }
}

fn examined(ran: &Ran, holds: bool, detail: &str, named: impl IntoIterator<Item = String>) -> Examined {
    let lines = named.into_iter().chain(if holds { Vec::new() } else { ran.output.clone() });
    let evidence = lines.map(|line| plain(&line, MAX_LINE)).collect();
    let started = ran.exit != Exit::Code(127);
    Examined { holds, started, detail: plain(detail, MAX_LINE), evidence, millis: ran.millis }
}
